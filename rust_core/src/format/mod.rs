//! Excel number-format codes (ECMA-376 Part 1 §18.8.31) turned into text, for both outputs.
//!
//! ```text
//! [Red][<=100]#,##0.00 "EUR" ; -0.00 ; "none" ; @
//! positive                     negative  zero    text
//! ```

mod code;
mod date;
mod digits;
mod general;
mod number;
mod section;

use crate::error::Result;
use crate::value::Value;
use section::{Body, Section};

/// A parsed format code.
#[derive(Debug, Clone)]
pub struct NumberFormat {
    /// In the order of the code; the text section, if there is one, is kept apart.
    sections: Vec<Section>,
    text: Option<Section>,
}

impl NumberFormat {
    /// Parses `code`; empty means `General`.
    ///
    /// # Errors
    /// [`crate::error::Error::Plan`] that names the code and the place in it.
    pub fn parse(code: &str) -> Result<Self> {
        if code.is_empty() {
            return Ok(Self::general());
        }
        let (sections, text) = code::parse(code)?;
        Ok(Self { sections, text })
    }

    /// The format of a cell that was given none.
    pub fn general() -> Self {
        Self {
            sections: vec![Section::general()],
            text: None,
        }
    }

    /// Whether text stands as it is and numbers as their type prints them.
    pub fn is_general(&self) -> bool {
        let plain = |s: &Section| {
            matches!(s.body, Body::General | Body::PlainText)
                && s.color.is_none()
                && s.condition.is_none()
        };
        self.sections.len() == 1 && self.sections.iter().chain(&self.text).all(plain)
    }

    /// Whether text stands as it is.
    pub fn keeps_text(&self) -> bool {
        self.text
            .as_ref()
            .is_none_or(|s| matches!(s.body, Body::PlainText))
    }

    /// Whether the code prints numbers as dates or times.
    pub fn is_date(&self) -> bool {
        self.sections
            .iter()
            .any(|s| matches!(s.body, Body::Date(_)))
    }

    /// Appends `value` as text to `out`; a null appends nothing.
    ///
    /// Halves are rounded away from zero, floats from the shortest digits that stand for them. Dates print
    /// as ISO 8601 under `General`, and as their serial number under a code for numbers. What Excel has no
    /// number for prints as Excel's `#NUM!`.
    pub fn write(&self, value: Value<'_>, out: &mut String) {
        match value {
            Value::Null => {}
            Value::Bool(v) => out.push_str(if v { "TRUE" } else { "FALSE" }),
            Value::Text(text) => match &self.text {
                Some(section) => section.write_text(text, out),
                None => out.push_str(text),
            },
            Value::Float(v) if !v.is_finite() => out.push_str("#NUM!"),
            _ => match section::choose(&self.sections, value) {
                Some((section, signed)) => section.write(value, signed, out),
                // No condition holds: Excel fills the cell with this.
                None => out.push_str("########"),
            },
        }
    }

    /// The colour that the code asks for this value (`[Red]`), as RGB.
    pub fn color(&self, value: Value<'_>) -> Option<[u8; 3]> {
        match value {
            Value::Null | Value::Bool(_) => None,
            Value::Text(_) => self.text.as_ref()?.color,
            Value::Float(v) if !v.is_finite() => None,
            _ => section::choose(&self.sections, value)?.0.color,
        }
    }
}

#[cfg(test)]
mod tests;
