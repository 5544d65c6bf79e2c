//! Rows by their ids: a hash table in shards, which threads fill at once.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rayon::prelude::*;

use crate::control::JobControl;
use crate::crunch::key::{hash, same};
use crate::error::{Error, Result};
use crate::value::Value;

/// Steps between two looks at the job's control.
const LOOK: usize = 16_384;
/// Tables that ids are spread over, each filled by one thread; a power of two.
const SHARDS: usize = 16;
/// Fewer ids are not worth more than one table.
const FEW: usize = 8_192;

/// The rows by their ids.
pub struct Ids {
    tables: Vec<HashTable<u32>>,
    state: RandomState,
}

impl Ids {
    /// The ids of `rows` rows.
    ///
    /// # Errors
    /// [`Error::Data`] for an id that is missing or comes twice; [`Error::Cancelled`] and
    /// [`Error::DeadlineExceeded`].
    pub fn new<'a>(
        rows: usize,
        id: &(impl Fn(usize) -> Value<'a> + Sync),
        control: &JobControl,
    ) -> Result<Self> {
        let state = RandomState::default();
        let mut hashes = vec![0u64; rows];
        hashes
            .par_chunks_mut(LOOK)
            .enumerate()
            .try_for_each(|(number, chunk)| {
                for (row, of) in (number * LOOK..).zip(chunk) {
                    *of = hash(id(row), &state);
                }
                control.check()
            })?;
        let shards = if rows < FEW { 1 } else { SHARDS };
        let filled: Vec<(HashTable<u32>, Option<[usize; 2]>)> = (0..shards)
            .into_par_iter()
            .map(|shard| {
                let mut table = HashTable::with_capacity(rows / shards);
                for (row, &of) in hashes.iter().enumerate() {
                    if row % LOOK == 0 {
                        control.check()?;
                    }
                    if shard_of(of, shards) != shard {
                        continue;
                    }
                    let value = id(row);
                    let entry = table.entry(
                        of,
                        |&other| same(id(other as usize), value),
                        |&other| hashes[other as usize],
                    );
                    match entry {
                        Entry::Occupied(other) => {
                            return Ok((HashTable::new(), Some([row, *other.get() as usize])));
                        }
                        Entry::Vacant(free) => {
                            free.insert(row as u32);
                        }
                    }
                }
                Ok((table, None))
            })
            .collect::<Result<_>>()?;
        // The first that comes again, whichever table met it.
        if let Some([row, other]) = filled.iter().filter_map(|(_, twice)| *twice).min() {
            return Err(Error::Data(match id(row) {
                Value::Null => format!("rows {} and {} have no id", other + 1, row + 1),
                value => format!(
                    "rows {} and {} have the same id, {}",
                    other + 1,
                    row + 1,
                    value.shown()
                ),
            }));
        }
        Ok(Self {
            tables: filled.into_iter().map(|(table, _)| table).collect(),
            state,
        })
    }

    /// The row whose id is `value`.
    pub fn find<'a>(&self, value: Value<'a>, id: &impl Fn(usize) -> Value<'a>) -> Option<u32> {
        let of = hash(value, &self.state);
        let table = &self.tables[shard_of(of, self.tables.len())];
        table
            .find(of, |&row| same(id(row as usize), value))
            .copied()
    }
}

/// Bits in the middle: a table uses those at both ends.
fn shard_of(hash: u64, shards: usize) -> usize {
    (hash >> 32) as usize & (shards - 1)
}
