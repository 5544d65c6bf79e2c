//! `Written` as Python holds it.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::control_figures;
use crate::crunch::Plan;
use crate::written;

/// Figures of a written file.
#[pyclass(frozen, module = "rust_core._rust_core")]
pub(super) struct Written {
    written: written::Written,
    plan: Plan,
}

impl Written {
    pub(super) fn new(written: written::Written, plan: &Plan) -> Self {
        Self {
            written,
            plan: plan.clone(),
        }
    }
}

#[pymethods]
impl Written {
    #[getter]
    fn rows(&self) -> u64 {
        self.written.rows
    }

    #[getter]
    fn bytes(&self) -> u64 {
        self.written.bytes
    }

    #[getter]
    fn seconds(&self) -> f64 {
        self.written.seconds
    }

    #[getter]
    fn pages(&self) -> u64 {
        self.written.pages
    }

    #[getter]
    fn sheets(&self) -> u64 {
        self.written.sheets
    }

    #[getter]
    fn cells(&self) -> u64 {
        self.written.cells
    }

    #[getter]
    fn control<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        control_figures(py, &self.plan, &self.written.control)
    }

    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.written.warnings.clone()
    }
}
