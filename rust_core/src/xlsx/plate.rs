//! `SheetPlate`: the workbook that XlsxWriter made, and where its large sheets keep their template rows.

use serde::Deserialize;

use super::filter::PlateFilter;
use super::layout::{Layout, LevelRows};
use super::link::{AddressPart, PlateLink};
use super::reference::{MAX_COLUMNS, MAX_ROWS};
use crate::band::Part;
use crate::crunch::Crunched;
use crate::error::{Error, Result};

/// A workbook whose large sheets hold one template row per kind of band instead of the rows.
#[derive(Debug, Clone)]
pub struct SheetPlate {
    /// Where the rows go.
    pub sheets: Vec<PlateSheet>,
    /// The specimen: a whole XLSX file.
    pub workbook: Vec<u8>,
    /// Whether sheets can't be added, renamed, moved or removed, and the hash of the password for it.
    pub lock: Option<StructureLock>,
    /// How the rows are compressed; the specimen does not say.
    pub codec: Codec,
}

/// How rows become DEFLATE; every codec's stream inflates to the same bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Codec {
    /// The serialiser tells what repeats from the row above: nothing is searched.
    #[default]
    Fused,
    /// zlib-rs searches at this level, 1 to 9: the reference. Rows wider than the window get level 2.
    Searching(u32),
}

/// What `<workbookProtection>` says (ECMA-376 Part 1 §18.2.29).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StructureLock {
    /// Four hexadecimal digits, or nothing.
    #[serde(default)]
    pub password: String,
}

/// One large sheet. Row and column numbers count from 0.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlateSheet {
    /// Its name in the workbook.
    pub name: String,
    /// The first template row; every row above it is kept as XlsxWriter wrote it, on every sheet that the rows
    /// go on to.
    pub first_row: u32,
    /// Number of columns.
    pub columns: u32,
    /// Template rows, one per kind of band.
    pub bands: SheetBands,
    /// Whether rows of groups carry outline levels, so that Excel can collapse them.
    #[serde(default)]
    pub outline: bool,
    /// Columns whose detail cells are links.
    #[serde(default)]
    pub links: Vec<PlateLink>,
    /// Detail rows that are hidden: those that do not fit every one of these. Not with groups.
    #[serde(default)]
    pub filters: Vec<PlateFilter>,
    /// Defined names of this sheet that hold rows of the specimen: each sheet gets its own with its true rows.
    #[serde(default)]
    pub names: Vec<String>,
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
    /// Reads the JSON that `pressroom/plates/sheet.py` writes: `{"sheets": [...], "lock": null}`.
    ///
    /// # Errors
    /// [`Error::Plate`] with serde's line and column.
    pub fn new(json: &str, workbook: Vec<u8>) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Json {
            sheets: Vec<PlateSheet>,
            #[serde(default)]
            lock: Option<StructureLock>,
        }
        let json: Json = serde_json::from_str(json)
            .map_err(|e| Error::Plate(format!("the sheet plate can't be read: {e}")))?;
        Ok(Self {
            sheets: json.sheets,
            workbook,
            lock: json.lock,
            codec: Codec::default(),
        })
    }
}

impl PlateSheet {
    /// The first row of the specimen below the template rows.
    pub fn below(&self) -> u32 {
        self.first_row + self.bands.all().count() as u32
    }

    /// Where the rows of `crunched` stand on it.
    pub fn layout<'a>(&self, crunched: &'a Crunched) -> Layout<'a> {
        let levels = (0..crunched.levels.len())
            .map(|level| LevelRows {
                header: u64::from(level < self.bands.group_headers.len()),
                subtotals: self.bands.subtotals.get(level).map_or(0, Vec::len) as u64,
            })
            .collect();
        Layout::new(crunched, levels)
    }

    /// Checks the sheet against the limits of the format, the report, and itself.
    ///
    /// # Errors
    /// [`Error::Limit`] for a sheet that is too wide, [`Error::Plate`] for bands that do not fit.
    pub fn check(&self, crunched: &Crunched) -> Result<()> {
        let Self { name, columns, .. } = self;
        if *columns > MAX_COLUMNS {
            return Err(Error::Limit(format!(
                "sheet {name:?} has {columns} columns, a worksheet has {MAX_COLUMNS}"
            )));
        }
        if self.first_row >= MAX_ROWS {
            return Err(Error::Limit(format!(
                "sheet {name:?} starts at row {}, a worksheet has {MAX_ROWS}",
                self.first_row
            )));
        }
        let wrong = |what: String| Err(Error::Plate(format!("sheet {name:?}: {what}")));
        if let Some(band) = self
            .bands
            .all()
            .find(|band| band.cells.len() != *columns as usize)
        {
            return wrong(format!(
                "row {} has {} cells for {columns} columns",
                band.row + 1,
                band.cells.len()
            ));
        }
        let levels = crunched.levels.len();
        for (noun, count) in [
            ("group headers", self.bands.group_headers.len()),
            ("subtotals", self.bands.subtotals.len()),
        ] {
            if count != 0 && count != levels {
                return wrong(format!("{noun} for {count} levels of {levels}"));
            }
        }
        for link in &self.links {
            let columns = crunched.plan.columns.len();
            let known =
                |part: &AddressPart| !matches!(part, AddressPart::Column(c) if *c >= columns);
            if !link.address.iter().all(known) {
                return wrong(format!(
                    "the link of column {} names one that is not there",
                    link.column
                ));
            }
        }
        let columns = crunched.plan.columns.len();
        if self.filters.iter().any(|filter| filter.column >= columns) {
            return wrong("a filter's column is not there".to_owned());
        }
        if levels > 0 && !self.filters.is_empty() {
            return wrong("a filter would hide the rows of groups too".to_owned());
        }
        let mut rows: Vec<u32> = self.bands.all().map(|band| band.row).collect();
        let grand = rows.len() - self.bands.grand_total.len();
        rows[..grand].sort_unstable();
        if !rows.iter().copied().eq(self.first_row..self.below()) {
            return wrong(
                "template rows must stand together from first_row on, the grand total last"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

impl SheetBands {
    /// Every band; the grand total comes last.
    fn all(&self) -> impl Iterator<Item = &SheetBand> {
        self.group_headers
            .iter()
            .chain([&self.detail])
            .chain(self.subtotals.iter().flatten())
            .chain(&self.grand_total)
    }
}
