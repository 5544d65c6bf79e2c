//! What the fused encoder writes is what the generic one does, for any rows.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use proptest::prelude::*;
use rust_core::control::JobControl;
use rust_core::crunch::Crunched;
use rust_core::xlsx::{Codec, SheetPlate, write_xlsx};

use crate::specimen;

/// Excel's last row.
const MAX_ROWS: u32 = 1_048_576;

/// A folder of one case, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static CASES: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let case = CASES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("pressroom-xlsx-{}-{case}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Every part of the workbook at `path`, checked against its CRC.
fn parts(path: &Path) -> BTreeMap<String, String> {
    let file = std::fs::File::open(path).expect("a written file");
    let mut package = zip::ZipArchive::new(file).expect("a package");
    (0..package.len())
        .map(|number| {
            let mut entry = package.by_index(number).expect("an entry");
            let mut text = String::new();
            entry
                .read_to_string(&mut text)
                .expect("sound UTF-8 and CRC");
            (entry.name().expect("a UTF-8 name").into_owned(), text)
        })
        .collect()
}

fn written(
    crunched: &Crunched,
    plate: &SheetPlate,
    threads: usize,
    folder: &Folder,
) -> (Vec<u8>, BTreeMap<String, String>) {
    let path = folder.0.join(format!("{:?}-{threads}.xlsx", plate.codec));
    let control = JobControl::new(threads, None);
    let written = write_xlsx(crunched, plate, &path, &control).expect("a workbook");
    assert_eq!(written.rows, crunched.rows);
    (std::fs::read(&path).expect("a written file"), parts(&path))
}

/// Rows of one sheet are numbered one after the other, below what stands above them.
fn check_rows(xml: &str, rows: &mut usize) {
    let document = roxmltree::Document::parse(xml).expect("well-formed XML");
    let numbers: Vec<u32> = document
        .descendants()
        .filter(|node| {
            node.has_tag_name((
                "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                "row",
            ))
        })
        .map(|row| {
            row.attribute("r")
                .and_then(|r| r.parse().ok())
                .expect("a row number")
        })
        .collect();
    assert!(
        numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]),
        "{numbers:?}"
    );
    assert!(numbers.iter().all(|number| *number <= MAX_ROWS));
    *rows += numbers.len();
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z]{0,6}",
        2 => "(North|South|Ärger & <co>|漢字|😀 |\"'){0,9}",
        1 => "[\\x00-\\x1f\\x7f\\u{fffe}\\u{ffff}]{1,5}",
        1 => "_x[0-9A-F]{4}_",
        1 => " {1,3}x {1,3}",
        1 => "a{0,900}",
        1 => any::<String>(),
    ]
}

/// A column of `rows` values of any type the spool has, some of them null.
fn column(rows: usize) -> impl Strategy<Value = ArrayRef> {
    fn of<T: std::fmt::Debug + 'static>(
        rows: usize,
        value: impl Strategy<Value = T> + 'static,
        array: impl Fn(Vec<Option<T>>) -> ArrayRef + 'static,
    ) -> BoxedStrategy<ArrayRef> {
        prop::collection::vec(prop::option::weighted(0.9, value), rows)
            .prop_map(array)
            .boxed()
    }
    let day = 86_400_000_000i64;
    prop_oneof![
        of(rows, prop_oneof![-20i64..20, any::<i64>()], |v| Arc::new(
            Int64Array::from(v)
        )),
        of(
            rows,
            prop_oneof![-9_999i128..9_999, -(10i128.pow(30))..10i128.pow(30)],
            |v| {
                Arc::new(
                    Decimal128Array::from(v)
                        .with_precision_and_scale(38, 3)
                        .expect("room"),
                )
            }
        ),
        of(rows, prop_oneof![-9.0..9.0, any::<f64>()], |v| Arc::new(
            Float64Array::from(v)
        )),
        of(rows, texts(), |v| Arc::new(StringArray::from(v))),
        of(
            rows,
            (0usize..3).prop_map(|n| ["open", "paid", "late"][n]),
            |v| Arc::new(StringArray::from(v))
        ),
        of(rows, any::<bool>(), |v| Arc::new(BooleanArray::from(v))),
        of(rows, -40_000i32..60_000, |v| Arc::new(Date32Array::from(v))),
        of(rows, -30_000 * day..30_000 * day, |v| Arc::new(
            TimestampMicrosecondArray::from(v)
        )),
    ]
}

/// Rows with two key columns that open groups in runs, and up to six columns of any type.
fn batches() -> impl Strategy<Value = RecordBatch> {
    let rows = prop_oneof![Just(0usize), Just(1), 2usize..40, 300usize..600];
    (rows, 1usize..7, 1usize..50, 1usize..9).prop_flat_map(|(rows, columns, outer, inner)| {
        prop::collection::vec(column(rows), columns).prop_map(move |columns| {
            let keys = |run: usize| -> ArrayRef {
                Arc::new(Int64Array::from_iter_values(
                    (0..rows).map(|row| (row / run) as i64),
                ))
            };
            let named = columns.into_iter().enumerate();
            let fields = named.map(|(number, array)| (format!("c{number}"), array));
            let keys = [
                ("outer".to_owned(), keys(outer * inner)),
                ("inner".to_owned(), keys(inner)),
            ];
            RecordBatch::try_from_iter_with_nullable(
                keys.into_iter().chain(fields).map(|(n, a)| (n, a, true)),
            )
            .expect("columns of one length")
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn fused_workbooks_inflate_to_the_generic_ones_bytes_for_any_thread_count(
        batch in batches(),
        levels in 0usize..3,
        first_row in prop_oneof![1u32..2000, MAX_ROWS - 200..MAX_ROWS - 60],
    ) {
        let folder = Folder::new();
        let crunched = specimen::crunched(&batch, &["outer", "inner"][..levels], &folder.0.join("spool"));
        let mut plate = specimen::plate(&crunched, first_row);
        let (bytes, fused) = written(&crunched, &plate, 2, &folder);
        let (alone, _) = written(&crunched, &plate, 1, &folder);
        prop_assert!(bytes == alone, "the bytes depend on the threads");
        plate.codec = Codec::Searching(6);
        let (_, generic) = written(&crunched, &plate, 2, &folder);
        prop_assert_eq!(&fused, &generic);

        let (mut rows, mut sheets) = (0, 0);
        for (_, xml) in fused.iter().filter(|(name, _)| name.starts_with("xl/worksheets/")) {
            check_rows(xml, &mut rows);
            sheets += 1;
        }
        let bands: usize = crunched.levels.iter().map(|level| 2 * level.groups.len()).sum();
        let blank = usize::from(crunched.rows == 0);
        prop_assert_eq!(rows, batch.num_rows() + blank + bands + 1 + sheets);
    }
}
