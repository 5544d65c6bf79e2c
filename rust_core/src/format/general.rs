//! `General`: what Excel shows in a cell that was given no format.

use super::date;
use super::digits::Digits;
use crate::value::Value;

/// Characters that Excel gives a number in General, its sign left out.
const WIDTH: i32 = 11;

/// Appends a value that is neither null nor text: integers and decimals with all their digits, floats with
/// at most 11 characters, dates and times as ISO 8601.
pub fn write(value: Value<'_>, out: &mut String) {
    match value {
        Value::Float(_) => float(Digits::new(value), out),
        Value::Date(_) | Value::Timestamp(_) | Value::Time(_) => date::write_iso(value, out),
        _ => {
            let digits = Digits::new(value);
            if digits.negative {
                out.push('-');
            }
            plain(&digits, out);
        }
    }
}

/// The same without a sign, for a section that says what is below zero in another way.
pub fn write_unsigned(value: Value<'_>, out: &mut String) {
    let mut digits = Digits::new(value);
    digits.negative = false;
    match value {
        Value::Float(_) => float(digits, out),
        _ => plain(&digits, out),
    }
}

fn plain(digits: &Digits, out: &mut String) {
    if digits.whole_len() == 0 {
        out.push('0');
    }
    for place in (0..digits.whole_len() as i32).rev() {
        out.push(char::from(digits.at(place)));
    }
    let decimals = digits.len() as i32 - digits.point;
    if decimals > 0 && !digits.is_zero() {
        out.push('.');
        for place in 1..=decimals {
            out.push(char::from(digits.at(-place)));
        }
    }
}

fn float(mut digits: Digits, out: &mut String) {
    if digits.negative {
        out.push('-');
    }
    if digits.is_zero() {
        out.push('0');
        return;
    }
    let whole = digits.point;
    // From 0.0001 to 99,999,999,999 Excel shows digits, beyond that an exponent.
    if (-3..=WIDTH).contains(&whole) {
        let mut rounded = digits;
        rounded.round((WIDTH - 1 - whole.max(1)).max(0));
        if rounded.point <= WIDTH {
            plain(&rounded, out);
            return;
        }
    }
    digits.round(6 - digits.point);
    let exponent = digits.point - 1;
    out.push(char::from(digits.at(exponent)));
    if digits.len() > 1 {
        out.push('.');
        for i in 1..digits.len() as i32 {
            out.push(char::from(digits.at(exponent - i)));
        }
    }
    out.push_str(if exponent < 0 { "E-" } else { "E+" });
    if exponent.abs() < 10 {
        out.push('0');
    }
    out.push_str(itoa::Buffer::new().format(exponent.abs()));
}
