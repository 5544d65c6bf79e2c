//! The page tree, balanced (ISO 32000-2 §7.7.3): its numbers are known before any page is drawn.

use super::content::push_int;
use super::file::{PdfFile, push_ref};
use crate::error::Result;

/// Children of a node.
const FANOUT: u64 = 64;

/// The nodes above the leaves.
#[derive(Debug)]
pub struct PageTree {
    /// From the parents of the leaves up to the root: first number and how many.
    levels: Vec<(u32, u64)>,
}

impl PageTree {
    /// Reserves the nodes over so many leaves.
    ///
    /// # Errors
    /// [`crate::error::Error::Limit`].
    pub fn reserve(file: &mut PdfFile, leaves: u64) -> Result<Self> {
        let mut levels = Vec::new();
        let mut count = leaves;
        loop {
            count = count.div_ceil(FANOUT).max(1);
            levels.push((file.reserve(count)?, count));
            if count == 1 {
                return Ok(Self { levels });
            }
        }
    }

    /// The root.
    pub fn root(&self) -> u32 {
        self.levels[self.levels.len() - 1].0
    }

    /// The parent of leaf number `leaf`.
    pub fn parent(&self, leaf: u64) -> u32 {
        self.levels[0].0 + (leaf / FANOUT) as u32
    }

    /// Writes the nodes over `leaves`: number and pages of each.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`], [`crate::error::Error::DiskFull`].
    pub fn write(&self, file: &mut PdfFile, leaves: &[(u32, u64)]) -> Result<()> {
        let mut kids = leaves.to_vec();
        for (level, (first, _)) in self.levels.iter().enumerate() {
            let mut nodes = Vec::with_capacity(kids.len().div_ceil(FANOUT as usize));
            for (number, kids) in (*first..).zip(kids.chunks(FANOUT as usize)) {
                let pages: u64 = kids.iter().map(|(_, pages)| pages).sum();
                let parent = self
                    .levels
                    .get(level + 1)
                    .map(|(above, _)| above + (number - first) / FANOUT as u32);
                file.object(
                    number,
                    &node(parent, kids.iter().map(|(kid, _)| *kid), pages),
                )?;
                nodes.push((number, pages));
            }
            kids = nodes;
        }
        Ok(())
    }
}

/// A node of the page tree.
pub fn node(parent: Option<u32>, kids: impl Iterator<Item = u32>, pages: u64) -> Vec<u8> {
    let mut out = b"<</Type/Pages".to_vec();
    if let Some(parent) = parent {
        out.extend_from_slice(b"/Parent ");
        push_ref(&mut out, parent);
    }
    out.extend_from_slice(b"/Count ");
    push_int(&mut out, pages as i64);
    out.extend_from_slice(b"/Kids[");
    for kid in kids {
        push_ref(&mut out, kid);
        out.push(b' ');
    }
    out.extend_from_slice(b"]>>");
    out
}
