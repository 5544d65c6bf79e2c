//! Crosstabs, chart series, top-N lists of keys: one total for each key, or pair, wherever the rows stand.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::codes::Codebook;
use super::crunched::{Crosstab, SeriesPoint};
use super::measure::{Acc, Chunk, Measure};
use super::plan::TotalKind;
use crate::error::{Error, Result};
use crate::value::{Scalar, Value};

/// Cells that a crosstab may have; more is no table that a person reads.
const MAX_CELLS: usize = 1_000_000;
/// Up to this many possible cells a chunk finds them by index, above that by hash.
const DENSE: usize = 1 << 16;
/// No cell yet.
const NONE: u32 = u32::MAX;

/// The codes of a cell's keys: of its row, and of its column (0 in a series, which has none).
type Cell = (u32, u32);

/// One crosstab, or one series or top-N list (which have no second key).
#[derive(Debug)]
pub struct Pivot {
    /// Its name in the definition.
    pub name: String,
    rows: usize,
    columns: Option<usize>,
    measure: Measure,
    kind: TotalKind,
    cells: HashMap<Cell, Acc, RandomState>,
}

/// What one chunk of rows adds to a pivot.
pub type PivotPart = Vec<(Cell, Acc)>;

impl Pivot {
    /// An empty pivot over the fields of these numbers, which are numbered to their last row.
    pub fn new(
        name: &str,
        rows: usize,
        columns: Option<usize>,
        measure: Measure,
        kind: TotalKind,
    ) -> Self {
        Self {
            name: name.to_owned(),
            rows,
            columns,
            measure,
            kind,
            cells: HashMap::default(),
        }
    }

    /// The fields of its keys.
    pub fn keys(&self) -> impl Iterator<Item = usize> {
        [Some(self.rows), self.columns].into_iter().flatten()
    }

    /// What its cells accumulate.
    pub fn measure(&self) -> &Measure {
        &self.measure
    }

    /// Whether the pivot is no larger than a table may be; `books` has one entry per field.
    ///
    /// # Errors
    /// [`Error::Limit`] past a million cells.
    pub fn check(&self, books: &[Option<Codebook>]) -> Result<()> {
        let (rows, columns) = self.size(books);
        if rows * columns.max(1) <= MAX_CELLS {
            return Ok(());
        }
        Err(Error::Limit(format!(
            "{:?} has {rows} rows and {} columns; more than {MAX_CELLS} cells are no table: group its keys in the SQL",
            self.name,
            columns.max(1)
        )))
    }

    /// Reduces a chunk of rows.
    ///
    /// # Errors
    /// [`Error::Data`] when an exact sum has more than 128 bits.
    pub fn reduce(&self, chunk: &Chunk<'_>, books: &[Option<Codebook>]) -> Result<PivotPart> {
        let Some(rows) = chunk.codes[self.rows] else {
            return Ok(Vec::new());
        };
        let columns = self.columns.and_then(|field| chunk.codes[field]);
        let cell = |row: usize| (rows[row], columns.map_or(0, |columns| columns[row]));
        let (height, width) = self.size(books);
        let (cells, part) = numbered(rows.len(), cell, height, width.max(1));

        // The rows of each cell, one cell after the other: a counting sort, which keeps their order.
        let mut starts = vec![0u32; cells.len() + 1];
        for &cell in &part {
            starts[cell as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut sorted = vec![0u32; part.len()];
        for (row, &cell) in part.iter().enumerate() {
            let place = &mut next[cell as usize];
            sorted[*place as usize] = row as u32;
            *place += 1;
        }
        let reduced = |(cell, places): (Cell, &[u32])| {
            let rows = &sorted[places[0] as usize..places[1] as usize];
            let acc = self
                .measure
                .reduce(chunk, rows.iter().map(|&row| row as usize))?;
            Ok((cell, acc))
        };
        cells
            .into_iter()
            .zip(starts.windows(2))
            .map(reduced)
            .collect()
    }

    /// Adds the next chunk.
    ///
    /// # Errors
    /// [`Error::Data`] as [`Pivot::reduce`].
    pub fn push(&mut self, part: PivotPart) -> Result<()> {
        for (cell, acc) in part {
            let into = self.cells.entry(cell);
            let into = into.or_insert_with(|| self.measure.empty());
            self.measure.merge(into, acc)?;
        }
        Ok(())
    }

    /// How many rows and columns there are so far.
    fn size(&self, books: &[Option<Codebook>]) -> (usize, usize) {
        let keys = |field: usize| books[field].as_ref().map_or(0, Codebook::len);
        (keys(self.rows), self.columns.map_or(0, keys))
    }

    /// The table, its keys sorted; totals are made from what the cells accumulated.
    ///
    /// # Errors
    /// [`Error::Data`] when an exact figure has more than 128 bits.
    pub fn into_crosstab(self, books: &[Option<Codebook>]) -> Result<Crosstab> {
        let (row_keys, row_places) = sorted(&books[self.rows]);
        let (column_keys, column_places) = sorted(self.columns.map_or(&None, |c| &books[c]));
        let mut cells: Vec<_> = self
            .cells
            .into_iter()
            .map(|((row, column), acc)| {
                let at = (row_places[row as usize], column_places[column as usize]);
                (at, acc)
            })
            .collect();
        // In the order of the keys, so that float totals are the same in every run.
        cells.sort_unstable_by_key(|(at, _)| *at);
        let measure = &self.measure;
        let empty = |n: usize| (0..n).map(|_| measure.empty()).collect::<Vec<_>>();
        let mut of_rows = empty(row_keys.len());
        let mut of_columns = empty(column_keys.len());
        let mut of_all = measure.empty();
        let mut table = vec![vec![Scalar::Null; column_keys.len()]; row_keys.len()];
        for ((row, column), mut acc) in cells {
            table[row][column] = measure.figure(self.kind, &mut acc)?;
            measure.merge(&mut of_rows[row], acc.clone())?;
            measure.merge(&mut of_columns[column], acc.clone())?;
            measure.merge(&mut of_all, acc)?;
        }
        let figures = |accs: Vec<Acc>| -> Result<Vec<Scalar>> {
            accs.into_iter()
                .map(|mut acc| measure.figure(self.kind, &mut acc))
                .collect()
        };
        Ok(Crosstab {
            row_keys,
            column_keys,
            cells: table,
            row_totals: figures(of_rows)?,
            column_totals: figures(of_columns)?,
            total: measure.figure(self.kind, &mut of_all)?,
        })
    }

    /// The points in the order of x.
    ///
    /// # Errors
    /// [`Error::Data`] when an exact figure has more than 128 bits.
    pub fn into_series(mut self, books: &[Option<Codebook>]) -> Result<Vec<SeriesPoint>> {
        let points = self.take_keys(books).into_iter();
        points
            .map(|(x, mut acc)| {
                let y = self.figure(&mut acc)?;
                Ok(SeriesPoint { x, y })
            })
            .collect()
    }

    /// The keys of its rows in their order, each with what it accumulated; the pivot is empty then.
    pub fn take_keys(&mut self, books: &[Option<Codebook>]) -> Vec<(Scalar, Acc)> {
        let (keys, places) = sorted(&books[self.rows]);
        let mut accs = vec![self.measure.empty(); keys.len()];
        for ((row, _), acc) in self.cells.drain() {
            accs[places[row as usize]] = acc;
        }
        keys.into_iter().zip(accs).collect()
    }

    /// The figure that the pivot makes of what was accumulated.
    ///
    /// # Errors
    /// [`Error::Data`] when an exact figure has more than 128 bits.
    pub fn figure(&self, acc: &mut Acc) -> Result<Scalar> {
        self.measure.figure(self.kind, acc)
    }
}

/// The cells of `rows` rows in the order in which they come, and the number among them of each row's cell.
///
/// There are `height` row keys and `width` column keys.
fn numbered(
    rows: usize,
    cell: impl Fn(usize) -> Cell,
    height: usize,
    width: usize,
) -> (Vec<Cell>, Vec<u32>) {
    let mut cells: Vec<Cell> = Vec::new();
    let mut add = |cell| {
        cells.push(cell);
        (cells.len() - 1) as u32
    };
    let mut part = Vec::with_capacity(rows);
    if height * width <= DENSE {
        let mut seen = vec![NONE; height * width];
        for row in 0..rows {
            let cell = cell(row);
            let number = &mut seen[cell.0 as usize * width + cell.1 as usize];
            if *number == NONE {
                *number = add(cell);
            }
            part.push(*number);
        }
    } else {
        let mut seen: HashMap<Cell, u32, RandomState> = HashMap::default();
        for row in 0..rows {
            let cell = cell(row);
            part.push(*seen.entry(cell).or_insert_with(|| add(cell)));
        }
    }
    (cells, part)
}

/// Keys in their order, and the place of each by its code.
fn sorted(book: &Option<Codebook>) -> (Vec<Scalar>, Vec<usize>) {
    let keys: Vec<Value<'_>> = book.iter().flat_map(Codebook::keys).collect();
    let mut codes: Vec<usize> = (0..keys.len()).collect();
    codes.sort_by(|&a, &b| keys[a].order(&keys[b]));
    let mut places = vec![0; keys.len()];
    for (place, &code) in codes.iter().enumerate() {
        places[code] = place;
    }
    (
        codes
            .into_iter()
            .map(|code| keys[code].to_scalar())
            .collect(),
        places,
    )
}
