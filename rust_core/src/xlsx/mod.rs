//! XLSX: a workbook that XlsxWriter designed, with the rows written by this crate.

pub mod plate;

pub use plate::SheetPlate;
