//! What the crunch leaves for the writers: bands and totals in memory, rows in the spool.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::plan::Plan;
use super::spool::Spool;
use crate::value::{Scalar, Value};

/// A report's rows and everything computed from them.
#[derive(Debug)]
pub struct Crunched {
    /// The question that was answered.
    pub plan: Plan,
    /// One field per [`Plan::columns`], in that order.
    pub schema: SchemaRef,
    /// Rows in the spool.
    pub rows: u64,
    /// The spool's batches, zero-copy over its memory map; dropping them unmaps it.
    pub batches: Vec<RecordBatch>,
    /// Row number at which each batch starts; one more entry than batches, the last is `rows`.
    pub offsets: Vec<u64>,
    /// The spool that they are mapped from.
    pub spool: Spool,
    /// What their late columns are mapped from.
    pub late: Spool,
    /// One entry per [`Plan::groups`], outermost first.
    pub levels: Vec<Level>,
    /// Totals of the whole report, one per [`Plan::totals`].
    pub totals: Vec<Scalar>,
    /// One entry per [`Plan::columns`].
    pub stats: Vec<ColumnStats>,
    /// What writers must find again: one entry per [`Plan::columns`].
    pub control: Vec<Control>,
    /// By name.
    pub crosstabs: BTreeMap<String, Crosstab>,
    /// By name.
    pub tops: BTreeMap<String, Top>,
    /// By name, each in the order of x.
    pub series: BTreeMap<String, Vec<SeriesPoint>>,
}

/// What one reader of the rows has left behind: its memory goes back to the system.
#[derive(Debug)]
pub struct Trail<'a> {
    crunched: &'a Crunched,
    batch: usize,
}

impl Crunched {
    /// The trail of a reader that starts at the first row.
    pub fn trail(&self) -> Trail<'_> {
        Trail {
            crunched: self,
            batch: 0,
        }
    }
}

impl Trail<'_> {
    /// The reader goes on from row `row`, and what stands before it can be let go of.
    pub fn passed(&mut self, row: u64) {
        let ends = self.crunched.offsets.iter().skip(1);
        for _ in ends.skip(self.batch).take_while(|end| **end <= row) {
            self.crunched.spool.release(self.batch);
            self.crunched.late.release(self.batch);
            self.batch += 1;
        }
    }
}

/// All groups of one level, in row order; together they cover every row once.
#[derive(Debug, Clone, Default)]
pub struct Level {
    /// In row order.
    pub groups: Vec<Group>,
}

impl Level {
    /// The smallest and the largest value of total number `total` among the groups; `Null` when there is none. NaN,
    /// which a sum of infinities can be, is none.
    pub fn ends(&self, total: usize) -> (Scalar, Scalar) {
        let values = || {
            let totals = self
                .groups
                .iter()
                .filter_map(|group| group.totals.get(total));
            totals.map(Scalar::as_value).filter(|value| match value {
                Value::Null => false,
                Value::Float(v) => !v.is_nan(),
                _ => true,
            })
        };
        let end = |value: Option<Value<'_>>| value.map_or(Scalar::Null, Value::to_scalar);
        (
            end(values().min_by(Value::order)),
            end(values().max_by(Value::order)),
        )
    }
}

/// A run of rows with one key (and one key of each outer level).
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// Its key.
    pub key: Scalar,
    /// Number of its first row.
    pub first_row: u64,
    /// How many rows.
    pub rows: u64,
    /// One per [`Plan::totals`].
    pub totals: Vec<Scalar>,
}

/// What is known of a column after the pass; texts are formatted with the column's code.
#[derive(Debug, Clone, Default)]
pub struct ColumnStats {
    /// Rows without a value.
    pub nulls: u64,
    /// Different values, when there are at most 65,536, of texts 16 MiB.
    pub distinct: Option<u64>,
    /// Smallest value.
    pub min: Scalar,
    /// Largest value.
    pub max: Scalar,
    /// Characters of the longest formatted value.
    pub max_chars: u32,
    /// Mean characters of the formatted values (of a sample).
    pub mean_chars: f32,
    /// Longest formatted values of the column, longest first, at most eight.
    pub longest: Vec<String>,
}

/// Control figures of one column: a writer that prints other ones has lost something.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Control {
    /// Values that are not null.
    pub count: u64,
    /// Exact sum of an integer or decimal column (`mantissa`, at the column's scale); `None` for others.
    pub sum: Option<i128>,
}

/// A crosstab with totals on both sides; keys are sorted.
#[derive(Debug, Clone, Default)]
pub struct Crosstab {
    /// Heads of the rows.
    pub row_keys: Vec<Scalar>,
    /// Heads of the columns.
    pub column_keys: Vec<Scalar>,
    /// `cells[row][column]`; `Null` where no row has both keys.
    pub cells: Vec<Vec<Scalar>>,
    /// One per row.
    pub row_totals: Vec<Scalar>,
    /// One per column.
    pub column_totals: Vec<Scalar>,
    /// Of everything.
    pub total: Scalar,
}

/// A top-N list, best first.
#[derive(Debug, Clone, Default)]
pub struct Top {
    /// One name per value of a row: the group fields, then the plan's columns; of keys, their field and `by`.
    pub fields: Vec<String>,
    /// The rows; of keys, each key and its figure.
    pub rows: Vec<Vec<Scalar>>,
    /// All that did not rank; `None` when there is nothing else.
    pub others: Option<Others>,
    /// Of keys, the figure of all rows; `Null` of rows.
    pub total: Scalar,
}

/// All rows, or all keys, that a top-N list does not show.
#[derive(Debug, Clone, Default)]
pub struct Others {
    /// How many.
    pub count: u64,
    /// One per value of a row: what is left of sums; of keys, the figure of all their rows. `Null` elsewhere.
    pub values: Vec<Scalar>,
}

/// One point of a chart.
#[derive(Debug, Clone, Default)]
pub struct SeriesPoint {
    /// Where on the axis.
    pub x: Scalar,
    /// How much.
    pub y: Scalar,
}
