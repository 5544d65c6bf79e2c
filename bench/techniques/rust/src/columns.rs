//! Columns of the given table, and arrays for Python; nothing is copied on the way.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_buffer::ScalarBuffer;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::{PyArray, PyTable};

/// A table as one batch.
pub struct Columns(RecordBatch);

impl Columns {
    pub fn of(table: PyTable) -> PyResult<Self> {
        let (mut batches, schema) = table.into_inner();
        if batches.len() == 1 {
            return Ok(Self(batches.remove(0)));
        }
        let whole = arrow_select::concat::concat_batches(&schema, &batches);
        whole
            .map(Self)
            .map_err(|e| PyValueError::new_err(e.to_string()))
    }

    fn column(&self, name: &str) -> PyResult<&ArrayRef> {
        self.0
            .column_by_name(name)
            .ok_or_else(|| PyKeyError::new_err(format!("no column {name}")))
    }

    pub fn i32(&self, name: &str) -> PyResult<ScalarBuffer<i32>> {
        Ok(self
            .column(name)?
            .as_primitive::<Int32Type>()
            .values()
            .clone())
    }

    pub fn i64(&self, name: &str) -> PyResult<ScalarBuffer<i64>> {
        Ok(self
            .column(name)?
            .as_primitive::<Int64Type>()
            .values()
            .clone())
    }

    pub fn text(&self, name: &str) -> PyResult<StringArray> {
        Ok(self.column(name)?.as_string::<i32>().clone())
    }
}

/// What a kernel gives back: columns by name.
pub fn result<'a>(
    py: Python<'_>,
    columns: impl IntoIterator<Item = (&'a str, ArrayRef)>,
) -> PyResult<Py<PyDict>> {
    let result = PyDict::new(py);
    for (name, column) in columns {
        result.set_item(name, PyArray::from_array_ref(column).into_arro3(py)?)?;
    }
    Ok(result.unbind())
}

pub fn integers(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

/// Values that threads share; in place, as the types have one layout.
pub fn shared(values: Vec<i64>) -> Vec<AtomicI64> {
    values.into_iter().map(AtomicI64::new).collect()
}

/// Values that threads have shared; in place.
pub fn owned(values: Vec<AtomicI64>) -> Vec<i64> {
    values.into_iter().map(AtomicI64::into_inner).collect()
}

/// A hash of a number; its upper bits are the better ones.
pub fn mixed(number: i64) -> usize {
    (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize
}

/// `rows` cut into `parts` that differ by one row at most.
pub fn cuts(rows: usize, parts: usize) -> impl Iterator<Item = Range<usize>> {
    (0..parts).map(move |part| rows * part / parts..rows * (part + 1) / parts)
}

/// Run `work` over each of `items` on a thread of its own; results in their order.
pub fn on_threads<I: Send, O: Send>(items: Vec<I>, work: impl Fn(I) -> O + Sync) -> Vec<O> {
    if items.len() == 1 {
        return items.into_iter().map(work).collect();
    }
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = items
            .into_iter()
            .map(|item| scope.spawn(move || work(item)))
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    })
}
