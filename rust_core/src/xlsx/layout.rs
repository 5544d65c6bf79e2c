//! Which row of which sheet each band lands on, in closed form: any chunk can be written on its own.

use std::ops::Range;

use super::reference::MAX_ROWS;
use crate::crunch::Crunched;
use crate::error::{Error, Result};

/// How many rows the bands of one group level take.
#[derive(Debug, Clone, Copy, Default)]
pub struct LevelRows {
    /// Rows of a group's header.
    pub header: u64,
    /// Rows of a group's subtotals.
    pub subtotals: u64,
}

/// The rows of a report as a sheet shows them, counted from the first row of the body.
#[derive(Debug)]
pub struct Layout<'a> {
    crunched: &'a Crunched,
    levels: Vec<LevelRows>,
}

/// What one sheet holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRows {
    /// Detail rows.
    pub detail: Range<u64>,
    /// Rows of the body: bands and details.
    pub body: u32,
    /// Whether the report ends here.
    pub last: bool,
}

impl<'a> Layout<'a> {
    /// The layout of `crunched` with bands of so many rows per level, outermost first.
    pub fn new(crunched: &'a Crunched, levels: Vec<LevelRows>) -> Self {
        Self { crunched, levels }
    }

    /// Rows of the body above everything that belongs to detail row `detail`.
    pub fn rows_before(&self, detail: u64) -> u64 {
        let bands = self
            .levels
            .iter()
            .zip(&self.crunched.levels)
            .map(|(rows, level)| {
                let opened = level.groups.partition_point(|g| g.first_row < detail) as u64;
                let closed = level
                    .groups
                    .partition_point(|g| g.first_row + g.rows <= detail)
                    as u64;
                opened * rows.header + closed * rows.subtotals
            });
        detail + bands.sum::<u64>()
    }

    /// Row of the body on which detail row `detail` itself stands, below the headers it opens.
    pub fn row_of(&self, detail: u64) -> u64 {
        let headers = self
            .levels
            .iter()
            .zip(&self.crunched.levels)
            .filter(|(_, level)| {
                level
                    .groups
                    .binary_search_by_key(&detail, |g| g.first_row)
                    .is_ok()
            })
            .map(|(rows, _)| rows.header);
        self.rows_before(detail) + headers.sum::<u64>()
    }

    /// Spreads the rows over sheets: `above` rows stand over the body, `grand` and `below` close the last sheet.
    ///
    /// A sheet is left when the next detail row with its headers and subtotals does not fit; the last sheet
    /// has at least one detail row.
    ///
    /// # Errors
    /// [`Error::Limit`] when not even one detail row with its bands fits a sheet.
    pub fn sheets(&self, above: u32, grand: u32, below: u32) -> Result<Vec<SheetRows>> {
        let rows = self.crunched.rows;
        let room = u64::from(MAX_ROWS.saturating_sub(above));
        let end = u64::from(grand) + u64::from(below);
        let mut sheets = Vec::new();
        let mut start = 0;
        loop {
            let base = self.rows_before(start);
            let used = |to: u64| self.rows_before(to) - base;
            if used(rows) + end <= room {
                sheets.push(SheetRows {
                    detail: start..rows,
                    // A sheet without rows keeps one blank row: ranges and tables need it.
                    body: used(rows).max(1) as u32,
                    last: true,
                });
                return Ok(sheets);
            }
            let (mut low, mut high) = (start, rows);
            while low < high {
                let middle = low + (high - low).div_ceil(2);
                if used(middle) <= room {
                    low = middle;
                } else {
                    high = middle - 1;
                }
            }
            // All rows fit but the closing rows do not: they move on together with a detail row.
            let stop = if low == rows { rows - 1 } else { low };
            if stop <= start {
                return Err(Error::Limit(format!(
                    "the rows above, the bands and the totals leave no room for a row: a sheet has {MAX_ROWS} rows"
                )));
            }
            sheets.push(SheetRows {
                detail: start..stop,
                body: used(stop) as u32,
                last: false,
            });
            start = stop;
        }
    }
}
