//! Text to glyphs: one shaper per thread, with a cache of what it shaped before.
//!
//! ```text
//! text ─▶ items of one font, script and direction ─▶ harfrust ─▶ Line: ready-made `[...] TJ` operands
//! ```
//! A line is kept in em, so one entry serves every size. Glyph ids are those of the whole font; the subset that
//! is embedded last keeps them as CIDs.

mod ellipsis;
#[cfg(test)]
pub mod installed;
mod items;
mod line;
mod reading;
mod unshaped;
mod used;

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::OnceLock;

use harfrust::{
    Buffer, BufferFlags, Direction, Feature, Script, ShapeOptions, ShapePlan, ShaperFont, Tag,
    shape,
};
use unicode_bidi::{Level, ParagraphBidiInfo};

use super::figures::Figures;
use super::fonts::Fonts;
use super::latin::{self, Latin};
use crate::error::{Error, Result};
use ellipsis::Ellipsis;
pub use items::combines;
use items::{Item, items};
pub use line::Line;
use line::{Glyph, draw};
use reading::read;
use unshaped::Pairs;
pub use used::Used;

/// Bytes of text and glyphs that a thread keeps before it forgets them all.
const CACHE_BYTES: usize = 16 << 20;

/// Font and spacing of a text; what [`Line`]s are cached by.
#[derive(Debug)]
pub struct Style {
    /// Face number.
    pub face: usize,
    /// Extra space after each character, em.
    pub spacing: f64,
    /// What is set without the shaper, once it is proved.
    figures: OnceLock<Figures>,
    latin: OnceLock<Latin>,
}

impl Style {
    /// A style nothing was set in yet.
    pub fn new(face: usize, spacing: f64) -> Self {
        Self {
            face,
            spacing,
            figures: OnceLock::new(),
            latin: OnceLock::new(),
        }
    }
}

/// Shapes texts of one document on one thread.
pub struct Shaper<'f> {
    fonts: &'f Fonts,
    styles: &'f [Style],
    hb: Vec<ShaperFont<'f, 'static>>,
    plans: HashMap<(usize, Option<Script>, bool, bool), ShapePlan>,
    buffer: Option<Buffer>,
    cache: Vec<HashMap<Box<str>, Rc<Line>>>,
    cached: usize,
    /// By style, and for wide characters.
    ellipses: HashMap<(usize, bool), Rc<Ellipsis>>,
    /// By style: a bit for each character set without the shaper.
    figures: Vec<u128>,
    /// By style.
    pairs: Vec<Pairs>,
    slots: Vec<u16>,
    used: Used,
}

impl<'f> Shaper<'f> {
    /// A shaper for texts of `styles`.
    pub fn new(fonts: &'f Fonts, styles: &'f [Style]) -> Self {
        Self {
            fonts,
            styles,
            hb: fonts
                .files
                .iter()
                .map(|f| ShaperFont::new(&f.font))
                .collect(),
            plans: HashMap::new(),
            buffer: Some(Buffer::new()),
            cache: styles.iter().map(|_| HashMap::new()).collect(),
            cached: 0,
            ellipses: HashMap::new(),
            figures: vec![0; styles.len()],
            pairs: styles.iter().map(|_| Pairs::default()).collect(),
            slots: Vec::new(),
            used: Used {
                files: vec![BTreeMap::new(); fonts.files.len()],
                ..Used::default()
            },
        }
    }

    /// The line that `text` makes in style number `style`. White space must be collapsed.
    ///
    /// # Errors
    /// [`Error::Plate`] when the shaper refuses a font.
    pub fn line(&mut self, style: usize, text: &str) -> Result<Rc<Line>> {
        if let Some(line) = self.cache[style].get(text) {
            return Ok(Rc::clone(line));
        }
        let line = Rc::new(self.shape(style, text)?);
        let bytes = 160 + 2 * text.len() + line.runs.iter().map(|r| r.show.len()).sum::<usize>();
        if self.cached + bytes > CACHE_BYTES {
            self.cache.iter_mut().for_each(HashMap::clear);
            self.cached = 0;
        }
        self.cached += bytes;
        self.cache[style].insert(text.into(), Rc::clone(&line));
        Ok(line)
    }

    /// Notes that characters without a glyph were drawn.
    pub fn note_missing(&mut self, count: u32) {
        self.used.missing_count += u64::from(count);
    }

    /// What was shaped, for the subsets.
    pub fn into_used(mut self) -> Used {
        for (style, bits) in self.styles.iter().zip(&self.figures) {
            let Some(figures) = style.figures.get() else {
                continue;
            };
            let file = self.fonts.faces[style.face].file;
            for (c, glyph) in figures.glyphs(*bits) {
                let heard = self.fonts.files[file]
                    .unicode
                    .get(usize::from(glyph))
                    .copied();
                let said = (heard.unwrap_or('\0') == '\0').then(|| c.to_string().into_boxed_str());
                self.used.note(file, glyph, said);
            }
        }
        for (style, pairs) in self.styles.iter().zip(&self.pairs) {
            let Some(latin) = style.latin.get() else {
                continue;
            };
            let file = self.fonts.faces[style.face].file;
            for slot in &pairs.used {
                let (glyph, _) = latin.glyph(*slot);
                let heard = self.fonts.files[file]
                    .unicode
                    .get(usize::from(glyph))
                    .copied();
                let c = latin::character(usize::from(*slot));
                let said = (heard.unwrap_or('\0') == '\0').then(|| c.to_string().into_boxed_str());
                self.used.note(file, glyph, said);
            }
        }
        self.used
    }

    /// Advances of the clusters of `text` as one line: `(start of the cluster in bytes, em)`, in text order.
    ///
    /// # Errors
    /// As [`Shaper::line`].
    pub fn clusters(&mut self, style: usize, text: &str) -> Result<Vec<(usize, f64)>> {
        if self.latin(style, text).is_some() {
            let starts = text.char_indices().map(|(start, _)| start);
            return Ok(starts.zip(self.advances(style)).collect());
        }
        let mut advances: BTreeMap<usize, f64> = BTreeMap::new();
        for (_, glyphs) in self.pieces(style, text)? {
            for glyph in glyphs {
                *advances.entry(glyph.cluster).or_default() += glyph.advance;
            }
        }
        Ok(advances.into_iter().collect())
    }

    fn shape(&mut self, style: usize, text: &str) -> Result<Line> {
        let pieces = self.pieces(style, text)?;
        Ok(self.lay(text, &pieces))
    }

    /// Items of `text` and their glyphs, in text order.
    fn pieces(&mut self, style: usize, text: &str) -> Result<Vec<(Item, Vec<Glyph>)>> {
        let Style { face, spacing, .. } = self.styles[style];
        let items = items(self.fonts, face, text);
        let pieces = items.into_iter().map(|item| {
            let glyphs = self.glyphs(text, &item, spacing)?;
            Ok((item, glyphs))
        });
        pieces.collect()
    }

    /// Sets the pieces of `text` side by side as they are read (UAX #9, L2).
    fn lay(&mut self, text: &str, pieces: &[(Item, Vec<Glyph>)]) -> Line {
        let mut line = Line::default();
        let levels: Vec<Level> = pieces.iter().map(|(item, _)| item.level).collect();
        for place in ParagraphBidiInfo::reorder_visual(&levels) {
            let (item, glyphs) = &pieces[place];
            let number = self.fonts.faces[item.face].file;
            let file = &self.fonts.files[number];
            let reading = read(text, item, glyphs, (number, file), &mut self.used);
            line.missing += reading.missing;
            draw(&file.widths, number, glyphs, reading.unread, &mut line);
        }
        line
    }

    fn glyphs(&mut self, text: &str, item: &Item, spacing: f64) -> Result<Vec<Glyph>> {
        let face = &self.fonts.faces[item.face];
        let file = &self.fonts.files[face.file];
        let spaced = spacing != 0.0;
        // Pango sets spaced text without optional ligatures, as CSS Text asks.
        let mut features = face.features.clone();
        if spaced {
            features.extend([b"liga", b"clig", b"dlig"].map(|t| Feature::new(Tag::new(t), 0, ..)));
        }
        let rtl = item.level.is_rtl();
        let direction = if rtl {
            Direction::RightToLeft
        } else {
            Direction::LeftToRight
        };
        let plan = self
            .plans
            .entry((item.face, item.script, rtl, spaced))
            .or_insert_with(|| ShapePlan::new(&file.font, direction, item.script, None, &features));
        let mut buffer = self.buffer.take().unwrap_or_default();
        buffer.reset();
        for (i, c) in text[item.text.clone()].char_indices() {
            buffer.push(u32::from(c), (item.text.start + i) as u32);
        }
        buffer.set_pre_context(&text[..item.text.start]);
        buffer.set_post_context(&text[item.text.end..]);
        buffer.set_direction(direction);
        buffer.set_script(item.script);
        buffer.set_flags(
            BufferFlags::BEGINNING_OF_TEXT
                | BufferFlags::END_OF_TEXT
                | BufferFlags::REMOVE_DEFAULT_IGNORABLES,
        );
        let options = ShapeOptions::new().plan(Some(plan)).features(&features);
        shape(&self.hb[face.file], &mut buffer, options).map_err(|e| {
            Error::Plate(format!("{} can't be shaped with: {e}", file.path.display()))
        })?;
        let em = |units: i32| f64::from(units) / file.units_per_em;
        let mut glyphs: Vec<Glyph> = buffer
            .glyph_infos()
            .iter()
            .zip(buffer.glyph_positions())
            .map(|(info, at)| Glyph {
                id: u16::try_from(info.glyph_id).unwrap_or(0),
                cluster: info.cluster as usize,
                x: em(at.x_offset),
                y: em(at.y_offset),
                advance: em(at.x_advance),
            })
            .collect();
        self.buffer = Some(buffer);
        if spaced {
            for i in 0..glyphs.len() {
                if i + 1 == glyphs.len() || glyphs[i + 1].cluster != glyphs[i].cluster {
                    glyphs[i].advance += spacing;
                }
            }
        }
        Ok(glyphs)
    }
}
