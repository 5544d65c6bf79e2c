//! The pass itself: a batch is brought in while the one before is combined, and spooled while it is reduced.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::RecordBatch;

use super::answer::{Answer, Reduced};
use super::crunched::Crunched;
use super::intake::Intake;
use super::late::{self, LateColumn};
use super::plan::Plan;
use super::question::Question;
use super::ranking::ranking;
use super::spool::{self, Spool, SpoolWriter};
use crate::control::JobControl;
use crate::error::{Error, Result};

/// The rows so far.
pub struct Pass {
    intake: Intake,
    writer: SpoolWriter,
    answer: Answer,
    late: Vec<LateColumn>,
    /// The last batch, which the answer lacks.
    reduced: Option<Reduced>,
}

impl Pass {
    /// A pass that has met no row; it starts the file `spool`.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::DiskFull`].
    pub fn new(question: Question, spool: &Path) -> Result<Self> {
        let Question {
            intake,
            answer,
            late,
        } = question;
        Ok(Self {
            writer: SpoolWriter::create(spool, &intake.schema)?,
            intake,
            answer,
            late,
            reduced: None,
        })
    }

    /// Crunches and spools the next batch. Runs on the pool it is called in.
    ///
    /// # Errors
    /// [`Error::Data`] when the rows do not fit the plan, [`Error::Limit`] when a crosstab or a series grows too large,
    /// [`Error::Io`] and [`Error::DiskFull`] for the spool, [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
    pub fn batch(&mut self, batch: &RecordBatch, control: &JobControl) -> Result<()> {
        // Segments are combined one after the other: other threads number the next rows meanwhile.
        let groups = self.intake.groups.clone();
        let reduced = self.reduced.take();
        let (combined, prepared) = rayon::join(
            || reduced.map_or(Ok(()), |r| self.answer.combine(r, &groups, control)),
            || self.intake.prepare(batch, control),
        );
        combined?;
        let prepared = prepared?;
        self.answer.learn(&mut self.intake, control)?;
        self.writer.add(self.intake.spooled(&prepared)?);
        let reduce = || self.answer.reduce(&self.intake, prepared, control);
        self.reduced = Some(self.writer.beside(reduce)??);
        Ok(())
    }

    /// Closes every group and the spool, which is at `path`, maps it, and adds the columns that needed all of it.
    ///
    /// # Errors
    /// [`Error::Data`] when a figure has no room, [`Error::Io`] and [`Error::Arrow`] for the spool.
    pub fn finish(mut self, plan: Plan, path: &Path, control: &JobControl) -> Result<Crunched> {
        if let Some(reduced) = self.reduced.take() {
            self.answer.combine(reduced, &self.intake.groups, control)?;
        }
        self.writer.finish()?;
        let (intake, answer) = (self.intake, self.answer);
        let (levels, totals) = answer.bands.finish()?;
        let (schema, batches, spool) = spool::open(path)?;
        let mut offsets = vec![0u64];
        for batch in &batches {
            offsets.push(offsets[offsets.len() - 1] + batch.num_rows() as u64);
        }
        if offsets.last() != Some(&intake.rows) {
            return Err(Error::Data(format!(
                "{} holds {:?} rows of {}",
                path.display(),
                offsets.last(),
                intake.rows
            )));
        }
        let books = &intake.books;
        let mut tops = BTreeMap::new();
        for top in answer.tops {
            tops.insert(top.name.clone(), top.finish(&plan, intake.rows, &totals)?);
        }
        let mut series = answer.series;
        let of_keys = plan.tops.iter().filter(|top| top.of.is_some());
        for (pivot, top) in series.split_off(plan.series.len()).into_iter().zip(of_keys) {
            tops.insert(top.name.clone(), ranking(pivot, top, books)?);
        }
        let (stats, controls) = answer
            .statists
            .into_iter()
            .zip(&intake.columns)
            .map(|(statist, column)| statist.finish(column.book(books), control))
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .unzip();
        let mut crunched = Crunched {
            schema,
            rows: intake.rows,
            batches,
            offsets,
            spool,
            late: Spool::default(),
            levels,
            totals,
            stats,
            control: controls,
            crosstabs: answer
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
        late::fill(self.late, &mut crunched, path, control)?;
        Ok(crunched)
    }
}
