//! Heights of bands whose texts wrap.

use std::collections::BTreeMap;
use std::ops::Range;

use super::design::{BandDesign, Design};
use super::rows::{Open, Rows, Subject};
use super::shape::Shaper;
use super::wrap::wrap;
use crate::control::JobControl;
use crate::error::Result;
use crate::in_order::in_order;

/// Rows measured at a time.
const RUN: u64 = 4096;

/// Heights that a byte can number; the last number stands for "look it up".
const NAMED: usize = 255;

/// How much higher each detail row is than its band with one line in each cell: one byte a row.
///
/// A row is higher by a multiple of some cell's line height, so the heights that occur are few and known before.
#[derive(Debug, Default)]
pub struct Heights {
    named: Vec<f64>,
    rows: Vec<u8>,
    tall: BTreeMap<u64, f64>,
}

impl Heights {
    /// pt over one line, of row `row`.
    pub fn extra(&self, row: u64) -> f64 {
        match self.named.get(usize::from(self.rows[row as usize])) {
            Some(extra) => *extra,
            None => self.tall[&row],
        }
    }

    /// Measures every row on the job's threads.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`] and its like; those of [`Shaper::line`].
    pub fn measure(design: &Design<'_>, rows: &Rows<'_>, control: &JobControl) -> Result<Self> {
        let count = rows.crunched.rows;
        let mut heights = Self {
            named: named(design),
            rows: Vec::with_capacity(count as usize),
            tall: BTreeMap::new(),
        };
        control.start(count);
        let named = heights.named.clone();
        let mut trail = rows.crunched.trail();
        in_order(
            control,
            count.div_ceil(RUN),
            || Measurer::new(design, rows),
            |measurer, run| measurer.run(run, &named, control),
            |_| (),
            |_, (bytes, tall)| {
                control.advance(bytes.len() as u64);
                heights.rows.extend_from_slice(&bytes);
                trail.passed(heights.rows.len() as u64);
                heights.tall.extend(tall);
                Ok(())
            },
        )?;
        Ok(heights)
    }
}

fn named(design: &Design<'_>) -> Vec<f64> {
    let mut steps: Vec<f64> = design
        .details
        .iter()
        .flat_map(|band| &band.cells)
        .filter(|c| c.cell.wrap)
        .map(|c| c.cell.line_height)
        .collect();
    steps.sort_by(f64::total_cmp);
    steps.dedup();
    let mut named: Vec<f64> = steps
        .iter()
        .flat_map(|step| (0..NAMED).map(move |n| n as f64 * step))
        .collect();
    named.sort_by(f64::total_cmp);
    named.dedup();
    named.truncate(NAMED);
    named
}

/// A run's heights by number, and those that have none.
type Measured = (Vec<u8>, Vec<(u64, f64)>);

struct Measurer<'a> {
    design: &'a Design<'a>,
    rows: &'a Rows<'a>,
    shaper: Shaper<'a>,
    text: String,
    batch: usize,
}

impl<'a> Measurer<'a> {
    fn new(design: &'a Design<'a>, rows: &'a Rows<'a>) -> Self {
        Self {
            shaper: Shaper::new(&design.fonts, &design.styles),
            design,
            rows,
            text: String::new(),
            batch: 0,
        }
    }

    fn run(&mut self, run: u64, named: &[f64], control: &JobControl) -> Result<Measured> {
        let crunched = self.rows.crunched;
        let range = run * RUN..((run + 1) * RUN).min(crunched.rows);
        let mut open = Open::at(crunched, range.start);
        let mut bytes = Vec::with_capacity(RUN as usize);
        let mut tall = Vec::new();
        for row in range {
            if row % 128 == 0 {
                control.check()?;
            }
            open.advance(row);
            let bands = &self.design.details;
            let band = &bands[(open.stripe(row) % bands.len() as u64) as usize];
            let subject = Subject::Row(self.rows.row(row, &mut self.batch), &open);
            let extra = extra(&mut self.shaper, band, &subject, &mut self.text)?;
            match named.binary_search_by(|n| n.total_cmp(&extra)) {
                Ok(number) => bytes.push(number as u8),
                Err(_) => {
                    bytes.push(NAMED as u8);
                    tall.push((row, extra));
                }
            }
        }
        Ok((bytes, tall))
    }
}

/// How much higher the band is for this subject than with one line in each cell, pt.
///
/// # Errors
/// As [`Shaper::line`].
pub fn extra(
    shaper: &mut Shaper<'_>,
    band: &BandDesign<'_>,
    subject: &Subject<'_>,
    text: &mut String,
) -> Result<f64> {
    let mut extra: f64 = 0.0;
    for cell in band.cells.iter().filter(|c| c.cell.wrap) {
        cell.say(subject, text);
        let lines = wrap(shaper, cell.look(subject).style, text, cell.box_em())?.len();
        extra = extra.max((lines - 1) as f64 * cell.cell.line_height);
    }
    Ok(extra)
}

/// The lines of each cell of the band for this subject: the cell's text, its lines and its colour.
///
/// # Errors
/// As [`Shaper::line`].
pub fn lines(
    shaper: &mut Shaper<'_>,
    band: &BandDesign<'_>,
    subject: &Subject<'_>,
) -> Result<Vec<CellLines>> {
    band.cells
        .iter()
        .map(|cell| {
            let mut text = String::new();
            let color = cell.say(subject, &mut text);
            let look = cell.look(subject);
            let lines = if cell.cell.wrap {
                wrap(shaper, look.style, &text, cell.box_em())?
            } else {
                std::iter::once(0..text.len()).collect()
            };
            Ok(CellLines {
                text,
                lines,
                style: look.style,
                color: color.or(look.color),
            })
        })
        .collect()
}

/// A cell's text cut into lines.
#[derive(Debug)]
pub struct CellLines {
    /// The whole text.
    pub text: String,
    /// Its lines.
    pub lines: Vec<Range<usize>>,
    /// Number of its style.
    pub style: usize,
    /// The colour that its format or a rule asks for.
    pub color: Option<[u8; 3]>,
}
