//! Columns that need every row before the first can be printed: shares of a total, and ranks.
//!
//! ```text
//! first pass    rows ──▶ spool, and what the groups add up to
//! second pass   spool ──▶ a file beside it that holds these columns alone, batch by batch
//! ```

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};

use super::crunched::{Crunched, Level};
use super::rank::Ranking;
use super::share;
use super::spool::{self, SpoolWriter};
use super::stats::Statist;
use crate::control::JobControl;
use crate::error::{Error, Result};
use crate::format::NumberFormat;
use crate::value::{Column, Kind, Scalar};

/// A column of the second pass.
#[derive(Debug)]
pub struct LateColumn {
    name: String,
    /// Its number among the plan's columns.
    place: usize,
    /// Number of its source among the spool's columns.
    source: usize,
    made: Made,
    /// The groups of this level are each a whole of their own; `None`: all rows are.
    level: Option<usize>,
    statist: Statist,
}

/// What a late column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// The part of the whole that a value is; `total` is the number of the whole's sum among a group's totals.
    Share {
        /// See there.
        total: usize,
    },
    /// How many values of the whole are larger, and one.
    Rank,
}

impl Made {
    fn kind(self) -> Kind {
        match self {
            Self::Share { .. } => Kind::Float,
            Self::Rank => Kind::Int,
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Share { .. } => DataType::Float64,
            Self::Rank => DataType::Int64,
        }
    }
}

impl LateColumn {
    /// A column that has met no row; `kind` is that of the field `source_name` that it is made of.
    ///
    /// # Errors
    /// [`Error::Data`] when values of this kind have no share or no rank; names the column.
    pub fn new(
        name: &str,
        source_name: &str,
        (place, source): (usize, usize),
        made: Made,
        level: Option<usize>,
        kind: Kind,
        format: NumberFormat,
    ) -> Result<Self> {
        let (fits, what) = match made {
            Made::Share { .. } => (kind.is_number(), "shares"),
            Made::Rank => (!matches!(kind, Kind::Text | Kind::Bool), "ranks"),
        };
        if !fits {
            return Err(Error::Data(format!(
                "column {name:?}: {source_name:?} holds {} values, which have no {what}; leave it out, or cast the field to a number in the SQL",
                kind.name()
            )));
        }
        Ok(Self {
            name: name.to_owned(),
            place,
            source,
            made,
            level,
            statist: Statist::new(name, made.kind(), format),
        })
    }

    /// The column over the rows of batch `number`.
    fn array(
        &self,
        crunched: &Crunched,
        number: usize,
        ranking: &mut Ranking,
        control: &JobControl,
    ) -> Result<ArrayRef> {
        let column = Column::new(crunched.batches[number].column(self.source))?;
        let batch = crunched.offsets[number]..crunched.offsets[number + 1];
        // The wholes that have rows of the batch, each with those rows.
        let parts = wholes(&crunched.levels, self.level, &batch).map(|whole| {
            let rows = whole.rows(&crunched.levels, crunched.rows);
            let first = (rows.start.max(batch.start) - batch.start) as usize;
            (
                whole,
                first..(rows.end.min(batch.end) - batch.start) as usize,
            )
        });
        Ok(match self.made {
            Made::Share { total } => {
                let mut shares = vec![None; column.len()];
                for (whole, part) in parts {
                    let of = &whole.totals(&crunched.levels, &crunched.totals)[total];
                    share::rows(&column, part, of, &mut shares);
                }
                Arc::new(Float64Array::from(shares))
            }
            Made::Rank => {
                let mut ranks = vec![None; column.len()];
                for (whole, part) in parts {
                    let rows = whole.rows(&crunched.levels, crunched.rows);
                    let values = ranking.of(crunched, self.source, rows, control)?;
                    values.rank(&column, part, &mut ranks, control)?;
                }
                Arc::new(Int64Array::from(ranks))
            }
        })
    }
}

/// What shares are parts of: a group of a level, or all rows.
#[derive(Debug, Clone, Copy)]
struct Whole(Option<(usize, usize)>);

impl Whole {
    fn rows(self, levels: &[Level], rows: u64) -> Range<u64> {
        match self.0 {
            None => 0..rows,
            Some((level, group)) => {
                let group = &levels[level].groups[group];
                group.first_row..group.first_row + group.rows
            }
        }
    }

    fn totals<'a>(self, levels: &'a [Level], report: &'a [Scalar]) -> &'a [Scalar] {
        match self.0 {
            None => report,
            Some((level, group)) => &levels[level].groups[group].totals,
        }
    }
}

/// The wholes that have some of `rows`, in their order.
fn wholes(
    levels: &[Level],
    level: Option<usize>,
    rows: &Range<u64>,
) -> impl Iterator<Item = Whole> + use<> {
    let groups = level.map_or(0..0, |level| {
        let groups = &levels[level].groups;
        let before = |row: u64| groups.partition_point(|group| group.first_row < row);
        // The group that the first row stands in may have begun before it.
        before(rows.start + 1).saturating_sub(1)..before(rows.end)
    });
    let all = level.is_none().then_some(Whole(None));
    let groups = groups.map(move |group| Whole(level.map(|level| (level, group))));
    all.into_iter().chain(groups)
}

/// Adds the late columns to the rows that the first pass left; their figures replace those of the plan's totals of
/// them, and the totals that only they needed are taken away.
///
/// # Errors
/// [`Error::Io`] and [`Error::DiskFull`] for the file beside the spool, [`Error::Cancelled`] and
/// [`Error::DeadlineExceeded`]; the file is removed in any case.
pub fn fill(
    columns: Vec<LateColumn>,
    crunched: &mut Crunched,
    spool: &Path,
    control: &JobControl,
) -> Result<()> {
    if !columns.is_empty() {
        let path = spool.with_extension("late");
        let filled = write(columns, crunched, &path, control);
        // Its map keeps it; nobody else asks for it by its name.
        let removed = std::fs::remove_file(&path);
        filled?;
        removed.map_err(|e| Error::io(&path, e))?;
    }
    Ok(())
}

fn write(
    mut columns: Vec<LateColumn>,
    crunched: &mut Crunched,
    path: &Path,
    control: &JobControl,
) -> Result<()> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|column| Field::new(&column.name, column.made.data_type(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let mut writer = SpoolWriter::create(path, &schema)?;
    // Columns that rank the same values share what is sorted of them.
    let mut rankings: HashMap<(usize, Option<usize>), Ranking> = HashMap::new();
    control.start(crunched.rows);
    for number in 0..crunched.batches.len() {
        control.check()?;
        let mut made = || -> Result<Vec<ArrayRef>> {
            let columns = columns.iter_mut();
            let make = |column: &mut LateColumn| {
                let ranking = rankings.entry((column.source, column.level)).or_default();
                let array = column.array(crunched, number, ranking, control)?;
                let part = column.statist.reduce(&array, false, number == 0)?;
                column.statist.push(part)?;
                Ok(array)
            };
            columns.map(make).collect()
        };
        let arrays = control.pool().install(|| writer.beside(&mut made))??;
        writer.add(RecordBatch::try_new(schema.clone(), arrays)?);
        crunched.spool.release(number);
        control.advance(crunched.offsets[number + 1] - crunched.offsets[number]);
    }
    writer.finish()?;
    let (_, batches, late) = spool::open(path)?;
    crunched.late = late;
    put(columns, crunched, &batches, control)
}

/// Puts the columns where the plan has them.
fn put(
    columns: Vec<LateColumn>,
    crunched: &mut Crunched,
    batches: &[RecordBatch],
    control: &JobControl,
) -> Result<()> {
    let mut fields: Vec<_> = crunched.schema.fields().iter().cloned().collect();
    for column in &columns {
        let field = Field::new(&column.name, column.made.data_type(), true);
        fields.insert(column.place, Arc::new(field));
    }
    let schema = Arc::new(Schema::new(fields));
    for (batch, late) in crunched.batches.iter_mut().zip(batches) {
        let mut arrays = batch.columns().to_vec();
        for (column, array) in columns.iter().zip(late.columns()) {
            arrays.insert(column.place, array.clone());
        }
        *batch = RecordBatch::try_new(schema.clone(), arrays)?;
    }
    crunched.schema = schema;
    for column in columns {
        if let Made::Share { total } = column.made {
            share::totals(crunched, column.place, total, column.level);
        }
        let (stats, figures) = column.statist.finish(None, control)?;
        crunched.stats.insert(column.place, stats);
        crunched.control.insert(column.place, figures);
    }
    let asked = crunched.plan.totals.len();
    crunched.totals.truncate(asked);
    for group in crunched
        .levels
        .iter_mut()
        .flat_map(|level| &mut level.groups)
    {
        group.totals.truncate(asked);
    }
    Ok(())
}
