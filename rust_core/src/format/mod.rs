//! Excel number-format codes (ECMA-376 Part 1 §18.8.31) turned into text, for both outputs.

use crate::error::Result;
use crate::value::Value;

/// A parsed format code.
#[derive(Debug, Clone)]
pub struct NumberFormat {
    code: String,
}

impl NumberFormat {
    /// Parses `code`; empty means `General`.
    ///
    /// # Errors
    /// [`crate::error::Error::Plan`] that names the code and the place in it.
    pub fn parse(code: &str) -> Result<Self> {
        Ok(Self {
            code: code.to_owned(),
        })
    }

    /// The format of a cell that was given none.
    pub fn general() -> Self {
        Self {
            code: String::new(),
        }
    }

    /// Whether text stands as it is and numbers as their type prints them.
    pub fn is_general(&self) -> bool {
        self.code.is_empty() || self.code.eq_ignore_ascii_case("general") || self.code == "@"
    }

    /// Appends `value` as text to `out`; a null appends nothing.
    pub fn write(&self, value: Value<'_>, out: &mut String) {
        let _ = (&self.code, value, out);
    }

    /// The colour that the code asks for this value (`[Red]`), as RGB.
    pub fn color(&self, value: Value<'_>) -> Option<[u8; 3]> {
        let _ = value;
        None
    }
}
