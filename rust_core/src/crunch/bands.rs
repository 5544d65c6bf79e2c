//! Groups of any number of levels: where they open, what they total, and that none comes twice.

use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray};

use super::crunched::{Group, Level};
use super::key::{self, Keys, float_bits};
use super::measure::{Acc, Measure};
use super::plan::TotalKind;
use crate::error::{Error, Result};
use crate::value::{Column, Scalar, Value};

/// No group opens at this row.
pub const NONE: u8 = u8::MAX;

/// The outermost level that opens at each row of a batch, or [`NONE`]; inner levels open with it.
///
/// `keys` holds one column per level, `before` the keys of the row before the batch, if there is one.
pub fn opens(keys: &[Column<'_>], before: Option<&[Scalar]>, rows: usize) -> Vec<u8> {
    let mut opens = vec![NONE; rows];
    for (level, column) in keys.iter().enumerate().rev() {
        let level_number = level as u8;
        mark(column, level_number, &mut opens);
        if let Some(first) = opens.first_mut() {
            let same = before.is_some_and(|b| key::same(b[level].as_value(), column.value(0)));
            if !same {
                *first = level_number;
            }
        }
    }
    opens
}

/// Writes `level` at every row whose key differs from the row before; one typed loop per column.
fn mark(column: &Column<'_>, level: u8, opens: &mut [u8]) {
    let mut changed = |i: usize, differs: bool| {
        opens[i] = if differs { level } else { opens[i] };
    };
    let rows = column.len();
    match *column {
        Column::Null(_) => {}
        Column::Int(a) => mark_primitive(a, changed),
        Column::UInt(a) => mark_primitive(a, changed),
        Column::Decimal(a, _) => mark_primitive(a, changed),
        Column::Date(a) => mark_primitive(a, changed),
        Column::Timestamp(a) => mark_primitive(a, changed),
        Column::Time(a) => mark_primitive(a, changed),
        Column::Bool(a) => {
            for i in 1..rows {
                let (now, before) = (a.is_valid(i), a.is_valid(i - 1));
                changed(i, now != before || now && a.value(i) != a.value(i - 1));
            }
        }
        Column::Float(a) => {
            for i in 1..rows {
                let (now, before) = (a.is_valid(i), a.is_valid(i - 1));
                let differs = float_bits(a.value(i)) != float_bits(a.value(i - 1));
                changed(i, now != before || now && differs);
            }
        }
        Column::Text(a) if a.null_count() == 0 => {
            for i in 1..rows {
                changed(i, a.value(i) != a.value(i - 1));
            }
        }
        Column::Text(a) => {
            for i in 1..rows {
                let (now, before) = (a.is_valid(i), a.is_valid(i - 1));
                changed(i, now != before || now && a.value(i) != a.value(i - 1));
            }
        }
    }
}

fn mark_primitive<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    mut changed: impl FnMut(usize, bool),
) {
    let values = array.values();
    match array.nulls() {
        None => {
            for (i, pair) in values.windows(2).enumerate() {
                changed(i + 1, pair[0] != pair[1]);
            }
        }
        Some(nulls) => {
            for (i, pair) in values.windows(2).enumerate() {
                let (before, now) = (nulls.is_valid(i), nulls.is_valid(i + 1));
                changed(i + 1, now != before || now && pair[0] != pair[1]);
            }
        }
    }
}

/// The groups seen so far and those that are still open.
#[derive(Debug)]
pub struct Bands {
    measures: Vec<Measure>,
    /// Per total of the plan: its measure and its kind.
    totals: Vec<(usize, TotalKind)>,
    levels: Vec<OpenLevel>,
    /// What the whole report accumulated; without levels the rows go straight in here.
    report: Vec<Acc>,
    rows: u64,
}

#[derive(Debug)]
struct OpenLevel {
    /// The field, for messages.
    name: String,
    groups: Vec<Group>,
    /// What the open group accumulated.
    open: Vec<Acc>,
    /// The last group is over and has its totals.
    over: bool,
    /// Number of the first group in the open parent.
    first_sibling: usize,
    /// Keys of the open parent's groups; only kept once they stop ascending, because ascending
    /// keys can't repeat.
    siblings: Option<Keys>,
}

impl Bands {
    /// No rows yet; `names` are the group fields, outermost first.
    pub fn new(measures: Vec<Measure>, totals: Vec<(usize, TotalKind)>, names: &[String]) -> Self {
        let empty = || measures.iter().map(Measure::empty).collect::<Vec<_>>();
        let level = |name: &String| OpenLevel {
            name: name.clone(),
            groups: Vec::new(),
            open: empty(),
            over: false,
            first_sibling: 0,
            siblings: None,
        };
        Self {
            levels: names.iter().map(level).collect(),
            report: empty(),
            measures,
            totals,
            rows: 0,
        }
    }

    /// What is accumulated of each run of rows.
    pub fn measures(&self) -> &[Measure] {
        &self.measures
    }

    /// Adds a run of rows of one innermost group, which follows all rows so far.
    ///
    /// `opens` is the level that opens with its first row, `key` gives a level's key.
    ///
    /// # Errors
    /// [`Error::Data`] when a group comes again after it was closed; names row and field.
    pub fn push<'a>(
        &mut self,
        rows: u64,
        opens: u8,
        key: impl Fn(usize) -> Value<'a>,
        accs: Vec<Acc>,
    ) -> Result<()> {
        if opens != NONE {
            self.enter(usize::from(opens), key)?;
        }
        let into = match self.levels.last_mut() {
            Some(level) => &mut level.open,
            None => &mut self.report,
        };
        merge_all(&self.measures, into, accs)?;
        self.rows += rows;
        Ok(())
    }

    /// Adds an innermost group that began and ended in one chunk, with its totals; `key` and `opens` as above.
    ///
    /// What it accumulated follows with that of others by [`Bands::push_parent`].
    ///
    /// # Errors
    /// As [`Bands::push`].
    pub fn push_group<'a>(
        &mut self,
        rows: u64,
        opens: u8,
        key: impl Fn(usize) -> Value<'a>,
        totals: Vec<Scalar>,
    ) -> Result<()> {
        self.enter(usize::from(opens), key)?;
        if let Some(level) = self.levels.last_mut()
            && let Some(group) = level.groups.last_mut()
        {
            (group.rows, group.totals) = (rows, totals);
            level.over = true;
        }
        self.rows += rows;
        Ok(())
    }

    /// Adds what groups of [`Bands::push_group`] accumulated together to the group that is open around them.
    ///
    /// # Errors
    /// [`Error::Data`] when an exact sum has more than 128 bits.
    pub fn push_parent(&mut self, accs: Vec<Acc>) -> Result<()> {
        let parent = self.levels.len().checked_sub(2);
        let into = match parent.map(|level| &mut self.levels[level]) {
            Some(level) => &mut level.open,
            None => &mut self.report,
        };
        merge_all(&self.measures, into, accs)
    }

    /// The totals of a group that accumulated `accs`.
    ///
    /// # Errors
    /// [`Error::Data`] when an exact figure has more than 128 bits.
    pub fn figures(&self, accs: &mut [Acc]) -> Result<Vec<Scalar>> {
        figures(&self.measures, &self.totals, accs)
    }

    /// Number of the innermost level; `None` without groups.
    pub fn innermost(&self) -> Option<u8> {
        (self.levels.len() as u8).checked_sub(1)
    }

    /// Closes everything: the levels, and the totals of the report.
    ///
    /// # Errors
    /// [`Error::Data`] when an exact total has more than 128 bits.
    pub fn finish(mut self) -> Result<(Vec<Level>, Vec<Scalar>)> {
        self.close(0)?;
        let totals = figures(&self.measures, &self.totals, &mut self.report)?;
        let level = |level: OpenLevel| Level {
            groups: level.groups,
        };
        Ok((self.levels.into_iter().map(level).collect(), totals))
    }

    /// Closes what is open from level `outermost` in, and opens the groups that begin with the next row.
    fn enter<'a>(&mut self, outermost: usize, key: impl Fn(usize) -> Value<'a>) -> Result<()> {
        self.close(outermost)?;
        (outermost..self.levels.len()).try_for_each(|level| self.open(level, outermost, key(level)))
    }

    /// Closes the open groups from the innermost level out to `outermost`.
    fn close(&mut self, outermost: usize) -> Result<()> {
        for level in (outermost..self.levels.len()).rev() {
            let (outer, inner) = self.levels.split_at_mut(level);
            let this = &mut inner[0];
            let Some(group) = this.groups.last_mut() else {
                continue;
            };
            if std::mem::take(&mut this.over) {
                continue;
            }
            group.rows = self.rows - group.first_row;
            group.totals = figures(&self.measures, &self.totals, &mut this.open)?;
            let parent = match outer.last_mut() {
                Some(parent) => &mut parent.open,
                None => &mut self.report,
            };
            let empty = self.measures.iter().map(Measure::empty).collect();
            merge_all(
                &self.measures,
                parent,
                std::mem::replace(&mut this.open, empty),
            )?;
        }
        Ok(())
    }

    fn open(&mut self, level: usize, outermost: usize, key: Value<'_>) -> Result<()> {
        let row = self.rows;
        let this = &mut self.levels[level];
        if level > outermost {
            this.first_sibling = this.groups.len();
            this.siblings = None;
        }
        let siblings = &this.groups[this.first_sibling..];
        let ascends = match siblings.last() {
            None => true,
            Some(last) => {
                let nan = matches!(key, Value::Float(v) if v.is_nan());
                !nan && last.key.as_value().order(&key).is_lt()
            }
        };
        if !ascends && this.siblings.is_none() {
            let mut keys = Keys::default();
            for group in siblings {
                keys.insert(group.key.as_value());
            }
            this.siblings = Some(keys);
        }
        if let Some(keys) = &mut this.siblings
            && !keys.insert(key)
        {
            return Err(Error::Data(format!(
                "row {}: {} of group field {:?} comes again after its group was closed; the rows must be ordered by the group fields",
                row + 1,
                key.shown(),
                this.name
            )));
        }
        this.groups.push(Group {
            key: key.to_scalar(),
            first_row: row,
            rows: 0,
            totals: Vec::new(),
        });
        Ok(())
    }
}

/// Adds to each measure what later rows accumulated.
///
/// # Errors
/// [`Error::Data`] when an exact sum has more than 128 bits.
pub fn merge_all(measures: &[Measure], into: &mut [Acc], later: Vec<Acc>) -> Result<()> {
    let mut accs = measures.iter().zip(into).zip(later);
    accs.try_for_each(|((measure, into), acc)| measure.merge(into, acc))
}

fn figures(
    measures: &[Measure],
    totals: &[(usize, TotalKind)],
    accs: &mut [Acc],
) -> Result<Vec<Scalar>> {
    totals
        .iter()
        .map(|&(measure, kind)| measures[measure].figure(kind, &mut accs[measure]))
        .collect()
}
