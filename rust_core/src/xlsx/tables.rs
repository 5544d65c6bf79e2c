//! The parts that a large sheet brings along: its relationships, and its tables (ECMA-376 Part 1 §18.5).

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::Node;

use super::archive::Archive;
use super::drawings::Floating;
use super::edit::{Edits, attribute, child, parse};
use super::reference::RowMap;
use crate::error::{Error, Result};

const TABLE_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.table+xml";

/// A table of the specimen: `id` of its relationship and path of its part.
#[derive(Debug, Clone)]
struct Table {
    relationship: String,
    part: String,
}

/// Relationships of one large sheet.
#[derive(Debug)]
pub struct SheetRelationships {
    path: String,
    source: Option<String>,
    tables: Vec<Table>,
    floating: Vec<Floating>,
    /// Whether the sheet has parts that further sheets can't share: drawings, comments, pictures.
    pub has_drawings: bool,
}

/// Numbers and names of tables, which are unique in a workbook.
#[derive(Debug)]
pub struct TableNumbers {
    last: u32,
    parts: BTreeSet<String>,
}

impl TableNumbers {
    /// Those of the specimen.
    pub fn new(archive: &Archive<'_>) -> Self {
        let parts: BTreeSet<String> = archive
            .entries
            .iter()
            .filter(|entry| entry.name.starts_with("xl/tables/"))
            .map(|entry| entry.name.clone())
            .collect();
        Self {
            last: parts.len() as u32,
            parts,
        }
    }

    fn next(&mut self) -> (u32, String) {
        loop {
            self.last += 1;
            let part = format!("xl/tables/table{}.xml", self.last);
            if self.parts.insert(part.clone()) {
                return (self.last, part);
            }
        }
    }
}

/// Parts to be written, with content types where they are new.
#[derive(Debug, Default)]
pub struct SheetParts {
    /// Content by path.
    pub parts: BTreeMap<String, String>,
    /// Content types of new parts.
    pub types: BTreeMap<String, String>,
}

impl SheetRelationships {
    /// The relationships of the worksheet at `part`.
    ///
    /// # Errors
    /// [`Error::Plate`] for a broken part.
    pub fn read(archive: &Archive<'_>, part: &str) -> Result<Self> {
        let path = path_of(part);
        let mut relationships = Self {
            path: path.clone(),
            source: None,
            tables: Vec::new(),
            floating: Vec::new(),
            has_drawings: false,
        };
        if !archive.contains(&path) {
            return Ok(relationships);
        }
        let source = archive.entry(&path)?.text()?;
        {
            let document = parse(&path, &source)?;
            for node in document.root_element().children().filter(Node::is_element) {
                let kind = node.attribute("Type").unwrap_or_default();
                let target = node.attribute("Target").unwrap_or_default();
                if kind.ends_with("/table") {
                    relationships.tables.push(Table {
                        relationship: node.attribute("Id").unwrap_or_default().to_owned(),
                        part: target.replacen("../", "xl/", 1),
                    });
                } else if !kind.ends_with("/hyperlink") {
                    relationships.has_drawings = true;
                    let part = target.replacen("../", "xl/", 1);
                    relationships.floating.extend(Floating::new(kind, part));
                }
            }
        }
        relationships.source = Some(source);
        Ok(relationships)
    }

    /// The tables of the first sheet with their true range, and what floats below its rows in its place. Returns how
    /// much of that is left out, because the sheet ends before.
    ///
    /// # Errors
    /// [`Error::Plate`] for a broken part.
    pub fn first(
        &self,
        archive: &Archive<'_>,
        map: &RowMap,
        out: &mut SheetParts,
    ) -> Result<usize> {
        for table in &self.tables {
            let source = archive.entry(&table.part)?.text()?;
            out.parts.insert(
                table.part.clone(),
                table_xml(&table.part, &source, map, None)?,
            );
        }
        let mut left = 0;
        for floating in &self.floating {
            left += floating.moved(archive, map, out)?;
        }
        Ok(left)
    }

    /// Relationships and tables of further sheet number `number` (2, 3, …) at `part`; the ids of its tables.
    ///
    /// # Errors
    /// [`Error::Plate`] for a broken part.
    pub fn further(
        &self,
        archive: &Archive<'_>,
        part: &str,
        number: usize,
        map: &RowMap,
        numbers: &mut TableNumbers,
        out: &mut SheetParts,
    ) -> Result<Vec<String>> {
        let Some(source) = &self.source else {
            return Ok(Vec::new());
        };
        let document = parse(&self.path, source)?;
        let mut edits = Edits::default();
        for node in document.root_element().children().filter(Node::is_element) {
            let kind = node.attribute("Type").unwrap_or_default();
            if kind.ends_with("/table") {
                let id = node.attribute("Id").unwrap_or_default();
                let Some(table) = self.tables.iter().find(|table| table.relationship == id) else {
                    continue;
                };
                let (table_id, new) = numbers.next();
                let old = archive.entry(&table.part)?.text()?;
                let xml = table_xml(&table.part, &old, map, Some((table_id, number)))?;
                edits.set(node, "Target", &new.replacen("xl/", "../", 1));
                out.types.insert(new.clone(), TABLE_TYPE.to_owned());
                out.parts.insert(new, xml);
            } else if !kind.ends_with("/hyperlink") {
                edits.remove(node.range());
            }
        }
        out.parts
            .insert(path_of(part), edits.apply(source, 0..source.len()));
        Ok(self
            .tables
            .iter()
            .map(|table| table.relationship.clone())
            .collect())
    }
}

fn path_of(part: &str) -> String {
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    format!("{folder}/_rels/{file}.rels")
}

/// A table's part with its true range, and with a number and a name of its own on a further sheet.
fn table_xml(part: &str, source: &str, map: &RowMap, new: Option<(u32, usize)>) -> Result<String> {
    let document = parse(part, source)?;
    let root = document.root_element();
    let mut edits = Edits::default();
    let ranged = [Some(root), child(root, "autoFilter")];
    for node in ranged.into_iter().flatten() {
        if let Some(range) = attribute(node, "ref") {
            let bad = |range: String| Error::Plate(format!("{part}: {range} is no range"));
            let mapped = map.map(range.value()).map_err(bad)?;
            edits.replace(
                range.range_value(),
                mapped.unwrap_or_else(|| range.value().to_owned()),
            );
        }
    }
    if let Some((id, number)) = new {
        edits.set(root, "id", &id.to_string());
        for key in ["name", "displayName"] {
            if let Some(name) = attribute(root, key) {
                edits.insert(name.range_value().end, format!("_{number}"));
            }
        }
    }
    Ok(edits.apply(source, 0..source.len()))
}
