//! The runs of a chunk: its rows by innermost group, reduced on their own and then added in order.
//!
//! ```text
//! rows      a1 a1 | a2 a2 a2 | a3 | b1 b1
//! runs      open    whole      whole  open        open: other chunks may have rows of the group
//! parents   ------- a ------------  -- b --       the whole groups of a parent are summed up for it
//! ```

use super::bands::{Bands, NONE, merge_all};
use super::measure::{Acc, Chunk};
use crate::error::Result;
use crate::value::{Scalar, Value};

/// Consecutive rows of a chunk with one parent.
#[derive(Debug, Default)]
pub struct Parent {
    runs: Vec<Run>,
    /// What its whole groups accumulated.
    whole: Vec<Acc>,
}

/// Consecutive rows of a chunk in one innermost group.
#[derive(Debug)]
struct Run {
    /// First row in the chunk.
    start: u32,
    rows: u32,
    /// The level that opens with the first row.
    opens: u8,
    part: Part,
}

/// What is known of a run's group.
#[derive(Debug)]
enum Part {
    /// It begins and ends in the chunk: its totals.
    Whole(Vec<Scalar>),
    /// Other chunks may have rows of it: what those of this one accumulated.
    Open(Vec<Acc>),
}

impl Parent {
    /// The runs of a chunk by their parents, each reduced; `opens` has one entry per row.
    ///
    /// # Errors
    /// [`crate::error::Error::Data`] when an exact sum or figure has more than 128 bits.
    pub fn of_chunk(bands: &Bands, chunk: &Chunk<'_>, opens: &[u8]) -> Result<Vec<Self>> {
        let opening = |(row, level): (usize, &u8)| (row == 0 || *level != NONE).then_some(row);
        let starts: Vec<usize> = opens.iter().enumerate().filter_map(opening).collect();
        let mut parents: Vec<Self> = Vec::new();
        let mut parent = Self::default();
        for (number, &start) in starts.iter().enumerate() {
            let next = starts.get(number + 1);
            let (rows, opens) = (start..next.map_or(opens.len(), |next| *next), opens[start]);
            if number > 0 && Some(opens) != bands.innermost() {
                parents.push(std::mem::take(&mut parent));
            }
            let mut accs: Vec<Acc> = bands
                .measures()
                .iter()
                .map(|measure| measure.reduce(chunk, rows.clone()))
                .collect::<Result<_>>()?;
            let part = if opens != NONE && next.is_some() {
                let totals = bands.figures(&mut accs)?;
                parent.add(bands, accs)?;
                Part::Whole(totals)
            } else {
                Part::Open(accs)
            };
            parent.runs.push(Run {
                start: start as u32,
                rows: rows.len() as u32,
                opens,
                part,
            });
        }
        parents.push(parent);
        Ok(parents)
    }

    fn add(&mut self, bands: &Bands, accs: Vec<Acc>) -> Result<()> {
        if self.whole.is_empty() {
            self.whole = accs;
            return Ok(());
        }
        merge_all(bands.measures(), &mut self.whole, accs)
    }

    /// Adds the runs to `bands`, which have all rows before; `key` gives a level's key at a row of the chunk.
    ///
    /// # Errors
    /// [`crate::error::Error::Data`] as [`Bands::push`].
    pub fn push_to<'a>(
        self,
        bands: &mut Bands,
        key: impl Fn(usize, usize) -> Value<'a>,
    ) -> Result<()> {
        for run in self.runs {
            let key = |level: usize| key(level, run.start as usize);
            match run.part {
                Part::Whole(totals) => {
                    bands.push_group(u64::from(run.rows), run.opens, key, totals)?;
                }
                Part::Open(accs) => bands.push(u64::from(run.rows), run.opens, key, accs)?,
            }
        }
        bands.push_parent(self.whole)
    }
}
