//! The measure: a ledger of a million rows. `cargo test --release --test pdf -- --ignored --nocapture million`

use std::time::Instant;

use crate::ledger::*;
use rust_core::control::JobControl;
use rust_core::pdf::{paginate, write_pdf};

#[test]
#[ignore = "takes half a minute; run by hand"]
fn a_million_rows() {
    let rows: usize = std::env::var("ROWS")
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(1_000_000);
    let folder = Folder::new("million");
    let report = Report::ledger(rows, 40);
    let t = Instant::now();
    let crunched = report.crunch(&folder);
    println!("crunch {:.2}s", t.elapsed().as_secs_f64());
    let plate = report.plate();
    let control = JobControl::new(2, None);
    let t = Instant::now();
    let pages = paginate(&crunched, &plate, &control).unwrap();
    println!(
        "paginate {:.3}s, {} pages",
        t.elapsed().as_secs_f64(),
        pages.pages()
    );
    let path = folder.path("out.pdf");
    let t = Instant::now();
    let written = write_pdf(&crunched, &plate, &pages, &path, &control, None, None).unwrap();
    let seconds = t.elapsed().as_secs_f64();
    println!(
        "write {seconds:.2}s, {:.0} pages/s, {} bytes, {:?}",
        written.pages as f64 / seconds,
        written.bytes,
        written.warnings
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    println!(
        "{}",
        status.lines().find(|l| l.starts_with("VmHWM")).unwrap()
    );
    assert_eq!(written.control, crunched.control);
}
