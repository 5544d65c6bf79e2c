//! Filters that are on when the workbook opens: rows that do not fit are hidden, and live totals leave them out.
//!
//! ```text
//! <row r="7" hidden="1"><c r="A7" s="3"><v>46349</v></c>…
//! ```
//! Excel shows and hides rows when someone works with a filter, never when it opens a file: a criterion without
//! hidden rows would show every row under a filter that says otherwise.

use serde::Deserialize;

use crate::condition::Condition;
use crate::crunch::plan::TotalKind;
use crate::value::{Column, Scalar, Value};

/// What a column's values must be for their row to be shown.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlateFilter {
    /// The column of the plan.
    pub column: usize,
    /// What is shown.
    pub keep: Condition,
}

/// What totals find in one column's shown rows.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    count: u64,
    /// Integers and mantissas.
    sum: i128,
    float: f64,
    low: Option<Scalar>,
    high: Option<Scalar>,
}

impl Shown {
    /// Adds what stands in the row of a column.
    pub fn push(&mut self, column: &Column<'_>, row: usize) {
        let value = column.value(row);
        match value {
            Value::Null => return,
            Value::Float(v) if !v.is_finite() => return,
            Value::Int(v) => self.sum = self.sum.wrapping_add(v),
            Value::Decimal { mantissa, .. } => self.sum = self.sum.wrapping_add(mantissa),
            Value::Float(v) => self.float += v,
            _ => {}
        }
        self.count += 1;
        self.widen(value, value);
    }

    /// Adds the rows that follow.
    pub fn add(&mut self, next: &Self) {
        self.count += next.count;
        self.sum = self.sum.wrapping_add(next.sum);
        self.float += next.float;
        if let (Some(low), Some(high)) = (&next.low, &next.high) {
            self.widen(low.as_value(), high.as_value());
        }
    }

    fn widen(&mut self, low: Value<'_>, high: Value<'_>) {
        let ends = (self.low.as_ref(), self.high.as_ref());
        if ends.0.is_none_or(|own| low.order(&own.as_value()).is_lt()) {
            self.low = Some(low.to_scalar());
        }
        if self
            .high
            .as_ref()
            .is_none_or(|own| high.order(&own.as_value()).is_gt())
        {
            self.high = Some(high.to_scalar());
        }
    }

    /// The total of this kind over the shown rows, as `SUBTOTAL` has it (§18.17.7.304); `None` for a kind that it has
    /// not. An average over no rows is an error, which is no value.
    pub fn total(&self, kind: TotalKind) -> Option<Scalar> {
        let sum = match self.low {
            Some(Scalar::Decimal { scale, .. }) => Scalar::Decimal {
                mantissa: self.sum,
                scale,
            },
            Some(Scalar::Float(_)) => Scalar::Float(self.float),
            _ => Scalar::Int(self.sum),
        };
        let end = |end: &Option<Scalar>| end.clone().unwrap_or(Scalar::Int(0));
        Some(match kind {
            TotalKind::Avg if self.count == 0 => Scalar::Null,
            TotalKind::Avg => match sum.as_value().as_f64() {
                Some(sum) => Scalar::Float(sum / self.count as f64),
                None => Scalar::Null,
            },
            TotalKind::Max => end(&self.high),
            TotalKind::Min => end(&self.low),
            TotalKind::Sum => sum,
            TotalKind::Count => Scalar::Int(i128::from(self.count)),
            _ => return None,
        })
    }
}
