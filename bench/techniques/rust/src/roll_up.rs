//! Totals over a tree.

use std::ops::Range;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::AcqRel, Ordering::Relaxed};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyTable;

use crate::columns::{Columns, cuts, integers, mixed, on_threads, result};

const NONE: u32 = u32::MAX;
/// So many that the table of a part's numbers stays in the cache.
const PARTS: usize = 16;

/// What is asked of a node at one time lies in one line of the cache; threads share it.
struct Node {
    total: AtomicI64,
    /// The row of the parent.
    above: AtomicU32,
    /// How many children are not added up yet.
    waiting: AtomicU32,
}

/// Numbers with their rows, part by part as the hash deals them out, in one piece of memory.
struct Dealt {
    entries: Vec<(i64, u32)>,
    ends: [usize; PARTS],
}

impl Dealt {
    /// Of those rows that have a number.
    fn of(numbers: &[i64], rows: Range<usize>) -> Self {
        let part = |number: i64| mixed(number) >> 60;
        let mut ends = [0; PARTS];
        for &number in &numbers[rows.clone()] {
            ends[part(number)] += usize::from(number != 0);
        }
        let mut begin = 0;
        for count in &mut ends {
            (*count, begin) = (begin, begin + *count);
        }
        let mut entries = vec![(0, 0); begin];
        for row in rows.filter(|&row| numbers[row] != 0) {
            let end = &mut ends[part(numbers[row])];
            entries[*end] = (numbers[row], row as u32);
            *end += 1;
        }
        Self { entries, ends }
    }

    fn part(&self, part: usize) -> &[(i64, u32)] {
        let begin = if part == 0 { 0 } else { self.ends[part - 1] };
        &self.entries[begin..self.ends[part]]
    }
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
fn look_up(nodes: &[Node], ids: &[i64], parents: &[i64], threads: usize) -> bool {
    let rows = ids.len();
    let dealt = |numbers| {
        on_threads(cuts(rows, threads).collect(), |rows| {
            Dealt::of(numbers, rows)
        })
    };
    let (ids, parents) = (dealt(ids), dealt(parents));
    let found = on_threads(cuts(PARTS, threads).collect(), |parts| {
        parts.into_iter().all(|part| {
            let index = Index::of(ids.iter().flat_map(|of_cut| of_cut.part(part)));
            parents
                .iter()
                .flat_map(|of_cut| of_cut.part(part))
                .all(|&(parent, row)| {
                    let (_, above) = index.slots[index.slot(parent)];
                    if above == NONE {
                        return false;
                    }
                    // All children of a node are in one part: no other thread counts them.
                    let waiting = &nodes[above as usize].waiting;
                    waiting.store(waiting.load(Relaxed) + 1, Relaxed);
                    nodes[row as usize].above.store(above, Relaxed);
                    true
                })
        })
    });
    found.into_iter().all(|all| all)
}

/// Those of the rows that wait for none.
fn leaves_of(nodes: &[Node], rows: Range<usize>) -> Vec<u32> {
    let mut leaves = vec![0; rows.len() + 1];
    let mut count = 0;
    for row in rows {
        // Written in any case: which is a leaf can't be guessed by the processor.
        leaves[count] = row as u32;
        count += usize::from(nodes[row].waiting.load(Relaxed) == 0);
    }
    leaves.truncate(count);
    leaves
}

/// From each leaf up, as long as all that is below a node is in its total; how many nodes were reached.
fn climb(nodes: &[Node], leaves: Vec<u32>, alone: bool) -> usize {
    let mut done = 0;
    for leaf in leaves {
        let mut node = &nodes[leaf as usize];
        loop {
            done += 1;
            let Some(above) = nodes.get(node.above.load(Relaxed) as usize) else {
                break;
            };
            let total = node.total.load(Relaxed);
            let waited = if alone {
                above
                    .total
                    .store(above.total.load(Relaxed) + total, Relaxed);
                let waited = above.waiting.load(Relaxed);
                above.waiting.store(waited - 1, Relaxed);
                waited
            } else {
                above.total.fetch_add(total, Relaxed);
                // Who takes the last one away sees what all others added before.
                above.waiting.fetch_sub(1, AcqRel)
            };
            if waited > 1 {
                break;
            }
            node = above;
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
        let nodes: Vec<Node> = amounts
            .iter()
            .map(|&amount| Node {
                total: amount.into(),
                above: NONE.into(),
                waiting: 0.into(),
            })
            .collect();
        if !look_up(&nodes, &ids, &parents, threads) {
            return Err("a parent is no node".to_owned());
        }
        let leaves = on_threads(cuts(nodes.len(), threads).collect(), |rows| {
            leaves_of(&nodes, rows)
        });
        let climbed = on_threads(leaves, |leaves| climb(&nodes, leaves, threads == 1));
        match nodes.len() - climbed.into_iter().sum::<usize>() {
            0 => Ok(nodes.iter().map(|node| node.total.load(Relaxed)).collect()),
            left => Err(format!("{left} nodes are in a cycle")),
        }
    });
    let totals = totals.map_err(PyValueError::new_err)?;
    result(py, [("total", integers(totals))])
}
