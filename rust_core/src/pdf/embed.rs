//! The fonts of the file: subsets with the glyphs that were drawn, under their original numbers.
//!
//! ```text
//! Type0 (Identity-H) ─▶ CIDFont ─▶ descriptor ─▶ FontFile2 (TrueType) or FontFile3 (bare CFF)
//!                  └─▶ ToUnicode
//! ```
//! Pages name glyphs by their id in the whole font, because nobody knows the subset while they are drawn. A TrueType
//! subset gets a `/CIDToGIDMap`; in a CFF subset the charset names the CIDs.

use std::collections::BTreeMap;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Chunk, Finish, Name, Rect, Ref, Str};
use skrifa::{FontRef, MetadataProvider};
use subsetter::GlyphRemapper;

use super::file::PdfFile;
use super::fonts::{FontFile, Outlines};
use crate::error::{Error, Result};

/// What a document drew of a font: glyphs, and what those say that no character maps to.
pub type UsedGlyphs = BTreeMap<u16, Option<Box<str>>>;

const IDENTITY: SystemInfo<'static> = SystemInfo {
    registry: Str(b"Adobe"),
    ordering: Str(b"Identity"),
    supplement: 0,
};

/// Writes `font` as object `number`.
///
/// # Errors
/// [`Error::Plate`] when the font can not be cut to a subset; [`Error::Io`], [`Error::DiskFull`].
pub fn embed(file: &mut PdfFile, number: u32, font: &FontFile, used: &UsedGlyphs) -> Result<()> {
    let broken =
        |what: String| Error::Plate(format!("{} can't be embedded: {what}", font.path.display()));
    let mut glyphs: Vec<u16> = used.keys().copied().collect();
    if glyphs.first() != Some(&0) {
        glyphs.insert(0, 0);
    }
    let remapper = GlyphRemapper::new_from_glyphs_sorted(&glyphs);
    let subset =
        subsetter::subset(&font.data, font.index, &remapper).map_err(|e| broken(e.to_string()))?;
    let name = base_name(font, &glyphs);
    let name = Name(name.as_bytes());

    let [descendant, descriptor, program, to_unicode] = {
        let first = file.reserve(4)?;
        [first, first + 1, first + 2, first + 3]
    };
    let mut chunk = Chunk::new();
    chunk
        .type0_font(reference(number))
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(reference(descendant))
        .to_unicode(reference(to_unicode));
    file.ready(number, chunk.as_bytes())?;

    let map = match font.outlines {
        Outlines::TrueType => Some(file.number()?),
        Outlines::Cff | Outlines::None => None,
    };
    file.ready(
        descendant,
        &cid_font(descendant, descriptor, name, font, &glyphs, map),
    )?;
    if let Some(map) = map {
        file.deflated(map, b"", &cid_to_gid(&glyphs, &remapper))?;
    }
    file.ready(
        descriptor,
        &font_descriptor(descriptor, program, name, font).map_err(broken)?,
    )?;
    if map.is_some() {
        let dict = format!("/Length1 {}", subset.len());
        file.deflated(program, dict.as_bytes(), &subset)?;
    } else {
        let cff = name_cids(&subset, &glyphs)
            .ok_or_else(|| broken("its CFF table is malformed".to_owned()))?;
        file.deflated(program, b"/Subtype/CIDFontType0C", &cff)?;
    }

    let mut cmap: UnicodeCmap = UnicodeCmap::new(Name(b"Adobe-Identity-UCS"), IDENTITY);
    for (glyph, said) in used {
        match (
            said,
            font.unicode
                .get(usize::from(*glyph))
                .copied()
                .unwrap_or('\0'),
        ) {
            (Some(text), _) => cmap.pair_with_multiple(*glyph, text.chars()),
            (None, '\0') => {}
            (None, c) => cmap.pair(*glyph, c),
        }
    }
    file.deflated(
        to_unicode,
        b"/Type/CMap/CMapName/Adobe-Identity-UCS",
        cmap.finish().as_slice(),
    )
}

fn reference(number: u32) -> Ref {
    Ref::new(number as i32)
}

fn cid_font(
    number: u32,
    descriptor: u32,
    name: Name<'_>,
    font: &FontFile,
    glyphs: &[u16],
    map: Option<u32>,
) -> Vec<u8> {
    let mut chunk = Chunk::new();
    let mut cid = chunk.cid_font(reference(number));
    cid.subtype(if map.is_some() {
        CidFontType::Type2
    } else {
        CidFontType::Type0
    })
    .base_font(name)
    .system_info(IDENTITY)
    .font_descriptor(reference(descriptor))
    .default_width(0.0);
    if let Some(map) = map {
        cid.cid_to_gid_map_stream(reference(map));
    }
    let mut widths = cid.widths();
    let mut at = 0;
    while at < glyphs.len() {
        let run = glyphs[at..]
            .iter()
            .zip(glyphs[at]..=u16::MAX)
            .take_while(|(glyph, next)| *glyph == next)
            .count();
        let of = |g: &u16| font.widths.get(usize::from(*g)).copied().unwrap_or(0.0);
        widths.consecutive(glyphs[at], glyphs[at..at + run].iter().map(of));
        at += run;
    }
    widths.finish();
    cid.finish();
    chunk.as_bytes().to_vec()
}

/// Two bytes for every CID up to the last one used (ISO 32000-2 §9.7.4.2).
fn cid_to_gid(glyphs: &[u16], remapper: &GlyphRemapper) -> Vec<u8> {
    let last = glyphs.last().copied().unwrap_or(0);
    let mut map = vec![0; (usize::from(last) + 1) * 2];
    for glyph in glyphs {
        let at = usize::from(*glyph) * 2;
        map[at..at + 2].copy_from_slice(&remapper.get(*glyph).unwrap_or(0).to_be_bytes());
    }
    map
}

fn font_descriptor(
    number: u32,
    program: u32,
    name: Name<'_>,
    font: &FontFile,
) -> Result<Vec<u8>, String> {
    let face = FontRef::from_index(&font.data, font.index).map_err(|e| e.to_string())?;
    let metrics = face.metrics(
        skrifa::prelude::Size::unscaled(),
        skrifa::prelude::LocationRef::default(),
    );
    let scale = |v: f32| (f64::from(v) * 1000.0 / font.units_per_em).round() as f32;
    let bounds = metrics.bounds.unwrap_or_default();
    let mut flags = FontFlags::SYMBOLIC;
    flags.set(FontFlags::FIXED_PITCH, metrics.is_monospace);
    flags.set(FontFlags::ITALIC, metrics.italic_angle != 0.0);
    let mut chunk = Chunk::new();
    let mut descriptor = chunk.font_descriptor(reference(number));
    descriptor
        .name(name)
        .flags(flags)
        .bbox(Rect::new(
            scale(bounds.x_min),
            scale(bounds.y_min),
            scale(bounds.x_max),
            scale(bounds.y_max),
        ))
        .italic_angle(metrics.italic_angle)
        .ascent(scale(metrics.ascent))
        .descent(scale(metrics.descent))
        .cap_height(scale(metrics.cap_height.unwrap_or(metrics.ascent)))
        // No table says how thick the stems are; readers only use it to fake a font that is missing.
        .stem_v(if face.attributes().weight.value() > 600.0 {
            140.0
        } else {
            80.0
        });
    if font.outlines == Outlines::TrueType {
        descriptor.font_file2(reference(program));
    } else {
        descriptor.font_file3(reference(program));
    }
    descriptor.finish();
    Ok(chunk.as_bytes().to_vec())
}

/// `ABCDEF+Name`: the tag comes from the glyphs, so that equal subsets have equal names (ISO 32000-2 §9.9.2).
fn base_name(font: &FontFile, glyphs: &[u16]) -> String {
    let bytes: Vec<u8> = glyphs.iter().flat_map(|g| g.to_be_bytes()).collect();
    let mut hash = crc32fast::hash(&bytes);
    let tag: String = (0..6)
        .map(|_| {
            let letter = char::from(b'A' + (hash % 26) as u8);
            hash /= 26;
            letter
        })
        .collect();
    let own = FontRef::from_index(&font.data, font.index)
        .ok()
        .and_then(|face| {
            let names = face.localized_strings(skrifa::string::StringId::POSTSCRIPT_NAME);
            names.english_or_first().map(|name| name.to_string())
        });
    let own: String = own
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect();
    format!("{tag}+{}", if own.is_empty() { "Font" } else { &own })
}

/// The bare CFF of a subset, with a charset that gives glyph i the CID `glyphs[i]`.
///
/// The subset is CID-keyed and numbers its CIDs from 1 on. A charset of format 0 (Adobe Technical Note 5176 §13) is
/// put at the end, and the Top DICT's operand is set to it: the subset writes all offsets in five bytes.
fn name_cids(subset: &[u8], glyphs: &[u16]) -> Option<Vec<u8>> {
    const CHARSET: u8 = 15;
    let mut cff = table(subset, *b"CFF ")?.to_vec();
    let header = usize::from(*cff.get(2)?);
    let names = index_end(&cff, header)?;
    let dict = index_first(&cff, names)?;
    let end = u32::try_from(cff.len()).ok()?;
    let mut at = dict.start;
    let mut operand = at;
    while at < dict.end {
        let operator = at;
        match *cff.get(at)? {
            28 => at += 3,
            29 => at += 5,
            30 => {
                at += 1
                    + cff[at + 1..]
                        .iter()
                        .position(|b| b & 0x0F == 0x0F || b >> 4 == 0x0F)?
                    + 1
            }
            32..=246 => at += 1,
            247..=254 => at += 2,
            CHARSET => {
                if operator - operand != 5 || cff[operand] != 29 {
                    return None;
                }
                cff[operand + 1..operator].copy_from_slice(&end.to_be_bytes());
                cff.push(0);
                cff.extend(glyphs.iter().skip(1).flat_map(|cid| cid.to_be_bytes()));
                return Some(cff);
            }
            12 => {
                at += 2;
                operand = at;
            }
            _ => {
                at += 1;
                operand = at;
            }
        }
    }
    None
}

fn table(font: &[u8], tag: [u8; 4]) -> Option<&[u8]> {
    let count = usize::from(u16::from_be_bytes(font.get(4..6)?.try_into().ok()?));
    let record = font
        .get(12..12 + count * 16)?
        .chunks_exact(16)
        .find(|r| r[..4] == tag)?;
    let word =
        |at: usize| Some(u32::from_be_bytes(record.get(at..at + 4)?.try_into().ok()?) as usize);
    let (offset, length) = (word(8)?, word(12)?);
    font.get(offset..offset + length)
}

/// Offsets of an INDEX at `at`: `(start of its data less one, size of an offset, count)`.
fn index_head(cff: &[u8], at: usize) -> Option<(usize, usize, usize)> {
    let count = usize::from(u16::from_be_bytes(cff.get(at..at + 2)?.try_into().ok()?));
    if count == 0 {
        return Some((at + 1, 0, 0));
    }
    let size = usize::from(*cff.get(at + 2)?);
    Some((at + 2 + (count + 1) * size, size, count))
}

fn index_offset(cff: &[u8], at: usize, size: usize, n: usize) -> Option<usize> {
    let from = at + 3 + n * size;
    Some(
        cff.get(from..from + size)?
            .iter()
            .fold(0, |v, b| v << 8 | usize::from(*b)),
    )
}

fn index_end(cff: &[u8], at: usize) -> Option<usize> {
    match index_head(cff, at)? {
        (data, _, 0) => Some(data + 1),
        (data, size, count) => Some(data + index_offset(cff, at, size, count)?),
    }
}

fn index_first(cff: &[u8], at: usize) -> Option<std::ops::Range<usize>> {
    let (data, size, count) = index_head(cff, at)?;
    if count == 0 {
        return None;
    }
    Some(data + index_offset(cff, at, size, 0)?..data + index_offset(cff, at, size, 1)?)
}
