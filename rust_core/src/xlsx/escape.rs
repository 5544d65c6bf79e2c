//! Text as it stands in a cell: XML escapes, Excel's `_xHHHH_` (ECMA-376 Part 1 §22.9.2.19), and its length limit.

/// UTF-16 units of the longest text a cell holds.
pub const MAX_UNITS: usize = 32_767;

/// The longest start of `text` that fits a cell, and whether that cuts it; no character is split.
pub fn fit(text: &str) -> (&str, bool) {
    // A UTF-8 byte is never more than one UTF-16 unit.
    if text.len() <= MAX_UNITS {
        return (text, false);
    }
    let mut units = 0;
    for (at, character) in text.char_indices() {
        units += character.len_utf16();
        if units > MAX_UNITS {
            return (&text[..at], true);
        }
    }
    (text, false)
}

/// Bytes that need a look: what XML escapes, controls, `_` before `x`, and the lead byte of U+FFFE and U+FFFF.
const LOOK: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'\t' as usize] = false;
    table[b'\n' as usize] = false;
    table[b'&' as usize] = true;
    table[b'<' as usize] = true;
    table[b'>' as usize] = true;
    table[b'_' as usize] = true;
    table[0xEF] = true;
    table
};

/// Appends `text` as element content.
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if !LOOK[usize::from(byte)] {
            continue;
        }
        let mut code = *b"_x0000_";
        let (replacement, length): (&[u8], usize) = match byte {
            b'&' => (b"&amp;", 1),
            b'<' => (b"&lt;", 1),
            b'>' => (b"&gt;", 1),
            b'_' if is_code(&bytes[at..]) => (b"_x005F_", 1),
            b'_' => continue,
            0xEF => match bytes[at..] {
                [0xEF, 0xBF, 0xBE, ..] => (b"_xFFFE_", 3),
                [0xEF, 0xBF, 0xBF, ..] => (b"_xFFFF_", 3),
                _ => continue,
            },
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                code[4] = HEX[usize::from(byte >> 4)];
                code[5] = HEX[usize::from(byte & 15)];
                (&code, 1)
            }
        };
        out.extend_from_slice(&bytes[done..at]);
        out.extend_from_slice(replacement);
        done = at + length;
    }
    out.extend_from_slice(&bytes[done..]);
}

/// Whether `text` has what only `_xHHHH_` can say.
pub fn needs_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    let code = |(at, &byte): (usize, &u8)| match byte {
        b'\t' | b'\n' => false,
        b'_' => is_code(&bytes[at..]),
        0xEF => matches!(bytes[at..], [0xEF, 0xBF, 0xBE | 0xBF, ..]),
        byte => byte < 0x20,
    };
    bytes.iter().enumerate().any(code)
}

/// Whether the bytes start with something a reader would take for an escape: `_x` four hex digits `_`.
///
/// The closing `_` may also be the first byte of an escape that is about to be written.
fn is_code(bytes: &[u8]) -> bool {
    matches!(bytes, [b'_', b'x', a, b, c, d, rest @ ..]
        if [a, b, c, d].into_iter().all(u8::is_ascii_hexdigit) && begins_underscore(rest))
}

/// Whether the bytes, once written, begin with `_`.
fn begins_underscore(bytes: &[u8]) -> bool {
    match bytes {
        [b'\t' | b'\n', ..] => false,
        [b'_' | ..0x20, ..] | [0xEF, 0xBF, 0xBE | 0xBF, ..] => true,
        _ => false,
    }
}

/// Appends `<t>…</t>`, with `xml:space` where a reader would drop or fold white space.
pub fn write_t(text: &str, out: &mut Vec<u8>) {
    let outer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
    let bytes = text.as_bytes();
    let keep = outer(bytes.first())
        || outer(bytes.last())
        || memchr::memchr2(b'\n', b'\t', bytes).is_some()
        || memchr::memmem::find(bytes, b"  ").is_some();
    out.extend_from_slice(if keep {
        b"<t xml:space=\"preserve\">"
    } else {
        b"<t>"
    });
    write_text(text, out);
    out.extend_from_slice(b"</t>");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        write_text(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// What Excel makes of element content: the escapes of XML first, then its own.
    fn read_back(content: &str) -> String {
        let text = content
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        let (mut out, mut rest) = (String::new(), text.as_str());
        while let Some(character) = rest.chars().next() {
            if is_code(rest.as_bytes()) {
                let code = u32::from_str_radix(&rest[2..6], 16).unwrap();
                out.push(char::from_u32(code).unwrap());
                rest = &rest[7..];
            } else {
                out.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
        out
    }

    #[test]
    fn each_trap_has_its_escape() {
        assert_eq!(escaped("a & b < c > d"), "a &amp; b &lt; c &gt; d");
        assert_eq!(escaped("a\u{1}b\rc\u{1f}"), "a_x0001_b_x000D_c_x001F_");
        assert_eq!(escaped("_x0041_x0042_"), "_x005F_x0041_x005F_x0042_");
        assert_eq!(escaped("_x00G1_ _xy"), "_x00G1_ _xy");
        assert_eq!(
            escaped("\u{fffe}\u{ffff}\u{fffd}"),
            "_xFFFE__xFFFF_\u{fffd}"
        );
        assert_eq!(escaped("tab\tline\n"), "tab\tline\n");
    }

    #[test]
    fn white_space_that_a_reader_would_drop_is_preserved() {
        for (text, keep) in [
            (" a", true),
            ("a\n", true),
            ("a\nb", true),
            ("a  b", true),
            ("a b", false),
        ] {
            let mut out = Vec::new();
            write_t(text, &mut out);
            assert_eq!(
                String::from_utf8(out).unwrap().contains("preserve"),
                keep,
                "{text:?}"
            );
        }
    }

    #[test]
    fn long_texts_are_cut_on_a_character_at_32767_units() {
        let exact = "é".repeat(MAX_UNITS);
        assert_eq!(fit(&exact), (exact.as_str(), false));
        let long = format!("{}😀", "a".repeat(MAX_UNITS - 1));
        assert_eq!(fit(&long), (&long[..MAX_UNITS - 1], true));
    }

    proptest! {
        #[test]
        fn any_text_reads_back_as_it_was(text in "(_|x|[0-9A-F]{4}|[&<>]|\\PC|[\u{0}-\u{1f}\u{fffe}\u{ffff}])*") {
            let content = escaped(&text);
            prop_assert!(!content.bytes().any(|b| b < 0x20 && b != b'\t' && b != b'\n'));
            prop_assert_eq!(read_back(&content), text);
        }
    }
}
