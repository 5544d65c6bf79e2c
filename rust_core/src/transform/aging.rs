//! What is open at a day, and for how long it has been due.
//!
//! ```text
//! as of 30 June   due 1 May  100 ┐ paid in full, left out
//!                 due 1 June  50 │ ▶ open 20, 29 days, bucket 1-30
//!                 payment   -130 ┘   100 to the oldest item, 30 to the next
//! ```
//! Open amounts add up to the amounts: what payments have left is a row of its own, with a negative amount.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, SchemaRef};
use chrono::NaiveDate;

use super::dates::days_since_1970;
use super::fields::{Fields, table};
use super::kernel::{Kernel, Piece, chunked};
use super::number::{Fault, Money, Number, Scale};
use super::plan;
use super::sources::{Row, Sources, day};
use crate::control::JobControl;
use crate::error::{Error, Result};

/// Items and payments tied to fields.
pub struct Aging<N> {
    as_of: i32,
    due: usize,
    amount: Money,
    buckets: Vec<i64>,
    /// Of the buckets, then of unapplied payments.
    labels: Vec<String>,
    allocate: bool,
    digits: i8,
    kept: Vec<usize>,
    schema: SchemaRef,
    number: PhantomData<N>,
}

/// What is left of an item or a payment.
#[derive(Debug, Clone, Copy)]
pub struct Open<N> {
    row: Row,
    /// Days overdue; none for a payment.
    days: Option<i64>,
    /// What it was.
    size: N,
    /// What is left.
    amount: N,
}

/// What is open of a partition: items or payments, never both when payments are allocated.
pub struct Ledger<N> {
    items: VecDeque<Open<N>>,
    payments: VecDeque<Open<N>>,
}

impl<N> Default for Ledger<N> {
    fn default() -> Self {
        Self {
            items: VecDeque::new(),
            payments: VecDeque::new(),
        }
    }
}

/// What the amounts are counted in.
///
/// # Errors
/// [`Error::Plan`] when the field is not there or holds no numbers.
pub fn scale(plan: &plan::Aging, fields: &Fields) -> Result<Scale> {
    Ok(fields.scale(&[fields.numeric("amount", &plan.amount)?]))
}

impl<N: Number> Aging<N> {
    /// The kernel.
    ///
    /// # Errors
    /// [`Error::Plan`] when fields are not there or hold other values, and for buckets that do not rise.
    pub fn new(plan: &plan::Aging, fields: &Fields, scale: Scale) -> Result<Self> {
        let as_of = NaiveDate::parse_from_str(&plan.as_of, "%Y-%m-%d")
            .map_err(|e| Error::Plan(format!("as_of: {:?} is no date: {e}", plan.as_of)))?;
        if plan.buckets.is_empty() || !plan.buckets.is_sorted_by(|a, b| a < b) {
            return Err(Error::Plan("buckets: the days must rise".to_owned()));
        }
        if plan.labels.len() != plan.buckets.len() + 1 {
            return Err(Error::Plan(format!(
                "labels: {} days make {} buckets, and there are {} labels",
                plan.buckets.len(),
                plan.buckets.len() + 1,
                plan.labels.len()
            )));
        }
        let mut labels = plan.labels.clone();
        labels.push(plan.unapplied.clone());
        let digits = scale.digits();
        Ok(Self {
            as_of: days_since_1970(as_of),
            due: fields.date("due", &plan.due)?,
            amount: fields.money(fields.numeric("amount", &plan.amount)?, scale)?,
            buckets: plan.buckets.clone(),
            labels,
            allocate: plan.allocate,
            digits,
            kept: fields.all(),
            schema: table(
                fields.columns(&fields.all(), ""),
                &[
                    ("open", N::data_type(digits)),
                    ("days", DataType::Int64),
                    ("bucket", DataType::Utf8),
                    ("bucket_number", DataType::Int64),
                ],
            )?,
            number: PhantomData,
        })
    }

    /// Number of the bucket, from 1; payments come last.
    fn bucket(&self, days: Option<i64>) -> usize {
        match days {
            Some(days) => 1 + self.buckets.partition_point(|&last| last < days),
            None => self.labels.len(),
        }
    }

    fn batch(&self, open: &[Open<N>], sources: &Sources) -> Result<RecordBatch> {
        let rows: Vec<_> = open.iter().map(|o| Some(o.row)).collect();
        let mut columns: Vec<ArrayRef> = Vec::new();
        for &field in &self.kept {
            columns.push(sources.gather(field, &rows)?);
        }
        columns.push(N::array(open.iter().map(|o| Some(o.amount)), self.digits));
        columns.push(Arc::new(
            open.iter().map(|o| o.days).collect::<Int64Array>(),
        ));
        let buckets: Vec<_> = open.iter().map(|o| self.bucket(o.days)).collect();
        let names = buckets
            .iter()
            .map(|&bucket| self.labels[bucket - 1].as_str());
        columns.push(Arc::new(StringArray::from_iter_values(names)));
        let numbers = buckets.iter().map(|&bucket| bucket as i64);
        columns.push(Arc::new(Int64Array::from_iter_values(numbers)));
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }
}

/// Settles the oldest items with the oldest payments, as far as both go.
fn settle<N: Number>(ledger: &mut Ledger<N>) -> Result<(), Fault> {
    let Ledger { items, payments } = ledger;
    while let (Some(item), Some(payment)) = (items.front_mut(), payments.front_mut()) {
        // Payments are negative: what is left has the sign of the larger.
        let left = item.amount.plus(payment.amount)?;
        if left > N::default() && left.is_left(item.size) {
            item.amount = left;
        } else {
            items.pop_front();
        }
        if left < N::default() && left.is_left(payment.size) {
            payment.amount = left;
        } else {
            payments.pop_front();
        }
    }
    Ok(())
}

impl<N: Number> Kernel for Aging<N> {
    type Partition = Ledger<N>;
    type Out = Vec<Open<N>>;

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(
        &self,
        ledger: &mut Ledger<N>,
        piece: &Piece<'_>,
        rows: Range<usize>,
        _: &mut Vec<Open<N>>,
    ) -> Result<()> {
        let columns = &piece.columns;
        piece.each(rows, |row| {
            let amount = self
                .amount
                .read(&columns[self.amount.field], row)?
                .unwrap_or_default();
            let place = piece.sources.row(row);
            if amount < N::default() {
                ledger.payments.push_back(Open {
                    row: place,
                    days: None,
                    size: amount,
                    amount,
                });
            } else if amount > N::default() {
                let due = day(columns[self.due].value(row))
                    .ok_or_else(|| Fault::new("has an amount but no due date"))?;
                let days = Some(i64::from(self.as_of) - i64::from(due));
                ledger.items.push_back(Open {
                    row: place,
                    days,
                    size: amount,
                    amount,
                });
            }
            if self.allocate {
                settle(ledger)?;
            }
            Ok(())
        })
    }

    fn close(
        &self,
        ledger: Ledger<N>,
        _: &Sources,
        out: &mut Vec<Open<N>>,
        _: &JobControl,
    ) -> Result<()> {
        let from = out.len();
        out.extend(ledger.items);
        out.extend(ledger.payments);
        out[from..].sort_by_key(|open| open.row);
        Ok(())
    }

    fn held<'a>(&self, ledger: &'a mut Ledger<N>) -> Vec<&'a mut Row> {
        let open = ledger.items.iter_mut().chain(&mut ledger.payments);
        open.map(|open| &mut open.row).collect()
    }

    fn batches(
        &self,
        open: Vec<Open<N>>,
        sources: &Sources,
        control: &JobControl,
    ) -> Result<Vec<RecordBatch>> {
        chunked(open.len(), control, |range| {
            self.batch(&open[range], sources)
        })
    }
}
