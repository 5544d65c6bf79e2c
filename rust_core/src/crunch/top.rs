//! The rows that rank first by one field, and what the others leave of the sums.

use std::cmp::Ordering;

use super::crunched::{self, Others};
use super::measure::{FloatSum, overflow};
use super::plan::{Plan, TotalKind};
use crate::error::Result;
use crate::value::{Column, Scalar, Value};

/// A top-N list being made.
#[derive(Debug)]
pub struct Top {
    /// Its name in the definition.
    pub name: String,
    by: usize,
    n: usize,
    ascending: bool,
    /// Best first; ties in row order.
    best: Vec<(Scalar, Vec<Scalar>)>,
}

impl Top {
    /// An empty list of the `n` rows that rank first by the field of number `by`.
    pub fn new(name: &str, by: usize, n: usize, ascending: bool) -> Self {
        Self {
            name: name.to_owned(),
            by,
            n,
            ascending,
            best: Vec::new(),
        }
    }

    /// The rows of a chunk that may be among the best, best first; nulls and NaN never rank.
    pub fn candidates(&self, fields: &[Column<'_>]) -> Vec<u32> {
        let column = &fields[self.by];
        let worst = (self.best.len() == self.n)
            .then(|| self.best.last())
            .flatten()
            .map(|(by, _)| by.as_value());
        let mut rows = Vec::new();
        column.for_each_counted(0..column.len(), |i| {
            // A row that only equals the last of a full list comes after it.
            if worst.is_none_or(|w| best_first(column.value(i), w, self.ascending).is_lt()) {
                rows.push(i as u32);
            }
        });
        let order = |a: &u32, b: &u32| {
            let (by_a, by_b) = (column.value(*a as usize), column.value(*b as usize));
            best_first(by_a, by_b, self.ascending).then(a.cmp(b))
        };
        if rows.len() > self.n {
            rows.select_nth_unstable_by(self.n - 1, order);
            rows.truncate(self.n);
        }
        rows.sort_unstable_by(order);
        rows
    }

    /// Adds a chunk's candidates; `row` gives the values that the list prints of a row of the chunk.
    ///
    /// # Errors
    /// Those of `row`.
    pub fn push(
        &mut self,
        fields: &[Column<'_>],
        candidates: &[u32],
        mut row: impl FnMut(usize) -> Result<Vec<Scalar>>,
    ) -> Result<()> {
        for &i in candidates {
            let by = fields[self.by].value(i as usize);
            let at = self
                .best
                .partition_point(|(b, _)| best_first(b.as_value(), by, self.ascending).is_le());
            if at == self.n {
                // Candidates come best first: the others don't rank either.
                break;
            }
            self.best.truncate(self.n - 1);
            self.best.insert(at, (by.to_scalar(), row(i as usize)?));
        }
        Ok(())
    }

    /// The list of a report of `rows` rows with these `totals`, which are those of `plan`.
    ///
    /// # Errors
    /// [`crate::error::Error::Data`] when what is left of a sum has more than 128 bits.
    pub fn finish(self, plan: &Plan, rows: u64, totals: &[Scalar]) -> Result<crunched::Top> {
        let groups = plan.groups.iter().map(|group| &group.source);
        // Late columns are not made yet when rows are listed.
        let columns = plan.columns.iter().enumerate();
        let columns = columns.filter(|(_, column)| !column.is_late());
        let listed: Vec<Vec<Scalar>> = self.best.into_iter().map(|(_, row)| row).collect();
        let sum = |column: usize| {
            let asked = plan.totals.iter().zip(totals);
            let mut sums = asked.filter(|(t, _)| t.column == column && t.kind == TotalKind::Sum);
            sums.next().map_or(&Scalar::Null, |(_, sum)| sum)
        };
        let mut values = vec![Scalar::Null; plan.groups.len()];
        for (place, (number, column)) in columns.clone().enumerate() {
            let place = plan.groups.len() + place;
            let of_listed = listed.iter().map(|row| row[place].as_value());
            let left = left_of(sum(number), of_listed).ok_or_else(|| overflow(&column.name))?;
            values.push(left);
        }
        let count = rows - listed.len() as u64;
        Ok(crunched::Top {
            fields: groups
                .chain(columns.map(|(_, column)| &column.name))
                .cloned()
                .collect(),
            rows: listed,
            others: (count > 0).then_some(Others { count, values }),
            total: Scalar::Null,
        })
    }
}

/// How two values that rank stand to each other: the better one is less.
pub fn best_first(a: Value<'_>, b: Value<'_>, ascending: bool) -> Ordering {
    let order = match (a, b) {
        // -0.0 and 0.0 tie.
        (Value::Float(a), Value::Float(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
        (a, b) => a.order(&b),
    };
    if ascending { order } else { order.reverse() }
}

/// What is left of `sum` without `listed` values of its column; `None` when it has more than 128 bits.
fn left_of<'a>(sum: &Scalar, mut listed: impl Iterator<Item = Value<'a>>) -> Option<Scalar> {
    let mut exact = |sum: i128| {
        let mut listed = listed.by_ref().filter_map(Value::as_whole);
        listed.try_fold(sum, i128::checked_sub)
    };
    Some(match *sum {
        Scalar::Int(sum) => Scalar::Int(exact(sum)?),
        Scalar::Decimal { mantissa, scale } => Scalar::Decimal {
            mantissa: exact(mantissa)?,
            scale,
        },
        Scalar::Float(sum) => {
            let mut left = FloatSum::default();
            left.add(sum);
            let there = listed.filter_map(Value::as_f64).filter(|v| !v.is_nan());
            there.for_each(|v| left.add(-v));
            Scalar::Float(left.get())
        }
        _ => Scalar::Null,
    })
}
