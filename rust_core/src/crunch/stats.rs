//! What designers and writers want to know of a column: lengths, ranges, distinct values, control figures.

use std::collections::HashSet;
use std::hash::BuildHasher;

use arrow_array::Array;
use foldhash::fast::RandomState;

use super::crunched::{ColumnStats, Control};
use super::key::{self, float_bits};
use crate::error::{Error, Result};
use crate::format::NumberFormat;
use crate::value::{Column, Kind, Scalar, Value};

/// Distinct values are counted up to here.
const MAX_DISTINCT: usize = 65_536;
/// How many of the longest texts are kept.
const LONGEST: usize = 8;
/// Rows of the first chunk, and of every later one, that are formatted to learn their length.
const SAMPLE: (usize, usize) = (512, 16);

/// Statistics of one column being made.
#[derive(Debug)]
pub struct Statist {
    name: String,
    format: NumberFormat,
    kind: Kind,
    /// The text stands in the report as it is, so that every length is known.
    plain: bool,
    nulls: u64,
    count: u64,
    sum: Option<i128>,
    range: Option<(Scalar, Scalar)>,
    /// Hashes of the values: 64 bits, so that two values of 65,536 share one in 10^10 columns.
    distinct: Option<HashSet<u64, RandomState>>,
    state: RandomState,
    chars: u64,
    measured: u64,
    longest: Longest,
}

/// What one chunk of rows adds.
#[derive(Debug)]
pub struct StatsPart {
    nulls: u64,
    count: u64,
    sum: Option<i128>,
    range: Option<(Scalar, Scalar)>,
    distinct: Option<HashSet<u64, RandomState>>,
    chars: u64,
    measured: u64,
    longest: Longest,
}

/// The longest different texts, longest first; of equal lengths the first that came.
#[derive(Debug, Clone, Default)]
struct Longest(Vec<(u32, String)>);

impl Longest {
    fn add(&mut self, chars: u32, text: &str) {
        if self.0.len() == LONGEST && self.0[LONGEST - 1].0 >= chars {
            return;
        }
        if self.0.iter().any(|(_, t)| t == text) {
            return;
        }
        let at = self.0.partition_point(|(c, _)| *c >= chars);
        self.0.insert(at, (chars, text.to_owned()));
        self.0.truncate(LONGEST);
    }
}

impl Statist {
    /// Nothing met yet; `format` is the column's number-format code.
    pub fn new(name: &str, kind: Kind, format: NumberFormat) -> Self {
        let state = RandomState::default();
        Self {
            name: name.to_owned(),
            plain: kind == Kind::Text && format.keeps_text(),
            format,
            kind,
            nulls: 0,
            count: 0,
            sum: matches!(kind, Kind::Int | Kind::Decimal(_)).then_some(0),
            range: None,
            distinct: Some(HashSet::with_hasher(state.clone())),
            state,
            chars: 0,
            measured: 0,
            longest: Longest::default(),
        }
    }

    /// Reduces a chunk of the column.
    ///
    /// # Errors
    /// [`Error::Data`] when the exact sum has more than 128 bits; names the column.
    pub fn reduce(&self, array: &dyn Array, first: bool) -> Result<StatsPart> {
        let column = Column::new(array)?;
        let nulls = array.logical_null_count() as u64;
        let mut part = StatsPart {
            nulls,
            count: array.len() as u64 - nulls,
            sum: None,
            range: None,
            distinct: self.distinct(&column),
            chars: 0,
            measured: 0,
            longest: Longest::default(),
        };
        match self.kind {
            Kind::Text => {
                let mut range: Option<(&str, &str)> = None;
                column.for_each_text(|_, v| {
                    range = Some(range.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v))));
                });
                part.range = range.map(|(l, h)| (Scalar::Text(l.into()), Scalar::Text(h.into())));
            }
            Kind::Float => {
                let mut range: Option<(f64, f64)> = None;
                column.for_each_float(|_, v| {
                    range = Some(range.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v))));
                });
                part.range = range.map(|(l, h)| (Scalar::Float(l), Scalar::Float(h)));
            }
            _ => {
                let (mut sum, mut overflow) = (0i128, false);
                let mut range: Option<(i128, i128)> = None;
                column.for_each_int(|_, v| {
                    let (next, over) = sum.overflowing_add(v);
                    sum = next;
                    overflow |= over;
                    range = Some(range.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v))));
                });
                if self.sum.is_some() {
                    if overflow {
                        return Err(self.overflow());
                    }
                    part.sum = Some(sum);
                }
                part.range = range.map(|(l, h)| (self.kind.scalar(l), self.kind.scalar(h)));
            }
        }
        if self.plain {
            column.for_each_text(|_, v| {
                let chars = if v.is_ascii() {
                    v.len()
                } else {
                    v.chars().count()
                };
                part.chars += chars as u64;
                part.measured += 1;
                part.longest.add(chars as u32, v);
            });
        } else {
            let rows = if first { SAMPLE.0 } else { SAMPLE.1 };
            let mut text = String::new();
            for i in 0..rows.min(column.len()) {
                let value = column.value(i);
                if value == Value::Null {
                    continue;
                }
                text.clear();
                self.format.write(value, &mut text);
                let chars = text.chars().count();
                part.chars += chars as u64;
                part.measured += 1;
                part.longest.add(chars as u32, &text);
            }
        }
        Ok(part)
    }

    /// Hashes of the chunk's values; `None` when there are too many, here or before.
    fn distinct(&self, column: &Column<'_>) -> Option<HashSet<u64, RandomState>> {
        self.distinct.as_ref()?;
        let mut seen = HashSet::with_hasher(self.state.clone());
        match column {
            Column::Text(_) => {
                let mut last = None;
                column.for_each_text(|_, v| {
                    if last != Some(v) {
                        seen.insert(key::hash(Value::Text(v), &self.state));
                        last = Some(v);
                    }
                });
            }
            Column::Float(_) => column.for_each_float(|_, v| {
                seen.insert(float_bits(v));
            }),
            _ => {
                let mut last = None;
                column.for_each_int(|_, v| {
                    if last != Some(v) {
                        seen.insert(self.state.hash_one(v));
                        last = Some(v);
                    }
                });
            }
        }
        Some(seen)
    }

    /// Adds the next chunk.
    ///
    /// # Errors
    /// [`Error::Data`] when the exact sum has more than 128 bits; names the column.
    pub fn push(&mut self, part: StatsPart) -> Result<()> {
        self.nulls += part.nulls;
        self.count += part.count;
        if let (Some(sum), Some(more)) = (self.sum, part.sum) {
            self.sum = Some(sum.checked_add(more).ok_or_else(|| self.overflow())?);
        }
        self.range = match (self.range.take(), part.range) {
            (Some((lo, hi)), Some((l, h))) => Some((
                if l.as_value().order(&lo.as_value()).is_lt() {
                    l
                } else {
                    lo
                },
                if h.as_value().order(&hi.as_value()).is_gt() {
                    h
                } else {
                    hi
                },
            )),
            (a, b) => a.or(b),
        };
        self.distinct = match (self.distinct.take(), part.distinct) {
            (Some(mut all), Some(some)) => {
                all.extend(some);
                (all.len() <= MAX_DISTINCT).then_some(all)
            }
            _ => None,
        };
        self.chars += part.chars;
        self.measured += part.measured;
        for (chars, text) in &part.longest.0 {
            self.longest.add(*chars, text);
        }
        Ok(())
    }

    /// The statistics and the control figures.
    pub fn finish(mut self) -> (ColumnStats, Control) {
        let (min, max) = self.range.take().unwrap_or_default();
        if !self.plain {
            // The widest number is most often one of these.
            for value in [&min, &max] {
                let mut text = String::new();
                self.format.write(value.as_value(), &mut text);
                if !text.is_empty() {
                    self.longest.add(text.chars().count() as u32, &text);
                }
            }
        }
        let stats = ColumnStats {
            nulls: self.nulls,
            distinct: self.distinct.map(|d| d.len() as u64),
            min,
            max,
            max_chars: self.longest.0.first().map_or(0, |(chars, _)| *chars),
            mean_chars: if self.measured == 0 {
                0.0
            } else {
                (self.chars as f64 / self.measured as f64) as f32
            },
            longest: self.longest.0.into_iter().map(|(_, text)| text).collect(),
        };
        let control = Control {
            count: self.count,
            sum: self.sum,
        };
        (stats, control)
    }

    fn overflow(&self) -> Error {
        Error::Data(format!(
            "the sum of column {:?} has more digits than 128 bits hold; cast it to DOUBLE in the SQL",
            self.name
        ))
    }
}
