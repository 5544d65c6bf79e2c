//! What stands in a cell of a band, the same for a page and a worksheet.

use serde::Deserialize;

/// A piece of a cell's content. A cell with one piece keeps the piece's type; several make text.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Part {
    /// Fixed text.
    Text(String),
    /// Detail row: the value of column N of the plan.
    Column(usize),
    /// The key of the group of level N that is open here.
    Group(usize),
    /// Total N of [`crate::crunch::Plan::totals`], of the group being closed or of the report.
    Total(usize),
    /// How many rows the group (or the report) has.
    Rows,
    /// Number of this page, counted over the whole file. Page furniture only.
    Page,
    /// Pages of the whole file. Page furniture only.
    Pages,
}
