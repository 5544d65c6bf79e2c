//! Rows of a sheet as XML, any range of them on its own.
//!
//! ```text
//! <row r="7" outlineLevel="2"><c r="A7" s="3"><v>46349</v></c><c r="B7" s="4" t="s"><v>12</v></c>…</row>
//! └────┬───┘└──────┬─────────┘└──┬──┘└─┬──┘└───────┬────────┘
//!    number    Band.row_end  Cell.open style      value
//! ```

use std::ops::Range;

use super::above::Above;
use super::bands::{Band, Bands, Cell, Content};
use super::deflate::{Chunk, Encoder};
use super::escape;
use super::filter::{PlateFilter, Shown};
use super::layout::{Layout, SheetRows};
use super::link::{Link, Linked};
use super::number::{self, Fit};
use super::shared_strings::{Shared, SharedStrings};
use super::subtotal::can_be_cached;
use super::tally::Tally;
use crate::band::Part;
use crate::control::JobControl;
use crate::crunch::plan::TotalKind;
use crate::crunch::{Crunched, Group};
use crate::error::Result;
use crate::value::{Column, Scalar, Value};

/// What opens a row, up to its number.
pub const ROW: &[u8] = b"<row r=\"";

/// Cells between two looks at the control: well under 50 ms of work.
const CELLS_PER_CHECK: u64 = 16_384;

/// Columns of every batch, ready to be read.
#[derive(Debug)]
pub struct Batches<'a> {
    batches: Vec<Vec<Source<'a>>>,
    offsets: &'a [u64],
}

#[derive(Debug)]
struct Source<'a> {
    column: Column<'a>,
    /// Whether its texts are shared strings.
    shared: bool,
}

impl<'a> Batches<'a> {
    /// Looks at every column of every batch.
    ///
    /// # Errors
    /// [`crate::error::Error::Data`] for a type that the spool can't have.
    pub fn new(crunched: &'a Crunched, strings: &SharedStrings<'a>) -> Result<Self> {
        let source = |(number, array): (usize, &'a arrow_array::ArrayRef)| {
            Ok(Source {
                column: Column::new(array)?,
                shared: strings.has(number),
            })
        };
        let batches = crunched
            .batches
            .iter()
            .map(|batch| batch.columns().iter().enumerate().map(source).collect())
            .collect::<Result<_>>()?;
        Ok(Self {
            batches,
            offsets: &crunched.offsets,
        })
    }

    fn batch_of(&self, row: u64) -> usize {
        self.offsets.partition_point(|&offset| offset <= row) - 1
    }
}

/// What all rows of one sheet need.
#[derive(Debug)]
pub struct SheetWriter<'a> {
    /// The report.
    pub crunched: &'a Crunched,
    /// Its rows.
    pub batches: &'a Batches<'a>,
    /// Numbers of the shared texts.
    pub shared: &'a Shared<'a>,
    /// Compiled bands.
    pub bands: &'a Bands,
    /// Where rows stand.
    pub layout: &'a Layout<'a>,
    /// What this sheet holds.
    pub rows: &'a SheetRows,
    /// First row of the body, from 0.
    pub first_row: u32,
    /// Columns of the sheet.
    pub columns: usize,
    /// What is shown of the detail rows.
    pub filters: &'a [PlateFilter],
}

/// A group (or the report) whose bands are written.
#[derive(Debug, Clone, Copy)]
struct Closing<'a> {
    totals: &'a [Scalar],
    rows: u64,
    /// First and last row, from 1, when all detail rows stand on this sheet.
    span: Option<(u32, u32)>,
    /// What a filter shows, by column of the plan; live totals are those of what is shown.
    shown: &'a [Shown],
}

impl<'a> SheetWriter<'a> {
    /// The row of the sheet, from 1, of a row of the body counted over all sheets.
    fn sheet_row(&self, row: u64) -> u32 {
        let base = self.layout.rows_before(self.rows.detail.start);
        self.first_row + (row - base) as u32 + 1
    }

    fn span(&self, first: u64, rows: u64) -> Option<(u32, u32)> {
        let here = &self.rows.detail;
        (rows > 0 && here.start <= first && first + rows <= here.end).then(|| {
            let last = first + rows - 1;
            (
                self.sheet_row(self.layout.row_of(first)),
                self.sheet_row(self.layout.row_of(last)),
            )
        })
    }

    fn closing(&self, group: &'a Group) -> Closing<'a> {
        Closing {
            totals: &group.totals,
            rows: group.rows,
            span: self.span(group.first_row, group.rows),
            shown: &[],
        }
    }

    /// Writes detail rows `range` with the headers and subtotals among them.
    ///
    /// # Errors
    /// The control's.
    pub fn write(
        &self,
        range: Range<u64>,
        encoder: &mut Encoder,
        control: &JobControl,
    ) -> Result<(Chunk, Tally)> {
        let levels = &self.crunched.levels;
        let mut row = self.sheet_row(self.layout.rows_before(range.start));
        let mut open: Vec<usize> = levels
            .iter()
            .map(|level| level.groups.partition_point(|g| g.first_row <= range.start) - 1)
            .collect();
        let mut line = Line::new(self);
        let (mut batch, mut checked) = (self.batches.batch_of(range.start), 0);
        for detail in range.clone() {
            if encoder.is_full() || line.tally.cells - checked > CELLS_PER_CHECK {
                encoder.spill()?;
                control.check()?;
                checked = line.tally.cells;
            }
            while self.batches.offsets[batch + 1] <= detail {
                batch += 1;
            }
            for (level, band) in self.bands.group_headers.iter().enumerate() {
                let group = &levels[level].groups[open[level]];
                if group.first_row == detail {
                    line.band(band, row, &open, Some(self.closing(group)), encoder);
                    row += 1;
                }
            }
            let in_batch = (detail - self.batches.offsets[batch]) as usize;
            line.detail(&self.batches.batches[batch], in_batch, row, &open, encoder);
            row += 1;
            for level in (0..levels.len()).rev() {
                let group = &levels[level].groups[open[level]];
                if group.first_row + group.rows != detail + 1 {
                    continue;
                }
                for band in self.bands.subtotals.get(level).into_iter().flatten() {
                    line.band(band, row, &open, Some(self.closing(group)), encoder);
                    row += 1;
                }
                if open[level] + 1 < levels[level].groups.len() {
                    open[level] += 1;
                }
            }
        }
        line.tally.rows = range.end - range.start;
        Ok((encoder.finish()?, line.tally))
    }

    /// Writes what closes the report, or the blank row of a report without rows, after the rows of all sheets, whose
    /// tally is `body`.
    pub fn write_end(&self, body: &Tally, encoder: &mut Encoder) -> Tally {
        let mut line = Line::new(self);
        let mut row = self.first_row + self.rows.body + 1;
        if self.crunched.rows == 0 {
            line.blank(&self.bands.detail, row - 1, encoder);
        }
        if self.rows.last {
            let closing = Closing {
                totals: &self.crunched.totals,
                rows: self.crunched.rows,
                span: self.span(0, self.crunched.rows),
                shown: &body.shown,
            };
            for band in &self.bands.grand_total {
                line.band(band, row, &[], Some(closing), encoder);
                row += 1;
            }
        }
        line.tally
    }
}

/// Writes one row after the other and counts.
struct Line<'w, 'a> {
    sheet: &'w SheetWriter<'a>,
    tally: Tally,
    /// Which detail cells show a column for the first time: those count for the control figures.
    counted: Vec<bool>,
    scratch: Vec<u8>,
    above: Above,
}

impl<'w, 'a> Line<'w, 'a> {
    fn new(sheet: &'w SheetWriter<'a>) -> Self {
        let mut seen = vec![false; sheet.crunched.plan.columns.len()];
        let counted = sheet
            .bands
            .detail
            .cells
            .iter()
            .map(|cell| match &cell.content {
                Content::Column(column) | Content::Link(Link { shown: column, .. }) => {
                    !std::mem::replace(&mut seen[*column], true)
                }
                _ => false,
            });
        Self {
            counted: counted.collect(),
            tally: Tally {
                shown: match sheet.filters {
                    [] => Vec::new(),
                    _ => vec![Shown::default(); sheet.crunched.plan.columns.len()],
                },
                ..Tally::new(sheet.crunched.plan.columns.len(), sheet.columns)
            },
            sheet,
            scratch: Vec::with_capacity(64),
            above: Above::new(sheet.bands.count),
        }
    }

    fn start(&mut self, band: &Band, digits: &[u8], encoder: &mut Encoder) {
        self.above.begin(encoder, digits.len());
        encoder.out.extend_from_slice(ROW);
        encoder.out.extend_from_slice(digits);
        encoder.out.extend_from_slice(&band.row_end);
        self.above.part(encoder);
    }

    fn end(&mut self, band: &Band, encoder: &mut Encoder) {
        encoder.out.extend_from_slice(b"</row>");
        self.above.end(band, encoder);
        self.tally.cells += band.cells.len() as u64;
    }

    fn open(cell: &Cell, digits: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&cell.open);
        out.extend_from_slice(digits);
        out.extend_from_slice(&cell.style);
    }

    fn blank(&mut self, band: &Band, row: u32, encoder: &mut Encoder) {
        let mut number = itoa::Buffer::new();
        let digits = number.format(row).as_bytes();
        self.start(band, digits, encoder);
        for cell in &band.cells {
            Self::open(cell, digits, &mut encoder.out);
            encoder.out.extend_from_slice(b"/>");
            self.above.part(encoder);
        }
        self.end(band, encoder);
    }

    fn detail(
        &mut self,
        columns: &[Source<'a>],
        at: usize,
        row: u32,
        open: &[usize],
        encoder: &mut Encoder,
    ) {
        let band = match &self.sheet.bands.hidden {
            Some(hidden) if !self.is_shown(columns, at) => hidden,
            _ => &self.sheet.bands.detail,
        };
        let mut number = itoa::Buffer::new();
        let digits = number.format(row).as_bytes();
        self.start(band, digits, encoder);
        for (place, cell) in band.cells.iter().enumerate() {
            let out = &mut encoder.out;
            Self::open(cell, digits, out);
            match &cell.content {
                Content::Column(source) => {
                    let origin = &columns[*source];
                    let value = origin.column.value(at);
                    if self.counted[place] {
                        self.count(*source, value);
                    }
                    match value {
                        Value::Text(text) if origin.shared => match self.sheet.shared.get(text) {
                            Some(&number) => {
                                self.tally.cut += u64::from(escape::fit(text).1);
                                self.shared(number, out);
                            }
                            None => self.text(text, out),
                        },
                        value => self.value(cell, value, out),
                    }
                }
                Content::Link(link) => {
                    let value = columns[link.shown].column.value(at);
                    if self.counted[place] {
                        self.count(link.shown, value);
                    }
                    let linked = link.write(|column| columns[column].column.value(at), out);
                    self.tally.unlinked += u64::from(linked == Linked::Unfit);
                    if linked != Linked::Yes {
                        self.value(cell, value, out);
                    }
                }
                Content::Group(level) => {
                    let key = self.key(*level, open);
                    self.value(cell, key, out);
                }
                Content::Mixed(pieces) => {
                    let mut text = String::new();
                    for piece in pieces {
                        match &piece.part {
                            Part::Text(fixed) => text.push_str(fixed),
                            Part::Column(c) => {
                                piece.format.write(columns[*c].column.value(at), &mut text)
                            }
                            Part::Group(level) => {
                                piece.format.write(self.key(*level, open), &mut text)
                            }
                            _ => {}
                        }
                    }
                    self.text(&text, out);
                }
                Content::Text(xml) => out.extend_from_slice(xml),
                Content::Blank | Content::Total { .. } | Content::Rows => {
                    out.extend_from_slice(b"/>")
                }
            }
            self.above.part(encoder);
        }
        self.end(band, encoder);
    }

    /// Whether the filters show a row; counts what they do.
    fn is_shown(&mut self, columns: &[Source<'a>], at: usize) -> bool {
        let fits = |filter: &PlateFilter| filter.keep.fits(columns[filter.column].column.value(at));
        if !self.sheet.filters.iter().all(fits) {
            return false;
        }
        for (shown, source) in self.tally.shown.iter_mut().zip(columns) {
            shown.push(&source.column, at);
        }
        true
    }

    fn band(
        &mut self,
        band: &Band,
        row: u32,
        open: &[usize],
        closing: Option<Closing<'_>>,
        encoder: &mut Encoder,
    ) {
        let Some(closing) = closing else { return };
        let mut number = itoa::Buffer::new();
        let digits = number.format(row).as_bytes();
        self.start(band, digits, encoder);
        for cell in &band.cells {
            let out = &mut encoder.out;
            Self::open(cell, digits, out);
            match &cell.content {
                Content::Blank | Content::Column(_) | Content::Link(_) => {
                    out.extend_from_slice(b"/>")
                }
                Content::Text(xml) => out.extend_from_slice(xml),
                Content::Group(level) => {
                    let key = self.key(*level, open);
                    self.value(cell, key, out);
                }
                Content::Rows => self.value(cell, Value::Int(i128::from(closing.rows)), out),
                Content::Total {
                    number,
                    kind,
                    formula,
                } => {
                    let column = self.sheet.crunched.plan.totals[*number].column;
                    let shown = closing
                        .shown
                        .get(column)
                        .and_then(|shown| shown.total(*kind));
                    let total = shown.as_ref().unwrap_or(&closing.totals[*number]);
                    match (formula, closing.span) {
                        (Some(formula), Some((first, last))) if can_be_cached(total, *kind) => {
                            out.extend_from_slice(b"><f>");
                            formula.write(first, last, out);
                            out.extend_from_slice(b"</f>");
                            self.cached(total.as_value(), out);
                            out.extend_from_slice(b"</c>");
                        }
                        _ => self.total(cell, total.as_value(), *kind, out),
                    }
                }
                Content::Mixed(pieces) => {
                    let mut text = String::new();
                    for piece in pieces {
                        match &piece.part {
                            Part::Text(fixed) => text.push_str(fixed),
                            Part::Group(level) => {
                                piece.format.write(self.key(*level, open), &mut text)
                            }
                            Part::Total(total) => piece
                                .format
                                .write(closing.totals[*total].as_value(), &mut text),
                            Part::Rows => piece
                                .format
                                .write(Value::Int(i128::from(closing.rows)), &mut text),
                            Part::Column(_) | Part::Page | Part::Pages => {}
                        }
                    }
                    self.text(&text, out);
                }
            }
            self.above.part(encoder);
        }
        self.end(band, encoder);
    }

    fn key(&self, level: usize, open: &[usize]) -> Value<'w> {
        let crunched: &'w Crunched = self.sheet.crunched;
        open.get(level).map_or(Value::Null, |&group| {
            crunched.levels[level].groups[group].key.as_value()
        })
    }

    fn count(&mut self, column: usize, value: Value<'_>) {
        let sum = &mut self.tally.sums[column];
        match value {
            Value::Null => return,
            Value::Int(v) => *sum = sum.wrapping_add(v),
            Value::Decimal { mantissa, .. } => *sum = sum.wrapping_add(mantissa),
            _ => {}
        }
        self.tally.counts[column] += 1;
    }

    fn shared(&mut self, number: u32, out: &mut Vec<u8>) {
        self.tally.shared += 1;
        out.extend_from_slice(b" t=\"s\"><v>");
        out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        out.extend_from_slice(b"</v></c>");
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        let (text, cut) = escape::fit(text);
        self.tally.cut += u64::from(cut);
        out.extend_from_slice(b" t=\"inlineStr\"><is>");
        escape::write_t(text, out);
        out.extend_from_slice(b"</is></c>");
    }

    /// The rest of a cell whose tag is open.
    #[inline]
    fn value(&mut self, cell: &Cell, value: Value<'_>, out: &mut Vec<u8>) {
        match value {
            Value::Null => out.extend_from_slice(b"/>"),
            Value::Text(text) => self.text(text, out),
            Value::Bool(truth) => {
                let xml: &[u8] = if truth {
                    b" t=\"b\"><v>1</v></c>"
                } else {
                    b" t=\"b\"><v>0</v></c>"
                };
                out.extend_from_slice(xml);
            }
            value => {
                let start = out.len();
                out.extend_from_slice(b"><v>");
                match write_number(value, out) {
                    Fit::Number => out.extend_from_slice(b"</v></c>"),
                    Fit::Nothing => {
                        out.truncate(start);
                        out.extend_from_slice(b"/>");
                    }
                    Fit::Text => {
                        self.scratch.clear();
                        self.scratch.extend_from_slice(&out[start + 4..]);
                        out.truncate(start);
                        out.extend_from_slice(b" t=\"inlineStr\"><is><t>");
                        out.extend_from_slice(&self.scratch);
                        out.extend_from_slice(b"</t></is></c>");
                        if let Some(count) = self.tally.as_text.get_mut(cell.column as usize) {
                            *count += 1;
                        }
                    }
                }
            }
        }
    }

    /// A total as a plain value; means and the like are inexact anyway, and stay numbers whatever their digits.
    fn total(&mut self, cell: &Cell, value: Value<'_>, kind: TotalKind, out: &mut Vec<u8>) {
        let inexact = matches!(
            kind,
            TotalKind::Avg | TotalKind::Median | TotalKind::P90 | TotalKind::WeightedAvg
        );
        if inexact && matches!(value, Value::Int(_) | Value::Decimal { .. }) {
            out.push(b'>');
            self.cached(value, out);
            out.extend_from_slice(b"</c>");
        } else {
            self.value(cell, value, out);
        }
    }

    fn cached(&mut self, value: Value<'_>, out: &mut Vec<u8>) {
        self.scratch.clear();
        if write_number(value, &mut self.scratch) != Fit::Nothing && !self.scratch.is_empty() {
            out.extend_from_slice(b"<v>");
            out.extend_from_slice(&self.scratch);
            out.extend_from_slice(b"</v>");
        }
    }
}

fn write_number(value: Value<'_>, out: &mut Vec<u8>) -> Fit {
    match value {
        Value::Int(v) => number::write_int(v, out),
        Value::Decimal { mantissa, scale } => number::write_decimal(mantissa, scale, out),
        Value::Float(v) => number::write_float(v, out),
        Value::Date(v) => number::write_date(v, out),
        Value::Timestamp(v) => number::write_timestamp(v, out),
        Value::Time(v) => number::write_time(v, out),
        Value::Null | Value::Bool(_) | Value::Text(_) => Fit::Nothing,
    }
}
