//! Dynamic Huffman codes of DEFLATE (RFC 1951 §3.2.2, §3.2.7), built from counts.

/// Literals and lengths: 256 bytes, end of block, 29 lengths.
pub const LITERALS: usize = 286;
/// Distances.
pub const DISTANCES: usize = 30;
/// The symbol that ends a block.
pub const END_OF_BLOCK: usize = 256;
/// Longest code of a literal, a length or a distance.
const MAX_BITS: usize = 15;
/// Longest code of a code length.
const MAX_LENGTH_BITS: usize = 7;
/// Code lengths of code lengths are sent in this order (§3.2.7).
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// Bits of a symbol, first bit lowest, and how many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Code {
    /// The bits as they go to the stream.
    pub bits: u32,
    /// Their number; 0 for a symbol that never comes.
    pub length: u32,
}

/// Lengths of the codes for `counts`, none longer than `most`; a count of 0 gets no code.
///
/// Moffat and Katajainen's calculation in place, then the longest codes shortened until Kraft's sum fits.
fn lengths(counts: &[u32], most: usize) -> Vec<u8> {
    let mut sorted: Vec<(u32, usize)> = counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(symbol, &count)| (count, symbol))
        .collect();
    sorted.sort_unstable();
    let mut lengths = vec![0; counts.len()];
    if sorted.len() < 2 {
        // A code of one symbol still takes a bit (§3.2.7).
        for (_, symbol) in sorted {
            lengths[symbol] = 1;
        }
        return lengths;
    }
    let mut per_length = depths(sorted.iter().map(|(count, _)| u64::from(*count)).collect());
    limit(&mut per_length, most);
    // The rarest symbols get the longest codes.
    let mut symbols = sorted.iter();
    for (length, &number) in per_length.iter().enumerate().rev() {
        for (_, symbol) in symbols.by_ref().take(number) {
            lengths[*symbol] = length as u8;
        }
    }
    lengths
}

/// How many leaves of Huffman's tree stand at each depth; `weights` rise, two at least.
fn depths(mut weights: Vec<u64>) -> Vec<usize> {
    let n = weights.len();
    let (mut root, mut leaf) = (0, 0);
    for next in 0..n - 1 {
        let mut take = |weights: &mut [u64]| {
            if leaf >= n || (root < next && weights[root] < weights[leaf]) {
                let weight = weights[root];
                // An inner node keeps its parent where its weight was.
                weights[root] = next as u64;
                root += 1;
                weight
            } else {
                leaf += 1;
                weights[leaf - 1]
            }
        };
        let pair = take(&mut weights) + take(&mut weights);
        weights[next] = pair;
    }
    weights[n - 2] = 0;
    for node in (0..n - 2).rev() {
        weights[node] = weights[weights[node] as usize] + 1;
    }
    let deepest = weights[..n - 1].iter().max().map_or(0, |d| *d as usize) + 1;
    let mut inner = vec![0usize; deepest + 1];
    for depth in &weights[..n - 1] {
        inner[*depth as usize] += 1;
    }
    let mut leaves = vec![0; deepest + 1];
    for depth in 1..=deepest {
        leaves[depth] = 2 * inner[depth - 1] - inner[depth];
    }
    leaves
}

/// Moves leaves up until none is deeper than `most` and the code is complete.
fn limit(per_length: &mut Vec<usize>, most: usize) {
    let deep: usize = per_length.iter().skip(most + 1).sum();
    per_length.resize(most + 1, 0);
    per_length[most] += deep;
    let full = 1usize << most;
    let mut used: usize = per_length
        .iter()
        .enumerate()
        .skip(1)
        .map(|(length, number)| number << (most - length))
        .sum();
    while used > full {
        // One leaf of the deepest level takes the place beside a shorter one, which moves down a level.
        per_length[most] -= 1;
        let shorter = (1..most).rev().find(|&l| per_length[l] > 0).unwrap_or(most);
        per_length[shorter] -= 1;
        per_length[shorter + 1] += 2;
        used -= 1;
    }
}

/// Canonical codes of `lengths`, their bits reversed for a stream that fills bytes from the lowest bit.
fn codes(lengths: &[u8]) -> Vec<Code> {
    let mut numbers = [0u32; MAX_BITS + 1];
    for &length in lengths {
        numbers[usize::from(length)] += 1;
    }
    numbers[0] = 0;
    let mut next = [0u32; MAX_BITS + 2];
    for length in 1..=MAX_BITS {
        next[length + 1] = (next[length] + numbers[length]) << 1;
    }
    lengths
        .iter()
        .map(|&length| {
            if length == 0 {
                return Code::default();
            }
            let code = next[usize::from(length)];
            next[usize::from(length)] += 1;
            Code {
                bits: code.reverse_bits() >> (32 - u32::from(length)),
                length: u32::from(length),
            }
        })
        .collect()
}

/// The codes of one block.
#[derive(Debug)]
pub struct Codes {
    /// By literal, end of block and length symbol.
    pub literals: Vec<Code>,
    /// By distance symbol.
    pub distances: Vec<Code>,
    lengths: Vec<u8>,
}

impl Codes {
    /// The codes for these counts, which must be above 0 for every symbol that will come.
    pub fn new(literals: &[u32; LITERALS], distances: &[u32; DISTANCES]) -> Self {
        let of_literals = lengths(literals, MAX_BITS);
        let of_distances = lengths(distances, MAX_BITS);
        Self {
            literals: codes(&of_literals),
            distances: codes(&of_distances),
            lengths: [of_literals, of_distances].concat(),
        }
    }

    /// What stands at the head of a block of these codes (§3.2.7), as pieces to write one after the other.
    pub fn header(&self, is_last: bool) -> Vec<Code> {
        let packed = run_lengths(&self.lengths);
        let mut counts = [0u32; 19];
        for piece in &packed {
            counts[piece.symbol] += 1;
        }
        let of_lengths = lengths(&counts, MAX_LENGTH_BITS);
        let code_of = codes(&of_lengths);
        let sent = ORDER
            .iter()
            .rposition(|&symbol| of_lengths[symbol] > 0)
            .map_or(4, |last| (last + 1).max(4));
        let plain = |bits: usize, length: u32| Code {
            bits: bits as u32,
            length,
        };
        let mut pieces = vec![
            plain(usize::from(is_last), 1),
            plain(2, 2),
            plain(LITERALS - 257, 5),
            plain(DISTANCES - 1, 5),
            plain(sent - 4, 4),
        ];
        pieces.extend(
            ORDER[..sent]
                .iter()
                .map(|&s| plain(usize::from(of_lengths[s]), 3)),
        );
        for piece in packed {
            pieces.push(code_of[piece.symbol]);
            if piece.extra_bits > 0 {
                pieces.push(plain(piece.extra, piece.extra_bits));
            }
        }
        pieces
    }
}

/// A code length, or a run of them.
struct Run {
    symbol: usize,
    extra: usize,
    extra_bits: u32,
}

/// Code lengths as symbols 0-15, 16 (repeat 3-6 times), 17 and 18 (3-10 and 11-138 zeros).
fn run_lengths(lengths: &[u8]) -> Vec<Run> {
    let mut runs = Vec::new();
    let run = |symbol: usize, extra: usize, extra_bits: u32| Run {
        symbol,
        extra,
        extra_bits,
    };
    for same in lengths.chunk_by(|a, b| a == b) {
        let value = usize::from(same[0]);
        let mut left = same.len();
        if value > 0 {
            runs.push(run(value, 0, 0));
            left -= 1;
        }
        while left > 0 {
            let (taken, next) = match (value, left) {
                (_, 1 | 2) => (1, run(value, 0, 0)),
                (0, 3..=10) => (left, run(17, left - 3, 3)),
                (0, _) => (left.min(138), run(18, left.min(138) - 11, 7)),
                _ => (left.min(6), run(16, left.min(6) - 3, 2)),
            };
            runs.push(next);
            left -= taken;
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kraft(lengths: &[u8], most: usize) -> usize {
        let used = lengths.iter().filter(|length| **length > 0);
        used.map(|length| 1 << (most - usize::from(*length))).sum()
    }

    #[test]
    fn frequent_symbols_have_the_shorter_codes() {
        assert_eq!(
            lengths(&[5, 9, 12, 13, 16, 45, 0], 15),
            [4, 4, 3, 3, 3, 1, 0]
        );
        assert_eq!(lengths(&[0, 7, 0], 15), [0, 1, 0]);
    }

    #[test]
    fn codes_are_canonical() {
        // The example of RFC 1951 §3.2.2, with its bits reversed.
        let bits: Vec<u32> = codes(&[3, 3, 3, 3, 3, 2, 4, 4])
            .iter()
            .map(|code| code.bits.reverse_bits() >> (32 - code.length))
            .collect();
        assert_eq!(bits, [2, 3, 4, 5, 6, 0, 14, 15]);
    }

    proptest! {
        #[test]
        fn any_counts_make_a_complete_code_within_the_limit(
            counts in prop::collection::vec(prop_oneof![0u32..3, 0u32..100_000, Just(1 << 30)], 2..286),
            most in prop_oneof![Just(9usize), Just(15)],
        ) {
            prop_assume!(counts.iter().filter(|c| **c > 0).count() >= 2);
            let found = lengths(&counts, most);
            prop_assert!(found.iter().all(|length| usize::from(*length) <= most));
            prop_assert_eq!(kraft(&found, most), 1 << most);
            for (count, length) in counts.iter().zip(&found) {
                prop_assert_eq!(*count > 0, *length > 0);
            }
        }

        #[test]
        fn fibonacci_counts_are_the_worst_and_fit(n in 2usize..40, most in 7usize..16) {
            prop_assume!(n <= 1 << most);
            let mut counts = vec![1u32, 1];
            while counts.len() < n {
                counts.push(counts[counts.len() - 1].saturating_add(counts[counts.len() - 2]));
            }
            prop_assert_eq!(kraft(&lengths(&counts, most), most), 1 << most);
        }
    }
}
