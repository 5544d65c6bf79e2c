//! The different codes of some rows.

/// Codes below which nothing is gained by looking for equal ones.
const FEW: usize = 32;

/// Codes up to so many times their number are marked in a bit each, which is faster than sorting them.
const DENSE: usize = 64;

/// A set of codes as a list, which is freed of equal ones whenever it has doubled.
#[derive(Debug, Clone, Default)]
pub struct CodeSet {
    codes: Vec<u32>,
    /// So many at the start are sorted and differ.
    settled: usize,
}

impl CodeSet {
    /// Adds a code.
    pub fn add(&mut self, code: u32) {
        // Rows come sorted: many have the code of the row before.
        if self.codes.last() != Some(&code) {
            self.codes.push(code);
            self.settle_if_doubled();
        }
    }

    /// Adds the codes of another set.
    pub fn merge(&mut self, mut other: Self) {
        if self.codes.len() < other.codes.len() {
            std::mem::swap(self, &mut other);
        }
        self.codes.append(&mut other.codes);
        self.settle_if_doubled();
    }

    /// How many codes there are.
    pub fn len(&mut self) -> usize {
        self.settle();
        self.codes.len()
    }

    fn settle_if_doubled(&mut self) {
        if self.codes.len() >= 2 * self.settled.max(FEW) {
            self.settle();
        }
    }

    fn settle(&mut self) {
        if self.settled < self.codes.len() {
            let most = self.codes.iter().max().map_or(0, |most| *most as usize);
            if most / DENSE <= self.codes.len() {
                self.codes = marked(&self.codes, most);
            } else {
                self.codes.sort_unstable();
                self.codes.dedup();
            }
            self.settled = self.codes.len();
        }
    }
}

/// The different ones of `codes`, none of which is larger than `most`.
fn marked(codes: &[u32], most: usize) -> Vec<u32> {
    let mut marks = vec![0u64; most / 64 + 1];
    for code in codes {
        marks[*code as usize / 64] |= 1 << (code % 64);
    }
    let mut different = Vec::new();
    for (place, mut word) in marks.into_iter().enumerate() {
        while word != 0 {
            different.push(place as u32 * 64 + word.trailing_zeros());
            word &= word - 1;
        }
    }
    different
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn merged_sets_count_what_is_in_any_of_them(
            lists in prop::collection::vec(
                prop::collection::vec(prop_oneof![0u32..200, Just(u32::MAX - 1), 0u32..1_000_000], 0..300), 0..8
            )
        ) {
            let mut all = CodeSet::default();
            for list in &lists {
                let mut set = CodeSet::default();
                list.iter().for_each(|&code| set.add(code));
                all.merge(set);
            }
            prop_assert_eq!(all.len(), lists.iter().flatten().collect::<HashSet<_>>().len());
        }
    }
}
