//! The table on its pages.

use rust_core::control::JobControl;
use rust_core::pdf::{Surroundings, paginate, write_pdf};

use crate::ledger::{Folder, Report, check, run, text};

fn pages(pdf: &std::path::Path) -> Vec<String> {
    text(pdf)
        .split('\u{c}')
        .filter(|page| !page.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_row_is_printed_once_and_in_order() {
    let folder = Folder::new("order");
    let (pdf, written) = Report::ledger(2_000, 37).print(&folder, "out.pdf", 2);
    assert_eq!(written.rows, 2_000);
    let references: Vec<String> = text(&pdf)
        .split_whitespace()
        .filter(|word| word.starts_with("REF-"))
        .map(str::to_owned)
        .collect();
    let expected: Vec<String> = (0..2_000).map(|i| format!("REF-{:07}", i * 31)).collect();
    assert_eq!(references, expected);
}

#[test]
fn every_page_has_the_column_heads_and_its_number() {
    let folder = Folder::new("heads");
    let (pdf, written) = Report::ledger(500, 37).print(&folder, "out.pdf", 2);
    let pages = pages(&pdf);
    assert_eq!(pages.len() as u64, written.pages);
    for (n, page) in pages.iter().enumerate() {
        assert!(page.contains("H:reference"), "page {n}: {page}");
        assert!(
            page.contains(&format!("Page {} of {}", n + 1, pages.len())),
            "page {n}: {page}"
        );
    }
    assert!(pages.last().unwrap().contains("Grand total of rows: 500"));
}

#[test]
fn words_of_a_cell_keep_their_spaces() {
    let folder = Folder::new("words");
    let (pdf, _) = Report::ledger(50, 50).print(&folder, "out.pdf", 1);
    let text = text(&pdf);
    assert!(
        text.contains("Wire transfer")
            && text.contains("Café Zürich")
            && text.contains("Waffle fund"),
        "{text}"
    );
}

#[test]
fn the_same_report_gives_the_same_bytes_for_any_number_of_threads() {
    let folder = Folder::new("threads");
    let report = Report::ledger(9_000, 23);
    let (one, _) = report.print(&folder, "one.pdf", 1);
    let (two, _) = report.print(&folder, "two.pdf", 2);
    assert!(std::fs::read(one).unwrap() == std::fs::read(two).unwrap());
}

#[test]
fn a_report_without_rows_is_a_page_with_heads_and_grand_total() {
    let folder = Folder::new("empty");
    let (pdf, written) = Report::ledger(0, 1).print(&folder, "out.pdf", 2);
    assert_eq!((written.pages, written.rows), (1, 0));
    let text = text(&pdf);
    assert!(
        text.contains("H:balance")
            && text.contains("Grand total of rows: 0")
            && text.contains("Page 1 of 1")
    );
}

#[test]
fn a_hundred_columns_are_all_printed() {
    let folder = Folder::new("columns");
    let names: Vec<String> = (0..100).map(|i| format!("c{i}")).collect();
    let fields: Vec<(&str, Vec<String>)> = names
        .iter()
        .map(|name| (name.as_str(), vec![format!("v{name}"); 3]))
        .collect();
    let (pdf, _) = Report::texts(&fields).print(&folder, "out.pdf", 2);
    let raw = run("pdftotext", &["-raw", pdf.to_str().unwrap(), "-"]);
    for name in names {
        assert!(
            raw.matches(&format!("v{name}")).count() >= 3,
            "{name}: {raw}"
        );
    }
}

#[test]
fn groups_are_bookmarked_and_metadata_is_written() {
    let folder = Folder::new("outline");
    let (pdf, _) = Report::ledger(100, 10).print(&folder, "out.pdf", 2);
    let info = run("pdfinfo", &[pdf.to_str().unwrap()]);
    assert!(
        info.contains("Ledger – Übersicht") && info.contains("Producer:        Pressroom"),
        "{info}"
    );
    let json = run(
        "qpdf",
        &["--json", "--json-key=outlines", pdf.to_str().unwrap()],
    );
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let titles: Vec<&str> = json["outlines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["title"].as_str().unwrap())
        .collect();
    let expected: Vec<String> = (0..10).map(|i| format!("A{i:05}")).collect();
    assert_eq!(titles, expected);
    let on: Vec<u64> = json["outlines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["destpageposfrom1"].as_u64().unwrap())
        .collect();
    assert!(on.is_sorted() && on[0] == 1 && on[9] > 1, "{on:?}");
}

#[test]
fn every_page_states_its_own_size_and_resources() {
    let folder = Folder::new("explicit");
    let (pdf, written) = Report::ledger(5_000, 500).print(&folder, "out.pdf", 2);
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
    let file = String::from_utf8_lossy(&bytes);
    let pages: Vec<&str> = file
        .split("endobj")
        .filter(|o| o.contains("/Type /Page\n"))
        .collect();
    assert_eq!(pages.len() as u64, written.pages);
    for page in pages {
        assert!(
            page.contains("/MediaBox") && page.contains("/Resources") && page.contains("/Contents"),
            "{page}"
        );
    }
}

#[test]
fn pages_before_and_after_are_taken_in_and_counted() {
    let folder = Folder::new("around");
    // One page before the table, two that stand for its own, one after it.
    let mut cover = Report::ledger(180, 30);
    for kind in ["first", "next"] {
        cover.layout[kind]["art"]["texts"] = serde_json::json!([]);
    }
    let (cover, made) = cover.print(&folder, "cover.pdf", 1);
    assert_eq!(made.pages, 4);
    let cover = std::fs::read(cover).unwrap();
    let mut report = Report::ledger(120, 40);
    // The cover serves as furniture too: one page drawn as a form under every page of the table.
    report.furniture = cover.clone();
    for kind in ["first", "next"] {
        report.layout[kind]["art"]["form"] = 0.into();
    }
    let crunched = report.crunch(&folder);
    let control = JobControl::new(2, None);
    let plate = report.plate();
    let table = paginate(&crunched, &plate, &control).unwrap();
    let path = folder.path("out.pdf");
    let written = write_pdf(
        &crunched,
        &plate,
        &table,
        &path,
        &control,
        Some(Surroundings {
            pdf: &cover,
            before: 1,
        }),
    )
    .unwrap();
    check(&path);
    assert_eq!(written.pages, table.pages() + 2);
    let pages = pages(&path);
    assert_eq!(pages.len() as u64, written.pages);
    assert!(
        pages[1].contains(&format!("Page 2 of {}", written.pages)),
        "{}",
        pages[1]
    );
    let json = run(
        "qpdf",
        &["--json", "--json-key=outlines", path.to_str().unwrap()],
    );
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let on: Vec<u64> = json["outlines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["destpageposfrom1"].as_u64().unwrap())
        .collect();
    // Six of the cover's groups and three of the table's: those of its last page come after the table's.
    assert_eq!(on, [1, 1, 2, 2, 3, 2, 2, 3, 5], "{on:?}");
}
