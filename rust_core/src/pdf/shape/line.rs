//! A shaped line: glyphs as ready-made operands.

use super::super::content::push_glyph;

/// A shaped line of text, in em.
#[derive(Debug, Default)]
pub struct Line {
    /// What to show, in visual order.
    pub runs: Vec<Run>,
    /// Advance of the whole.
    pub width: f64,
    /// Characters without a glyph in any font.
    pub missing: u32,
}

/// Glyphs of one font on one baseline.
#[derive(Debug)]
pub struct Run {
    /// Index of the font file.
    pub file: usize,
    /// From the start of the line, em.
    pub x: f64,
    /// Above the baseline, em.
    pub y: f64,
    /// Operand and operator: `(..)Tj` or `[..]TJ`.
    pub show: Box<[u8]>,
    /// The text of this run and those after it up to one that `closes` it, when their glyphs alone would not read as
    /// it (ISO 32000-2 §14.9.4).
    pub actual: Option<Box<str>>,
    /// Whether such a text ends here.
    pub closes: bool,
}

/// A glyph as the shaper puts it, lengths in em.
#[derive(Debug)]
pub struct Glyph {
    /// Its number in the font.
    pub id: u16,
    /// Where its cluster starts in the text, bytes.
    pub cluster: usize,
    /// Right of the pen.
    pub x: f64,
    /// Above the baseline.
    pub y: f64,
    /// How far the pen moves.
    pub advance: f64,
}

/// Appends the glyphs, which are of file `file`, to the line as runs; `widths` are those of the file, `unread` the
/// clusters whose text must be told, in the order of their glyphs.
pub fn draw(
    widths: &[f32],
    file: usize,
    glyphs: &[Glyph],
    unread: Vec<(usize, Box<str>)>,
    line: &mut Line,
) {
    // Positions are 1/1000 em, as in the operands of TJ.
    let mut unread = unread.into_iter().peekable();
    let mut from = line.width * 1000.0;
    let mut pen = Pen::at(from, 0.0);
    let mut told = None;
    for glyph in glyphs {
        let target = from + glyph.x * 1000.0;
        let starts = unread.next_if(|(cluster, _)| *cluster == glyph.cluster);
        let ends = told.is_some_and(|cluster| cluster != glyph.cluster);
        if glyph.y != pen.rise || pen.show.is_empty() || starts.is_some() || ends {
            pen.finish(file, line);
            pen = Pen::at(target, glyph.y);
        }
        if ends {
            told = None;
            line.close();
        }
        if let Some((cluster, text)) = starts {
            told = Some(cluster);
            pen.actual = Some(text);
        }
        let back = (pen.x - target).round();
        if back != 0.0 {
            let number = back as i64;
            pen.show.push(b')');
            pen.show
                .extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            pen.show.push(b'(');
            pen.adjusted = true;
            pen.x -= back;
        }
        push_glyph(&mut pen.show, glyph.id);
        pen.x += f64::from(widths.get(glyph.id as usize).copied().unwrap_or(0.0));
        from += glyph.advance * 1000.0;
    }
    pen.finish(file, line);
    if told.is_some() {
        line.close();
    }
    line.width = from / 1000.0;
}

impl Line {
    /// Ends the text that was told.
    fn close(&mut self) {
        if let Some(run) = self.runs.last_mut() {
            run.closes = true;
        }
    }
}

/// A run as it is written: lengths in 1/1000 em, but `rise`, which is em.
struct Pen {
    show: Vec<u8>,
    origin: f64,
    x: f64,
    rise: f64,
    adjusted: bool,
    actual: Option<Box<str>>,
}

impl Pen {
    fn at(origin: f64, rise: f64) -> Self {
        Self {
            show: Vec::new(),
            origin,
            x: origin,
            rise,
            adjusted: false,
            actual: None,
        }
    }

    /// Makes a run of what was written.
    fn finish(&mut self, file: usize, line: &mut Line) {
        if self.show.is_empty() {
            return;
        }
        let mut show = Vec::with_capacity(self.show.len() + 8);
        show.extend_from_slice(if self.adjusted { b"[(" } else { b"(" });
        show.append(&mut self.show);
        show.extend_from_slice(if self.adjusted { b")]TJ" } else { b")Tj" });
        line.runs.push(Run {
            file,
            x: self.origin / 1000.0,
            y: self.rise,
            show: show.into_boxed_slice(),
            actual: self.actual.take(),
            closes: false,
        });
    }
}
