//! Ranks: how many values of a whole are larger than one of them, and one (SQL's `rank() OVER (… ORDER BY v DESC)`).

use std::ops::Range;

use rayon::prelude::*;

use super::answer::CHUNK;
use super::crunched::Crunched;
use crate::control::JobControl;
use crate::error::{Error, Result};
use crate::value::Column;

/// Values that are sorted at a time, so that a cancelled job ends soon.
const RUN: usize = 1 << 16;

/// The values of one whole, sorted; kept until the next is asked for, because rows come whole by whole.
#[derive(Debug, Default)]
pub struct Ranking {
    rows: Range<u64>,
    values: Vec<i128>,
}

impl Ranking {
    /// The values of column `source` in `rows`. They stay in memory, 16 bytes each.
    ///
    /// # Errors
    /// [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
    pub fn of(
        &mut self,
        crunched: &Crunched,
        source: usize,
        rows: Range<u64>,
        control: &JobControl,
    ) -> Result<&Self> {
        if self.rows != rows {
            self.values.clear();
            self.values.reserve_exact((rows.end - rows.start) as usize);
            let first = crunched
                .offsets
                .partition_point(|start| *start <= rows.start);
            for number in first.saturating_sub(1)..crunched.batches.len() {
                let start = crunched.offsets[number];
                if start >= rows.end {
                    break;
                }
                control.check()?;
                let column = Column::new(crunched.batches[number].column(source))?;
                let end = rows.end.min(crunched.offsets[number + 1]) - start;
                let part = rows.start.saturating_sub(start) as usize..end as usize;
                each(&column, part, |_, value| self.values.push(value));
            }
            sort(&mut self.values, control)?;
            self.rows = rows;
        }
        Ok(self)
    }

    /// Writes the rank of each row of `part` that has a value; equal values have the same, and the next is left out.
    ///
    /// # Errors
    /// [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
    pub fn rank(
        &self,
        column: &Column<'_>,
        part: Range<usize>,
        ranks: &mut [Option<i64>],
        control: &JobControl,
    ) -> Result<()> {
        let chunks = ranks[part.clone()].par_chunks_mut(CHUNK).enumerate();
        chunks.try_for_each(|(number, ranks)| {
            control.check()?;
            let first = part.start + number * CHUNK;
            each(column, first..first + ranks.len(), |i, value| {
                let not_larger = self.values.partition_point(|v| *v <= value);
                ranks[i - first] = Some((self.values.len() - not_larger) as i64 + 1);
            });
            Ok(())
        })
    }
}

/// Calls `f(row, value)` for each row of `part` that counts, with a number that orders as the values do.
fn each(column: &Column<'_>, part: Range<usize>, mut f: impl FnMut(usize, i128)) {
    match column {
        Column::Float(_) => column.for_each_float(part, |i, v| {
            // -0.0 and 0.0 tie. Of negative floats the larger has the smaller bits.
            let bits = (v + 0.0).to_bits().cast_signed();
            let flipped = bits ^ ((bits >> 63) & i64::MAX);
            f(i, i128::from(flipped));
        }),
        _ => column.for_each_int(part, f),
    }
}

/// Sorts in steps between which a cancelled job ends.
fn sort(values: &mut [i128], control: &JobControl) -> Result<()> {
    let mut width = RUN;
    loop {
        values.par_chunks_mut(width).try_for_each(|run| {
            control.check()?;
            // Of two sorted halves it only merges them.
            run.sort();
            Ok::<(), Error>(())
        })?;
        if width >= values.len() {
            return Ok(());
        }
        width *= 2;
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Float64Array, Int64Array};

    use super::*;

    #[test]
    fn equal_values_share_a_rank_and_what_does_not_count_has_none() {
        let column = Int64Array::from(vec![Some(5), Some(9), None, Some(9), Some(-1)]);
        let column = Column::Int(&column);
        let mut ranking = Ranking::default();
        each(&column, 0..5, |_, v| ranking.values.push(v));
        sort(&mut ranking.values, &JobControl::new(1, None)).expect("not cancelled");
        let mut ranks = vec![None; 5];
        let control = JobControl::new(1, None);
        ranking
            .rank(&column, 0..5, &mut ranks, &control)
            .expect("not cancelled");
        assert_eq!(ranks, [Some(3), Some(1), None, Some(1), Some(4)]);
    }

    #[test]
    fn floats_keep_their_order_as_numbers() {
        let values = [
            f64::NEG_INFINITY,
            -2.5,
            -1.0,
            -0.0,
            0.0,
            1e-300,
            1.0,
            f64::INFINITY,
            f64::NAN,
        ];
        let column = Float64Array::from(values.to_vec());
        let mut keys = Vec::new();
        each(&Column::Float(&column), 0..values.len(), |_, v| {
            keys.push(v)
        });
        assert_eq!(keys.len(), values.len() - 1, "NaN does not count");
        assert!(keys.is_sorted());
        assert_eq!(keys[3], keys[4], "-0.0 and 0.0 tie");
    }

    #[test]
    fn long_lists_are_sorted_whole() {
        let mut values: Vec<i128> = (0..300_000).map(|i| (i * 7_919) % 300_007).collect();
        sort(&mut values, &JobControl::new(2, None)).expect("not cancelled");
        assert!(values.is_sorted());
    }
}
