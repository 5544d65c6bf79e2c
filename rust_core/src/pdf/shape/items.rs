//! Text cut into items as Pango 1.50 does (`pango_itemize`): runs of one font, script and direction.

use std::ops::Range;

use harfrust::Script;
use unicode_bidi::{Level, ParagraphBidiInfo};

use super::super::fonts::Fonts;

/// A run of one font, script and direction.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its bytes of the text.
    pub text: Range<usize>,
    /// Face number.
    pub face: usize,
    /// `None` for text of no script at all.
    pub script: Option<Script>,
    /// Odd for text from right to left (UAX #9).
    pub level: Level,
}

/// Items of `text` in text order, in a style that asks for `face`.
///
/// Each character is set in the first font that has it, marks too: one that the font of its base lacks stands by
/// itself. Spaces, controls and variation selectors choose no font.
pub fn items(fonts: &Fonts, face: usize, text: &str) -> Vec<Item> {
    if text.is_ascii() && fonts.file_of(face).ascii {
        return vec![Item {
            text: 0..text.len(),
            face,
            script: Some(Script::LATIN),
            level: Level::ltr(),
        }];
    }
    let levels = text
        .chars()
        .any(may_be_rtl)
        .then(|| ParagraphBidiInfo::new(text, Some(Level::ltr())).reordered_levels(0..text.len()));
    let mut items: Vec<Item> = Vec::new();
    let mut open = Open::default();
    let mut script = None;
    for (at, c) in text.char_indices() {
        let level = levels.as_ref().map_or(Level::ltr(), |levels| levels[at]);
        let end = at + c.len_utf8();
        // Characters of no script have that of the one before, the first ones that of the one after.
        script = strong_script(c).or(script);
        let wanted = (!takes_any_font(c)).then(|| fonts.place_for(face, c).unwrap_or(0));
        if wanted.is_none() {
            open.space.get_or_insert(at);
        }
        let same = |item: &&mut Item| {
            item.level == level && (item.script.is_none() || item.script == script)
        };
        let mut start = at;
        if let Some(item) = items.last_mut().filter(same) {
            let place = open.place.or(wanted);
            if place == wanted.or(place) {
                item.text.end = end;
                item.script = script;
                item.face = fonts.at_place(face, place.unwrap_or(0));
                open.chosen(wanted);
                continue;
            }
            // Spaces go with the font that is asked for first.
            if let Some(space) = open.space
                && item.text.start < space
                && wanted < open.place
            {
                (item.text.end, start) = (space, space);
            }
        }
        items.push(Item {
            text: start..end,
            face: fonts.at_place(face, wanted.unwrap_or(0)),
            script,
            level,
        });
        open.place = None;
        open.chosen(wanted);
    }
    items
}

/// What is known of the last item.
#[derive(Default)]
struct Open {
    /// Place of its font among those of the style; `None` as long as no character has chosen one.
    place: Option<usize>,
    /// Where the spaces at its end start.
    space: Option<usize>,
}

impl Open {
    fn chosen(&mut self, place: Option<usize>) {
        if place.is_some() {
            *self = Self { place, space: None };
        }
    }
}

/// Whether `c` combines with what stands before it (class CM of UAX #14), so that nothing comes between them.
pub fn combines(c: char) -> bool {
    use unicode_linebreak::BreakClass;
    matches!(
        unicode_linebreak::break_property(u32::from(c)),
        BreakClass::CombiningMark | BreakClass::ZeroWidthJoiner
    )
}

/// Characters that show nothing where a font has no glyph for them.
pub fn default_ignorable(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether Pango leaves `c` in whatever font is open: categories Cc, Cf and Zs, and variation selectors.
fn takes_any_font(c: char) -> bool {
    matches!(c, ' ' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
        | '\u{AD}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}' | '\u{891}' | '\u{8E2}'
        | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
        || c.is_control()
}

fn may_be_rtl(c: char) -> bool {
    // The blocks with right-to-left characters (Unicode 16, DerivedBidiClass defaults) and the bidi controls.
    matches!(c, '\u{0590}'..='\u{08FF}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}'
        | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

fn strong_script(c: char) -> Option<Script> {
    match harfrust::unicode::script(u32::from(c)) {
        Script::COMMON | Script::INHERITED | Script::UNKNOWN => None,
        script => Some(script),
    }
}

#[cfg(test)]
mod tests {
    use super::super::installed::with_fallback;
    use super::*;

    fn cut(fonts: &Fonts, text: &'static str) -> Vec<(&'static str, usize)> {
        let items = items(fonts, 0, text).into_iter();
        items.map(|item| (&text[item.text], item.face)).collect()
    }

    #[test]
    fn a_mark_that_the_font_of_its_base_lacks_stands_by_itself_and_the_space_after_it_does_not() {
        let fonts = with_fallback();
        assert!(!fonts.file_of(0).has('\u{354}') && fonts.file_of(1).has('\u{354}'));
        assert_eq!(
            cut(&fonts, "a\u{354} b"),
            [("a", 0), ("\u{354}", 1), (" b", 0)]
        );
        assert_eq!(cut(&fonts, "e\u{301} b"), [("e\u{301} b", 0)]);
        assert_eq!(cut(&fonts, "\u{354}a"), [("\u{354}", 1), ("a", 0)]);
    }

    #[test]
    fn spaces_and_controls_choose_no_font() {
        let fonts = with_fallback();
        assert_eq!(cut(&fonts, "\u{A0}\u{354}"), [("\u{A0}\u{354}", 1)]);
        assert_eq!(cut(&fonts, "é\u{200D}\u{FE0F}"), [("é\u{200D}\u{FE0F}", 0)]);
    }

    #[test]
    fn a_character_that_no_font_has_stays_in_the_font_of_the_style() {
        assert_eq!(
            cut(&with_fallback(), "\u{354}\u{378}"),
            [("\u{354}", 1), ("\u{378}", 0)]
        );
    }
}
