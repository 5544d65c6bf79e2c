//! What is accumulated to make totals, and how parts of it combine in row order.

use super::code_set::CodeSet;
use super::plan::TotalKind;
use crate::error::{Error, Result};
use crate::value::{Column, Kind, Scalar, Value};

/// What is accumulated of a field; several totals may share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Number of the field.
    pub field: usize,
    /// Name of the field, for messages.
    pub name: String,
    /// What kind of values the field has.
    pub kind: Kind,
    /// What is kept.
    pub keep: Keep,
}

/// What a measure keeps of the values it meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// How many there are.
    Count,
    /// Their sum and how many there are.
    Sum,
    /// Smallest and largest.
    Range,
    /// First and last.
    Ends,
    /// The different ones.
    Distinct,
    /// All of them.
    Values,
    /// Sum of products with the values of this field, of this kind, and sum of those.
    Weighted(usize, Kind),
}

/// A sum of floats that keeps what rounding lost (Neumaier).
#[derive(Debug, Clone, Copy, Default)]
pub struct FloatSum {
    sum: f64,
    lost: f64,
}

impl FloatSum {
    /// Adds a number.
    pub fn add(&mut self, v: f64) {
        let sum = self.sum + v;
        self.lost += if self.sum.abs() >= v.abs() {
            (self.sum - sum) + v
        } else {
            (v - sum) + self.sum
        };
        self.sum = sum;
    }

    /// Adds a sum.
    pub fn merge(&mut self, other: Self) {
        self.add(other.sum);
        self.lost += other.lost;
    }

    /// The sum. Past the range of floats it is what plain addition gives.
    pub fn get(self) -> f64 {
        let exact = self.sum + self.lost;
        if exact.is_finite() { exact } else { self.sum }
    }
}

/// A chunk of the rows, as measures see it.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// Per field.
    pub columns: &'a [Column<'a>],
    /// Per field, where it is numbered.
    pub codes: &'a [Option<&'a [u32]>],
    /// Number of the chunk's first row in the report.
    pub first_row: u64,
}

/// What one measure has accumulated over some rows.
#[derive(Debug, Clone)]
pub enum Acc {
    /// [`Keep::Count`].
    Count(u64),
    /// [`Keep::Sum`] of integers and mantissas.
    IntSum {
        /// Exact.
        sum: i128,
        /// Values that counted.
        count: u64,
    },
    /// [`Keep::Sum`] of floats.
    FloatSum {
        /// Compensated.
        sum: FloatSum,
        /// Values that counted.
        count: u64,
    },
    /// [`Keep::Range`] of everything that counts in whole steps.
    IntRange(Option<(i128, i128)>),
    /// [`Keep::Range`] of floats.
    FloatRange(Option<(f64, f64)>),
    /// [`Keep::Range`] of texts.
    TextRange(Option<(String, String)>),
    /// [`Keep::Ends`], with their row numbers.
    Ends(Option<[(u64, Scalar); 2]>),
    /// [`Keep::Distinct`], by their codes.
    Distinct(CodeSet),
    /// [`Keep::Values`] of integers and mantissas.
    Ints(Vec<i128>),
    /// [`Keep::Values`] of floats.
    Floats(Vec<f64>),
    /// [`Keep::Weighted`], both sides exact.
    IntWeighted {
        /// Sum of the products.
        products: i128,
        /// Sum of the weights.
        weights: i128,
        /// Rows that have both.
        count: u64,
    },
    /// [`Keep::Weighted`] with a float on either side.
    FloatWeighted {
        /// Sum of the products.
        products: FloatSum,
        /// Sum of the weights.
        weights: FloatSum,
        /// Rows that have both.
        count: u64,
    },
}

impl Measure {
    /// The measure that the total `kind` of a field needs.
    ///
    /// # Errors
    /// [`Error::Data`] when values of this kind have no such total; names field and total.
    pub fn new(
        field: usize,
        name: &str,
        kind: Kind,
        total: TotalKind,
        by: Option<(usize, &str, Kind)>,
    ) -> Result<Self> {
        let keep = match total {
            TotalKind::Count => Keep::Count,
            TotalKind::Distinct => Keep::Distinct,
            TotalKind::Min | TotalKind::Max => Keep::Range,
            TotalKind::First | TotalKind::Last => Keep::Ends,
            _ if !kind.is_number() => {
                return Err(Error::Data(format!(
                    "column {name:?} holds {} values, which have no {}; they have count, distinct, min, max, first, last",
                    kind.name(),
                    total.name()
                )));
            }
            TotalKind::Sum | TotalKind::Avg => Keep::Sum,
            TotalKind::Median | TotalKind::P90 => Keep::Values,
            TotalKind::WeightedAvg => {
                let (by, by_name, by_kind) = by.ok_or_else(|| {
                    Error::Plan(format!(
                        "weighted_avg of {name:?} names no field of weights"
                    ))
                })?;
                if !by_kind.is_number() {
                    return Err(Error::Data(format!(
                        "weighted_avg of {name:?}: the weights {by_name:?} hold {} values, not numbers",
                        by_kind.name()
                    )));
                }
                Keep::Weighted(by, by_kind)
            }
        };
        Ok(Self {
            field,
            name: name.to_owned(),
            kind,
            keep,
        })
    }

    /// Nothing accumulated yet.
    pub fn empty(&self) -> Acc {
        let float = self.kind == Kind::Float;
        match self.keep {
            Keep::Count => Acc::Count(0),
            Keep::Sum if float => Acc::FloatSum {
                sum: FloatSum::default(),
                count: 0,
            },
            Keep::Sum => Acc::IntSum { sum: 0, count: 0 },
            Keep::Range if float => Acc::FloatRange(None),
            Keep::Range if self.kind == Kind::Text => Acc::TextRange(None),
            Keep::Range => Acc::IntRange(None),
            Keep::Ends => Acc::Ends(None),
            Keep::Distinct => Acc::Distinct(CodeSet::default()),
            Keep::Values if float => Acc::Floats(Vec::new()),
            Keep::Values => Acc::Ints(Vec::new()),
            Keep::Weighted(_, by) if float || by == Kind::Float => Acc::FloatWeighted {
                products: FloatSum::default(),
                weights: FloatSum::default(),
                count: 0,
            },
            Keep::Weighted(..) => Acc::IntWeighted {
                products: 0,
                weights: 0,
                count: 0,
            },
        }
    }

    /// Accumulates some rows of a chunk, in their order.
    ///
    /// # Errors
    /// [`Error::Data`] when an exact sum has more than 128 bits; names the column.
    pub fn reduce(&self, chunk: &Chunk<'_>, rows: impl Iterator<Item = usize>) -> Result<Acc> {
        let column = &chunk.columns[self.field];
        let float = self.kind == Kind::Float;
        Ok(match self.keep {
            Keep::Count => {
                let mut count = 0;
                column.for_each_counted(rows, |_| count += 1);
                Acc::Count(count)
            }
            Keep::Sum if float => {
                let (mut sum, mut count) = (FloatSum::default(), 0);
                column.for_each_float(rows, |_, v| {
                    sum.add(v);
                    count += 1;
                });
                Acc::FloatSum { sum, count }
            }
            Keep::Sum => {
                let (mut sum, mut count, mut overflow) = (0i128, 0, false);
                column.for_each_int(rows, |_, v| {
                    let (next, over) = sum.overflowing_add(v);
                    sum = next;
                    count += 1;
                    overflow |= over;
                });
                if overflow {
                    return Err(self.overflow());
                }
                Acc::IntSum { sum, count }
            }
            Keep::Range if float => {
                let mut range = None;
                column.for_each_float(rows, |_, v| range = Some(float_range(range, (v, v))));
                Acc::FloatRange(range)
            }
            Keep::Range if self.kind == Kind::Text => {
                let mut range: Option<(&str, &str)> = None;
                column.for_each_text(rows, |_, v| {
                    range = Some(range.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v))));
                });
                Acc::TextRange(range.map(|(lo, hi)| (lo.to_owned(), hi.to_owned())))
            }
            Keep::Range => {
                let (mut lo, mut hi) = (i128::MAX, i128::MIN);
                column.for_each_int(rows, |_, v| (lo, hi) = (lo.min(v), hi.max(v)));
                Acc::IntRange((lo <= hi).then_some((lo, hi)))
            }
            Keep::Ends => {
                let mut ends: Option<(usize, usize)> = None;
                column.for_each_counted(rows, |i| {
                    ends = Some(ends.map_or((i, i), |(first, _)| (first, i)));
                });
                let own = |i: usize| (chunk.first_row + i as u64, column.value(i).to_scalar());
                Acc::Ends(ends.map(|(first, last)| [own(first), own(last)]))
            }
            Keep::Distinct => {
                let mut set = CodeSet::default();
                if let Some(codes) = chunk.codes[self.field] {
                    column.for_each_counted(rows, |i| set.add(codes[i]));
                }
                Acc::Distinct(set)
            }
            Keep::Values if float => {
                let mut values = Vec::with_capacity(rows.size_hint().0);
                column.for_each_float(rows, |_, v| values.push(v));
                Acc::Floats(values)
            }
            Keep::Values => {
                let mut values = Vec::with_capacity(rows.size_hint().0);
                column.for_each_int(rows, |_, v| values.push(v));
                Acc::Ints(values)
            }
            Keep::Weighted(by, kind) if float || kind == Kind::Float => {
                let (mut products, mut weights) = (FloatSum::default(), FloatSum::default());
                let mut count = 0;
                for i in rows {
                    let weight = chunk.columns[by].value(i);
                    if let (Some(v), Some(w)) = (counted(column.value(i)), counted(weight)) {
                        products.add(v * w);
                        weights.add(w);
                        count += 1;
                    }
                }
                Acc::FloatWeighted {
                    products,
                    weights,
                    count,
                }
            }
            Keep::Weighted(by, _) => {
                let (mut products, mut weights) = (0i128, 0i128);
                let (mut count, mut overflow) = (0, false);
                column.for_each_int(rows, |i, v| {
                    let Some(w) = chunk.columns[by].value(i).as_whole() else {
                        return;
                    };
                    let (product, a) = v.overflowing_mul(w);
                    let (next, b) = products.overflowing_add(product);
                    let (all, c) = weights.overflowing_add(w);
                    (products, weights) = (next, all);
                    count += 1;
                    overflow |= a | b | c;
                });
                if overflow {
                    return Err(self.overflow());
                }
                Acc::IntWeighted {
                    products,
                    weights,
                    count,
                }
            }
        })
    }

    /// Adds what later rows accumulated; associative, and exact where the values are.
    ///
    /// # Errors
    /// [`Error::Data`] when an exact sum has more than 128 bits; names the column.
    pub fn merge(&self, into: &mut Acc, later: Acc) -> Result<()> {
        match (into, later) {
            (Acc::Count(a), Acc::Count(b)) => *a += b,
            (Acc::IntSum { sum, count }, Acc::IntSum { sum: s, count: c }) => {
                *sum = sum.checked_add(s).ok_or_else(|| self.overflow())?;
                *count += c;
            }
            (Acc::FloatSum { sum, count }, Acc::FloatSum { sum: s, count: c }) => {
                sum.merge(s);
                *count += c;
            }
            (Acc::IntRange(a), Acc::IntRange(b)) => {
                *a = match (*a, b) {
                    (Some((lo, hi)), Some((l, h))) => Some((lo.min(l), hi.max(h))),
                    (a, b) => a.or(b),
                };
            }
            (Acc::FloatRange(a), Acc::FloatRange(b)) => {
                if let Some(b) = b {
                    *a = Some(float_range(*a, b));
                }
            }
            (Acc::TextRange(a), Acc::TextRange(b)) => {
                *a = match (a.take(), b) {
                    (Some((lo, hi)), Some((l, h))) => Some((lo.min(l), hi.max(h))),
                    (a, b) => a.or(b),
                };
            }
            (Acc::Ends(a), Acc::Ends(b)) => {
                *a = match (a.take(), b) {
                    // A crosstab merges its cells out of row order.
                    (Some([f, l]), Some([g, m])) => Some([
                        if f.0 <= g.0 { f } else { g },
                        if l.0 >= m.0 { l } else { m },
                    ]),
                    (a, b) => a.or(b),
                };
            }
            (Acc::Distinct(a), Acc::Distinct(b)) => a.merge(b),
            (Acc::Ints(a), Acc::Ints(mut b)) => {
                if a.is_empty() {
                    *a = b;
                } else {
                    a.append(&mut b);
                }
            }
            (Acc::Floats(a), Acc::Floats(mut b)) => {
                if a.is_empty() {
                    *a = b;
                } else {
                    a.append(&mut b);
                }
            }
            (
                Acc::IntWeighted {
                    products,
                    weights,
                    count,
                },
                Acc::IntWeighted {
                    products: p,
                    weights: w,
                    count: c,
                },
            ) => {
                *products = products.checked_add(p).ok_or_else(|| self.overflow())?;
                *weights = weights.checked_add(w).ok_or_else(|| self.overflow())?;
                *count += c;
            }
            (
                Acc::FloatWeighted {
                    products,
                    weights,
                    count,
                },
                Acc::FloatWeighted {
                    products: p,
                    weights: w,
                    count: c,
                },
            ) => {
                products.merge(p);
                weights.merge(w);
                *count += c;
            }
            (into, later) => {
                return Err(Error::Data(format!(
                    "column {:?} changed its type in the stream: {into:?}, then {later:?}",
                    self.name
                )));
            }
        }
        Ok(())
    }

    /// The error of a sum that has no room in 128 bits.
    pub fn overflow(&self) -> Error {
        overflow(&self.name)
    }
}

/// The error of a sum of column `name` that has no room in 128 bits.
pub fn overflow(name: &str) -> Error {
    Error::Data(format!(
        "a total of column {name:?} has more digits than 128 bits hold; cast it to DOUBLE in the SQL"
    ))
}

/// The range with `(l, h)` in it, by the order of [`Value::order`].
pub(super) fn float_range(range: Option<(f64, f64)>, (l, h): (f64, f64)) -> (f64, f64) {
    range.map_or((l, h), |(lo, hi)| {
        (
            if l.total_cmp(&lo).is_lt() { l } else { lo },
            if h.total_cmp(&hi).is_gt() { h } else { hi },
        )
    })
}

/// A number that counts: not null and not NaN.
fn counted(value: Value<'_>) -> Option<f64> {
    value.as_f64().filter(|v| !v.is_nan())
}
