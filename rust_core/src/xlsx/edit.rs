//! XML parts changed in place: what is not edited stays byte for byte as XlsxWriter wrote it.

use std::ops::Range;

use roxmltree::{Attribute, Document, Node};

use crate::error::{Error, Result};

/// Replacements in a text, kept until [`Edits::apply`].
#[derive(Debug, Default)]
pub struct Edits {
    edits: Vec<(Range<usize>, String)>,
}

impl Edits {
    /// Replaces `range` by `text`.
    pub fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.edits.push((range, text.into()));
    }

    /// Removes `range`.
    pub fn remove(&mut self, range: Range<usize>) {
        self.replace(range, "");
    }

    /// Inserts `text` before the byte at `at`.
    pub fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    /// Sets the value of an attribute, adding it when it is not there; `value` must need no escape.
    pub fn set(&mut self, node: Node<'_, '_>, name: &str, value: &str) {
        match attribute(node, name) {
            Some(found) => self.replace(found.range_value(), value),
            None => self.insert(after_name(node), format!(" {name}=\"{value}\"")),
        }
    }

    /// The part `range` of `source` with the edits that lie in it; an edit inside a removed range is void.
    pub fn apply(mut self, source: &str, range: Range<usize>) -> String {
        // The outer of two edits that start together comes first, insertions before both.
        self.edits
            .sort_by_key(|(at, _)| (at.start, at.start != at.end, usize::MAX - at.end));
        let mut out = String::with_capacity(range.len() + 256);
        let mut done = range.start;
        for (at, text) in self.edits {
            if at.start < done || at.end > range.end {
                continue;
            }
            out.push_str(&source[done..at.start]);
            out.push_str(&text);
            done = at.end;
        }
        out.push_str(&source[done..range.end]);
        out
    }
}

/// An attribute by its local name without a namespace.
pub fn attribute<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Attribute<'a, 'i>> {
    node.attributes()
        .find(|a| a.name() == name && a.namespace().is_none())
}

/// Where attributes of an element's start tag may be inserted.
fn after_name(node: Node<'_, '_>) -> usize {
    let source = node.document().input_text();
    let start = node.range().start;
    let tag = &source[start + 1..];
    let length = tag
        .find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>')
        .unwrap_or(tag.len());
    start + 1 + length
}

/// Where children of an element may be appended: before its end tag; `None` for an empty-element tag.
pub fn before_end_tag(node: Node<'_, '_>) -> Option<usize> {
    let range = node.range();
    let text = &node.document().input_text()[range.clone()];
    if text.ends_with("/>") && !text.contains("</") {
        return None;
    }
    text.rfind("</").map(|at| range.start + at)
}

/// Parses a part of the specimen.
///
/// # Errors
/// [`Error::Plate`] that names the part.
pub fn parse<'i>(part: &str, text: &'i str) -> Result<Document<'i>> {
    Document::parse(text).map_err(|e| Error::Plate(format!("the specimen's {part} is no XML: {e}")))
}

/// The first child element of this local name.
pub fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children()
        .find(|c| c.is_element() && c.tag_name().name() == name)
}

/// The text escaped for an attribute in double quotes.
pub fn quoted(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_leave_everything_else_as_it_was() {
        let source = r#"<a  x='1'><b y="2"/><c>t</c></a>"#;
        let document = parse("a.xml", source).unwrap();
        let root = document.root_element();
        let mut edits = Edits::default();
        edits.set(root, "x", "9");
        edits.set(child(root, "b").unwrap(), "z", "3");
        edits.remove(child(root, "c").unwrap().range());
        edits.insert(before_end_tag(root).unwrap(), "<d/>");
        assert_eq!(
            edits.apply(source, 0..source.len()),
            r#"<a  x='9'><b z="3" y="2"/><d/></a>"#
        );
    }

    #[test]
    fn an_edit_inside_a_removed_element_is_void() {
        let source = r#"<a><b y="2"><c z="1"/></b></a>"#;
        let document = parse("a.xml", source).unwrap();
        let b = child(document.root_element(), "b").unwrap();
        let mut edits = Edits::default();
        edits.set(child(b, "c").unwrap(), "z", "7");
        edits.remove(b.range());
        assert_eq!(edits.apply(source, 0..source.len()), "<a></a>");
    }
}
