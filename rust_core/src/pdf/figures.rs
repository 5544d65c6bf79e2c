//! Figures without the shaper: a font's digits and their company, once they are proved to be set one by one.
//!
//! Most cells of a ledger are numbers that never come again, so no cache helps them. A font may still treat digits
//! in context (Inter raises a colon between them), so the characters are tried on the shaper first, in every run of
//! three; those whose glyph or advance depends on more than the next character are left to the shaper.

use super::content::push_glyph;

/// The characters that are tried.
const TRIED: &[u8] = b"0123456789.,-+ ()%/:";

const NONE: u8 = u8::MAX;

/// A glyph as the shaper set it, font advances in em.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Set {
    /// Glyph id.
    pub glyph: u16,
    /// Advance, em.
    pub advance: f64,
    /// Whether it stands on the baseline where the pen was, and reads as its character.
    pub plain: bool,
}

/// Characters of one style whose setting depends on nothing but the next character.
#[derive(Debug)]
pub struct Figures {
    /// Number of a byte among those that are kept, or `NONE`.
    number: [u8; 128],
    glyphs: Vec<u16>,
    /// Advance by the font's own table, 1/1000 em: how far a PDF reader moves.
    widths: Vec<f64>,
    /// Advance before each next character, and at the end of the text, 1/1000 em.
    advances: Vec<f64>,
}

impl Figures {
    /// Tries the characters on `shape`, which sets a text character by character, or says that it did not.
    /// `width` is the font's own advance of a glyph, 1/1000 em.
    pub fn prove(
        mut shape: impl FnMut(&str) -> Option<Vec<Set>>,
        width: impl Fn(u16) -> f64,
    ) -> Self {
        let mut kept: Vec<u8> = TRIED
            .iter()
            .copied()
            .filter(|b| {
                shape(char::from(*b).encode_utf8(&mut [0; 4])).is_some_and(
                    |set| matches!(set.as_slice(), [one] if one.plain && one.glyph != 0),
                )
            })
            .collect();
        loop {
            let figures = Self::pairs(&kept, &mut shape, &width);
            match figures.and_then(|figures| figures.stands(&kept, &mut shape)) {
                Ok(figures) => return figures,
                Err(guilty) => kept.retain(|b| *b != guilty),
            }
        }
    }

    /// A table of these characters; the error is one that joins with another.
    fn pairs(
        kept: &[u8],
        shape: &mut impl FnMut(&str) -> Option<Vec<Set>>,
        width: &impl Fn(u16) -> f64,
    ) -> Result<Self, u8> {
        let count = kept.len();
        let mut figures = Self {
            number: [NONE; 128],
            glyphs: Vec::with_capacity(count),
            widths: Vec::with_capacity(count),
            advances: Vec::with_capacity(count * (count + 1)),
        };
        let mut text = String::new();
        for (n, &a) in kept.iter().enumerate() {
            text.clear();
            text.push(char::from(a));
            let alone = shape(&text).and_then(|set| set.first().copied()).ok_or(a)?;
            figures.number[usize::from(a)] = n as u8;
            figures.glyphs.push(alone.glyph);
            figures.widths.push(width(alone.glyph));
            for &b in kept {
                text.truncate(1);
                text.push(char::from(b));
                let set = shape(&text).ok_or(blame(a, b))?;
                figures.advances.push(set[0].advance * 1000.0);
            }
            figures.advances.push(alone.advance * 1000.0);
        }
        Ok(figures)
    }

    /// Itself, when every run of three characters is set as the table says; the error is one that is not.
    fn stands(
        self,
        kept: &[u8],
        shape: &mut impl FnMut(&str) -> Option<Vec<Set>>,
    ) -> Result<Self, u8> {
        let mut text = String::new();
        for &a in kept {
            text.clear();
            for &b in kept {
                for &c in kept {
                    text.extend([a, b, c].map(char::from));
                }
            }
            let set = shape(&text).ok_or(a)?;
            let bytes = text.as_bytes();
            for (i, one) in set.iter().enumerate() {
                let n = usize::from(self.number[usize::from(bytes[i])]);
                let advance = self.advance(n, bytes.get(i + 1).copied());
                if one.glyph != self.glyphs[n]
                    || !one.plain
                    || (one.advance * 1000.0 - advance).abs() > 1e-6
                {
                    let neighbours = [i.wrapping_sub(1), i, i + 1]
                        .map(|at| bytes.get(at).copied().unwrap_or(bytes[i]));
                    return Err(neighbours.into_iter().reduce(blame).unwrap_or(bytes[i]));
                }
            }
        }
        Ok(self)
    }

    fn advance(&self, n: usize, next: Option<u8>) -> f64 {
        let row = self.glyphs.len() + 1;
        let column = next.map_or(row - 1, |b| usize::from(self.number[usize::from(b)]));
        self.advances[n * row + column]
    }

    /// Whether `text` is made of these characters only.
    pub fn cover(&self, text: &str) -> bool {
        text.bytes()
            .all(|b| b < 128 && self.number[usize::from(b)] != NONE)
    }

    /// Writes the operand and operator that show `text`, which must be covered; returns its width in em.
    /// `used` gets a bit for each character.
    pub fn set(&self, text: &str, show: &mut Vec<u8>, used: &mut u128) -> f64 {
        let bytes = text.as_bytes();
        write_show(
            bytes.iter().enumerate().map(|(i, b)| {
                let n = usize::from(self.number[usize::from(*b)]);
                *used |= 1 << b;
                let advance = self.advance(n, bytes.get(i + 1).copied());
                (self.glyphs[n], self.widths[n], advance)
            }),
            show,
        )
    }

    /// Width of `text`, which must be covered, in em.
    pub fn width(&self, text: &str) -> f64 {
        let bytes = text.as_bytes();
        let advances = bytes.iter().enumerate().map(|(i, b)| {
            let n = usize::from(self.number[usize::from(*b)]);
            self.advance(n, bytes.get(i + 1).copied())
        });
        advances.sum::<f64>() / 1000.0
    }

    /// The characters of `used` and their glyphs.
    pub fn glyphs(&self, used: u128) -> impl Iterator<Item = (char, u16)> {
        (0..128u8).filter(move |b| used >> b & 1 == 1).map(|b| {
            let n = usize::from(self.number[usize::from(b)]);
            (char::from(b), self.glyphs[n])
        })
    }
}

/// Writes the operand and operator that show these glyphs: id, advance by the font's own table, and advance that is
/// wanted, 1/1000 em. Returns the width in em.
pub fn write_show(glyphs: impl Iterator<Item = (u16, f64, f64)>, show: &mut Vec<u8>) -> f64 {
    show.clear();
    show.extend_from_slice(b"[(");
    let (mut at, mut pen, mut adjusted) = (0.0_f64, 0.0_f64, false);
    for (glyph, width, advance) in glyphs {
        let back = (pen - at).round();
        if back != 0.0 {
            show.push(b')');
            show.extend_from_slice(itoa::Buffer::new().format(back as i64).as_bytes());
            show.push(b'(');
            adjusted = true;
            pen -= back;
        }
        push_glyph(show, glyph);
        pen += width;
        at += advance;
    }
    if adjusted {
        show.extend_from_slice(b")]TJ");
    } else {
        show.extend_from_slice(b")Tj");
        show.remove(0);
    }
    at / 1000.0
}

/// Of two characters that do not stand alone, the one to leave to the shaper: figures are kept longest.
fn blame(a: u8, b: u8) -> u8 {
    let rank = |b: u8| TRIED.iter().position(|t| *t == b);
    if rank(b) > rank(a) { b } else { a }
}
