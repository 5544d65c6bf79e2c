//! What designers and writers want to know of a column: lengths, ranges, distinct values, control figures.

use std::collections::HashSet;
use std::hash::BuildHasher;

use arrow_array::Array;
use foldhash::fast::RandomState;

use super::codes::{Codebook, MAX_KEYS};
use super::crunched::{ColumnStats, Control};
use super::key::float_bits;
use super::measure::float_range;
use super::texts::{Longest, chars, head};
use crate::control::JobControl;
use crate::error::{Error, Result};
use crate::format::NumberFormat;
use crate::value::{Column, Kind, Scalar, Value};

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
    /// What tells the values apart, up to [`MAX_KEYS`]; of texts their codebook knows.
    distinct: Option<HashSet<u64, RandomState>>,
    state: RandomState,
    chars: u64,
    measured: u64,
    longest: Longest,
    /// The column's texts were coded and have been added.
    absorbed: bool,
}

/// What one chunk of rows adds.
#[derive(Debug)]
pub struct StatsPart {
    nulls: u64,
    count: u64,
    sum: Option<i128>,
    range: Option<(Scalar, Scalar)>,
    /// What was not met before; `None` when that is too much.
    fresh: Option<HashSet<u64, RandomState>>,
    chars: u64,
    measured: u64,
    longest: Longest,
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
            absorbed: false,
        }
    }

    /// Reduces a chunk of the column, which is the report's first or not; texts that are `coded` are not looked at,
    /// because [`Statist::absorb`] gets each of them once.
    ///
    /// # Errors
    /// [`Error::Data`] when the exact sum has more than 128 bits; names the column.
    pub fn reduce(&self, array: &dyn Array, coded: bool, first: bool) -> Result<StatsPart> {
        let column = Column::new(array)?;
        let nulls = array.logical_null_count() as u64;
        let mut part = StatsPart {
            nulls,
            count: array.len() as u64 - nulls,
            sum: None,
            range: None,
            fresh: self.fresh(&column),
            chars: 0,
            measured: 0,
            longest: Longest::default(),
        };
        match column {
            Column::Text(texts) => {
                if !coded {
                    self.reduce_texts(&column, &mut part);
                }
                if self.plain {
                    part.chars = chars(texts);
                    part.measured = part.count;
                    return Ok(part);
                }
            }
            Column::Float(_) => {
                let mut range: Option<(f64, f64)> = None;
                column.for_each_float(0..column.len(), |_, v| {
                    range = Some(float_range(range, (v, v)));
                });
                part.range = range.map(|(l, h)| (Scalar::Float(l), Scalar::Float(h)));
            }
            _ => {
                let (mut sum, mut overflow) = (0i128, false);
                let (mut lo, mut hi) = (i128::MAX, i128::MIN);
                column.for_each_int(0..column.len(), |_, v| {
                    let (next, over) = sum.overflowing_add(v);
                    sum = next;
                    overflow |= over;
                    (lo, hi) = (lo.min(v), hi.max(v));
                });
                if self.sum.is_some() {
                    if overflow {
                        return Err(self.overflow());
                    }
                    part.sum = Some(sum);
                }
                let range = (lo <= hi).then_some((lo, hi));
                part.range = range.map(|(l, h)| (self.kind.scalar(l), self.kind.scalar(h)));
            }
        }
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
            part.longest.add(&text);
        }
        Ok(part)
    }

    /// The range of a chunk's texts, and the longest where they stand in the report as they are.
    fn reduce_texts(&self, column: &Column<'_>, part: &mut StatsPart) {
        let mut range: Option<[(u64, &str); 2]> = None;
        column.for_each_text(0..column.len(), |_, v| {
            let new = (head(v), v);
            // Compared by their heads first: the rest is looked at where those are equal.
            range = Some(range.map_or([new; 2], |[lo, hi]| [lo.min(new), hi.max(new)]));
            if self.plain {
                part.longest.add(v);
            }
        });
        part.range = range.map(|[lo, hi]| (Scalar::Text(lo.1.into()), Scalar::Text(hi.1.into())));
    }

    /// What tells the chunk's values apart from all before; `None` when there are too many, here or before.
    fn fresh(&self, column: &Column<'_>) -> Option<HashSet<u64, RandomState>> {
        let known = self.distinct.as_ref()?;
        let mut fresh = HashSet::with_hasher(self.state.clone());
        let mut meet = |bits| {
            if !known.contains(&bits) {
                fresh.insert(bits);
            }
        };
        if let Column::Float(_) = column {
            column.for_each_float(0..column.len(), |_, v| meet(float_bits(v)));
        } else {
            let mut last = None;
            column.for_each_int(0..column.len(), |_, v| {
                // Rows come sorted: many have the value of the row before.
                if last != Some(v) {
                    // A wider one shares its hash with another value in one of 10^10 columns.
                    meet(i64::try_from(v).map_or_else(|_| self.state.hash_one(v), |v| v as u64));
                    last = Some(v);
                }
            });
        }
        (known.len() + fresh.len() <= MAX_KEYS).then_some(fresh)
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
        if let Some((lo, hi)) = &part.range {
            self.widen(lo.as_value(), hi.as_value());
        }
        self.distinct = match (self.distinct.take(), part.fresh) {
            (Some(mut all), Some(fresh)) => {
                all.extend(fresh);
                (all.len() <= MAX_KEYS).then_some(all)
            }
            _ => None,
        };
        self.chars += part.chars;
        self.measured += part.measured;
        self.longest.merge(&part.longest);
        Ok(())
    }

    /// Adds the texts that were left out because they are coded, once: all that `book` has, in the order in which they
    /// came.
    ///
    /// # Errors
    /// [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
    pub fn absorb(&mut self, book: &Codebook, control: &JobControl) -> Result<()> {
        if self.kind != Kind::Text || std::mem::replace(&mut self.absorbed, true) {
            return Ok(());
        }
        for (number, key) in book.keys().enumerate() {
            if number % MAX_KEYS == 0 {
                control.check()?;
            }
            let Value::Text(text) = key else { continue };
            self.widen(key, key);
            if self.plain {
                self.longest.add(text);
            }
        }
        Ok(())
    }

    fn widen(&mut self, l: Value<'_>, h: Value<'_>) {
        let Some((lo, hi)) = &mut self.range else {
            self.range = Some((l.to_scalar(), h.to_scalar()));
            return;
        };
        if l.order(&lo.as_value()).is_lt() {
            *lo = l.to_scalar();
        }
        if h.order(&hi.as_value()).is_gt() {
            *hi = h.to_scalar();
        }
    }

    /// The statistics and the control figures; `book` numbers the column's field where its values are texts.
    ///
    /// # Errors
    /// [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
    pub fn finish(
        mut self,
        book: Option<&Codebook>,
        control: &JobControl,
    ) -> Result<(ColumnStats, Control)> {
        let mut distinct = self.distinct.as_ref().map(|values| values.len() as u64);
        if let Some(book) = book.filter(|_| self.kind == Kind::Text) {
            self.absorb(book, control)?;
            distinct = book.distinct().filter(|values| *values <= MAX_KEYS as u64);
        }
        let (min, max) = self.range.take().unwrap_or_default();
        if !self.plain {
            // The widest number is most often one of these.
            for value in [&min, &max] {
                let mut text = String::new();
                self.format.write(value.as_value(), &mut text);
                if !text.is_empty() {
                    self.longest.add(&text);
                }
            }
        }
        let stats = ColumnStats {
            nulls: self.nulls,
            distinct,
            min,
            max,
            max_chars: self.longest.chars(),
            mean_chars: if self.measured == 0 {
                0.0
            } else {
                (self.chars as f64 / self.measured as f64) as f32
            },
            longest: self.longest.into_texts(),
        };
        let control = Control {
            count: self.count,
            sum: self.sum,
        };
        Ok((stats, control))
    }

    fn overflow(&self) -> Error {
        Error::Data(format!(
            "the sum of column {:?} has more digits than 128 bits hold; cast it to DOUBLE in the SQL",
            self.name
        ))
    }
}
