//! A number as decimal digits, rounded as Excel rounds: half away from zero.

use std::io::Write;

use crate::value::Value;

/// Digits of the largest `u128`, one more for a carry.
const ROOM: usize = 40;

/// `0.d1 d2 d3 ... * 10^point`, the first and last digit not 0; no digits at all for zero.
#[derive(Debug, Clone, Copy)]
pub struct Digits {
    /// Below zero.
    pub negative: bool,
    digits: [u8; ROOM],
    len: usize,
    /// Digits before the decimal point; may be negative or more than there are digits.
    pub point: i32,
}

impl Digits {
    /// The digits of a number, exact; of a float the shortest that stand for it.
    ///
    /// Text, nulls and floats that are not finite have none and count as zero.
    pub fn new(value: Value<'_>) -> Self {
        match value {
            Value::Int(v) => Self::exact(v, 0),
            Value::Decimal { mantissa, scale } => Self::exact(mantissa, scale),
            Value::Float(v) => Self::float(v),
            Value::Date(v) => Self::exact(i128::from(v) + 25_569, 0),
            Value::Timestamp(_) | Value::Time(_) => Self::float(serial(value).unwrap_or(0.0)),
            Value::Bool(v) => Self::exact(i128::from(v), 0),
            Value::Null | Value::Text(_) => Self::exact(0, 0),
        }
    }

    fn exact(mantissa: i128, scale: i8) -> Self {
        let mut out = Self {
            negative: mantissa < 0,
            digits: [0; ROOM],
            len: 0,
            point: 0,
        };
        let mut text = itoa::Buffer::new();
        let text = text.format(mantissa.unsigned_abs()).as_bytes();
        if text == b"0" {
            return out;
        }
        out.digits[..text.len()].copy_from_slice(text);
        out.len = text.len();
        out.point = text.len() as i32 - i32::from(scale);
        out.trim();
        out
    }

    fn float(v: f64) -> Self {
        let mut out = Self {
            negative: v < 0.0,
            digits: [0; ROOM],
            len: 0,
            point: 0,
        };
        if v == 0.0 || !v.is_finite() {
            return out;
        }
        // `{:e}` prints the shortest digits that read back as the same float: `d.ddde-x`.
        let mut text = [0u8; 40];
        let mut rest = &mut text[..];
        let written = write!(rest, "{:e}", v.abs()).is_ok();
        let used = 40 - rest.len();
        debug_assert!(written, "17 digits and an exponent fit");
        let mut exponent = 0i32;
        let mut below = false;
        let mut bytes = text[..used].iter();
        for &b in bytes.by_ref() {
            match b {
                b'0'..=b'9' => {
                    out.digits[out.len] = b;
                    out.len += 1;
                }
                b'e' => break,
                _ => {}
            }
        }
        for &b in bytes {
            match b {
                b'-' => below = true,
                _ => exponent = exponent * 10 + i32::from(b - b'0'),
            }
        }
        out.point = if below { -exponent } else { exponent } + 1;
        out.trim();
        out
    }

    fn trim(&mut self) {
        while self.len > 0 && self.digits[self.len - 1] == b'0' {
            self.len -= 1;
        }
        if self.len == 0 {
            self.point = 0;
        }
    }

    /// Whether the number is 0.
    pub fn is_zero(&self) -> bool {
        self.len == 0
    }

    /// How many digits there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Moves the point: times 10^`by`.
    pub fn shift(&mut self, by: i32) {
        if self.len > 0 {
            self.point += by;
        }
    }

    /// Rounds to `decimals` digits after the point, half away from zero.
    pub fn round(&mut self, decimals: i32) {
        let keep = self.point + decimals;
        if keep >= self.len as i32 {
            return;
        }
        if keep < 0 {
            self.len = 0;
            self.point = 0;
            return;
        }
        let keep = keep as usize;
        let up = self.digits[keep] >= b'5';
        self.len = keep;
        if up {
            let mut at = keep;
            loop {
                if at == 0 {
                    // 999 became 1000: one digit, one place further left.
                    self.digits[0] = b'1';
                    self.len = 1;
                    self.point += 1;
                    return;
                }
                at -= 1;
                if self.digits[at] == b'9' {
                    self.len = at;
                } else {
                    self.digits[at] += 1;
                    break;
                }
            }
        }
        self.trim();
    }

    /// How many digits stand before the point; 0 for a number below 1.
    pub fn whole_len(&self) -> usize {
        self.point.max(0) as usize
    }

    /// The digit that stands for 10^`place` (0: ones, -1: tenths).
    pub fn at(&self, place: i32) -> u8 {
        let index = self.point - 1 - place;
        if 0 <= index && index < self.len as i32 {
            self.digits[index as usize]
        } else {
            b'0'
        }
    }
}

/// The serial number by which Excel knows a date or time: days since 1899-12-30.
pub fn serial(value: Value<'_>) -> Option<f64> {
    const DAY: f64 = 86_400_000_000.0;
    match value {
        Value::Date(days) => Some(f64::from(days) + 25_569.0),
        Value::Timestamp(micros) => Some(micros as f64 / DAY + 25_569.0),
        Value::Time(micros) => Some(micros as f64 / DAY),
        _ => value.as_f64(),
    }
}
