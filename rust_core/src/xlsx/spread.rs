//! `spread`: which sheets the rows of a report take, known before anything is written.

use super::plate::PlateSheet;
use super::workbook::further_names;
use crate::crunch::Crunched;
use crate::error::{Error, Result};

/// A sheet as it will be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpreadSheet {
    /// Its name.
    pub name: String,
    /// Its detail rows.
    pub rows: u64,
    /// Rows of the report before them.
    pub start: u64,
}

/// The sheets of the large sheet that `json` describes as a plate does; `taken` are the names of all sheets of
/// the specimen, `below` its rows under the template rows.
///
/// # Errors
/// [`Error::Plate`] for a sheet that can't be read, [`Error::Limit`] for more than a sheet holds.
pub fn spread(
    crunched: &Crunched,
    json: &str,
    taken: &[String],
    below: u32,
) -> Result<Vec<SpreadSheet>> {
    let sheet: PlateSheet = serde_json::from_str(json)
        .map_err(|e| Error::Plate(format!("the sheet can't be read: {e}")))?;
    sheet.check(crunched)?;
    let grand = sheet.bands.grand_total.len() as u32;
    let rows = sheet
        .layout(crunched)
        .sheets(sheet.first_row, grand, below)?;
    let further = further_names(taken, &sheet.name, rows.len() - 1);
    let names = std::iter::once(sheet.name).chain(further);
    Ok(names
        .zip(&rows)
        .map(|(name, rows)| SpreadSheet {
            name,
            rows: rows.detail.end - rows.detail.start,
            start: rows.detail.start,
        })
        .collect())
}
