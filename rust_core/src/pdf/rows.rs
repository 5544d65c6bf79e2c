//! The rows of a report as bands: which groups open and close where, and what a cell says.

use super::design::CellDesign;
use super::paginate::Cursor;
use crate::band::Part;
use crate::crunch::{Crunched, Group};
use crate::error::Result;
use crate::value::{Column, Scalar, Value};

/// A report's rows with typed columns.
pub struct Rows<'c> {
    /// The report.
    pub crunched: &'c Crunched,
    batches: Vec<Vec<Column<'c>>>,
}

/// A band that stands at a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BandRef {
    /// Opens a group of this level.
    Header(usize),
    /// The row itself.
    Detail,
    /// The n-th band that closes a group of this level.
    Subtotal(usize, usize),
    /// The n-th band that closes the report.
    Grand(usize),
}

/// A row's values.
#[derive(Clone, Copy)]
pub struct Row<'r> {
    columns: &'r [Column<'r>],
    index: usize,
}

/// The groups that are open at a row: one index per level.
#[derive(Debug, Clone)]
pub struct Open<'c> {
    crunched: &'c Crunched,
    index: Vec<usize>,
}

/// What the parts of a cell speak of.
pub enum Subject<'r> {
    /// A detail row.
    Row(Row<'r>, &'r Open<'r>),
    /// The group of this level that is open.
    Group(usize, &'r Open<'r>),
    /// The whole report.
    Report(&'r Crunched),
    /// A page of the file, of so many; the groups open at its top.
    Page(u64, u64, Option<&'r Open<'r>>),
}

impl<'c> Rows<'c> {
    /// Typed access to every batch.
    ///
    /// # Errors
    /// [`crate::error::Error::Data`] for a type that the spool does not have.
    pub fn new(crunched: &'c Crunched) -> Result<Self> {
        let batches = crunched
            .batches
            .iter()
            .map(|batch| {
                batch
                    .columns()
                    .iter()
                    .map(|a| Column::new(a.as_ref()))
                    .collect()
            })
            .collect::<Result<_>>()?;
        Ok(Self { crunched, batches })
    }

    /// Row number `row`; `hint` remembers the batch between calls.
    pub fn row(&self, row: u64, hint: &mut usize) -> Row<'_> {
        let offsets = &self.crunched.offsets;
        if !(offsets[*hint]..offsets[*hint + 1]).contains(&row) {
            *hint = offsets.partition_point(|start| *start <= row) - 1;
        }
        Row {
            columns: &self.batches[*hint],
            index: (row - offsets[*hint]) as usize,
        }
    }
}

impl<'r> Row<'r> {
    /// The value of column `n`.
    pub fn value(&self, n: usize) -> Value<'r> {
        self.columns[n].value(self.index)
    }
}

impl<'c> Open<'c> {
    /// The groups open at `row`.
    pub fn at(crunched: &'c Crunched, row: u64) -> Self {
        let index = crunched
            .levels
            .iter()
            .map(|level| {
                level
                    .groups
                    .partition_point(|g| g.first_row <= row)
                    .saturating_sub(1)
            })
            .collect();
        Self { crunched, index }
    }

    /// The groups that running heads show on a page from `start` to before `end`: of each level the first that
    /// starts there, else the one that goes on (CSS Generated Content for Paged Media §1.2.2, `first`).
    pub fn on_page(crunched: &'c Crunched, start: Cursor, end: Option<Cursor>) -> Self {
        let mut open = Self::at(crunched, start.row);
        for level in 0..open.index.len() {
            let groups = &crunched.levels[level].groups;
            let starts = |index: usize| {
                let group = groups.get(index)?;
                let step = level - Self::at(crunched, group.first_row).opening(group.first_row);
                let at = Cursor {
                    row: group.first_row,
                    step: step as u32,
                };
                Some(at >= start && end.is_none_or(|end| at < end))
            };
            let (own, next) = (open.index[level], open.index[level] + 1);
            if starts(own) == Some(false) && starts(next) == Some(true) {
                open.index[level] = next;
            }
        }
        open
    }

    /// Goes on to `row`, which is the next one.
    pub fn advance(&mut self, row: u64) {
        for (level, index) in self.crunched.levels.iter().zip(&mut self.index) {
            if level
                .groups
                .get(*index + 1)
                .is_some_and(|g| g.first_row <= row)
            {
                *index += 1;
            }
        }
    }

    /// The open group of `level`.
    pub fn group(&self, level: usize) -> &'c Group {
        &self.crunched.levels[level].groups[self.index[level]]
    }

    /// Its number within the level.
    pub fn number(&self, level: usize) -> usize {
        self.index[level]
    }

    /// The outermost level of which a group starts at `row`; the number of levels if none does.
    pub fn opening(&self, row: u64) -> usize {
        let levels = self.index.len();
        (0..levels)
            .find(|l| self.group(*l).first_row == row)
            .unwrap_or(levels)
    }

    /// The outermost level of which a group ends with `row`; the number of levels if none does.
    pub fn closing(&self, row: u64) -> usize {
        let levels = self.index.len();
        (0..levels)
            .find(|l| {
                let group = self.group(*l);
                group.first_row + group.rows == row + 1
            })
            .unwrap_or(levels)
    }

    /// How far `row` is into its innermost group; zebra stripes start again there.
    pub fn stripe(&self, row: u64) -> u64 {
        match self.index.len() {
            0 => row,
            levels => row - self.group(levels - 1).first_row,
        }
    }
}

impl CellDesign<'_> {
    /// Writes what the cell says of `subject` to `out` (cleared first); returns the colour that its format asks for.
    pub fn say(&self, subject: &Subject<'_>, out: &mut String) -> Option<[u8; 3]> {
        out.clear();
        let mut color = None;
        for (part, format) in self.cell.parts.iter().zip(&self.formats) {
            let value = match part {
                Part::Text(text) => {
                    out.push_str(text);
                    continue;
                }
                part => subject.value(part),
            };
            if let Some(format) = format {
                format.write(value, out);
                color = color.or_else(|| format.color(value));
            }
        }
        if let std::borrow::Cow::Owned(clean) = super::text::collapse(out) {
            *out = clean;
        }
        color
    }
}

impl<'r> Subject<'r> {
    fn value(&self, part: &Part) -> Value<'r> {
        match (self, part) {
            (Self::Row(row, _), Part::Column(n)) => row.value(*n),
            (
                Self::Row(_, open) | Self::Group(_, open) | Self::Page(_, _, Some(open)),
                Part::Group(level),
            ) => open.group(*level).key.as_value(),
            (Self::Group(level, open), Part::Total(n)) => total(&open.group(*level).totals, *n),
            (Self::Report(crunched), Part::Total(n)) => total(&crunched.totals, *n),
            (Self::Group(level, open), Part::Rows) => {
                Value::Int(i128::from(open.group(*level).rows))
            }
            (Self::Report(crunched), Part::Rows) => Value::Int(i128::from(crunched.rows)),
            (Self::Page(page, _, _), Part::Page) => Value::Int(i128::from(*page)),
            (Self::Page(_, pages, _), Part::Pages) => Value::Int(i128::from(*pages)),
            // `Design::new` refuses every other pair; the keys of a report without rows are empty.
            _ => Value::Null,
        }
    }
}

fn total(totals: &[Scalar], n: usize) -> Value<'_> {
    totals.get(n).map_or(Value::Null, Scalar::as_value)
}
