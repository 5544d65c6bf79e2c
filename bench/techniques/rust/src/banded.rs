//! Banded totals with tiered commission.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyTable;

use crate::columns::{Columns, cuts, integers, on_threads, result};

const FIRST: i64 = 1_000_000;
const SECOND: i64 = 5_000_000;

/// The commission of an agent's running amount, in ten thousandths of a cent.
fn earned(running: i64) -> i64 {
    if running <= 0 {
        0
    } else if running <= FIRST {
        200 * running
    } else if running <= SECOND {
        200 * FIRST + 350 * (running - FIRST)
    } else {
        200 * FIRST + 350 * (SECOND - FIRST) + 500 * (running - SECOND)
    }
}

#[derive(Clone, Copy, Default)]
struct Total {
    amount: i64,
    commission: i64,
}

impl std::ops::AddAssign for Total {
    fn add_assign(&mut self, other: Self) {
        self.amount += other.amount;
        self.commission += other.commission;
    }
}

struct Keys<'a> {
    region: &'a [i32],
    branch: &'a [i32],
    agent: &'a [i32],
}

impl Keys<'_> {
    /// The highest level that begins anew with a row; 4: none does.
    fn upto(&self, row: usize) -> usize {
        if row == self.agent.len() {
            return 0;
        }
        let changed = |key: &[i32]| key[row] != key[row - 1];
        let levels = [self.region, self.branch, self.agent];
        (1..4)
            .find(|&level| changed(levels[level - 1]))
            .unwrap_or(4)
    }
}

/// An agent's last row and what begins anew after it.
struct Agent {
    end: usize,
    upto: usize,
    total: Total,
}

/// The agents of these rows, of which the first begins with one and the last ends with one.
fn agents_of(keys: &Keys, amounts: &[i64], begin: usize, commissions: &mut [i64]) -> Vec<Agent> {
    let mut agents = Vec::new();
    let end = begin + commissions.len();
    let mut close = |end: usize, total: &mut Total| {
        agents.push(Agent {
            end,
            upto: keys.upto(end),
            total: std::mem::take(total),
        });
    };
    let (mut total, mut before, mut last) = (Total::default(), 0, None);
    let of_rows = keys.region[begin..end]
        .iter()
        .zip(&keys.branch[begin..end])
        .zip(&keys.agent[begin..end]);
    for (((key, amount), commission), row) in of_rows
        .zip(&amounts[begin..end])
        .zip(commissions)
        .zip(begin..)
    {
        if last.is_some_and(|last| last != key) {
            close(row, &mut total);
            before = 0;
        }
        last = Some(key);
        total.amount += amount;
        let after = earned(total.amount);
        *commission = (after - before + 5000).div_euclid(10_000);
        total.commission += *commission;
        before = after;
    }
    if last.is_some() {
        close(end, &mut total);
    }
    agents
}

/// Agents in parallel, cut where one begins; then one short loop over the agents' totals.
#[pyfunction]
pub fn banded(py: Python<'_>, table: PyTable, threads: usize) -> PyResult<Py<PyDict>> {
    let columns = Columns::of(table)?;
    let (region, branch, agent) = (
        columns.i32("region")?,
        columns.i32("branch")?,
        columns.i32("agent")?,
    );
    let amounts = columns.i64("amount")?;
    let keys = Keys {
        region: &region,
        branch: &branch,
        agent: &agent,
    };
    let (commission, bands) = py.detach(|| {
        let mut commission = vec![0; amounts.len()];
        let mut parts = Vec::new();
        let (mut rest, mut begin) = (commission.as_mut_slice(), 0);
        for cut in cuts(amounts.len(), threads) {
            let end = (cut.end.max(begin).max(1)..amounts.len()).find(|&row| keys.upto(row) < 4);
            let (part, after) = rest.split_at_mut(end.unwrap_or(amounts.len()) - begin);
            let from = begin;
            begin += part.len();
            parts.push((from, part));
            rest = after;
        }
        let agents = on_threads(parts, |(begin, part)| {
            agents_of(&keys, &amounts, begin, part)
        });
        let mut bands: [Vec<i64>; 4] = Default::default();
        let mut open = [Total::default(); 4];
        for agent in agents.into_iter().flatten() {
            open[3] = agent.total;
            for level in (agent.upto..4).rev() {
                let total = std::mem::take(&mut open[level]);
                let band = [
                    level as i64,
                    agent.end as i64,
                    total.amount,
                    total.commission,
                ];
                bands
                    .iter_mut()
                    .zip(band)
                    .for_each(|(column, value)| column.push(value));
                if level > 0 {
                    open[level - 1] += total;
                }
            }
        }
        (commission, bands)
    });
    let [level, end, amount, total] = bands.map(integers);
    let names = [
        ("level", level),
        ("end", end),
        ("amount", amount),
        ("total", total),
    ];
    let [level, end, amount, total] = names;
    result(
        py,
        [
            ("commission", integers(commission)),
            level,
            end,
            amount,
            total,
        ],
    )
}
