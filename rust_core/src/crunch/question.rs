//! The plan tied to a stream: fields by number, types known, every total checked before a row is read.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use arrow_schema::{Field, Schema};

use super::answer::Answer;
use super::bands::{Bands, NONE};
use super::codes::Codebook;
use super::fields::Fields;
use super::intake::Intake;
use super::late::{LateColumn, Made};
use super::measure::{Keep, Measure};
use super::pivot::Pivot;
use super::plan::{Plan, TotalKind, Within};
use super::running::RunningSum;
use super::stats::Statist;
use super::top::Top;
use crate::error::{Error, Result};
use crate::format::NumberFormat;
use crate::value::{Column, Kind};

/// Where a printed column comes from.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    /// The field of this number.
    Field(usize),
    /// The running sum of this number.
    Running(usize),
}

/// What is asked of the rows.
#[derive(Debug)]
pub struct Question {
    /// How they are brought in.
    pub intake: Intake,
    /// What is made of them, of no row yet.
    pub answer: Answer,
    /// Columns that need every row first; they follow in a file of their own.
    pub late: Vec<LateColumn>,
}

impl Question {
    /// Ties `plan` to a stream of `schema`.
    ///
    /// # Errors
    /// [`Error::Plan`] for an unknown field, a bad format code or a number out of range;
    /// [`Error::Data`] for a field whose values have no such total.
    pub fn new(plan: &Plan, schema: &Schema) -> Result<Self> {
        let zone = plan.time_zone.as_deref();
        let mut fields = Fields::default();
        if plan.groups.len() >= usize::from(NONE) {
            return Err(Error::Plan(format!(
                "{} group levels; at most {} are possible",
                plan.groups.len(),
                NONE - 1
            )));
        }
        let mut groups = Vec::new();
        for group in &plan.groups {
            groups.push(fields.number(&group.source, schema, zone)?);
            NumberFormat::parse(&group.format)?;
        }
        let mut columns = Vec::new();
        let mut running = Vec::new();
        let mut spooled = Vec::new();
        let mut statists = Vec::new();
        for column in &plan.columns {
            let number = fields.number(&column.source, schema, zone)?;
            let format = NumberFormat::parse(&column.format)?;
            match column.made()?.map(|(what, within)| (what, within.level)) {
                Some((what, Some(level))) if level >= groups.len() => {
                    return Err(Error::Plan(format!(
                        "column {:?} is {what} within group level {level}, but there are {} levels",
                        column.name,
                        groups.len()
                    )));
                }
                _ => {}
            }
            let kind = fields.kind(number);
            let data_type = if let Some(Within { level }) = column.running {
                let sum = RunningSum::new(&column.name, number, kind, level)?;
                let data_type = sum.data_type();
                columns.push(Source::Running(running.len()));
                running.push(sum);
                data_type
            } else if column.is_late() {
                continue;
            } else {
                columns.push(Source::Field(number));
                fields.data_type(number)
            };
            let kind = Column::new(&arrow_array::new_empty_array(&data_type))?.kind();
            statists.push(Statist::new(&column.name, kind, format));
            spooled.push(Field::new(&column.name, data_type, true));
        }
        let late = late(plan, &mut fields, schema, &columns)?;
        let bands = bands(plan, &mut fields, schema)?;
        let mut pivot = |name: &str, rows: &str, over: Option<&str>, value: &str, kind| {
            let rows = fields.number(rows, schema, zone)?;
            let over = over
                .map(|over| fields.number(over, schema, zone))
                .transpose()?;
            let number = fields.number(value, schema, zone)?;
            let measure = Measure::new(number, value, fields.kind(number), kind, None)?;
            Ok::<_, Error>(Pivot::new(name, rows, over, measure, kind))
        };
        let crosstabs: Vec<Pivot> = plan
            .crosstabs
            .iter()
            .map(|c| pivot(&c.name, &c.rows, Some(&c.columns), &c.value, c.total))
            .collect::<Result<_>>()?;
        let mut series: Vec<Pivot> = plan
            .series
            .iter()
            .map(|s| pivot(&s.name, &s.x, None, &s.y, s.total))
            .collect::<Result<_>>()?;
        for top in &plan.tops {
            if let Some(of) = &top.of {
                series.push(pivot(&top.name, &of.field, None, &top.by, of.total)?);
            }
        }
        let mut tops = Vec::new();
        for top in &plan.tops {
            if top.n == 0 {
                return Err(Error::Plan(format!(
                    "top list {:?} asks for 0 rows",
                    top.name
                )));
            }
            if top.of.is_none() {
                let by = fields.number(&top.by, schema, zone)?;
                tops.push(Top::new(&top.name, by, top.n, top.ascending));
            }
        }
        let books = books(&fields, &columns, &bands, crosstabs.iter().chain(&series));
        Ok(Self {
            intake: Intake {
                fields,
                groups,
                columns,
                schema: Arc::new(Schema::new(spooled)),
                running,
                books,
                rows: 0,
                last_keys: None,
            },
            answer: Answer {
                bands,
                crosstabs,
                series,
                tops,
                statists,
            },
            late,
        })
    }
}

impl Source {
    /// The codebook of the column, if its field is numbered; `books` has one entry per field.
    pub fn book(self, books: &[Option<Codebook>]) -> Option<&Codebook> {
        match self {
            Self::Field(number) => books[number].as_ref(),
            Self::Running(_) => None,
        }
    }
}

/// A codebook for each field that is counted with, and for the texts of each printed column.
fn books<'a>(
    fields: &Fields,
    columns: &[Source],
    bands: &Bands,
    pivots: impl Iterator<Item = &'a Pivot>,
) -> Vec<Option<Codebook>> {
    let mut books: Vec<Option<Codebook>> = (0..fields.count()).map(|_| None).collect();
    for column in columns {
        if let Source::Field(number) = *column
            && fields.kind(number) == Kind::Text
        {
            books[number].get_or_insert_default();
        }
    }
    let distinct = |measure: &Measure| (measure.keep == Keep::Distinct).then_some(measure.field);
    let mut counted: Vec<usize> = bands.measures().iter().filter_map(distinct).collect();
    for pivot in pivots {
        counted.extend(distinct(pivot.measure()));
        counted.extend(pivot.keys());
    }
    for number in counted {
        books[number].get_or_insert_default().need();
    }
    books
}

/// The totals of the plan over as few measures as make them.
fn bands(plan: &Plan, fields: &mut Fields, schema: &Schema) -> Result<Bands> {
    let zone = plan.time_zone.as_deref();
    let mut measures: Vec<Measure> = Vec::new();
    let mut totals: Vec<(usize, TotalKind)> = Vec::new();
    for total in &plan.totals {
        let column = plan.columns.get(total.column).ok_or_else(|| {
            Error::Plan(format!(
                "a total of column number {}, which is not there",
                total.column
            ))
        })?;
        if let Some((what, _)) = column.made()?
            && !(column.share.is_some() && total.kind == TotalKind::Sum)
        {
            return Err(Error::Plan(format!(
                "column {:?} is {what}, which has no {}; total {:?} instead",
                column.name,
                total.kind.name(),
                column.source
            )));
        }
        let number = fields.number(&column.source, schema, zone)?;
        let by = match &total.by {
            Some(by) => {
                let weights = fields.number(by, schema, zone)?;
                Some((weights, by.as_str(), fields.kind(weights)))
            }
            None => None,
        };
        let kind = fields.kind(number);
        let measure = Measure::new(number, &column.source, kind, total.kind, by)?;
        totals.push((add(&mut measures, measure), total.kind));
    }
    // What shares are parts of: totals after those that were asked for, in the order of the columns.
    for column in plan.columns.iter().filter(|column| column.share.is_some()) {
        let number = fields.number(&column.source, schema, zone)?;
        let kind = fields.kind(number);
        let measure = Measure::new(number, &column.source, kind, TotalKind::Sum, None)?;
        totals.push((add(&mut measures, measure), TotalKind::Sum));
    }
    let names: Vec<_> = plan.groups.iter().map(|g| g.source.clone()).collect();
    Ok(Bands::new(measures, totals, &names))
}

/// The number of `measure`, new or old.
fn add(measures: &mut Vec<Measure>, measure: Measure) -> usize {
    let number = measures.iter().position(|m| *m == measure);
    number.unwrap_or_else(|| {
        measures.push(measure);
        measures.len() - 1
    })
}

/// The plan's shares and ranks, in its order; `columns` are the spool's.
fn late(
    plan: &Plan,
    fields: &mut Fields,
    schema: &Schema,
    columns: &[Source],
) -> Result<Vec<LateColumn>> {
    let mut late = Vec::new();
    let mut total = plan.totals.len();
    for (place, column) in plan.columns.iter().enumerate() {
        let (made, Within { level }) = match (column.share, column.rank) {
            (Some(within), _) => {
                total += 1;
                (Made::Share { total: total - 1 }, within)
            }
            (None, Some(within)) => (Made::Rank, within),
            (None, None) => continue,
        };
        let number = fields.number(&column.source, schema, plan.time_zone.as_deref())?;
        let is_source = |source: &Source| matches!(source, Source::Field(n) if *n == number);
        let source = columns.iter().position(is_source).ok_or_else(|| {
            Error::Plan(format!(
                "column {:?} is made of {:?}, which is no column",
                column.name, column.source
            ))
        })?;
        let format = NumberFormat::parse(&column.format)?;
        let kind = fields.kind(number);
        let at = (place, source);
        let column = LateColumn::new(&column.name, &column.source, at, made, level, kind, format)?;
        late.push(column);
    }
    Ok(late)
}

/// The same rows of each array.
pub fn slices(arrays: &[ArrayRef], offset: usize, rows: usize) -> Vec<ArrayRef> {
    arrays.iter().map(|a| a.slice(offset, rows)).collect()
}

/// Typed access to each array.
///
/// # Errors
/// [`Error::Data`] for a type the spool does not have.
pub fn typed(arrays: &[ArrayRef]) -> Result<Vec<Column<'_>>> {
    arrays
        .iter()
        .map(|a| Column::new(a.as_ref() as &dyn Array))
        .collect()
}
