//! The payments of a loan.
//!
//! ```text
//! 100.00 at 12 % a year, 3 months, annuity        payment  interest  principal  balance
//!                                            1      34.00      1.00      33.00    67.00
//!                                            2      34.00      0.67      33.33    33.67
//!                                            3      34.01      0.34      33.67     0.00   settles the rest
//! ```
//! Input columns that a loan is made of are left out, the others stand beside each payment.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, SchemaRef};

use super::fields::{Fields, table};
use super::kernel::{Kernel, Piece, chunked};
use super::loan::{Loan, Payment, Terms};
use super::number::{Fault, Money, Number, Scale};
use super::plan;
use super::sources::{Row, Sources, day};
use crate::control::JobControl;
use crate::error::{Error, Result};
use crate::value::{Column, Kind};

/// Payments of a loan, at most: monthly, for a hundred years.
const LONGEST: i128 = 1_200;

/// Loans tied to fields.
pub struct Amortise {
    principal: Money,
    /// What a unit of the principal's field is worth in units of payments, as a fraction's divisor.
    divisor: i128,
    rate: Money,
    term: Money,
    start: usize,
    terms: Terms,
    decimals: i8,
    kept: Vec<usize>,
    schema: SchemaRef,
}

impl Amortise {
    /// The kernel.
    ///
    /// # Errors
    /// [`Error::Plan`] when fields are not there, hold other values or floats.
    pub fn new(plan: &plan::Amortise, fields: &Fields) -> Result<Self> {
        let exact = |key: &str, name: &str| {
            let field = fields.numeric(key, name)?;
            match fields.kind(field) {
                Kind::Float => Err(fields.unfit(key, field, Kind::Float, "decimals are needed")),
                _ => Ok(field),
            }
        };
        let own = |field: usize| fields.money(field, Scale::Exact(fields.digits(field)));
        let principal = exact("principal", &plan.principal)?;
        let rate = exact("rate", &plan.rate)?;
        let term = exact("term", &plan.term)?;
        if fields.digits(term) > 0 {
            return Err(fields.unfit("term", term, fields.kind(term), "whole numbers are needed"));
        }
        let start = fields.date("start", &plan.start)?;
        if plan.payments_a_year == 0 || 12 % plan.payments_a_year != 0 {
            return Err(Error::Plan(format!(
                "{} payments a year are no whole months apart",
                plan.payments_a_year
            )));
        }
        let decimals = plan.decimals;
        let finer = u32::from((fields.digits(principal) - decimals).max(0).unsigned_abs());
        let principal = match fields.digits(principal) <= decimals {
            true => fields.money(principal, Scale::Exact(decimals))?,
            false => own(principal)?,
        };
        let too_fine = || Error::Plan("rate: has too many digits; cast it in the SQL".to_owned());
        let rate_digits = u32::from(fields.digits(rate).unsigned_abs());
        let used = [principal.field, rate, term, start];
        let kept: Vec<_> = fields
            .all()
            .into_iter()
            .filter(|f| !used.contains(f))
            .collect();
        let money = i128::data_type(decimals);
        Ok(Self {
            principal,
            divisor: 10i128.pow(finer),
            rate: own(rate)?,
            term: own(term)?,
            start,
            terms: Terms {
                payments_a_year: plan.payments_a_year,
                rate_unit: 10i128
                    .checked_pow(rate_digits)
                    .and_then(|unit| unit.checked_mul(i128::from(plan.payments_a_year)))
                    .ok_or_else(too_fine)?,
                method: plan.method,
                rounding: plan.rounding,
            },
            decimals,
            schema: table(
                fields.columns(&kept, ""),
                &[
                    ("number", DataType::Int64),
                    ("due", DataType::Date32),
                    ("payment", money.clone()),
                    ("interest", money.clone()),
                    ("principal", money.clone()),
                    ("balance", money),
                ],
            )?,
            kept,
        })
    }

    fn loan(&self, columns: &[Column<'_>], row: usize) -> Result<Loan, Fault> {
        let read = |key: &str, money: &Money| {
            money
                .read::<i128>(&columns[money.field], row)?
                .ok_or_else(|| Fault::new(format!("has no {key}")))
        };
        let (principal, rate) = (
            read("principal", &self.principal)?,
            read("rate", &self.rate)?,
        );
        let term = read("term", &self.term)?;
        if principal < 0 || rate < 0 {
            return Err(Fault::new("has a negative principal or rate"));
        }
        if principal % self.divisor != 0 {
            return Err(Fault::new(format!(
                "has a principal of more than {} digits after the point; round it in the SQL, or raise decimals",
                self.decimals
            )));
        }
        if !(1..=LONGEST).contains(&term) {
            return Err(Fault::new(format!(
                "has a term of {term} payments; from 1 to {LONGEST} are possible"
            )));
        }
        Ok(Loan {
            principal: principal / self.divisor,
            rate,
            term: term as u32,
            start: day(columns[self.start].value(row)).ok_or_else(|| Fault::new("has no start"))?,
        })
    }

    fn batch(&self, payments: &[(Row, Payment)], sources: &Sources) -> Result<RecordBatch> {
        let loans: Vec<_> = payments.iter().map(|(loan, _)| Some(*loan)).collect();
        let mut columns: Vec<ArrayRef> = Vec::new();
        for &field in &self.kept {
            columns.push(sources.gather(field, &loans)?);
        }
        let numbers = payments.iter().map(|(_, p)| i64::from(p.number));
        columns.push(Arc::new(Int64Array::from_iter_values(numbers)));
        columns.push(Arc::new(Date32Array::from_iter_values(
            payments.iter().map(|(_, p)| p.due),
        )));
        let money = |amount: fn(&Payment) -> i128| {
            i128::array(payments.iter().map(|(_, p)| Some(amount(p))), self.decimals)
        };
        columns.push(money(|p| p.payment));
        columns.push(money(|p| p.interest));
        columns.push(money(|p| p.principal));
        columns.push(money(|p| p.balance));
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }
}

impl Kernel for Amortise {
    type Partition = ();
    type Out = Vec<(Row, Payment)>;

    /// A loan makes hundreds of rows.
    const PIECE: usize = 64;
    const ALONE: bool = true;

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(
        &self,
        (): &mut (),
        piece: &Piece<'_>,
        rows: Range<usize>,
        out: &mut Vec<(Row, Payment)>,
    ) -> Result<()> {
        piece.each(rows, |row| {
            let loan = self.loan(&piece.columns, row)?;
            let place = piece.sources.row(row);
            self.terms
                .schedule(&loan, |payment| out.push((place, payment)))
        })
    }

    fn batches(
        &self,
        payments: Vec<(Row, Payment)>,
        sources: &Sources,
        control: &JobControl,
    ) -> Result<Vec<RecordBatch>> {
        chunked(payments.len(), control, |range| {
            self.batch(&payments[range], sources)
        })
    }
}
