//! Sales matched to lots, first in first out.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyTable;

use crate::columns::{Columns, integers, mixed, on_threads, owned, result, shared};

const NONE: u32 = u32::MAX;

/// Numbers of accounts made dense, by open addressing in a table that grows with the accounts.
struct Accounts {
    slots: Vec<(i64, u32)>,
    known: u32,
}

impl Accounts {
    fn new() -> Self {
        Self {
            slots: vec![(0, NONE); 1 << 10],
            known: 0,
        }
    }

    /// The slot of an account, or the free one where it belongs.
    fn slot(&self, account: i64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (mixed(account) >> 32) & mask;
        while self.slots[slot].0 != account && self.slots[slot].1 != NONE {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn place(&mut self, account: i64) -> u32 {
        let slot = self.slot(account);
        if self.slots[slot].1 == NONE {
            self.slots[slot] = (account, self.known);
            self.known += 1;
            if self.known as usize * 2 > self.slots.len() {
                self.grow();
            }
            return self.known - 1;
        }
        self.slots[slot].1
    }

    #[cold]
    fn grow(&mut self) {
        let larger = vec![(0, NONE); self.slots.len() * 4];
        for entry in std::mem::replace(&mut self.slots, larger) {
            if entry.1 != NONE {
                let slot = self.slot(entry.0);
                self.slots[slot] = entry;
            }
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Move {
    /// What is left of a lot, or still to be taken for a sale.
    open: i64,
    price: i64,
    row: u32,
}

struct Given<'a> {
    account: &'a [i64],
    quantity: &'a [i64],
    price: &'a [i64],
}

/// The moves of some rows: account by account, of each first the lots, then the sales, in the order of rows.
struct Sorted {
    moves: Vec<Move>,
    /// Where the lots of each account end, and its sales.
    ends: Vec<[u32; 2]>,
}

impl Sorted {
    /// Of the rows of one of `parts`, which the hash of an account deals out.
    fn of(given: &Given, part: usize, parts: usize) -> Self {
        let mut rows = vec![0; given.account.len() + 1];
        let mut count = 0;
        for (row, &account) in given.account.iter().enumerate() {
            // Written in any case: which part it is can't be guessed by the processor.
            rows[count] = row as u32;
            count += usize::from((mixed(account) >> 54) % parts == part);
        }
        rows.truncate(count);
        let mut accounts = Accounts::new();
        let mut ends = Vec::<[u32; 2]>::new();
        let places: Vec<u32> = rows
            .iter()
            .map(|&row| {
                let place = accounts.place(given.account[row as usize]);
                if place as usize == ends.len() {
                    ends.push([0, 0]);
                }
                ends[place as usize][usize::from(given.quantity[row as usize] < 0)] += 1;
                place
            })
            .collect();
        let mut begin = 0;
        for count in ends.as_flattened_mut() {
            (*count, begin) = (begin, begin + *count);
        }
        let mut moves = vec![Move::default(); rows.len()];
        for (place, row) in places.into_iter().zip(rows) {
            let quantity = given.quantity[row as usize];
            let end = &mut ends[place as usize][usize::from(quantity < 0)];
            moves[*end as usize] = Move {
                open: quantity.abs(),
                price: given.price[row as usize],
                row,
            };
            *end += 1;
        }
        Self { moves, ends }
    }

    /// Match each account; the error is the row of a sale of more than is held.
    fn matched(mut self, gain: &[AtomicI64], left: &[AtomicI64]) -> Result<(), u32> {
        let mut rest = self.moves.as_mut_slice();
        let mut begin = 0;
        for [middle, end] in self.ends {
            let (moves, after) = rest.split_at_mut((end - begin) as usize);
            let (lots, sales) = moves.split_at_mut((middle - begin) as usize);
            (rest, begin) = (after, end);
            let (mut first, mut now, mut gained) = (0, 0, 0);
            // Each step ends a lot or a sale or both, without a branch on which.
            while let Some(sale) = sales.get_mut(now) {
                let lot = lots.get_mut(first).filter(|lot| lot.row < sale.row);
                let lot = lot.ok_or(sale.row)?;
                let taken = lot.open.min(sale.open);
                lot.open -= taken;
                sale.open -= taken;
                gained += taken * (sale.price - lot.price);
                gain[sale.row as usize].store(gained, Relaxed);
                first += usize::from(lot.open == 0);
                now += usize::from(sale.open == 0);
                gained = if sale.open == 0 { 0 } else { gained };
            }
            for lot in &lots[first..] {
                left[lot.row as usize].store(lot.open, Relaxed);
            }
        }
        Ok(())
    }
}

/// Each thread matches the accounts of its part.
#[pyfunction]
pub fn fifo_lots(py: Python<'_>, table: PyTable, threads: usize) -> PyResult<Py<PyDict>> {
    let columns = Columns::of(table)?;
    let (account, quantity, price) = (
        columns.i64("account")?,
        columns.i64("quantity")?,
        columns.i64("price")?,
    );
    let given = Given {
        account: &account,
        quantity: &quantity,
        price: &price,
    };
    let found = py.detach(|| {
        let (gain, left) = (
            shared(vec![0; account.len()]),
            shared(vec![0; account.len()]),
        );
        let matched = on_threads((0..threads).collect(), |part| {
            Sorted::of(&given, part, threads).matched(&gain, &left)
        });
        matched.into_iter().collect::<Result<(), _>>()?;
        Ok((owned(gain), owned(left)))
    });
    let (gain, left) = found.map_err(|row: u32| {
        let account = account[row as usize];
        PyValueError::new_err(format!(
            "row {row}: account {account} sells more than it holds"
        ))
    })?;
    result(py, [("gain", integers(gain)), ("left", integers(left))])
}
