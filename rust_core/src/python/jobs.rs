//! `JobControl` as Python holds it.

use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::control;

/// Cancel and deadline in, progress out; shared by a job's threads.
#[pyclass(frozen, module = "rust_core._rust_core")]
pub(super) struct JobControl(pub(super) control::JobControl);

#[pymethods]
impl JobControl {
    #[new]
    #[pyo3(signature = (threads=0, deadline_seconds=None))]
    fn new(threads: usize, deadline_seconds: Option<f64>) -> PyResult<Self> {
        let deadline = deadline_seconds
            .map(Duration::try_from_secs_f64)
            .transpose()
            .map_err(|e| PyValueError::new_err(format!("deadline_seconds: {e}")))?;
        Ok(Self(control::JobControl::new(threads, deadline)))
    }

    fn cancel(&self) {
        self.0.cancel();
    }

    fn check(&self) -> PyResult<()> {
        Ok(self.0.check()?)
    }

    #[getter]
    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    #[getter]
    fn threads(&self) -> usize {
        self.0.threads()
    }

    fn progress(&self) -> (u64, u64) {
        self.0.progress()
    }
}
