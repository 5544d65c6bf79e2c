//! Template rows compiled to what the serialiser writes for every row of a band.

use super::escape;
use super::link::Link;
use super::lz::WINDOW;
use super::plate::{PlateSheet, SheetBand};
use super::reference::column_letters;
use super::rows::ROW;
use super::specimen::{SheetSpecimen, TemplateRow};
use super::subtotal::{Formula, Formulas};
use crate::band::Part;
use crate::crunch::Crunched;
use crate::crunch::plan::TotalKind;
use crate::error::{Error, Result};
use crate::format::NumberFormat;

/// The bands of a sheet, ready to be written.
#[derive(Debug)]
pub struct Bands {
    /// One per group level, or none.
    pub group_headers: Vec<Band>,
    /// The detail row.
    pub detail: Band,
    /// The detail row where a filter hides it.
    pub hidden: Option<Band>,
    /// Per group level.
    pub subtotals: Vec<Vec<Band>>,
    /// What closes the report.
    pub grand_total: Vec<Band>,
    /// How many bands there are.
    pub count: usize,
}

/// A row of a band.
#[derive(Debug)]
pub struct Band {
    /// Its number among the bands of its sheet.
    pub number: usize,
    /// What stands in the row's tag after its number, up to and with `>`.
    pub row_end: Vec<u8>,
    /// Cells that are written.
    pub cells: Vec<Cell>,
}

/// A cell of a band.
#[derive(Debug)]
pub struct Cell {
    /// The sheet's column.
    pub column: u32,
    /// `<c r="B`
    pub open: Vec<u8>,
    /// `" s="7"`
    pub style: Vec<u8>,
    /// What is written.
    pub content: Content,
}

/// What a cell shows.
#[derive(Debug)]
pub enum Content {
    /// A style only.
    Blank,
    /// The same text in each row, with `t="inlineStr">` before it.
    Text(Vec<u8>),
    /// The value of a column of the plan.
    Column(usize),
    /// The value of a column of the plan as a link.
    Link(Link),
    /// The key of the open group of this level.
    Group(usize),
    /// A total.
    Total {
        /// Its number in the plan.
        number: usize,
        /// Its kind.
        kind: TotalKind,
        /// The live formula, where there can be one.
        formula: Option<Formula>,
    },
    /// How many rows the group has.
    Rows,
    /// Several pieces joined to a text.
    Mixed(Vec<Piece>),
}

/// A piece of a [`Content::Mixed`] with the format of its value.
#[derive(Debug)]
pub struct Piece {
    /// What it is.
    pub part: Part,
    /// How its value becomes text.
    pub format: NumberFormat,
}

/// Where a band stands, which decides what it may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Detail,
    /// Opens or closes groups of this level.
    Group(usize),
    Report,
}

impl Bands {
    /// Compiles the bands of `sheet` with the styles of its specimen.
    ///
    /// # Errors
    /// [`Error::Plate`] when a cell asks for what is not there, [`Error::Plan`] for a broken format code.
    pub fn new(
        sheet: &PlateSheet,
        specimen: &SheetSpecimen<'_>,
        crunched: &Crunched,
    ) -> Result<Self> {
        let formulas = Formulas::new(crunched, &sheet.bands);
        let depth = if sheet.outline {
            crunched.plan.groups.len()
        } else {
            0
        };
        let count = std::cell::Cell::new(0);
        let compile = |band: &SheetBand, place: Place| -> Result<Band> {
            let template = specimen.template(band.row, sheet.outline)?;
            let level = match place {
                Place::Detail => depth,
                Place::Group(level) => level.min(depth),
                Place::Report => 0,
            };
            let number = count.replace(count.get() + 1);
            Band::new(band, number, place, &template, level, crunched, &formulas).map_err(|e| {
                Error::Plate(format!("sheet {:?}, row {}: {e}", sheet.name, band.row + 1))
            })
        };
        let bands = &sheet.bands;
        let per_level = |bands: &[SheetBand], level| -> Result<Vec<Band>> {
            bands
                .iter()
                .map(|band| compile(band, Place::Group(level)))
                .collect()
        };
        let mut detail = compile(&bands.detail, Place::Detail)?;
        detail.link(sheet)?;
        let hidden = match sheet.filters.is_empty() {
            true => None,
            false => {
                let mut hidden = compile(&bands.detail, Place::Detail)?;
                hidden.link(sheet)?;
                hidden.hide();
                Some(hidden)
            }
        };
        Ok(Self {
            group_headers: bands
                .group_headers
                .iter()
                .enumerate()
                .map(|(level, band)| compile(band, Place::Group(level)))
                .collect::<Result<_>>()?,
            detail,
            hidden,
            subtotals: bands
                .subtotals
                .iter()
                .enumerate()
                .map(|(level, bands)| per_level(bands, level))
                .collect::<Result<_>>()?,
            grand_total: bands
                .grand_total
                .iter()
                .map(|band| compile(band, Place::Report))
                .collect::<Result<_>>()?,
            count: count.get(),
        })
    }
}

impl Band {
    fn new(
        band: &SheetBand,
        number: usize,
        place: Place,
        template: &TemplateRow,
        outline: usize,
        crunched: &Crunched,
        formulas: &Formulas<'_>,
    ) -> Result<Self> {
        let mut row_end = format!("\"{}", template.attributes);
        if outline > 0 {
            // Excel has seven levels; deeper groups share the last.
            row_end.push_str(&format!(" outlineLevel=\"{}\"", outline.min(7)));
        }
        row_end.push('>');
        let mut cells = Vec::with_capacity(band.cells.len());
        for (column, parts) in band.cells.iter().enumerate() {
            let column = column as u32;
            let style = template.styles.get(&column);
            if parts.is_empty() && style.is_none() {
                continue;
            }
            let style = style.filter(|style| **style != 0);
            cells.push(Cell {
                column,
                open: format!("<c r=\"{}", column_letters(column)).into_bytes(),
                style: style
                    .map_or_else(|| b"\"".to_vec(), |s| format!("\" s=\"{s}\"").into_bytes()),
                content: content(parts, place, crunched, formulas)?,
            });
        }
        Ok(Self {
            number,
            row_end: row_end.into_bytes(),
            cells,
        })
    }

    /// Bytes before and behind the row's number that are the same in every row: of its tag, then of each cell.
    #[inline]
    pub fn fixed(&self, part: usize) -> (usize, usize) {
        match part.checked_sub(1) {
            None => (ROW.len(), self.row_end.len()),
            Some(cell) => (self.cells[cell].open.len(), self.cells[cell].style.len()),
        }
    }

    /// Hides the rows of the band.
    fn hide(&mut self) {
        self.row_end.pop();
        self.row_end.extend_from_slice(b" hidden=\"1\">");
    }

    /// Turns the cells of `sheet`'s links into links.
    fn link(&mut self, sheet: &PlateSheet) -> Result<()> {
        for link in &sheet.links {
            let cell = self
                .cells
                .iter_mut()
                .find(|cell| cell.column == link.column);
            match cell.map(|cell| &mut cell.content) {
                Some(content @ Content::Column(_)) => {
                    if let Content::Column(shown) = *content {
                        *content = Content::Link(Link {
                            shown,
                            address: link.address.clone(),
                        });
                    }
                }
                _ => {
                    return Err(Error::Plate(format!(
                        "sheet {:?}: column {} is a link and shows no field",
                        sheet.name, link.column
                    )));
                }
            }
        }
        Ok(())
    }

    /// Whether most of its rows are short enough for the next to repeat them, by [`super::deflate::Encoder::fused`].
    pub fn can_be_repeated(&self) -> bool {
        /// Bytes of a usual value with its tags.
        const VALUE: usize = 32;
        let parts = (0..=self.cells.len()).map(|part| self.fixed(part));
        parts
            .map(|(open, style)| open + style + VALUE)
            .sum::<usize>()
            < WINDOW
    }

    /// The most bytes a row of this band takes but for texts of unknown length.
    pub fn bound(&self) -> u64 {
        let cells = self.cells.iter().map(|cell| {
            let text = match &cell.content {
                Content::Text(text) => text.len(),
                // Two literals and a value of 255 units, each escaped to seven bytes at the most.
                Content::Link(_) => 3 * 7 * 255,
                _ => 0,
            };
            (cell.open.len() + cell.style.len() + text + 128) as u64
        });
        self.row_end.len() as u64 + 32 + cells.sum::<u64>()
    }
}

fn content(
    parts: &[Part],
    place: Place,
    crunched: &Crunched,
    formulas: &Formulas<'_>,
) -> Result<Content> {
    for part in parts {
        check(part, place, crunched)?;
    }
    Ok(match parts {
        [] => Content::Blank,
        [Part::Text(text)] => {
            let mut xml = b" t=\"inlineStr\"><is>".to_vec();
            escape::write_t(escape::fit(text).0, &mut xml);
            xml.extend_from_slice(b"</is></c>");
            Content::Text(xml)
        }
        [Part::Column(column)] => Content::Column(*column),
        [Part::Group(level)] => Content::Group(*level),
        [Part::Total(number)] => Content::Total {
            number: *number,
            kind: crunched.plan.totals[*number].kind,
            formula: match place {
                Place::Group(level) => formulas.of(*number, Some(level)),
                _ => formulas.of(*number, None),
            },
        },
        [Part::Rows] => Content::Rows,
        several => Content::Mixed(
            several
                .iter()
                .map(|part| {
                    Ok(Piece {
                        part: part.clone(),
                        format: NumberFormat::parse(format_of(part, crunched))?,
                    })
                })
                .collect::<Result<_>>()?,
        ),
    })
}

fn check(part: &Part, place: Place, crunched: &Crunched) -> Result<()> {
    let plan = &crunched.plan;
    let fine = match part {
        Part::Text(_) => true,
        Part::Column(column) => place == Place::Detail && *column < plan.columns.len(),
        Part::Group(level) => match place {
            Place::Detail => *level < plan.groups.len(),
            Place::Group(open) => *level <= open,
            Place::Report => false,
        },
        Part::Total(total) => place != Place::Detail && *total < plan.totals.len(),
        Part::Rows => place != Place::Detail,
        Part::Page | Part::Pages => false,
    };
    if fine {
        Ok(())
    } else {
        Err(Error::Plate(format!("{part:?} has no value in this band")))
    }
}

fn format_of<'a>(part: &Part, crunched: &'a Crunched) -> &'a str {
    let plan = &crunched.plan;
    match part {
        Part::Column(column) => &plan.columns[*column].format,
        Part::Group(level) => &plan.groups[*level].format,
        Part::Total(total) => &plan.columns[plan.totals[*total].column].format,
        _ => "",
    }
}
