//! Running sums, which start again where a group of their level opens.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Decimal128Array, Float64Array};
use arrow_schema::DataType;

use super::measure::FloatSum;
use super::normal::PRECISION;
use crate::error::{Error, Result};
use crate::value::{Column, Kind};

/// The first number that has more digits than a decimal of the spool.
const TOO_LARGE: i128 = 10i128.pow(PRECISION as u32);

/// One running column and how far it has come.
#[derive(Debug)]
pub struct RunningSum {
    name: String,
    /// Number of the field it sums up.
    pub field: usize,
    /// It starts again at rows whose opening level is at most this; 0 is the outermost.
    level: Option<usize>,
    kind: Kind,
    exact: i128,
    float: FloatSum,
}

impl RunningSum {
    /// A sum that has met no row.
    ///
    /// # Errors
    /// [`Error::Data`] when the field holds no numbers.
    pub fn new(name: &str, field: usize, kind: Kind, level: Option<usize>) -> Result<Self> {
        if !kind.is_number() {
            return Err(Error::Data(format!(
                "column {name:?} holds {} values, which have no running sum",
                kind.name()
            )));
        }
        Ok(Self {
            name: name.to_owned(),
            field,
            level,
            kind,
            exact: 0,
            float: FloatSum::default(),
        })
    }

    /// Type of the running column: integers run as decimals of scale 0, which have room for their sums.
    pub fn data_type(&self) -> DataType {
        match self.kind {
            Kind::Float => DataType::Float64,
            Kind::Decimal(scale) => DataType::Decimal128(PRECISION, scale),
            _ => DataType::Decimal128(PRECISION, 0),
        }
    }

    /// The sums at the rows of the next batch; a row without a value shows the sum so far.
    ///
    /// # Errors
    /// [`Error::Data`] when the sum has more than 38 digits; names column and row.
    pub fn next(&mut self, column: &Column<'_>, opens: &[u8], first_row: u64) -> Result<ArrayRef> {
        match column {
            Column::Float(a) => {
                let restarts = |i: usize| self.level.is_some_and(|l| usize::from(opens[i]) <= l);
                let mut out = Vec::with_capacity(opens.len());
                for i in 0..opens.len() {
                    if restarts(i) {
                        self.float = FloatSum::default();
                    }
                    if a.is_valid(i) && !a.value(i).is_nan() {
                        self.float.add(a.value(i));
                    }
                    out.push(self.float.get());
                }
                Ok(Arc::new(Float64Array::from(out)))
            }
            Column::Int(a) => self.exact(opens, first_row, a.nulls(), |i| i128::from(a.value(i))),
            Column::UInt(a) => self.exact(opens, first_row, a.nulls(), |i| i128::from(a.value(i))),
            Column::Decimal(a, _) => self.exact(opens, first_row, a.nulls(), |i| a.value(i)),
            _ => {
                let none = arrow_buffer::NullBuffer::new_null(opens.len());
                self.exact(opens, first_row, Some(&none), |_| 0)
            }
        }
    }

    fn exact(
        &mut self,
        opens: &[u8],
        first_row: u64,
        nulls: Option<&arrow_buffer::NullBuffer>,
        value: impl Fn(usize) -> i128,
    ) -> Result<ArrayRef> {
        let level = self.level;
        let mut out = Vec::with_capacity(opens.len());
        for (i, &open) in opens.iter().enumerate() {
            if level.is_some_and(|l| usize::from(open) <= l) {
                self.exact = 0;
            }
            if nulls.is_none_or(|n| n.is_valid(i)) {
                self.exact = self
                    .exact
                    .checked_add(value(i))
                    .filter(|sum| -TOO_LARGE < *sum && *sum < TOO_LARGE)
                    .ok_or_else(|| {
                        Error::Data(format!(
                            "row {}: the running sum of column {:?} has more than {PRECISION} digits",
                            first_row + i as u64 + 1,
                            self.name
                        ))
                    })?;
            }
            out.push(self.exact);
        }
        let out = Decimal128Array::from(out).with_data_type(self.data_type());
        Ok(Arc::new(out))
    }
}
