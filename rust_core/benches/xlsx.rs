//! Rows of a ledger as a workbook: the fused encoder beside zlib-rs at several levels.
//!
//! `cargo bench -p rust_core --bench xlsx` prints the time of a whole file of 200,000 rows on every core, and its size.

#[path = "../tests/xlsx/specimen.rs"]
mod specimen;

use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rust_core::control::JobControl;
use rust_core::xlsx::{Codec, write_xlsx};

const ROWS: u64 = 200_000;

/// A number that looks drawn at random and is the same in every run (the finaliser of splitmix64).
fn drawn(row: u64, column: u64) -> u64 {
    let mut z = row
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .wrapping_add(column << 56);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Three integers, four texts of which one is unique, two decimals and a date.
fn ledger() -> RecordBatch {
    let ints = |column, below: u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(
            (0..ROWS).map(|row| (drawn(row, column) % below) as i64),
        ))
    };
    let texts = |column, noun: &str, below: u64| -> ArrayRef {
        let text = |row| format!("{noun} {}", drawn(row, column) % below);
        Arc::new(StringArray::from_iter_values((0..ROWS).map(text)))
    };
    let amounts = |column| -> ArrayRef {
        let amounts = (0..ROWS).map(|row| i128::from(drawn(row, column) % 10_000_000));
        let amounts = Decimal128Array::from_iter_values(amounts);
        Arc::new(
            amounts
                .with_precision_and_scale(12, 2)
                .expect("room for them"),
        )
    };
    let days = (0..ROWS).map(|row| 18_262 + (drawn(row, 9) % 1_500) as i32);
    RecordBatch::try_from_iter([
        (
            "id",
            Arc::new(Int64Array::from_iter_values(0..ROWS as i64)) as ArrayRef,
        ),
        ("account", ints(1, 900_000)),
        ("quantity", ints(2, 5_000)),
        ("memo", texts(3, "Invoice", u64::MAX)),
        ("city", texts(4, "City", 8)),
        ("customer", texts(5, "Customer", 2_000)),
        ("state", texts(6, "State", 3)),
        ("debit", amounts(7)),
        ("credit", amounts(8)),
        ("day", Arc::new(Date32Array::from_iter_values(days))),
    ])
    .expect("columns of one length")
}

fn codecs(criterion: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("pressroom-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the bench");
    let crunched = specimen::crunched(&ledger(), &[], &folder.join("spool"));
    let mut plate = specimen::plate(&crunched, 1);
    let (path, control) = (folder.join("out.xlsx"), JobControl::new(0, None));
    let mut group = criterion.benchmark_group("xlsx");
    group
        .throughput(Throughput::Elements(ROWS * 10))
        .sample_size(20);
    let levels = [1, 2, 3, 6].map(Codec::Searching);
    for codec in [Codec::Fused].into_iter().chain(levels) {
        plate.codec = codec;
        let bytes = write_xlsx(&crunched, &plate, &path, &control)
            .expect("a workbook")
            .bytes;
        println!("{codec:?}: {bytes} bytes");
        group.bench_function(format!("{codec:?}"), |bencher| {
            bencher.iter(|| write_xlsx(&crunched, &plate, &path, &control).expect("a workbook"));
        });
    }
    group.finish();
    std::fs::remove_dir_all(&folder).expect("the bench's own folder");
}

criterion_group!(benches, codecs);
criterion_main!(benches);
