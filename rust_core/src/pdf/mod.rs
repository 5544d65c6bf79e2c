//! PDF: a table that WeasyPrint designed, drawn over any number of pages.
//!
//! ```text
//! PagePlate ─▶ design ─▶ paginate (measure) ─▶ draw, run by run, in parallel ─▶ document ─▶ file
//!                           ▲                    ▲                              ▲
//!                           └── shape, wrap ─────┘                              └── embed, import, outline, tree
//! ```

pub mod content;
pub mod design;
pub mod document;
pub mod draw;
pub mod embed;
pub mod figures;
pub mod file;
pub mod fonts;
pub mod import;
pub mod latin;
pub mod measure;
pub mod outline;
pub mod paginate;
pub mod plate;
pub mod rows;
pub mod shape;
pub mod text;
pub mod tree;
pub mod wrap;

pub use document::{Surroundings, write_pdf};
pub use paginate::{Pagination, paginate};
pub use plate::PagePlate;
