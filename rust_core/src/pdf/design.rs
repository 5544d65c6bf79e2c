//! A plate made ready for one report: numbers checked, formats parsed, text styles gathered.

use super::fonts::Fonts;
use super::plate::{Align, Band, Cell, Edge, PageKind, PageLayout, PagePlate, Rect, Vertical};
use super::rows::Subject;
use super::shape::Style;
use crate::band::Part;
use crate::crunch::Crunched;
use crate::crunch::plan::{Plan, TotalKind};
use crate::error::{Error, Result};
use crate::format::NumberFormat;

/// The whole design.
pub struct Design<'p> {
    /// As WeasyPrint laid it out.
    pub layout: &'p PageLayout,
    /// Its fonts.
    pub fonts: Fonts,
    /// Text styles by number; [`CellDesign::style`] counts from 0.
    pub styles: Vec<Style>,
    /// Column heads.
    pub header: Option<BandDesign<'p>>,
    /// One per group level that has one, outermost first.
    pub group_headers: Vec<BandDesign<'p>>,
    /// Detail rows, taken in turn.
    pub details: Vec<BandDesign<'p>>,
    /// Per level.
    pub subtotals: Vec<Vec<BandDesign<'p>>>,
    /// At the end.
    pub grand_total: Vec<BandDesign<'p>>,
    /// The first and every further page of the table.
    pub kinds: [KindDesign<'p>; 2],
    /// Formats of the keys, for the outline.
    pub keys: Vec<NumberFormat>,
}

/// A kind of page.
pub struct KindDesign<'p> {
    /// Its frame.
    pub kind: &'p PageKind,
    /// Texts that change from page to page.
    pub texts: Vec<CellDesign<'p>>,
}

/// A band.
pub struct BandDesign<'p> {
    /// With one line in each cell, pt.
    pub height: f64,
    /// Backgrounds.
    pub grounds: &'p [Rect],
    /// Borders and lines, over them.
    pub lines: &'p [Rect],
    /// Texts.
    pub cells: Vec<CellDesign<'p>>,
    /// Whether a cell may wrap, so that the height depends on the data.
    pub wraps: bool,
}

/// A text.
pub struct CellDesign<'p> {
    /// As in the plate.
    pub cell: &'p Cell,
    /// One for each part; `None` for fixed text.
    pub formats: Vec<Option<NumberFormat>>,
    /// Number of the style.
    pub style: usize,
    /// Those of its plain, bold, italic, and bold italic looks.
    faces: [usize; 4],
    /// The text when it never changes.
    pub fixed: Option<String>,
}

/// Where a band stands, which decides what its cells may speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Header,
    Group(usize),
    Detail,
    /// Closes a group of this level, or the report.
    Closing(Option<usize>),
    Furniture,
}

impl<'p> Design<'p> {
    /// Fits `plate` to the plan.
    ///
    /// # Errors
    /// [`Error::Plate`] that names the band and the number that does not exist or makes no sense,
    /// [`Error::Plan`] for a format code, and those of [`Fonts::load`].
    pub fn new(plate: &'p PagePlate, crunched: &Crunched) -> Result<Self> {
        let layout = &plate.layout;
        check_frame(layout)?;
        let mut maker = Maker {
            plan: &crunched.plan,
            fonts: layout.fonts.len(),
            styles: Vec::new(),
        };
        let bands = &layout.bands;
        if bands.details.is_empty() {
            return Err(Error::Plate(
                "the page plate has no band for detail rows".to_owned(),
            ));
        }
        let levels = crunched.plan.groups.len();
        for (what, n) in [
            ("group headers", bands.group_headers.len()),
            ("subtotals", bands.subtotals.len()),
            ("page breaks", layout.page_break.len()),
            ("bookmarks", layout.bookmark.len()),
        ] {
            if n > levels {
                return Err(Error::Plate(format!(
                    "the page plate has {what} for {n} group levels, the plan has {levels}"
                )));
            }
        }
        let design = Self {
            header: bands
                .header
                .as_ref()
                .map(|b| maker.band(b, "the header", Place::Header))
                .transpose()?,
            group_headers: maker.bands(&bands.group_headers, "group header", Place::Group)?,
            details: maker.bands(&bands.details, "detail band", |_| Place::Detail)?,
            subtotals: bands
                .subtotals
                .iter()
                .enumerate()
                .map(|(level, b)| {
                    let name = format!("the subtotal of level {level}, band");
                    maker.bands(b, &name, |_| Place::Closing(Some(level)))
                })
                .collect::<Result<_>>()?,
            grand_total: maker.bands(&bands.grand_total, "grand total band", |_| {
                Place::Closing(None)
            })?,
            kinds: [
                maker.kind(&layout.first, "the first page")?,
                maker.kind(&layout.next, "the further pages")?,
            ],
            keys: crunched
                .plan
                .groups
                .iter()
                .map(|g| NumberFormat::parse(&g.format))
                .collect::<Result<_>>()?,
            styles: maker.styles,
            fonts: Fonts::load(&layout.fonts)?,
            layout,
        };
        Ok(design)
    }

    /// The frame of the `page`-th page of the table.
    pub fn kind(&self, page: u64) -> &KindDesign<'p> {
        &self.kinds[usize::from(page > 0)]
    }

    /// Whether a new group of this level starts a page.
    pub fn breaks(&self, level: usize) -> bool {
        self.layout.page_break.get(level).copied().unwrap_or(false)
    }

    /// Whether a group of this level gets an outline entry.
    pub fn marks(&self, level: usize) -> bool {
        self.layout.bookmark.get(level).copied().unwrap_or(false)
    }
}

/// What a cell looks like for one row.
#[derive(Debug, Clone, Copy)]
pub struct Look<'p> {
    /// Number of the style.
    pub style: usize,
    /// What rules say of its colour.
    pub color: Option<[u8; 3]>,
    /// What rules put under it.
    pub background: Option<&'p Rect>,
}

impl<'p> CellDesign<'p> {
    /// What the cell looks like for `subject`.
    pub fn look(&self, subject: &Subject<'_>) -> Look<'p> {
        let mut look = Look {
            style: self.style,
            color: None,
            background: None,
        };
        let (Subject::Row(row, _), cell) = (subject, self.cell) else {
            return look;
        };
        let (mut bold, mut italic) = (None, None);
        for rule in &cell.rules {
            if rule.when.fits(row.value(rule.column)) {
                look.color = look.color.or(rule.color);
                look.background = look.background.or(rule.background.as_ref());
                bold = bold.or(rule.bold);
                italic = italic.or(rule.italic);
            }
        }
        let face = usize::from(bold == Some(true)) + 2 * usize::from(italic == Some(true));
        look.style = self.faces[face];
        look
    }
}

impl CellDesign<'_> {
    /// Width of the box in em of the cell's font.
    pub fn box_em(&self) -> f64 {
        self.cell.width / self.cell.style.size
    }

    /// x at which a line of this width (em) starts, pt.
    pub fn left(&self, width: f64) -> f64 {
        let mut room = self.cell.width - width * self.cell.style.size;
        if !self.cell.grows {
            // As in CSS, a line that is too long is aligned at its beginning.
            room = room.max(0.0);
        }
        match self.cell.align {
            Align::Left => self.cell.x,
            Align::Center => self.cell.x + room / 2.0,
            Align::Right => self.cell.x + room,
        }
    }

    /// How far the first of `lines` lines is below the place of a single line, in a band that is `extra` pt
    /// higher than with one line in each cell.
    pub fn drop(&self, lines: usize, extra: f64) -> f64 {
        let room = extra - (lines.max(1) - 1) as f64 * self.cell.line_height;
        match self.cell.vertical {
            Vertical::Top => 0.0,
            Vertical::Middle => room / 2.0,
            Vertical::Bottom => room,
        }
    }
}

/// y of an edge in a band of this height, pt from the band's top.
pub fn edge(edge: Edge, height: f64) -> f64 {
    match edge {
        Edge::Top(y) => y,
        Edge::Bottom(y) => height + y,
    }
}

struct Maker<'a> {
    plan: &'a Plan,
    fonts: usize,
    styles: Vec<Style>,
}

impl Maker<'_> {
    fn kind<'p>(&mut self, kind: &'p PageKind, name: &str) -> Result<KindDesign<'p>> {
        let texts = kind.art.texts.iter();
        Ok(KindDesign {
            kind,
            texts: texts
                .map(|cell| self.cell(cell, name, Place::Furniture))
                .collect::<Result<_>>()?,
        })
    }

    fn bands<'p>(
        &mut self,
        bands: &'p [Band],
        name: &str,
        place: impl Fn(usize) -> Place,
    ) -> Result<Vec<BandDesign<'p>>> {
        bands
            .iter()
            .enumerate()
            .map(|(i, band)| self.band(band, &format!("{name} {i}"), place(i)))
            .collect()
    }

    fn band<'p>(&mut self, band: &'p Band, name: &str, place: Place) -> Result<BandDesign<'p>> {
        if !(band.height.is_finite() && band.height > 0.0) {
            return Err(Error::Plate(format!("{name} is {} pt high", band.height)));
        }
        let cells: Vec<_> = band
            .cells
            .iter()
            .map(|cell| self.cell(cell, name, place))
            .collect::<Result<_>>()?;
        let (grounds, lines) = band.rects.split_at(band.grounds.min(band.rects.len()));
        Ok(BandDesign {
            height: band.height,
            grounds,
            lines,
            wraps: cells.iter().any(|c| c.cell.wrap),
            cells,
        })
    }

    fn cell<'p>(&mut self, cell: &'p Cell, name: &str, place: Place) -> Result<CellDesign<'p>> {
        let style = &cell.style;
        if style.font >= self.fonts {
            return Err(Error::Plate(format!(
                "a cell of {name} is set in font {}, but the page plate has {} fonts",
                style.font, self.fonts
            )));
        }
        if !(style.size > 0.0 && cell.line_height > 0.0 && cell.width.is_finite()) {
            return Err(Error::Plate(format!(
                "a cell of {name} has font size {}, line height {} and width {}",
                style.size, cell.line_height, cell.width
            )));
        }
        if let Some(rule) = cell
            .rules
            .iter()
            .find(|rule| place != Place::Detail || rule.column >= self.plan.columns.len())
        {
            return Err(Error::Plate(format!(
                "a cell of {name} has a rule on column {}, which it can't look at",
                rule.column
            )));
        }
        let spacing = style.letter_spacing / style.size;
        let [bold, italic, both] = cell.faces.unwrap_or([style.font; 3]);
        if let Some(font) = [bold, italic, both]
            .into_iter()
            .find(|font| *font >= self.fonts)
        {
            return Err(Error::Plate(format!(
                "a rule of {name} asks for font {font}, but the page plate has {} fonts",
                self.fonts
            )));
        }
        let faces = [style.font, bold, italic, both].map(|font| self.style(font, spacing));
        let formats = cell
            .parts
            .iter()
            .map(|part| self.format(part, cell.format.as_deref(), name, place))
            .collect::<Result<_>>()?;
        let fixed = cell
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect::<Option<String>>()
            .map(|text| super::text::collapse(&text).into_owned());
        Ok(CellDesign {
            cell,
            formats,
            style: faces[0],
            faces,
            fixed,
        })
    }

    /// The number of a style, which is made when there is none like it.
    fn style(&mut self, face: usize, spacing: f64) -> usize {
        let known = |s: &Style| s.face == face && s.spacing == spacing;
        self.styles.iter().position(known).unwrap_or_else(|| {
            self.styles.push(Style::new(face, spacing));
            self.styles.len() - 1
        })
    }

    fn format(
        &self,
        part: &Part,
        code: Option<&str>,
        name: &str,
        place: Place,
    ) -> Result<Option<NumberFormat>> {
        let wrong = |what: String| Error::Plate(format!("a cell of {name} shows {what}"));
        let own = match part {
            Part::Text(_) => return Ok(None),
            Part::Page | Part::Pages if place == Place::Furniture => "0",
            Part::Page | Part::Pages => {
                return Err(wrong(
                    "a page number, which only margin boxes can".to_owned(),
                ));
            }
            Part::Column(n) => {
                if place != Place::Detail {
                    return Err(wrong(format!("column {n}, which only detail rows have")));
                }
                let column = self.plan.columns.get(*n);
                let column =
                    column.ok_or_else(|| wrong(format!("column {n}, which the plan lacks")))?;
                &column.format
            }
            Part::Group(level) => {
                let known = match place {
                    Place::Header | Place::Closing(None) => 0,
                    Place::Group(own) | Place::Closing(Some(own)) => own + 1,
                    Place::Detail | Place::Furniture => self.plan.groups.len(),
                };
                if *level >= known {
                    return Err(wrong(format!(
                        "the key of group level {level}, which is not open there"
                    )));
                }
                &self.plan.groups[*level].format
            }
            Part::Total(n) => {
                if !matches!(place, Place::Closing(_) | Place::Group(_)) {
                    return Err(wrong(format!(
                        "total {n}, which only group headers and totals have"
                    )));
                }
                let total = self.plan.totals.get(*n);
                let total =
                    total.ok_or_else(|| wrong(format!("total {n}, which the plan lacks")))?;
                match total.kind {
                    TotalKind::Count | TotalKind::Distinct => "#,##0",
                    _ => &self.plan.columns[total.column].format,
                }
            }
            Part::Rows if matches!(place, Place::Closing(_) | Place::Group(_)) => "#,##0",
            Part::Rows => {
                return Err(wrong(
                    "a count of rows, which only group headers and totals have".to_owned(),
                ));
            }
        };
        let code = match part {
            Part::Page | Part::Pages => own,
            _ => code.unwrap_or(own),
        };
        NumberFormat::parse(code).map(Some)
    }
}

fn check_frame(layout: &PageLayout) -> Result<()> {
    let size = |v: f64| v.is_finite() && v > 0.0;
    if !(size(layout.width) && size(layout.height)) {
        return Err(Error::Plate(format!(
            "the page plate's pages are {} x {} pt",
            layout.width, layout.height
        )));
    }
    Ok(())
}
