//! The schedule of one loan, in whole units (cents).
//!
//! Interest of a period is `balance * rate / payments a year`, rounded. The equal payment of an annuity is
//! `principal * i / (1 - (1 + i)^-term)` with `i = rate / payments a year`
//! (<https://en.wikipedia.org/wiki/Amortization_calculator#The_formula>), reckoned with 36 digits and then rounded.
//! The last payment settles the rest, so that principals add up.

use arrow_buffer::i256;

use super::dates::months_later;
use super::number::{Fault, Number};
use super::plan::{Repayment, Rounding};
use super::ratio::{divided, ratio};

/// One, with the digits that powers are reckoned with.
const ONE: i128 = 10i128.pow(36);

/// What loans have in common.
#[derive(Debug, Clone)]
pub struct Terms {
    /// A divisor of 12.
    pub payments_a_year: u32,
    /// Interest of a period is `balance * rate / rate_unit`.
    pub rate_unit: i128,
    /// How the principal is repaid.
    pub method: Repayment,
    /// How interest and equal payments are rounded.
    pub rounding: Rounding,
}

/// A loan.
#[derive(Debug, Clone)]
pub struct Loan {
    /// What is lent.
    pub principal: i128,
    /// See [`Terms::rate_unit`].
    pub rate: i128,
    /// Number of payments, at least 1.
    pub term: u32,
    /// The day from which interest runs, in days since 1970-01-01.
    pub start: i32,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// From 1.
    pub number: u32,
    /// The day, in days since 1970-01-01.
    pub due: i32,
    /// Interest and principal.
    pub payment: i128,
    /// What of it is interest.
    pub interest: i128,
    /// What of it is principal.
    pub principal: i128,
    /// What is left of the principal.
    pub balance: i128,
}

impl Terms {
    /// Gives `pay` the payments of `loan`, in their order.
    ///
    /// # Errors
    /// [`Fault`] for figures of too many digits and for days past the calendar's end.
    pub fn schedule(&self, loan: &Loan, mut pay: impl FnMut(Payment)) -> Result<(), Fault> {
        let level = match self.method {
            Repayment::Annuity if loan.rate > 0 => self.annuity(loan)?,
            Repayment::Annuity | Repayment::Linear => {
                ratio(loan.principal, 1, i128::from(loan.term), self.rounding)?
            }
            Repayment::Bullet => 0,
        };
        let months = 12 / self.payments_a_year;
        let mut balance = loan.principal;
        for number in 1..=loan.term {
            let interest = ratio(balance, loan.rate, self.rate_unit, self.rounding)?;
            let principal = match self.method {
                _ if number == loan.term => balance,
                Repayment::Annuity => (level - interest).clamp(0, balance),
                Repayment::Linear => level.min(balance),
                Repayment::Bullet => 0,
            };
            balance -= principal;
            pay(Payment {
                number,
                due: months_later(loan.start, number * months)
                    .ok_or_else(|| Fault::new("has payments past the end of the calendar"))?,
                payment: interest.plus(principal)?,
                interest,
                principal,
                balance,
            });
        }
        Ok(())
    }

    /// The equal payment of an annuity.
    fn annuity(&self, loan: &Loan) -> Result<i128, Fault> {
        let one = i256::from(ONE);
        let unit = i256::from(self.rate_unit);
        let rate = i256::from(loan.rate);
        let discount = divided(
            unit.checked_mul(one),
            unit.checked_add(rate),
            Rounding::HalfEven,
        )?;
        let repaid = i256::from(ONE - power(discount, loan.term)?);
        let interest = i256::from(loan.principal).checked_mul(rate);
        divided(
            interest.and_then(|interest| interest.checked_mul(one)),
            unit.checked_mul(repaid),
            self.rounding,
        )
    }
}

/// `base ^ exponent`, both in units of 1 / [`ONE`].
fn power(base: i128, exponent: u32) -> Result<i128, Fault> {
    let times = |a, b| ratio(a, b, ONE, Rounding::HalfEven);
    let (mut power, mut square, mut left) = (ONE, base, exponent);
    while left > 0 {
        if left % 2 == 1 {
            power = times(power, square)?;
        }
        square = times(square, square)?;
        left /= 2;
    }
    Ok(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100.00 at 12 % a year, three months.
    fn payments(method: Repayment) -> Vec<(i128, i128, i128, i128)> {
        let terms = Terms {
            payments_a_year: 12,
            rate_unit: 1_200,
            method,
            rounding: Rounding::HalfEven,
        };
        let loan = Loan {
            principal: 10_000,
            rate: 12,
            term: 3,
            start: 0,
        };
        let mut payments = Vec::new();
        let pay = |p: Payment| payments.push((p.payment, p.interest, p.principal, p.balance));
        terms.schedule(&loan, pay).expect("a sound loan");
        payments
    }

    #[test]
    fn an_annuity_is_paid_in_equal_payments_and_the_last_settles_the_rest() {
        let expected = [
            (3_400, 100, 3_300, 6_700),
            (3_400, 67, 3_333, 3_367),
            (3_401, 34, 3_367, 0),
        ];
        assert_eq!(payments(Repayment::Annuity), expected);
    }

    #[test]
    fn principal_is_repaid_in_equal_parts_or_at_the_end() {
        let expected = [
            (3_433, 100, 3_333, 6_667),
            (3_400, 67, 3_333, 3_334),
            (3_367, 33, 3_334, 0),
        ];
        assert_eq!(payments(Repayment::Linear), expected);
        let expected = [
            (100, 100, 0, 10_000),
            (100, 100, 0, 10_000),
            (10_100, 100, 10_000, 0),
        ];
        assert_eq!(payments(Repayment::Bullet), expected);
    }

    #[test]
    fn powers_keep_their_digits() {
        assert_eq!(power(ONE / 2, 3), Ok(ONE / 8));
        assert_eq!(power(ONE, 1_200), Ok(ONE));
        assert_eq!(power(ONE / 10, 36), Ok(1));
        assert_eq!(power(ONE / 3, 0), Ok(ONE));
    }
}
