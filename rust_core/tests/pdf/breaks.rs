//! Properties of page breaks, over many shapes of groups.

use proptest::prelude::*;
use rust_core::control::JobControl;
use rust_core::pdf::paginate;

use crate::ledger::{BOTTOM, Folder, ROW, Report, TOP};

/// A report of groups of these sizes.
fn report(sizes: &[usize]) -> Report {
    let keys: Vec<String> = sizes
        .iter()
        .enumerate()
        .flat_map(|(g, n)| vec![format!("g{g:04}"); *n])
        .collect();
    let rows: Vec<String> = (0..keys.len()).map(|i| format!("r{i}")).collect();
    let mut report = Report::texts(&[("key", keys), ("row", rows)]);
    report = Report::of(report.batch, &["key"], vec![]);
    report
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn blocks_are_kept_whole_and_pages_are_full(sizes in prop::collection::vec(1usize..130, 1..24), broken: bool) {
        let folder = Folder::new("breaks");
        let mut report = report(&sizes);
        report.layout["page_break"] = serde_json::json!([broken]);
        let crunched = report.crunch(&folder);
        let pages = paginate(&crunched, &report.plate(), &JobControl::new(1, None)).unwrap();
        let rows: usize = sizes.iter().sum();
        let mut firsts = std::collections::BTreeSet::new();
        let mut lasts = std::collections::BTreeSet::new();
        let mut at = 0;
        for size in &sizes {
            firsts.insert(at);
            at += size;
            lasts.insert(at - 1);
        }
        // Bands that the block of a row has.
        let height = |row: usize| {
            1 + usize::from(firsts.contains(&row)) + usize::from(lasts.contains(&row)) + usize::from(row + 1 == rows)
        };
        let room = ((BOTTOM - TOP - ROW) / ROW + 1e-6).floor() as usize;
        let mut next = 0;
        for page in 0..pages.pages() {
            let start = pages.start(page);
            // Every page starts with a block: a subtotal never stands alone, a group header has its first row.
            prop_assert_eq!(start.step, 0);
            prop_assert_eq!(start.row as usize, next);
            let end = if page + 1 < pages.pages() { pages.start(page + 1).row as usize } else { rows };
            prop_assert!(end > next);
            let used: usize = (next..end).map(height).sum();
            prop_assert!(used <= room, "page {} has {} bands, room for {}", page, used, room);
            let forced = broken && firsts.contains(&end);
            if end < rows && !forced {
                prop_assert!(used + height(end) > room, "page {} could take row {}", page, end);
            }
            if broken {
                prop_assert!(!(next + 1..end).any(|row| firsts.contains(&row)));
            }
            next = end;
        }
        prop_assert_eq!(next, rows);
    }
}

#[test]
fn wrapping_rows_that_need_one_line_break_as_plain_ones() {
    let folder = Folder::new("same");
    let plain = report(&[100, 3, 77, 1, 250]);
    let mut wrapping = report(&[100, 3, 77, 1, 250]);
    for band in wrapping.layout["bands"]["details"].as_array_mut().unwrap() {
        band["cells"][0]["wrap"] = serde_json::json!(true);
    }
    let control = JobControl::new(2, None);
    let crunched = plain.crunch(&folder);
    let one = paginate(&crunched, &plain.plate(), &control).unwrap();
    let two = paginate(&crunched, &wrapping.plate(), &control).unwrap();
    assert_eq!(one.pages(), two.pages());
    for page in 0..one.pages() {
        assert_eq!(one.start(page), two.start(page));
    }
}

#[test]
fn a_hundred_thousand_groups_of_one_row_are_broken_in_no_time() {
    let folder = Folder::new("groups");
    let report = report(&vec![1; 100_000]);
    let crunched = report.crunch(&folder);
    let started = std::time::Instant::now();
    let pages = paginate(&crunched, &report.plate(), &JobControl::new(1, None)).unwrap();
    assert!(pages.pages() > 5_000);
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}
