//! Text to glyphs: one shaper per thread, with a cache of what it shaped before.
//!
//! ```text
//! text ─▶ bidi runs ─▶ runs of one font and script ─▶ harfrust ─▶ Line: ready-made `[...] TJ` operands
//! ```
//! A line is kept in em, so one entry serves every size. Glyph ids are those of the whole font; the subset that
//! is embedded last keeps them as CIDs.

mod unshaped;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;
use std::sync::OnceLock;

use harfrust::{
    Buffer, BufferFlags, Direction, Feature, Script, ShapeOptions, ShapePlan, ShaperFont, Tag,
    shape,
};
use unicode_bidi::{Level, ParagraphBidiInfo};

use super::content::push_glyph;
use super::figures::Figures;
use super::fonts::Fonts;
use super::latin::{self, Latin};
use crate::error::{Error, Result};
use unshaped::Pairs;

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

/// A shaped line of text, in em.
#[derive(Debug, Default)]
pub struct Line {
    /// What to show, in visual order.
    pub runs: Vec<Run>,
    /// Advance of the whole.
    pub width: f64,
    /// Characters without a glyph in any font.
    pub missing: u32,
    /// The text, when its glyphs alone would not read as it (ISO 32000-2 §14.9.4).
    pub actual: Option<Box<str>>,
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
}

/// What a document has used of its fonts so far.
#[derive(Debug, Default)]
pub struct Used {
    /// By font file: glyphs, and what those say that no character maps to.
    pub files: Vec<BTreeMap<u16, Option<Box<str>>>>,
    /// Characters without a glyph.
    pub missing: BTreeSet<char>,
    /// How often one was drawn.
    pub missing_count: u64,
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
    /// By style: a bit for each character set without the shaper.
    figures: Vec<u128>,
    /// By style.
    pairs: Vec<Pairs>,
    slots: Vec<u16>,
    used: Used,
}

impl Used {
    /// Adds what another thread used; in whatever order, the sum is the same.
    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.files.iter_mut().zip(other.files) {
            for (glyph, said) in theirs {
                note(mine, glyph, said);
            }
        }
        self.missing.extend(other.missing);
        self.missing_count += other.missing_count;
    }

    fn note(&mut self, file: usize, glyph: u16, said: Option<Box<str>>) {
        note(&mut self.files[file], glyph, said);
    }
}

/// Of several texts for one glyph the smallest stays, so that the order of pages and threads makes no difference.
fn note(used: &mut BTreeMap<u16, Option<Box<str>>>, glyph: u16, said: Option<Box<str>>) {
    let mapped = used.entry(glyph).or_insert(None);
    if let Some(said) = said
        && mapped.as_ref().is_none_or(|old| said < *old)
    {
        *mapped = Some(said);
    }
}

struct Glyph {
    id: u16,
    cluster: usize,
    x: f64,
    y: f64,
    advance: f64,
}

struct Item {
    text: Range<usize>,
    face: usize,
    script: Option<Script>,
    rtl: bool,
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
        let Style { face, spacing, .. } = self.styles[style];
        let mut advances: BTreeMap<usize, f64> = BTreeMap::new();
        for item in self.items(face, text) {
            for glyph in self.glyphs(text, &item, spacing)? {
                *advances.entry(glyph.cluster).or_default() += glyph.advance;
            }
        }
        Ok(advances.into_iter().collect())
    }

    fn shape(&mut self, style: usize, text: &str) -> Result<Line> {
        let Style { face, spacing, .. } = self.styles[style];
        let mut line = Line::default();
        let mut speaks = true;
        for item in self.items(face, text) {
            let glyphs = self.glyphs(text, &item, spacing)?;
            let file = self.fonts.faces[item.face].file;
            speaks &= self.read(text, &item, file, &glyphs, &mut line.missing);
            draw(
                self.fonts.files[file].widths.as_slice(),
                file,
                &glyphs,
                &mut line,
            );
        }
        if !speaks {
            line.actual = Some(text.into());
        }
        Ok(line)
    }

    /// Runs of one font, script and direction, in visual order.
    fn items(&self, face: usize, text: &str) -> Vec<Item> {
        let mut items = Vec::new();
        if !text.chars().any(may_be_rtl) {
            self.split(face, text, 0..text.len(), false, &mut items);
            return items;
        }
        let bidi = ParagraphBidiInfo::new(text, Some(Level::ltr()));
        let (levels, runs) = bidi.visual_runs(0..text.len());
        for run in runs {
            let rtl = levels[run.start].is_rtl();
            let first = items.len();
            self.split(face, text, run, rtl, &mut items);
            if rtl {
                items[first..].reverse();
            }
        }
        items
    }

    fn split(&self, face: usize, text: &str, run: Range<usize>, rtl: bool, items: &mut Vec<Item>) {
        let latin = text.as_bytes()[run.clone()].is_ascii() && self.fonts.file_of(face).ascii;
        if latin {
            items.push(Item {
                script: Some(Script::LATIN),
                text: run,
                face,
                rtl,
            });
            return;
        }
        let start = items.len();
        for (i, c) in text[run.clone()].char_indices() {
            let range = run.start + i..run.start + i + c.len_utf8();
            let script = strong_script(c);
            let open = if items.len() > start {
                items.last_mut()
            } else {
                None
            };
            if let Some(last) = open {
                let font = if follows(c) || (c == ' ' && self.fonts.file_of(last.face).has(c)) {
                    last.face
                } else {
                    self.fonts.face_for(face, c).unwrap_or(face)
                };
                if font == last.face
                    && (script.is_none() || last.script.is_none() || script == last.script)
                {
                    last.text.end = range.end;
                    last.script = last.script.or(script);
                    continue;
                }
                items.push(Item {
                    text: range,
                    face: font,
                    script,
                    rtl,
                });
            } else {
                let font = self.fonts.face_for(face, c).unwrap_or(face);
                items.push(Item {
                    text: range,
                    face: font,
                    script,
                    rtl,
                });
            }
        }
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
        let direction = if item.rtl {
            Direction::RightToLeft
        } else {
            Direction::LeftToRight
        };
        let plan = self
            .plans
            .entry((item.face, item.script, item.rtl, spaced))
            .or_insert_with(|| ShapePlan::new(&file.font, direction, item.script, None, &features));
        let mut buffer = self.buffer.take().unwrap_or_default();
        buffer.reset();
        for (i, c) in text[item.text.clone()].char_indices() {
            buffer.push(u32::from(c), (item.text.start + i) as u32);
        }
        buffer.set_direction(direction);
        buffer.set_script(item.script);
        buffer.set_flags(BufferFlags::REMOVE_DEFAULT_IGNORABLES);
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

    /// Notes the glyphs used and what they say; `false` when they do not read as the text.
    fn read(
        &mut self,
        text: &str,
        item: &Item,
        file: usize,
        glyphs: &[Glyph],
        missing: &mut u32,
    ) -> bool {
        let unicode = &self.fonts.files[file].unicode;
        let used = &mut self.used.files[file];
        let mut reads = true;
        let mut clusters: Vec<usize> = glyphs.iter().map(|g| g.cluster).collect();
        clusters.sort_unstable();
        clusters.dedup();
        let mut at = 0;
        while at < glyphs.len() {
            let cluster = glyphs[at].cluster;
            let end = at
                + glyphs[at..]
                    .iter()
                    .take_while(|g| g.cluster == cluster)
                    .count();
            let next = clusters.partition_point(|c| *c <= cluster);
            let stop = clusters.get(next).copied().unwrap_or(item.text.end);
            let said = &text[cluster..stop.max(cluster)];
            let heard = |g: &Glyph| unicode.get(g.id as usize).copied().unwrap_or('\0');
            if let [glyph] = &glyphs[at..end] {
                if glyph.id == 0 {
                    reads = false;
                    self.used
                        .missing
                        .extend(said.chars().find(|c| !follows(*c)));
                    *missing += 1;
                    used.entry(0).or_insert(None);
                } else if heard(glyph) == '\0' {
                    note(used, glyph.id, Some(said.into()));
                } else {
                    reads &= reads_as(heard(glyph), said);
                    used.entry(glyph.id).or_insert(None);
                }
            } else {
                reads &= said.chars().count() == end - at
                    && said
                        .chars()
                        .zip(&glyphs[at..end])
                        .all(|(c, g)| heard(g) == c);
                for glyph in &glyphs[at..end] {
                    if glyph.id == 0 {
                        self.used
                            .missing
                            .extend(said.chars().find(|c| !follows(*c)));
                        *missing += 1;
                    }
                    used.entry(glyph.id).or_insert(None);
                }
            }
            at = end;
        }
        reads
    }
}

/// Whether a glyph that says `heard` may stand for `said`: white space reads as a space.
fn reads_as(heard: char, said: &str) -> bool {
    let mut chars = said.chars().filter(|c| !default_ignorable(*c));
    match (chars.next(), chars.next()) {
        (Some(c), None) => c == heard || (heard == ' ' && c.is_whitespace()),
        _ => false,
    }
}

/// Appends the glyphs to the line as runs.
fn draw(widths: &[f32], file: usize, glyphs: &[Glyph], line: &mut Line) {
    // Positions are 1/1000 em, as in the operands of TJ.
    let mut show = Vec::with_capacity(glyphs.len() * 2 + 8);
    let mut from = line.width * 1000.0;
    let (mut origin, mut pen, mut rise) = (from, from, 0.0);
    let mut adjusted = false;
    let mut finish = |show: &mut Vec<u8>, origin: f64, rise: f64, adjusted: bool| {
        if show.is_empty() {
            return;
        }
        let mut operand = Vec::with_capacity(show.len() + 8);
        operand.extend_from_slice(if adjusted { b"[(" } else { b"(" });
        operand.append(show);
        operand.extend_from_slice(if adjusted { b")]TJ" } else { b")Tj" });
        line.runs.push(Run {
            file,
            x: origin / 1000.0,
            y: rise,
            show: operand.into_boxed_slice(),
        });
    };
    for glyph in glyphs {
        let target = from + glyph.x * 1000.0;
        if glyph.y != rise || show.is_empty() {
            finish(&mut show, origin, rise, adjusted);
            (origin, pen, rise, adjusted) = (target, target, glyph.y, false);
        }
        let back = (pen - target).round();
        if back != 0.0 {
            show.push(b')');
            show.extend_from_slice(itoa::Buffer::new().format(back as i64).as_bytes());
            show.push(b'(');
            adjusted = true;
            pen -= back;
        }
        push_glyph(&mut show, glyph.id);
        pen += f64::from(widths.get(glyph.id as usize).copied().unwrap_or(0.0));
        from += glyph.advance * 1000.0;
    }
    finish(&mut show, origin, rise, adjusted);
    line.width = from / 1000.0;
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

fn default_ignorable(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether `c` stays in the font of the character before it: marks, joiners, variation selectors, skin tones.
fn follows(c: char) -> bool {
    default_ignorable(c)
        || matches!(c, '\u{1F3FB}'..='\u{1F3FF}' | '\u{20E3}')
        || harfrust::unicode::script(u32::from(c)) == Script::INHERITED
}
