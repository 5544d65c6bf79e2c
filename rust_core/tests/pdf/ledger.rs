//! A ledger to print: rows, a plan and a plate, made by hand.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use rust_core::control::JobControl;
use rust_core::crunch::{Crunched, Plan, crunch};
use rust_core::pdf::{PagePlate, paginate, write_pdf};
use rust_core::written::Written;
use serde_json::{Value, json};

/// A folder of one test, removed with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(test: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("pressroom-pdf-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The file of a font that is installed.
pub fn font(pattern: &str) -> PathBuf {
    let out = Command::new("fc-match")
        .args(["-f", "%{file}", pattern])
        .output()
        .expect("fc-match runs");
    PathBuf::from(String::from_utf8(out.stdout).unwrap())
}

/// What a program prints; it must succeed.
pub fn run(program: &str, args: &[&str]) -> String {
    let out = Command::new(program)
        .args(args)
        .output()
        .unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(
        out.status.success(),
        "{program} {args:?}: {}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).expect("UTF-8")
}

/// The text of a file as poppler reads it, in the order of the page.
pub fn text(pdf: &Path) -> String {
    run("pdftotext", &["-layout", pdf.to_str().unwrap(), "-"])
}

/// Fails unless qpdf finds the file in order.
pub fn check(pdf: &Path) {
    let out = run("qpdf", &["--check", pdf.to_str().unwrap()]);
    assert!(
        out.contains("No syntax or stream encoding errors found"),
        "{out}"
    );
    assert!(!out.contains("WARNING"), "{out}");
}

/// A report to be printed.
pub struct Report {
    pub batch: RecordBatch,
    pub plan: Value,
    pub layout: Value,
    pub furniture: Vec<u8>,
}

/// Geometry of the pages, pt.
pub const WIDTH: f64 = 595.28;
pub const HEIGHT: f64 = 841.89;
pub const TOP: f64 = 60.0;
pub const BOTTOM: f64 = 790.0;
pub const ROW: f64 = 14.0;

pub fn cell(parts: Value, x: f64, width: f64, align: &str) -> Value {
    json!({"parts": parts, "x": x, "width": width, "baseline": 10.0, "align": align, "line_height": 11.0,
           "style": {"font": 0, "size": 8.0, "color": [32, 32, 32]}})
}

pub fn band(cells: Vec<Value>, color: Option<[u8; 3]>) -> Value {
    let rects: Vec<Value> = color
        .iter()
        .map(|c| json!({"x": 40.0, "width": WIDTH - 80.0, "top": {"top": 0.0}, "bottom": {"bottom": 0.0}, "color": c}))
        .collect();
    json!({"height": ROW, "rects": rects, "cells": cells})
}

impl Report {
    /// Columns of text: `fields[i]` holds column i.
    pub fn texts(fields: &[(&str, Vec<String>)]) -> Self {
        let schema = Schema::new(
            fields
                .iter()
                .map(|(name, _)| Field::new(*name, DataType::Utf8, true))
                .collect::<Vec<_>>(),
        );
        let columns: Vec<ArrayRef> = fields
            .iter()
            .map(|(_, values)| Arc::new(StringArray::from(values.clone())) as ArrayRef)
            .collect();
        let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
        Self::of(batch, &[], vec![])
    }

    /// A plain design for any rows: columns of one width, a header, group headers, subtotals, a grand total.
    pub fn of(batch: RecordBatch, groups: &[&str], totals: Vec<Value>) -> Self {
        let schema = batch.schema();
        let names: Vec<&str> = schema
            .fields()
            .iter()
            .map(|f| f.name().as_str())
            .filter(|n| !groups.contains(n))
            .collect();
        let width = (WIDTH - 80.0) / names.len() as f64;
        let x = |i: usize| 40.0 + i as f64 * width + 2.0;
        let align = |name: &str| match schema.field_with_name(name).unwrap().data_type() {
            DataType::Utf8 | DataType::Date32 => "left",
            _ => "right",
        };
        let row = |parts: &dyn Fn(usize, &str) -> Value| -> Vec<Value> {
            names
                .iter()
                .enumerate()
                .map(|(i, name)| cell(parts(i, name), x(i), width - 4.0, align(name)))
                .collect()
        };
        let detail = |color| band(row(&|i, _| json!([{"column": i}])), color);
        let sums = |label: Vec<Value>| {
            let mut cells = vec![cell(json!(label), 42.0, 200.0, "left")];
            for (n, total) in totals.iter().enumerate() {
                let column = total["column"].as_u64().unwrap() as usize;
                cells.push(cell(json!([{"total": n}]), x(column), width - 4.0, "right"));
            }
            band(cells, Some([220, 225, 235]))
        };
        let levels = groups.len();
        let plan = json!({
            "columns": names.iter().map(|n| json!({"name": n, "source": n, "format": ""})).collect::<Vec<_>>(),
            "groups": groups.iter().map(|g| json!({"source": g, "format": ""})).collect::<Vec<_>>(),
            "totals": totals,
        });
        let footer = |text: Value| {
            json!({"parts": text, "x": 40.0, "width": WIDTH - 80.0, "baseline": 815.0,
            "align": "right", "line_height": 10.0, "style": {"font": 0, "size": 7.0}})
        };
        let kind = json!({"top": TOP, "bottom": BOTTOM, "art": {"form": null, "texts":
            [footer(json!([{"text": "Page "}, "page", {"text": " of "}, "pages"]))]}});
        let layout = json!({
            "fonts": [{"path": font("DejaVu Sans")}],
            "width": WIDTH, "height": HEIGHT, "first": kind, "next": kind,
            "bands": {
                "header": band(row(&|_, name| json!([{"text": format!("H:{name}")}])), Some([200, 210, 230])),
                "group_headers": (0..levels).map(|l| band(
                    vec![cell(json!([{"text": "Group "}, {"group": l}]), 42.0, 300.0, "left")], None)).collect::<Vec<_>>(),
                "details": [detail(None), detail(Some([244, 246, 250]))],
                "subtotals": (0..levels).map(|l| json!([sums(vec![json!({"text": "Sum of "}), json!({"group": l})])]))
                    .collect::<Vec<_>>(),
                "grand_total": [sums(vec![json!({"text": "Grand total of rows: "}), json!("rows")])],
            },
            "page_break": vec![false; levels], "bookmark": vec![true; levels],
            "info": {"title": "Ledger – Übersicht", "author": "Pressroom", "language": "en"},
        });
        Self {
            batch,
            plan,
            layout,
            furniture: Vec::new(),
        }
    }

    /// A ledger of eight columns in groups of `size` rows.
    pub fn ledger(rows: usize, size: usize) -> Self {
        let n = |i: usize| i as i64;
        let dates: Date32Array = (0..rows).map(|i| Some(19_000 + (i / 7) as i32)).collect();
        let accounts: StringArray = (0..rows)
            .map(|i| Some(format!("A{:05}", i / size)))
            .collect();
        let ids: Int64Array = (0..rows).map(|i| Some(n(i))).collect();
        let words = [
            "Wire transfer",
            "Card payment",
            "Office rent",
            "Café Zürich",
            "Waffle fund",
            "Interest",
            "Fee",
        ];
        let names: StringArray = (0..rows)
            .map(|i| Some(words[i * 7919 % words.len()]))
            .collect();
        let refs: StringArray = (0..rows)
            .map(|i| Some(format!("REF-{:07}", i * 31 % 9_999_991)))
            .collect();
        let money = |seed: usize| {
            let values: Decimal128Array = (0..rows)
                .map(|i| Some(((i * seed) % 20_000_003) as i128 - 1_000_000))
                .collect();
            Arc::new(values.with_precision_and_scale(18, 2).unwrap()) as ArrayRef
        };
        let counts: Int64Array = (0..rows).map(|i| Some(n(i * 13 % 1009))).collect();
        let batch = RecordBatch::try_from_iter(vec![
            ("account", Arc::new(accounts) as ArrayRef),
            ("id", Arc::new(ids)),
            ("day", Arc::new(dates)),
            ("text", Arc::new(names)),
            ("reference", Arc::new(refs)),
            ("debit", money(7_368_787)),
            ("credit", money(9_576_893)),
            ("balance", money(15_485_863)),
            ("count", Arc::new(counts)),
        ])
        .unwrap();
        let totals = [4, 5, 6]
            .map(|column| json!({"column": column, "kind": "sum"}))
            .to_vec();
        Self::of(batch, &["account"], totals)
    }

    pub fn crunch(&self, folder: &Folder) -> Crunched {
        let plan = Plan::from_json(&self.plan.to_string()).unwrap();
        let control = JobControl::new(2, None);
        let schema = self.batch.schema();
        let rows = self.batch.num_rows();
        // Several batches, so that their borders are crossed.
        let size = (rows / 3 + 1).min(65_536);
        let parts: Vec<_> = (0..rows)
            .step_by(size)
            .map(|at| Ok(self.batch.slice(at, size.min(rows - at))))
            .collect();
        crunch(
            parts.into_iter(),
            &schema,
            plan,
            &folder.path("spool"),
            &control,
        )
        .unwrap()
    }

    pub fn plate(&self) -> PagePlate {
        PagePlate::new(&self.layout.to_string(), self.furniture.clone()).unwrap()
    }

    /// Prints on this many threads and lets qpdf judge the file.
    pub fn print(&self, folder: &Folder, name: &str, threads: usize) -> (PathBuf, Written) {
        let crunched = self.crunch(folder);
        let control = JobControl::new(threads, None);
        let plate = self.plate();
        let pages = paginate(&crunched, &plate, &control).unwrap();
        let path = folder.path(name);
        let written = write_pdf(&crunched, &plate, &pages, &path, &control, None).unwrap();
        assert_eq!(written.control, crunched.control);
        assert_eq!(written.rows, crunched.rows);
        assert_eq!(written.bytes, std::fs::metadata(&path).unwrap().len());
        check(&path);
        (path, written)
    }
}
