//! Codes: the values of a field numbered once, for everything that asks which value a row has.
//!
//! ```text
//! field  Oslo Oslo Rome Oslo ...      keys   0 Oslo, 1 Rome
//! codes     0    0    1    0 ...
//! ```
//! Crosstabs, series and distinct totals count with the codes; the statistics of a text column are those of its
//! keys, so that a text that comes again costs one look-up.

use rayon::prelude::*;

use super::answer::CHUNK;
use super::key::{Keys, same};
use crate::control::JobControl;
use crate::error::Result;
use crate::value::{Column, Value};

/// Keys up to which a field is numbered that nothing but its statistics needs; with more, most texts come once.
pub const MAX_KEYS: usize = 65_536;
/// Bytes of such texts: long ones come once too.
const MAX_BYTES: usize = 16 << 20;
/// Rows that are numbered between two looks whether the job was cancelled: tables may grow meanwhile.
const LOOK: usize = 1_024;
/// The code of a value that was not met before this batch.
const UNKNOWN: u32 = u32::MAX;

/// The values of one field so far, numbered in the order in which they came.
#[derive(Debug, Default)]
pub struct Codebook {
    keys: Keys,
    /// A crosstab, a series or a total counts with the codes, however many there are.
    needed: bool,
    closed: bool,
}

impl Codebook {
    /// Numbers the field to its last row.
    pub fn need(&mut self) {
        self.needed = true;
    }

    /// The codes of the next batch; `None` once there are too many keys, and from then on.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] and [`crate::error::Error::DeadlineExceeded`].
    pub fn codes(&mut self, column: &Column<'_>, control: &JobControl) -> Result<Option<Vec<u32>>> {
        if self.closed {
            return Ok(None);
        }
        let mut codes = vec![UNKNOWN; column.len()];
        let keys = &self.keys;
        // Most values are known: they are looked up in parallel, the new ones numbered in row order.
        let unknown: Vec<usize> = codes
            .par_chunks_mut(CHUNK)
            .with_max_len(1)
            .enumerate()
            .map(|(chunk, codes)| look_up(keys, column, chunk * CHUNK, codes))
            .collect();
        for (chunk, codes) in codes.chunks_mut(CHUNK).enumerate() {
            if unknown[chunk] == 0 {
                continue;
            }
            for (i, code) in codes.iter_mut().enumerate() {
                if i % LOOK == 0 {
                    control.check()?;
                }
                if *code == UNKNOWN {
                    *code = self.keys.number(column.value(chunk * CHUNK + i));
                }
            }
            if !self.needed && self.is_full() {
                self.closed = true;
                return Ok(None);
            }
        }
        Ok(Some(codes))
    }

    fn is_full(&self) -> bool {
        self.distinct() > Some(MAX_KEYS as u64) || self.keys.text_bytes() > MAX_BYTES
    }

    /// Forgets the keys of a closed book.
    pub fn forget(&mut self) {
        if self.closed {
            self.keys = Keys::default();
        }
    }

    /// How many keys there are, the empty value among them.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many different values there are; null and NaN are none. `None` once it is closed.
    pub fn distinct(&self) -> Option<u64> {
        let none = [Value::Null, Value::Float(f64::NAN)];
        let none = none
            .into_iter()
            .filter(|key| self.keys.find(*key).is_some());
        (!self.closed).then(|| (self.len() - none.count()) as u64)
    }

    /// Whether it numbers its field no more.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// The keys by code.
    pub fn keys(&self) -> impl Iterator<Item = Value<'_>> {
        (0..self.len()).map(|code| self.keys.get(code))
    }
}

/// Writes the codes of the rows from `offset` on that have known values; returns how many have not.
fn look_up(keys: &Keys, column: &Column<'_>, offset: usize, codes: &mut [u32]) -> usize {
    let mut unknown = 0;
    let mut last: Option<(Value<'_>, u32)> = None;
    for (i, code) in codes.iter_mut().enumerate() {
        let value = column.value(offset + i);
        *code = match last {
            // Rows come sorted: many have the value of the row before.
            Some((before, code)) if same(before, value) => code,
            _ => {
                let code = keys.find(value).unwrap_or(UNKNOWN);
                last = Some((value, code));
                code
            }
        };
        unknown += usize::from(*code == UNKNOWN);
    }
    unknown
}
