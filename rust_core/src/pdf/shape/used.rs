//! What a document has used of its fonts.

use std::collections::{BTreeMap, BTreeSet};

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

    /// Notes a glyph of a file, and what it says that no character maps to.
    pub fn note(&mut self, file: usize, glyph: u16, said: Option<Box<str>>) {
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
