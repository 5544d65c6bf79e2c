//! Sales matched with the lots that were bought before.
//!
//! ```text
//! buy 10 at 5   lots: [10 at 5]
//! buy 10 at 6         [10 at 5][10 at 6]
//! sell 15 at 8        [5 at 6]             10 at 5 ▶ closed, gain 30    5 at 6 ▶ closed, gain 10
//! end                                      5 at 6 ▶ open
//! ```
//! The cost of a part of a lot is its share of what the lot has left, rounded half to even at the last digit of
//! quantity times price, so that the parts add up to the lot; without fees it is exact.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, SchemaRef};

use super::fields::{Fields, table};
use super::kernel::{Kernel, Piece, chunked};
use super::lots::{Book, Lot, Match, Rules};
use super::number::{Fault, Money, Number, Scale};
use super::plan::{self, Method, Short};
use super::sources::{Row, Sources};
use crate::control::JobControl;
use crate::error::{Error, Result};

/// Trades tied to fields.
pub struct FifoLots<N> {
    rules: Rules,
    quantity: Money,
    price: Money,
    fee: Option<Money>,
    date: Option<usize>,
    /// Digits of costs and proceeds after the point.
    digits: i8,
    partition: Vec<usize>,
    others: Vec<usize>,
    schema: SchemaRef,
    number: PhantomData<N>,
}

/// What quantities and prices are counted in.
///
/// # Errors
/// [`Error::Plan`] when a field is not there or holds no numbers.
pub fn scale(plan: &plan::FifoLots, fields: &Fields) -> Result<Scale> {
    let mut all = vec![
        fields.numeric("quantity", &plan.quantity)?,
        fields.numeric("price", &plan.price)?,
    ];
    if let Some(fee) = &plan.fee {
        all.push(fields.numeric("fee", fee)?);
    }
    Ok(fields.scale(&all))
}

impl<N: Number> FifoLots<N> {
    /// The kernel.
    ///
    /// # Errors
    /// [`Error::Plan`] when fields are not there or hold other values, when a cost would have too many digits, when
    /// a column is named twice, and for short positions at average cost.
    pub fn new(plan: &plan::FifoLots, fields: &Fields, scale: Scale) -> Result<Self> {
        if plan.method == Method::Average && plan.short == Short::Open {
            return Err(Error::Plan(
                "short: an average cost has no open short positions; say error or zero_cost"
                    .to_owned(),
            ));
        }
        let quantity = fields.numeric("quantity", &plan.quantity)?;
        let price = fields.numeric("price", &plan.price)?;
        let fee = plan
            .fee
            .as_ref()
            .map(|fee| fields.numeric("fee", fee))
            .transpose()?;
        let date = plan
            .date
            .as_ref()
            .map(|date| fields.date("date", date))
            .transpose()?;
        // Quantity times price has the digits of both, or of the fee where it has more: then the price gets them.
        let (small, digits) = match scale {
            Scale::Float => (0, 0),
            Scale::Exact(_) => {
                let small = fields.digits(quantity);
                let product = small.saturating_add(fields.digits(price));
                (small, product.max(fee.map_or(0, |fee| fields.digits(fee))))
            }
        };
        let in_digits = |digits| match scale {
            Scale::Float => Scale::Float,
            Scale::Exact(_) => Scale::Exact(digits),
        };
        let total = in_digits(digits);
        if !total.fits() {
            return Err(Error::Plan(format!(
                "quantity and price have {digits} digits after the point together; cast them in the SQL to fewer"
            )));
        }
        let used: Vec<_> = [quantity, price].into_iter().chain(fee).collect();
        let others = fields.others(&used);
        let mut kept = fields.columns(&fields.partition, "");
        kept.extend(fields.columns(&others, "bought_"));
        kept.extend(fields.columns(&others, "sold_"));
        let mut made = vec![
            ("status", DataType::Utf8),
            ("quantity", N::data_type(small)),
            ("cost", N::data_type(digits)),
            ("proceeds", N::data_type(digits)),
            ("gain", N::data_type(digits)),
        ];
        if date.is_some() {
            made.push(("days", DataType::Int64));
        }
        Ok(Self {
            rules: Rules {
                method: plan.method,
                short: plan.short,
                digits: small,
            },
            quantity: fields.money(quantity, in_digits(small))?,
            price: fields.money(price, in_digits(digits - small))?,
            fee: fee.map(|fee| fields.money(fee, total)).transpose()?,
            date,
            digits,
            partition: fields.partition.clone(),
            others,
            schema: table(kept, &made)?,
            number: PhantomData,
        })
    }

    fn batch(&self, matches: &[Match<N>], sources: &Sources) -> Result<RecordBatch> {
        let rows = |row: fn(&Match<N>) -> Option<Row>| matches.iter().map(row).collect::<Vec<_>>();
        let (of, bought, sold) = (rows(|m| Some(m.of)), rows(|m| m.bought), rows(|m| m.sold));
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (fields, rows) in [
            (&self.partition, &of),
            (&self.others, &bought),
            (&self.others, &sold),
        ] {
            for &field in fields {
                columns.push(sources.gather(field, rows)?);
            }
        }
        let texts = matches.iter().map(|m| m.status.name());
        columns.push(Arc::new(StringArray::from_iter_values(texts)));
        let numbers = |number: fn(&Match<N>) -> Option<N>, digits| {
            N::array(matches.iter().map(number), digits)
        };
        columns.push(numbers(|m| Some(m.quantity), self.rules.digits));
        columns.push(numbers(|m| m.cost, self.digits));
        columns.push(numbers(|m| m.proceeds, self.digits));
        columns.push(numbers(|m| m.gain, self.digits));
        if let Some(date) = self.date {
            let dates = sources.columns(date)?;
            let held = |m: &Match<N>| {
                let (bought, sold) = (dates.day(m.bought?)?, dates.day(m.sold?)?);
                Some(i64::from(sold) - i64::from(bought))
            };
            columns.push(Arc::new(matches.iter().map(held).collect::<Int64Array>()));
        }
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }
}

impl<N: Number> Kernel for FifoLots<N> {
    type Partition = Book<N>;
    type Out = Vec<Match<N>>;

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn rows(
        &self,
        book: &mut Book<N>,
        piece: &Piece<'_>,
        rows: Range<usize>,
        out: &mut Vec<Match<N>>,
    ) -> Result<()> {
        let columns = &piece.columns;
        piece.each(rows, |row| {
            let traded = &columns[self.quantity.field];
            let signed: N = self.quantity.read(traded, row)?.unwrap_or_default();
            if signed == N::default() {
                return Ok(());
            }
            let price: Option<N> = self.price.read(&columns[self.price.field], row)?;
            let price = price.ok_or_else(|| {
                let quantity = traded.value(row).shown();
                Fault::new(format!("has no price for its quantity of {quantity}"))
            })?;
            let fee = match self.fee {
                Some(fee) => fee.read(&columns[fee.field], row)?.unwrap_or_default(),
                None => N::default(),
            };
            let quantity = signed.magnitude()?;
            let value = quantity.times(price)?;
            let bought = signed > N::default();
            let lot = Lot {
                row: piece.sources.row(row),
                size: quantity,
                quantity,
                value: if bought {
                    value.plus(fee)?
                } else {
                    value.minus(fee)?
                },
            };
            if bought {
                book.buy(lot, self.rules, out)
            } else {
                book.sell(lot, self.rules, out)
            }
        })
    }

    fn close(
        &self,
        book: Book<N>,
        _: &Sources,
        out: &mut Vec<Match<N>>,
        _: &JobControl,
    ) -> Result<()> {
        out.extend(book.rest(self.rules));
        Ok(())
    }

    fn held<'a>(&self, book: &'a mut Book<N>) -> Vec<&'a mut Row> {
        book.rows().collect()
    }

    fn batches(
        &self,
        matches: Vec<Match<N>>,
        sources: &Sources,
        control: &JobControl,
    ) -> Result<Vec<RecordBatch>> {
        chunked(matches.len(), control, |range| {
            self.batch(&matches[range], sources)
        })
    }
}
