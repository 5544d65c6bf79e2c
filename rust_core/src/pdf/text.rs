//! Data as a web page would set it: white space collapsed, control characters made visible.

use std::borrow::Cow;

/// `text` under `white-space: normal` (CSS Text 3 §4.1): runs of spaces, tabs and line breaks become one space,
/// none at either end. Other control characters become U+FFFD rather than vanish.
pub fn collapse(text: &str) -> Cow<'_, str> {
    if is_clean(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' ' | '\t' | '\n' | '\r' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' => out.push('\u{FFFD}'),
            _ => out.push(c),
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    Cow::Owned(out)
}

fn is_clean(text: &str) -> bool {
    let mut space = true;
    for (i, &b) in text.as_bytes().iter().enumerate() {
        match b {
            b' ' if space => return false,
            b' ' => space = true,
            0..=0x1F | 0x7F => return false,
            // The C1 controls and the line separators.
            0xC2 if text.as_bytes()[i + 1] < 0xA0 => return false,
            0xE2 if matches!(&text.as_bytes()[i + 1..i + 3], [0x80, 0xA8 | 0xA9]) => return false,
            _ => space = false,
        }
    }
    text.is_empty() || !space
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_collapses_as_in_html() {
        assert_eq!(collapse("  a\t\r\n b\u{2028}c  "), "a b c");
        assert_eq!(collapse("a b"), "a b");
        assert_eq!(collapse(" "), "");
        assert!(matches!(collapse("Grüße, Straße – 東京"), Cow::Borrowed(_)));
    }

    #[test]
    fn control_characters_stay_visible() {
        assert_eq!(collapse("a\0b\u{85}c\u{9F}"), "a\u{FFFD}b c\u{FFFD}");
    }
}
