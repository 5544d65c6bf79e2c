//! What floats over a large sheet: pictures, charts, text boxes, notes and buttons. Those below the rows move with
//! them.
//!
//! ```text
//! <xdr:from><xdr:col>0</xdr:col>…<xdr:row>6</xdr:row>        drawing: both corners (ECMA-376 Part 1 §20.5.2.33)
//! <x:Anchor>1, 15, 5, 10, 3, 15, 9, 4</x:Anchor><x:Row>6     VML: corners of the box, cell of a note (Part 4 §19.4)
//! <comment ref="A7">                                         comments: the cell (Part 1 §18.7.3)
//! ```

use roxmltree::Node;

use super::archive::Archive;
use super::edit::{Edits, child, parse};
use super::reference::{RowMap, column_letters, parse_cell};
use super::tables::SheetParts;
use crate::error::{Error, Result};

/// What a worksheet's relationship may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Drawing,
    Vml,
    Comments,
}

/// A part that floats over a large sheet.
#[derive(Debug, Clone)]
pub struct Floating {
    kind: Kind,
    part: String,
}

impl Floating {
    /// The part at `part`, when a relationship of this type leads to something that moves.
    pub fn new(relationship: &str, part: String) -> Option<Self> {
        let kind = match relationship.rsplit('/').next()? {
            "drawing" => Kind::Drawing,
            "vmlDrawing" => Kind::Vml,
            "comments" => Kind::Comments,
            _ => return None,
        };
        Some(Self { kind, part })
    }

    /// Moves what stands below the rows; where the sheet does not reach there, it is left out. Returns how many were.
    ///
    /// # Errors
    /// [`Error::Plate`] for a part that can't be read.
    pub fn moved(
        &self,
        archive: &Archive<'_>,
        map: &RowMap,
        out: &mut SheetParts,
    ) -> Result<usize> {
        let source = archive.entry(&self.part)?.text()?;
        let document = parse(&self.part, &source)?;
        let mut edits = Edits::default();
        let mut left = 0;
        for node in document.descendants().filter(Node::is_element) {
            let Some(row) = self.row(node)? else {
                continue;
            };
            if row < map.specimen_below() {
                continue;
            }
            if map.last {
                self.shift(node, map, &mut edits)?;
            } else {
                edits.remove(node.range());
                // A note is a comment and its box: it counts once.
                left += usize::from(self.kind != Kind::Vml);
            }
        }
        let xml = edits.apply(&source, 0..source.len());
        if xml != source {
            out.parts.insert(self.part.clone(), xml);
        }
        Ok(left)
    }

    /// The row that something stands on; `None` for a node that is nothing of its own.
    fn row(&self, node: Node<'_, '_>) -> Result<Option<u32>> {
        let found = match (self.kind, node.tag_name().name()) {
            (Kind::Drawing, "twoCellAnchor" | "oneCellAnchor") => {
                let corner = child(node, "from").and_then(|from| child(from, "row"));
                corner.and_then(|row| row.text()?.trim().parse().ok())
            }
            (Kind::Comments, "comment") => node
                .attribute("ref")
                .and_then(parse_cell)
                .map(|(row, _)| row),
            (Kind::Vml, "shape") => {
                let Some(data) = child(node, "ClientData") else {
                    return Ok(None);
                };
                match child(data, "Row") {
                    Some(row) => row.text().and_then(|row| row.trim().parse().ok()),
                    None => {
                        child(data, "Anchor").and_then(|anchor| corners(anchor)?.get(2).copied())
                    }
                }
            }
            _ => return Ok(None),
        };
        found.map(Some).ok_or_else(|| {
            let name = node.tag_name().name();
            Error::Plate(format!("{}: a <{name}> that stands on no row", self.part))
        })
    }

    fn shift(&self, node: Node<'_, '_>, map: &RowMap, edits: &mut Edits) -> Result<()> {
        match self.kind {
            Kind::Comments => {
                if let Some((row, column)) = node.attribute("ref").and_then(parse_cell) {
                    let cell = format!("{}{}", column_letters(column), map.shifted(row) + 1);
                    edits.set(node, "ref", &cell);
                }
            }
            Kind::Drawing => {
                let corners = ["from", "to"].map(|name| child(node, name));
                for row in corners
                    .into_iter()
                    .flatten()
                    .filter_map(|corner| child(corner, "row"))
                {
                    shift_number(row, map, edits);
                }
            }
            Kind::Vml => {
                let Some(data) = child(node, "ClientData") else {
                    return Ok(());
                };
                if let Some(row) = child(data, "Row") {
                    shift_number(row, map, edits);
                }
                let anchor = child(data, "Anchor");
                if let Some((text, mut at)) =
                    anchor.and_then(|anchor| Some((anchor.first_child()?, corners(anchor)?)))
                {
                    for row in at.iter_mut().skip(2).step_by(4) {
                        *row = map.shifted((*row).max(map.specimen_below() - 1));
                    }
                    let at: Vec<String> = at.iter().map(u32::to_string).collect();
                    edits.replace(text.range(), at.join(", "));
                }
            }
        }
        Ok(())
    }
}

/// Moves the row number that is an element's text.
fn shift_number(node: Node<'_, '_>, map: &RowMap, edits: &mut Edits) {
    let number = node.text().and_then(|row| row.trim().parse().ok());
    if let (Some(row), Some(text)) = (number, node.first_child()) {
        edits.replace(text.range(), map.shifted(row).to_string());
    }
}

/// `left, offset, top, offset, right, offset, bottom, offset` of a VML box.
fn corners(anchor: Node<'_, '_>) -> Option<Vec<u32>> {
    let numbers = anchor
        .text()?
        .split(',')
        .map(|number| number.trim().parse().ok());
    numbers
        .collect::<Option<Vec<u32>>>()
        .filter(|at| at.len() == 8)
}
