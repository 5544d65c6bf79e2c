//! The rows that rank first by one field.

use std::cmp::Ordering;

use super::crunched;
use crate::error::Result;
use crate::value::{Column, Scalar, Value};

/// A top-N list being made.
#[derive(Debug)]
pub struct Top {
    /// Its name in the definition.
    pub name: String,
    by: usize,
    n: usize,
    ascending: bool,
    /// Best first; ties in row order.
    best: Vec<(Scalar, Vec<Scalar>)>,
}

impl Top {
    /// An empty list of the `n` rows that rank first by the field of number `by`.
    pub fn new(name: &str, by: usize, n: usize, ascending: bool) -> Self {
        Self {
            name: name.to_owned(),
            by,
            n,
            ascending,
            best: Vec::new(),
        }
    }

    /// The rows of a chunk that may be among the best, best first; nulls and NaN never rank.
    pub fn candidates(&self, fields: &[Column<'_>]) -> Vec<u32> {
        let column = &fields[self.by];
        let worst = (self.best.len() == self.n)
            .then(|| self.best.last())
            .flatten()
            .map(|(by, _)| by.as_value());
        let mut rows = Vec::new();
        column.for_each_counted(0..column.len(), |i| {
            // A row that only equals the last of a full list comes after it.
            if worst.is_none_or(|w| self.rank(column.value(i), w).is_lt()) {
                rows.push(i as u32);
            }
        });
        let order = |a: &u32, b: &u32| {
            self.rank(column.value(*a as usize), column.value(*b as usize))
                .then(a.cmp(b))
        };
        if rows.len() > self.n {
            rows.select_nth_unstable_by(self.n - 1, order);
            rows.truncate(self.n);
        }
        rows.sort_unstable_by(order);
        rows
    }

    /// Adds a chunk's candidates; `row` gives the values that the list prints of a row of the chunk.
    ///
    /// # Errors
    /// Those of `row`.
    pub fn push(
        &mut self,
        fields: &[Column<'_>],
        candidates: &[u32],
        mut row: impl FnMut(usize) -> Result<Vec<Scalar>>,
    ) -> Result<()> {
        for &i in candidates {
            let by = fields[self.by].value(i as usize);
            let at = self
                .best
                .partition_point(|(b, _)| self.rank(b.as_value(), by).is_le());
            if at == self.n {
                // Candidates come best first: the others don't rank either.
                break;
            }
            self.best.truncate(self.n - 1);
            self.best.insert(at, (by.to_scalar(), row(i as usize)?));
        }
        Ok(())
    }

    /// The list, with the names of its values.
    pub fn finish(self, fields: Vec<String>) -> crunched::Top {
        crunched::Top {
            fields,
            rows: self.best.into_iter().map(|(_, row)| row).collect(),
        }
    }

    fn rank(&self, a: Value<'_>, b: Value<'_>) -> Ordering {
        let order = match (a, b) {
            // -0.0 and 0.0 tie.
            (Value::Float(a), Value::Float(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
            (a, b) => a.order(&b),
        };
        if self.ascending {
            order
        } else {
            order.reverse()
        }
    }
}
