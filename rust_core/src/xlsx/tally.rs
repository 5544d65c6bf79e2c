//! What was written, counted while it is written.

use super::filter::Shown;
use crate::crunch::Control;

/// Figures of some rows; those of chunks add up to those of a sheet, and those of sheets to the file's.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Detail rows.
    pub rows: u64,
    /// Cells, blank ones included.
    pub cells: u64,
    /// Values that are not null, by column of the plan.
    pub counts: Vec<u64>,
    /// Sums of integers and of decimal mantissas, by column of the plan.
    pub sums: Vec<i128>,
    /// Numbers and dates kept as text, by column of the sheet.
    pub as_text: Vec<u64>,
    /// Texts cut at the cell's limit.
    pub cut: u64,
    /// Links too long for a formula, which became plain values.
    pub unlinked: u64,
    /// References to shared strings.
    pub shared: u64,
    /// What a filter shows, by column of the plan; empty without one.
    pub shown: Vec<Shown>,
}

impl Tally {
    /// Nothing yet, for a plan and a sheet of so many columns.
    pub fn new(plan_columns: usize, sheet_columns: usize) -> Self {
        Self {
            counts: vec![0; plan_columns],
            sums: vec![0; plan_columns],
            as_text: vec![0; sheet_columns],
            ..Self::default()
        }
    }

    /// Adds the figures of other rows.
    pub fn add(&mut self, other: &Self) {
        fn all<T: Copy>(into: &mut Vec<T>, from: &[T], zero: T, sum: impl Fn(T, T) -> T) {
            into.resize(into.len().max(from.len()), zero);
            for (a, &b) in into.iter_mut().zip(from) {
                *a = sum(*a, b);
            }
        }
        self.shown
            .resize(self.shown.len().max(other.shown.len()), Shown::default());
        for (own, next) in self.shown.iter_mut().zip(&other.shown) {
            own.add(next);
        }
        self.rows += other.rows;
        self.cells += other.cells;
        self.cut += other.cut;
        self.unlinked += other.unlinked;
        self.shared += other.shared;
        all(&mut self.counts, &other.counts, 0, |a, b| a + b);
        all(&mut self.as_text, &other.as_text, 0, |a, b| a + b);
        // Wrapping keeps the sum independent of the order of chunks; the crunch refuses sums that overflow.
        all(&mut self.sums, &other.sums, 0, i128::wrapping_add);
    }

    /// The control figures, in the form of the crunch's; a column that no sheet shows keeps the crunch's own.
    pub fn control(&self, crunched: &[Control], shown: &[bool]) -> Vec<Control> {
        crunched
            .iter()
            .enumerate()
            .map(|(column, expected)| {
                if !shown[column] {
                    return expected.clone();
                }
                Control {
                    count: self.counts[column],
                    sum: expected.sum.map(|_| self.sums[column]),
                }
            })
            .collect()
    }
}
