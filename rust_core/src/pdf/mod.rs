//! PDF: a table that WeasyPrint designed, drawn over any number of pages.

pub mod plate;

pub use plate::PagePlate;
