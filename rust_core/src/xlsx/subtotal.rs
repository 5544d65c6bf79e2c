//! Which totals can be live `SUBTOTAL` formulas (ECMA-376 Part 1 §18.17.7.304), and which must stay plain values.
//!
//! A formula takes the column's cells from the first to the last row of its group. `SUBTOTAL` leaves out other
//! `SUBTOTAL`s in that range, but nothing else: a group header's year or a median there would count as data.
//! Then, and where a cell is not the number it stands for, the total is a plain value.

use std::cell::RefCell;
use std::collections::HashMap;

use arrow_schema::DataType;

use super::number;
use super::plate::SheetBands;
use super::reference::column_letters;
use crate::band::Part;
use crate::crunch::Crunched;
use crate::crunch::plan::TotalKind;
use crate::value::{Scalar, Value};

/// A total's formula, but for its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formula {
    function: u8,
    letters: String,
}

impl Formula {
    /// Appends the formula over rows `first..=last`, counted from 1.
    pub fn write(&self, first: u32, last: u32, out: &mut Vec<u8>) {
        let (function, letters) = (self.function, &self.letters);
        out.extend_from_slice(
            format!("SUBTOTAL({function},{letters}{first}:{letters}{last})").as_bytes(),
        );
    }
}

/// What the values of a column look like in a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looks {
    Numbers,
    Moments,
    Others,
}

/// The formulas of a report's totals: which exist depends on the level.
#[derive(Debug)]
pub struct Formulas<'a> {
    crunched: &'a Crunched,
    bands: &'a SheetBands,
    /// What was asked already: each level asks for those inside it.
    known: RefCell<HashMap<Question, Option<Formula>>>,
}

/// A total's number and the level of its groups.
type Question = (usize, Option<usize>);

impl<'a> Formulas<'a> {
    /// The formulas of `crunched` on a sheet with these bands.
    pub fn new(crunched: &'a Crunched, bands: &'a SheetBands) -> Self {
        Self {
            crunched,
            bands,
            known: RefCell::default(),
        }
    }

    /// The formula of total `total` for the groups of `level` (`None`: the whole report).
    pub fn of(&self, total: usize, level: Option<usize>) -> Option<Formula> {
        let known = self.known.borrow().get(&(total, level)).cloned();
        known.unwrap_or_else(|| {
            let found = self.find(total, level);
            self.known
                .borrow_mut()
                .insert((total, level), found.clone());
            found
        })
    }

    fn find(&self, total: usize, level: Option<usize>) -> Option<Formula> {
        let plan = &self.crunched.plan;
        let wanted = plan.totals.get(total)?;
        let place = self
            .bands
            .detail
            .cells
            .iter()
            .position(|cell| cell[..] == [Part::Column(wanted.column)])?;
        let looks = self.looks(wanted.column);
        let function = match (wanted.kind, looks) {
            (TotalKind::Sum, Looks::Numbers) => 9,
            (TotalKind::Avg, Looks::Numbers) => 1,
            (TotalKind::Max, Looks::Numbers | Looks::Moments) => 4,
            (TotalKind::Min, Looks::Numbers | Looks::Moments) => 5,
            (TotalKind::Count, Looks::Numbers | Looks::Moments) => 2,
            // An infinity is an empty cell, which counts here and not there.
            (TotalKind::Count, Looks::Others) if !self.is_float(wanted.column) => 3,
            _ => return None,
        };
        let inner = level.map_or(0, |level| level + 1);
        let headers = self.bands.group_headers.iter().enumerate().skip(inner);
        let subtotals = self.bands.subtotals.iter().enumerate().skip(inner);
        let clean = headers
            .chain(subtotals.flat_map(|(level, bands)| bands.iter().map(move |band| (level, band))))
            .all(|(level, band)| {
                let cell = band.cells.get(place).map_or(&[][..], Vec::as_slice);
                self.is_ignored(cell, level, function == 3)
            });
        clean.then(|| Formula {
            function,
            letters: column_letters(place as u32),
        })
    }

    /// Whether a cell of an inner band leaves an outer `SUBTOTAL` as it is; `texts` when that counts texts.
    fn is_ignored(&self, cell: &[Part], level: usize, texts: bool) -> bool {
        match cell {
            [] => true,
            [Part::Total(total)] => self.of(*total, Some(level)).is_some(),
            [Part::Group(_) | Part::Rows | Part::Column(_)] => false,
            _ => !texts,
        }
    }

    fn is_float(&self, column: usize) -> bool {
        let field = self.crunched.schema.fields().get(column);
        field.is_some_and(|field| *field.data_type() == DataType::Float64)
    }

    /// Whether every value of the column stands in its cell as a number.
    fn looks(&self, column: usize) -> Looks {
        let Some(stats) = self.crunched.stats.get(column) else {
            return Looks::Others;
        };
        let ends = [stats.min.as_value(), stats.max.as_value()];
        let small = |v: Value<'_>| match v {
            // Values between these have no more digits than these.
            Value::Int(v) => v.unsigned_abs() < 1_000_000_000_000_000,
            Value::Decimal { mantissa, .. } => mantissa.unsigned_abs() < 1_000_000_000_000_000,
            Value::Float(v) => v.is_finite(),
            _ => false,
        };
        let moment = |v: Value<'_>| {
            matches!(v, Value::Date(_) | Value::Timestamp(_) | Value::Time(_))
                && number::is_numeric(v)
        };
        if ends.into_iter().all(small) {
            Looks::Numbers
        } else if ends.into_iter().all(moment) {
            Looks::Moments
        } else {
            Looks::Others
        }
    }
}

/// Whether a formula may carry this cached value: exact kinds past 15 digits stay exact as text instead.
pub fn can_be_cached(value: &Scalar, kind: TotalKind) -> bool {
    match value {
        Scalar::Int(_) | Scalar::Decimal { .. } if kind != TotalKind::Avg => {
            number::is_numeric(value.as_value())
        }
        Scalar::Text(_) | Scalar::Bool(_) => false,
        _ => true,
    }
}
