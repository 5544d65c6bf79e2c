//! Numbers as a cell holds them: 15 significant digits, and dates as serial numbers (ECMA-376 Part 1 §18.17.4).

use std::io::Write as _;

use chrono::{DateTime, Datelike, NaiveDate, Timelike};

use crate::value::Value;

/// Days from Excel's day 0 to 1970-01-01.
const UNIX_EPOCH: i32 = 25_569;
/// Serial of 1900-03-01, the first day that Excel numbers right: it believes in 1900-02-29.
const MARCH_1900: i32 = 61;
/// Serial of 9999-12-31, the last day that Excel knows.
const LAST_DAY: i32 = 2_958_465;
const DAY_US: i64 = 86_400_000_000;
/// From here on an integer has more digits than Excel keeps.
const DIGITS_15: u128 = 1_000_000_000_000_000;

/// Whether a number can stand in a cell, or only its digits as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// Written as a number.
    Number,
    /// Written, but Excel would change it: for a text cell.
    Text,
    /// Nothing was written: NaN or an infinity.
    Nothing,
}

/// Appends an integer; [`Fit::Text`] past 15 significant digits.
pub fn write_int(value: i128, out: &mut Vec<u8>) -> Fit {
    match i64::try_from(value) {
        Ok(short) => out.extend_from_slice(itoa::Buffer::new().format(short).as_bytes()),
        Err(_) => out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes()),
    }
    fit(value.unsigned_abs())
}

fn fit(mut digits: u128) -> Fit {
    while digits >= DIGITS_15 {
        if !digits.is_multiple_of(10) {
            return Fit::Text;
        }
        digits /= 10;
    }
    Fit::Number
}

/// Appends `mantissa / 10^scale` without trailing zeros; [`Fit::Text`] past 15 significant digits.
pub fn write_decimal(mantissa: i128, scale: i8, out: &mut Vec<u8>) -> Fit {
    let Ok(mut places) = usize::try_from(scale) else {
        // A negative scale: whole tens, hundreds, …
        let kept = fit(mantissa.unsigned_abs());
        write_int(mantissa, out);
        if mantissa != 0 {
            out.extend(std::iter::repeat_n(b'0', usize::from(scale.unsigned_abs())));
        }
        return kept;
    };
    let mut digits = mantissa.unsigned_abs();
    if mantissa < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let text = if let Ok(mut short) = u64::try_from(digits) {
        while places > 0 && short % 10 == 0 {
            short /= 10;
            places -= 1;
        }
        digits = u128::from(short);
        buffer.format(short)
    } else {
        while places > 0 && digits.is_multiple_of(10) {
            digits /= 10;
            places -= 1;
        }
        buffer.format(digits)
    };
    if places >= text.len() {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', places - text.len()));
        out.extend_from_slice(text.as_bytes());
    } else {
        let (whole, fraction) = text.split_at(text.len() - places);
        out.extend_from_slice(whole.as_bytes());
        if !fraction.is_empty() {
            out.push(b'.');
            out.extend_from_slice(fraction.as_bytes());
        }
    }
    fit(digits)
}

/// Appends the shortest decimal that reads back as `value`.
pub fn write_float(value: f64, out: &mut Vec<u8>) -> Fit {
    if !value.is_finite() {
        return Fit::Nothing;
    }
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value);
    let text = text.strip_suffix(".0").unwrap_or(text);
    // Excel has no negative zero.
    out.extend_from_slice(if text == "-0" { b"0" } else { text.as_bytes() });
    Fit::Number
}

/// Serial of a day, where Excel has one.
fn serial(days: i32) -> Option<i32> {
    let serial = days.checked_add(UNIX_EPOCH)?;
    match serial {
        MARCH_1900..=LAST_DAY => Some(serial),
        2..MARCH_1900 => Some(serial - 1),
        _ => None,
    }
}

/// Appends the serial of a day; outside 1900 to 9999 the ISO 8601 text.
pub fn write_date(days: i32, out: &mut Vec<u8>) -> Fit {
    if let Some(serial) = serial(days) {
        out.extend_from_slice(itoa::Buffer::new().format(serial).as_bytes());
        return Fit::Number;
    }
    write_iso_date(days, out);
    Fit::Text
}

/// Appends the serial of a moment, with the time as its fraction; outside 1900 to 9999 the ISO 8601 text.
pub fn write_timestamp(micros: i64, out: &mut Vec<u8>) -> Fit {
    let days = micros.div_euclid(DAY_US) as i32;
    let rest = micros.rem_euclid(DAY_US);
    if let Some(serial) = serial(days) {
        return write_float(f64::from(serial) + rest as f64 / DAY_US as f64, out);
    }
    write_iso_date(days, out);
    out.push(b'T');
    write_iso_time(rest, out);
    Fit::Text
}

/// Appends a time of day as the fraction of a day.
pub fn write_time(micros: i64, out: &mut Vec<u8>) -> Fit {
    write_float(micros as f64 / DAY_US as f64, out)
}

fn write_iso_date(days: i32, out: &mut Vec<u8>) {
    let date = NaiveDate::from_epoch_days(days);
    // A day that no calendar names (over 262,000 years away) keeps its number.
    let written = match date {
        Some(date) if (0..=9999).contains(&date.year()) => {
            write!(out, "{}", date.format("%Y-%m-%d"))
        }
        Some(date) => write!(out, "{date}"),
        None => write!(out, "{days} days"),
    };
    debug_assert!(written.is_ok(), "a Vec takes any bytes");
}

fn write_iso_time(micros: i64, out: &mut Vec<u8>) {
    let time = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let form = if time.nanosecond() == 0 {
        "%H:%M:%S"
    } else {
        "%H:%M:%S%.6f"
    };
    let written = write!(out, "{}", time.format(form));
    debug_assert!(written.is_ok(), "a Vec takes any bytes");
}

/// Whether Excel keeps this value as the number it is; text, truth values and nulls are no numbers.
pub fn is_numeric(value: Value<'_>) -> bool {
    let mut scratch = Vec::new();
    Fit::Number
        == match value {
            Value::Int(v) => write_int(v, &mut scratch),
            Value::Decimal { mantissa, scale } => write_decimal(mantissa, scale, &mut scratch),
            Value::Float(v) => write_float(v, &mut scratch),
            Value::Date(v) => write_date(v, &mut scratch),
            Value::Timestamp(v) => write_timestamp(v, &mut scratch),
            Value::Time(v) => write_time(v, &mut scratch),
            Value::Null | Value::Bool(_) | Value::Text(_) => Fit::Nothing,
        }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>) -> Fit) -> (String, Fit) {
        let mut out = Vec::new();
        let fit = write(&mut out);
        (String::from_utf8(out).unwrap(), fit)
    }

    fn days(year: i32, month: u32, day: u32) -> i32 {
        NaiveDate::from_ymd_opt(year, month, day)
            .unwrap()
            .to_epoch_days()
    }

    #[test]
    fn more_than_15_significant_digits_are_for_a_text_cell() {
        for (value, fit) in [
            (999_999_999_999_999, Fit::Number),
            (1_000_000_000_000_001, Fit::Text),
            (-1_234_567_890_123_456, Fit::Text),
            (1_000_000_000_000_000_000, Fit::Number),
            (i128::MAX, Fit::Text),
        ] {
            assert_eq!(written(|o| write_int(value, o)), (value.to_string(), fit));
        }
    }

    #[test]
    fn decimals_come_from_the_mantissa() {
        for (mantissa, scale, text, fit) in [
            (0, 2, "0", Fit::Number),
            (123_450, 2, "1234.5", Fit::Number),
            (-5, 3, "-0.005", Fit::Number),
            (100, 2, "1", Fit::Number),
            (12, -3, "12000", Fit::Number),
            (
                1_234_567_890_123_456_700,
                4,
                "123456789012345.67",
                Fit::Text,
            ),
            (1_234_567_890_123_450_000, 4, "123456789012345", Fit::Number),
            (
                i128::MAX,
                38,
                "1.70141183460469231731687303715884105727",
                Fit::Text,
            ),
        ] {
            assert_eq!(
                written(|o| write_decimal(mantissa, scale, o)),
                (text.to_owned(), fit)
            );
        }
    }

    #[test]
    fn the_first_days_of_1900_carry_excels_leap_bug() {
        for (date, serial) in [
            (days(1900, 1, 1), "1"),
            (days(1900, 2, 28), "59"),
            (days(1900, 3, 1), "61"),
            (days(1970, 1, 1), "25569"),
            (days(2026, 11, 23), "46349"),
            (days(9999, 12, 31), "2958465"),
        ] {
            assert_eq!(
                written(|o| write_date(date, o)),
                (serial.to_owned(), Fit::Number)
            );
        }
    }

    #[test]
    fn days_that_excel_does_not_know_are_iso_text() {
        let text = |date| written(|o| write_date(date, o));
        assert_eq!(text(days(1899, 12, 31)), ("1899-12-31".into(), Fit::Text));
        assert_eq!(text(days(10_000, 1, 1)), ("+10000-01-01".into(), Fit::Text));
        let noon = i64::from(days(1815, 6, 18)) * DAY_US + DAY_US / 2;
        assert_eq!(
            written(|o| write_timestamp(noon, o)),
            ("1815-06-18T12:00:00".into(), Fit::Text)
        );
        assert_eq!(
            written(|o| write_timestamp(noon + 5, o)).0,
            "1815-06-18T12:00:00.000005"
        );
    }

    #[test]
    fn times_are_fractions_of_a_day() {
        let noon = i64::from(days(2026, 11, 23)) * DAY_US + DAY_US / 2;
        assert_eq!(written(|o| write_timestamp(noon, o)).0, "46349.5");
        assert_eq!(written(|o| write_time(DAY_US / 4, o)).0, "0.25");
    }

    #[test]
    fn what_is_no_number_writes_nothing() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(
                written(|o| write_float(value, o)),
                (String::new(), Fit::Nothing)
            );
        }
        assert_eq!(written(|o| write_float(-0.0, o)).0, "0");
        assert_eq!(written(|o| write_float(1e300, o)).0, "1e+300");
    }

    proptest! {
        #[test]
        fn floats_read_back_exactly(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
            let (text, _) = written(|o| write_float(value, o));
            prop_assert_eq!(text.parse::<f64>().unwrap(), value);
        }

        #[test]
        fn decimals_keep_their_value(mantissa in any::<i64>(), scale in 0i8..20) {
            let (text, _) = written(|o| write_decimal(i128::from(mantissa), scale, o));
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            let padded = format!("{whole}{fraction:0<width$}", width = scale as usize);
            prop_assert_eq!(padded.parse::<i128>().unwrap(), i128::from(mantissa));
        }
    }
}
