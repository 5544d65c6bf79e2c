//! The font files of a plate: read once, shared by every thread.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use harfrust::{Feature, Tag};
use skrifa::raw::TableProvider;
use skrifa::{FontRef, GlyphId, MetadataProvider};

use super::plate::PlateFont;
use crate::error::{Error, Result};

/// Everything that shaping and embedding need of a plate's fonts.
pub struct Fonts {
    /// By the plate's number; several may use one file with different features.
    pub faces: Vec<Face>,
    /// Each file once, in the order of first use.
    pub files: Vec<FontFile>,
}

/// A font as the plate uses it.
pub struct Face {
    /// Index into [`Fonts::files`].
    pub file: usize,
    /// Features that the style asks for.
    pub features: Vec<Feature>,
    /// Faces tried, in order, for characters that this one lacks.
    pub fallbacks: Vec<usize>,
}

/// How a file describes its outlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlines {
    /// `glyf`.
    TrueType,
    /// `CFF `.
    Cff,
    /// Neither, such as a font of colour bitmaps: nothing that a PDF font could hold.
    None,
}

/// A face of a font file.
pub struct FontFile {
    /// Where it was read.
    pub path: PathBuf,
    /// Face in a collection.
    pub index: u32,
    /// The file's bytes.
    pub data: Arc<Vec<u8>>,
    /// The shaper's view of it.
    pub font: harfrust::Font,
    /// Units of the em square.
    pub units_per_em: f64,
    /// Advance of each glyph, 1/1000 em.
    pub widths: Vec<f32>,
    /// What a glyph says by itself: the smallest character of the `cmap` that maps to it, or NUL. Presentation
    /// forms are left out, so that `ﬁ` reads as `fi` and joined Arabic as its letters, and so is private use: Inter
    /// has its tabular figures there.
    pub unicode: Vec<char>,
    /// How its glyphs are drawn.
    pub outlines: Outlines,
    /// Whether it has every printable ASCII character.
    pub ascii: bool,
}

impl Fonts {
    /// Reads the files of a plate.
    ///
    /// # Errors
    /// [`Error::Plate`] that names the file when it is not a usable font or a number points nowhere,
    /// [`Error::Io`] when it can not be read.
    pub fn load(plate: &[PlateFont]) -> Result<Self> {
        let mut fonts = Self {
            faces: Vec::with_capacity(plate.len()),
            files: Vec::new(),
        };
        for (number, font) in plate.iter().enumerate() {
            let known = fonts
                .files
                .iter()
                .position(|f| f.path == font.path && f.index == font.index);
            let file = match known {
                Some(file) => file,
                None => {
                    fonts.files.push(FontFile::read(&font.path, font.index)?);
                    fonts.files.len() - 1
                }
            };
            if let Some(bad) = font.fallbacks.iter().find(|n| **n >= plate.len()) {
                return Err(Error::Plate(format!(
                    "font {number} of the page plate falls back to font {bad}, but there are {} fonts",
                    plate.len()
                )));
            }
            fonts.faces.push(Face {
                file,
                features: features(number, font)?,
                fallbacks: font.fallbacks.clone(),
            });
        }
        // A bitmap font can not be embedded; as a fallback it is passed over, so its characters are
        // counted as missing, but text set in it would vanish.
        for (number, face) in fonts.faces.iter().enumerate() {
            let only_fallback = plate.iter().any(|f| f.fallbacks.contains(&number));
            let file = &fonts.files[face.file];
            if file.outlines == Outlines::None && !only_fallback {
                return Err(Error::Plate(format!(
                    "{} has no outlines (a bitmap or colour font), so a PDF can't embed it; choose another font",
                    file.path.display()
                )));
            }
        }
        Ok(fonts)
    }

    /// Index of the file of face `face`.
    pub fn file_number(&self, face: usize) -> usize {
        self.faces[face].file
    }

    /// The file of face `face`.
    pub fn file_of(&self, face: usize) -> &FontFile {
        &self.files[self.faces[face].file]
    }

    /// Which of the fonts of a style that asks for `face` draws `c`: 0 is its own, then come the fallbacks; `None`
    /// when no font has it.
    pub fn place_for(&self, face: usize, c: char) -> Option<usize> {
        std::iter::once(face)
            .chain(self.faces[face].fallbacks.iter().copied())
            .position(|f| self.file_of(f).has(c))
    }

    /// The face at such a place.
    pub fn at_place(&self, face: usize, place: usize) -> usize {
        let fallback = place.checked_sub(1).map(|n| self.faces[face].fallbacks[n]);
        fallback.unwrap_or(face)
    }
}

fn features(number: usize, font: &PlateFont) -> Result<Vec<Feature>> {
    font.features
        .iter()
        .map(|(tag, value)| {
            let tag = Tag::new_checked(tag.as_bytes()).map_err(|_| {
                Error::Plate(format!(
                    "font {number} of the page plate asks for feature {tag:?}, which is not four characters"
                ))
            })?;
            Ok(Feature::new(tag, *value, ..))
        })
        .collect()
}

impl FontFile {
    fn read(path: &Path, index: u32) -> Result<Self> {
        let broken = |what: &dyn std::fmt::Display| {
            Error::Plate(format!(
                "{} (face {index}) can't be used as a font: {what}",
                path.display()
            ))
        };
        let data = Arc::new(std::fs::read(path).map_err(|e| Error::io(path, e))?);
        let shared: Arc<dyn AsRef<[u8]> + Send + Sync> = data.clone();
        let font = harfrust::Font::new(shared, index)
            .ok_or_else(|| broken(&"no such face, or not a TrueType or OpenType file"))?;
        let face = FontRef::from_index(&data, index).map_err(|e| broken(&e))?;
        let units_per_em = f64::from(face.head().map_err(|e| broken(&e))?.units_per_em().max(1));
        let glyphs = u32::from(face.maxp().map_err(|e| broken(&e))?.num_glyphs());
        let metrics = face.glyph_metrics(
            skrifa::prelude::Size::unscaled(),
            skrifa::prelude::LocationRef::default(),
        );
        let widths = (0..glyphs)
            .map(|g| {
                let advance = f64::from(metrics.advance_width(GlyphId::new(g)).unwrap_or(0.0));
                thousandths(advance * 1000.0 / units_per_em)
            })
            .collect();
        let outlines = if face.glyf().is_ok() && face.loca(None).is_ok() {
            Outlines::TrueType
        } else if face.cff().is_ok() {
            Outlines::Cff
        } else {
            Outlines::None
        };
        let unicode = spoken(&face, glyphs);
        let charmap = face.charmap();
        let ascii = outlines != Outlines::None
            && (' '..='~').all(|c| charmap.map(c).is_some_and(|g| g.to_u32() != 0));
        Ok(Self {
            ascii,
            path: path.to_path_buf(),
            index,
            font,
            units_per_em,
            widths,
            unicode,
            outlines,
            data,
        })
    }

    /// Whether the face can draw `c`.
    pub fn has(&self, c: char) -> bool {
        self.outlines != Outlines::None
            && self
                .font
                .charmap()
                .map_unicode(c)
                .is_some_and(|g| g.to_u32() != 0)
    }
}

/// Rounds to what the width array of the font says, so that positions are computed with the same figures.
fn thousandths(width: f64) -> f32 {
    ((width * 1000.0).round() / 1000.0) as f32
}

fn spoken(face: &FontRef<'_>, glyphs: u32) -> Vec<char> {
    let mut unicode = vec!['\0'; glyphs as usize];
    for (code, glyph) in face.charmap().mappings() {
        let Some(c) = char::from_u32(code) else {
            continue;
        };
        if matches!(c, '\u{FB00}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}' | '\0')
            || matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..)
        {
            continue;
        }
        if let Some(slot) = unicode.get_mut(glyph.to_u32() as usize)
            && (*slot == '\0' || c < *slot)
        {
            *slot = c;
        }
    }
    unicode
}
