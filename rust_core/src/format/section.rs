//! One section of a code: for which values it is, in which colour, and what it prints.

use std::cmp::Ordering;

use super::date::{self, DateBody};
use super::digits::serial;
use super::general;
use super::number::NumberBody;
use crate::value::Value;

/// One of the parts between the semicolons.
#[derive(Debug, Clone)]
pub struct Section {
    /// `[>=100]`.
    pub condition: Option<Condition>,
    /// `[Red]`.
    pub color: Option<[u8; 3]>,
    /// What it prints.
    pub body: Body,
}

/// `[>=100]`: the section is for values that stand so to the limit.
#[derive(Debug, Clone, Copy)]
pub struct Condition {
    /// How.
    pub comparison: Comparison,
    /// To what.
    pub limit: f64,
}

/// The comparisons of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
}

impl Condition {
    fn holds(self, value: f64) -> bool {
        match self.comparison {
            Comparison::Less => value < self.limit,
            Comparison::LessOrEqual => value <= self.limit,
            Comparison::Equal => value == self.limit,
            Comparison::NotEqual => value != self.limit,
            Comparison::GreaterOrEqual => value >= self.limit,
            Comparison::Greater => value > self.limit,
        }
    }

    /// Whether only values below zero (and zero) meet it.
    fn only_negative(self) -> bool {
        match self.comparison {
            Comparison::Less | Comparison::LessOrEqual => self.limit <= 0.0,
            Comparison::Equal => self.limit < 0.0,
            _ => false,
        }
    }

    /// Whether all values above zero meet it.
    fn takes_positive(self) -> bool {
        match self.comparison {
            Comparison::Greater | Comparison::GreaterOrEqual => self.limit <= 0.0,
            _ => false,
        }
    }
}

/// What a section prints.
#[derive(Debug, Clone)]
pub enum Body {
    /// `General` alone.
    General,
    /// `General` with texts around it.
    GeneralWith(String, String),
    /// Digits.
    Number(NumberBody),
    /// Parts of a date or time.
    Date(DateBody),
    /// Nothing but this text.
    Literal(String),
    /// `@` alone.
    PlainText,
    /// The pieces around each `@`.
    Text(Vec<String>),
}

impl Section {
    /// `General`.
    pub fn general() -> Self {
        Self {
            condition: None,
            color: None,
            body: Body::General,
        }
    }

    /// Appends a number; with `signed` one below zero gets its minus.
    pub fn write(&self, value: Value<'_>, signed: bool, out: &mut String) {
        let minus = signed && below_zero(value);
        match &self.body {
            Body::General if !signed => general::write_unsigned(value, out),
            Body::General | Body::PlainText => general::write(value, out),
            Body::GeneralWith(before, after) => {
                if minus {
                    out.push('-');
                }
                out.push_str(before);
                match value {
                    Value::Date(_) | Value::Timestamp(_) | Value::Time(_) => {
                        general::write(value, out);
                    }
                    _ => general::write_unsigned(value, out),
                }
                out.push_str(after);
            }
            Body::Number(body) => body.write(value, minus, out),
            Body::Date(body) => body.write(value, out),
            Body::Literal(text) => {
                if minus {
                    out.push('-');
                }
                out.push_str(text);
            }
            Body::Text(_) => {
                let mut text = String::new();
                general::write(value, &mut text);
                self.write_text(&text, out);
            }
        }
    }

    /// Appends a text.
    pub fn write_text(&self, text: &str, out: &mut String) {
        match &self.body {
            Body::Text(pieces) => {
                for (i, piece) in pieces.iter().enumerate() {
                    if i > 0 {
                        out.push_str(text);
                    }
                    out.push_str(piece);
                }
            }
            Body::Literal(literal) => out.push_str(literal),
            _ => out.push_str(text),
        }
    }
}

/// The section for a number, and whether it shows the minus of one below zero itself.
pub fn choose<'a>(sections: &'a [Section], value: Value<'_>) -> Option<(&'a Section, bool)> {
    let first = sections.first()?;
    if sections.len() == 1 && first.condition.is_none() {
        return Some((first, true));
    }
    if sections.iter().all(|s| s.condition.is_none()) {
        return Some(match (sign(value), sections) {
            (Ordering::Less, [_, negative, ..]) => (negative, false),
            (Ordering::Equal, [_, _, zero, ..]) => (zero, true),
            _ => (first, true),
        });
    }
    let number = serial(value)?;
    let mut positive_gone = false;
    for (i, section) in sections.iter().enumerate() {
        let holds = match section.condition {
            Some(condition) => condition.holds(number),
            // Without one, the first section is for what is above zero when the second has a condition.
            None if i == 0 => number > 0.0,
            // With a third section after it, the second is for what is below zero.
            None if i == 1 && sections.len() > 2 => number < 0.0,
            None => true,
        };
        let negative_only = section.condition.is_some_and(Condition::only_negative)
            || section.condition.is_none() && i > 0 && positive_gone;
        if holds {
            return Some((section, !negative_only));
        }
        positive_gone |= match section.condition {
            Some(condition) => condition.takes_positive(),
            None => i == 0,
        };
    }
    None
}

fn sign(value: Value<'_>) -> Ordering {
    match value {
        Value::Int(v) | Value::Decimal { mantissa: v, .. } => v.cmp(&0),
        Value::Float(v) => v.partial_cmp(&0.0).unwrap_or(Ordering::Equal),
        other => serial(other)
            .and_then(|v| v.partial_cmp(&0.0))
            .unwrap_or(Ordering::Equal),
    }
}

fn below_zero(value: Value<'_>) -> bool {
    !date::is_moment(value) && sign(value) == Ordering::Less
}
