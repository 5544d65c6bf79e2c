//! The lots that are open in one partition, and what sales and purchases do to them.

use std::collections::VecDeque;

use super::number::{Fault, Number};
use super::plan::{Method, Short};
use super::sources::Row;

/// The rules by which sales take lots.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Which lot a sale takes.
    pub method: Method,
    /// What a sale without lots is.
    pub short: Short,
    /// Digits of quantities after the point, for messages.
    pub digits: i8,
}

/// A lot, or a sale that waits for one.
#[derive(Debug)]
pub struct Lot<N> {
    /// The trade.
    pub row: Row,
    /// How many there were.
    pub size: N,
    /// What is left of it, above zero.
    pub quantity: N,
    /// Cost of what is left of a lot, proceeds of what is left of a sale.
    pub value: N,
}

/// What is open of a partition: lots or sales, never both.
#[derive(Debug)]
pub struct Book<N> {
    lots: VecDeque<Lot<N>>,
    shorts: VecDeque<Lot<N>>,
}

/// How a row of the table came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Bought and sold.
    Closed,
    /// Sold without a lot, by the rule.
    ZeroCost,
    /// Bought and not yet sold.
    Open,
    /// Sold and not yet bought.
    Short,
}

/// A row of the table.
#[derive(Debug)]
pub struct Match<N> {
    /// How it came about.
    pub status: Status,
    /// A row of the partition.
    pub of: Row,
    /// The purchase.
    pub bought: Option<Row>,
    /// The sale.
    pub sold: Option<Row>,
    /// How many.
    pub quantity: N,
    /// Of the purchase.
    pub cost: Option<N>,
    /// Of the sale.
    pub proceeds: Option<N>,
    /// Proceeds less cost.
    pub gain: Option<N>,
}

impl Status {
    /// The text that the table shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::ZeroCost => "zero_cost",
            Self::Open => "open",
            Self::Short => "short",
        }
    }
}

impl Rules {
    /// The purchase that a table shows: lots at average cost have none.
    fn bought(&self, lot: Row) -> Option<Row> {
        (self.method != Method::Average).then_some(lot)
    }
}

impl<N: Number> Lot<N> {
    /// Takes `quantity` off, and gives its share of the value; all of it when nothing is left.
    fn take(&mut self, quantity: N) -> Result<N, Fault> {
        let left = self.quantity.minus(quantity)?;
        if !left.is_left(self.size) {
            self.quantity = N::default();
            return Ok(std::mem::take(&mut self.value));
        }
        let value = self.value.share(quantity, self.quantity)?;
        self.quantity = left;
        self.value = self.value.minus(value)?;
        Ok(value)
    }
}

impl<N> Default for Book<N> {
    fn default() -> Self {
        Self {
            lots: VecDeque::new(),
            shorts: VecDeque::new(),
        }
    }
}

impl<N: Number> Book<N> {
    /// Covers sales that wait, and keeps the rest as a lot.
    ///
    /// # Errors
    /// [`Fault`] for figures of too many digits.
    pub fn buy(
        &mut self,
        mut lot: Lot<N>,
        rules: Rules,
        out: &mut Vec<Match<N>>,
    ) -> Result<(), Fault> {
        while lot.quantity > N::default()
            && let Some(short) = self.shorts.front_mut()
        {
            out.push(close(&mut lot, short, rules)?);
            if short.quantity <= N::default() {
                self.shorts.pop_front();
            }
        }
        if lot.quantity <= N::default() {
            return Ok(());
        }
        match (rules.method, self.lots.front_mut()) {
            (Method::Average, Some(pool)) => {
                pool.row = lot.row;
                pool.quantity = pool.quantity.plus(lot.quantity)?;
                pool.size = pool.quantity;
                pool.value = pool.value.plus(lot.value)?;
            }
            _ => self.lots.push_back(lot),
        }
        Ok(())
    }

    /// Takes lots by the rules; what no lot is there for is what the rules say.
    ///
    /// # Errors
    /// [`Fault`] for a sale without lots where that is an error, and for figures of too many digits.
    pub fn sell(
        &mut self,
        mut sale: Lot<N>,
        rules: Rules,
        out: &mut Vec<Match<N>>,
    ) -> Result<(), Fault> {
        while sale.quantity > N::default() {
            let newest = rules.method == Method::Lifo;
            let lot = if newest {
                self.lots.back_mut()
            } else {
                self.lots.front_mut()
            };
            let Some(lot) = lot else { break };
            out.push(close(lot, &mut sale, rules)?);
            if lot.quantity <= N::default() {
                if newest {
                    self.lots.pop_back();
                } else {
                    self.lots.pop_front();
                }
            }
        }
        if sale.quantity <= N::default() {
            return Ok(());
        }
        match rules.short {
            Short::Error => {
                return Err(Fault::new(format!(
                    "sells {} more than was bought before; correct the rows, or say short: zero_cost or short: open",
                    sale.quantity.text(rules.digits)
                )));
            }
            Short::Open => self.shorts.push_back(sale),
            Short::ZeroCost => out.push(Match {
                status: Status::ZeroCost,
                of: sale.row,
                bought: None,
                sold: Some(sale.row),
                quantity: sale.quantity,
                cost: Some(N::default()),
                proceeds: Some(sale.value),
                gain: Some(sale.value),
            }),
        }
        Ok(())
    }

    /// What is open at the end.
    pub fn rest(self, rules: Rules) -> impl Iterator<Item = Match<N>> {
        let lots = self.lots.into_iter().map(move |lot| Match {
            status: Status::Open,
            of: lot.row,
            bought: rules.bought(lot.row),
            sold: None,
            quantity: lot.quantity,
            cost: Some(lot.value),
            proceeds: None,
            gain: None,
        });
        let shorts = self.shorts.into_iter().map(|sale| Match {
            status: Status::Short,
            of: sale.row,
            bought: None,
            sold: Some(sale.row),
            quantity: sale.quantity,
            cost: None,
            proceeds: Some(sale.value),
            gain: None,
        });
        lots.chain(shorts)
    }

    /// The rows that are open.
    pub fn rows(&mut self) -> impl Iterator<Item = &mut Row> {
        let open = self.lots.iter_mut().chain(&mut self.shorts);
        open.map(|lot| &mut lot.row)
    }
}

/// Matches as much of `sale` as `lot` has, and takes it off both.
fn close<N: Number>(lot: &mut Lot<N>, sale: &mut Lot<N>, rules: Rules) -> Result<Match<N>, Fault> {
    let quantity = if lot.quantity < sale.quantity {
        lot.quantity
    } else {
        sale.quantity
    };
    let cost = lot.take(quantity)?;
    let proceeds = sale.take(quantity)?;
    Ok(Match {
        status: Status::Closed,
        of: sale.row,
        bought: rules.bought(lot.row),
        sold: Some(sale.row),
        quantity,
        cost: Some(cost),
        proceeds: Some(proceeds),
        gain: Some(proceeds.minus(cost)?),
    })
}
