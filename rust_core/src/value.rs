//! One cell's value, borrowed from a column or owned by a band, and typed access to Arrow columns.

use std::cmp::Ordering;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType, UInt64Type,
};
use arrow_array::{
    Array, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
    Time64MicrosecondArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow_schema::{DataType, TimeUnit};

use crate::error::{Error, Result};
use crate::format::NumberFormat;

/// A value as it stands in a column: no copy, no allocation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// No value. NaN and infinities count as values of `Float`.
    Null,
    /// A truth value.
    Bool(bool),
    /// Any integer up to 64 bits, and sums of them.
    Int(i128),
    /// `mantissa / 10^scale`, exact.
    Decimal {
        /// The unscaled value.
        mantissa: i128,
        /// Digits after the point.
        scale: i8,
    },
    /// A float of 64 bits.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// Days since 1970-01-01, proleptic Gregorian.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00:00, on the wall clock of the report's zone.
    Timestamp(i64),
    /// Microseconds since midnight.
    Time(i64),
}

/// A value that owns its text: group keys, totals, crosstab heads.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Scalar {
    /// No value.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// See [`Value::Int`].
    Int(i128),
    /// See [`Value::Decimal`].
    Decimal {
        /// The unscaled value.
        mantissa: i128,
        /// Digits after the point.
        scale: i8,
    },
    /// See [`Value::Float`].
    Float(f64),
    /// Text.
    Text(String),
    /// See [`Value::Date`].
    Date(i32),
    /// See [`Value::Timestamp`].
    Timestamp(i64),
    /// See [`Value::Time`].
    Time(i64),
}

impl Scalar {
    /// The same value, borrowed.
    pub fn as_value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(v) => Value::Bool(*v),
            Self::Int(v) => Value::Int(*v),
            Self::Decimal { mantissa, scale } => Value::Decimal {
                mantissa: *mantissa,
                scale: *scale,
            },
            Self::Float(v) => Value::Float(*v),
            Self::Text(v) => Value::Text(v),
            Self::Date(v) => Value::Date(*v),
            Self::Timestamp(v) => Value::Timestamp(*v),
            Self::Time(v) => Value::Time(*v),
        }
    }
}

impl Value<'_> {
    /// The same value, owned.
    pub fn to_scalar(self) -> Scalar {
        match self {
            Self::Null => Scalar::Null,
            Self::Bool(v) => Scalar::Bool(v),
            Self::Int(v) => Scalar::Int(v),
            Self::Decimal { mantissa, scale } => Scalar::Decimal { mantissa, scale },
            Self::Float(v) => Scalar::Float(v),
            Self::Text(v) => Scalar::Text(v.to_owned()),
            Self::Date(v) => Scalar::Date(v),
            Self::Timestamp(v) => Scalar::Timestamp(v),
            Self::Time(v) => Scalar::Time(v),
        }
    }

    /// The value as a float of 64 bits; `None` for text and nulls.
    pub fn as_f64(self) -> Option<f64> {
        match self {
            Self::Null | Self::Text(_) => None,
            Self::Bool(v) => Some(f64::from(u8::from(v))),
            Self::Int(v) => Some(v as f64),
            Self::Decimal { mantissa, scale } => {
                Some(mantissa as f64 / 10f64.powi(i32::from(scale)))
            }
            Self::Float(v) => Some(v),
            Self::Date(v) => Some(f64::from(v)),
            Self::Timestamp(v) | Self::Time(v) => Some(v as f64),
        }
    }

    /// The integer or the mantissa of the decimal; `None` for everything else.
    pub fn as_whole(self) -> Option<i128> {
        match self {
            Self::Int(v) | Self::Decimal { mantissa: v, .. } => Some(v),
            _ => None,
        }
    }

    /// The value as messages show it.
    pub fn shown(self) -> String {
        match self {
            Self::Null => "the empty value".to_owned(),
            Self::Text(text) => format!("{text:?}"),
            Self::Bool(v) => v.to_string(),
            Self::Int(v) => v.to_string(),
            Self::Float(v) => v.to_string(),
            other => {
                let mut text = String::new();
                NumberFormat::general().write(other, &mut text);
                text
            }
        }
    }

    /// Order of two values of one column: nulls last, text by code point, floats by `total_cmp`.
    pub fn order(&self, other: &Value<'_>) -> Ordering {
        match (self, other) {
            (Self::Null, Value::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Greater,
            (_, Value::Null) => Ordering::Less,
            (Self::Text(a), Value::Text(b)) => a.cmp(b),
            (Self::Int(a), Value::Int(b)) => a.cmp(b),
            (
                Self::Decimal {
                    mantissa: a,
                    scale: s,
                },
                Value::Decimal {
                    mantissa: b,
                    scale: t,
                },
            ) if s == t => a.cmp(b),
            (Self::Date(a), Value::Date(b)) => a.cmp(b),
            (Self::Timestamp(a), Value::Timestamp(b)) | (Self::Time(a), Value::Time(b)) => a.cmp(b),
            (a, b) => a
                .as_f64()
                .unwrap_or(f64::NAN)
                .total_cmp(&b.as_f64().unwrap_or(f64::NAN)),
        }
    }
}

/// What kind of values a column of the spool holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing but nulls.
    Null,
    /// Truth values.
    Bool,
    /// Integers.
    Int,
    /// Decimals of this scale.
    Decimal(i8),
    /// Floats of 64 bits.
    Float,
    /// Text.
    Text,
    /// Days.
    Date,
    /// Wall-clock microseconds.
    Timestamp,
    /// Microseconds since midnight.
    Time,
}

impl Kind {
    /// Whether sums can be made of the values; of nothing but nulls they can.
    pub fn is_number(self) -> bool {
        matches!(
            self,
            Self::Int | Self::Decimal(_) | Self::Float | Self::Null
        )
    }

    /// The name that `Crunched.summary()` gives the kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Int => "integer",
            Self::Decimal(_) => "decimal",
            Self::Float => "float",
            Self::Text => "text",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Time => "time",
        }
    }

    /// The value that an integer of [`Column::for_each_int`] stands for.
    pub fn scalar(self, v: i128) -> Scalar {
        match self {
            Self::Bool => Scalar::Bool(v != 0),
            Self::Decimal(scale) => Scalar::Decimal { mantissa: v, scale },
            Self::Date => Scalar::Date(v as i32),
            Self::Timestamp => Scalar::Timestamp(v as i64),
            Self::Time => Scalar::Time(v as i64),
            _ => Scalar::Int(v),
        }
    }
}

/// A column of the spool with its type known: the few types that the crunch normalises to.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// This many nulls.
    Null(usize),
    /// Truth values.
    Bool(&'a BooleanArray),
    /// Signed integers.
    Int(&'a Int64Array),
    /// Unsigned integers.
    UInt(&'a UInt64Array),
    /// Decimals and their scale.
    Decimal(&'a Decimal128Array, i8),
    /// Floats.
    Float(&'a Float64Array),
    /// Texts.
    Text(&'a StringArray),
    /// Days.
    Date(&'a Date32Array),
    /// Wall-clock microseconds.
    Timestamp(&'a TimestampMicrosecondArray),
    /// Microseconds since midnight.
    Time(&'a Time64MicrosecondArray),
}

impl<'a> Column<'a> {
    /// Typed access to `array`, which must have one of the spool's types.
    ///
    /// # Errors
    /// [`Error::Data`] for any other type.
    pub fn new(array: &'a dyn Array) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Null => Self::Null(array.len()),
            DataType::Boolean => Self::Bool(array.as_boolean()),
            DataType::Int64 => Self::Int(array.as_primitive::<Int64Type>()),
            DataType::UInt64 => Self::UInt(array.as_primitive::<UInt64Type>()),
            DataType::Decimal128(_, scale) => {
                Self::Decimal(array.as_primitive::<Decimal128Type>(), *scale)
            }
            DataType::Float64 => Self::Float(array.as_primitive::<Float64Type>()),
            DataType::Utf8 => Self::Text(array.as_string::<i32>()),
            DataType::Date32 => Self::Date(array.as_primitive::<Date32Type>()),
            DataType::Timestamp(TimeUnit::Microsecond, None) => {
                Self::Timestamp(array.as_primitive::<TimestampMicrosecondType>())
            }
            DataType::Time64(TimeUnit::Microsecond) => {
                Self::Time(array.as_primitive::<Time64MicrosecondType>())
            }
            other => return Err(Error::Data(format!("{other} is no type of the spool"))),
        })
    }

    /// Rows of the column.
    pub fn len(&self) -> usize {
        match self {
            Self::Null(len) => *len,
            Self::Bool(a) => a.len(),
            Self::Int(a) => a.len(),
            Self::UInt(a) => a.len(),
            Self::Decimal(a, _) => a.len(),
            Self::Float(a) => a.len(),
            Self::Text(a) => a.len(),
            Self::Date(a) => a.len(),
            Self::Timestamp(a) => a.len(),
            Self::Time(a) => a.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What kind of values these are.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null(_) => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) | Self::UInt(_) => Kind::Int,
            Self::Decimal(_, scale) => Kind::Decimal(*scale),
            Self::Float(_) => Kind::Float,
            Self::Text(_) => Kind::Text,
            Self::Date(_) => Kind::Date,
            Self::Timestamp(_) => Kind::Timestamp,
            Self::Time(_) => Kind::Time,
        }
    }

    /// The value of row `i`, which must be less than [`Column::len`].
    pub fn value(&self, i: usize) -> Value<'a> {
        macro_rules! cell {
            ($array:expr, $make:expr) => {
                if $array.is_null(i) {
                    Value::Null
                } else {
                    $make($array.value(i))
                }
            };
        }
        match *self {
            Self::Null(_) => Value::Null,
            Self::Bool(a) => cell!(a, Value::Bool),
            Self::Int(a) => cell!(a, |v| Value::Int(i128::from(v))),
            Self::UInt(a) => cell!(a, |v| Value::Int(i128::from(v))),
            Self::Decimal(a, scale) => cell!(a, |mantissa| Value::Decimal { mantissa, scale }),
            Self::Float(a) => cell!(a, Value::Float),
            Self::Text(a) => cell!(a, Value::Text),
            Self::Date(a) => cell!(a, Value::Date),
            Self::Timestamp(a) => cell!(a, Value::Timestamp),
            Self::Time(a) => cell!(a, Value::Time),
        }
    }

    /// Calls `f(row, value)` for each of `rows` that has a value, of a column that counts in whole steps
    /// (integers, mantissas of decimals, truth values, dates, times).
    pub fn for_each_int(&self, rows: impl Iterator<Item = usize>, mut f: impl FnMut(usize, i128)) {
        macro_rules! each {
            ($array:expr) => {{
                let values = $array.values();
                match $array.nulls() {
                    None => {
                        for i in rows {
                            f(i, i128::from(values[i]));
                        }
                    }
                    Some(nulls) => {
                        for i in rows.filter(|i| nulls.is_valid(*i)) {
                            f(i, i128::from(values[i]));
                        }
                    }
                }
            }};
        }
        match self {
            Self::Int(a) => each!(a),
            Self::UInt(a) => each!(a),
            Self::Decimal(a, _) => each!(a),
            Self::Date(a) => each!(a),
            Self::Timestamp(a) => each!(a),
            Self::Time(a) => each!(a),
            Self::Bool(a) => {
                for i in rows.filter(|i| a.is_valid(*i)) {
                    f(i, i128::from(a.value(i)));
                }
            }
            Self::Null(_) | Self::Float(_) | Self::Text(_) => {}
        }
    }

    /// Calls `f(row, value)` for each of `rows` of a float column that has a number: not null, not NaN.
    pub fn for_each_float(&self, rows: impl Iterator<Item = usize>, mut f: impl FnMut(usize, f64)) {
        if let Self::Float(a) = self {
            for i in rows {
                let v = a.value(i);
                if !v.is_nan() && a.is_valid(i) {
                    f(i, v);
                }
            }
        }
    }

    /// Calls `f(row, value)` for each of `rows` of a text column that has a text.
    pub fn for_each_text(
        &self,
        rows: impl Iterator<Item = usize>,
        mut f: impl FnMut(usize, &'a str),
    ) {
        if let Self::Text(a) = *self {
            for i in rows {
                if a.is_valid(i) {
                    f(i, a.value(i));
                }
            }
        }
    }

    /// Calls `f(row)` for each of `rows` whose value counts: not null, not NaN.
    pub fn for_each_counted(&self, rows: impl Iterator<Item = usize>, mut f: impl FnMut(usize)) {
        match self {
            Self::Null(_) => {}
            Self::Float(_) => self.for_each_float(rows, |i, _| f(i)),
            Self::Text(_) => self.for_each_text(rows, |i, _| f(i)),
            _ => self.for_each_int(rows, |i, _| f(i)),
        }
    }
}
