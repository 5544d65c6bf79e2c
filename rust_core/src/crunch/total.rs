//! The last step of a total: from what was accumulated to the figure that is printed.

use super::measure::{Acc, Measure};
use super::plan::TotalKind;
use crate::error::Result;
use crate::value::{Kind, Scalar};

impl Measure {
    /// The figure `kind` of what was accumulated; `Null` when no value counted.
    ///
    /// Sums, extremes and ends have the type of their column, counts are integers. `avg` and
    /// `weighted_avg` are floats made from exact sums; `median` and `p90` of exact columns are exact
    /// decimals with one digit more than the column.
    ///
    /// # Errors
    /// [`crate::error::Error::Data`] when an exact figure has more than 128 bits.
    pub fn figure(&self, kind: TotalKind, acc: &mut Acc) -> Result<Scalar> {
        let scale = match self.kind {
            Kind::Decimal(scale) => scale,
            _ => 0,
        };
        Ok(match acc {
            Acc::Count(count) => Scalar::Int(i128::from(*count)),
            Acc::Distinct(codes) => Scalar::Int(codes.len() as i128),
            Acc::IntSum { count: 0, .. } | Acc::FloatSum { count: 0, .. } => Scalar::Null,
            Acc::IntSum { sum, count } => match kind {
                TotalKind::Avg => Scalar::Float(ratio(*sum, i128::from(*count), scale)),
                _ => self.kind.scalar(*sum),
            },
            Acc::FloatSum { sum, count } => match kind {
                TotalKind::Avg => Scalar::Float(sum.get() / *count as f64),
                _ => Scalar::Float(sum.get()),
            },
            Acc::IntRange(range) => range.map_or(Scalar::Null, |(lo, hi)| {
                self.kind
                    .scalar(if kind == TotalKind::Min { lo } else { hi })
            }),
            Acc::FloatRange(range) => range.map_or(Scalar::Null, |(lo, hi)| {
                Scalar::Float(if kind == TotalKind::Min { lo } else { hi })
            }),
            Acc::TextRange(range) => range.as_ref().map_or(Scalar::Null, |(lo, hi)| {
                Scalar::Text(if kind == TotalKind::Min { lo } else { hi }.clone())
            }),
            Acc::Ends(ends) => ends.as_ref().map_or(Scalar::Null, |[first, last]| {
                if kind == TotalKind::First {
                    first
                } else {
                    last
                }
                .1
                .clone()
            }),
            Acc::Ints(values) if values.is_empty() => Scalar::Null,
            Acc::Ints(values) => {
                let (rank, tenths) = rank(kind, values.len());
                let (low, high) = neighbours(values, rank, i128::cmp);
                let mantissa = high
                    .checked_sub(low)
                    .and_then(|step| step.checked_mul(tenths))
                    .and_then(|step| low.checked_mul(10)?.checked_add(step))
                    .ok_or_else(|| self.overflow())?;
                Scalar::Decimal {
                    mantissa,
                    scale: scale + 1,
                }
            }
            Acc::Floats(values) if values.is_empty() => Scalar::Null,
            Acc::Floats(values) => {
                let (rank, tenths) = rank(kind, values.len());
                let (low, high) = neighbours(values, rank, f64::total_cmp);
                Scalar::Float(if tenths == 0 || low == high {
                    low
                } else if tenths == 5 {
                    low / 2.0 + high / 2.0
                } else {
                    let part = tenths as f64 / 10.0;
                    let between = low + (high - low) * part;
                    // The step between them may be infinite where neither end nor result is.
                    if between.is_finite() {
                        between
                    } else {
                        low * (1.0 - part) + high * part
                    }
                })
            }
            Acc::IntWeighted { count: 0, .. } | Acc::IntWeighted { weights: 0, .. } => Scalar::Null,
            Acc::IntWeighted {
                products, weights, ..
            } => Scalar::Float(ratio(*products, *weights, scale)),
            Acc::FloatWeighted { count: 0, .. } => Scalar::Null,
            Acc::FloatWeighted {
                products, weights, ..
            } => match weights.get() {
                0.0 => Scalar::Null,
                weights => Scalar::Float(products.get() / weights),
            },
        })
    }
}

/// Rank below a percentile of `n` sorted values, and how many tenths lie between it and the next.
fn rank(kind: TotalKind, n: usize) -> (usize, i128) {
    let tenths = match kind {
        TotalKind::P90 => 9 * (n - 1),
        _ => 5 * (n - 1),
    };
    (tenths / 10, (tenths % 10) as i128)
}

/// The values of `rank` and `rank + 1` (or `rank` again, at the end).
fn neighbours<T: Copy>(
    values: &mut [T],
    rank: usize,
    order: impl Fn(&T, &T) -> std::cmp::Ordering,
) -> (T, T) {
    let (_, low, above) = values.select_nth_unstable_by(rank, &order);
    let low = *low;
    (low, above.iter().copied().min_by(&order).unwrap_or(low))
}

/// `numerator / (denominator * 10^scale)`, right to 15 digits; of small numbers the nearest float.
pub(crate) fn ratio(numerator: i128, denominator: i128, scale: i8) -> f64 {
    const EXACT: u128 = 1 << 53;
    let divisor = 10i128
        .checked_pow(u32::from(scale.unsigned_abs()))
        .and_then(|power| denominator.checked_mul(power));
    match divisor {
        Some(d) if numerator.unsigned_abs() <= EXACT && d.unsigned_abs() <= EXACT => {
            numerator as f64 / d as f64
        }
        // `checked_div` fails for the one quotient that does not fit.
        Some(d) => match (numerator.checked_div(d), numerator.checked_rem(d)) {
            (Some(whole), Some(rest)) => whole as f64 + rest as f64 / d as f64,
            _ => numerator as f64 / d as f64,
        },
        None => numerator as f64 / denominator as f64 / 10f64.powi(i32::from(scale)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_of_small_numbers_is_the_nearest_float() {
        assert_eq!(ratio(3, 2, 2), 0.015);
        assert_eq!(ratio(1, 3, 0), 1.0 / 3.0);
        assert_eq!(ratio(-7, 2, 0), -3.5);
    }

    #[test]
    fn a_ratio_of_large_numbers_keeps_its_digits() {
        assert_eq!(ratio(1_000_000_000_000_000_000_000_000, 1_000, 21), 1.0);
        assert_eq!(ratio(i128::MAX, i128::MAX, 0), 1.0);
        assert_eq!(ratio(i128::MIN, -1, 0), -(i128::MIN as f64));
    }

    #[test]
    fn percentiles_interpolate_between_ranks() {
        let measure = Measure::new(0, "x", Kind::Decimal(2), TotalKind::Median, None)
            .expect("decimals have a median");
        let mut acc = Acc::Ints(vec![400, 100, 300, 200]);
        let median = measure.figure(TotalKind::Median, &mut acc).expect("fits");
        assert_eq!(
            median,
            Scalar::Decimal {
                mantissa: 2_500,
                scale: 3
            }
        );
        let p90 = measure.figure(TotalKind::P90, &mut acc).expect("fits");
        assert_eq!(
            p90,
            Scalar::Decimal {
                mantissa: 3_700,
                scale: 3
            }
        );
    }
}
