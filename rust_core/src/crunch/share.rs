//! Shares: the part that a value, or the sum of a group, is of the whole around it.

use std::ops::Range;

use super::crunched::Crunched;
use super::total::ratio;
use crate::value::{Column, Scalar};

/// Writes the share of each row of `part` that has a value, unless the whole adds up to nothing.
pub fn rows(column: &Column<'_>, part: Range<usize>, of: &Scalar, shares: &mut [Option<f64>]) {
    match *of {
        Scalar::Int(of) | Scalar::Decimal { mantissa: of, .. } if of != 0 => {
            column.for_each_int(part, |i, v| shares[i] = Some(ratio(v, of, 0)));
        }
        Scalar::Float(of) => column.for_each_float(part, |i, v| {
            shares[i] = Some(v / of).filter(|share| share.is_finite());
        }),
        _ => {}
    }
}

/// Makes shares of the sums that stand where the plan totals column `place`, which is a share within `whole`: of each
/// group the part that it is of the whole around it; `total` is the number of the source's sums. There is no share of
/// a group with several wholes in it.
pub fn totals(crunched: &mut Crunched, place: usize, total: usize, whole: Option<usize>) {
    let asked: Vec<usize> = (0..crunched.plan.totals.len())
        .filter(|number| crunched.plan.totals[*number].column == place)
        .collect();
    let of_whole: Vec<(u64, Scalar)> = match whole {
        None => vec![(0, crunched.totals[total].clone())],
        Some(level) => {
            let groups = crunched.levels[level].groups.iter();
            groups
                .map(|g| (g.first_row, g.totals[total].clone()))
                .collect()
        }
    };
    let shown = |level: Option<usize>| whole.is_none() || level >= whole;
    let share = |first_row: u64, sum: &Scalar| {
        let at = of_whole.partition_point(|(first, _)| *first <= first_row);
        let whole = at.checked_sub(1).map(|at| &of_whole[at].1);
        whole.map_or(Scalar::Null, |whole| part_of(sum, whole))
    };
    for (number, level) in crunched.levels.iter_mut().enumerate() {
        for group in &mut level.groups {
            let value = match shown(Some(number)) {
                true => share(group.first_row, &group.totals[total]),
                false => Scalar::Null,
            };
            asked.iter().for_each(|&a| group.totals[a] = value.clone());
        }
    }
    let value = match shown(None) {
        true => share(0, &crunched.totals[total]),
        false => Scalar::Null,
    };
    asked
        .iter()
        .for_each(|&a| crunched.totals[a] = value.clone());
}

/// The part that a sum is of another of the same column.
fn part_of(sum: &Scalar, whole: &Scalar) -> Scalar {
    let share = match (sum, whole) {
        (Scalar::Int(a), Scalar::Int(b))
        | (Scalar::Decimal { mantissa: a, .. }, Scalar::Decimal { mantissa: b, .. }) => {
            (*b != 0).then(|| ratio(*a, *b, 0))
        }
        (Scalar::Float(a), Scalar::Float(b)) => Some(a / b).filter(|share| share.is_finite()),
        _ => None,
    };
    share.map_or(Scalar::Null, Scalar::Float)
}
