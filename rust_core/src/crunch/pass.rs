//! The pass itself: each batch is reduced in chunks, in parallel, and the chunks are combined in order.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::Schema;
use rayon::prelude::*;

use super::bands::opens;
use super::crunched::Crunched;
use super::late;
use super::measure::Chunk;
use super::pivot::{Pivot, PivotPart};
use super::plan::Plan;
use super::question::{Question, printed, slices, typed};
use super::ranking::ranking;
use super::segment::Parent;
use super::spool::{self, Spool};
use super::stats::StatsPart;
use crate::control::JobControl;
use crate::error::{Error, Result};
use crate::value::{Column, Scalar};

/// Rows that one task reduces. Never made from the number of threads: float sums would depend on it.
pub const CHUNK: usize = 8_192;

/// Everything made of the rows so far.
#[derive(Debug)]
pub struct Pass {
    question: Question,
    rows: u64,
}

/// What one chunk is reduced to.
struct Segment {
    offset: usize,
    rows: usize,
    /// Runs of rows of one innermost group, by the groups around them.
    parents: Vec<Parent>,
    crosstabs: Vec<PivotPart>,
    series: Vec<PivotPart>,
    /// Per top-N list, rows of the chunk that may be among the best.
    tops: Vec<Vec<u32>>,
    /// Per printed column.
    stats: Vec<StatsPart>,
}

impl Pass {
    /// A pass that has met no row.
    pub fn new(question: Question) -> Self {
        Self { question, rows: 0 }
    }

    /// Schema of the spool.
    pub fn schema(&self) -> &Schema {
        &self.question.schema
    }

    /// Crunches the next batch and gives it back as it goes to the spool. Runs on the pool it is called in.
    ///
    /// # Errors
    /// [`Error::Data`] when the rows do not fit the plan, [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
    pub fn batch(&mut self, batch: &RecordBatch, control: &JobControl) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let first_row = self.rows;
        let question = &mut self.question;
        let fields: Vec<ArrayRef> = (0..question.fields.count())
            .into_par_iter()
            .map(|number| question.fields.normalised(number, batch))
            .collect::<Result<_>>()?;
        control.check()?;

        let columns = typed(&fields)?;
        let codes = question.codes(&columns, control)?;
        let keys: Vec<_> = question.groups.iter().map(|&g| columns[g]).collect();
        let before = question.bands.open_keys();
        let opens = opens(&keys, before.as_deref(), rows);
        let running: Vec<ArrayRef> = question
            .running
            .par_iter_mut()
            .map(|sum| sum.next(&columns[sum.field], &opens, first_row))
            .collect::<Result<_>>()?;
        let out = printed(&question.columns, &fields, &running);
        control.check()?;

        let offsets: Vec<usize> = (0..rows).step_by(CHUNK).collect();
        let segments: Vec<Segment> = offsets
            .into_par_iter()
            .map(|offset| {
                control.check()?;
                let rows = CHUNK.min(rows - offset);
                let fields = slices(&fields, offset, rows);
                let out = slices(&out, offset, rows);
                let codes: Vec<_> = codes
                    .iter()
                    .map(|codes| codes.as_ref().map(|c| &c[offset..offset + rows]))
                    .collect();
                let chunk = Chunk {
                    columns: &typed(&fields)?,
                    codes: &codes,
                    first_row: first_row + offset as u64,
                };
                reduce(
                    question,
                    &chunk,
                    &out,
                    &opens[offset..offset + rows],
                    offset,
                )
            })
            .collect::<Result<_>>()?;
        for segment in segments {
            control.check()?;
            self.combine(segment, &columns, &fields, &out)?;
        }
        self.rows += rows as u64;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = self.question.schema.clone();
        Ok(RecordBatch::try_new_with_options(schema, out, &options)?)
    }

    /// Adds the next segment to everything so far; `columns`, `fields` and `out` are the whole batch's.
    fn combine(
        &mut self,
        segment: Segment,
        columns: &[Column<'_>],
        fields: &[ArrayRef],
        out: &[ArrayRef],
    ) -> Result<()> {
        let question = &mut self.question;
        let key =
            |level: usize, row: usize| columns[question.groups[level]].value(segment.offset + row);
        for parent in segment.parents {
            parent.push_to(&mut question.bands, key)?;
        }
        for (pivot, part) in question.crosstabs.iter_mut().zip(segment.crosstabs) {
            pivot.push(part)?;
        }
        for (pivot, part) in question.series.iter_mut().zip(segment.series) {
            pivot.push(part)?;
        }
        for (top, candidates) in question.tops.iter_mut().zip(&segment.tops) {
            let fields = slices(fields, segment.offset, segment.rows);
            let fields = typed(&fields)?;
            top.push(&fields, candidates, |row| {
                let mut values: Vec<Scalar> = question
                    .groups
                    .iter()
                    .map(|&group| fields[group].value(row).to_scalar())
                    .collect();
                for array in out {
                    let value = Column::new(array)?.value(segment.offset + row);
                    values.push(value.to_scalar());
                }
                Ok(values)
            })?;
        }
        for (statist, part) in question.statists.iter_mut().zip(segment.stats) {
            statist.push(part)?;
        }
        Ok(())
    }

    /// Closes every group, maps the finished spool, and adds the columns that needed all of it.
    ///
    /// # Errors
    /// [`Error::Data`] when a figure has no room, [`Error::Io`] and [`Error::Arrow`] for the spool.
    pub fn finish(self, plan: Plan, path: &Path, control: &JobControl) -> Result<Crunched> {
        let question = self.question;
        let (levels, totals) = question.bands.finish()?;
        let (schema, batches, spool) = spool::open(path)?;
        let mut offsets = vec![0u64];
        for batch in &batches {
            offsets.push(offsets[offsets.len() - 1] + batch.num_rows() as u64);
        }
        if offsets.last() != Some(&self.rows) {
            return Err(Error::Data(format!(
                "{} holds {:?} rows of {}",
                path.display(),
                offsets.last(),
                self.rows
            )));
        }
        let books = &question.books;
        let mut tops = BTreeMap::new();
        for top in question.tops {
            tops.insert(top.name.clone(), top.finish(&plan, self.rows, &totals)?);
        }
        let mut series = question.series;
        let of_keys = plan.tops.iter().filter(|top| top.of.is_some());
        for (pivot, top) in series.split_off(plan.series.len()).into_iter().zip(of_keys) {
            tops.insert(top.name.clone(), ranking(pivot, top, books)?);
        }
        let (stats, controls) = question
            .statists
            .into_iter()
            .zip(&question.columns)
            .map(|(statist, column)| statist.finish(column.book(books), control))
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .unzip();
        let mut crunched = Crunched {
            schema,
            rows: self.rows,
            batches,
            offsets,
            spool,
            late: Spool::default(),
            levels,
            totals,
            stats,
            control: controls,
            crosstabs: question
                .crosstabs
                .into_iter()
                .map(|p| Ok((p.name.clone(), p.into_crosstab(books)?)))
                .collect::<Result<_>>()?,
            tops,
            series: series
                .into_iter()
                .map(|p| Ok((p.name.clone(), p.into_series(books)?)))
                .collect::<Result<_>>()?,
            plan,
        };
        late::fill(question.late, &mut crunched, path, control)?;
        Ok(crunched)
    }
}

/// Reduces one chunk, whose first row has number `offset` in its batch; looks at nothing outside it but what is kept
/// so far.
fn reduce(
    question: &Question,
    chunk: &Chunk<'_>,
    out: &[ArrayRef],
    opens: &[u8],
    offset: usize,
) -> Result<Segment> {
    let of_cells = |pivot: &Pivot| pivot.reduce(chunk, &question.books);
    let statists = question.statists.iter().zip(&question.columns).zip(out);
    Ok(Segment {
        offset,
        rows: opens.len(),
        parents: Parent::of_chunk(&question.bands, chunk, opens)?,
        crosstabs: question
            .crosstabs
            .iter()
            .map(of_cells)
            .collect::<Result<_>>()?,
        series: question
            .series
            .iter()
            .map(of_cells)
            .collect::<Result<_>>()?,
        tops: question
            .tops
            .iter()
            .map(|top| top.candidates(chunk.columns))
            .collect(),
        stats: statists
            .map(|((statist, column), array)| {
                let coded = column.book(&question.books).is_some_and(|b| !b.closed());
                statist.reduce(array, coded, chunk.first_row == 0)
            })
            .collect::<Result<_>>()?,
    })
}
