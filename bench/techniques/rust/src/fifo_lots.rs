//! Sales matched to lots, first in first out.

use hashbrown::HashMap;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyTable;

use crate::columns::{Columns, cuts, integers, on_threads, result};

const NONE: u32 = u32::MAX;
/// So many that what a part touches at random stays in the cache.
const PARTS: usize = 8;

fn part_of(account: i64) -> usize {
    (account as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize >> 61
}

struct Move {
    account: i64,
    quantity: i64,
    price: i64,
}

struct Queue {
    first: u32,
    last: u32,
}

struct Lot {
    left: i64,
    price: i64,
    next: u32,
}

/// What the moves of one part gain and leave, in their order.
struct Matched {
    gains: Vec<i64>,
    lots: Vec<Lot>,
}

/// Match one part; the error is an account that sells more than it holds.
fn matched(moves: &[&[Move]]) -> Result<Matched, i64> {
    let count = moves.iter().map(|of_cut| of_cut.len()).sum();
    let (mut gains, mut lots) = (Vec::with_capacity(count), Vec::<Lot>::with_capacity(count));
    let mut queues: HashMap<i64, Queue> = HashMap::new();
    for &Move {
        account,
        quantity,
        price,
    } in moves.iter().copied().flatten()
    {
        let queue = queues.entry(account).or_insert(Queue {
            first: NONE,
            last: NONE,
        });
        if quantity > 0 {
            let own = lots.len() as u32;
            match queue.first {
                NONE => queue.first = own,
                _ => lots[queue.last as usize].next = own,
            }
            queue.last = own;
        }
        let (mut gain, mut sold) = (0, -quantity);
        while sold > 0 {
            let lot = lots.get_mut(queue.first as usize).ok_or(account)?;
            let taken = sold.min(lot.left);
            gain += taken * (price - lot.price);
            lot.left -= taken;
            sold -= taken;
            if lot.left == 0 {
                queue.first = lot.next;
            }
        }
        gains.push(gain);
        lots.push(Lot {
            left: quantity.max(0),
            price,
            next: NONE,
        });
    }
    Ok(Matched { gains, lots })
}

/// Rows are dealt out by the hash of their account, matched part by part, and put back in order.
fn all_matched(
    (account, quantity, price): (&[i64], &[i64], &[i64]),
    threads: usize,
) -> Result<(Vec<i64>, Vec<i64>), i64> {
    let rows = account.len();
    let dealt = on_threads(cuts(rows, threads).collect(), |cut| {
        let room = cut.len() / PARTS * 9 / 8;
        let mut parts: [Vec<Move>; PARTS] = std::array::from_fn(|_| Vec::with_capacity(room));
        for row in cut {
            let (account, quantity, price) = (account[row], quantity[row], price[row]);
            parts[part_of(account)].push(Move {
                account,
                quantity,
                price,
            });
        }
        parts
    });
    let worked = on_threads(cuts(PARTS, threads).collect(), |parts| {
        let moves_of = |part: usize| {
            dealt
                .iter()
                .map(|of_cut| of_cut[part].as_slice())
                .collect::<Vec<_>>()
        };
        parts
            .map(|part| matched(&moves_of(part)))
            .collect::<Result<Vec<_>, _>>()
    });
    let worked: Vec<Matched> = worked
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    let (mut gain, mut left) = (vec![0; rows], vec![0; rows]);
    let (mut gains, mut lefts, mut begins) = (gain.as_mut_slice(), left.as_mut_slice(), [0; PARTS]);
    let mut pieces = Vec::new();
    for (cut, of_cut) in cuts(rows, threads).zip(&dealt) {
        let (gain, later_gains) = gains.split_at_mut(cut.len());
        let (left, later_lefts) = lefts.split_at_mut(cut.len());
        pieces.push((&account[cut], begins, gain, left));
        (gains, lefts) = (later_gains, later_lefts);
        begins
            .iter_mut()
            .zip(of_cut)
            .for_each(|(begin, moves)| *begin += moves.len());
    }
    on_threads(pieces, |(account, mut next, gain, left)| {
        for ((account, gain), left) in account.iter().zip(gain).zip(left) {
            let part = part_of(*account);
            *gain = worked[part].gains[next[part]];
            *left = worked[part].lots[next[part]].left;
            next[part] += 1;
        }
    });
    Ok((gain, left))
}

#[pyfunction]
pub fn fifo_lots(py: Python<'_>, table: PyTable, threads: usize) -> PyResult<Py<PyDict>> {
    let columns = Columns::of(table)?;
    let (account, quantity, price) = (
        columns.i64("account")?,
        columns.i64("quantity")?,
        columns.i64("price")?,
    );
    let found = py.detach(|| all_matched((&account, &quantity, &price), threads));
    let (gain, left) = found.map_err(|account| {
        PyValueError::new_err(format!("account {account} sells more than it holds"))
    })?;
    result(py, [("gain", integers(gain)), ("left", integers(left))])
}
