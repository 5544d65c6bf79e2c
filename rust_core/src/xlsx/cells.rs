//! Typed access to the columns of a spooled batch.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType, UInt64Type,
};
use arrow_array::{
    Array, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array,
    StringArray, Time64MicrosecondArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow_schema::{DataType, TimeUnit};
use foldhash::fast::FixedState;

use crate::error::{Error, Result};
use crate::value::Value;

/// Number of a shared string by its text, over the whole file.
pub type Shared<'a> = HashMap<&'a str, u32, FixedState>;

/// A column of one batch, in one of the types of the spool.
#[derive(Debug)]
pub enum Cells<'a> {
    /// Nothing but nulls.
    Null,
    /// Truth values.
    Bool(&'a BooleanArray),
    /// Integers.
    Int(&'a Int64Array),
    /// Integers without a sign.
    UInt(&'a UInt64Array),
    /// Decimals and their scale.
    Decimal(&'a Decimal128Array, i8),
    /// Floats.
    Float(&'a Float64Array),
    /// Texts.
    Text(&'a StringArray),
    /// Texts by number.
    Dictionary(&'a Int32Array, &'a StringArray),
    /// Days.
    Date(&'a Date32Array),
    /// Times of day.
    Time(&'a Time64MicrosecondArray),
    /// Moments.
    Timestamp(&'a TimestampMicrosecondArray),
}

impl<'a> Cells<'a> {
    /// Looks at `array`, which the crunch has brought to one of the spool's types.
    ///
    /// # Errors
    /// [`Error::Data`] for any other type.
    pub fn new(array: &'a dyn Array) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Bool(array.as_boolean()),
            DataType::Int64 => Self::Int(array.as_primitive::<Int64Type>()),
            DataType::UInt64 => Self::UInt(array.as_primitive::<UInt64Type>()),
            DataType::Decimal128(_, scale) => {
                Self::Decimal(array.as_primitive::<Decimal128Type>(), *scale)
            }
            DataType::Float64 => Self::Float(array.as_primitive::<Float64Type>()),
            DataType::Utf8 => Self::Text(array.as_string::<i32>()),
            DataType::Dictionary(key, value)
                if **key == DataType::Int32 && **value == DataType::Utf8 =>
            {
                let dictionary = array.as_dictionary::<Int32Type>();
                Self::Dictionary(dictionary.keys(), dictionary.values().as_string::<i32>())
            }
            DataType::Date32 => Self::Date(array.as_primitive::<Date32Type>()),
            DataType::Time64(TimeUnit::Microsecond) => {
                Self::Time(array.as_primitive::<Time64MicrosecondType>())
            }
            DataType::Timestamp(TimeUnit::Microsecond, None) => {
                Self::Timestamp(array.as_primitive::<TimestampMicrosecondType>())
            }
            other => {
                return Err(Error::Data(format!(
                    "the spool holds a column of type {other}, which no sheet can show"
                )));
            }
        })
    }

    /// The value of row `row` of the batch.
    #[inline]
    pub fn value(&self, row: usize) -> Value<'a> {
        macro_rules! at {
            ($array:expr, $value:expr) => {
                if $array.is_null(row) {
                    Value::Null
                } else {
                    $value
                }
            };
        }
        match *self {
            Self::Null => Value::Null,
            Self::Bool(a) => at!(a, Value::Bool(a.value(row))),
            Self::Int(a) => at!(a, Value::Int(i128::from(a.value(row)))),
            Self::UInt(a) => at!(a, Value::Int(i128::from(a.value(row)))),
            Self::Decimal(a, scale) => {
                let mantissa = a.value(row);
                at!(a, Value::Decimal { mantissa, scale })
            }
            Self::Float(a) => at!(a, Value::Float(a.value(row))),
            Self::Text(a) => at!(a, Value::Text(a.value(row))),
            Self::Dictionary(keys, values) => {
                at!(keys, {
                    let key = keys.value(row) as usize;
                    at_key(values, key)
                })
            }
            Self::Date(a) => at!(a, Value::Date(a.value(row))),
            Self::Time(a) => at!(a, Value::Time(a.value(row))),
            Self::Timestamp(a) => at!(a, Value::Timestamp(a.value(row))),
        }
    }
}

#[inline]
fn at_key(values: &StringArray, key: usize) -> Value<'_> {
    if values.is_null(key) {
        Value::Null
    } else {
        Value::Text(values.value(key))
    }
}
