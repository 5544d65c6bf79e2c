//! `SheetPlate`: the workbook that XlsxWriter made, and where its large sheets keep their template rows.

use serde::Deserialize;

use crate::band::Part;
use crate::error::{Error, Result};

/// A workbook whose large sheets hold one template row per kind of band instead of the rows.
#[derive(Debug, Clone)]
pub struct SheetPlate {
    /// Where the rows go.
    pub sheets: Vec<PlateSheet>,
    /// The specimen: a whole XLSX file.
    pub workbook: Vec<u8>,
}

/// One large sheet. Row and column numbers count from 0.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlateSheet {
    /// Its name in the workbook.
    pub name: String,
    /// The first template row; every row above it is kept as XlsxWriter wrote it.
    pub first_row: u32,
    /// Rows directly above `first_row` that are repeated when the rows roll over to a further sheet.
    pub header_rows: u32,
    /// Number of columns.
    pub columns: u32,
    /// Template rows, one per kind of band.
    pub bands: SheetBands,
    /// Whether rows of groups carry outline levels, so that Excel can collapse them.
    #[serde(default)]
    pub outline: bool,
}

/// Template rows of a sheet by kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetBands {
    /// One per group level, outermost first; empty when group heads are not shown.
    #[serde(default)]
    pub group_headers: Vec<SheetBand>,
    /// The detail row.
    pub detail: SheetBand,
    /// Per group level, outermost first: the rows that close a group (one per kind of total).
    #[serde(default)]
    pub subtotals: Vec<Vec<SheetBand>>,
    /// The rows that close the report.
    #[serde(default)]
    pub grand_total: Vec<SheetBand>,
}

/// One template row and what stands in each of its cells.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetBand {
    /// The template row in the specimen, which gives each cell's style and the row's height.
    pub row: u32,
    /// One entry per column; an empty one leaves a styled blank cell.
    pub cells: Vec<Vec<Part>>,
}

impl SheetPlate {
    /// Reads the JSON that `pressroom/plates/sheet.py` writes: `{"sheets": [...]}`.
    ///
    /// # Errors
    /// [`Error::Plate`] with serde's line and column.
    pub fn new(json: &str, workbook: Vec<u8>) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Json {
            sheets: Vec<PlateSheet>,
        }
        let json: Json = serde_json::from_str(json)
            .map_err(|e| Error::Plate(format!("the sheet plate can't be read: {e}")))?;
        Ok(Self {
            sheets: json.sheets,
            workbook,
        })
    }
}
