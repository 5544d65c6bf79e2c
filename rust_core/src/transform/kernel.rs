//! What the kinds of transforms have in common: rows of a partition in, rows of a table out.

use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use rayon::prelude::*;

use super::fields::Fields;
use super::number::Fault;
use super::sources::{Row, Sources};
use crate::control::JobControl;
use crate::error::{Error, Result};
use crate::value::{Column, Scalar};

/// Rows between two looks at the job's control.
const LOOK: usize = 4_096;
/// Rows of a batch of the table: few enough that one is made well within the time a cancel may take.
const CHUNK: usize = 32_768;

/// What one kind of transform makes of the rows of a partition, which come to it in order.
pub trait Kernel: Sync {
    /// What is known of a partition's rows so far.
    type Partition: Default + Send + Sync;
    /// Rows of the table that is made.
    type Out: Default + Send;

    /// Rows of a piece, at least: enough that a piece is worth a task, few enough that its result is small.
    const PIECE: usize = 8_192;
    /// Each row is a partition of its own.
    const ALONE: bool = false;

    /// Columns of the table that is made.
    fn schema(&self) -> &SchemaRef;

    /// Takes the next rows of a partition.
    ///
    /// # Errors
    /// [`Error::Data`] for rows that the rules refuse, [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
    fn rows(
        &self,
        partition: &mut Self::Partition,
        piece: &Piece<'_>,
        rows: Range<usize>,
        out: &mut Self::Out,
    ) -> Result<()>;

    /// Ends a partition.
    ///
    /// # Errors
    /// As [`Kernel::rows`]; who calls adds the partition.
    fn close(
        &self,
        partition: Self::Partition,
        sources: &Sources,
        out: &mut Self::Out,
        control: &JobControl,
    ) -> Result<()> {
        let _ = (partition, sources, out, control);
        Ok(())
    }

    /// The rows that a partition still needs.
    fn held<'a>(&self, partition: &'a mut Self::Partition) -> Vec<&'a mut Row> {
        let _ = partition;
        Vec::new()
    }

    /// The rows of the table as batches.
    ///
    /// # Errors
    /// [`Error::Arrow`] when texts have no room in one array, [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
    fn batches(
        &self,
        out: Self::Out,
        sources: &Sources,
        control: &JobControl,
    ) -> Result<Vec<RecordBatch>>;
}

/// A stretch of rows, the last of `sources`.
pub struct Piece<'a> {
    /// Where rows lie.
    pub sources: &'a Sources,
    /// The piece's own columns, by field.
    pub columns: Vec<Column<'a>>,
    /// The fields of the partition, for messages.
    pub fields: &'a Fields,
    /// The job's.
    pub control: &'a JobControl,
    /// Number of its first row in the stream, from 0.
    pub first_row: u64,
}

impl Piece<'_> {
    /// Calls `step` for each of `rows`; a fault gets the row's number and partition.
    ///
    /// # Errors
    /// [`Error::Data`] for a fault, [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
    pub fn each(
        &self,
        rows: Range<usize>,
        mut step: impl FnMut(usize) -> Result<(), Fault>,
    ) -> Result<()> {
        let mut next = rows.start;
        while next < rows.end {
            self.control.check()?;
            let end = rows.end.min(next + LOOK);
            for row in next..end {
                step(row).map_err(|fault| self.error(row, &fault))?;
            }
            next = end;
        }
        Ok(())
    }

    /// Values of `row` in the fields of the partition.
    pub fn key(&self, row: usize) -> Vec<Scalar> {
        let fields = self.fields.partition.iter();
        fields
            .map(|&field| self.columns[field].value(row).to_scalar())
            .collect()
    }

    fn error(&self, row: usize, fault: &Fault) -> Error {
        let number = self.first_row + row as u64 + 1;
        match self.fields.named(&self.key(row)) {
            of if of.is_empty() => Error::Data(format!("row {number}: {}", fault.0)),
            of => Error::Data(format!("row {number} ({of}): {}", fault.0)),
        }
    }
}

/// Makes the `rows` rows of a table batch by batch.
///
/// # Errors
/// Those of `make`; [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
pub fn chunked(
    rows: usize,
    control: &JobControl,
    make: impl Fn(Range<usize>) -> Result<RecordBatch> + Sync,
) -> Result<Vec<RecordBatch>> {
    let starts: Vec<usize> = (0..rows).step_by(CHUNK).collect();
    starts
        .into_par_iter()
        .map(|start| {
            control.check()?;
            make(start..rows.min(start + CHUNK))
        })
        .collect()
}
