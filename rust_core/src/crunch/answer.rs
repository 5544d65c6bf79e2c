//! The answer so far: batches reduced in chunks, in parallel, and the chunks combined in their order.

use rayon::prelude::*;

use super::bands::Bands;
use super::codes::Codebook;
use super::intake::{Intake, Prepared};
use super::measure::Chunk;
use super::pivot::{Pivot, PivotPart};
use super::question::{slices, typed};
use super::segment::Parent;
use super::stats::{Statist, StatsPart};
use super::top::Top;
use crate::control::JobControl;
use crate::error::Result;
use crate::value::{Column, Scalar};

/// Rows that one task reduces. Never made from the number of threads: float sums would depend on it.
pub const CHUNK: usize = 8_192;

/// Everything made of the rows so far.
#[derive(Debug)]
pub struct Answer {
    /// Groups and totals.
    pub bands: Bands,
    /// Crosstabs.
    pub crosstabs: Vec<Pivot>,
    /// Chart series, then the top-N lists of keys, in the order of the plan.
    pub series: Vec<Pivot>,
    /// Top-N lists of rows.
    pub tops: Vec<Top>,
    /// Per column of the spool.
    pub statists: Vec<Statist>,
}

/// A batch in segments that were reduced and are to be combined.
#[derive(Debug)]
pub struct Reduced {
    prepared: Prepared,
    segments: Vec<Segment>,
}

/// What one chunk is reduced to.
#[derive(Debug)]
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

impl Answer {
    /// Takes over what the codebooks of `intake` know, now that the next batch is numbered.
    ///
    /// # Errors
    /// [`crate::error::Error::Limit`] when a crosstab or a series grows too large, [`crate::error::Error::Cancelled`] and
    /// [`crate::error::Error::DeadlineExceeded`].
    pub fn learn(&mut self, intake: &mut Intake, control: &JobControl) -> Result<()> {
        for pivot in self.crosstabs.iter().chain(&self.series) {
            pivot.check(&intake.books)?;
        }
        for (statist, column) in self.statists.iter_mut().zip(&intake.columns) {
            if let Some(book) = column.book(&intake.books).filter(|book| book.closed()) {
                statist.absorb(book, control)?;
            }
        }
        intake.books.iter_mut().flatten().for_each(Codebook::forget);
        Ok(())
    }

    /// Reduces the batch that `intake` brought in last. Runs on the pool it is called in.
    ///
    /// # Errors
    /// [`crate::error::Error::Data`] when an exact sum or figure has more than 128 bits,
    /// [`crate::error::Error::Cancelled`] and [`crate::error::Error::DeadlineExceeded`].
    pub fn reduce(
        &self,
        intake: &Intake,
        prepared: Prepared,
        control: &JobControl,
    ) -> Result<Reduced> {
        let offsets: Vec<usize> = (0..prepared.opens.len()).step_by(CHUNK).collect();
        // One at a time: whoever is done first takes the next, and nobody waits for another's rest.
        let segments = offsets.into_par_iter().with_max_len(1).map(|offset| {
            control.check()?;
            self.segment(intake, &prepared, offset)
        });
        let segments = segments.collect::<Result<_>>()?;
        Ok(Reduced { prepared, segments })
    }

    /// Reduces the chunk from row `offset` of a batch on; looks at nothing outside it but what is kept so far.
    fn segment(&self, intake: &Intake, prepared: &Prepared, offset: usize) -> Result<Segment> {
        let rows = CHUNK.min(prepared.opens.len() - offset);
        let fields = slices(&prepared.fields, offset, rows);
        let columns = slices(&prepared.columns, offset, rows);
        let codes: Vec<_> = prepared
            .codes
            .iter()
            .map(|codes| codes.as_ref().map(|codes| &codes[offset..offset + rows]))
            .collect();
        let chunk = Chunk {
            columns: &typed(&fields)?,
            codes: &codes,
            first_row: prepared.first_row + offset as u64,
        };
        let opens = &prepared.opens[offset..offset + rows];
        let of_cells = |pivot: &Pivot| pivot.reduce(&chunk, &intake.books);
        let statists = self.statists.iter().zip(&intake.columns).zip(&columns);
        Ok(Segment {
            offset,
            rows,
            parents: Parent::of_chunk(&self.bands, &chunk, opens)?,
            crosstabs: self.crosstabs.iter().map(of_cells).collect::<Result<_>>()?,
            series: self.series.iter().map(of_cells).collect::<Result<_>>()?,
            tops: self
                .tops
                .iter()
                .map(|top| top.candidates(chunk.columns))
                .collect(),
            stats: statists
                .map(|((statist, column), array)| {
                    let coded = column.book(&intake.books).is_some_and(|b| !b.closed());
                    statist.reduce(array, coded, chunk.first_row == 0)
                })
                .collect::<Result<_>>()?,
        })
    }

    /// Adds the next batch to everything so far; `groups` are the numbers of the levels' fields.
    ///
    /// # Errors
    /// [`crate::error::Error::Data`] when a group comes again after it was closed or a figure has no room,
    /// [`crate::error::Error::Cancelled`] and [`crate::error::Error::DeadlineExceeded`].
    pub fn combine(
        &mut self,
        reduced: Reduced,
        groups: &[usize],
        control: &JobControl,
    ) -> Result<()> {
        let columns = typed(&reduced.prepared.fields)?;
        for segment in reduced.segments {
            control.check()?;
            self.add(segment, &reduced.prepared, &columns, groups)?;
        }
        Ok(())
    }

    /// Adds the next segment; `columns` are the batch's fields.
    fn add(
        &mut self,
        segment: Segment,
        prepared: &Prepared,
        columns: &[Column<'_>],
        groups: &[usize],
    ) -> Result<()> {
        let key = |level: usize, row: usize| columns[groups[level]].value(segment.offset + row);
        for parent in segment.parents {
            parent.push_to(&mut self.bands, key)?;
        }
        for (pivot, part) in self.crosstabs.iter_mut().zip(segment.crosstabs) {
            pivot.push(part)?;
        }
        for (pivot, part) in self.series.iter_mut().zip(segment.series) {
            pivot.push(part)?;
        }
        for (top, candidates) in self.tops.iter_mut().zip(&segment.tops) {
            let fields = slices(&prepared.fields, segment.offset, segment.rows);
            let fields = typed(&fields)?;
            top.push(&fields, candidates, |row| {
                let mut values: Vec<Scalar> = groups
                    .iter()
                    .map(|&group| fields[group].value(row).to_scalar())
                    .collect();
                for array in &prepared.columns {
                    let value = Column::new(array)?.value(segment.offset + row);
                    values.push(value.to_scalar());
                }
                Ok(values)
            })?;
        }
        for (statist, part) in self.statists.iter_mut().zip(segment.stats) {
            statist.push(part)?;
        }
        Ok(())
    }
}
