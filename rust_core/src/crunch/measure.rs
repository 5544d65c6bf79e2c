//! What is accumulated to make totals, and how parts of it combine in row order.

use crate::crunch::key::Keys;
use crate::crunch::plan::TotalKind;
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
    /// [`Keep::Distinct`].
    Distinct(Keys),
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
        let number = matches!(
            kind,
            Kind::Int | Kind::Decimal(_) | Kind::Float | Kind::Null
        );
        let keep = match total {
            TotalKind::Count => Keep::Count,
            TotalKind::Distinct => Keep::Distinct,
            TotalKind::Min | TotalKind::Max => Keep::Range,
            TotalKind::First | TotalKind::Last => Keep::Ends,
            _ if !number => {
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
                if !matches!(
                    by_kind,
                    Kind::Int | Kind::Decimal(_) | Kind::Float | Kind::Null
                ) {
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
            Keep::Distinct => Acc::Distinct(Keys::default()),
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

    /// Accumulates the rows of a chunk into `n` parts; row `i` belongs to part `part[i]`.
    ///
    /// # Errors
    /// [`Error::Data`] when an exact sum has more than 128 bits; names the column.
    pub fn scatter(
        &self,
        columns: &[Column<'_>],
        first_row: u64,
        part: &[u32],
        n: usize,
    ) -> Result<Vec<Acc>> {
        let column = &columns[self.field];
        let float = self.kind == Kind::Float;
        Ok(match self.keep {
            Keep::Count => {
                let mut counts = vec![0u64; n];
                column.for_each_counted(|i| counts[part[i] as usize] += 1);
                counts.into_iter().map(Acc::Count).collect()
            }
            Keep::Sum if float => {
                let mut sums = vec![(FloatSum::default(), 0u64); n];
                column.for_each_float(|i, v| {
                    let (sum, count) = &mut sums[part[i] as usize];
                    sum.add(v);
                    *count += 1;
                });
                let make = |(sum, count)| Acc::FloatSum { sum, count };
                sums.into_iter().map(make).collect()
            }
            Keep::Sum => {
                let mut sums = vec![(0i128, 0u64); n];
                let mut overflow = false;
                column.for_each_int(|i, v| {
                    let (sum, count) = &mut sums[part[i] as usize];
                    let (next, over) = sum.overflowing_add(v);
                    *sum = next;
                    *count += 1;
                    overflow |= over;
                });
                if overflow {
                    return Err(self.overflow());
                }
                let make = |(sum, count)| Acc::IntSum { sum, count };
                sums.into_iter().map(make).collect()
            }
            Keep::Range if float => {
                let mut ranges = vec![None; n];
                column.for_each_float(|i, v| {
                    let range = &mut ranges[part[i] as usize];
                    *range = Some(float_range(*range, (v, v)));
                });
                ranges.into_iter().map(Acc::FloatRange).collect()
            }
            Keep::Range if self.kind == Kind::Text => {
                let mut ranges: Vec<Option<(&str, &str)>> = vec![None; n];
                column.for_each_text(|i, v| {
                    let range = &mut ranges[part[i] as usize];
                    *range = Some(range.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v))));
                });
                let own = |(lo, hi): (&str, &str)| (lo.to_owned(), hi.to_owned());
                ranges
                    .into_iter()
                    .map(|r| Acc::TextRange(r.map(own)))
                    .collect()
            }
            Keep::Range => {
                let mut ranges: Vec<Option<(i128, i128)>> = vec![None; n];
                column.for_each_int(|i, v| {
                    let range = &mut ranges[part[i] as usize];
                    *range = Some(range.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v))));
                });
                ranges.into_iter().map(Acc::IntRange).collect()
            }
            Keep::Ends => {
                let mut ends: Vec<Option<(usize, usize)>> = vec![None; n];
                column.for_each_counted(|i| {
                    let end = &mut ends[part[i] as usize];
                    *end = Some(end.map_or((i, i), |(first, _)| (first, i)));
                });
                let own = |i: usize| (first_row + i as u64, column.value(i).to_scalar());
                let both = |(first, last)| [own(first), own(last)];
                ends.into_iter().map(|e| Acc::Ends(e.map(both))).collect()
            }
            Keep::Distinct => {
                let mut sets = vec![Keys::default(); n];
                column.for_each_counted(|i| {
                    sets[part[i] as usize].number(column.value(i));
                });
                sets.into_iter().map(Acc::Distinct).collect()
            }
            Keep::Values if float => {
                let mut values = vec![Vec::new(); n];
                column.for_each_float(|i, v| values[part[i] as usize].push(v));
                values.into_iter().map(Acc::Floats).collect()
            }
            Keep::Values => {
                let mut values = vec![Vec::new(); n];
                column.for_each_int(|i, v| values[part[i] as usize].push(v));
                values.into_iter().map(Acc::Ints).collect()
            }
            Keep::Weighted(by, kind) if float || kind == Kind::Float => {
                let mut sums = vec![(FloatSum::default(), FloatSum::default(), 0u64); n];
                let weights = &columns[by];
                for (i, &p) in part.iter().enumerate() {
                    let pair = (counted(column.value(i)), counted(weights.value(i)));
                    if let (Some(v), Some(w)) = pair {
                        let (products, weights, count) = &mut sums[p as usize];
                        products.add(v * w);
                        weights.add(w);
                        *count += 1;
                    }
                }
                let make = |(products, weights, count)| Acc::FloatWeighted {
                    products,
                    weights,
                    count,
                };
                sums.into_iter().map(make).collect()
            }
            Keep::Weighted(by, _) => {
                let mut sums = vec![(0i128, 0i128, 0u64); n];
                let mut weight: Vec<Option<i128>> = vec![None; part.len()];
                columns[by].for_each_int(|i, w| weight[i] = Some(w));
                let mut overflow = false;
                column.for_each_int(|i, v| {
                    let Some(w) = weight[i] else { return };
                    let (products, weights, count) = &mut sums[part[i] as usize];
                    let (product, a) = v.overflowing_mul(w);
                    let (next, b) = products.overflowing_add(product);
                    let (all, c) = weights.overflowing_add(w);
                    (*products, *weights) = (next, all);
                    *count += 1;
                    overflow |= a | b | c;
                });
                if overflow {
                    return Err(self.overflow());
                }
                let make = |(products, weights, count)| Acc::IntWeighted {
                    products,
                    weights,
                    count,
                };
                sums.into_iter().map(make).collect()
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
            (Acc::Distinct(a), Acc::Distinct(b)) => {
                let (large, small) = if a.len() < b.len() {
                    let small = std::mem::replace(a, b);
                    (a, small)
                } else {
                    (a, b)
                };
                for key in small.as_slice() {
                    large.number(key.as_value());
                }
            }
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
        Error::Data(format!(
            "a total of column {:?} has more digits than 128 bits hold; cast it to DOUBLE in the SQL",
            self.name
        ))
    }
}

fn float_range(range: Option<(f64, f64)>, (l, h): (f64, f64)) -> (f64, f64) {
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
