//! The parts around the sheets: workbook.xml, relationships and content types, for the sheets there truly are.

use std::collections::BTreeMap;

use roxmltree::Node;

use super::archive::Archive;
use super::edit::{Edits, before_end_tag, child, parse, quoted};
use super::plate::StructureLock;
use super::reference::RowMap;
use super::shared_strings;
use crate::error::{Error, Result};

const WORKBOOK: &str = "xl/workbook.xml";
const WORKBOOK_RELS: &str = "xl/_rels/workbook.xml.rels";
const CONTENT_TYPES: &str = "[Content_Types].xml";
const APP: &str = "docProps/app.xml";
const SHEET_TYPE: &str =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml";
const RELATIONSHIP: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
/// UTF-16 units of the longest sheet name.
const MAX_NAME: usize = 31;

/// A sheet of the specimen and the part that holds it.
#[derive(Debug, Clone)]
pub struct SheetPart {
    /// Its name.
    pub name: String,
    /// Its place among the sheets.
    pub index: usize,
    /// Path of its part.
    pub part: String,
}

/// A sheet that Rust adds because the rows go on.
#[derive(Debug, Clone)]
pub struct FurtherSheet {
    /// Its name.
    pub name: String,
    /// Path of its part.
    pub part: String,
    /// Its rows, for the names that point into it.
    pub map: RowMap,
}

/// What became of one large sheet of the specimen.
#[derive(Debug, Clone)]
pub struct SheetChange {
    /// Place among the specimen's sheets.
    pub index: usize,
    /// The rows of the first sheet.
    pub map: RowMap,
    /// Defined names of the sheet that hold rows of the specimen.
    pub names: Vec<String>,
    /// The sheets after it.
    pub further: Vec<FurtherSheet>,
}

/// The specimen's workbook.
#[derive(Debug)]
pub struct Workbook {
    xml: String,
    rels: String,
    types: String,
    app: Option<String>,
    /// In the order of the tabs.
    pub sheets: Vec<SheetPart>,
}

impl Workbook {
    /// Reads the parts of `archive` that list the sheets.
    ///
    /// # Errors
    /// [`Error::Plate`] when they are missing or contradict each other.
    pub fn read(archive: &Archive<'_>) -> Result<Self> {
        let xml = archive.entry(WORKBOOK)?.text()?;
        let rels = archive.entry(WORKBOOK_RELS)?.text()?;
        let types = archive.entry(CONTENT_TYPES)?.text()?;
        let app = match archive.contains(APP) {
            true => Some(archive.entry(APP)?.text()?),
            false => None,
        };
        let sheets = sheets(&xml, &rels)?;
        Ok(Self {
            xml,
            rels,
            types,
            app,
            sheets,
        })
    }

    /// The sheet of this name.
    ///
    /// # Errors
    /// [`Error::Plate`] with the names there are.
    pub fn sheet(&self, name: &str) -> Result<&SheetPart> {
        self.sheets
            .iter()
            .find(|sheet| sheet.name == name)
            .ok_or_else(|| {
                let names: Vec<_> = self
                    .sheets
                    .iter()
                    .map(|sheet| sheet.name.as_str())
                    .collect();
                Error::Plate(format!(
                    "the workbook has no sheet {name:?}; it has {}",
                    names.join(", ")
                ))
            })
    }

    /// Names of the specimen's sheets.
    pub fn names(&self) -> Vec<String> {
        self.sheets.iter().map(|sheet| sheet.name.clone()).collect()
    }

    /// The changed parts by path. `overrides` are further parts with their content types; `strings` tells that
    /// the package has shared strings which the specimen had not.
    ///
    /// # Errors
    /// [`Error::Plate`] for parts that are not as a workbook's.
    pub fn parts(
        &self,
        changes: &[SheetChange],
        overrides: &BTreeMap<String, String>,
        strings: bool,
        lock: Option<&StructureLock>,
    ) -> Result<Vec<(&'static str, String)>> {
        let further: Vec<&FurtherSheet> =
            changes.iter().flat_map(|change| &change.further).collect();
        let mut parts = vec![(WORKBOOK, self.workbook_xml(changes, lock)?)];
        let mut targets: Vec<(String, &str, &str)> = further
            .iter()
            .enumerate()
            .map(|(number, sheet)| {
                let target = sheet.part.strip_prefix("xl/").unwrap_or(&sheet.part);
                (relationship_id(number), "worksheet", target)
            })
            .collect();
        if strings {
            targets.push((
                "rIdStrings".to_owned(),
                "sharedStrings",
                "sharedStrings.xml",
            ));
        }
        let mut rels = String::new();
        for (id, kind, target) in &targets {
            rels.push_str(&format!(
                "<Relationship Id=\"{id}\" Type=\"{RELATIONSHIP}/{kind}\" Target=\"{target}\"/>"
            ));
        }
        parts.push((WORKBOOK_RELS, appended(WORKBOOK_RELS, &self.rels, &rels)?));
        let mut types = String::new();
        let sheets = further
            .iter()
            .map(|sheet| (sheet.part.as_str(), SHEET_TYPE));
        let others = overrides
            .iter()
            .map(|(part, kind)| (part.as_str(), kind.as_str()));
        let shared = strings.then_some(("xl/sharedStrings.xml", shared_strings::CONTENT_TYPE));
        for (part, kind) in sheets.chain(others).chain(shared) {
            types.push_str(&format!(
                "<Override PartName=\"/{part}\" ContentType=\"{kind}\"/>"
            ));
        }
        parts.push((CONTENT_TYPES, appended(CONTENT_TYPES, &self.types, &types)?));
        if let Some(app) = self.app.as_ref().filter(|_| !further.is_empty()) {
            parts.push((APP, without_titles(app)?));
        }
        Ok(parts)
    }

    fn workbook_xml(
        &self,
        changes: &[SheetChange],
        lock: Option<&StructureLock>,
    ) -> Result<String> {
        let document = parse(WORKBOOK, &self.xml)?;
        let root = document.root_element();
        let mut edits = Edits::default();
        let list = child(root, "sheets")
            .ok_or_else(|| Error::Plate(format!("{WORKBOOK} has no sheets")))?;
        let nodes: Vec<_> = list.children().filter(Node::is_element).collect();
        let mut next_id = nodes
            .iter()
            .filter_map(|node| node.attribute("sheetId")?.parse::<u32>().ok())
            .max()
            .unwrap_or(0);
        let mut number = 0;
        for change in changes {
            let mut added = String::new();
            for sheet in &change.further {
                next_id += 1;
                added.push_str(&format!(
                    "<sheet name=\"{}\" sheetId=\"{next_id}\" r:id=\"{}\"/>",
                    quoted(&sheet.name),
                    relationship_id(number)
                ));
                number += 1;
            }
            edits.insert(nodes[change.index].range().end, added);
        }
        if let Some(lock) = lock {
            // It stands between workbookPr and bookViews (§18.2.27, the order is fixed).
            let after = ["workbookPr", "fileSharing", "fileVersion"]
                .iter()
                .find_map(|name| child(root, name))
                .ok_or_else(|| Error::Plate(format!("{WORKBOOK} has no workbookPr")))?;
            edits.insert(after.range().end, protection(lock));
        }
        if let Some(views) = child(root, "bookViews") {
            for view in views.children().filter(Node::is_element) {
                for key in ["activeTab", "firstSheet"] {
                    if let Some(index) = view.attribute(key).and_then(|v| v.parse().ok()) {
                        edits.set(view, key, &moved(index, changes).to_string());
                    }
                }
            }
        }
        if let Some(names) = child(root, "definedNames") {
            for name in names.children().filter(Node::is_element) {
                self.defined_name(name, changes, &mut edits)?;
            }
        }
        Ok(edits.apply(&self.xml, 0..self.xml.len()))
    }

    /// Moves a name that belongs to a sheet, maps the built-in ones (`_xlnm.`), and copies those to further sheets.
    ///
    /// Those that the plate names go with the built-in ones; others, which a design defined itself, hold true
    /// references already.
    fn defined_name(
        &self,
        node: Node<'_, '_>,
        changes: &[SheetChange],
        edits: &mut Edits,
    ) -> Result<()> {
        let Some(index) = node
            .attribute("localSheetId")
            .and_then(|id| id.parse().ok())
        else {
            return Ok(());
        };
        let new_index = moved(index, changes);
        edits.set(node, "localSheetId", &new_index.to_string());
        let name = node.attribute("name").unwrap_or_default();
        let change = changes.iter().find(|change| change.index == index);
        let text = node.first_child().filter(|c| c.is_text());
        let (Some(change), Some(text)) = (change, text) else {
            return Ok(());
        };
        if !name.starts_with("_xlnm.") && !change.names.iter().any(|own| own == name) {
            return Ok(());
        }
        let formula = text.text().unwrap_or_default();
        let bad = |range: String| {
            Error::Plate(format!(
                "the name {name} has the range {range}, which is no range"
            ))
        };
        match map_formula(formula, &change.map, None).map_err(bad)? {
            Some(mapped) => edits.replace(text.range(), quoted(&mapped)),
            None => edits.remove(node.range()),
        }
        let mut copies = String::new();
        for (number, sheet) in change.further.iter().enumerate() {
            if let Some(mapped) =
                map_formula(formula, &sheet.map, Some(&sheet.name)).map_err(bad)?
            {
                let hidden = match node.attribute("hidden") {
                    Some(hidden) => format!(" hidden=\"{hidden}\""),
                    None => String::new(),
                };
                copies.push_str(&format!(
                    "<definedName name=\"{name}\" localSheetId=\"{}\"{hidden}>{}</definedName>",
                    new_index + number + 1,
                    quoted(&mapped)
                ));
            }
        }
        edits.insert(node.range().end, copies);
        Ok(())
    }
}

fn protection(lock: &StructureLock) -> String {
    let password = match lock.password.as_str() {
        "" => String::new(),
        hash => format!(" workbookPassword=\"{}\"", quoted(hash)),
    };
    format!("<workbookProtection{password} lockStructure=\"1\"/>")
}

fn relationship_id(number: usize) -> String {
    format!("rIdRows{}", number + 1)
}

fn sheets(xml: &str, rels: &str) -> Result<Vec<SheetPart>> {
    let rels = parse(WORKBOOK_RELS, rels)?;
    let targets: BTreeMap<&str, &str> = rels
        .root_element()
        .children()
        .filter_map(|r| Some((r.attribute("Id")?, r.attribute("Target")?)))
        .collect();
    let document = parse(WORKBOOK, xml)?;
    let list = child(document.root_element(), "sheets")
        .ok_or_else(|| Error::Plate(format!("{WORKBOOK} has no sheets")))?;
    list.children()
        .filter(Node::is_element)
        .enumerate()
        .map(|(index, sheet)| {
            let name = sheet.attribute("name").unwrap_or_default().to_owned();
            let target = sheet
                .attribute((RELATIONSHIP, "id"))
                .and_then(|id| targets.get(id))
                .ok_or_else(|| Error::Plate(format!("the sheet {name:?} has no part")))?;
            let part = match target.strip_prefix('/') {
                Some(absolute) => absolute.to_owned(),
                None => format!("xl/{target}"),
            };
            Ok(SheetPart { name, index, part })
        })
        .collect()
}

/// The place of a sheet of the specimen once further sheets stand among them.
fn moved(index: usize, changes: &[SheetChange]) -> usize {
    let before = changes.iter().filter(|change| change.index < index);
    index + before.map(|change| change.further.len()).sum::<usize>()
}

/// Names for `count` sheets that follow `name`: `name (2)`, `name (3)`, …, none of them among `taken`.
pub fn further_names(taken: &[String], name: &str, count: usize) -> Vec<String> {
    let taken: Vec<String> = taken.iter().map(|name| name.to_lowercase()).collect();
    (2usize..)
        .map(|number| numbered(name, number))
        .filter(|name| !taken.contains(&name.to_lowercase()))
        .take(count)
        .collect()
}

fn numbered(name: &str, number: usize) -> String {
    let suffix = format!(" ({number})");
    let mut units = suffix.len();
    let kept: String = name
        .chars()
        .take_while(|c| {
            units += c.len_utf16();
            units <= MAX_NAME
        })
        .collect();
    format!("{}{suffix}", kept.trim_end())
}

/// Maps `Sheet!$A$1:$C$9,Sheet!$2:$3`, onto another sheet where one is named.
fn map_formula(formula: &str, map: &RowMap, sheet: Option<&str>) -> Result<Option<String>, String> {
    let mut kept = Vec::new();
    for reference in split_list(formula) {
        let (old, range) = reference
            .rsplit_once('!')
            .ok_or_else(|| reference.to_owned())?;
        if let Some(mapped) = map.map(range)? {
            let sheet = sheet.map_or_else(
                || old.to_owned(),
                |name| format!("'{}'", name.replace('\'', "''")),
            );
            kept.push(format!("{sheet}!{mapped}"));
        }
    }
    Ok((!kept.is_empty()).then(|| kept.join(",")))
}

/// Splits at commas outside of quoted sheet names.
fn split_list(formula: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, byte) in formula.bytes().enumerate() {
        match byte {
            b'\'' => quoted = !quoted,
            b',' if !quoted => {
                parts.push(&formula[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&formula[start..]);
    parts
}

fn appended(part: &str, xml: &str, added: &str) -> Result<String> {
    let document = parse(part, xml)?;
    let end = before_end_tag(document.root_element())
        .ok_or_else(|| Error::Plate(format!("the specimen's {part} is empty")))?;
    let mut edits = Edits::default();
    edits.insert(end, added);
    Ok(edits.apply(xml, 0..xml.len()))
}

/// docProps/app.xml without the list of sheets, which is optional (ECMA-376 Part 1 §22.2) and would be wrong.
fn without_titles(xml: &str) -> Result<String> {
    let document = parse(APP, xml)?;
    let mut edits = Edits::default();
    for name in ["HeadingPairs", "TitlesOfParts"] {
        if let Some(node) = child(document.root_element(), name) {
            edits.remove(node.range());
        }
    }
    Ok(edits.apply(xml, 0..xml.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_names_fit_31_units() {
        assert_eq!(numbered("Flights", 2), "Flights (2)");
        let long = "a name of thirty-one characters";
        assert_eq!(
            numbered(long, 12),
            "a name of thirty-one charac (12)"
                .replace("charac ", "chara ")
                .as_str()
        );
        assert!(numbered(&"😀".repeat(15), 2).encode_utf16().count() <= MAX_NAME);
    }

    #[test]
    fn lists_split_outside_of_sheet_names() {
        assert_eq!(
            split_list("'a, b'!$A:$B,C!$1:$2"),
            ["'a, b'!$A:$B", "C!$1:$2"]
        );
    }
}
