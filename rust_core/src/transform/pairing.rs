//! Pairs of rows of two ledgers, the nearest first.
//!
//! Rows of one day and amount are alike, so pairs are made between bunches of them: a thousand equal fees on one day
//! are one bunch, not a million possible pairs.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::ops::Range;

use super::number::Number;
use super::reconcile::Status;
use super::sources::Row;
use crate::control::JobControl;
use crate::error::{Error, Result};

/// Possible pairs of bunches of one key; more would take minutes and gigabytes.
const MOST: usize = 1 << 22;
/// Steps between two looks at the job's control.
const LOOK: usize = 4_096;
/// Rows that are sorted between two looks.
const SORT: usize = 65_536;

/// A row of a ledger. One without a day or an amount has no partner.
#[derive(Debug, Clone, Copy)]
pub struct Entry<N> {
    /// The row.
    pub row: Row,
    /// Its day, in days since 1970-01-01.
    pub day: Option<i32>,
    /// Its amount.
    pub amount: Option<N>,
}

/// By how much the rows of a pair may differ.
#[derive(Debug, Clone, Copy)]
pub struct Tolerance<N> {
    /// In days.
    pub days: i64,
    /// In amount.
    pub amount: N,
}

/// Rows of one ledger that have the same day and amount, in row order.
struct Bunch<N> {
    day: i64,
    amount: N,
    /// Numbers of its entries that are free.
    free: Range<usize>,
}

/// One ledger in bunches, by day and amount.
struct Ledger<N> {
    bunches: Vec<Bunch<N>>,
    /// Numbers of entries, bunch after bunch.
    entries: Vec<u32>,
    /// Numbers of the bunches by amount and day.
    by_amount: Vec<u32>,
}

/// A pair of bunches; the smallest is made first.
#[derive(Clone, Copy)]
struct Candidate<N> {
    days: i64,
    amount: N,
    left: u32,
    right: u32,
}

impl<N: Number> Candidate<N> {
    fn order(&self, other: &Self) -> Ordering {
        let days = self.days.cmp(&other.days);
        let amounts = || self.amount.order(other.amount);
        let places = || (self.left, self.right).cmp(&(other.left, other.right));
        days.then_with(amounts).then_with(places)
    }
}

impl<N: Number> Ord for Candidate<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order(other)
    }
}

impl<N: Number> PartialOrd for Candidate<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<N: Number> PartialEq for Candidate<N> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<N: Number> Eq for Candidate<N> {}

/// Two ledgers, and the pairs made of them so far.
pub struct Pairing<N> {
    left: Ledger<N>,
    right: Ledger<N>,
    partners: Vec<Option<(u32, Status)>>,
}

impl<N: Number> Pairing<N> {
    /// Two ledgers without pairs.
    ///
    /// # Errors
    /// [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
    pub fn new(left: &[Entry<N>], right: &[Entry<N>], control: &JobControl) -> Result<Self> {
        Ok(Self {
            partners: vec![None; left.len()],
            left: Ledger::new(left, control)?,
            right: Ledger::new(right, control)?,
        })
    }

    /// Per entry on the left: its partner on the right, and how they were paired.
    pub fn partners(self) -> Vec<Option<(u32, Status)>> {
        self.partners
    }

    /// Pairs free rows that agree as `status` says, the nearest first.
    ///
    /// # Errors
    /// [`Error::Data`] when there are too many possible pairs; [`Error::Cancelled`] and
    /// [`Error::DeadlineExceeded`].
    pub fn pair(
        &mut self,
        status: Status,
        tolerance: &Tolerance<N>,
        control: &JobControl,
    ) -> Result<()> {
        let mut heap = BinaryHeap::new();
        let mut steps = 0;
        for (number, bunch) in self.left.bunches.iter().enumerate() {
            control.check()?;
            if bunch.free.is_empty() {
                continue;
            }
            self.right.near(bunch, status, tolerance, |right, days, amount| {
                steps += 1;
                if steps % LOOK == 0 {
                    control.check()?;
                }
                if heap.len() >= MOST {
                    return Err(Error::Data(format!(
                        "more than {MOST} pairs could be {}: {} rows on the left and {} on the right; add fields to key, or narrow the tolerances",
                        status.name(),
                        self.left.entries.len(),
                        self.right.entries.len()
                    )));
                }
                heap.push(Reverse(Candidate { days, amount, left: number as u32, right }));
                Ok(())
            })?;
        }
        while let Some(Reverse(next)) = heap.pop() {
            steps += 1;
            if steps % LOOK == 0 {
                control.check()?;
            }
            let left = &mut self.left.bunches[next.left as usize].free;
            let right = &mut self.right.bunches[next.right as usize].free;
            for (l, r) in left.clone().zip(right.clone()) {
                let right = self.right.entries[r];
                self.partners[self.left.entries[l] as usize] = Some((right, status));
            }
            let made = left.len().min(right.len());
            left.start += made;
            right.start += made;
        }
        Ok(())
    }
}

impl<N: Number> Ledger<N> {
    fn new(entries: &[Entry<N>], control: &JobControl) -> Result<Self> {
        let whole = entries.iter().enumerate().filter_map(|(number, entry)| {
            Some((i64::from(entry.day?), entry.amount?, number as u32))
        });
        let mut sorted: Vec<_> = whole.collect();
        let order = |a: &(i64, N, u32), b: &(i64, N, u32)| {
            a.0.cmp(&b.0)
                .then_with(|| a.1.order(b.1))
                .then(a.2.cmp(&b.2))
        };
        sort(&mut sorted, order, control)?;
        let mut bunches: Vec<Bunch<N>> = Vec::new();
        for (number, &(day, amount, _)) in sorted.iter().enumerate() {
            match bunches.last_mut() {
                Some(last) if last.day == day && last.amount == amount => {
                    last.free.end = number + 1;
                }
                _ => bunches.push(Bunch {
                    day,
                    amount,
                    free: number..number + 1,
                }),
            }
        }
        let mut by_amount: Vec<_> = (0..bunches.len() as u32).collect();
        let amount = |number: u32| bunches[number as usize].amount;
        let order = |a: &u32, b: &u32| amount(*a).order(amount(*b)).then(a.cmp(b));
        sort(&mut by_amount, order, control)?;
        Ok(Self {
            bunches,
            entries: sorted.into_iter().map(|(_, _, number)| number).collect(),
            by_amount,
        })
    }

    /// Calls `found(number, days, amount)` for each bunch with free rows that agrees with `with` as `status` says.
    fn near(
        &self,
        with: &Bunch<N>,
        status: Status,
        tolerance: &Tolerance<N>,
        mut found: impl FnMut(u32, i64, N) -> Result<()>,
    ) -> Result<()> {
        // A sum that has no room has no rows beyond it either.
        let low = with.amount.minus(tolerance.amount).unwrap_or(with.amount);
        let high = with.amount.plus(tolerance.amount).unwrap_or(with.amount);
        let mut look = |number: u32| {
            let bunch = &self.bunches[number as usize];
            let days = (bunch.day - with.day).abs();
            let near = low <= bunch.amount && bunch.amount <= high;
            let agrees = match status {
                Status::Matched => near && days <= tolerance.days,
                Status::DateDiffers => near && days > tolerance.days,
                _ => !near && days <= tolerance.days,
            };
            if agrees && !bunch.free.is_empty() {
                let apart = bunch.amount.minus(with.amount).and_then(Number::magnitude);
                // Amounts that are too far apart to say are the farthest.
                if let Ok(apart) = apart {
                    found(number, days, apart)?;
                }
            }
            Ok(())
        };
        if status == Status::AmountDiffers {
            let first = self
                .bunches
                .partition_point(|b| b.day < with.day - tolerance.days);
            let bunches = self.bunches[first..].iter().enumerate();
            let mut near = bunches.take_while(|(_, b)| b.day <= with.day + tolerance.days);
            return near.try_for_each(|(number, _)| look((first + number) as u32));
        }
        let amount = |number: u32| self.bunches[number as usize].amount;
        let first = self
            .by_amount
            .partition_point(|&number| amount(number) < low);
        let numbers = self.by_amount[first..].iter().copied();
        numbers
            .take_while(|&number| amount(number) <= high)
            .try_for_each(look)
    }
}

/// Sorts stretch by stretch, so that a cancelled job need not wait for all.
fn sort<T>(
    values: &mut [T],
    order: impl Fn(&T, &T) -> Ordering,
    control: &JobControl,
) -> Result<()> {
    for stretch in values.chunks_mut(SORT) {
        control.check()?;
        stretch.sort_unstable_by(&order);
    }
    // Merges what is sorted already.
    values.sort_by(order);
    control.check()
}
