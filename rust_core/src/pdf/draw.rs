//! Pages drawn from the rows: one painter per thread, no page knows of another.

use std::rc::Rc;

use super::content::{Content, push_pt};
use super::design::{BandDesign, CellDesign, Design, edge};
use super::file::{Deflate, ObjectStream, push_ref, push_stream};
use super::measure::{self, CellLines};
use super::paginate::{Cursor, Pagination, band, block, subject};
use super::plate::Rect;
use super::rows::{Open, Row, Rows, Subject};
use super::shape::{Shaper, Used};
use super::tree;
use super::wrap::{SLACK, line_text};
use crate::control::JobControl;
use crate::crunch::Control;
use crate::error::Result;
use crate::value::Value;

/// Pages in one run: the unit of work, and a leaf of the page tree.
pub const RUN: u64 = 64;

/// The numbers and heights that every page refers to.
#[derive(Debug)]
pub struct Frame {
    /// Number of the first object of the first run.
    pub first: u32,
    /// Resources of the first and of every further page.
    pub resources: [u32; 2],
    /// What a page draws before its own marks, by kind: calls of the furniture and of the column heads.
    pub prelude: [Vec<u8>; 2],
    /// Its annotations, by kind.
    pub annotations: [Vec<u8>; 2],
    /// Height of the column heads, pt.
    pub header: f64,
    /// Pages before the table.
    pub before: u64,
    /// Pages of the file.
    pub total: u64,
}

/// Object numbers of a run.
#[derive(Debug, Clone, Copy)]
pub struct Numbers {
    first: u32,
    pages: u32,
}

impl Numbers {
    /// Objects that all runs of so many pages have together.
    pub fn count(pages: u64) -> u64 {
        2 * pages + 2 * pages.div_ceil(RUN)
    }

    /// Those of run `run`.
    pub fn of(frame: &Frame, run: u64, pages: u64) -> Self {
        Self {
            first: frame.first + (run * (2 * RUN + 2)) as u32,
            pages: RUN.min(pages - run * RUN) as u32,
        }
    }

    /// The leaf of the page tree.
    pub fn leaf(self) -> u32 {
        self.first + 2 * self.pages
    }

    /// Pages of the run.
    pub fn pages(self) -> u64 {
        u64::from(self.pages)
    }

    fn content(self, page: u32) -> u32 {
        self.first + page
    }

    fn page(self, page: u32) -> u32 {
        self.first + self.pages + page
    }

    fn packed(self) -> u32 {
        self.first + 2 * self.pages + 1
    }
}

/// The page object of page `page` of the table.
pub fn page_object(frame: &Frame, page: u64, pages: u64) -> u32 {
    Numbers::of(frame, page / RUN, pages).page((page % RUN) as u32)
}

/// A finished run.
#[derive(Debug, Default)]
pub struct Drawn {
    /// Its objects.
    pub bytes: Vec<u8>,
    /// Number and offset of those that stand for themselves.
    pub at: Vec<(u32, u64)>,
    /// Number of the object stream.
    pub stream: u32,
    /// What is in it.
    pub packed: Vec<u32>,
    /// Where groups start: page of the table and y on it (upwards, pt), in row order, for levels with bookmarks.
    pub marks: Vec<(u64, f32)>,
}

/// What a painter has drawn in all.
#[derive(Debug)]
pub struct Tally {
    /// Detail rows.
    pub rows: u64,
    /// Summed up from the values drawn.
    pub control: Vec<Control>,
    /// Fonts.
    pub used: Used,
}

/// Draws runs of pages.
pub struct Painter<'a> {
    design: &'a Design<'a>,
    rows: &'a Rows<'a>,
    pages: &'a Pagination,
    shaper: Shaper<'a>,
    content: Content,
    deflate: Deflate,
    stream: Vec<u8>,
    text: String,
    show: Vec<u8>,
    batch: usize,
    /// The lines of the band drawn last in parts, which the next page goes on with.
    parted: Option<(Cursor, Vec<CellLines>)>,
    drawn: u64,
    control: Vec<Control>,
}

impl<'a> Painter<'a> {
    /// A painter that has drawn nothing yet.
    pub fn new(design: &'a Design<'a>, rows: &'a Rows<'a>, pages: &'a Pagination) -> Self {
        let control = rows
            .crunched
            .schema
            .fields()
            .iter()
            .map(|field| Control {
                count: 0,
                sum: matches!(
                    field.data_type(),
                    arrow_schema::DataType::Int64
                        | arrow_schema::DataType::UInt64
                        | arrow_schema::DataType::Decimal128(..)
                )
                .then_some(0),
            })
            .collect();
        Self {
            shaper: Shaper::new(&design.fonts, &design.styles),
            design,
            rows,
            pages,
            content: Content::default(),
            deflate: Deflate::new(),
            stream: Vec::new(),
            text: String::new(),
            show: Vec::new(),
            batch: 0,
            parted: None,
            drawn: 0,
            control,
        }
    }

    /// The column heads at `top` as a content stream, and their height.
    ///
    /// # Errors
    /// As [`Shaper::line`].
    pub fn header(&mut self, top: f64) -> Result<(Vec<u8>, f64)> {
        let mut out = Vec::new();
        let Some(band) = &self.design.header else {
            return Ok((out, 0.0));
        };
        self.content.clear();
        let crunched = self.rows.crunched;
        let height = self.band(band, &Subject::Report(crunched), top, None)?;
        self.content.write(&mut out);
        Ok((out, height))
    }

    /// What it has drawn.
    pub fn tally(self) -> Tally {
        Tally {
            rows: self.drawn,
            control: self.control,
            used: self.shaper.into_used(),
        }
    }

    /// Draws run `run`, whose leaf of the page tree stands under `parent`.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] and its like; those of [`Shaper::line`].
    pub fn run(
        &mut self,
        frame: &Frame,
        run: u64,
        parent: u32,
        control: &JobControl,
    ) -> Result<Drawn> {
        let numbers = Numbers::of(frame, run, self.pages.pages());
        let mut drawn = Drawn {
            stream: numbers.packed(),
            ..Drawn::default()
        };
        let mut small = ObjectStream::default();
        let mut packed = Vec::new();
        for n in 0..numbers.pages {
            control.check()?;
            let page = run * RUN + u64::from(n);
            let before = self.drawn;
            self.page(frame, page, &mut drawn.marks)?;
            control.advance(self.drawn - before);
            packed.clear();
            self.deflate.append(&self.stream, &mut packed);
            drawn
                .at
                .push((numbers.content(n), drawn.bytes.len() as u64));
            push_stream(
                &mut drawn.bytes,
                numbers.content(n),
                b"/Filter/FlateDecode",
                &packed,
            );
            small.push(numbers.page(n), &self.page_dict(frame, numbers, n, page));
        }
        let leaf = tree::node(
            Some(parent),
            (0..numbers.pages).map(|n| numbers.page(n)),
            numbers.pages(),
        );
        small.push(numbers.leaf(), &leaf);
        drawn.at.push((numbers.packed(), drawn.bytes.len() as u64));
        drawn.packed = small.write(numbers.packed(), &mut self.deflate, &mut drawn.bytes);
        Ok(drawn)
    }

    fn page_dict(&self, frame: &Frame, numbers: Numbers, n: u32, page: u64) -> Vec<u8> {
        let mut out = b"<</Type/Page/Parent ".to_vec();
        push_ref(&mut out, numbers.leaf());
        out.extend_from_slice(b"/MediaBox[0 0 ");
        push_pt(&mut out, self.design.layout.width);
        out.push(b' ');
        push_pt(&mut out, self.design.layout.height);
        out.extend_from_slice(b"]/Resources ");
        push_ref(&mut out, frame.resources[usize::from(page > 0)]);
        out.extend_from_slice(b"/Contents ");
        push_ref(&mut out, numbers.content(n));
        let annotations = &frame.annotations[usize::from(page > 0)];
        if !annotations.is_empty() {
            out.extend_from_slice(b"/Annots[");
            out.extend_from_slice(annotations);
            out.push(b']');
        }
        out.extend_from_slice(b">>");
        out
    }

    /// Draws page `page` of the table into `self.stream`.
    fn page(&mut self, frame: &Frame, page: u64, marks: &mut Vec<(u64, f32)>) -> Result<()> {
        let (design, rows, pages) = (self.design, self.rows, self.pages);
        let crunched = rows.crunched;
        let start = pages.start(page);
        let end = (page + 1 < pages.pages()).then(|| pages.start(page + 1));
        let kind = design.kind(page);
        let mut open = Open::at(crunched, start.row);
        self.content.clear();
        let shown = Open::on_page(crunched, start, end);
        let known = (crunched.rows > 0).then_some(&shown);
        let heading = Subject::Page(frame.before + page + 1, frame.total, known);
        for cell in &kind.texts {
            self.cell(cell, &heading, 0.0)?;
        }
        let mut y = kind.kind.top + frame.header;
        if crunched.rows == 0 {
            for band in &design.grand_total {
                y += self.band(band, &Subject::Report(crunched), y, None)?;
            }
        }
        let mut bands = Vec::new();
        'page: for row in start.row..crunched.rows {
            open.advance(row);
            block(design, &open, row, crunched.rows, &mut bands);
            let skip = if row == start.row {
                start.step as usize
            } else {
                0
            };
            for (step, band_ref) in bands.iter().enumerate().skip(skip) {
                let at = Cursor {
                    row,
                    step: step as u32,
                };
                let to = match end {
                    Some(end) if at > end => break 'page,
                    Some(end) if at == end => match pages.split(page + 1) {
                        Some(to) => Some(to),
                        None => break 'page,
                    },
                    _ => None,
                };
                let from = if at == start { pages.split(page) } else { None };
                if step == 0 && from.is_none() {
                    let opening = open.opening(row);
                    let place = (page, (design.layout.height - y) as f32);
                    marks.extend(
                        (opening..crunched.levels.len())
                            .filter(|l| design.marks(*l))
                            .map(|_| place),
                    );
                }
                let band = band(design, *band_ref, &open, row);
                let subject = subject(*band_ref, rows, &open, row, &mut self.batch);
                if let (Subject::Row(row, _), None) = (&subject, from) {
                    self.count(*row);
                }
                let part = (from.is_some() || to.is_some()).then_some(Part { at, from, to });
                y += self.band(band, &subject, y, part)?;
                if to.is_some() {
                    break 'page;
                }
            }
        }
        self.stream.clear();
        self.stream
            .extend_from_slice(&frame.prelude[usize::from(page > 0)]);
        self.content.write(&mut self.stream);
        Ok(())
    }

    /// Sums up a row that is drawn, column by column.
    fn count(&mut self, row: Row<'_>) {
        self.drawn += 1;
        for (n, control) in self.control.iter_mut().enumerate() {
            let exact = match row.value(n) {
                Value::Null => continue,
                Value::Int(v) | Value::Decimal { mantissa: v, .. } => v,
                _ => 0,
            };
            control.count += 1;
            if let Some(sum) = &mut control.sum {
                *sum = sum.wrapping_add(exact);
            }
        }
    }

    /// Draws a band at `y`; returns the height it took.
    fn band(
        &mut self,
        band: &BandDesign<'_>,
        subject: &Subject<'_>,
        y: f64,
        part: Option<Part<'_>>,
    ) -> Result<f64> {
        if band.wraps || part.is_some() {
            return self.high_band(band, subject, y, part);
        }
        self.grounds(band, subject, y, band.height);
        for cell in &band.cells {
            self.cell(cell, subject, y)?;
        }
        Ok(band.height)
    }

    /// Draws a band whose cells may have several lines, or a part of one.
    fn high_band(
        &mut self,
        band: &BandDesign<'_>,
        subject: &Subject<'_>,
        y: f64,
        part: Option<Part<'_>>,
    ) -> Result<f64> {
        let kept = match (&part, self.parted.take()) {
            (Some(part), Some((at, cells))) if part.at == at => Some(cells),
            _ => None,
        };
        let cells = match kept {
            Some(cells) => cells,
            None => measure::lines(&mut self.shaper, band, subject)?,
        };
        let limits = |n: usize| {
            let all = cells[n].lines.len();
            let limit = |lines: Option<&[u32]>, or: usize| {
                lines
                    .and_then(|l| l.get(n))
                    .map_or(or, |line| (*line as usize).min(all))
            };
            match &part {
                Some(part) => limit(part.from, 0)..limit(part.to, all),
                None => 0..all,
            }
        };
        let mut extra: f64 = 0.0;
        for (n, cell) in band.cells.iter().enumerate() {
            extra = extra.max(limits(n).len().saturating_sub(1) as f64 * cell.cell.line_height);
        }
        self.grounds(band, subject, y, band.height + extra);
        for (n, cell) in band.cells.iter().enumerate() {
            let range = limits(n);
            let drop = if part.is_some() {
                0.0
            } else {
                cell.drop(range.len(), extra)
            };
            let color = cells[n].color.unwrap_or(cell.cell.style.color);
            for (i, line) in cells[n].lines[range].iter().enumerate() {
                let below = drop + i as f64 * cell.cell.line_height;
                let text = line_text(&cells[n].text, line);
                self.line(cell, cells[n].style, &text, y + below, color)?;
            }
        }
        if let Some(part) = part {
            self.parted = Some((part.at, cells));
        }
        Ok(band.height + extra)
    }

    /// What stands under the texts of a band: backgrounds, those of rules over them, then lines.
    fn grounds(&mut self, band: &BandDesign<'_>, subject: &Subject<'_>, y: f64, height: f64) {
        self.rects(band.grounds, y, height);
        for cell in band.cells.iter().filter(|cell| !cell.cell.rules.is_empty()) {
            if let Some(ground) = cell.look(subject).background {
                self.rects(std::slice::from_ref(ground), y, height);
            }
        }
        self.rects(band.lines, y, height);
    }

    fn rects(&mut self, rects: &[Rect], y: f64, height: f64) {
        for rect in rects {
            let (top, bottom) = (edge(rect.top, height), edge(rect.bottom, height));
            let low = self.design.layout.height - (y + bottom);
            self.content
                .rect(rect.x, low, rect.width, bottom - top, rect.color);
        }
    }

    /// Draws a cell on one line; `y` is what its baseline counts from.
    fn cell(&mut self, cell: &CellDesign<'_>, subject: &Subject<'_>, y: f64) -> Result<()> {
        if let Some(fixed) = &cell.fixed {
            return self.line(cell, cell.style, fixed, y, cell.cell.style.color);
        }
        let mut text = std::mem::take(&mut self.text);
        let look = cell.look(subject);
        let color = cell.say(subject, &mut text).or(look.color);
        let color = color.unwrap_or(cell.cell.style.color);
        let done = self.line(cell, look.style, &text, y, color);
        self.text = text;
        done
    }

    fn line(
        &mut self,
        cell: &CellDesign<'_>,
        style: usize,
        text: &str,
        y: f64,
        color: [u8; 3],
    ) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let size = cell.cell.style.size;
        let too_long = |width: f64| width > cell.box_em() + SLACK;
        let baseline = self.design.layout.height - (y + cell.cell.baseline);
        let kept_in = cell.cell.ellipsis || cell.cell.clip.is_some();
        let set = self.shaper.set(style, text, &mut self.show);
        if let Some(width) = set.filter(|width| !(kept_in && too_long(*width))) {
            let file = self
                .design
                .fonts
                .file_number(self.design.styles[style].face);
            self.content
                .show(file, &self.show, cell.left(width), baseline, size, color);
            return Ok(());
        }
        let mut line = self.shaper.line(style, text)?;
        if cell.cell.ellipsis && too_long(line.width) {
            line = Rc::new(self.shaper.shortened(style, text, cell.box_em())?);
        }
        self.shaper.note_missing(line.missing);
        let clip = cell.cell.clip.filter(|_| too_long(line.width));
        if let Some([left, right]) = clip {
            self.content.clip(left, right, self.design.layout.height);
        }
        self.content
            .text(&line, cell.left(line.width), baseline, size, color);
        if clip.is_some() {
            self.content.unclip();
        }
        Ok(())
    }
}

/// A part of a band that spreads over pages.
#[derive(Clone, Copy)]
struct Part<'a> {
    at: Cursor,
    from: Option<&'a [u32]>,
    to: Option<&'a [u32]>,
}
