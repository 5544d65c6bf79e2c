//! Values to Python objects and back.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString};

use super::errors::DataError;
use crate::value::Scalar;

/// `date.toordinal()` of 1970-01-01.
const EPOCH: i32 = 719_163;
const SECOND: i64 = 1_000_000;

/// The Python object of a value. Dates and times outside the years 1 to 9999 become ISO 8601 text.
pub(super) fn to_python<'py>(py: Python<'py>, value: &Scalar) -> PyResult<Bound<'py, PyAny>> {
    let datetime = || py.import("datetime");
    match value {
        Scalar::Null => Ok(py.None().into_bound(py)),
        Scalar::Bool(v) => Ok(PyBool::new(py, *v).to_owned().into_any()),
        Scalar::Int(v) => Ok(v.into_pyobject(py)?.into_any()),
        Scalar::Decimal { mantissa, scale } => py
            .import("decimal")?
            .getattr("Decimal")?
            .call1((format!("{mantissa}E{}", -i16::from(*scale)),)),
        Scalar::Float(v) => Ok(PyFloat::new(py, *v).into_any()),
        Scalar::Text(v) => Ok(PyString::new(py, v).into_any()),
        Scalar::Date(days) => {
            let ordinal = i64::from(*days) + i64::from(EPOCH);
            let date = datetime()?.getattr("date")?;
            match date.call_method1("fromordinal", (ordinal,)) {
                Ok(date) => Ok(date),
                Err(_) => text(py, value),
            }
        }
        Scalar::Timestamp(micros) => {
            let module = datetime()?;
            let epoch = module.getattr("datetime")?.call1((1970, 1, 1))?;
            let days = micros.div_euclid(86_400 * SECOND);
            let rest = micros.rem_euclid(86_400 * SECOND);
            let since = module
                .getattr("timedelta")?
                .call1((days, rest / SECOND, rest % SECOND))?;
            match epoch.add(since) {
                Ok(moment) => Ok(moment),
                Err(_) => text(py, value),
            }
        }
        Scalar::Time(micros) => {
            let second = micros / SECOND;
            let parts = (
                second / 3_600,
                second / 60 % 60,
                second % 60,
                micros % SECOND,
            );
            match datetime()?.getattr("time")?.call1(parts) {
                Ok(time) => Ok(time),
                Err(_) => text(py, value),
            }
        }
    }
}

fn text<'py>(py: Python<'py>, value: &Scalar) -> PyResult<Bound<'py, PyAny>> {
    let mut text = String::new();
    crate::format::NumberFormat::general().write(value.as_value(), &mut text);
    Ok(PyString::new(py, &text).into_any())
}

/// The value of a Python object: None, bool, int, float, Decimal, str, date, datetime (its wall clock), time.
pub(super) fn from_python(object: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    let py = object.py();
    if object.is_none() {
        return Ok(Scalar::Null);
    }
    if let Ok(v) = object.cast::<PyBool>() {
        return Ok(Scalar::Bool(v.is_true()));
    }
    if object.is_instance_of::<PyInt>() {
        let v = object.extract::<i128>();
        return v
            .map(Scalar::Int)
            .map_err(|_| DataError::new_err(format!("{object} has more than 128 bits")));
    }
    if object.is_instance_of::<PyFloat>() {
        return Ok(Scalar::Float(object.extract()?));
    }
    if let Ok(v) = object.cast::<PyString>() {
        return Ok(Scalar::Text(v.to_str()?.to_owned()));
    }
    if object.is_instance(&py.import("decimal")?.getattr("Decimal")?)? {
        return decimal(object);
    }
    let datetime = py.import("datetime")?;
    let micros_of_day = |o: &Bound<'_, PyAny>| -> PyResult<i64> {
        let part = |name: &str| o.getattr(name)?.extract::<i64>();
        Ok(
            ((part("hour")? * 60 + part("minute")?) * 60 + part("second")?) * SECOND
                + part("microsecond")?,
        )
    };
    let days = |o: &Bound<'_, PyAny>| -> PyResult<i32> {
        Ok(o.call_method0("toordinal")?.extract::<i32>()? - EPOCH)
    };
    // A datetime is a date too, so it is looked for first.
    if object.is_instance(&datetime.getattr("datetime")?)? {
        let midnight = i64::from(days(object)?) * 86_400 * SECOND;
        return Ok(Scalar::Timestamp(midnight + micros_of_day(object)?));
    }
    if object.is_instance(&datetime.getattr("date")?)? {
        return Ok(Scalar::Date(days(object)?));
    }
    if object.is_instance(&datetime.getattr("time")?)? {
        return Ok(Scalar::Time(micros_of_day(object)?));
    }
    Err(PyTypeError::new_err(format!(
        "{} is no type of a report: give None, bool, int, float, Decimal, str, date, datetime or time",
        object.get_type().name()?
    )))
}

fn decimal(object: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    if !object.call_method0("is_finite")?.is_truthy()? {
        return Ok(Scalar::Float(object.call_method0("__float__")?.extract()?));
    }
    let too_long = || DataError::new_err(format!("{object} has more digits than 128 bits hold"));
    let parts = object.call_method0("as_tuple")?;
    let exponent: i32 = parts.getattr("exponent")?.extract()?;
    let mut mantissa = 0i128;
    for digit in parts.getattr("digits")?.try_iter()? {
        let digit: i128 = digit?.extract()?;
        mantissa = mantissa
            .checked_mul(10)
            .and_then(|m| m.checked_add(digit))
            .ok_or_else(too_long)?;
    }
    if parts.getattr("sign")?.extract::<i32>()? == 1 {
        mantissa = -mantissa;
    }
    if exponent > 0 {
        mantissa = 10i128
            .checked_pow(exponent.unsigned_abs())
            .and_then(|power| mantissa.checked_mul(power))
            .ok_or_else(too_long)?;
    }
    let scale = i8::try_from(-exponent.min(0))
        .map_err(|_| PyValueError::new_err(format!("{object} has more than 127 decimals")))?;
    Ok(Scalar::Decimal { mantissa, scale })
}
