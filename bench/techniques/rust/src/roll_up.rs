//! Totals over a tree.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::AcqRel, Ordering::Relaxed};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyTable;

use crate::columns::{Columns, cuts, integers, on_threads, result};

const NONE: u32 = u32::MAX;
/// So many that the table of a part's numbers stays in the cache.
const PARTS: usize = 64;

fn mixed(number: i64) -> usize {
    (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize
}

/// The nodes in the order of their rows; threads share it.
struct Tree {
    total: Vec<AtomicI64>,
    /// The row of the parent.
    above: Vec<AtomicU32>,
    /// How many children are not added up yet.
    waiting: Vec<AtomicU32>,
}

/// Numbers with their rows, dealt out by their hash.
fn dealt(numbers: &[i64], threads: usize) -> Vec<[Vec<(i64, u32)>; PARTS]> {
    on_threads(cuts(numbers.len(), threads).collect(), |cut| {
        let room = cut.len() / PARTS * 9 / 8;
        let mut parts = std::array::from_fn(|_| Vec::with_capacity(room));
        for row in cut.filter(|&row| numbers[row] != 0) {
            parts[mixed(numbers[row]) >> 58].push((numbers[row], row as u32));
        }
        parts
    })
}

/// Open addressing over the numbers of one part.
struct Index {
    slots: Vec<(i64, u32)>,
}

impl Index {
    fn of<'a>(entries: impl Iterator<Item = &'a (i64, u32)> + Clone) -> Self {
        let mut index = Self {
            slots: vec![(0, NONE); (entries.clone().count() * 3 / 2 + 1).next_power_of_two()],
        };
        for &entry in entries {
            let slot = index.slot(entry.0);
            index.slots[slot] = entry;
        }
        index
    }

    /// The slot of a number, or the free one where it belongs.
    fn slot(&self, number: i64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = mixed(number) >> 32 & mask;
        while self.slots[slot].0 != number && self.slots[slot].0 != 0 {
            slot = (slot + 1) & mask;
        }
        slot
    }
}

/// Find each node's parent; whether all are there.
fn look_up(tree: &Tree, ids: &[i64], parents: &[i64], threads: usize) -> bool {
    let (ids, parents) = (dealt(ids, threads), dealt(parents, threads));
    let found = on_threads(cuts(PARTS, threads).collect(), |parts| {
        parts.into_iter().all(|part| {
            let index = Index::of(ids.iter().flat_map(|of_cut| &of_cut[part]));
            parents
                .iter()
                .flat_map(|of_cut| &of_cut[part])
                .all(|&(parent, row)| {
                    let (_, above) = index.slots[index.slot(parent)];
                    if above == NONE {
                        return false;
                    }
                    // All children of a node are in one part: no other thread counts them.
                    let waiting = &tree.waiting[above as usize];
                    waiting.store(waiting.load(Relaxed) + 1, Relaxed);
                    tree.above[row as usize].store(above, Relaxed);
                    true
                })
        })
    });
    found.into_iter().all(|all| all)
}

/// From each leaf up, as long as all that is below a node is in its total; how many nodes were reached.
fn climb(tree: &Tree, leaves: Vec<u32>, alone: bool) -> usize {
    let mut done = 0;
    for leaf in leaves {
        let mut row = leaf as usize;
        loop {
            done += 1;
            let above = tree.above[row].load(Relaxed) as usize;
            let Some(sum) = tree.total.get(above) else {
                break;
            };
            let (total, waiting) = (tree.total[row].load(Relaxed), &tree.waiting[above]);
            let waited = if alone {
                sum.store(sum.load(Relaxed) + total, Relaxed);
                let waited = waiting.load(Relaxed);
                waiting.store(waited - 1, Relaxed);
                waited
            } else {
                sum.fetch_add(total, Relaxed);
                // Who takes the last one away sees what all others added before.
                waiting.fetch_sub(1, AcqRel)
            };
            if waited > 1 {
                break;
            }
            row = above;
        }
    }
    done
}

/// Parents are looked up part by part, then each thread climbs from its leaves.
#[pyfunction]
pub fn roll_up(py: Python<'_>, table: PyTable, threads: usize) -> PyResult<Py<PyDict>> {
    let columns = Columns::of(table)?;
    let (ids, parents, amounts) = (
        columns.i64("id")?,
        columns.i64("parent")?,
        columns.i64("amount")?,
    );
    let totals = py.detach(|| {
        let rows = ids.len();
        let tree = Tree {
            total: amounts.iter().map(|&amount| amount.into()).collect(),
            above: (0..rows).map(|_| NONE.into()).collect(),
            waiting: (0..rows).map(|_| 0.into()).collect(),
        };
        if !look_up(&tree, &ids, &parents, threads) {
            return Err("a parent is no node".to_owned());
        }
        let leaves = on_threads(cuts(rows, threads).collect(), |cut| {
            let leaf = |&row: &usize| tree.waiting[row].load(Relaxed) == 0;
            cut.filter(leaf).map(|row| row as u32).collect::<Vec<_>>()
        });
        let climbed = on_threads(leaves, |leaves| climb(&tree, leaves, threads == 1));
        match rows - climbed.into_iter().sum::<usize>() {
            0 => Ok(tree.total.into_iter().map(AtomicI64::into_inner).collect()),
            left => Err(format!("{left} nodes are in a cycle")),
        }
    });
    let totals = totals.map_err(PyValueError::new_err)?;
    result(py, [("total", integers(totals))])
}
