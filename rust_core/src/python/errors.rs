//! Each variant of [`Error`] as one Python exception.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::{PyErr, create_exception};

use crate::error::Error;

create_exception!(
    rust_core._rust_core,
    CoreError,
    PyException,
    "A call of the core failed; the text says what and where."
);
create_exception!(
    rust_core._rust_core,
    Cancelled,
    CoreError,
    "The job was cancelled."
);
create_exception!(
    rust_core._rust_core,
    DeadlineExceeded,
    CoreError,
    "The job ran past its deadline."
);
create_exception!(
    rust_core._rust_core,
    DataError,
    CoreError,
    "The rows do not fit the plan."
);
create_exception!(
    rust_core._rust_core,
    StreamError,
    DataError,
    "The rows could not be read to their end."
);
create_exception!(
    rust_core._rust_core,
    PlanError,
    CoreError,
    "The plan can't be carried out."
);
create_exception!(
    rust_core._rust_core,
    PlateError,
    CoreError,
    "A plate does not fit the plan or can't be read."
);
create_exception!(
    rust_core._rust_core,
    LimitError,
    CoreError,
    "A limit of the file format was passed."
);
create_exception!(
    rust_core._rust_core,
    WriteError,
    CoreError,
    "A file could not be written or read."
);
create_exception!(
    rust_core._rust_core,
    DiskFull,
    WriteError,
    "The disk is full."
);

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Cancelled => Cancelled::new_err(text),
            Error::DeadlineExceeded => DeadlineExceeded::new_err(text),
            Error::Data(_) => DataError::new_err(text),
            Error::Arrow(_) => StreamError::new_err(text),
            Error::Plan(_) => PlanError::new_err(text),
            Error::Plate(_) => PlateError::new_err(text),
            Error::Limit(_) => LimitError::new_err(text),
            Error::DiskFull { .. } => DiskFull::new_err(text),
            Error::Io { .. } => WriteError::new_err(text),
        }
    }
}

/// Adds the exceptions to the module.
pub(super) fn add_to(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    m.add("CoreError", py.get_type::<CoreError>())?;
    m.add("Cancelled", py.get_type::<Cancelled>())?;
    m.add("DeadlineExceeded", py.get_type::<DeadlineExceeded>())?;
    m.add("DataError", py.get_type::<DataError>())?;
    m.add("StreamError", py.get_type::<StreamError>())?;
    m.add("PlanError", py.get_type::<PlanError>())?;
    m.add("PlateError", py.get_type::<PlateError>())?;
    m.add("LimitError", py.get_type::<LimitError>())?;
    m.add("WriteError", py.get_type::<WriteError>())?;
    m.add("DiskFull", py.get_type::<DiskFull>())
}
