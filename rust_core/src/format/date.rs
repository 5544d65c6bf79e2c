//! Sections of dates and times: `yyyy-mm-dd hh:mm:ss`, `d mmmm yyyy`, `[h]:mm`.

use chrono::{Datelike, NaiveDate};

use super::digits::serial;
use crate::value::Value;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// Days from 1899-12-30, where Excel counts from, to 1970-01-01.
const EPOCH: i64 = 25_569;
/// `NaiveDate::num_days_from_ce` of 1970-01-01.
const EPOCH_CE: i32 = 719_163;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// One piece of a date section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatePiece {
    /// Text as it is.
    Literal(String),
    /// `yy` or `yyyy`: number of digits.
    Year(usize),
    /// `m` to `mmmmm`.
    Month(usize),
    /// `d` to `dddd`.
    Day(usize),
    /// `h` or `hh`.
    Hour(usize),
    /// `m` or `mm` beside hours or seconds.
    Minute(usize),
    /// `s` or `ss`.
    Second(usize),
    /// `.0` to `.000` after seconds: number of digits.
    Fraction(usize),
    /// `AM/PM` as written, or `A/P`: morning, afternoon.
    HalfDay(String, String),
    /// `[h]`: hours since the start, and the least number of digits.
    ElapsedHours(usize),
    /// `[m]`.
    ElapsedMinutes(usize),
    /// `[s]`.
    ElapsedSeconds(usize),
}

/// A section that prints parts of a date or time.
#[derive(Debug, Clone)]
pub struct DateBody {
    pieces: Vec<DatePiece>,
    /// The hour counts to 12.
    half_days: bool,
    /// The smallest unit of time that is printed, in microseconds; the time is rounded to it.
    unit: Option<i64>,
}

impl DateBody {
    /// A section of these pieces.
    pub fn new(pieces: Vec<DatePiece>) -> Self {
        let half_days = pieces.iter().any(|p| matches!(p, DatePiece::HalfDay(..)));
        let fraction = pieces.iter().find_map(|p| match p {
            DatePiece::Fraction(digits) => Some(*digits),
            _ => None,
        });
        let time = pieces.iter().any(|p| {
            !matches!(
                p,
                DatePiece::Literal(_)
                    | DatePiece::Year(_)
                    | DatePiece::Month(_)
                    | DatePiece::Day(_)
            )
        });
        // Excel rounds to the whole second even where it prints none, but never up to a minute.
        let unit = match fraction {
            Some(digits) => Some(SECOND / 10i64.pow(digits as u32)),
            None => time.then_some(SECOND),
        };
        Self {
            pieces,
            half_days,
            unit,
        }
    }

    /// Appends a moment, or a number taken as Excel's serial number of one.
    pub fn write(&self, value: Value<'_>, out: &mut String) {
        let Some((mut days, mut micros)) = moment(value) else {
            out.push_str("########");
            return;
        };
        if let Some(unit) = self.unit {
            micros = (micros + unit / 2) / unit * unit;
            if micros >= DAY {
                micros -= DAY;
                days += 1;
            }
        }
        let date = civil(days);
        let elapsed = i128::from(days + EPOCH) * i128::from(DAY) + i128::from(micros);
        let elapsed = if matches!(value, Value::Time(_)) {
            i128::from(micros)
        } else {
            elapsed
        };
        let (hour, minute, second) = (
            micros / (3_600 * SECOND),
            micros / (60 * SECOND) % 60,
            micros / SECOND % 60,
        );
        for piece in &self.pieces {
            match piece {
                DatePiece::Literal(text) => out.push_str(text),
                DatePiece::Year(2) => pad(i128::from(date.year.rem_euclid(100)), 2, out),
                DatePiece::Year(_) => pad(i128::from(date.year), 4, out),
                DatePiece::Month(5) => out.push_str(&MONTHS[date.month - 1][..1]),
                DatePiece::Month(4) => out.push_str(MONTHS[date.month - 1]),
                DatePiece::Month(3) => out.push_str(&MONTHS[date.month - 1][..3]),
                DatePiece::Month(width) => pad(date.month as i128, *width, out),
                DatePiece::Day(4) => out.push_str(WEEKDAYS[date.weekday]),
                DatePiece::Day(3) => out.push_str(&WEEKDAYS[date.weekday][..3]),
                DatePiece::Day(width) => pad(date.day as i128, *width, out),
                DatePiece::Hour(width) => {
                    let hour = if self.half_days {
                        (hour + 11) % 12 + 1
                    } else {
                        hour
                    };
                    pad(i128::from(hour), *width, out);
                }
                DatePiece::Minute(width) => pad(i128::from(minute), *width, out),
                DatePiece::Second(width) => pad(i128::from(second), *width, out),
                DatePiece::Fraction(digits) => {
                    out.push('.');
                    let part = micros % SECOND / (SECOND / 10i64.pow(*digits as u32));
                    pad(i128::from(part), *digits, out);
                }
                DatePiece::HalfDay(morning, afternoon) => {
                    out.push_str(if hour < 12 { morning } else { afternoon });
                }
                DatePiece::ElapsedHours(width) => {
                    pad(elapsed / i128::from(3_600 * SECOND), *width, out);
                }
                DatePiece::ElapsedMinutes(width) => {
                    pad(elapsed / i128::from(60 * SECOND), *width, out);
                }
                DatePiece::ElapsedSeconds(width) => {
                    pad(elapsed / i128::from(SECOND), *width, out);
                }
            }
        }
    }
}

struct Civil {
    year: i32,
    /// 1 to 12.
    month: usize,
    /// 1 to 31.
    day: usize,
    /// 0 for Monday.
    weekday: usize,
}

/// The date of a number of days since 1970-01-01; past chrono's years (262,142) the nearest it knows.
fn civil(days: i64) -> Civil {
    let date = i32::try_from(days)
        .ok()
        .and_then(|days| days.checked_add(EPOCH_CE))
        .and_then(NaiveDate::from_num_days_from_ce_opt)
        .unwrap_or(if days < 0 {
            NaiveDate::MIN
        } else {
            NaiveDate::MAX
        });
    Civil {
        year: date.year(),
        month: date.month() as usize,
        day: date.day() as usize,
        weekday: date.weekday().num_days_from_monday() as usize,
    }
}

/// Days since 1970-01-01 and microseconds of the day; `None` for a number that is no serial number.
fn moment(value: Value<'_>) -> Option<(i64, i64)> {
    match value {
        Value::Date(days) => Some((i64::from(days), 0)),
        Value::Timestamp(micros) => Some((micros.div_euclid(DAY), micros.rem_euclid(DAY))),
        // Excel's day 0.
        Value::Time(micros) => Some((-EPOCH + micros.div_euclid(DAY), micros.rem_euclid(DAY))),
        _ => {
            let serial = serial(value)?;
            // 9999-12-31 is the last day that Excel knows.
            if !(0.0..2_958_466.0).contains(&serial) {
                return None;
            }
            let days = serial.floor();
            let micros = ((serial - days) * DAY as f64).round() as i64;
            // Excel takes 1900 for a leap year: its days before 1900-03-01 are one off.
            let days = days as i64 + i64::from((1.0..60.0).contains(&serial));
            Some((days - EPOCH + micros / DAY, micros % DAY))
        }
    }
}

/// Whether a value is a date or time.
pub fn is_moment(value: Value<'_>) -> bool {
    matches!(value, Value::Date(_) | Value::Timestamp(_) | Value::Time(_))
}

/// Appends a date or time as ISO 8601 with a space: `2013-01-31 08:05:00`, fractions only if there are any.
pub fn write_iso(value: Value<'_>, out: &mut String) {
    let Some((days, micros)) = moment(value) else {
        return;
    };
    if !matches!(value, Value::Time(_)) {
        let date = civil(days);
        pad(i128::from(date.year), 4, out);
        out.push('-');
        pad(date.month as i128, 2, out);
        out.push('-');
        pad(date.day as i128, 2, out);
        if matches!(value, Value::Date(_)) {
            return;
        }
        out.push(' ');
    }
    pad(i128::from(micros / (3_600 * SECOND)), 2, out);
    out.push(':');
    pad(i128::from(micros / (60 * SECOND) % 60), 2, out);
    out.push(':');
    pad(i128::from(micros / SECOND % 60), 2, out);
    if micros % SECOND != 0 {
        out.push('.');
        let mut fraction = micros % SECOND;
        let mut digits = 6;
        while fraction % 10 == 0 {
            fraction /= 10;
            digits -= 1;
        }
        pad(i128::from(fraction), digits, out);
    }
}

/// Appends a number with at least `width` digits.
fn pad(number: i128, width: usize, out: &mut String) {
    if number < 0 {
        out.push('-');
    }
    let mut buffer = itoa::Buffer::new();
    let text = buffer.format(number.unsigned_abs());
    for _ in text.len()..width {
        out.push('0');
    }
    out.push_str(text);
}
