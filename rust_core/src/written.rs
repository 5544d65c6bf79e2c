//! What a writer says of the file it wrote.

use crate::crunch::Control;

/// A file's figures.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// Detail rows.
    pub rows: u64,
    /// Length of the file.
    pub bytes: u64,
    /// Wall time of the writer.
    pub seconds: f64,
    /// Pages (PDF), those made by WeasyPrint included.
    pub pages: u64,
    /// Sheets that hold rows (XLSX).
    pub sheets: u64,
    /// Cells written by the core (XLSX).
    pub cells: u64,
    /// Summed up again from what was written; must equal [`crate::crunch::Crunched::control`].
    pub control: Vec<Control>,
    /// What a reader of the report should know: cut texts, missing glyphs, numbers kept as text.
    pub warnings: Vec<String>,
}
