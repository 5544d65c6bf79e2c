//! Sections of digits: `#,##0.00`, `0%`, `0.00E+00`, `000-00-0000`.

use super::digits::Digits;
use crate::value::Value;

/// One piece of a section of digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text as it is.
    Literal(String),
    /// `0`, `#` or `?`.
    Digit(char),
    /// The decimal point.
    Point,
    /// `E+00` (sign always) or `E-00`; digits of the exponent follow as [`Piece::Digit`].
    Exponent {
        /// `E+`.
        plus: bool,
        /// Least number of digits.
        width: usize,
    },
}

/// A section that prints digits.
#[derive(Debug, Clone)]
pub struct NumberBody {
    pieces: Vec<Piece>,
    /// Thousands are separated.
    group: bool,
    /// Powers of ten that `%` and trailing commas ask for.
    shift: i32,
    /// Digit places before the point.
    whole: usize,
    /// Digit places after it.
    decimals: usize,
    exponent: bool,
    simple: Option<Simple>,
}

/// The usual shape: text, one run of digits with a fixed number of decimals, text.
#[derive(Debug, Clone)]
struct Simple {
    before: String,
    /// Least digits before the point.
    least: usize,
    after: String,
}

impl NumberBody {
    /// A section of these pieces.
    pub fn new(pieces: Vec<Piece>, group: bool, shift: i32) -> Self {
        let point = pieces.iter().position(|p| *p == Piece::Point);
        let exponent = pieces
            .iter()
            .position(|p| matches!(p, Piece::Exponent { .. }));
        let digits = |pieces: &[Piece]| {
            pieces
                .iter()
                .filter(|p| matches!(p, Piece::Digit(_)))
                .count()
        };
        let end = exponent.unwrap_or(pieces.len());
        let whole = digits(&pieces[..point.unwrap_or(end).min(end)]);
        let decimals = point.map_or(0, |at| digits(&pieces[at.min(end)..end]));
        let simple = if exponent.is_none() {
            Simple::new(&pieces, decimals)
        } else {
            None
        };
        Self {
            pieces,
            group,
            shift,
            whole,
            decimals,
            exponent: exponent.is_some(),
            simple,
        }
    }

    /// Appends a number; `minus` puts a sign before everything.
    pub fn write(&self, value: Value<'_>, minus: bool, out: &mut String) {
        let mut digits = Digits::new(value);
        digits.shift(self.shift);
        if minus {
            out.push('-');
        }
        if self.exponent {
            let exponent = self.normalise(&mut digits);
            self.write_pieces(&digits, exponent, out);
            return;
        }
        digits.round(self.decimals as i32);
        match &self.simple {
            Some(simple) => self.write_simple(simple, &digits, out),
            None => self.write_pieces(&digits, 0, out),
        }
    }

    /// Brings the number between 1 and 10 (or 1000, for three places before the point) and rounds it.
    fn normalise(&self, digits: &mut Digits) -> i32 {
        if digits.is_zero() {
            return 0;
        }
        let step = self.whole.max(1) as i32;
        let mut exponent = (digits.point - 1).div_euclid(step) * step;
        let mut rounded = *digits;
        rounded.shift(-exponent);
        rounded.round(self.decimals as i32);
        if rounded.point > step {
            // 9.99 was rounded to 10.0.
            exponent += step;
            rounded = *digits;
            rounded.shift(-exponent);
            rounded.round(self.decimals as i32);
        }
        *digits = rounded;
        exponent
    }

    fn write_simple(&self, simple: &Simple, digits: &Digits, out: &mut String) {
        out.push_str(&simple.before);
        let places = digits.whole_len().max(simple.least);
        for place in (0..places as i32).rev() {
            out.push(char::from(digits.at(place)));
            if self.group && place > 0 && place % 3 == 0 {
                out.push(',');
            }
        }
        if self.decimals > 0 {
            out.push('.');
            for place in 1..=self.decimals as i32 {
                out.push(char::from(digits.at(-place)));
            }
        }
        out.push_str(&simple.after);
    }

    fn write_pieces(&self, digits: &Digits, exponent: i32, out: &mut String) {
        let have = digits.whole_len() as i32;
        let last_decimal = digits.len() as i32 - digits.point;
        let mut place = self.whole as i32;
        let mut after_point = false;
        let mut after_exponent = false;
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Point => {
                    if self.whole == 0 {
                        // `.00` prints 0.5 as `.50` and 12.5 as `12.50`.
                        for place in (0..have).rev() {
                            self.write_digit(digits.at(place), place, out);
                        }
                    }
                    out.push('.');
                    after_point = true;
                    place = 0;
                }
                Piece::Exponent { plus, width } => {
                    after_exponent = true;
                    out.push('E');
                    if exponent < 0 {
                        out.push('-');
                    } else if *plus {
                        out.push('+');
                    }
                    let mut buffer = itoa::Buffer::new();
                    let text = buffer.format(exponent.abs());
                    for _ in text.len()..*width {
                        out.push('0');
                    }
                    out.push_str(text);
                }
                Piece::Digit(_) if after_exponent => {}
                Piece::Digit(kind) if after_point => {
                    place -= 1;
                    if *kind == '0' || -place <= last_decimal {
                        out.push(char::from(digits.at(place)));
                    } else if *kind == '?' {
                        out.push(' ');
                    }
                }
                Piece::Digit(kind) => {
                    if place == self.whole as i32 {
                        for extra in (self.whole as i32..have).rev() {
                            self.write_digit(digits.at(extra), extra, out);
                        }
                    }
                    place -= 1;
                    if place < have || *kind == '0' {
                        self.write_digit(digits.at(place), place, out);
                    } else if *kind == '?' {
                        out.push(' ');
                        if self.group && place > 0 && place % 3 == 0 {
                            out.push(' ');
                        }
                    }
                }
            }
        }
    }

    fn write_digit(&self, digit: u8, place: i32, out: &mut String) {
        out.push(char::from(digit));
        if self.group && place > 0 && place % 3 == 0 {
            out.push(',');
        }
    }
}

impl Simple {
    fn new(pieces: &[Piece], decimals: usize) -> Option<Self> {
        let literal = |pieces: &[Piece]| -> Option<String> {
            let mut text = String::new();
            for piece in pieces {
                match piece {
                    Piece::Literal(t) => text.push_str(t),
                    _ => return None,
                }
            }
            Some(text)
        };
        let is_literal = |p: &Piece| matches!(p, Piece::Literal(_));
        let start = pieces.iter().position(|p| !is_literal(p))?;
        let end = pieces.iter().rposition(|p| !is_literal(p))? + 1;
        let run = &pieces[start..end];
        let whole_end = run
            .iter()
            .position(|p| *p == Piece::Point)
            .unwrap_or(run.len());
        let (whole, fraction) = run.split_at(whole_end);
        let optional = whole
            .iter()
            .take_while(|p| **p == Piece::Digit('#'))
            .count();
        let fixed = |pieces: &[Piece]| pieces.iter().all(|p| *p == Piece::Digit('0'));
        // A point needs its decimals here: `0.` is left to the general way.
        let fraction_fits = fraction.is_empty() || decimals > 0 && fixed(&fraction[1..]);
        if whole.is_empty() || !fixed(&whole[optional..]) || !fraction_fits {
            return None;
        }
        Some(Self {
            before: literal(&pieces[..start])?,
            least: whole.len() - optional,
            after: literal(&pieces[end..])?,
        })
    }
}
