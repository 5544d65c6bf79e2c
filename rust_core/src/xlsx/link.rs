//! Cells that are links, one formula each: a sheet takes 65,530 links of its own, and any number of formulas.
//!
//! ```text
//! <c r="C7" s="5" t="str"><f>HYPERLINK("https://example.org/orders/7%2F3","7/3")</f><v>7/3</v></c>
//! ```
//!
//! Data stands in the formula only between quotes, with its own quotes doubled, or as the digits of a number.

use serde::Deserialize;

use super::escape;
use super::number::{self, Fit};
use crate::format::NumberFormat;
use crate::value::Value;

/// UTF-16 units of the longest text in a formula, which is also the longest address that `HYPERLINK` takes.
const MAX_LITERAL: usize = 255;

/// The address behind each detail cell of one column of the sheet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlateLink {
    /// The sheet's column, from 0.
    pub column: u32,
    /// What the address is made of, in order.
    pub address: Vec<AddressPart>,
}

/// A piece of an address.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AddressPart {
    /// Fixed text, as it is.
    Text(String),
    /// The value of column N of the plan, percent-encoded (RFC 3986 §2.1).
    Column(usize),
}

/// A detail cell that shows a column of the plan as a link.
#[derive(Debug)]
pub struct Link {
    /// The column it shows.
    pub shown: usize,
    /// Its address.
    pub address: Vec<AddressPart>,
}

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linked {
    /// The rest of the cell is written.
    Yes,
    /// Nothing is written: the cell or its address has no value, so there is nothing to link.
    Nothing,
    /// Nothing is written: the address or the text is longer than a formula takes, or has what none can have.
    Unfit,
}

impl Link {
    /// Writes the rest of a cell whose tag is open; `values` gives the row's columns of the plan.
    pub fn write<'v>(&self, values: impl Fn(usize) -> Value<'v>, out: &mut Vec<u8>) -> Linked {
        let shown = values(self.shown);
        let mut scratch = String::new();
        let mut address = String::with_capacity(96);
        for part in &self.address {
            match part {
                AddressPart::Text(text) => address.push_str(text),
                AddressPart::Column(column) => {
                    scratch.clear();
                    if plain(values(*column), &mut scratch).is_none() {
                        return Linked::Nothing;
                    }
                    percent_encode(&scratch, &mut address);
                }
            }
        }
        scratch.clear();
        // Days and times are numbers in a cell, and their format shows them; in an address they are words.
        let Some(fit) = serial(shown, &mut scratch).or_else(|| plain(shown, &mut scratch)) else {
            return Linked::Nothing;
        };
        let (Some(address), Some(text)) = (literal(&address), literal(&scratch)) else {
            return Linked::Unfit;
        };
        // A number stays one, so that formats and totals go on as without the link.
        let (kind, label, value): (&[u8], &str, &str) = match fit {
            Fit::Number => (b"", &scratch, &scratch),
            Fit::Text | Fit::Nothing => (b" t=\"str\"", &text, &scratch),
        };
        out.extend_from_slice(kind);
        out.extend_from_slice(b"><f>HYPERLINK(");
        escape::write_text(&address, out);
        out.push(b',');
        escape::write_text(label, out);
        out.extend_from_slice(b")</f><v>");
        escape::write_text(value, out);
        out.extend_from_slice(b"</v></c>");
        Linked::Yes
    }
}

/// Appends a day or a time as the serial number that a cell holds; `None`: it is none, or none that Excel has.
fn serial(value: Value<'_>, out: &mut String) -> Option<Fit> {
    let mut digits = Vec::new();
    let fit = match value {
        Value::Date(v) => number::write_date(v, &mut digits),
        Value::Timestamp(v) => number::write_timestamp(v, &mut digits),
        Value::Time(v) => number::write_time(v, &mut digits),
        _ => return None,
    };
    (fit == Fit::Number).then(|| {
        out.extend(digits.iter().map(|b| char::from(*b)));
        fit
    })
}

/// Appends a value as it is without a number format, `Fit::Number` when the cell holds a number; `None`: no value.
fn plain(value: Value<'_>, out: &mut String) -> Option<Fit> {
    let mut digits = Vec::new();
    let fit = match value {
        Value::Null => return None,
        Value::Int(v) => number::write_int(v, &mut digits),
        Value::Decimal { mantissa, scale } => number::write_decimal(mantissa, scale, &mut digits),
        Value::Float(v) => number::write_float(v, &mut digits),
        Value::Bool(_) | Value::Text(_) | Value::Date(_) | Value::Timestamp(_) | Value::Time(_) => {
            NumberFormat::general().write(value, out);
            return (!out.is_empty()).then_some(Fit::Text);
        }
    };
    // The digits are ASCII; a formula has an exponent in capitals.
    out.extend(digits.iter().map(|b| char::from(b.to_ascii_uppercase())));
    (fit != Fit::Nothing).then_some(fit)
}

/// A text in quotes as a formula has it; `None` when it is too long for one, or needs an escape: readers differ on
/// whether formulas have any.
fn literal(text: &str) -> Option<String> {
    if escape::needs_code(text) {
        return None;
    }
    let quoted = text.replace('"', "\"\"");
    (quoted.encode_utf16().count() <= MAX_LITERAL).then(|| format!("\"{quoted}\""))
}

/// Appends `text` with everything but unreserved characters and `@` as `%HH` of its UTF-8.
fn percent_encode(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(shown: Value<'_>, key: Value<'_>) -> (Linked, String) {
        let link = Link {
            shown: 0,
            address: vec![
                AddressPart::Text("https://example.org/".to_owned()),
                AddressPart::Column(1),
            ],
        };
        let mut out = Vec::new();
        let linked = link.write(|column| [shown, key][column], &mut out);
        (linked, String::from_utf8(out).unwrap())
    }

    #[test]
    fn data_never_leaves_its_quotes() {
        let (linked, xml) = written(
            Value::Text("\"&HYPERLINK(\"x\")"),
            Value::Text("a/\"b\" é&"),
        );
        assert_eq!(linked, Linked::Yes);
        assert_eq!(
            xml,
            " t=\"str\"><f>HYPERLINK(\"https://example.org/a%2F%22b%22%20%C3%A9%26\",\
             \"\"\"&amp;HYPERLINK(\"\"x\"\")\")</f><v>\"&amp;HYPERLINK(\"x\")</v></c>"
        );
    }

    #[test]
    fn numbers_stay_numbers_and_long_ones_texts() {
        let (_, xml) = written(Value::Int(-7), Value::Int(12));
        assert_eq!(
            xml,
            "><f>HYPERLINK(\"https://example.org/12\",-7)</f><v>-7</v></c>"
        );
        let (_, xml) = written(Value::Int(1_234_567_890_123_456_789), Value::Int(1));
        assert!(xml.starts_with(" t=\"str\">") && xml.contains(",\"1234567890123456789\")"));
    }

    #[test]
    fn days_stay_numbers_in_the_cell_and_words_in_the_address() {
        let (_, xml) = written(Value::Date(19_723), Value::Date(19_723));
        assert_eq!(
            xml,
            "><f>HYPERLINK(\"https://example.org/2024-01-01\",45292)</f><v>45292</v></c>"
        );
        let (_, xml) = written(Value::Date(-30_000), Value::Int(1));
        assert!(xml.starts_with(" t=\"str\">"), "{xml}");
    }

    #[test]
    fn a_text_that_needs_an_escape_is_no_link() {
        for text in ["_x0041_", "a\u{1}b", "\u{fffe}"] {
            assert_eq!(written(Value::Text(text), Value::Int(1)).0, Linked::Unfit);
        }
    }

    #[test]
    fn what_has_no_value_or_is_too_long_is_no_link() {
        assert_eq!(written(Value::Null, Value::Int(1)).0, Linked::Nothing);
        assert_eq!(written(Value::Int(1), Value::Null).0, Linked::Nothing);
        let long = "x".repeat(236);
        assert_eq!(
            written(Value::Int(1), Value::Text(&long)),
            (Linked::Unfit, String::new())
        );
        assert_eq!(
            written(Value::Int(1), Value::Text(&long[..235])).0,
            Linked::Yes
        );
        assert_eq!(
            written(Value::Text(&"\"".repeat(128)), Value::Int(1)).0,
            Linked::Unfit
        );
    }
}
