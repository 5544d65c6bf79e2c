//! Quotients of whole numbers, exact in between and rounded once.

use std::cmp::Ordering;

use arrow_buffer::i256;

use super::number::{Fault, fit};
use super::plan::Rounding;

/// `a * b / c`, rounded to a whole number; exact in between.
///
/// # Errors
/// [`Fault`] when the result has too many digits, or `c` is 0.
pub fn ratio(a: i128, b: i128, c: i128, rounding: Rounding) -> Result<i128, Fault> {
    let narrow = || {
        let product = a.checked_mul(b)?;
        let (whole, rest) = (product.checked_div(c)?, product.checked_rem(c)?);
        let twice = rest.unsigned_abs().checked_mul(2)?;
        let away = if (product < 0) == (c < 0) { 1 } else { -1 };
        if rounds_away(twice.cmp(&c.unsigned_abs()), whole % 2 != 0, rounding) {
            whole.checked_add(away)
        } else {
            Some(whole)
        }
    };
    if let Some(whole) = narrow() {
        return fit(Some(whole));
    }
    divided(
        i256::from(a).checked_mul(i256::from(b)),
        Some(i256::from(c)),
        rounding,
    )
}

/// `a / b`, rounded to a whole number.
///
/// # Errors
/// [`Fault`] when either has no room in 256 bits, the result has too many digits, or `b` is 0.
pub fn divided(a: Option<i256>, b: Option<i256>, rounding: Rounding) -> Result<i128, Fault> {
    let quotient = || {
        let (a, b) = (a?, b?);
        let (whole, rest) = (a.checked_div(b)?, a.checked_rem(b)?);
        let twice = rest.checked_abs()?.checked_mul(i256::from(2))?;
        let odd = whole.as_i128() % 2 != 0;
        let away = if a.is_negative() == b.is_negative() {
            1
        } else {
            -1
        };
        let whole = whole.to_i128()?;
        if rounds_away(twice.cmp(&b.checked_abs()?), odd, rounding) {
            whole.checked_add(away)
        } else {
            Some(whole)
        }
    };
    fit(quotient())
}

/// Whether a quotient goes away from zero; `half` compares twice what is left with the divisor.
fn rounds_away(half: Ordering, odd: bool, rounding: Rounding) -> bool {
    half == Ordering::Greater || half == Ordering::Equal && (odd || rounding == Rounding::HalfUp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transform::number::TOO_LARGE;

    #[test]
    fn ratios_round_halves_by_the_rule() {
        let even = |a, b, c| ratio(a, b, c, Rounding::HalfEven);
        assert_eq!(even(5, 1, 2), Ok(2));
        assert_eq!(even(7, 1, 2), Ok(4));
        assert_eq!(even(-5, 1, 2), Ok(-2));
        assert_eq!(even(5, -3, 10), Ok(-2));
        assert_eq!(ratio(5, 1, 2, Rounding::HalfUp), Ok(3));
        assert_eq!(ratio(-5, 1, 2, Rounding::HalfUp), Ok(-3));
        assert_eq!(ratio(5, 1, -2, Rounding::HalfUp), Ok(-3));
        assert_eq!(even(2, 1, 3), Ok(1));
    }

    #[test]
    fn ratios_are_exact_past_128_bits_in_between() {
        let large = TOO_LARGE - 1;
        assert_eq!(ratio(large, large, large, Rounding::HalfEven), Ok(large));
        assert_eq!(ratio(large, -3, 3, Rounding::HalfEven), Ok(-large));
        assert!(ratio(large, 10, 1, Rounding::HalfEven).is_err());
        assert!(ratio(1, 1, 0, Rounding::HalfEven).is_err());
    }
}
