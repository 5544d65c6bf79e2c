//! Cells that look different when their value says so.

use serde_json::{Value, json};

use crate::ledger::{Folder, Report, font, run};

/// A ledger whose debits (column 4 of the plan) have these rules.
fn ruled(rules: &Value) -> Report {
    let mut report = Report::ledger(60, 10);
    report.layout["fonts"] =
        json!([{"path": font("DejaVu Sans")}, {"path": font("DejaVu Sans:bold")}]);
    for band in report.layout["bands"]["details"].as_array_mut().unwrap() {
        band["grounds"] = json!(band["rects"].as_array().unwrap().len());
        let cell = &mut band["cells"][4];
        let x = cell["x"].clone();
        let mut own = rules.clone();
        for rule in own.as_array_mut().unwrap() {
            rule["column"] = json!(4);
            if let Some(color) = rule["background"].as_array().cloned() {
                rule["background"] = json!({"x": x, "width": 50.0, "top": {"top": 0.0}, "bottom": {"bottom": 0.0},
                    "color": color});
            }
        }
        cell["rules"] = own;
        cell["faces"] = json!([1, 0, 1]);
    }
    report
}

/// How often an operator stands in the pages' streams.
fn count(report: &Report, name: &str, operator: &str) -> usize {
    let folder = Folder::new(name);
    let (pdf, _) = report.print(&folder, "out.pdf", 2);
    let plain = folder.path("plain.pdf");
    run(
        "qpdf",
        &[
            "--qdf",
            "--object-streams=disable",
            pdf.to_str().unwrap(),
            plain.to_str().unwrap(),
        ],
    );
    let bytes = std::fs::read(plain).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    text.lines().filter(|line| line.trim() == operator).count()
}

#[test]
fn colours_grounds_and_weight_go_with_the_values() {
    let negative = json!({"compared": ["<", {"number": [0, 0]}]});
    let rules =
        json!([{"when": negative, "color": [255, 0, 0], "background": [0, 0, 255], "bold": true}]);
    // (i * 7,368,787) mod 20,000,003 - 1,000,000 hundredths.
    let fitting = (0..60u64)
        .filter(|i| i * 7_368_787 % 20_000_003 < 1_000_000)
        .count();
    assert!(fitting > 1);
    let report = ruled(&rules);
    assert_eq!(count(&report, "rule-color", "1 0 0 rg"), fitting);
    assert_eq!(count(&report, "rule-ground", "0 0 1 rg"), fitting);
    assert_eq!(count(&report, "rule-weight", "/F1 8 Tf"), fitting);
    assert_eq!(count(&ruled(&json!([])), "rule-none", "1 0 0 rg"), 0);
}

#[test]
fn of_several_rules_the_first_that_says_a_property_wins() {
    let any = json!({"compared": ["!=", {"number": [1, 6]}]});
    let rules = json!([
        {"when": any, "bold": true},
        {"when": any, "color": [0, 255, 0], "bold": false},
        {"when": any, "color": [255, 0, 0]},
    ]);
    let report = ruled(&rules);
    assert_eq!(count(&report, "rule-first", "0 1 0 rg"), 60);
    assert_eq!(count(&report, "rule-second", "1 0 0 rg"), 0);
    assert_eq!(count(&report, "rule-bold", "/F1 8 Tf"), 60);
}
