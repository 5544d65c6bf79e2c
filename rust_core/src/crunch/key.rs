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

/// Hash and number of keys; with the hash, so that a table that grows looks at no key.
type Table = HashTable<(u64, u32)>;

/// Keys past which many tables share them. One of millions takes a tenth of a second to grow, in which no job could be
/// cancelled; many cost a third more a look-up.
const MANY: usize = 1 << 19;
/// Tables that then share them.
const TABLES: usize = 64;

/// Keys numbered in the order in which they were first seen; allocates once per new key only.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// The keys, up to [`MANY`].
    table: Table,
    /// The keys, once there are more.
    tables: Vec<Table>,
    state: RandomState,
    keys: Vec<Key>,
    /// All texts: millions of them are freed at once, so that a cancelled job ends soon.
    texts: String,
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
        let table = match &mut self.tables[..] {
            [] => &mut self.table,
            tables => &mut tables[place(hash)],
        };
        let entry = table.entry(
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
        let number = found.get().1;
        if self.keys.len() > MANY && self.tables.is_empty() {
            self.share();
        }
        number
    }

    /// Gives the keys to many tables.
    fn share(&mut self) {
        let table = || Table::with_capacity(2 * MANY / TABLES);
        self.tables.resize_with(TABLES, table);
        for (hash, number) in std::mem::take(&mut self.table) {
            self.tables[place(hash)].insert_unique(hash, (hash, number), |(h, _)| *h);
        }
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
        let table = match &self.tables[..] {
            [] => &self.table,
            tables => &tables[place(hash)],
        };
        let found = table.find(hash, is_key);
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

/// The table of a hash among many; its lowest and highest bits say where in that.
fn place(hash: u64) -> usize {
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
    fn millions_of_keys_are_found_in_many_tables() {
        let mut keys = Keys::default();
        let all = MANY as i128 * 3 / 2;
        for n in 0..all {
            assert_eq!(keys.number(Value::Int(n * 7)), n as u32);
        }
        assert_eq!(keys.tables.len(), TABLES);
        assert!(keys.table.is_empty());
        for n in (0..all).step_by(997) {
            assert_eq!(keys.find(Value::Int(n * 7)), Some(n as u32));
            assert_eq!(keys.number(Value::Int(n * 7)), n as u32);
            assert_eq!(keys.find(Value::Int(n * 7 + 1)), None);
        }
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
