//! Account numbers checked, formatted and masked.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, StringArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyTable;

use crate::columns::{Columns, cuts, integers, on_threads, result};

const LONGEST: usize = 34;
const SPACE: u8 = 36;
const LETTERS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// What each byte stands for: digits and letters as ISO 7064 has them; above a space nothing is allowed.
const VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < 36 {
        values[LETTERS[value] as usize] = value as u8;
        values[LETTERS[value].to_ascii_lowercase() as usize] = value as u8;
        value += 1;
    }
    values[b' ' as usize] = SPACE;
    values
};

/// An IBAN in groups of four.
struct Iban {
    size: usize,
    values: [u8; LONGEST],
    grouped: [u8; LONGEST + LONGEST / 4],
}

impl Iban {
    /// None: the text has not the form of one, or its check is wrong.
    fn of(text: &[u8]) -> Option<Self> {
        let mut iban = Self {
            size: 0,
            values: [0; LONGEST],
            grouped: [b' '; LONGEST + LONGEST / 4],
        };
        for byte in text {
            match VALUES[*byte as usize] {
                SPACE => {}
                value @ 0..SPACE if iban.size < LONGEST => {
                    iban.values[iban.size] = value;
                    iban.grouped[iban.size + iban.size / 4] = LETTERS[value as usize];
                    iban.size += 1;
                }
                _ => return None,
            }
        }
        let (front, national) = iban.values[..iban.size].split_at_checked(4)?;
        let formed =
            front[0] > 9 && front[1] > 9 && front[2] < 10 && front[3] < 10 && iban.size >= 15;
        let rest = national.iter().chain(front).fold(0, |rest, &value| {
            let rest: u64 = rest * if value > 9 { 100 } else { 10 } + u64::from(value);
            if rest > 1 << 56 { rest % 97 } else { rest }
        });
        (formed && rest % 97 == 1).then_some(iban)
    }

    fn masked(&self) -> [u8; LONGEST] {
        let mut masked = [b'*'; LONGEST];
        for place in self.size - 4..self.size {
            masked[place] = LETTERS[self.values[place] as usize];
        }
        masked
    }
}

/// Texts one after another, and where each ends.
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<i32>,
}

impl Texts {
    fn with_room(rows: usize, bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes + LONGEST + LONGEST / 4),
            ends: Vec::with_capacity(rows),
        }
    }

    /// The first of these bytes; a copy of a fixed size needs no loop.
    fn push<const N: usize>(&mut self, wide: &[u8; N], size: usize) {
        let end = self.bytes.len() + size;
        self.bytes.extend_from_slice(wide);
        self.bytes.truncate(end);
    }

    fn end_text(&mut self) {
        self.ends.push(self.bytes.len() as i32);
    }
}

struct Printed {
    formatted: Texts,
    masked: Texts,
    valid: Vec<bool>,
}

fn printed(texts: &StringArray, rows: Range<usize>) -> Printed {
    let mut valid = Vec::with_capacity(rows.len());
    let size = (texts.value_offsets()[rows.end] - texts.value_offsets()[rows.start]) as usize;
    let mut formatted = Texts::with_room(rows.len(), size + size / 4);
    let mut masked = Texts::with_room(rows.len(), size);
    for row in rows {
        let iban = Iban::of(texts.value(row).as_bytes());
        if let Some(iban) = &iban {
            formatted.push(&iban.grouped, iban.size + (iban.size - 1) / 4);
            masked.push(&iban.masked(), iban.size);
        }
        formatted.end_text();
        masked.end_text();
        valid.push(iban.is_some());
    }
    Printed {
        formatted,
        masked,
        valid,
    }
}

/// The texts of all parts as one array.
fn joined(parts: Vec<Texts>, valid: NullBuffer) -> Result<ArrayRef, ArrowError> {
    let mut offsets = Vec::with_capacity(valid.len() + 1);
    offsets.push(0);
    let mut bytes = Vec::new();
    for part in parts {
        let begin = bytes.len() as i32;
        offsets.extend(part.ends.iter().map(|end| begin + end));
        if bytes.is_empty() {
            bytes = part.bytes
        } else {
            bytes.extend(part.bytes)
        }
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Ok(Arc::new(StringArray::try_new(
        offsets,
        Buffer::from_vec(bytes),
        Some(valid),
    )?))
}

/// Each thread prints its rows; then the parts are joined.
#[pyfunction]
pub fn account_numbers(py: Python<'_>, table: PyTable, threads: usize) -> PyResult<Py<PyDict>> {
    let given = Columns::of(table)?.text("text")?;
    let (texts, invalid) = py
        .detach(|| {
            let rows = cuts(given.len(), threads).collect();
            let parts = on_threads(rows, |rows| printed(&given, rows));
            let (mut formatted, mut masked, mut valid) = (Vec::new(), Vec::new(), Vec::new());
            for part in parts {
                formatted.push(part.formatted);
                masked.push(part.masked);
                valid.extend(part.valid);
            }
            let valid = NullBuffer::from(valid);
            let texts = on_threads(vec![formatted, masked], |parts| {
                joined(parts, valid.clone())
            });
            let texts = texts.into_iter().collect::<Result<Vec<_>, _>>()?;
            Ok((texts, valid.null_count() as i64))
        })
        .map_err(|e: ArrowError| PyValueError::new_err(e.to_string()))?;
    let columns = ["formatted", "masked"].into_iter().zip(texts);
    result(py, columns.chain([("invalid", integers(vec![invalid]))]))
}
