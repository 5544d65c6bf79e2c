//! Where each page starts.
//!
//! ```text
//!  block of a row:  [group headers that open] [the row] [subtotals that close] [grand total]
//! ```
//! A block is never parted while it fits on a page: so a group header stands with its first row, and totals with
//! the last one. Runs of plain rows of one height are counted, not walked.

use std::collections::BTreeMap;

use super::design::{BandDesign, Design};
use super::measure::{self, CellLines, Heights};
use super::plate::PagePlate;
use super::rows::{BandRef, Open, Rows, Subject};
use super::shape::Shaper;
use crate::control::JobControl;
use crate::crunch::Crunched;
use crate::error::{Error, Result};

/// What may stick out below the bottom of a page: rounding of sums, pt.
const SLACK: f64 = 0.01;

/// A place among the bands of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The row whose block it is in.
    pub row: u64,
    /// Number of the band within the block.
    pub step: u32,
}

/// The pages of a report's table: 16 bytes a page, and one a row when rows wrap.
#[derive(Debug, Default)]
pub struct Pagination {
    starts: Vec<Cursor>,
    /// Pages that start inside a band, with the line at which each of its cells goes on.
    splits: BTreeMap<u64, Box<[u32]>>,
}

impl Pagination {
    /// Pages with table rows.
    pub fn pages(&self) -> u64 {
        self.starts.len() as u64
    }

    /// The first band on page `page` (from 0).
    pub fn start(&self, page: u64) -> Cursor {
        self.starts[page as usize]
    }

    /// The lines at which the first band of `page` goes on, when it started on an earlier page.
    pub fn split(&self, page: u64) -> Option<&[u32]> {
        self.splits.get(&page).map(AsRef::as_ref)
    }

    /// The page on which the band at `cursor` starts.
    pub fn page_of(&self, cursor: Cursor) -> u64 {
        let mut page = self
            .starts
            .partition_point(|start| *start <= cursor)
            .saturating_sub(1) as u64;
        while self.splits.contains_key(&page) && self.start(page) == cursor {
            page -= 1;
        }
        page
    }
}

/// The bands of the block of `row`, in order.
pub fn block(design: &Design<'_>, open: &Open<'_>, row: u64, rows: u64, out: &mut Vec<BandRef>) {
    out.clear();
    out.extend((open.opening(row)..design.group_headers.len()).map(BandRef::Header));
    out.push(BandRef::Detail);
    let closing = open.closing(row);
    for level in (closing..design.subtotals.len()).rev() {
        out.extend((0..design.subtotals[level].len()).map(|n| BandRef::Subtotal(level, n)));
    }
    if row + 1 == rows {
        out.extend((0..design.grand_total.len()).map(BandRef::Grand));
    }
}

/// The design of a band of the block of `row`.
pub fn band<'d, 'p>(
    design: &'d Design<'p>,
    band: BandRef,
    open: &Open<'_>,
    row: u64,
) -> &'d BandDesign<'p> {
    match band {
        BandRef::Header(level) => &design.group_headers[level],
        BandRef::Detail => {
            &design.details[(open.stripe(row) % design.details.len() as u64) as usize]
        }
        BandRef::Subtotal(level, n) => &design.subtotals[level][n],
        BandRef::Grand(n) => &design.grand_total[n],
    }
}

/// What a band of the block of `row` speaks of.
pub fn subject<'r>(
    band: BandRef,
    rows: &'r Rows<'_>,
    open: &'r Open<'_>,
    row: u64,
    batch: &mut usize,
) -> Subject<'r> {
    match band {
        BandRef::Header(level) | BandRef::Subtotal(level, _) => Subject::Group(level, open),
        BandRef::Detail => Subject::Row(rows.row(row, batch), open),
        BandRef::Grand(_) => Subject::Report(rows.crunched),
    }
}

/// Breaks the table of a report into pages.
///
/// # Errors
/// [`Error::Plate`] when the plate does not fit the report or a page has no room for a row;
/// [`Error::Cancelled`] and its like.
pub fn paginate(
    crunched: &Crunched,
    plate: &PagePlate,
    control: &JobControl,
) -> Result<Pagination> {
    let design = Design::new(plate, crunched)?;
    let rows = Rows::new(crunched)?;
    let heights = if design.details.iter().any(|band| band.wraps) {
        Some(Heights::measure(&design, &rows, control)?)
    } else {
        None
    };
    let mut breaker = Breaker::new(&design, &rows, heights, control)?;
    breaker.run()?;
    Ok(breaker.pages)
}

struct Breaker<'a> {
    design: &'a Design<'a>,
    rows: &'a Rows<'a>,
    heights: Option<Heights>,
    control: &'a JobControl,
    shaper: Shaper<'a>,
    pages: Pagination,
    header: f64,
    /// Where the next band goes, the end of the page, and where its first band stands.
    y: f64,
    bottom: f64,
    top: f64,
    batch: usize,
    text: String,
    ticks: u32,
}

impl<'a> Breaker<'a> {
    fn new(
        design: &'a Design<'a>,
        rows: &'a Rows<'a>,
        heights: Option<Heights>,
        control: &'a JobControl,
    ) -> Result<Self> {
        let mut shaper = Shaper::new(&design.fonts, &design.styles);
        let mut text = String::new();
        let header = match &design.header {
            Some(band) => {
                let subject = Subject::Report(rows.crunched);
                band.height + measure::extra(&mut shaper, band, &subject, &mut text)?
            }
            None => 0.0,
        };
        Ok(Self {
            design,
            rows,
            heights,
            control,
            shaper,
            pages: Pagination::default(),
            header,
            y: 0.0,
            bottom: 0.0,
            top: 0.0,
            batch: 0,
            text,
            ticks: 0,
        })
    }

    fn run(&mut self) -> Result<()> {
        let crunched = self.rows.crunched;
        self.page(Cursor { row: 0, step: 0 });
        let Some(inner) = crunched.levels.last() else {
            return self.segment(0, crunched.rows);
        };
        if crunched.rows == 0 {
            return self.segment(0, 0);
        }
        for group in &inner.groups {
            self.segment(group.first_row, group.rows)?;
        }
        Ok(())
    }

    /// Places `count` rows from `first` on: an innermost group, or the whole report.
    fn segment(&mut self, first: u64, count: u64) -> Result<()> {
        let crunched = self.rows.crunched;
        let mut open = Open::at(crunched, first);
        let mut bands = Vec::new();
        if count == 0 {
            bands.extend((0..self.design.grand_total.len()).map(BandRef::Grand));
            return self.block(0, &bands, &open);
        }
        let opening = open.opening(first);
        if first > 0 && (opening..crunched.levels.len()).any(|level| self.design.breaks(level)) {
            self.page(Cursor {
                row: first,
                step: 0,
            });
        }
        block(self.design, &open, first, crunched.rows, &mut bands);
        self.block(first, &bands, &open)?;
        let last = first + count - 1;
        if last > first {
            self.plain(first + 1, last, &open)?;
            open.advance(last);
            block(self.design, &open, last, crunched.rows, &mut bands);
            self.block(last, &bands, &open)?;
        }
        self.glance()
    }

    /// Places the rows `from..to`, which open and close nothing.
    fn plain(&mut self, mut from: u64, to: u64, open: &Open<'_>) -> Result<()> {
        let height = self.design.details[0].height;
        let even = self.design.details.iter().all(|band| band.height == height);
        if !even || self.heights.is_some() {
            for row in from..to {
                self.block(row, &[BandRef::Detail], open)?;
                if row % 4096 == 0 {
                    self.control.check()?;
                }
            }
            return Ok(());
        }
        while from < to {
            let fitting = ((self.bottom + SLACK - self.y) / height).floor().max(0.0) as u64;
            let placed = fitting.min(to - from);
            self.y += placed as f64 * height;
            from += placed;
            if from < to {
                if placed == 0 && self.is_fresh() {
                    return Err(self.no_room(height));
                }
                self.page(Cursor { row: from, step: 0 });
            }
            self.glance()?;
        }
        Ok(())
    }

    /// Places a block: whole, or band by band when no page could hold it.
    fn block(&mut self, row: u64, bands: &[BandRef], open: &Open<'_>) -> Result<()> {
        let mut total = 0.0;
        let mut heights = Vec::with_capacity(bands.len());
        for band in bands {
            let height = self.height(*band, open, row)?;
            heights.push(height);
            total += height;
        }
        if self.fits(total) {
            self.y += total;
            return Ok(());
        }
        if !self.is_fresh() {
            self.page(Cursor { row, step: 0 });
            if self.fits(total) {
                self.y += total;
                return Ok(());
            }
        }
        self.parts(row, bands, &heights, open)
    }

    /// Places a block that no page can hold, band by band; what a band needs below it comes along where a page
    /// has room for both: a header the start of its row, the last line of a row the totals that close with it.
    fn parts(
        &mut self,
        row: u64,
        bands: &[BandRef],
        heights: &[f64],
        open: &Open<'_>,
    ) -> Result<()> {
        let detail = bands
            .iter()
            .position(|b| *b == BandRef::Detail)
            .unwrap_or(0);
        let line = band(self.design, BandRef::Detail, open, row).height;
        let totals = &heights[detail + 1..];
        let tail = [totals.iter().sum(), totals.first().copied().unwrap_or(0.0)]
            .into_iter()
            .find(|tail| self.would_fit(line + tail))
            .unwrap_or(0.0);
        let mut start = if heights[detail] > line {
            line
        } else {
            line + tail
        };
        let mut below = vec![0.0; bands.len()];
        below[detail] = tail;
        for step in (0..detail).rev() {
            if self.would_fit(heights[step] + start) {
                below[step] = start;
            }
            start = heights[step] + below[step];
        }
        for (step, (band_ref, height)) in bands.iter().zip(heights).enumerate() {
            let at = Cursor {
                row,
                step: step as u32,
            };
            let rest: f64 = heights[step..].iter().sum();
            let wanted = if self.would_fit(rest) {
                rest
            } else {
                height + below[step]
            };
            // A row that can start below its headers is not parted from them.
            let headed = step == detail && detail > 0 && *height > line && self.fits(line);
            if !self.fits(wanted) && !self.is_fresh() && !headed && self.would_fit(wanted) {
                self.page(at);
            }
            if self.fits(wanted) {
                self.y += height;
            } else {
                self.split(*band_ref, open, at, below[step])?;
            }
        }
        Ok(())
    }

    /// Spreads one band over pages, by lines; `tail` pt of further bands belong with its last line.
    fn split(&mut self, band_ref: BandRef, open: &Open<'_>, at: Cursor, tail: f64) -> Result<()> {
        let band = band(self.design, band_ref, open, at.row);
        let subject = subject(band_ref, self.rows, open, at.row, &mut self.batch);
        let cells = measure::lines(&mut self.shaper, band, &subject)?;
        let mut from = vec![0u32; cells.len()];
        loop {
            self.glance()?;
            let rest = rest(band, &cells, &from);
            if self.fits(rest + tail) || (self.fits(rest) && rest == band.height && self.is_fresh())
            {
                self.y += rest;
                return Ok(());
            }
            let room = self.bottom + SLACK - self.y - band.height;
            if room < 0.0 {
                if self.is_fresh() {
                    return Err(self.no_room(band.height));
                }
                self.turn(at, &from);
                continue;
            }
            let mut next: Vec<u32> = cells_of(band, &cells)
                .zip(&from)
                .map(|((count, step), from)| (from + 1 + (room / step) as u32).min(count))
                .collect();
            if cells_of(band, &cells)
                .zip(&next)
                .all(|((count, _), next)| *next == count)
            {
                // All would fit but not what must stay with it: the last line goes along.
                let mut held = false;
                for ((count, _), (next, from)) in
                    cells_of(band, &cells).zip(next.iter_mut().zip(&from))
                {
                    if count - from >= 2 {
                        *next = count - 1;
                        held = true;
                    }
                }
                if !held {
                    if self.is_fresh() {
                        self.y += rest;
                        return Ok(());
                    }
                    self.turn(at, &from);
                    continue;
                }
            }
            from = next;
            self.turn(at, &from);
        }
    }

    /// Starts a page that goes on with the band at `at` from these lines.
    fn turn(&mut self, at: Cursor, from: &[u32]) {
        self.page(at);
        if from.iter().any(|line| *line > 0) {
            self.pages
                .splits
                .insert(self.pages.pages() - 1, from.into());
        }
    }

    fn page(&mut self, at: Cursor) {
        let kind = self.design.kind(self.pages.pages()).kind;
        self.pages.starts.push(at);
        self.top = kind.top + self.header;
        self.y = self.top;
        self.bottom = kind.bottom;
    }

    fn height(&mut self, band_ref: BandRef, open: &Open<'_>, row: u64) -> Result<f64> {
        // `open` stands at the segment's first row; stripes only need the group, which is the same.
        let band = band(self.design, band_ref, open, row);
        if !band.wraps {
            return Ok(band.height);
        }
        let extra = match (&self.heights, band_ref) {
            (Some(heights), BandRef::Detail) => heights.extra(row),
            _ => {
                let subject = subject(band_ref, self.rows, open, row, &mut self.batch);
                measure::extra(&mut self.shaper, band, &subject, &mut self.text)?
            }
        };
        Ok(band.height + extra)
    }

    fn fits(&self, height: f64) -> bool {
        self.y + height <= self.bottom + SLACK
    }

    fn would_fit(&self, height: f64) -> bool {
        let next = self.design.kind(1).kind;
        next.top + self.header + height <= next.bottom + SLACK
    }

    fn is_fresh(&self) -> bool {
        self.y == self.top
    }

    fn glance(&mut self) -> Result<()> {
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks.is_multiple_of(256) {
            self.control.check()?;
        }
        Ok(())
    }

    fn no_room(&self, height: f64) -> Error {
        Error::Plate(format!(
            "a band of {height:.1} pt does not fit on a page, which has {:.1} pt for rows under a header of {:.1} pt; \
             use larger pages or smaller margins",
            self.bottom - self.top,
            self.header
        ))
    }
}

fn cells_of<'a>(
    band: &'a BandDesign<'_>,
    cells: &'a [CellLines],
) -> impl Iterator<Item = (u32, f64)> {
    band.cells
        .iter()
        .zip(cells)
        .map(|(design, cell)| (cell.lines.len() as u32, design.cell.line_height))
}

/// Height of what is left of a band whose cells go on at these lines.
fn rest(band: &BandDesign<'_>, cells: &[CellLines], from: &[u32]) -> f64 {
    cells_of(band, cells)
        .zip(from)
        .map(|((count, step), from)| {
            band.height + f64::from((count - from).saturating_sub(1)) * step
        })
        .fold(band.height, f64::max)
}
