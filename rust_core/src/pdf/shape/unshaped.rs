//! Text that needs no shaper: figures, and Latin letters that a font sets one by one.

use std::collections::BTreeSet;

use harfrust::Script;
use unicode_bidi::Level;

use super::super::figures::{Figures, Set, write_show};
use super::super::latin::{self, Latin, SLOTS};
use super::{Glyph, Item, Shaper, Style, items};
use crate::error::Result;

/// Latin characters of one style as this thread has met them.
#[derive(Debug, Default)]
pub struct Pairs {
    /// Texts that were shaped before it seemed worth while to prove the font.
    shaped: u32,
    /// Advance of a slot before each other slot, and at the end of the text, 1/1000 em; NaN where nobody asked yet,
    /// infinite where the shaper does something else.
    advances: Vec<f64>,
    /// Slots that were drawn.
    pub used: BTreeSet<u16>,
    /// Which slots are in `used`.
    seen: Vec<bool>,
}

/// Texts of a style that are shaped before the font is proved: it costs as much as some dozens of them.
const UNPROVED: u32 = 20;

impl<'f> Shaper<'f> {
    /// Writes to `show` the operand and operator that show `text`, when the shaper is not needed for it; returns its
    /// width in em.
    pub fn set(&mut self, style: usize, text: &str, show: &mut Vec<u8>) -> Option<f64> {
        let figures = self.figures(style);
        if figures.cover(text) {
            return Some(figures.set(text, show, &mut self.figures[style]));
        }
        let latin = self.latin(style, text)?;
        let Pairs {
            advances,
            used,
            seen,
            ..
        } = &mut self.pairs[style];
        let slots = &self.slots;
        Some(write_show(
            slots.iter().enumerate().map(|(i, slot)| {
                if !std::mem::replace(&mut seen[usize::from(*slot)], true) {
                    used.insert(*slot);
                }
                let (glyph, width) = latin.glyph(*slot);
                (glyph, width, advances[pair(*slot, slots.get(i + 1))])
            }),
            show,
        ))
    }

    /// Width of `text` on one line, em.
    ///
    /// # Errors
    /// As [`Shaper::line`].
    pub fn width(&mut self, style: usize, text: &str) -> Result<f64> {
        let figures = self.figures(style);
        if figures.cover(text) {
            return Ok(figures.width(text));
        }
        match self.latin(style, text) {
            Some(_) => Ok(self.advances(style).sum()),
            None => Ok(self.line(style, text)?.width),
        }
    }

    /// Advances of the slots of the text that [`Shaper::latin`] has taken, em.
    pub fn advances(&self, style: usize) -> impl Iterator<Item = f64> {
        let advances = &self.pairs[style].advances;
        let next = |i: usize| self.slots.get(i + 1);
        let slots = self.slots.iter().enumerate();
        slots.map(move |(i, slot)| advances[pair(*slot, next(i))] / 1000.0)
    }

    /// The table for `text`, whose slots and pairs are known then; `None` when the shaper must set it.
    pub fn latin(&mut self, style: usize, text: &str) -> Option<&'f Latin> {
        let styles = self.styles;
        let pairs = &mut self.pairs[style];
        if pairs.advances.is_empty() {
            pairs.shaped += 1;
            if pairs.shaped < UNPROVED {
                return None;
            }
            pairs.advances = vec![f64::NAN; SLOTS * (SLOTS + 1)];
            pairs.seen = vec![false; SLOTS];
        }
        let Style { face, latin, .. } = &styles[style];
        let (file, features) = (self.fonts.file_of(*face), &self.fonts.faces[*face].features);
        let latin = match latin.get() {
            Some(latin) => latin,
            None => {
                let proved = Latin::prove(file, features, |c| self.alone(style, c));
                latin.get_or_init(|| proved)
            }
        };
        let mut slots = std::mem::take(&mut self.slots);
        let mut covered = latin.cover(text, file.ascii, &mut slots);
        for (i, slot) in slots.iter().enumerate() {
            if !covered {
                break;
            }
            let next = slots.get(i + 1);
            let at = pair(*slot, next);
            if self.pairs[style].advances[at].is_nan() {
                let advance = self.trial_pair(style, latin, *slot, next.copied());
                self.pairs[style].advances[at] = advance.unwrap_or(f64::INFINITY);
            }
            covered = self.pairs[style].advances[at].is_finite();
        }
        self.slots = slots;
        covered.then_some(latin)
    }

    /// The glyph that the shaper makes of `c` in a Latin text; `None` when it makes several or moves it.
    fn alone(&mut self, style: usize, c: char) -> Option<u16> {
        let glyphs = self.latin_glyphs(style, &c.to_string())?;
        match glyphs.as_slice() {
            [one] if one.id != 0 && one.x == 0.0 && one.y == 0.0 => Some(one.id),
            _ => None,
        }
    }

    fn latin_glyphs(&mut self, style: usize, text: &str) -> Option<Vec<Glyph>> {
        let Style { face, spacing, .. } = self.styles[style];
        let item = Item {
            text: 0..text.len(),
            face,
            script: Some(Script::LATIN),
            level: Level::ltr(),
        };
        self.glyphs(text, &item, spacing).ok()
    }

    /// How far the shaper moves after a character before the next one, 1/1000 em; `None` when it does more than that.
    fn trial_pair(
        &mut self,
        style: usize,
        latin: &Latin,
        slot: u16,
        next: Option<u16>,
    ) -> Option<f64> {
        let slots = [Some(slot), next];
        let text: String = slots
            .iter()
            .flatten()
            .map(|s| latin::character(usize::from(*s)))
            .collect();
        let glyphs = self.latin_glyphs(style, &text)?;
        let expected = slots.iter().flatten().zip(text.char_indices());
        let plain = glyphs.len() == expected.clone().count()
            && glyphs
                .iter()
                .zip(expected)
                .all(|(glyph, (slot, (start, _)))| {
                    glyph.id == latin.glyph(*slot).0
                        && glyph.cluster == start
                        && glyph.x == 0.0
                        && glyph.y == 0.0
                });
        plain.then(|| glyphs[0].advance * 1000.0)
    }

    /// What is set as figures, proved at the first call.
    fn figures(&mut self, style: usize) -> &'f Figures {
        let styles = self.styles;
        match styles[style].figures.get() {
            Some(figures) => figures,
            None => {
                let widths = &self.fonts.file_of(styles[style].face).widths;
                let width = |g: u16| widths.get(usize::from(g)).copied().map_or(0.0, f64::from);
                let proved = Figures::prove(|text| self.trial(style, text), width);
                styles[style].figures.get_or_init(|| proved)
            }
        }
    }

    /// The glyphs of an ASCII text, one for each character; `None` when some were joined, split or refused.
    fn trial(&mut self, style: usize, text: &str) -> Option<Vec<Set>> {
        let Style { face, spacing, .. } = self.styles[style];
        let items = items(self.fonts, face, text);
        let [item] = items.as_slice() else {
            return None;
        };
        let glyphs = self.glyphs(text, item, spacing).ok()?;
        let unicode = &self.fonts.file_of(face).unicode;
        let one_by_one =
            glyphs.len() == text.len() && glyphs.iter().enumerate().all(|(i, g)| g.cluster == i);
        one_by_one.then(|| {
            glyphs
                .iter()
                .zip(text.chars())
                .map(|(glyph, c)| {
                    let heard = unicode.get(usize::from(glyph.id)).copied().unwrap_or('\0');
                    Set {
                        glyph: glyph.id,
                        advance: glyph.advance,
                        plain: item.face == face
                            && glyph.x == 0.0
                            && glyph.y == 0.0
                            && (heard == c || heard == '\0'),
                    }
                })
                .collect()
        })
    }
}

/// Place of a slot's advance before the next one, or at the end of the text.
#[inline]
fn pair(slot: u16, next: Option<&u16>) -> usize {
    usize::from(slot) * (SLOTS + 1) + next.map_or(SLOTS, |next| usize::from(*next))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::fonts::Fonts;
    use super::super::installed::installed;
    use super::*;

    const FAMILIES: [&str; 5] = [
        "Inter",
        "DejaVu Sans",
        "Noto Sans",
        "Noto Serif",
        "DejaVu Serif",
    ];

    /// Each family as it is, and with tabular figures.
    fn fonts() -> &'static Fonts {
        static FONTS: std::sync::OnceLock<Fonts> = std::sync::OnceLock::new();
        FONTS.get_or_init(load)
    }

    fn load() -> Fonts {
        let plain = FAMILIES.iter().map(|family| installed(family, &[]));
        let tabular = FAMILIES
            .iter()
            .map(|family| installed(family, &[("tnum", 1), ("case", 1)]));
        Fonts::load(&plain.chain(tabular).collect::<Vec<_>>()).expect("fonts that are installed")
    }

    fn styles(spacing: f64) -> Vec<Style> {
        (0..2 * FAMILIES.len())
            .map(|face| Style::new(face, spacing))
            .collect()
    }

    fn ready<'f>(fonts: &'f Fonts, styles: &'f [Style]) -> Shaper<'f> {
        let mut shaper = Shaper::new(fonts, styles);
        for pairs in &mut shaper.pairs {
            pairs.shaped = UNPROVED;
        }
        shaper
    }

    #[test]
    fn most_of_a_usual_ledger_needs_no_shaper() {
        let (fonts, styles) = (fonts(), styles(0.0));
        let mut shaper = ready(fonts, &styles);
        for (style, family) in FAMILIES.iter().chain(&FAMILIES).enumerate() {
            for text in [
                "Order 3C1734, document 00000031",
                "Dąbrowski Garden Centre",
                "Weiß & Cie",
                "Łódź, Zürich.",
            ] {
                assert!(shaper.latin(style, text).is_some(), "{family}: {text}");
            }
            assert!(
                shaper.latin(style, "日本").is_none() && shaper.latin(style, "e\u{301}").is_none()
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn texts_are_set_as_the_shaper_sets_them(
            texts in prop::collection::vec(prop_oneof![
                4 => "[A-Za-z0-9 .,:;()/&'-]{1,24}",
                2 => "[A-Za-zÀ-žß –—’“”…€ -]{1,16}",
                1 => "[ -~]{1,12}",
                1 => "(fi|fl|ff|ffi|->|x|AV|To|T.|\\(A\\)|1:2|#|!=|-)[a-z]{0,3}",
            ], 1..4),
            spacing in prop_oneof![Just(0.0), Just(0.05)],
        ) {
            let (fonts, styles) = (fonts(), styles(spacing));
            let mut shaper = ready(fonts, &styles);
            let mut show = Vec::new();
            for text in &texts {
                for style in 0..styles.len() {
                    let Some(width) = shaper.set(style, text, &mut show) else {
                        continue;
                    };
                    let line = shaper.shape(style, text).unwrap();
                    prop_assert!((line.width - width).abs() < 1e-9, "{}: {text:?}", FAMILIES[style % 5]);
                    prop_assert!((shaper.width(style, text).unwrap() - width).abs() < 1e-9);
                    prop_assert_eq!(line.runs.len(), 1);
                    prop_assert_eq!(&line.runs[0].show[..], &show[..], "{}: {:?}", FAMILIES[style % 5], text);
                    prop_assert!(line.runs[0].actual.is_none() && line.missing == 0);
                }
            }
        }
    }
}
