//! The report core: Arrow rows in, PDF and XLSX out, on every core and without the GIL.
//!
//! Data travels one way: `transform` makes named tables of rows, one after the other where SQL can't; `crunch` reads
//! the report's stream once into bands, totals and a spool; `pdf` and `xlsx` replay a plate over the spool. `python` is
//! the only module that knows Python.

pub mod band;
pub mod condition;
pub mod control;
pub mod crunch;
pub mod error;
pub mod format;
pub mod in_order;
pub mod ipc;
pub mod pdf;
pub mod transform;
pub mod value;
pub mod written;
pub mod xlsx;

#[cfg(feature = "python")]
mod python;
