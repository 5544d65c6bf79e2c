//! Two ledgers matched one to one.
//!
//! ```text
//! key  left        right        ▶ status
//! A    1 May 100   3 May 100      matched (date_tolerance: 2)
//! A    5 May  80   5 May  75      amount_differs
//! B    1 May  20   9 May  20      date_differs
//! C    2 May  10                  left_only
//! ```
//! Among rows of one key, pairs that agree in amount and date within the tolerances go first, then those that agree in
//! amount, then those that agree in date. Of pairs that could be made, the one with the nearest dates is made first,
//! then the one with the nearest amounts, then the earliest and smallest.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, SchemaRef};

use super::fields::{Fields, table};
use super::kernel::{Kernel, Piece, chunked};
use super::number::{Fault, Money, Number, Scale};
use super::pairing::{Entry, Pairing, Tolerance};
use super::plan;
use super::sources::{Row, Sources, day};
use crate::control::JobControl;
use crate::error::{Error, Result};
use crate::value::{Kind, Value};

/// Two ledgers tied to fields.
pub struct Reconcile<N> {
    side: usize,
    sides: [String; 2],
    date: usize,
    amount: Money,
    tolerance: Tolerance<N>,
    digits: i8,
    partition: Vec<usize>,
    others: Vec<usize>,
    schema: SchemaRef,
}

/// The rows of one key.
pub struct Ledgers<N> {
    left: Vec<Entry<N>>,
    right: Vec<Entry<N>>,
}

impl<N> Default for Ledgers<N> {
    fn default() -> Self {
        Self {
            left: Vec::new(),
            right: Vec::new(),
        }
    }
}

/// How a row of the table came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Amounts and dates agree within the tolerances.
    Matched,
    /// Only the amounts do.
    DateDiffers,
    /// Only the dates do.
    AmountDiffers,
    /// Nothing on the right.
    LeftOnly,
    /// Nothing on the left.
    RightOnly,
}

impl Status {
    /// The text that the table shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::DateDiffers => "date_differs",
            Self::AmountDiffers => "amount_differs",
            Self::LeftOnly => "left_only",
            Self::RightOnly => "right_only",
        }
    }
}

/// A row of the table.
pub struct Line<N> {
    status: Status,
    /// A row of the key.
    of: Row,
    left: Option<Row>,
    right: Option<Row>,
    amount: Option<N>,
    days: Option<i64>,
}

/// What the amounts are counted in.
///
/// # Errors
/// [`Error::Plan`] when the field is not there or holds no numbers.
pub fn scale(plan: &plan::Reconcile, fields: &Fields) -> Result<Scale> {
    Ok(fields.scale(&[fields.numeric("amount", &plan.amount)?]))
}

impl<N: Number> Reconcile<N> {
    /// The kernel.
    ///
    /// # Errors
    /// [`Error::Plan`] when fields are not there or hold other values, and for a tolerance that is no number or
    /// has more digits than the amounts.
    pub fn new(plan: &plan::Reconcile, fields: &Fields, scale: Scale) -> Result<Self> {
        let side = fields.number("side", &plan.side)?;
        if fields.kind(side) != Kind::Text {
            return Err(fields.unfit("side", side, fields.kind(side), "texts are needed"));
        }
        let digits = scale.digits();
        let amount = N::parse(&plan.amount_tolerance, digits).ok_or_else(|| {
            Error::Plan(format!(
                "amount_tolerance: {:?} is no number of at most {digits} digits after the point, as the amounts have",
                plan.amount_tolerance
            ))
        })?;
        let others = fields.others(&[side]);
        let mut kept = fields.columns(&fields.partition, "");
        kept.extend(fields.columns(&others, "left_"));
        kept.extend(fields.columns(&others, "right_"));
        Ok(Self {
            side,
            sides: plan.sides.clone(),
            date: fields.date("date", &plan.date)?,
            amount: fields.money(fields.numeric("amount", &plan.amount)?, scale)?,
            tolerance: Tolerance {
                days: i64::from(plan.date_tolerance),
                amount,
            },
            digits,
            partition: fields.partition.clone(),
            others,
            schema: table(
                kept,
                &[
                    ("status", DataType::Utf8),
                    ("amount_difference", N::data_type(digits)),
                    ("days_difference", DataType::Int64),
                ],
            )?,
        })
    }

    fn batch(&self, lines: &[Line<N>], sources: &Sources) -> Result<RecordBatch> {
        let rows = |row: fn(&Line<N>) -> Option<Row>| lines.iter().map(row).collect::<Vec<_>>();
        let (of, left, right) = (rows(|l| Some(l.of)), rows(|l| l.left), rows(|l| l.right));
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (fields, rows) in [
            (&self.partition, &of),
            (&self.others, &left),
            (&self.others, &right),
        ] {
            for &field in fields {
                columns.push(sources.gather(field, rows)?);
            }
        }
        let texts = lines.iter().map(|line| line.status.name());
        columns.push(Arc::new(StringArray::from_iter_values(texts)));
        columns.push(N::array(lines.iter().map(|line| line.amount), self.digits));
        columns.push(Arc::new(
            lines.iter().map(|line| line.days).collect::<Int64Array>(),
        ));
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }
}

impl<N: Number> Kernel for Reconcile<N> {
    type Partition = Ledgers<N>;
    type Out = Vec<Line<N>>;

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(
        &self,
        ledgers: &mut Ledgers<N>,
        piece: &Piece<'_>,
        rows: Range<usize>,
        _: &mut Vec<Line<N>>,
    ) -> Result<()> {
        let columns = &piece.columns;
        piece.each(rows, |row| {
            let side = columns[self.side].value(row);
            let ledger = match side {
                Value::Text(side) if side == self.sides[0] => &mut ledgers.left,
                Value::Text(side) if side == self.sides[1] => &mut ledgers.right,
                other => {
                    return Err(Fault::new(format!(
                        "its side is {}, neither {:?} nor {:?}",
                        other.shown(),
                        self.sides[0],
                        self.sides[1]
                    )));
                }
            };
            ledger.push(Entry {
                row: piece.sources.row(row),
                day: day(columns[self.date].value(row)),
                amount: self.amount.read(&columns[self.amount.field], row)?,
            });
            Ok(())
        })
    }

    fn close(
        &self,
        ledgers: Ledgers<N>,
        _: &Sources,
        out: &mut Vec<Line<N>>,
        control: &JobControl,
    ) -> Result<()> {
        let mut pairing = Pairing::new(&ledgers.left, &ledgers.right, control)?;
        for status in [Status::Matched, Status::DateDiffers, Status::AmountDiffers] {
            pairing.pair(status, &self.tolerance, control)?;
        }
        let partners = pairing.partners();
        for (entry, partner) in ledgers.left.iter().zip(&partners) {
            let mut line = Line {
                status: Status::LeftOnly,
                of: entry.row,
                left: Some(entry.row),
                right: None,
                amount: None,
                days: None,
            };
            if let Some((right, status)) = *partner {
                let right = &ledgers.right[right as usize];
                line.status = status;
                line.right = Some(right.row);
                line.amount = entry
                    .amount
                    .zip(right.amount)
                    .and_then(|(l, r)| l.minus(r).ok());
                line.days = entry
                    .day
                    .zip(right.day)
                    .map(|(l, r)| i64::from(l) - i64::from(r));
            }
            out.push(line);
        }
        let mut alone = vec![true; ledgers.right.len()];
        for (right, _) in partners.iter().flatten() {
            alone[*right as usize] = false;
        }
        let alone = ledgers.right.iter().zip(alone).filter(|(_, alone)| *alone);
        out.extend(alone.map(|(entry, _)| Line {
            status: Status::RightOnly,
            of: entry.row,
            left: None,
            right: Some(entry.row),
            amount: None,
            days: None,
        }));
        Ok(())
    }

    fn held<'a>(&self, ledgers: &'a mut Ledgers<N>) -> Vec<&'a mut Row> {
        let entries = ledgers.left.iter_mut().chain(&mut ledgers.right);
        entries.map(|entry| &mut entry.row).collect()
    }

    fn batches(
        &self,
        lines: Vec<Line<N>>,
        sources: &Sources,
        control: &JobControl,
    ) -> Result<Vec<RecordBatch>> {
        chunked(lines.len(), control, |range| {
            self.batch(&lines[range], sources)
        })
    }
}
