//! Crosstabs and chart series: one total for each key, or pair of keys, wherever the rows stand.

use std::collections::HashMap;

use super::crunched::{Crosstab, SeriesPoint};
use super::key::Keys;
use super::measure::{Acc, Measure};
use super::plan::TotalKind;
use crate::error::{Error, Result};
use crate::value::{Column, Scalar};

/// Cells that a crosstab may have; more is no table that a person reads.
const MAX_CELLS: usize = 1_000_000;
/// Up to this many possible cells a chunk finds them by index, above that by hash.
const DENSE: usize = 1 << 16;

/// One crosstab, or one series (which has no second key).
#[derive(Debug)]
pub struct Pivot {
    /// Its name in the definition.
    pub name: String,
    rows: usize,
    columns: Option<usize>,
    measure: Measure,
    kind: TotalKind,
    row_keys: Keys,
    column_keys: Keys,
    cells: HashMap<(u32, u32), Acc>,
}

/// What one chunk of rows adds to a pivot.
#[derive(Debug)]
pub struct PivotPart {
    row_keys: Keys,
    column_keys: Keys,
    /// Keys of each cell, by the numbers of this part.
    cells: Vec<(u32, u32)>,
    accs: Vec<Acc>,
}

impl Pivot {
    /// An empty pivot over the fields of these numbers.
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
            row_keys: Keys::default(),
            column_keys: Keys::default(),
            cells: HashMap::new(),
        }
    }

    /// Reduces a chunk of rows.
    ///
    /// # Errors
    /// [`Error::Data`] when an exact sum has more than 128 bits.
    pub fn reduce(&self, fields: &[Column<'_>], first_row: u64) -> Result<PivotPart> {
        let mut row_keys = Keys::default();
        let mut column_keys = Keys::default();
        let mut part = row_keys.number_rows(&fields[self.rows]);
        let mut cells: Vec<(u32, u32)>;
        if let Some(columns) = self.columns {
            let column_numbers = column_keys.number_rows(&fields[columns]);
            cells = Vec::new();
            let mut add = |row, column| {
                cells.push((row, column));
                (cells.len() - 1) as u32
            };
            let width = column_keys.len();
            if row_keys.len() * width <= DENSE {
                let mut seen = vec![u32::MAX; row_keys.len() * width];
                for (row, &column) in part.iter_mut().zip(&column_numbers) {
                    let cell = &mut seen[*row as usize * width + column as usize];
                    if *cell == u32::MAX {
                        *cell = add(*row, column);
                    }
                    *row = *cell;
                }
            } else {
                let mut seen = HashMap::new();
                for (row, &column) in part.iter_mut().zip(&column_numbers) {
                    let pair = (*row, column);
                    *row = *seen.entry(pair).or_insert_with(|| add(pair.0, pair.1));
                }
            }
        } else {
            cells = (0..row_keys.len() as u32).map(|row| (row, 0)).collect();
        }
        let accs = self
            .measure
            .scatter(fields, first_row, &part, cells.len())?;
        Ok(PivotPart {
            row_keys,
            column_keys,
            cells,
            accs,
        })
    }

    /// Adds the next chunk.
    ///
    /// # Errors
    /// [`Error::Limit`] when the table grows past a million cells; [`Error::Data`] as [`Pivot::reduce`].
    pub fn push(&mut self, part: PivotPart) -> Result<()> {
        let number = |into: &mut Keys, keys: &Keys| -> Vec<u32> {
            keys.as_slice()
                .iter()
                .map(|key| into.number(key.as_value()))
                .collect()
        };
        let rows = number(&mut self.row_keys, &part.row_keys);
        let columns = number(&mut self.column_keys, &part.column_keys);
        if self.row_keys.len() * self.column_keys.len().max(1) > MAX_CELLS {
            return Err(Error::Limit(format!(
                "{:?} has {} rows and {} columns; more than {MAX_CELLS} cells are no table: group its keys in the SQL",
                self.name,
                self.row_keys.len(),
                self.column_keys.len().max(1)
            )));
        }
        for ((row, column), acc) in part.cells.into_iter().zip(part.accs) {
            let column = columns.get(column as usize).copied().unwrap_or(0);
            let cell = (rows[row as usize], column);
            let into = self
                .cells
                .entry(cell)
                .or_insert_with(|| self.measure.empty());
            self.measure.merge(into, acc)?;
        }
        Ok(())
    }

    /// The table, its keys sorted; totals are made from what the cells accumulated.
    ///
    /// # Errors
    /// [`Error::Data`] when an exact figure has more than 128 bits.
    pub fn into_crosstab(self) -> Result<Crosstab> {
        let (row_keys, row_places) = sorted(self.row_keys);
        let (column_keys, column_places) = sorted(self.column_keys);
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
    pub fn into_series(mut self) -> Result<Vec<SeriesPoint>> {
        let (keys, places) = sorted(self.row_keys);
        let mut points: Vec<SeriesPoint> = keys
            .into_iter()
            .map(|x| SeriesPoint { x, y: Scalar::Null })
            .collect();
        for ((row, _), acc) in &mut self.cells {
            points[places[*row as usize]].y = self.measure.figure(self.kind, acc)?;
        }
        Ok(points)
    }
}

/// Keys in their order, and the place of each by its old number.
fn sorted(keys: Keys) -> (Vec<Scalar>, Vec<usize>) {
    let mut numbered: Vec<(usize, Scalar)> = keys.into_keys().into_iter().enumerate().collect();
    numbered.sort_by(|(_, a), (_, b)| a.as_value().order(&b.as_value()));
    let mut places = vec![0; numbered.len()];
    for (place, (number, _)) in numbered.iter().enumerate() {
        places[*number] = place;
    }
    (numbered.into_iter().map(|(_, key)| key).collect(), places)
}
