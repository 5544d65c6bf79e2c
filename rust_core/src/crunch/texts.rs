//! What statistics ask of texts: the longest, their order, how many characters they have.

use arrow_array::{Array, StringArray};

/// How many of the longest texts are kept.
const LONGEST: usize = 8;

/// The longest different texts, longest first; of equal lengths the first that came.
#[derive(Debug, Clone, Default)]
pub struct Longest(Vec<(u32, String)>);

impl Longest {
    /// Adds a text.
    pub fn add(&mut self, text: &str) {
        // Bytes are no fewer than characters: most texts are left out without counting those.
        if self.0.len() == LONGEST && self.0[LONGEST - 1].0 as usize >= text.len() {
            return;
        }
        self.add_counted(text.chars().count() as u32, text);
    }

    /// Adds those of later rows.
    pub fn merge(&mut self, later: &Self) {
        for (chars, text) in &later.0 {
            self.add_counted(*chars, text);
        }
    }

    /// Characters of the longest.
    pub fn chars(&self) -> u32 {
        self.0.first().map_or(0, |(chars, _)| *chars)
    }

    /// The texts, longest first.
    pub fn into_texts(self) -> Vec<String> {
        self.0.into_iter().map(|(_, text)| text).collect()
    }

    fn add_counted(&mut self, chars: u32, text: &str) {
        if self.0.len() == LONGEST && self.0[LONGEST - 1].0 >= chars {
            return;
        }
        if self.0.iter().any(|(_, t)| t == text) {
            return;
        }
        let at = self.0.partition_point(|(c, _)| *c >= chars);
        self.0.insert(at, (chars, text.to_owned()));
        self.0.truncate(LONGEST);
    }
}

/// The first eight bytes as a number that orders as the texts do, where it differs.
pub fn head(text: &str) -> u64 {
    let bytes = text.as_bytes();
    match bytes.first_chunk() {
        Some(first) => u64::from_be_bytes(*first),
        None => {
            let mut first = [0; 8];
            first[..bytes.len()].copy_from_slice(bytes);
            u64::from_be_bytes(first)
        }
    }
}

/// Characters of all texts together.
pub fn chars(texts: &StringArray) -> u64 {
    // Every byte that does not continue a character (RFC 3629) begins one.
    let count = |bytes: &[u8]| bytes.iter().filter(|byte| (**byte as i8) >= -0x40).count() as u64;
    match (texts.null_count(), texts.value_offsets()) {
        (0, [first, .., last]) => count(&texts.value_data()[*first as usize..*last as usize]),
        _ => texts
            .iter()
            .flatten()
            .map(|text| count(text.as_bytes()))
            .sum(),
    }
}
