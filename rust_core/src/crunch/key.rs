//! Values as keys: one idea of equality for groups, crosstabs and distinct counts.
//!
//! Two nulls are the same key, so are two NaN, and so are 0.0 and -0.0.

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::value::{Scalar, Value};

/// A number whose equality is the key equality of floats.
pub fn float_bits(v: f64) -> u64 {
    if v.is_nan() {
        f64::NAN.to_bits()
    } else {
        (v + 0.0).to_bits()
    }
}

/// Whether two values of one column are the same key.
pub fn same(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => float_bits(a) == float_bits(b),
        (a, b) => a == b,
    }
}

/// A hash that agrees with [`same`].
pub fn hash(value: Value<'_>, state: &RandomState) -> u64 {
    let mut hasher = state.build_hasher();
    match value {
        Value::Null => hasher.write_u8(1),
        Value::Bool(v) => hasher.write_u8(u8::from(v)),
        Value::Int(v) | Value::Decimal { mantissa: v, .. } => hasher.write_i128(v),
        Value::Float(v) => hasher.write_u64(float_bits(v)),
        Value::Text(v) => hasher.write(v.as_bytes()),
        Value::Date(v) => hasher.write_i32(v),
        Value::Timestamp(v) | Value::Time(v) => hasher.write_i64(v),
    }
    hasher.finish()
}

/// One key.
#[derive(Debug, Clone)]
enum Key {
    /// Where its text stands among all.
    Text(Range<usize>),
    Other(Scalar),
}

impl Key {
    fn value<'a>(&'a self, texts: &'a str) -> Value<'a> {
        match self {
            Self::Text(place) => Value::Text(&texts[place.clone()]),
            Self::Other(value) => value.as_value(),
        }
    }
}

/// Tables that share the keys. One table of millions takes a tenth of a second to grow, in which no job could be
/// cancelled.
const TABLES: usize = 64;

/// Keys numbered in the order in which they were first seen; allocates once per new key only.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Hash and number of each key; with its hash, so that a table that grows looks at no key.
    tables: [HashTable<(u64, u32)>; TABLES],
    state: RandomState,
    keys: Vec<Key>,
    /// All texts: millions of them are freed at once, so that a cancelled job ends soon.
    texts: String,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            tables: [const { HashTable::new() }; TABLES],
            state: RandomState::default(),
            keys: Vec::new(),
            texts: String::new(),
        }
    }
}

impl Keys {
    /// The number of `value`, new or old.
    pub fn number(&mut self, value: Value<'_>) -> u32 {
        // One key, one value: its place among the sorted keys must not hang on which NaN or which zero came first.
        let value = match value {
            Value::Float(v) => Value::Float(f64::from_bits(float_bits(v))),
            other => other,
        };
        let hash = hash(value, &self.state);
        let (keys, texts) = (&mut self.keys, &mut self.texts);
        let entry = self.tables[table(hash)].entry(
            hash,
            |(h, n)| *h == hash && same(keys[*n as usize].value(texts), value),
            |(h, _)| *h,
        );
        let found = entry.or_insert_with(|| {
            keys.push(match value {
                Value::Text(text) => {
                    let start = texts.len();
                    texts.push_str(text);
                    Key::Text(start..texts.len())
                }
                other => Key::Other(other.to_scalar()),
            });
            (hash, (keys.len() - 1) as u32)
        });
        found.get().1
    }

    /// Adds `value` and says whether it is new.
    pub fn insert(&mut self, value: Value<'_>) -> bool {
        let before = self.keys.len();
        self.number(value);
        self.keys.len() > before
    }

    /// The number of `value`, if it has one.
    pub fn find(&self, value: Value<'_>) -> Option<u32> {
        let hash = hash(value, &self.state);
        let is_key = |(h, n): &(u64, u32)| *h == hash && same(self.get(*n as usize), value);
        let found = self.tables[table(hash)].find(hash, is_key);
        found.map(|(_, number)| *number)
    }

    /// The key of number `number`, which must be less than [`Keys::len`].
    pub fn get(&self, number: usize) -> Value<'_> {
        self.keys[number].value(&self.texts)
    }

    /// Bytes of all texts among the keys.
    pub fn text_bytes(&self) -> usize {
        self.texts.len()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }
}

/// The table of a hash; its lowest and highest bits say where in it.
fn table(hash: u64) -> usize {
    (hash >> 32) as usize % TABLES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_share_a_number() {
        let mut keys = Keys::default();
        assert_eq!(keys.number(Value::Float(0.0)), 0);
        assert_eq!(keys.number(Value::Float(-0.0)), 0);
        assert_eq!(keys.number(Value::Float(f64::NAN)), 1);
        assert_eq!(keys.number(Value::Float(-f64::NAN)), 1);
        assert_eq!(keys.number(Value::Null), 2);
        assert_eq!(keys.number(Value::Null), 2);
        assert_eq!(keys.len(), 3);
    }

    #[test]
    fn many_texts_keep_their_numbers() {
        let mut keys = Keys::default();
        let texts: Vec<String> = (0..5_000).map(|i| format!("key {i}")).collect();
        for (i, text) in texts.iter().enumerate() {
            assert_eq!(keys.number(Value::Text(text)), i as u32);
        }
        assert_eq!(keys.number(Value::Text("key 17")), 17);
        assert_eq!(keys.get(17), Value::Text("key 17"));
        assert_eq!(keys.text_bytes(), texts.concat().len());
        assert!(!keys.insert(Value::Text("key 4999")));
        assert!(keys.insert(Value::Text("key 5000")));
    }
}
