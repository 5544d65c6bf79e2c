//! The binding: convert, leave the GIL, plain Rust, convert. The only module that knows Python.

mod errors;
mod jobs;
mod scalars;
mod summary;
mod written;

use std::path::PathBuf;

use arrow_array::{RecordBatchIterator, RecordBatchReader};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use pyo3_arrow::PyRecordBatchReader;

use crate::crunch::{self, Control, Plan};
use crate::error::Error;
use crate::format::NumberFormat;
use crate::{ipc, pdf, transform, xlsx};
use jobs::JobControl;
use written::Written;

/// A report's rows in their spool, and everything computed from them.
#[pyclass(frozen, module = "rust_core._rust_core")]
struct Crunched(crunch::Crunched);

/// Control figures by column: how many values, and their exact sum where they have one.
fn control_figures<'py>(
    py: Python<'py>,
    plan: &Plan,
    control: &[Control],
) -> PyResult<Bound<'py, PyDict>> {
    let figures = PyDict::new(py);
    for (column, figure) in plan.columns.iter().zip(control) {
        figures.set_item(&column.name, (figure.count, figure.sum))?;
    }
    Ok(figures)
}

#[pymethods]
impl Crunched {
    #[getter]
    fn rows(&self) -> u64 {
        self.0.rows
    }

    #[getter]
    fn control<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        control_figures(py, &self.0.plan, &self.0.control)
    }

    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        summary::summary(py, &self.0)
    }

    fn stream<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let batches = self.0.batches.clone().into_iter().map(Ok);
        let reader = RecordBatchIterator::new(batches, self.0.schema.clone());
        PyRecordBatchReader::new(Box::new(reader)).into_arro3(py)
    }

    fn groups<'py>(
        &self,
        py: Python<'py>,
        level: usize,
        limit: usize,
    ) -> PyResult<Bound<'py, PyList>> {
        summary::groups(py, &self.0, level, limit)
    }
}

/// A workbook specimen and where its rows go.
#[pyclass(frozen, module = "rust_core._rust_core")]
struct SheetPlate(xlsx::SheetPlate);

#[pymethods]
impl SheetPlate {
    #[new]
    fn new(json: &str, workbook: Vec<u8>) -> PyResult<Self> {
        Ok(Self(xlsx::SheetPlate::new(json, workbook)?))
    }
}

/// A page design and its furniture.
#[pyclass(frozen, module = "rust_core._rust_core")]
struct PagePlate(pdf::PagePlate);

#[pymethods]
impl PagePlate {
    #[new]
    fn new(json: &str, furniture: Vec<u8>) -> PyResult<Self> {
        Ok(Self(pdf::PagePlate::new(json, furniture)?))
    }
}

/// Which band stands on which page.
#[pyclass(frozen, module = "rust_core._rust_core")]
struct Pagination(pdf::Pagination);

#[pymethods]
impl Pagination {
    #[getter]
    fn pages(&self) -> u64 {
        self.0.pages()
    }
}

#[pyfunction(name = "crunch")]
fn crunch_stream(
    py: Python<'_>,
    stream: PyRecordBatchReader,
    plan: &str,
    spool: PathBuf,
    control: &Bound<'_, JobControl>,
) -> PyResult<Crunched> {
    let plan = Plan::from_json(plan)?;
    // The reader is dropped after the GIL was taken again: a stream may hold Python objects.
    let mut reader = stream.into_reader()?;
    let schema = reader.schema();
    let control = &control.get().0;
    let crunched = py.detach(|| {
        let batches = (&mut reader).map(|batch| batch.map_err(Error::from));
        crunch::crunch(batches, &schema, plan, &spool, control)
    })?;
    Ok(Crunched(crunched))
}

#[pyfunction(name = "transform")]
fn transform_stream(
    py: Python<'_>,
    stream: PyRecordBatchReader,
    plan: &str,
    path: PathBuf,
    control: &Bound<'_, JobControl>,
) -> PyResult<u64> {
    let plan = transform::Plan::from_json(plan)?;
    // As above: dropped when the GIL was taken again.
    let mut reader = stream.into_reader()?;
    let schema = reader.schema();
    let control = &control.get().0;
    let rows = py.detach(|| {
        let batches = (&mut reader).map(|batch| batch.map_err(Error::from));
        transform::transform(batches, &schema, &plan, &path, control)
    })?;
    Ok(rows)
}

#[pyfunction]
fn write_xlsx(
    py: Python<'_>,
    crunched: &Bound<'_, Crunched>,
    plate: &Bound<'_, SheetPlate>,
    path: PathBuf,
    control: &Bound<'_, JobControl>,
) -> PyResult<Written> {
    let (crunched, plate) = (&crunched.get().0, &plate.get().0);
    let control = &control.get().0;
    let written = py.detach(|| xlsx::write_xlsx(crunched, plate, &path, control))?;
    Ok(Written::new(written, &crunched.plan))
}

/// Name, first detail row and detail rows of each sheet.
#[pyfunction]
fn spread_rows(
    py: Python<'_>,
    crunched: &Bound<'_, Crunched>,
    sheet: &str,
    taken: Vec<String>,
    below: u32,
) -> PyResult<Vec<(String, u64, u64)>> {
    let crunched = &crunched.get().0;
    let sheets = py.detach(|| xlsx::spread(crunched, sheet, &taken, below))?;
    Ok(sheets
        .into_iter()
        .map(|sheet| (sheet.name, sheet.start, sheet.rows))
        .collect())
}

#[pyfunction]
fn paginate(
    py: Python<'_>,
    crunched: &Bound<'_, Crunched>,
    plate: &Bound<'_, PagePlate>,
    control: &Bound<'_, JobControl>,
) -> PyResult<Pagination> {
    let (crunched, plate) = (&crunched.get().0, &plate.get().0);
    let control = &control.get().0;
    let pages = py.detach(|| pdf::paginate(crunched, plate, control))?;
    Ok(Pagination(pages))
}

#[pyfunction]
#[pyo3(signature = (crunched, plate, pagination, path, control, surroundings=None, before=0))]
#[allow(clippy::too_many_arguments, reason = "the contract with Python")]
fn write_pdf(
    py: Python<'_>,
    crunched: &Bound<'_, Crunched>,
    plate: &Bound<'_, PagePlate>,
    pagination: &Bound<'_, Pagination>,
    path: PathBuf,
    control: &Bound<'_, JobControl>,
    surroundings: Option<&[u8]>,
    before: u64,
) -> PyResult<Written> {
    let (crunched, plate) = (&crunched.get().0, &plate.get().0);
    let (pages, control) = (&pagination.get().0, &control.get().0);
    let around = surroundings.map(|pdf| pdf::Surroundings { pdf, before });
    let written = py.detach(|| pdf::write_pdf(crunched, plate, pages, &path, control, around))?;
    Ok(Written::new(written, &crunched.plan))
}

#[pyfunction]
fn read_ipc<'py>(py: Python<'py>, path: PathBuf) -> PyResult<Bound<'py, PyAny>> {
    let reader = py.detach(|| ipc::open(&path))?;
    PyRecordBatchReader::new(reader).into_arro3(py)
}

#[pyfunction]
fn format_value(code: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    let scalar = scalars::from_python(value)?;
    let mut text = String::new();
    NumberFormat::parse(code)?.write(scalar.as_value(), &mut text);
    Ok(text)
}

#[pymodule]
fn _rust_core(m: &Bound<'_, PyModule>) -> PyResult<()> {
    errors::add_to(m)?;
    m.add_class::<JobControl>()?;
    m.add_class::<Crunched>()?;
    m.add_class::<SheetPlate>()?;
    m.add_class::<PagePlate>()?;
    m.add_class::<Pagination>()?;
    m.add_class::<Written>()?;
    m.add_function(wrap_pyfunction!(transform_stream, m)?)?;
    m.add_function(wrap_pyfunction!(crunch_stream, m)?)?;
    m.add_function(wrap_pyfunction!(write_xlsx, m)?)?;
    m.add_function(wrap_pyfunction!(spread_rows, m)?)?;
    m.add_function(wrap_pyfunction!(paginate, m)?)?;
    m.add_function(wrap_pyfunction!(write_pdf, m)?)?;
    m.add_function(wrap_pyfunction!(read_ipc, m)?)?;
    m.add_function(wrap_pyfunction!(format_value, m)?)?;
    Ok(())
}
