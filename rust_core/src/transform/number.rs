//! Money and quantities: exact in 128 bits where the fields are integers or decimals, floats where one is a float.

use std::cmp::Ordering;
use std::fmt::Debug;
use std::sync::Arc;

use arrow_array::{ArrayRef, Decimal128Array, Float64Array};
use arrow_schema::DataType;

use super::plan::Rounding;
use super::ratio::ratio;
use crate::crunch::measure::FloatSum;
use crate::crunch::normal::PRECISION;
use crate::value::{Column, Value};

/// The first number that has more digits than a decimal of the spool.
pub const TOO_LARGE: i128 = 10i128.pow(PRECISION as u32);

/// What numbers are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Units of the last of this many digits after the point.
    Exact(i8),
    /// Floats.
    Float,
}

impl Scale {
    /// Digits after the point; floats have none of their own.
    pub fn digits(self) -> i8 {
        match self {
            Self::Exact(digits) => digits,
            Self::Float => 0,
        }
    }

    /// Whether a decimal of the spool has room for its digits.
    pub fn fits(self) -> bool {
        self.digits() <= PRECISION as i8
    }
}

/// What is wrong with a row; its place is told by who knows it.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault(pub String);

impl Fault {
    /// A fault that says `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn overflow() -> Self {
        Self(format!("a figure has more than {PRECISION} digits"))
    }
}

/// How a field is read: its number, and what a unit of it is worth.
#[derive(Debug, Clone, Copy)]
pub struct Money {
    /// Number of the field.
    pub field: usize,
    factor: i128,
}

impl Money {
    /// Field `field` of `digits` digits after the point, read in `scale`; `None` when that has no room.
    pub fn new(field: usize, digits: i8, scale: Scale) -> Option<Self> {
        let factor = match scale {
            Scale::Float => 1,
            Scale::Exact(wanted) if scale.fits() => {
                10i128.checked_pow(u32::try_from(wanted.checked_sub(digits)?).ok()?)?
            }
            Scale::Exact(_) => return None,
        };
        Some(Self { field, factor })
    }

    /// The value at `row` of the field's column; none where it is null or NaN.
    ///
    /// # Errors
    /// [`Fault`] when it has too many digits.
    pub fn read<N: Number>(&self, column: &Column<'_>, row: usize) -> Result<Option<N>, Fault> {
        N::read(column.value(row), self.factor)
    }
}

/// A number that transforms reckon with.
pub trait Number: Copy + Default + PartialOrd + Debug + Send + Sync + 'static {
    /// A sum of many.
    type Sum: Copy + Default + Send + Sync;

    /// The number that `value` is, its units worth `factor`.
    fn read(value: Value<'_>, factor: i128) -> Result<Option<Self>, Fault>;
    /// `self + other`.
    fn plus(self, other: Self) -> Result<Self, Fault>;
    /// `self - other`.
    fn minus(self, other: Self) -> Result<Self, Fault>;
    /// `self * other`; digits after the point add up.
    fn times(self, other: Self) -> Result<Self, Fault>;
    /// `self * part / whole`, half to even; all of it where the part is the whole.
    fn share(self, part: Self, whole: Self) -> Result<Self, Fault>;
    /// Whether this much of `size` is anything but what rounding left of it.
    fn is_left(self, size: Self) -> bool;
    /// Adds to a sum.
    fn add(sum: &mut Self::Sum, value: Self) -> Result<(), Fault>;
    /// Adds a sum to a sum.
    fn merge(sum: &mut Self::Sum, other: Self::Sum) -> Result<(), Fault>;
    /// What a sum has come to.
    fn total(sum: Self::Sum) -> Self;
    /// Smaller, equal or larger.
    fn order(self, other: Self) -> Ordering;
    /// As people write it, with `scale` digits after the point.
    fn text(self, scale: i8) -> String;
    /// The decimal `text` with `scale` digits after the point; `None` when it is none, or has more.
    fn parse(text: &str, scale: i8) -> Option<Self>;
    /// The type of a column of such numbers.
    fn data_type(scale: i8) -> DataType;
    /// A column of them.
    fn array(values: impl Iterator<Item = Option<Self>>, scale: i8) -> ArrayRef;

    /// Without its sign.
    fn magnitude(self) -> Result<Self, Fault> {
        if self < Self::default() {
            Self::default().minus(self)
        } else {
            Ok(self)
        }
    }
}

/// `value`, if a decimal of the spool has room for it.
///
/// # Errors
/// [`Fault`] when not.
pub fn fit(value: Option<i128>) -> Result<i128, Fault> {
    value
        .filter(|v| -TOO_LARGE < *v && *v < TOO_LARGE)
        .ok_or_else(Fault::overflow)
}

impl Number for i128 {
    type Sum = i128;

    fn read(value: Value<'_>, factor: i128) -> Result<Option<Self>, Fault> {
        match value {
            Value::Int(v) | Value::Decimal { mantissa: v, .. } => {
                fit(v.checked_mul(factor)).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn plus(self, other: Self) -> Result<Self, Fault> {
        fit(self.checked_add(other))
    }

    fn minus(self, other: Self) -> Result<Self, Fault> {
        fit(self.checked_sub(other))
    }

    fn times(self, other: Self) -> Result<Self, Fault> {
        fit(self.checked_mul(other))
    }

    fn share(self, part: Self, whole: Self) -> Result<Self, Fault> {
        if part == whole {
            return Ok(self);
        }
        ratio(self, part, whole, Rounding::HalfEven)
    }

    fn is_left(self, _size: Self) -> bool {
        self != 0
    }

    fn add(sum: &mut Self, value: Self) -> Result<(), Fault> {
        *sum = sum.plus(value)?;
        Ok(())
    }

    fn merge(sum: &mut Self, other: Self) -> Result<(), Fault> {
        Self::add(sum, other)
    }

    fn total(sum: Self) -> Self {
        sum
    }

    fn order(self, other: Self) -> Ordering {
        self.cmp(&other)
    }

    fn text(self, scale: i8) -> String {
        let scale = usize::from(scale.unsigned_abs());
        let digits = format!("{:0>width$}", self.unsigned_abs(), width = scale + 1);
        let (whole, rest) = digits.split_at(digits.len() - scale);
        let sign = if self < 0 { "-" } else { "" };
        let point = if scale > 0 { "." } else { "" };
        format!("{sign}{whole}{point}{rest}")
    }

    fn parse(text: &str, scale: i8) -> Option<Self> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        let rest = rest.trim_end_matches('0');
        let missing = usize::from(scale.unsigned_abs()).checked_sub(rest.len())?;
        format!("{whole}{rest}{}", "0".repeat(missing)).parse().ok()
    }

    fn data_type(scale: i8) -> DataType {
        DataType::Decimal128(PRECISION, scale)
    }

    fn array(values: impl Iterator<Item = Option<Self>>, scale: i8) -> ArrayRef {
        let array: Decimal128Array = values.collect();
        Arc::new(array.with_data_type(Self::data_type(scale)))
    }
}

impl Number for f64 {
    type Sum = FloatSum;

    fn read(value: Value<'_>, factor: i128) -> Result<Option<Self>, Fault> {
        // Decimals are read as they are: only exact numbers have units.
        debug_assert_eq!(factor, 1);
        Ok(value.as_f64().filter(|v| !v.is_nan()))
    }

    fn plus(self, other: Self) -> Result<Self, Fault> {
        Ok(self + other)
    }

    fn minus(self, other: Self) -> Result<Self, Fault> {
        Ok(self - other)
    }

    fn times(self, other: Self) -> Result<Self, Fault> {
        Ok(self * other)
    }

    fn share(self, part: Self, whole: Self) -> Result<Self, Fault> {
        Ok(if part == whole {
            self
        } else {
            self * part / whole
        })
    }

    fn is_left(self, size: Self) -> bool {
        /// Of a sum of floats: some thousands of roundings.
        const DUST: f64 = 1e-12;
        self.abs() > size.abs() * DUST
    }

    fn add(sum: &mut FloatSum, value: Self) -> Result<(), Fault> {
        sum.add(value);
        Ok(())
    }

    fn merge(sum: &mut FloatSum, other: FloatSum) -> Result<(), Fault> {
        sum.merge(other);
        Ok(())
    }

    fn total(sum: FloatSum) -> Self {
        sum.get()
    }

    fn order(self, other: Self) -> Ordering {
        self.total_cmp(&other)
    }

    fn text(self, _scale: i8) -> String {
        self.to_string()
    }

    fn parse(text: &str, _scale: i8) -> Option<Self> {
        text.parse().ok()
    }

    fn data_type(_scale: i8) -> DataType {
        DataType::Float64
    }

    fn array(values: impl Iterator<Item = Option<Self>>, _scale: i8) -> ArrayRef {
        Arc::new(values.collect::<Float64Array>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_and_written() {
        for (text, scale, value) in [("1.50", 2, 150), ("-0.05", 2, -5), ("7", 0, 7)] {
            assert_eq!(i128::parse(text, scale), Some(value));
            assert_eq!(value.text(scale), text);
        }
        assert_eq!(i128::parse("1.5000", 2), Some(150));
        assert_eq!(i128::parse("1.505", 2), None);
        assert_eq!(i128::parse("x", 2), None);
    }
}
