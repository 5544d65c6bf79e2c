//! A large sheet of the specimen: its template rows, and the XML above and below them for the true rows.

use std::collections::HashMap;

use roxmltree::{Document, Node};

use super::edit::{Edits, attribute, before_end_tag, child, parse};
use super::reference::{RowMap, column_letters, parse_cell, shift_rows};
use crate::error::{Error, Result};

/// What a template row gives to every row of its band.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TemplateRow {
    /// Attributes of `<row>` as XML with a leading blank: height, default style, hidden.
    pub attributes: String,
    /// Style of each column's cell.
    pub styles: HashMap<u32, u32>,
}

/// A parsed worksheet part.
#[derive(Debug)]
pub struct SheetSpecimen<'i> {
    part: String,
    source: &'i str,
    document: Document<'i>,
    /// Byte range of the template rows.
    block: std::ops::Range<usize>,
    /// The specimen's last row with cells, from 0.
    last_row: u32,
    /// References to shared strings in the rows above, in the template rows, and below.
    pub shared_references: [u64; 3],
}

/// What differs between the sheets that one specimen becomes.
#[derive(Debug, Clone, Default)]
pub struct SheetFacts {
    /// A further sheet: drawings and tables belong to the first.
    pub continued: bool,
    /// Deepest outline level of the rows.
    pub outline: u8,
    /// Columns of the rows.
    pub columns: u32,
    /// Columns with texts or digits kept as text, for which Excel shall show no warning triangle.
    pub text_columns: Vec<u32>,
    /// `r:id` values of the sheet's tables on a further sheet, in the order of the first.
    pub tables: Vec<String>,
}

impl<'i> SheetSpecimen<'i> {
    /// Parses the worksheet `source`, whose template rows are rows `first..below` from 0.
    ///
    /// # Errors
    /// [`Error::Plate`] when it is no worksheet with rows.
    pub fn new(part: &str, source: &'i str, first: u32, below: u32) -> Result<Self> {
        let document = parse(part, source)?;
        let data = child(document.root_element(), "sheetData")
            .filter(|data| data.has_children())
            .ok_or_else(|| {
                Error::Plate(format!(
                    "{part} has no rows: a sheet's template rows are missing"
                ))
            })?;
        let end = before_end_tag(data).unwrap_or(data.range().end);
        let (mut block, mut last_row) = (end..end, 0);
        let mut shared_references = [0; 3];
        for row in data.children().filter(Node::is_element) {
            let number = row_number(part, row)?;
            last_row = last_row.max(number);
            let place = usize::from(number >= first) + usize::from(number >= below);
            shared_references[place] += row
                .children()
                .filter(|cell| cell.attribute("t") == Some("s"))
                .count() as u64;
            if place >= 1 {
                block.start = block.start.min(row.range().start);
            }
            if place == 2 {
                block.end = block.end.min(row.range().start);
            }
        }
        Ok(Self {
            part: part.to_owned(),
            source,
            document,
            block,
            last_row,
            shared_references,
        })
    }

    /// Rows from specimen row `below` to the last one with cells.
    pub fn rows_below(&self, below: u32) -> u32 {
        (self.last_row + 1).saturating_sub(below)
    }

    fn sheet_data(&self) -> Option<Node<'_, 'i>> {
        child(self.document.root_element(), "sheetData")
    }

    /// Template row `number` (from 0); `outline` when the core sets outline levels itself.
    ///
    /// # Errors
    /// [`Error::Plate`] for references or styles that are no numbers.
    pub fn template(&self, number: u32, outline: bool) -> Result<TemplateRow> {
        let mut template = TemplateRow::default();
        let rows = self.sheet_data().into_iter().flat_map(|d| d.children());
        for row in rows.filter(Node::is_element) {
            if row_number(&self.part, row)? != number {
                continue;
            }
            for a in row.attributes() {
                let ours =
                    matches!(a.name(), "r" | "spans") || (outline && a.name() == "outlineLevel");
                if !ours {
                    template.attributes.push(' ');
                    template.attributes.push_str(&self.source[a.range()]);
                }
            }
            for cell in row.children().filter(Node::is_element) {
                let column = cell.attribute("r").and_then(parse_cell);
                let style = cell.attribute("s").map_or(Ok(0), str::parse);
                let (Some((_, column)), Ok(style)) = (column, style) else {
                    return Err(
                        self.bad("a template cell without a reference or with a strange style")
                    );
                };
                template.styles.insert(column, style);
            }
        }
        Ok(template)
    }

    fn bad(&self, what: &str) -> Error {
        Error::Plate(format!("{}: {what}", self.part))
    }

    /// The XML before the rows and after them, for the sheet that `map` describes.
    ///
    /// # Errors
    /// [`Error::Plate`] for a range that is not in A1 notation.
    pub fn surroundings(&self, map: &RowMap, facts: &SheetFacts) -> Result<(String, String)> {
        let root = self.document.root_element();
        let mut head = Edits::default();
        let mut tail = Edits::default();
        for node in root.children().filter(Node::is_element) {
            match node.tag_name().name() {
                "dimension" => {
                    head.set(node, "ref", &self.dimension(node, map, facts));
                }
                "sheetFormatPr" if facts.outline > 0 => {
                    head.set(node, "outlineLevelRow", &facts.outline.to_string());
                }
                "sheetViews" if facts.continued => {
                    for view in node.children() {
                        if let Some(selected) = attribute(view, "tabSelected") {
                            head.remove(selected.range());
                        }
                    }
                }
                "sheetData" => self.move_rows_below(node, map, &mut tail)?,
                _ if node.range().start >= self.block.end => {
                    self.ranged(node, map, facts, &mut tail)?;
                }
                _ => {}
            }
        }
        self.ignore_text_numbers(map, facts, &mut tail);
        Ok((
            head.apply(self.source, 0..self.block.start),
            tail.apply(self.source, self.block.end..self.source.len()),
        ))
    }

    fn dimension(&self, node: Node<'_, '_>, map: &RowMap, facts: &SheetFacts) -> String {
        let given = node.attribute("ref").unwrap_or("A1");
        let (first, last) = given.split_once(':').unwrap_or((given, given));
        let (top, left) = parse_cell(first).unwrap_or((0, 0));
        let (_, right) = parse_cell(last).unwrap_or((0, 0));
        let mut bottom = map.below() - 1;
        if map.last && self.last_row >= map.specimen_below() {
            bottom = map.shifted(self.last_row);
        }
        let right = right.max(facts.columns.saturating_sub(1));
        format!(
            "{}{}:{}{}",
            column_letters(left),
            top.min(map.first) + 1,
            column_letters(right),
            bottom + 1
        )
    }

    /// Rows below the block: shifted on the last sheet, left out on the others.
    fn move_rows_below(&self, data: Node<'_, '_>, map: &RowMap, edits: &mut Edits) -> Result<()> {
        for row in data.children().filter(Node::is_element) {
            let number = row_number(&self.part, row)?;
            if number < map.specimen_below() {
                continue;
            }
            if !map.last {
                edits.remove(row.range());
                continue;
            }
            let shifted = map.shifted(number);
            edits.set(row, "r", &(shifted + 1).to_string());
            for cell in row.children().filter(Node::is_element) {
                let reference = cell.attribute("r").and_then(parse_cell);
                let (_, column) =
                    reference.ok_or_else(|| self.bad("a cell without a reference"))?;
                edits.set(
                    cell,
                    "r",
                    &format!("{}{}", column_letters(column), shifted + 1),
                );
                // An array's formula says which cells it fills.
                let array = child(cell, "f").and_then(|f| Some((f, f.attribute("ref")?)));
                if let Some((formula, range)) = array {
                    let moved = map.map(range).map_err(|range| {
                        self.bad(&format!("an array formula over {range}, which is no range"))
                    })?;
                    edits.set(formula, "ref", &moved.unwrap_or_default());
                }
            }
        }
        Ok(())
    }

    /// Maps every range in `node`; whether anything of it is left.
    fn ranged(
        &self,
        node: Node<'_, '_>,
        map: &RowMap,
        facts: &SheetFacts,
        edits: &mut Edits,
    ) -> Result<bool> {
        let name = node.tag_name().name();
        if facts.continued && belongs_to_first(name) {
            edits.remove(node.range());
            return Ok(false);
        }
        if facts.continued && name == "tablePart" {
            return Ok(self.further_table(node, facts, edits));
        }
        if name == "brk" {
            return Ok(row_break(node, map, edits));
        }
        let bad = |range: String| {
            self.bad(&format!(
                "<{name}> has the range {range}, which is no range"
            ))
        };
        let key = match name {
            "autoFilter" | "mergeCell" | "hyperlink" | "sortState" | "sortCondition" => "ref",
            _ => "sqref",
        };
        let range = if name == "sqref" {
            node.text().zip(node.first_child().map(|text| text.range()))
        } else {
            attribute(node, key).map(|a| (a.value(), a.range_value()))
        };
        // The selection of a view is not a range of rows, and it stands in the head anyway.
        if let Some((list, place)) = range {
            match map.map_list(list).map_err(bad)? {
                Some(mapped) => {
                    self.move_rules(node, list, &mapped, edits);
                    edits.replace(place, mapped);
                }
                None => {
                    edits.remove(node.range());
                    return Ok(false);
                }
            }
        }
        let (mut kept, mut dropped, mut essential) = (0, 0, false);
        for inner in node.children().filter(Node::is_element) {
            if self.ranged(inner, map, facts, edits)? {
                kept += 1;
            } else {
                dropped += 1;
                essential |= matches!(inner.tag_name().name(), "sqref" | "sparklines");
            }
        }
        if dropped > 0 && (kept == 0 || essential) {
            edits.remove(node.range());
            return Ok(false);
        }
        if dropped > 0 {
            for count in ["count", "manualBreakCount"] {
                if attribute(node, count).is_some() {
                    edits.set(node, count, &kept.to_string());
                }
            }
        }
        Ok(true)
    }

    /// Moves the relative references of a range's rules when its first cell moves.
    fn move_rules(&self, node: Node<'_, '_>, old: &str, new: &str, edits: &mut Edits) {
        let row = |list: &str| {
            let first = list.split([' ', ':']).next()?;
            parse_cell(first).map(|(row, _)| i64::from(row))
        };
        // An x14 rule holds its range beside its formulas, any other one its formulas inside itself.
        let rule = if node.tag_name().name() == "sqref" {
            node.parent()
        } else {
            Some(node)
        };
        let (Some(old), Some(new), Some(rule)) = (row(old), row(new), rule) else {
            return;
        };
        // A sparkline's formula is no rule: it holds true references.
        if old == new || rule.tag_name().name() == "sparkline" {
            return;
        }
        let is_rule = |name: &str| matches!(name, "formula" | "formula1" | "formula2" | "f");
        for formula in rule.descendants().filter(|n| is_rule(n.tag_name().name())) {
            for text in formula.children().filter(|n| n.is_text()) {
                edits.replace(
                    text.range(),
                    shift_rows(&self.source[text.range()], new - old),
                );
            }
        }
    }

    fn further_table(&self, node: Node<'_, '_>, facts: &SheetFacts, edits: &mut Edits) -> bool {
        let number = node
            .prev_siblings()
            .skip(1)
            .filter(Node::is_element)
            .count();
        let id = node.attributes().find(|a| a.name() == "id");
        match (facts.tables.get(number), id) {
            (Some(new), Some(id)) => {
                edits.replace(id.range_value(), new);
                true
            }
            _ => {
                edits.remove(node.range());
                false
            }
        }
    }

    /// Tells Excel that digits in these columns are texts on purpose (§18.3.1.51).
    fn ignore_text_numbers(&self, map: &RowMap, facts: &SheetFacts, edits: &mut Edits) {
        if facts.text_columns.is_empty() {
            return;
        }
        let ranges: Vec<_> = facts
            .text_columns
            .iter()
            .map(|&column| {
                let letters = column_letters(column);
                format!("{letters}{}:{letters}{}", map.first + 1, map.below())
            })
            .collect();
        let ranges = ranges.join(" ");
        let element = format!("<ignoredError sqref=\"{ranges}\" numberStoredAsText=\"1\"/>");
        let root = self.document.root_element();
        if let Some(at) = child(root, "ignoredErrors").and_then(before_end_tag) {
            edits.insert(at, element);
            return;
        }
        let next = root
            .children()
            .filter(Node::is_element)
            .find(|node| after_ignored_errors(node.tag_name().name()));
        let at = next.map_or_else(|| before_end_tag(root), |node| Some(node.range().start));
        if let Some(at) = at {
            edits.insert(at, format!("<ignoredErrors>{element}</ignoredErrors>"));
        }
    }
}

fn row_number(part: &str, row: Node<'_, '_>) -> Result<u32> {
    row.attribute("r")
        .and_then(|r| r.parse::<u32>().ok())
        .and_then(|r| r.checked_sub(1))
        .ok_or_else(|| Error::Plate(format!("{part}: a row without a number")))
}

/// Elements of a worksheet that point at a part which only one sheet may have.
fn belongs_to_first(name: &str) -> bool {
    matches!(
        name,
        "drawing" | "legacyDrawing" | "legacyDrawingHF" | "picture" | "oleObjects" | "controls"
    )
}

/// Elements that stand after `ignoredErrors` in a worksheet (§18.3.1.99, the order is fixed).
fn after_ignored_errors(name: &str) -> bool {
    belongs_to_first(name)
        || matches!(
            name,
            "smartTags" | "drawingHF" | "webPublishItems" | "tableParts" | "extLst"
        )
}

/// A page break: `id` is the row above it, counted from 1 (§18.3.1.3).
fn row_break(node: Node<'_, '_>, map: &RowMap, edits: &mut Edits) -> bool {
    let in_rows = node
        .parent()
        .is_some_and(|p| p.tag_name().name() == "rowBreaks");
    let Some(row) = node.attribute("id").and_then(|id| id.parse::<u32>().ok()) else {
        return true;
    };
    if !in_rows || row <= map.first {
        true
    } else if row < map.specimen_below() || !map.last {
        edits.remove(node.range());
        false
    } else {
        edits.set(node, "id", &map.shifted(row).to_string());
        true
    }
}
