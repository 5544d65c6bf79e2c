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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crunch::{Group, Level, Plan};

    /// A report of nothing but group sizes: per outer group, the rows of its inner groups.
    fn crunched(outer: &[Vec<u64>]) -> Crunched {
        let plan = Plan::from_json(r#"{"columns": []}"#).unwrap();
        let (mut levels, mut row) = (vec![Level::default(), Level::default()], 0);
        for inner in outer {
            let (first_row, rows) = (row, inner.iter().sum());
            let group = |first_row, rows| Group {
                first_row,
                rows,
                ..Group::default()
            };
            levels[0].groups.push(group(first_row, rows));
            for &rows in inner {
                levels[1].groups.push(group(row, rows));
                row += rows;
            }
        }
        Crunched {
            plan,
            schema: std::sync::Arc::new(arrow_schema::Schema::empty()),
            rows: row,
            batches: Vec::new(),
            offsets: vec![0],
            spool: Default::default(),
            late: Default::default(),
            levels,
            totals: Vec::new(),
            stats: Vec::new(),
            control: Vec::new(),
            crosstabs: Default::default(),
            tops: Default::default(),
            series: Default::default(),
        }
    }

    fn rows(header: u64, subtotals: u64) -> LevelRows {
        LevelRows { header, subtotals }
    }

    proptest! {
        #[test]
        fn the_closed_form_agrees_with_a_walk_over_the_rows(
            outer in prop::collection::vec(prop::collection::vec(1u64..5, 1..4), 0..6),
            bands in (0u64..2, 0u64..3, 0u64..2, 0u64..3),
        ) {
            let crunched = crunched(&outer);
            let levels = vec![rows(bands.0, bands.1), rows(bands.2, bands.3)];
            let layout = Layout::new(&crunched, levels.clone());
            let mut at = 0;
            for detail in 0..crunched.rows {
                prop_assert_eq!(layout.rows_before(detail), at);
                for (level, rows) in levels.iter().enumerate() {
                    let opens = crunched.levels[level].groups.iter().any(|g| g.first_row == detail);
                    at += if opens { rows.header } else { 0 };
                }
                prop_assert_eq!(layout.row_of(detail), at);
                at += 1;
                for (level, rows) in levels.iter().enumerate() {
                    let closes = crunched.levels[level].groups.iter().any(|g| g.first_row + g.rows == detail + 1);
                    at += if closes { rows.subtotals } else { 0 };
                }
            }
            prop_assert_eq!(layout.rows_before(crunched.rows), at);
        }
    }

    #[test]
    fn rows_past_a_sheet_go_on_and_each_sheet_is_as_full_as_it_can_be() {
        let crunched = crunched(&[vec![1_048_570], vec![2_000_000]]);
        let layout = Layout::new(&crunched, vec![rows(1, 1), rows(0, 0)]);
        let sheets = layout.sheets(4, 1, 0).unwrap();
        let room = MAX_ROWS - 4;
        assert_eq!(sheets.len(), 3);
        assert_eq!(sheets[0].detail, 0..1_048_570);
        assert_eq!(
            sheets[0].body, room,
            "header, rows and subtotal fill the sheet"
        );
        assert_eq!(sheets[1].body, room);
        assert_eq!(sheets[2].detail.end, crunched.rows);
        assert!(sheets[2].last && !sheets[1].last);
    }

    #[test]
    fn the_closing_rows_never_stand_alone() {
        let crunched = crunched(&[vec![u64::from(MAX_ROWS) - 1]]);
        let layout = Layout::new(&crunched, vec![rows(0, 0), rows(0, 0)]);
        let sheets = layout.sheets(1, 1, 0).unwrap();
        assert_eq!(sheets[1].detail, crunched.rows - 1..crunched.rows);
    }

    #[test]
    fn a_report_without_rows_keeps_one_blank_row() {
        let crunched = crunched(&[]);
        let layout = Layout::new(&crunched, vec![rows(1, 1), rows(1, 1)]);
        let sheet = &layout.sheets(4, 1, 0).unwrap()[0];
        assert_eq!(
            (sheet.detail.clone(), sheet.body, sheet.last),
            (0..0, 1, true)
        );
    }

    #[test]
    fn too_much_above_the_rows_is_a_limit() {
        let crunched = crunched(&[vec![5]]);
        let layout = Layout::new(&crunched, vec![rows(1, 1), rows(1, 1)]);
        assert!(matches!(
            layout.sheets(MAX_ROWS - 3, 1, 0),
            Err(Error::Limit(_))
        ));
    }
}
