//! Conditions on a cell's value: what rules colour, and what filters show.

use std::cmp::Ordering;

use serde::Deserialize;

use crate::format::NumberFormat;
use crate::value::Value;

/// The conditions of `pressroom/rules.py`; a value of another type than the condition's does not fit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// No value, or an empty text.
    Empty,
    /// A value that has this in it as it is written without a format, without regard to case.
    Contains(String),
    /// `>`, `>=`, `<`, `<=`, `=` or `!=`.
    Compared(Sign, Operand),
    /// From one to the other, both included.
    Between(Operand, Operand),
}

/// How a value and an operand compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Sign {
    /// Greater.
    #[serde(rename = ">")]
    Greater,
    /// Greater or equal.
    #[serde(rename = ">=")]
    AtLeast,
    /// Less.
    #[serde(rename = "<")]
    Less,
    /// Less or equal.
    #[serde(rename = "<=")]
    AtMost,
    /// Equal.
    #[serde(rename = "=")]
    Equal,
    /// Not equal.
    #[serde(rename = "!=")]
    Unequal,
}

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Operand {
    /// `mantissa / 10^scale`.
    Number(i64, i8),
    /// Days since 1970-01-01.
    Date(i32),
    /// Without regard to case.
    Text(String),
    /// Only equal or not.
    Bool(bool),
}

impl Condition {
    /// Whether `value` fits.
    pub fn fits(&self, value: Value<'_>) -> bool {
        match self {
            Self::Empty => matches!(value, Value::Null | Value::Text("")),
            Self::Contains(part) => {
                let mut text = String::new();
                NumberFormat::general().write(value, &mut text);
                text.to_lowercase().contains(&part.to_lowercase())
            }
            Self::Compared(sign, operand) => {
                operand.order(value).is_some_and(|order| sign.holds(order))
            }
            Self::Between(low, high) => {
                low.order(value).is_some_and(Ordering::is_ge)
                    && high.order(value).is_some_and(Ordering::is_le)
            }
        }
    }
}

impl Sign {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
        }
    }
}

impl Operand {
    /// How `value` compares with the operand; `None` for another type.
    fn order(&self, value: Value<'_>) -> Option<Ordering> {
        match (self, value) {
            (Self::Number(mantissa, scale), value) => number_order(value, *mantissa, *scale),
            (Self::Date(day), Value::Date(value)) => Some(value.cmp(day)),
            (Self::Date(day), Value::Timestamp(value)) => {
                const DAY: i64 = 86_400_000_000;
                Some(value.cmp(&(i64::from(*day) * DAY)))
            }
            (Self::Text(text), Value::Text(value)) => {
                Some(value.to_lowercase().cmp(&text.to_lowercase()))
            }
            (Self::Bool(truth), Value::Bool(value)) => Some(value.cmp(truth)),
            _ => None,
        }
    }
}

/// How a number compares with `mantissa / 10^scale`: exact where both have room at one scale.
fn number_order(value: Value<'_>, mantissa: i64, scale: i8) -> Option<Ordering> {
    let (own, own_scale) = match value {
        Value::Int(v) => (v, 0),
        Value::Decimal { mantissa, scale } => (mantissa, scale),
        Value::Float(v) if !v.is_nan() => {
            let operand = mantissa as f64 / 10f64.powi(i32::from(scale));
            return v.partial_cmp(&operand);
        }
        _ => return None,
    };
    let common = own_scale.max(scale);
    let at = |number: i128, scale: i8| {
        10i128
            .checked_pow((common - scale) as u32)
            .and_then(|factor| number.checked_mul(factor))
    };
    Some(
        match (at(own, own_scale), at(i128::from(mantissa), scale)) {
            (Some(own), Some(operand)) => own.cmp(&operand),
            // What has no room at the other's scale is the larger one, up or down.
            (Some(_), None) => 0.cmp(&mantissa),
            (None, _) => own.cmp(&0),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeps(json: &str, value: Value<'_>) -> bool {
        let condition: Condition = serde_json::from_str(json).unwrap();
        condition.fits(value)
    }

    #[test]
    fn numbers_of_any_type_compare_exactly() {
        let ten = r#"{"compared": [">=", {"number": [1000, 2]}]}"#;
        let decimal = |mantissa, scale| Value::Decimal { mantissa, scale };
        assert!(keeps(ten, Value::Int(10)) && !keeps(ten, Value::Int(9)));
        assert!(keeps(ten, decimal(10_000, 3)) && !keeps(ten, decimal(9_999, 3)));
        assert!(keeps(ten, Value::Float(10.0)) && !keeps(ten, Value::Float(f64::NAN)));
        let wide = |tenths: i128| decimal(tenths * 10i128.pow(36), 37);
        assert!(
            !keeps(ten, wide(95))
                && keeps(r#"{"compared": ["<", {"number": [1000, 0]}]}"#, wide(95))
        );
        assert!(keeps(
            r#"{"compared": [">", {"number": [-1000, 0]}]}"#,
            wide(-95)
        ));
        assert!(keeps(ten, Value::Int(i128::MAX)) && !keeps(ten, Value::Int(i128::MIN)));
        assert!(!keeps(ten, Value::Null) && !keeps(ten, Value::Text("10")));
    }

    #[test]
    fn texts_compare_without_regard_to_case() {
        assert!(keeps(r#"{"contains": "LATE"}"#, Value::Text("too late")));
        assert!(
            keeps(r#"{"contains": "5"}"#, Value::Int(152))
                && !keeps(r#"{"contains": "5"}"#, Value::Null)
        );
        assert!(keeps(
            r#"{"compared": ["=", {"text": "Ärger"}]}"#,
            Value::Text("äRGER")
        ));
        assert!(!keeps(
            r#"{"compared": ["!=", {"text": "a"}]}"#,
            Value::Null
        ));
    }

    #[test]
    fn both_ends_and_nothing() {
        let between = r#"{"between": [{"date": 0}, {"date": 2}]}"#;
        let days: Vec<bool> = (-1..=3)
            .map(|day| keeps(between, Value::Date(day)))
            .collect();
        assert_eq!(days, [false, true, true, true, false]);
        assert!(keeps(between, Value::Timestamp(86_400_000_000)));
        assert!(keeps(r#""empty""#, Value::Null) && keeps(r#""empty""#, Value::Text("")));
        assert!(!keeps(r#""empty""#, Value::Text(" ")));
    }
}
