//! One cell's value, borrowed from a column or owned by a band, and typed access to Arrow columns.

use std::cmp::Ordering;

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
            (a, b) => a
                .as_f64()
                .unwrap_or(f64::NAN)
                .total_cmp(&b.as_f64().unwrap_or(f64::NAN)),
        }
    }
}
