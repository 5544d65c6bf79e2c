//! Lines that end in an ellipsis, as Pango makes them (`_pango_layout_line_ellipsize`).

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Shaper;
use super::items::{Item, combines, items};
use super::line::{Glyph, Line};
use crate::error::Result;

impl Shaper<'_> {
    /// The line that is left of `text` in `width` em: its beginning and an ellipsis, which takes the room that is
    /// left. The text must be wider.
    ///
    /// # Errors
    /// As [`Shaper::line`].
    pub fn shortened(&mut self, style: usize, text: &str, width: f64) -> Result<Line> {
        let mut pieces = self.pieces(style, text)?;
        let mut advances: BTreeMap<usize, f64> = BTreeMap::new();
        for glyph in pieces.iter().flat_map(|(_, glyphs)| glyphs) {
            *advances.entry(glyph.cluster).or_default() += glyph.advance;
        }
        let mut before: f64 = advances.values().sum();
        let (mut cut, mut mark) = (text.len(), self.ellipsis(style, false)?);
        for (start, advance) in advances.into_iter().rev() {
            before -= advance;
            let Some(first) = text[start..].chars().next().filter(|c| !combines(*c)) else {
                continue;
            };
            (cut, mark) = (start, self.ellipsis(style, is_wide(first))?);
            if before + mark.width <= width {
                break;
            }
        }
        let level = pieces.iter().filter(|(item, _)| item.text.end > cut);
        let level = level.map(|(item, _)| item.level).min();
        pieces.retain(|(item, _)| item.text.start < cut);
        if let Some((item, glyphs)) = pieces.last_mut() {
            item.text.end = item.text.end.min(cut);
            glyphs.retain(|glyph| glyph.cluster < cut);
        }
        let shown = format!("{}{}", &text[..cut], mark.text);
        let spare = (width - before - mark.width).max(0.0);
        let glyphs = mark.glyphs.iter().enumerate().map(|(i, glyph)| Glyph {
            cluster: cut + glyph.cluster,
            advance: glyph.advance
                + if i + 1 == mark.glyphs.len() {
                    spare
                } else {
                    0.0
                },
            ..*glyph
        });
        let mut item = mark.item.clone();
        item.text = cut..shown.len();
        item.level = level.unwrap_or(item.level);
        pieces.push((item, glyphs.collect()));
        Ok(self.lay(&shown, &pieces))
    }

    /// The ellipsis of the style's own font, else three dots; in Chinese text it stands in the middle of the line.
    fn ellipsis(&mut self, style: usize, wide: bool) -> Result<Rc<Ellipsis>> {
        if let Some(known) = self.ellipses.get(&(style, wide)) {
            return Ok(Rc::clone(known));
        }
        let face = self.styles[style].face;
        let mark = if wide { '\u{22EF}' } else { '\u{2026}' };
        let text = match self.fonts.file_of(face).has(mark) {
            true => mark.to_string(),
            false => "...".to_owned(),
        };
        let mut items = items(self.fonts, face, &text);
        let item = items.swap_remove(0);
        let glyphs = self.glyphs(&text, &item, 0.0)?;
        let made = Rc::new(Ellipsis {
            width: glyphs.iter().map(|glyph| glyph.advance).sum(),
            text,
            item,
            glyphs,
        });
        self.ellipses.insert((style, wide), Rc::clone(&made));
        Ok(made)
    }
}

/// A shaped ellipsis.
pub struct Ellipsis {
    text: String,
    item: Item,
    glyphs: Vec<Glyph>,
    width: f64,
}

/// Whether `c` is as wide as a Chinese character (`g_unichar_iswide`, UAX #11 W and F).
fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{303E}' | '\u{3041}'..='\u{A4CF}' | '\u{A960}'..='\u{A97C}'
        | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE6F}' | '\u{FF01}'..='\u{FF60}'
        | '\u{FFE0}'..='\u{FFE6}' | '\u{1F300}'..='\u{1F64F}' | '\u{1F900}'..='\u{1F9FF}' | '\u{20000}'..='\u{3FFFD}')
}

#[cfg(test)]
mod tests {
    use super::super::Style;
    use super::super::installed::with_fallback;
    use super::*;

    #[test]
    fn a_shortened_line_takes_its_room_and_says_that_something_is_missing() {
        let (fonts, styles) = (with_fallback(), [Style::new(0, 0.0)]);
        let mut shaper = Shaper::new(&fonts, &styles);
        let dots = shaper.width(0, "\u{2026}").expect("a font that shapes");
        let kept = shaper.width(0, "office").expect("a font that shapes");
        let line = |shaper: &mut Shaper<'_>, width: f64| {
            let line = shaper.shortened(0, "office affairs", width);
            line.expect("a font that shapes")
        };
        let fits = line(&mut shaper, kept + dots + 0.1);
        assert!((fits.width - (kept + dots + 0.1)).abs() < 1e-9);
        let expected = shaper.line(0, "office").expect("a font that shapes");
        assert_eq!(fits.runs[0].show, expected.runs[0].show);
        // There is no room for a letter, nor for the ellipsis: it stands by itself.
        let alone = line(&mut shaper, 0.2);
        assert_eq!(alone.runs.len(), 1);
        assert!((alone.width - dots).abs() < 1e-9);
    }

    #[test]
    fn letters_of_a_ligature_and_marks_go_together() {
        let (fonts, styles) = (with_fallback(), [Style::new(0, 0.0)]);
        let mut shaper = Shaper::new(&fonts, &styles);
        let dots = shaper.width(0, "\u{2026}").expect("a font that shapes");
        for (text, kept) in [("offing", "o"), ("oa\u{354}x", "o")] {
            let kept = shaper.line(0, kept).expect("a font that shapes");
            let line = shaper.shortened(0, text, kept.width + dots + 0.35);
            let line = line.expect("a font that shapes");
            assert_eq!(line.runs[0].show, kept.runs[0].show, "{text}");
            assert_eq!(line.runs.len(), 2, "{text}");
        }
    }
}
