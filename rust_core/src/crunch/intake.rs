//! A batch as it comes in: its fields in their spool types, numbered, its groups and running sums known.

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use rayon::prelude::*;

use super::bands::opens;
use super::codes::Codebook;
use super::fields::Fields;
use super::question::{Source, typed};
use super::running::RunningSum;
use crate::control::JobControl;
use crate::error::Result;
use crate::value::{Column, Scalar};

/// What brings batches in, and what it has to know of the rows before.
#[derive(Debug)]
pub struct Intake {
    /// The fields that the plan needs.
    pub fields: Fields,
    /// Per group level, the number of its field.
    pub groups: Vec<usize>,
    /// Per column of the spool.
    pub columns: Vec<Source>,
    /// Schema of the spool.
    pub schema: SchemaRef,
    /// Running columns.
    pub running: Vec<RunningSum>,
    /// Per field: its codes, where something counts with them.
    pub books: Vec<Option<Codebook>>,
    /// Rows brought in so far.
    pub rows: u64,
    /// The last of them in its groups; `None` before the first.
    pub last_keys: Option<Vec<Scalar>>,
}

/// A batch that was brought in.
#[derive(Debug)]
pub struct Prepared {
    /// Number of its first row.
    pub first_row: u64,
    /// Its fields, in their spool types.
    pub fields: Vec<ArrayRef>,
    /// Its columns, as they go to the spool.
    pub columns: Vec<ArrayRef>,
    /// Per field: the codes of its values.
    pub codes: Vec<Option<Vec<u32>>>,
    /// Per row: the outermost group level that opens with it.
    pub opens: Vec<u8>,
}

impl Intake {
    /// Brings the next batch in. Runs on the pool it is called in.
    ///
    /// # Errors
    /// [`crate::error::Error::Data`] when a value or a running sum has no room, [`crate::error::Error::Cancelled`] and
    /// [`crate::error::Error::DeadlineExceeded`].
    pub fn prepare(&mut self, batch: &RecordBatch, control: &JobControl) -> Result<Prepared> {
        let (rows, first_row) = (batch.num_rows(), self.rows);
        let fields: Vec<ArrayRef> = (0..self.fields.count())
            .into_par_iter()
            .with_max_len(1)
            .map(|number| self.fields.normalised(number, batch))
            .collect::<Result<_>>()?;
        control.check()?;

        let typed = typed(&fields)?;
        let codes = self.codes(&typed, control)?;
        let keys: Vec<_> = self.groups.iter().map(|&group| typed[group]).collect();
        let opens = opens(&keys, self.last_keys.as_deref(), rows);
        let running: Vec<ArrayRef> = self
            .running
            .par_iter_mut()
            .with_max_len(1)
            .map(|sum| sum.next(&typed[sum.field], &opens, first_row))
            .collect::<Result<_>>()?;
        control.check()?;

        if let Some(last) = rows.checked_sub(1) {
            let last = keys.iter().map(|key| key.value(last).to_scalar());
            self.last_keys = Some(last.collect());
        }
        self.rows += rows as u64;
        Ok(Prepared {
            first_row,
            columns: printed(&self.columns, &fields, &running),
            fields,
            codes,
            opens,
        })
    }

    /// The codes of a batch, per field.
    fn codes(
        &mut self,
        fields: &[Column<'_>],
        control: &JobControl,
    ) -> Result<Vec<Option<Vec<u32>>>> {
        let books = self.books.par_iter_mut().zip(fields).with_max_len(1);
        let codes = books.map(|(book, field)| match book {
            Some(book) => book.codes(field, control),
            None => Ok(None),
        });
        codes.collect()
    }

    /// The batch of the spool.
    ///
    /// # Errors
    /// [`crate::error::Error::Arrow`] when the columns are not those of the schema.
    pub fn spooled(&self, prepared: &Prepared) -> Result<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(prepared.opens.len()));
        let columns = prepared.columns.clone();
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        Ok(batch)
    }
}

/// The printed columns of a batch: fields as they are, running sums made before.
fn printed(columns: &[Source], fields: &[ArrayRef], running: &[ArrayRef]) -> Vec<ArrayRef> {
    columns
        .iter()
        .map(|source| match *source {
            Source::Field(number) => fields[number].clone(),
            Source::Running(number) => running[number].clone(),
        })
        .collect()
}
