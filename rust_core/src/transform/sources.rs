//! Rows that a partition still needs, where they lie, and the columns made of them.
//!
//! ```text
//! sources   0: rows held from earlier batches   1: …   last: the piece under way
//! Row       (source, row in it)
//! ```
//! What is carried from batch to batch are places of rows, not their values; rows that no place names any more are
//! dropped now and then, so that memory grows with what is open and not with what went by.

use arrow_array::{Array, ArrayRef, RecordBatch, new_null_array};
use arrow_select::interleave::{interleave, interleave_record_batch};

use crate::error::{Error, Result};
use crate::value::{Column, Value};

/// Rows that may be held without being needed, beside as many as are needed.
const SLACK: usize = 131_072;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The place of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    source: u32,
    row: u32,
}

/// The batches that rows lie in.
#[derive(Debug, Clone, Default)]
pub struct Sources(Vec<RecordBatch>);

impl Sources {
    /// These and `batch`, whose rows have the places that [`Sources::row`] tells.
    pub fn with(mut self, batch: RecordBatch) -> Self {
        self.0.push(batch);
        self
    }

    /// The last batch.
    pub fn last(&self) -> Option<&RecordBatch> {
        self.0.last()
    }

    /// Place of row `row` of the last batch.
    pub fn row(&self, row: usize) -> Row {
        Row {
            source: self.0.len().saturating_sub(1) as u32,
            row: row as u32,
        }
    }

    /// Column `field` of every source.
    ///
    /// # Errors
    /// [`Error::Data`] for a type that the spool does not have.
    pub fn columns(&self, field: usize) -> Result<Columns<'_>> {
        let columns = self
            .0
            .iter()
            .map(|batch| Column::new(batch.column(field).as_ref()));
        Ok(Columns(columns.collect::<Result<_>>()?))
    }

    /// Column `field` at `rows`; null where there is none.
    ///
    /// # Errors
    /// [`Error::Arrow`] when texts have no room in one array.
    pub fn gather(&self, field: usize, rows: &[Option<Row>]) -> Result<ArrayRef> {
        let mut arrays: Vec<&dyn Array> = self
            .0
            .iter()
            .map(|batch| batch.column(field).as_ref())
            .collect();
        let Some(first) = arrays.first() else {
            return Err(Error::Data("no rows are held".to_owned()));
        };
        let none = new_null_array(first.data_type(), 1);
        arrays.push(none.as_ref());
        let nowhere = (self.0.len(), 0);
        let places: Vec<_> = rows
            .iter()
            .map(|row| row.map_or(nowhere, |r| (r.source as usize, r.row as usize)))
            .collect();
        Ok(interleave(&arrays, &places)?)
    }

    /// The sources that `rows` need, which get new places when the rest is dropped.
    ///
    /// # Errors
    /// [`Error::Arrow`] when texts have no room in one array.
    pub fn keep(self, mut rows: Vec<&mut Row>) -> Result<Self> {
        if rows.is_empty() {
            return Ok(Self::default());
        }
        let held: usize = self.0.iter().map(RecordBatch::num_rows).sum();
        if held <= rows.len() * 2 + SLACK {
            return Ok(self);
        }
        // In their order, which is the order of the stream.
        rows.sort_unstable();
        let batches: Vec<_> = self.0.iter().collect();
        let places: Vec<_> = rows
            .iter()
            .map(|r| (r.source as usize, r.row as usize))
            .collect();
        let batch = interleave_record_batch(&batches, &places)?;
        for (number, row) in rows.iter_mut().enumerate() {
            **row = Row {
                source: 0,
                row: number as u32,
            };
        }
        Ok(Self(vec![batch]))
    }
}

/// One field's columns, by source.
pub struct Columns<'a>(Vec<Column<'a>>);

impl<'a> Columns<'a> {
    /// The value at `row`.
    pub fn value(&self, row: Row) -> Value<'a> {
        self.0[row.source as usize].value(row.row as usize)
    }

    /// The column that `row` lies in, and where in it.
    pub fn place(&self, row: Row) -> (&Column<'a>, usize) {
        (&self.0[row.source as usize], row.row as usize)
    }

    /// The day at `row`: days since 1970-01-01.
    pub fn day(&self, row: Row) -> Option<i32> {
        day(self.value(row))
    }
}

/// The day of a date or a timestamp: days since 1970-01-01.
pub fn day(value: Value<'_>) -> Option<i32> {
    match value {
        Value::Date(day) => Some(day),
        Value::Timestamp(micros) => i32::try_from(micros.div_euclid(DAY)).ok(),
        _ => None,
    }
}
