//! What goes wrong leaves no file behind.

use std::path::Path;

use rust_core::control::JobControl;
use rust_core::error::Error;
use rust_core::pdf::{paginate, write_pdf};
use serde_json::json;

use crate::ledger::{Folder, Report};

#[test]
fn a_cancelled_job_leaves_no_file() {
    let folder = Folder::new("cancel");
    let report = Report::ledger(200_000, 1_000);
    let crunched = report.crunch(&folder);
    let control = JobControl::new(2, None);
    let plate = report.plate();
    let pages = paginate(&crunched, &plate, &control).unwrap();
    let path = folder.path("out.pdf");
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            // As soon as rows are drawn.
            while control.progress().0 == 0 && !control.is_cancelled() {
                std::thread::yield_now();
            }
            control.cancel();
        });
        let result = write_pdf(&crunched, &plate, &pages, &path, &control, None);
        control.cancel();
        result
    });
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert!(!path.exists());
}

#[test]
fn a_full_disk_is_named() {
    let folder = Folder::new("full");
    let report = Report::ledger(20_000, 100);
    let crunched = report.crunch(&folder);
    let control = JobControl::new(2, None);
    let plate = report.plate();
    let pages = paginate(&crunched, &plate, &control).unwrap();
    // A link, so that what the writer removes on the error is the link and not the device.
    let path = folder.path("out.pdf");
    std::os::unix::fs::symlink(Path::new("/dev/full"), &path).unwrap();
    let result = write_pdf(&crunched, &plate, &pages, &path, &control, None);
    assert!(matches!(result, Err(Error::DiskFull { .. })), "{result:?}");
    assert!(!path.is_symlink());
}

#[test]
fn a_plate_that_does_not_fit_the_plan_says_where() {
    let folder = Folder::new("plate");
    let cases = [
        (
            "/bands/details/0/cells/0/parts",
            json!([{"column": 99}]),
            "column 99",
        ),
        (
            "/bands/header/cells/0/parts",
            json!([{"column": 0}]),
            "the header",
        ),
        (
            "/bands/details/0/cells/0/parts",
            json!(["page"]),
            "page number",
        ),
        ("/bands/details/0/cells/0/style/font", json!(7), "font 7"),
        (
            "/fonts/0/path",
            json!("/nowhere/font.ttf"),
            "/nowhere/font.ttf",
        ),
        ("/first/bottom", json!(80.0), "does not fit on a page"),
    ];
    for (place, value, expected) in cases {
        let mut report = Report::ledger(10, 5);
        *report.layout.pointer_mut(place).unwrap() = value;
        let crunched = report.crunch(&folder);
        let error = paginate(&crunched, &report.plate(), &JobControl::new(1, None)).unwrap_err();
        assert!(error.to_string().contains(expected), "{place}: {error}");
    }
}
