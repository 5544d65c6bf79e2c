//! What stands in the cells.

use rust_core::pdf::fonts::Fonts;
use rust_core::pdf::plate::PlateFont;
use rust_core::pdf::shape::{Shaper, Style};
use serde_json::json;

use crate::ledger::{BOTTOM, Folder, Report, font, run, text};

fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|v| (*v).to_owned()).collect()
}

/// One column of texts, wrapping, in a font.
fn prose(values: &[&str], family: &str) -> Report {
    let mut report = Report::texts(&[("prose", strings(values))]);
    report.layout["fonts"][0]["path"] = json!(font(family));
    for band in report.layout["bands"]["details"].as_array_mut().unwrap() {
        band["cells"][0]["wrap"] = json!(true);
    }
    report
}

fn narrow(report: &mut Report, width: f64) {
    for band in report.layout["bands"]["details"].as_array_mut().unwrap() {
        band["cells"][0]["width"] = json!(width);
    }
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn ligatures_and_kerning_read_as_their_letters() {
    for family in ["DejaVu Sans", "Inter"] {
        let folder = Folder::new(&format!("ligatures-{}", family.len()));
        let (pdf, written) = prose(&["office affluent AVATAR Ta. -> 12:34 3x9"], family)
            .print(&folder, "out.pdf", 1);
        assert!(
            text(&pdf).contains("office affluent AVATAR Ta. -> 12:34 3x9"),
            "{family}: {}",
            text(&pdf)
        );
        assert_eq!(written.warnings, Vec::<String>::new());
    }
}

#[test]
fn opentype_and_truetype_fonts_are_embedded_as_subsets() {
    for (family, kind) in [("DejaVu Sans", "CID TrueType"), ("Inter", "CID Type 0C")] {
        let folder = Folder::new(&format!("subset-{}", family.len()));
        let (pdf, _) = prose(&["Some words, 1,234.50"], family).print(&folder, "out.pdf", 1);
        let fonts = run("pdffonts", &[pdf.to_str().unwrap()]);
        let line = fonts.lines().nth(2).unwrap();
        assert!(
            line.contains(kind) && line.contains("Identity-H       yes yes yes"),
            "{fonts}"
        );
    }
}

#[test]
fn long_words_and_texts_wrap_inside_their_box() {
    let folder = Folder::new("wrap");
    let word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
        .repeat(4);
    let long = "a quick brown fox jumps over the lazy dog ".repeat(6);
    let mut report = prose(&[&word, &long, "short"], "DejaVu Sans");
    narrow(&mut report, 100.0);
    let (pdf, _) = report.print(&folder, "out.pdf", 2);
    let boxes = run("pdftotext", &["-bbox", pdf.to_str().unwrap(), "-"]);
    let edge = |line: &str| -> Option<f64> {
        line.split("xMax=\"")
            .nth(1)?
            .split('"')
            .next()?
            .parse()
            .ok()
    };
    for line in boxes.lines().filter(|l| l.contains("<word")) {
        if !line.contains("Page") && !line.contains("of") && !line.contains(">1<") {
            assert!(edge(line).unwrap() <= 42.0 + 100.5, "{line}");
        }
    }
    let said: String = text(&pdf).split_whitespace().collect();
    assert!(said.contains(&word), "{said}");
}

#[test]
fn a_row_higher_than_a_page_goes_on_over_the_next() {
    let folder = Folder::new("high");
    let long: String = (0..4_000).map(|i| format!("word{i} ")).collect();
    let mut report = prose(&["first", &long, "last"], "DejaVu Sans");
    narrow(&mut report, 150.0);
    let (pdf, written) = report.print(&folder, "out.pdf", 2);
    assert!(written.pages > 10);
    let words: Vec<String> = text(&pdf)
        .split_whitespace()
        .filter(|w| w.starts_with("word"))
        .map(str::to_owned)
        .collect();
    assert_eq!(
        words,
        (0..4_000).map(|i| format!("word{i}")).collect::<Vec<_>>()
    );
    let boxes = run("pdftotext", &["-bbox", pdf.to_str().unwrap(), "-"]);
    for line in boxes.lines().filter(|l| l.contains(">word")) {
        let low: f64 = line
            .split("yMax=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(low <= BOTTOM + 1.0, "{line}");
    }
}

#[test]
fn characters_that_no_font_has_are_counted_in_one_warning() {
    let folder = Folder::new("missing");
    let (pdf, written) =
        prose(&["東京 tower", "東 again", "fine 😀"], "Inter").print(&folder, "out.pdf", 2);
    assert_eq!(written.warnings.len(), 1, "{:?}", written.warnings);
    assert!(
        written.warnings[0].contains("U+6771") && written.warnings[0].starts_with("4 characters"),
        "{:?}",
        written.warnings
    );
    assert!(flat(&text(&pdf)).contains("tower"));
}

#[test]
fn a_fallback_font_sets_what_the_first_one_lacks() {
    let folder = Folder::new("fallback");
    let mut report = prose(&["Inter and \u{2630} and \u{0561}\u{0562}"], "Inter");
    report.layout["fonts"] =
        json!([{"path": font("Inter"), "fallbacks": [1]}, {"path": font("DejaVu Sans")}]);
    let (pdf, written) = report.print(&folder, "out.pdf", 2);
    assert_eq!(written.warnings, Vec::<String>::new());
    assert!(
        flat(&text(&pdf)).contains("Inter and \u{2630} and \u{0561}\u{0562}"),
        "{}",
        text(&pdf)
    );
    assert_eq!(run("pdffonts", &[pdf.to_str().unwrap()]).lines().count(), 4);
}

#[test]
fn hebrew_and_arabic_run_from_right_to_left_and_read_as_written() {
    let folder = Folder::new("bidi");
    // No lam-alef: poppler turns the letters of a right-to-left ligature round.
    let (pdf, written) =
        prose(&["total שלום עולם 12", "sum مرحبا 34"], "DejaVu Sans").print(&folder, "out.pdf", 2);
    assert_eq!(written.warnings, Vec::<String>::new());
    let text = text(&pdf);
    assert!(text.contains("שלום") && text.contains("עולם"), "{text}");
    assert!(text.contains("مرحبا"), "{text}");
}

#[test]
fn figures_are_set_as_the_shaper_sets_them() {
    let fonts: Vec<PlateFont> = ["DejaVu Sans", "Inter", "DejaVu Serif"]
        .iter()
        .map(|family| serde_json::from_value(json!({"path": font(family)})).unwrap())
        .collect();
    let fonts = Fonts::load(&fonts).unwrap();
    for face in 0..3 {
        for spacing in [0.0, 0.05] {
            let styles = [Style::new(face, spacing)];
            let mut shaper = Shaper::new(&fonts, &styles);
            let mut show = Vec::new();
            let mut covered = 0;
            for text in [
                "1,234.50",
                "1 234/77%",
                "-9",
                "(12.5%)",
                "7/11 12:30:05",
                "71,117.47 + 4",
                "0-1-7",
            ] {
                let Some(width) = shaper.set(0, text, &mut show) else {
                    continue;
                };
                covered += 1;
                let line = shaper.line(0, text).unwrap();
                assert!((line.width - width).abs() < 1e-9, "{text}");
                assert_eq!(line.runs.len(), 1);
                assert_eq!(*line.runs[0].show, *show, "{text}");
            }
            assert!(covered >= 2, "font {face} sets no figures by itself");
        }
    }
}

#[test]
fn white_space_in_data_is_collapsed_as_in_a_web_page() {
    let folder = Folder::new("space");
    let (pdf, _) = prose(&["  one\ttwo\r\nthree  "], "DejaVu Sans").print(&folder, "out.pdf", 1);
    assert!(text(&pdf).contains("one two three"));
}
