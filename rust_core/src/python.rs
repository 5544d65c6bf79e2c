//! The binding.
use pyo3::prelude::*;

#[pymodule]
fn _rust_core(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
