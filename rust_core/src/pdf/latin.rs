//! Latin text without the shaper: characters that a font sets one by one, each moved only by the next.
//!
//! A shaper spends most of its time to find that nothing happens. What happens is written in the font: a lookup of
//! GSUB or GPOS (OpenType 1.9, "OpenType Layout Common Table Formats") acts on the glyphs that it covers. So a set
//! of characters is sought over whose glyphs no active lookup can act but pair kerning and plain substitution (such
//! as tabular figures); texts of these are set from a table of pairs, which the shaper fills once. Ligatures,
//! contexts, marks and other scripts stay its work.

use harfrust::Feature;
use skrifa::prelude::LocationRef;
use skrifa::raw::collections::IntSet;
use skrifa::raw::tables::gpos::{Gpos, PositionSubtables, ValueFormat};
use skrifa::raw::tables::gsub::{Gsub, SubstitutionSubtables};
use skrifa::raw::types::Tag;
use skrifa::raw::{ReadError, TableProvider};
use skrifa::{FontRef, GlyphId, MetadataProvider};

use super::fonts::{FontFile, Outlines};

/// Characters up to Latin Extended-A have a slot of their own number.
const BLOCK: usize = 0x180;
/// Marks of Western texts beyond it.
const FURTHER: [char; 10] = ['–', '—', '‘', '’', '‚', '“', '”', '„', '…', '€'];
/// Slots of the table.
pub const SLOTS: usize = BLOCK + FURTHER.len();
/// No glyph: the shaper's work.
const NONE: u16 = u16::MAX;

/// Features that a shaper applies to horizontal text unasked (harfrust's planner, as HarfBuzz's), but for those of
/// fractions, which a fraction slash calls.
const ACTIVE: [&[u8; 4]; 18] = [
    b"rvrn", b"ltra", b"ltrm", b"rand", b"abvm", b"blwm", b"ccmp", b"locl", b"mark", b"mkmk",
    b"rlig", b"calt", b"clig", b"curs", b"dist", b"kern", b"liga", b"rclt",
];
/// Latin, and what a font without it has for every script; the languages' own rules are not asked for.
const SCRIPTS: [&[u8; 4]; 3] = [b"latn", b"DFLT", b"dflt"];

/// The characters of one style that are set from the table.
#[derive(Debug)]
pub struct Latin {
    glyphs: Vec<u16>,
    /// Advance by the font's own table, 1/1000 em: how far a PDF reader moves.
    widths: Vec<f64>,
}

/// The slot of `c`.
#[inline]
pub fn slot(c: char) -> Option<usize> {
    let code = c as usize;
    if code < BLOCK {
        return Some(code);
    }
    FURTHER.iter().position(|f| *f == c).map(|n| BLOCK + n)
}

/// The character of a slot.
pub fn character(slot: usize) -> char {
    match slot.checked_sub(BLOCK) {
        Some(further) => FURTHER[further],
        None => char::from_u32(slot as u32).unwrap_or(' '),
    }
}

impl Latin {
    /// The characters that `file` sets one by one under `features`; none for a font whose tables can't tell. `alone`
    /// gives the glyph that the shaper makes of a character by itself.
    pub fn prove(
        file: &FontFile,
        features: &[Feature],
        mut alone: impl FnMut(char) -> Option<u16>,
    ) -> Self {
        let mut latin = Self {
            glyphs: vec![NONE; SLOTS],
            widths: vec![0.0; SLOTS],
        };
        let Ok(font) = FontRef::from_index(&file.data, file.index) else {
            return latin;
        };
        let Some(tables) =
            Tables::read(&font, features).filter(|_| file.outlines != Outlines::None)
        else {
            return latin;
        };
        let charmap = font.charmap();
        let mut known = Vec::new();
        for slot in ordered() {
            let c = character(slot);
            if c.is_control() || c == '\u{AD}' {
                continue;
            }
            let nominal = charmap.map(c).filter(|glyph| glyph.to_u32() != 0);
            let (Some(nominal), Some(glyph)) = (nominal, alone(c)) else {
                continue;
            };
            // What would not read as itself needs the shaper's care.
            let heard = file
                .unicode
                .get(usize::from(glyph))
                .copied()
                .unwrap_or('\0');
            if heard == c || heard == '\0' {
                known.push(Candidate {
                    slot,
                    nominal,
                    glyph,
                });
            }
        }
        let mut kept = IntSet::empty();
        let mut found = Vec::new();
        grow(&tables, &known, &mut kept, &mut found);
        for Candidate { slot, glyph, .. } in found {
            latin.glyphs[slot] = glyph;
            latin.widths[slot] = file
                .widths
                .get(usize::from(glyph))
                .copied()
                .map_or(0.0, f64::from);
        }
        latin
    }

    /// Puts the slots of `text` into `slots`; `false` when a character has none, or when the shaper could take the
    /// text for another script: one letter tells it.
    #[inline]
    pub fn cover(&self, text: &str, ascii: bool, slots: &mut Vec<u16>) -> bool {
        slots.clear();
        let mut letter = ascii && text.is_ascii();
        for c in text.chars() {
            match slot(c) {
                Some(slot) if self.glyphs[slot] != NONE => slots.push(slot as u16),
                _ => return false,
            }
            letter = letter || c.is_alphabetic();
        }
        letter
    }

    /// Glyph of a slot and its own advance, 1/1000 em.
    #[inline]
    pub fn glyph(&self, slot: u16) -> (u16, f64) {
        (
            self.glyphs[usize::from(slot)],
            self.widths[usize::from(slot)],
        )
    }
}

/// Slots, those first that texts need most: of two that meet in a lookup the later one is left out.
fn ordered() -> impl Iterator<Item = usize> {
    let rank = |slot: &usize| match character(*slot) {
        ' ' | '0'..='9' => 0,
        'a'..='z' | 'A'..='Z' => 1,
        c if c.is_alphabetic() => 2,
        ',' | '.' | '-' | '\'' => 3,
        _ => 4,
    };
    let mut slots: Vec<usize> = (0..SLOTS).collect();
    slots.sort_by_key(rank);
    slots.into_iter()
}

/// A character that may be set from the table: its glyph in the `cmap`, and the one it is drawn with.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    slot: usize,
    nominal: GlyphId,
    glyph: u16,
}

/// Adds to `kept` what can be added of `block` without a lookup that acts; halves what can't, to find who it is.
fn grow(
    tables: &Tables<'_>,
    block: &[Candidate],
    kept: &mut IntSet<GlyphId>,
    found: &mut Vec<Candidate>,
) {
    let mut more = kept.clone();
    more.extend(
        block
            .iter()
            .flat_map(|c| [c.nominal, GlyphId::from(c.glyph)]),
    );
    if tables.are_still(&more).unwrap_or(false) {
        *kept = more;
        found.extend_from_slice(block);
    } else if block.len() > 1 {
        let (first, second) = block.split_at(block.len() / 2);
        grow(tables, first, kept, found);
        grow(tables, second, kept, found);
    }
}

/// The layout tables of a font and their active lookups.
struct Tables<'a> {
    gsub: Option<Gsub<'a>>,
    gpos: Option<Gpos<'a>>,
    substituting: IntSet<u16>,
    positioning: IntSet<u16>,
}

impl<'a> Tables<'a> {
    /// `None` for a font that is laid out by other tables, or whose tables are broken.
    fn read(font: &FontRef<'a>, features: &[Feature]) -> Option<Self> {
        let has = |tag: &[u8; 4]| font.table_data(Tag::new(tag)).is_some();
        if has(b"morx") || has(b"mort") || has(b"kerx") || has(b"trak") {
            return None;
        }
        // A variable font is set at its default place, where its variations say nothing.
        debug_assert!(LocationRef::default().coords().is_empty());
        let mut tags: IntSet<Tag> = ACTIVE.iter().map(|tag| Tag::new(tag)).collect();
        tags.extend(
            features
                .iter()
                .map(|feature| Tag::new(&feature.tag.to_be_bytes())),
        );
        let (gsub, gpos) = (font.gsub().ok(), font.gpos().ok());
        let scripts: IntSet<Tag> = SCRIPTS.iter().map(|tag| Tag::new(tag)).collect();
        let languages = IntSet::empty();
        let substituting = match &gsub {
            Some(gsub) => gsub
                .collect_lookups(&gsub.collect_features(&scripts, &languages, &tags).ok()?)
                .ok()?,
            None => IntSet::empty(),
        };
        let positioning = match &gpos {
            Some(gpos) => gpos
                .collect_lookups(&gpos.collect_features(&scripts, &languages, &tags).ok()?)
                .ok()?,
            None => IntSet::empty(),
        };
        // Without kerning in GPOS the shaper reads the old table, which may hold anything.
        if has(b"kern") && positioning.is_empty() {
            return None;
        }
        Some(Self {
            gsub,
            gpos,
            substituting,
            positioning,
        })
    }

    /// Whether nothing happens in any text of these glyphs but that each is replaced for itself, and that pairs come
    /// nearer or part.
    fn are_still(&self, glyphs: &IntSet<GlyphId>) -> Result<bool, ReadError> {
        if let Some(gsub) = &self.gsub {
            let mut acting = self.substituting.clone();
            gsub.closure_lookups(glyphs, &mut acting)?;
            let lookups = gsub.lookup_list()?;
            for number in acting.iter() {
                let lookup = lookups.lookups().get(usize::from(number))?;
                if !matches!(lookup.subtables()?, SubstitutionSubtables::Single(_)) {
                    return Ok(false);
                }
            }
        }
        let Some(gpos) = &self.gpos else {
            return Ok(true);
        };
        let mut acting = self.positioning.clone();
        gpos.closure_lookups(glyphs, &mut acting)?;
        for number in acting.iter() {
            if !moves_pairs_only(gpos, number)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether a lookup changes nothing but the advance of a glyph, by itself and by the next.
fn moves_pairs_only(gpos: &Gpos<'_>, number: u16) -> Result<bool, ReadError> {
    let advance = ValueFormat::X_ADVANCE | ValueFormat::X_ADVANCE_DEVICE;
    let lookup = gpos.lookup_list()?.lookups().get(usize::from(number))?;
    match lookup.subtables()? {
        PositionSubtables::Single(tables) => {
            for table in tables.iter() {
                if !advance.contains(table?.value_format()) {
                    return Ok(false);
                }
            }
        }
        PositionSubtables::Pair(tables) => {
            for table in tables.iter() {
                let table = table?;
                if !advance.contains(table.value_format1()) || !table.value_format2().is_empty() {
                    return Ok(false);
                }
            }
        }
        PositionSubtables::EmptyExtension => {}
        _ => return Ok(false),
    }
    Ok(true)
}
