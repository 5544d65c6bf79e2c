//! The different codes of some rows.

/// Codes below which nothing is gained by looking for equal ones.
const FEW: usize = 32;

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
            self.codes.sort_unstable();
            self.codes.dedup();
            self.settled = self.codes.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn merged_sets_count_what_is_in_any_of_them(
            lists in prop::collection::vec(prop::collection::vec(0u32..200, 0..300), 0..8)
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
