//! XLSX: a workbook that XlsxWriter designed, with the rows written by this crate.
//!
//! ```text
//! specimen.xlsx ─▶ Archive ─┬─ other parts ───────────────────────────────▶ copied as they are ─┐
//!                           └─ large sheets ▶ SheetSpecimen ▶ Bands ─┐                          ▼
//! Crunched ─▶ Layout (which row is where) ─▶ chunks of rows ─▶ rows ─▶ Encoder ─▶ in order ─▶ Package
//! ```

mod above;
mod archive;
mod bands;
mod deflate;
mod drawings;
mod edit;
mod escape;
mod filter;
mod huffman;
mod layout;
mod link;
mod lz;
mod number;
mod package;
pub mod plate;
mod reference;
mod rows;
mod shared_strings;
mod specimen;
mod spread;
mod subtotal;
mod tables;
mod tally;
mod workbook;
mod writer;

pub use plate::{Codec, SheetPlate};
pub use spread::{SpreadSheet, spread};
pub use writer::write_xlsx;
