//! The balance after each row.
//!
//! ```text
//! opening | amount ▶ balance
//!     100 |    -30 ▶      70      the first row of a partition brings the opening balance
//!       … |     +5 ▶      75
//! ```
//! A row without an amount leaves the balance as it is.

use std::marker::PhantomData;
use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::fields::{Fields, table};
use super::kernel::{Kernel, Piece};
use super::number::{Money, Number, Scale};
use super::plan;
use super::sources::Sources;
use crate::control::JobControl;
use crate::error::{Error, Result};

/// What changes the balance, tied to fields.
pub struct RunningBalance<N> {
    /// Added.
    plus: Vec<Money>,
    /// Taken off.
    minus: Vec<Money>,
    opening: Option<Money>,
    digits: i8,
    schema: SchemaRef,
    number: PhantomData<N>,
}

/// The number of the field that the plan has under `key`, if it has one.
fn find(fields: &Fields, key: &str, name: &Option<String>) -> Result<Option<usize>> {
    name.as_ref()
        .map(|name| fields.numeric(key, name))
        .transpose()
}

/// What the balance is counted in.
///
/// # Errors
/// [`Error::Plan`] when a field is not there or holds no numbers, or when there is nothing to add.
pub fn scale(plan: &plan::RunningBalance, fields: &Fields) -> Result<Scale> {
    let changes = [
        find(fields, "amount", &plan.amount)?,
        find(fields, "debit", &plan.debit)?,
        find(fields, "credit", &plan.credit)?,
    ];
    let mut all: Vec<_> = changes.into_iter().flatten().collect();
    if all.is_empty() {
        return Err(Error::Plan(
            "running_balance needs amount, or debit and credit".to_owned(),
        ));
    }
    all.extend(find(fields, "opening", &plan.opening)?);
    Ok(fields.scale(&all))
}

impl<N: Number> RunningBalance<N> {
    /// The kernel.
    ///
    /// # Errors
    /// [`Error::Plan`] when fields are not there or have no common scale, or a column is named twice.
    pub fn new(plan: &plan::RunningBalance, fields: &Fields, scale: Scale) -> Result<Self> {
        let money = |key: &str, name: &Option<String>| {
            let found = find(fields, key, name)?;
            found.map(|field| fields.money(field, scale)).transpose()
        };
        let plus = [money("amount", &plan.amount)?, money("debit", &plan.debit)?];
        let digits = scale.digits();
        let kept = fields.columns(&fields.all(), "");
        Ok(Self {
            plus: plus.into_iter().flatten().collect(),
            minus: money("credit", &plan.credit)?.into_iter().collect(),
            opening: money("opening", &plan.opening)?,
            digits,
            schema: table(kept, &[("balance", N::data_type(digits))])?,
            number: PhantomData,
        })
    }
}

impl<N: Number> Kernel for RunningBalance<N> {
    /// The balance; none before the first row.
    type Partition = Option<N::Sum>;
    type Out = Vec<N>;

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(
        &self,
        balance: &mut Option<N::Sum>,
        piece: &Piece<'_>,
        rows: Range<usize>,
        out: &mut Vec<N>,
    ) -> Result<()> {
        let columns = &piece.columns;
        piece.each(rows, |row| {
            let mut sum = balance.unwrap_or_default();
            if let (None, Some(opening)) = (&balance, self.opening) {
                let opening = opening.read(&columns[opening.field], row)?;
                N::add(&mut sum, opening.unwrap_or_default())?;
            }
            for plus in &self.plus {
                if let Some(amount) = plus.read(&columns[plus.field], row)? {
                    N::add(&mut sum, amount)?;
                }
            }
            for minus in &self.minus {
                if let Some(amount) = minus.read::<N>(&columns[minus.field], row)? {
                    N::add(&mut sum, N::default().minus(amount)?)?;
                }
            }
            *balance = Some(sum);
            out.push(N::total(sum));
            Ok(())
        })
    }

    fn batches(
        &self,
        balances: Vec<N>,
        sources: &Sources,
        _: &JobControl,
    ) -> Result<Vec<RecordBatch>> {
        let Some(rows) = sources.last().filter(|_| !balances.is_empty()) else {
            return Ok(Vec::new());
        };
        let mut columns = rows.columns().to_vec();
        columns.push(N::array(balances.into_iter().map(Some), self.digits));
        Ok(vec![RecordBatch::try_new(self.schema.clone(), columns)?])
    }
}
