//! A workbook to be filled: a specimen, rows and a plate, made by hand.

use std::io::{Cursor, Write};
use std::path::Path;

use arrow_array::RecordBatch;
use rust_core::control::JobControl;
use rust_core::crunch::{Crunched, Plan, crunch};
use rust_core::xlsx::SheetPlate;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

const TYPES: &str = concat!(
    r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">"#,
    r#"<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>"#,
    r#"<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>"#,
    r#"<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>"#,
    r#"<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>"#,
    "</Types>",
);
const ROOT_RELS: &str = concat!(
    r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#,
    r#"<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>"#,
    "</Relationships>",
);
const WORKBOOK: &str = concat!(
    r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" "#,
    r#"xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr/>"#,
    r#"<sheets><sheet name="Rows" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
);
const WORKBOOK_RELS: &str = concat!(
    r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#,
    r#"<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>"#,
    r#"<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>"#,
    "</Relationships>",
);
const STYLES: &str = concat!(
    r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="1"><font/></fonts>"#,
    r#"<fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>"#,
    r#"<cellXfs count="4"><xf/><xf numFmtId="4"/><xf numFmtId="14"/><xf numFmtId="3"/></cellXfs></styleSheet>"#,
);

/// The rows of `batch`, ordered by `groups`, with a total of each number.
pub fn crunched(batch: &RecordBatch, groups: &[&str], spool: &Path) -> Crunched {
    let schema = batch.schema();
    let columns: Vec<Value> = schema
        .fields()
        .iter()
        .map(|field| json!({"name": field.name(), "source": field.name()}))
        .collect();
    let totals: Vec<Value> = (0..columns.len())
        .filter(|&column| schema.field(column).data_type().is_numeric())
        .map(|column| json!({"column": column, "kind": "sum"}))
        .collect();
    let groups: Vec<Value> = groups
        .iter()
        .map(|field| json!({"source": field}))
        .collect();
    let plan = json!({"columns": columns, "groups": groups, "totals": totals}).to_string();
    let rows = std::iter::once(Ok(batch.clone()));
    let plan = Plan::from_json(&plan).expect("a sound plan");
    crunch(rows, &schema, plan, spool, &JobControl::new(2, None)).expect("rows that add up")
}

/// A plate whose template rows start at `first_row` (from 0): a header and subtotals per group level, a grand total.
pub fn plate(crunched: &Crunched, first_row: u32) -> SheetPlate {
    let (columns, levels) = (crunched.plan.columns.len(), crunched.plan.groups.len());
    let mut next = first_row;
    let mut band = |cells: Vec<Value>| {
        next += 1;
        json!({"row": next - 1, "cells": cells})
    };
    let key = |level: usize| -> Vec<Value> {
        (0..columns)
            .map(|column| match column {
                0 => json!([{"text": "Group "}, {"group": level}]),
                _ => json!([]),
            })
            .collect()
    };
    let totals = || -> Vec<Value> {
        let of = |column: usize| {
            crunched
                .plan
                .totals
                .iter()
                .position(|total| total.column == column)
        };
        (0..columns)
            .map(|column| of(column).map_or(json!([]), |total| json!([{"total": total}])))
            .collect()
    };
    let headers: Vec<Value> = (0..levels).map(|level| band(key(level))).collect();
    let detail = band(
        (0..columns)
            .map(|column| json!([{"column": column}]))
            .collect(),
    );
    let subtotals: Vec<Value> = (0..levels).map(|_| json!([band(totals())])).collect();
    let grand = [band(totals())];
    let sheet = json!({"name": "Rows", "first_row": first_row, "columns": columns, "outline": levels > 0,
        "bands": {"group_headers": headers, "detail": detail, "subtotals": subtotals, "grand_total": grand}});
    let workbook = workbook(&worksheet(columns, first_row, next));
    SheetPlate::new(&json!({"sheets": [sheet]}).to_string(), workbook).expect("a sound plate")
}

/// A sheet with headings above the template rows `first..end`, each with a style per column.
fn worksheet(columns: usize, first: u32, end: u32) -> String {
    let letters = |column: usize| char::from(b'A' + column as u8);
    let mut rows = String::new();
    for row in (first.saturating_sub(1)..first).chain(first..end) {
        rows.push_str(&format!("<row r=\"{}\">", row + 1));
        for column in 0..columns {
            rows.push_str(&format!(
                "<c r=\"{}{}\" s=\"{}\"/>",
                letters(column),
                row + 1,
                column % 4
            ));
        }
        rows.push_str("</row>");
    }
    format!(
        concat!(
            r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:{}{}"/>"#,
            "<sheetData>{}</sheetData></worksheet>"
        ),
        letters(columns - 1),
        end,
        rows
    )
}

fn workbook(sheet: &str) -> Vec<u8> {
    let mut file = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, xml) in [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", ROOT_RELS),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELS),
        ("xl/styles.xml", STYLES),
        ("xl/worksheets/sheet1.xml", sheet),
    ] {
        file.start_file(name, SimpleFileOptions::default())
            .expect("a new entry");
        file.write_all(xml.as_bytes()).expect("memory");
    }
    file.finish().expect("memory").into_inner()
}
