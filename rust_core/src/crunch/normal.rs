//! Columns of the stream brought to the few types of the spool.
//!
//! | stream | spool |
//! |---|---|
//! | Boolean, Null, Utf8, Int64, UInt64, Float64, Date32 | the same, no copy |
//! | Int8 to Int32, UInt8 to UInt32 | Int64 |
//! | Float16, Float32 | Float64 |
//! | Decimal32, 64, 128, 256 | Decimal128(38, scale), scale at least 0 |
//! | LargeUtf8, Utf8View, dictionaries | what they stand for, as Utf8 |
//! | Date64 | Date32 |
//! | Time32, Time64 | Time64 in microseconds |
//! | Timestamp | Timestamp in microseconds on the wall clock of the report's zone |

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray, StringArray, new_null_array};
use arrow_schema::{DataType, TimeUnit};
use arrow_select::take::take;
use chrono::{DateTime, FixedOffset, Offset, TimeZone};
use chrono_tz::Tz;

use crate::error::{Error, Result};

/// Digits that a decimal of the spool may have.
pub const PRECISION: u8 = 38;

/// How one field of the stream is brought to its spool type.
#[derive(Debug, Clone)]
pub struct Normal {
    /// The field, for messages.
    name: String,
    /// Its type in the stream.
    from: DataType,
    /// Its type in the spool.
    pub to: DataType,
    zone: Zone,
}

/// Where a timestamp's wall clock stands.
#[derive(Debug, Clone, Copy)]
enum Zone {
    /// The timestamp has no zone: it is a wall clock already.
    Wall,
    Named(Tz),
    Fixed(FixedOffset),
}

impl Normal {
    /// How a field `name` of type `from` is normalised; `zone` is the report's, if it has one.
    ///
    /// # Errors
    /// [`Error::Data`] for a type that a report can't print, [`Error::Plan`] for an unknown zone.
    pub fn new(name: &str, from: &DataType, zone: Option<&str>) -> Result<Self> {
        let mut wall = Zone::Wall;
        let logical = match from {
            DataType::Dictionary(_, values) => values.as_ref(),
            other => other,
        };
        let to = match logical {
            DataType::Null => DataType::Null,
            DataType::Boolean => DataType::Boolean,
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32 => DataType::Int64,
            DataType::UInt64 => DataType::UInt64,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => DataType::Float64,
            DataType::Decimal32(_, s)
            | DataType::Decimal64(_, s)
            | DataType::Decimal128(_, s)
            | DataType::Decimal256(_, s) => DataType::Decimal128(PRECISION, (*s).max(0)),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
            DataType::Date32 | DataType::Date64 => DataType::Date32,
            DataType::Time32(_) | DataType::Time64(_) => DataType::Time64(TimeUnit::Microsecond),
            DataType::Timestamp(_, own) => {
                if let Some(own) = own {
                    wall = parse_zone(zone.unwrap_or(own))?;
                }
                DataType::Timestamp(TimeUnit::Microsecond, None)
            }
            other => {
                return Err(Error::Data(format!(
                    "field {name:?} is of type {other}, which a report can't print; cast it to text or a number in the SQL"
                )));
            }
        };
        Ok(Self {
            name: name.to_owned(),
            from: from.clone(),
            to,
            zone: wall,
        })
    }

    /// The array in its spool type.
    ///
    /// # Errors
    /// [`Error::Data`] when a value has no room in it; names the field.
    pub fn apply(&self, array: &ArrayRef) -> Result<ArrayRef> {
        if *array.data_type() == self.to && self.to != DataType::Null {
            return Ok(array.clone());
        }
        match array.data_type() {
            DataType::Dictionary(_, _) => {
                let dictionary = array.as_any_dictionary();
                let values = Self {
                    from: dictionary.values().data_type().clone(),
                    ..self.clone()
                }
                .apply(dictionary.values())?;
                Ok(take(&values, dictionary.keys(), None)?)
            }
            DataType::Null => Ok(new_null_array(&self.to, array.len())),
            DataType::Int8 => self.ints::<Int8Type>(array),
            DataType::Int16 => self.ints::<Int16Type>(array),
            DataType::Int32 => self.ints::<Int32Type>(array),
            DataType::UInt8 => self.ints::<UInt8Type>(array),
            DataType::UInt16 => self.ints::<UInt16Type>(array),
            DataType::UInt32 => self.ints::<UInt32Type>(array),
            DataType::Float16 => Ok(self.map::<Float16Type, Float64Type>(array, f64::from)),
            DataType::Float32 => Ok(self.map::<Float32Type, Float64Type>(array, f64::from)),
            DataType::Decimal32(_, s) => {
                self.decimals::<Decimal32Type>(array, *s, |v| Some(i128::from(v)))
            }
            DataType::Decimal64(_, s) => {
                self.decimals::<Decimal64Type>(array, *s, |v| Some(i128::from(v)))
            }
            // The mantissas stay where they are.
            DataType::Decimal128(_, s) if *s >= 0 => {
                let same = array.as_primitive::<Decimal128Type>().clone();
                Ok(Arc::new(same.with_data_type(self.to.clone())))
            }
            DataType::Decimal128(_, s) => self.decimals::<Decimal128Type>(array, *s, Some),
            DataType::Decimal256(_, s) => {
                self.decimals::<Decimal256Type>(array, *s, |v| v.to_i128())
            }
            DataType::LargeUtf8 => self.texts(array.as_string::<i64>().iter()),
            DataType::Utf8View => self.texts(array.as_string_view().iter()),
            DataType::Date64 => self.try_map::<Date64Type, Date32Type>(array, |v| {
                i32::try_from(v.div_euclid(86_400_000)).ok()
            }),
            DataType::Time32(TimeUnit::Second) => Ok(self
                .map::<Time32SecondType, Time64MicrosecondType>(array, |v| {
                    i64::from(v) * 1_000_000
                })),
            DataType::Time32(_) => Ok(self
                .map::<Time32MillisecondType, Time64MicrosecondType>(array, |v| {
                    i64::from(v) * 1_000
                })),
            DataType::Time64(_) => Ok(self
                .map::<Time64NanosecondType, Time64MicrosecondType>(array, |v| {
                    v.div_euclid(1_000)
                })),
            DataType::Timestamp(unit, _) => match unit {
                TimeUnit::Second => {
                    self.timestamps::<TimestampSecondType>(array, |v| v.checked_mul(1_000_000))
                }
                TimeUnit::Millisecond => {
                    self.timestamps::<TimestampMillisecondType>(array, |v| v.checked_mul(1_000))
                }
                TimeUnit::Microsecond => self.timestamps::<TimestampMicrosecondType>(array, Some),
                TimeUnit::Nanosecond => {
                    self.timestamps::<TimestampNanosecondType>(array, |v| Some(v.div_euclid(1_000)))
                }
            },
            other => Err(Error::Data(format!(
                "field {:?} came as {other}; the stream had announced {}",
                self.name, self.from
            ))),
        }
    }

    fn map<A: ArrowPrimitiveType, B: ArrowPrimitiveType>(
        &self,
        array: &ArrayRef,
        f: impl Fn(A::Native) -> B::Native,
    ) -> ArrayRef {
        Arc::new(array.as_primitive::<A>().unary::<_, B>(f))
    }

    fn try_map<A: ArrowPrimitiveType, B: ArrowPrimitiveType>(
        &self,
        array: &ArrayRef,
        f: impl Fn(A::Native) -> Option<B::Native>,
    ) -> Result<ArrayRef> {
        let array = array.as_primitive::<A>();
        let out: PrimitiveArray<B> = array.try_unary(|v| f(v).ok_or(())).map_err(|()| {
            Error::Data(format!(
                "field {:?} has a value of {} that is too large for {}",
                self.name, self.from, self.to
            ))
        })?;
        Ok(Arc::new(out))
    }

    fn ints<A: ArrowPrimitiveType>(&self, array: &ArrayRef) -> Result<ArrayRef>
    where
        i64: From<A::Native>,
    {
        Ok(self.map::<A, Int64Type>(array, i64::from))
    }

    fn decimals<A: ArrowPrimitiveType>(
        &self,
        array: &ArrayRef,
        scale: i8,
        wide: impl Fn(A::Native) -> Option<i128>,
    ) -> Result<ArrayRef> {
        // A negative scale means tens, hundreds ...: brought to scale 0.
        let factor = 10i128
            .checked_pow(u32::from(scale.min(0).unsigned_abs()))
            .ok_or_else(|| Error::Data(format!("field {:?} has a scale of {scale}", self.name)))?;
        let out = self.try_map::<A, Decimal128Type>(array, |v| wide(v)?.checked_mul(factor))?;
        let out = out.as_primitive::<Decimal128Type>().clone();
        Ok(Arc::new(out.with_data_type(self.to.clone())))
    }

    fn texts<'a>(&self, texts: impl Iterator<Item = Option<&'a str>> + Clone) -> Result<ArrayRef> {
        let bytes: usize = texts.clone().flatten().map(str::len).sum();
        if i32::try_from(bytes).is_err() {
            return Err(Error::Data(format!(
                "field {:?} has {bytes} bytes of text in one batch; the limit is 2 GiB",
                self.name
            )));
        }
        Ok(Arc::new(texts.collect::<StringArray>()))
    }

    fn timestamps<A: ArrowPrimitiveType<Native = i64>>(
        &self,
        array: &ArrayRef,
        micros: impl Fn(i64) -> Option<i64>,
    ) -> Result<ArrayRef> {
        self.try_map::<A, TimestampMicrosecondType>(array, |v| {
            let instant = micros(v)?;
            let offset = match self.zone {
                Zone::Wall => return Some(instant),
                Zone::Fixed(offset) => offset,
                Zone::Named(zone) => {
                    let utc = DateTime::from_timestamp_micros(instant)?.naive_utc();
                    zone.offset_from_utc_datetime(&utc).fix()
                }
            };
            instant.checked_add(i64::from(offset.local_minus_utc()) * 1_000_000)
        })
    }
}

/// An IANA name, `UTC`, or an offset such as `+02:00`.
fn parse_zone(name: &str) -> Result<Zone> {
    if let Ok(zone) = name.parse::<Tz>() {
        return Ok(Zone::Named(zone));
    }
    if let Ok(offset) = name.parse::<FixedOffset>() {
        return Ok(Zone::Fixed(offset));
    }
    Err(Error::Plan(format!(
        "unknown time zone {name:?}; give an IANA name such as Europe/Berlin"
    )))
}
