//! The keys that rank first by a total, and all others in one.

use super::codes::Codebook;
use super::crunched::{Others, Top};
use super::pivot::Pivot;
use super::plan::PlanTop;
use super::top::best_first;
use crate::error::Result;
use crate::value::Scalar;

/// The keys of `pivot` that rank first in `top`, ties in the order of the keys.
///
/// The others are one figure of all their rows, never made of their figures. A key whose figure is null or NaN is
/// always among them.
///
/// # Errors
/// [`crate::error::Error::Data`] when an exact figure has more than 128 bits.
pub fn ranking(mut pivot: Pivot, top: &PlanTop, books: &[Option<Codebook>]) -> Result<Top> {
    let mut keys = pivot.take_keys(books);
    let figures: Vec<Scalar> = keys
        .iter_mut()
        .map(|(_, acc)| pivot.figure(acc))
        .collect::<Result<_>>()?;
    let mut best: Vec<usize> = (0..keys.len()).filter(|&i| ranks(&figures[i])).collect();
    best.sort_by(|&a, &b| {
        let (a, b) = (figures[a].as_value(), figures[b].as_value());
        best_first(a, b, top.ascending)
    });
    best.truncate(top.n);

    let rows = best
        .iter()
        .map(|&i| vec![keys[i].0.clone(), figures[i].clone()])
        .collect();
    let mut listed = vec![false; keys.len()];
    best.iter().for_each(|&i| listed[i] = true);
    let count = (keys.len() - best.len()) as u64;
    let measure = pivot.measure();
    // In the order of the keys: float totals are the same in every run.
    let (mut of_listed, mut all) = (measure.empty(), measure.empty());
    for ((_, acc), listed) in keys.into_iter().zip(listed) {
        measure.merge(if listed { &mut of_listed } else { &mut all }, acc)?;
    }
    let of_others = pivot.figure(&mut all)?;
    measure.merge(&mut all, of_listed)?;
    let field = top.of.as_ref().map(|of| of.field.clone());
    Ok(Top {
        fields: field.into_iter().chain([top.by.clone()]).collect(),
        rows,
        others: (count > 0).then_some(Others {
            count,
            values: vec![Scalar::Null, of_others],
        }),
        total: pivot.figure(&mut all)?,
    })
}

/// Whether a figure is a value that has a rank.
fn ranks(figure: &Scalar) -> bool {
    match figure {
        Scalar::Null => false,
        Scalar::Float(v) => !v.is_nan(),
        _ => true,
    }
}
