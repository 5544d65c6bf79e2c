//! The pass over a transform's rows: whole partitions go to the threads, what is open at a batch's end is carried.
//!
//! ```text
//! batch    A A A B B C C C C D │ D D D E …        rows stand ordered by partition
//! pieces  [A A A B B][C C C C D│               each on one thread, the results in order
//! carry                       D┘ ▶ [D D D E …   D's state, and the rows that it still needs
//! ```
//! Pieces are cut by rows alone, never by the number of threads, so that the table is the same for any of them.

use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use rayon::prelude::*;

use super::fields::Fields;
use super::kernel::{Kernel, Piece};
use super::sources::Sources;
use crate::control::JobControl;
use crate::crunch::key::same;
use crate::crunch::spool::SpoolWriter;
use crate::error::{Error, Result};
use crate::value::{Column, Scalar};

/// Pieces whose results may be in memory, per thread.
const AHEAD: usize = 4;

/// The partition that is open at the end of a batch.
struct Carry<P> {
    partition: P,
    sources: Sources,
    /// Values of its rows in the fields of the partition.
    key: Vec<Scalar>,
}

/// What a piece is made into: rows of the table, and the partition that is open at its end.
type Made<P> = (Vec<RecordBatch>, Option<Carry<P>>);

/// A pass and how far it has come.
pub struct Pass<'a, K: Kernel> {
    fields: &'a Fields,
    kernel: K,
    carry: Option<Carry<K::Partition>>,
    rows: u64,
}

/// Rows of a batch that one task takes.
struct Cut {
    rows: Range<usize>,
    /// Where partitions start, counted from the piece's first row.
    starts: Vec<usize>,
}

impl<'a, K: Kernel> Pass<'a, K> {
    /// A pass that has met no row.
    pub fn new(fields: &'a Fields, kernel: K) -> Self {
        Self {
            fields,
            kernel,
            carry: None,
            rows: 0,
        }
    }

    /// Columns of the table that is made.
    pub fn schema(&self) -> &SchemaRef {
        self.kernel.schema()
    }

    /// Takes the next batch of the stream, and adds to `table` the rows that are made of it.
    ///
    /// # Errors
    /// Those of the kernel and of the table's file; [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
    pub fn batch(
        &mut self,
        batch: &RecordBatch,
        table: &mut SpoolWriter,
        control: &JobControl,
    ) -> Result<()> {
        let batch = self.fields.normalised(batch)?;
        let rows = batch.num_rows();
        let starts = control.pool().install(|| self.starts(&batch))?;
        let cuts = cuts(&starts, rows, K::PIECE);
        let last = cuts.len().saturating_sub(1);
        let mut carry = self.carry.take();
        for (group, cuts) in cuts.chunks(control.threads() * AHEAD).enumerate() {
            let first = group * control.threads() * AHEAD;
            let tasks: Vec<_> = (first..)
                .zip(cuts)
                .map(|task| (task, carry.take()))
                .collect();
            let task =
                |((number, cut), carry)| self.piece(&batch, cut, carry, number == last, control);
            let make = || -> Vec<Result<_>> {
                let tasks = tasks.into_par_iter().with_max_len(1);
                tasks.map(task).collect()
            };
            // In their order: the error is that of the first row that has one.
            for result in control.pool().install(|| table.beside(make))? {
                let (batches, open) = result?;
                batches.into_iter().for_each(|batch| table.add(batch));
                self.carry = open;
            }
        }
        self.rows += rows as u64;
        Ok(())
    }

    /// Ends the last partition.
    ///
    /// # Errors
    /// As [`Pass::batch`].
    pub fn finish(&mut self, table: &mut SpoolWriter, control: &JobControl) -> Result<()> {
        let Some(carry) = self.carry.take() else {
            return Ok(());
        };
        let close = || {
            let mut out = K::Out::default();
            let Carry {
                partition,
                sources,
                key,
            } = carry;
            self.close(partition, || key, &sources, &mut out, control)?;
            self.kernel.batches(out, &sources, control)
        };
        let batches = control.pool().install(|| table.beside(close))??;
        batches.into_iter().for_each(|batch| table.add(batch));
        Ok(())
    }

    /// Ends the partition whose rows have the values `key`; an error tells them.
    fn close(
        &self,
        partition: K::Partition,
        key: impl FnOnce() -> Vec<Scalar>,
        sources: &Sources,
        out: &mut K::Out,
        control: &JobControl,
    ) -> Result<()> {
        let closed = self.kernel.close(partition, sources, out, control);
        closed.map_err(|error| match error {
            Error::Data(text) if !self.fields.partition.is_empty() => {
                Error::Data(format!("{}: {text}", self.fields.named(&key())))
            }
            other => other,
        })
    }

    /// Rows of `batch` at which a partition starts. Runs on the pool it is called in.
    fn starts(&self, batch: &RecordBatch) -> Result<Vec<usize>> {
        let rows = batch.num_rows();
        if K::ALONE {
            return Ok((0..rows).collect());
        }
        let mut starts = vec![false; rows];
        if let (Some(first), None) = (starts.first_mut(), &self.carry) {
            *first = true;
        }
        for (level, &field) in self.fields.partition.iter().enumerate() {
            let column = Column::new(batch.column(field).as_ref())?;
            if let (Some(first), Some(carry)) = (starts.first_mut(), &self.carry) {
                *first |= !same(carry.key[level].as_value(), column.value(0));
            }
            let later = starts.par_iter_mut().enumerate().skip(1);
            later.with_min_len(K::PIECE).for_each(|(row, start)| {
                *start |= !same(column.value(row - 1), column.value(row));
            });
        }
        Ok((0..rows).filter(|&row| starts[row]).collect())
    }

    /// The table's rows of one piece, and the partition that is open at its end when it is the batch's last.
    fn piece(
        &self,
        batch: &RecordBatch,
        cut: &Cut,
        carry: Option<Carry<K::Partition>>,
        last: bool,
        control: &JobControl,
    ) -> Result<Made<K::Partition>> {
        let own = batch.slice(cut.rows.start, cut.rows.len());
        let (mut open, held, before) = match carry {
            Some(carry) => (Some(carry.partition), carry.sources, carry.key),
            None => (None, Sources::default(), Vec::new()),
        };
        let sources = held.with(own.clone());
        let piece = Piece {
            sources: &sources,
            columns: own
                .columns()
                .iter()
                .map(|column| Column::new(column.as_ref()))
                .collect::<Result<_>>()?,
            fields: self.fields,
            control,
            first_row: self.rows + cut.rows.start as u64,
        };
        let mut out = K::Out::default();
        let continued = cut.starts.first() != Some(&0);
        if !continued && let Some(partition) = open.take() {
            self.close(partition, || before, &sources, &mut out, control)?;
        }
        let first = continued.then_some(0).into_iter();
        let starts = first.chain(cut.starts.iter().copied());
        let ends = cut.starts.iter().copied().skip(usize::from(!continued));
        for (start, end) in starts.zip(ends.chain([cut.rows.len()])) {
            let mut partition = open.take().unwrap_or_default();
            self.kernel
                .rows(&mut partition, &piece, start..end, &mut out)?;
            if last && end == cut.rows.len() {
                open = Some(partition);
            } else {
                self.close(partition, || piece.key(start), &sources, &mut out, control)?;
            }
        }
        let batches = self.kernel.batches(out, &sources, control)?;
        let key = piece.key(own.num_rows() - 1);
        drop(piece);
        let carry = match open {
            None => None,
            Some(mut partition) => Some(Carry {
                sources: sources.keep(self.kernel.held(&mut partition))?,
                partition,
                key,
            }),
        };
        Ok((batches, carry))
    }
}

/// Cuts `rows` rows before partitions that start, into pieces of at least `least` rows.
fn cuts(starts: &[usize], rows: usize, least: usize) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut cut = Cut {
        rows: 0..rows,
        starts: Vec::new(),
    };
    for &start in starts {
        if start - cut.rows.start >= least {
            cut.rows.end = start;
            cuts.push(cut);
            cut = Cut {
                rows: start..rows,
                starts: Vec::new(),
            };
        }
        cut.starts.push(start - cut.rows.start);
    }
    cuts.push(cut);
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_cut_where_partitions_start() {
        let cuts: Vec<_> = cuts(&[0, 2, 3, 9], 10, 3)
            .into_iter()
            .map(|cut| (cut.rows, cut.starts))
            .collect();
        assert_eq!(
            cuts,
            [(0..3, vec![0, 2]), (3..9, vec![0]), (9..10, vec![0])]
        );
    }

    #[test]
    fn a_partition_that_goes_on_stays_in_the_first_piece() {
        let cuts: Vec<_> = cuts(&[4], 8, 3)
            .into_iter()
            .map(|cut| (cut.rows, cut.starts))
            .collect();
        assert_eq!(cuts, [(0..4, vec![]), (4..8, vec![0])]);
    }
}
