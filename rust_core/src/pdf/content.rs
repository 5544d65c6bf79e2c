//! Content streams (ISO 32000-2 §7.8.2): numbers in hundredths of a point, state set only when it changes.

use super::shape::Line;

/// A page's marks: rectangles first, texts over them.
#[derive(Debug, Default)]
pub struct Content {
    rects: Vec<u8>,
    fill: Option<[u8; 3]>,
    texts: Vec<u8>,
    color: Option<[u8; 3]>,
    font: Option<(usize, i64)>,
    at: (i64, i64),
}

/// Units to a point: finer than any printer, and sums stay exact.
const UNITS: f64 = 100.0;

fn units(pt: f64) -> i64 {
    (pt * UNITS).round() as i64
}

impl Content {
    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.rects.clear();
        self.texts.clear();
        self.fill = None;
        self.color = None;
        self.font = None;
        self.at = (0, 0);
    }

    /// A filled rectangle; y grows upwards from the lower left corner of the page, pt.
    pub fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, color: [u8; 3]) {
        if self.fill != Some(color) {
            push_color(&mut self.rects, color);
            self.fill = Some(color);
        }
        // Edges are rounded, not sizes, so that neighbours meet; a hairline never vanishes.
        let (left, right) = (units(x), units(x + width));
        let (low, high) = (units(y), units(y + height));
        push_units(&mut self.rects, left);
        push_units(&mut self.rects, low);
        push_units(&mut self.rects, (right - left).max(1));
        push_units(&mut self.rects, (high - low).max(1));
        self.rects.extend_from_slice(b"re f\n");
    }

    /// A line of text whose baseline starts at `(x, y)`, pt, upwards.
    pub fn text(&mut self, line: &Line, x: f64, y: f64, size: f64, color: [u8; 3]) {
        for run in &line.runs {
            if let Some(actual) = &run.actual {
                self.texts.extend_from_slice(b"/Span<</ActualText");
                push_text_string(&mut self.texts, actual);
                self.texts.extend_from_slice(b">>BDC\n");
            }
            let (x, y) = (x + run.x * size, y + run.y * size);
            self.show(run.file, &run.show, x, y, size, color);
            if run.closes {
                self.texts.extend_from_slice(b"EMC\n");
            }
        }
    }

    /// Lets the texts that follow show between two places on a page of this height only, pt.
    pub fn clip(&mut self, left: f64, right: f64, height: f64) {
        self.texts.extend_from_slice(b"ET\nq ");
        for length in [left, 0.0, right - left, height] {
            push_units(&mut self.texts, units(length));
        }
        self.texts.extend_from_slice(b"re W n\nBT\n");
        self.at = (0, 0);
    }

    /// Ends what [`Content::clip`] began.
    pub fn unclip(&mut self) {
        self.texts.extend_from_slice(b"ET\nQ\nBT\n");
        // The colour and the font are those from before again.
        (self.color, self.font, self.at) = (None, None, (0, 0));
    }

    /// Glyphs of one font, `show` being operand and operator, at `(x, y)`.
    pub fn show(&mut self, file: usize, show: &[u8], x: f64, y: f64, size: f64, color: [u8; 3]) {
        if self.color != Some(color) {
            push_color(&mut self.texts, color);
            self.color = Some(color);
        }
        let font = (file, (size * 1000.0).round() as i64);
        if self.font != Some(font) {
            self.texts.extend_from_slice(b"/F");
            push_int(&mut self.texts, file as i64);
            self.texts.push(b' ');
            push_fraction(&mut self.texts, font.1, 3);
            self.texts.extend_from_slice(b" Tf\n");
            self.font = Some(font);
        }
        let to = (units(x), units(y));
        push_units(&mut self.texts, to.0 - self.at.0);
        push_units(&mut self.texts, to.1 - self.at.1);
        self.texts.extend_from_slice(b"Td ");
        self.texts.extend_from_slice(show);
        self.texts.push(b'\n');
        self.at = to;
    }

    /// Appends the stream to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.rects);
        if !self.texts.is_empty() {
            out.extend_from_slice(b"BT\n");
            out.extend_from_slice(&self.texts);
            out.extend_from_slice(b"ET\n");
        }
    }
}

/// Appends a two-byte character code inside a literal string (ISO 32000-2 §7.3.4.2).
pub fn push_glyph(out: &mut Vec<u8>, glyph: u16) {
    for byte in glyph.to_be_bytes() {
        push_escaped(out, byte);
    }
}

fn push_escaped(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'(' | b')' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        // A bare carriage return in a string is read as a line feed.
        b'\r' => out.extend_from_slice(b"\\r"),
        _ => out.push(byte),
    }
}

/// Appends a literal string of these bytes.
pub fn push_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'(');
    for &byte in bytes {
        push_escaped(out, byte);
    }
    out.push(b')');
}

/// Appends a text string: ASCII as it is, else UTF-16 with its mark (ISO 32000-2 §7.9.2.2).
pub fn push_text_string(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        push_string(out, text.as_bytes());
        return;
    }
    let mut bytes = vec![0xFE, 0xFF];
    for unit in text.encode_utf16() {
        bytes.extend_from_slice(&unit.to_be_bytes());
    }
    push_string(out, &bytes);
}

/// Appends a whole number.
pub fn push_int(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a length in pt, to a hundredth.
pub fn push_pt(out: &mut Vec<u8>, pt: f64) {
    push_fraction(out, units(pt), 2);
}

fn push_units(out: &mut Vec<u8>, value: i64) {
    push_fraction(out, value, 2);
    out.push(b' ');
}

/// Appends `value / 10^digits` without trailing zeros.
fn push_fraction(out: &mut Vec<u8>, value: i64, digits: u32) {
    if value < 0 {
        out.push(b'-');
    }
    let one = 10u64.pow(digits);
    let magnitude = value.unsigned_abs();
    let (whole, mut rest) = (magnitude / one, magnitude % one);
    if whole > 0 || rest == 0 {
        out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    }
    if rest == 0 {
        return;
    }
    out.push(b'.');
    let mut place = one / 10;
    while rest > 0 {
        out.push(b'0' + (rest / place) as u8);
        rest %= place;
        place /= 10;
    }
}

fn push_color(out: &mut Vec<u8>, color: [u8; 3]) {
    let part = |v: u8| (f64::from(v) / 255.0 * 1000.0).round() as i64;
    let [r, g, b] = color;
    if r == g && g == b {
        push_fraction(out, part(r), 3);
        out.extend_from_slice(b" g\n");
        return;
    }
    for v in color {
        push_fraction(out, part(v), 3);
        out.push(b' ');
    }
    out.extend_from_slice(b"rg\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(value: i64, digits: u32) -> String {
        let mut out = Vec::new();
        push_fraction(&mut out, value, digits);
        String::from_utf8(out).expect("digits")
    }

    #[test]
    fn numbers_carry_no_needless_digits() {
        assert_eq!(fraction(0, 2), "0");
        assert_eq!(fraction(5, 2), ".05");
        assert_eq!(fraction(-50, 2), "-.5");
        assert_eq!(fraction(12_345, 2), "123.45");
        assert_eq!(fraction(-12_000, 3), "-12");
    }

    #[test]
    fn codes_that_would_end_a_string_are_escaped() {
        let mut out = Vec::new();
        push_glyph(&mut out, u16::from_be_bytes([b'(', b')']));
        push_glyph(&mut out, u16::from_be_bytes([b'\\', b'\r']));
        assert_eq!(out, b"\\(\\)\\\\\\r");
    }

    #[test]
    fn text_strings_outside_ascii_are_utf_16() {
        let mut out = Vec::new();
        push_text_string(&mut out, "Ä");
        assert_eq!(out, b"(\xFE\xFF\0\xC4)");
    }
}
