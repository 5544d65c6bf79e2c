//! The outline: one entry per group of the levels that ask for it, between those of WeasyPrint's own pages.

use super::content::{push_int, push_pt};
use super::file::{PdfFile, push_ref};
use crate::error::Result;

/// Entries of the top level that a reader shows at once; more, and everything starts closed.
const SHOWN: usize = 40;

/// An entry and what is under it.
#[derive(Debug, Default)]
pub struct Entry {
    /// A PDF string, delimiters and all.
    pub title: Vec<u8>,
    /// Where it leads.
    pub target: Target,
    /// Under it.
    pub children: Vec<Entry>,
    /// Whether those show from the start.
    pub open: bool,
}

/// Where an entry leads.
#[derive(Debug)]
pub enum Target {
    /// Dictionary entries made elsewhere: `/Dest ...` or `/A ...`.
    Ready(Vec<u8>),
    /// A page object and a y on it, pt upwards.
    Page(u32, f32),
}

impl Default for Target {
    fn default() -> Self {
        Self::Ready(Vec::new())
    }
}

/// Writes the outline; returns the number of its root, or `None` when it is empty.
///
/// # Errors
/// [`crate::error::Error::Io`], [`crate::error::Error::DiskFull`], [`crate::error::Error::Limit`].
pub fn write(file: &mut PdfFile, entries: &[Entry]) -> Result<Option<u32>> {
    if entries.is_empty() {
        return Ok(None);
    }
    let root = file.number()?;
    let unfold = entries.len() <= SHOWN;
    let (first, last, shown) = siblings(file, entries, root, unfold)?;
    let mut out = b"<</Type/Outlines/First ".to_vec();
    push_ref(&mut out, first);
    out.extend_from_slice(b"/Last ");
    push_ref(&mut out, last);
    out.extend_from_slice(b"/Count ");
    push_int(&mut out, shown);
    out.extend_from_slice(b">>");
    file.object(root, &out)?;
    Ok(Some(root))
}

/// Writes siblings; returns the first, the last, and how many entries show when their parent is open.
fn siblings(
    file: &mut PdfFile,
    entries: &[Entry],
    parent: u32,
    unfold: bool,
) -> Result<(u32, u32, i64)> {
    let first = file.reserve(entries.len() as u64)?;
    let last = first + entries.len() as u32 - 1;
    let mut shown = entries.len() as i64;
    for (number, entry) in (first..).zip(entries) {
        let mut out = b"<</Title".to_vec();
        out.extend_from_slice(&entry.title);
        out.extend_from_slice(b"/Parent ");
        push_ref(&mut out, parent);
        for (key, there, neighbour) in [
            (b"/Prev ", number > first, number.wrapping_sub(1)),
            (b"/Next ", number < last, number + 1),
        ] {
            if there {
                out.extend_from_slice(key);
                push_ref(&mut out, neighbour);
            }
        }
        match &entry.target {
            Target::Ready(ready) => out.extend_from_slice(ready),
            Target::Page(page, y) => {
                out.extend_from_slice(b"/Dest[");
                push_ref(&mut out, *page);
                out.extend_from_slice(b"/XYZ null ");
                push_pt(&mut out, f64::from(*y));
                out.extend_from_slice(b" null]");
            }
        }
        if !entry.children.is_empty() {
            let open = entry.open && unfold;
            let (head, tail, inner) = siblings(file, &entry.children, number, unfold)?;
            if open {
                shown += inner;
            }
            out.extend_from_slice(b"/First ");
            push_ref(&mut out, head);
            out.extend_from_slice(b"/Last ");
            push_ref(&mut out, tail);
            out.extend_from_slice(b"/Count ");
            push_int(&mut out, if open { inner } else { -inner });
        }
        out.extend_from_slice(b">>");
        file.object(number, &out)?;
    }
    Ok((first, last, shown))
}
