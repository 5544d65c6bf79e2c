//! DEFLATE blocks (RFC 1951) of bytes whose repetitions are known: no search, one table of codes a block.
//!
//! ```text
//! <row r="41"><c r="A41" s="3"><v>  907  </v></c><c r="B4 1 " s="4"><v>12</v></c>…
//! └────────────── match ─────────┘└ literals ┘└── match ──┘ └ literal
//! ```

use super::huffman::{Code, Codes, DISTANCES, END_OF_BLOCK, LITERALS};

/// How far back a match may reach, in bytes (RFC 1951 §2).
pub const WINDOW: usize = 32 << 10;
/// Shortest match worth its bits: three literals of an XML row cost about as much.
pub const MIN_MATCH: usize = 4;
/// Longest match (§3.2.5).
const MAX_MATCH: usize = 258;
/// One of so many groups of matches is counted for the table of codes: the others look the same.
const SAMPLED: usize = 4;
const GROUP: usize = 256;

/// Bytes that stand `distance` bytes before as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// Where they begin.
    pub at: usize,
    /// How many there are.
    pub length: usize,
    /// How far back, [`WINDOW`] at the most.
    pub distance: usize,
}

/// Symbol, extra bits and their value of each match length from 3 (§3.2.5).
const LENGTH_SYMBOLS: [(u16, u8, u16); MAX_MATCH + 1] = {
    let mut table = [(0, 0, 0); MAX_MATCH + 1];
    let (mut length, mut symbol) = (3, 257);
    while length < MAX_MATCH {
        let extra: u8 = if symbol < 265 {
            0
        } else {
            ((symbol - 261) / 4) as u8
        };
        let mut value = 0;
        while value < 1 << extra && length < MAX_MATCH {
            table[length] = (symbol, extra, value);
            value += 1;
            length += 1;
        }
        symbol += 1;
    }
    table[MAX_MATCH] = (285, 0, 0);
    table
};

/// Symbol, number of extra bits and their value of a distance from 1 (§3.2.5).
#[inline]
fn distance_symbol(distance: usize) -> (usize, u32, u32) {
    let from_zero = distance as u32 - 1;
    if from_zero < 4 {
        return (from_zero as usize, 0, 0);
    }
    let log = from_zero.ilog2();
    let extra = log - 1;
    let symbol = 2 * log + ((from_zero >> extra) & 1);
    (symbol as usize, extra, from_zero & ((1 << extra) - 1))
}

/// A stream of bits, lowest first.
#[derive(Debug, Default)]
pub struct Bits {
    bytes: Vec<u8>,
    at: usize,
    hold: u64,
    count: u32,
}

impl Bits {
    /// Makes room for `bytes` more.
    fn reserve(&mut self, bytes: usize) {
        let needed = self.at + bytes + 8;
        if self.bytes.len() < needed {
            self.bytes.resize(needed.max(2 * self.bytes.len()), 0);
        }
    }

    /// Appends up to 32 bits; [`Bits::flush`] must follow before 64 have gathered.
    #[inline(always)]
    fn put(&mut self, code: Code) {
        self.hold |= u64::from(code.bits) << self.count;
        self.count += code.length;
    }

    /// Moves whole bytes out; fewer than 8 bits stay.
    #[inline(always)]
    fn flush(&mut self) {
        self.bytes[self.at..self.at + 8].copy_from_slice(&self.hold.to_le_bytes());
        let whole = self.count >> 3;
        self.at += whole as usize;
        self.hold >>= whole * 8;
        self.count &= 7;
    }

    /// Ends on a byte boundary with an empty stored block (§3.2.4), and hands the bytes over.
    pub fn take(&mut self) -> Vec<u8> {
        self.reserve(16);
        self.put(Code { bits: 0, length: 3 });
        self.count = self.count.next_multiple_of(8);
        self.flush();
        self.put(Code {
            bits: 0xFFFF_0000,
            length: 32,
        });
        self.flush();
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.truncate(std::mem::take(&mut self.at));
        self.hold = 0;
        self.count = 0;
        bytes
    }
}

/// Appends `bytes[from..]` as one block; `matches` are those of that range, in order, without overlap.
pub fn write_block(bytes: &[u8], from: usize, matches: &[Match], bits: &mut Bits) {
    let codes = codes_for(bytes, from, matches);
    // A literal takes 15 bits at the most, a match fewer than its bytes as literals would.
    bits.reserve(2 * (bytes.len() - from) + 1024);
    for piece in codes.header(false) {
        bits.put(piece);
        bits.flush();
    }
    let lengths = length_codes(&codes);
    let mut literals = [Code::default(); 256];
    literals.copy_from_slice(&codes.literals[..256]);
    let mut distances = [Code::default(); DISTANCES];
    distances.copy_from_slice(&codes.distances);
    let mut done = from;
    for found in matches {
        write_literals(&bytes[done..found.at], &literals, bits);
        let (symbol, extra, value) = distance_symbol(found.distance);
        let distance = distances[symbol];
        let distance = Code {
            bits: distance.bits | value << distance.length,
            length: distance.length + extra,
        };
        for length in parts(found.length) {
            bits.put(lengths[length]);
            bits.put(distance);
            bits.flush();
        }
        done = found.at + found.length;
    }
    write_literals(&bytes[done..], &literals, bits);
    bits.put(codes.literals[END_OF_BLOCK]);
    bits.flush();
}

#[inline(always)]
fn write_literals(bytes: &[u8], codes: &[Code; 256], bits: &mut Bits) {
    let mut threes = bytes.chunks_exact(3);
    for three in &mut threes {
        bits.put(codes[usize::from(three[0])]);
        bits.put(codes[usize::from(three[1])]);
        bits.put(codes[usize::from(three[2])]);
        bits.flush();
    }
    for byte in threes.remainder() {
        bits.put(codes[usize::from(*byte)]);
    }
    bits.flush();
}

/// A length as lengths of 3 to 258.
#[inline(always)]
fn parts(mut length: usize) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let part = match length {
            0 => return None,
            1..=MAX_MATCH => length,
            // What is left must be a match too.
            259..261 => length - 3,
            _ => MAX_MATCH,
        };
        length -= part;
        Some(part)
    })
}

/// Code and extra bits of each match length.
fn length_codes(codes: &Codes) -> [Code; MAX_MATCH + 1] {
    let mut table = [Code::default(); MAX_MATCH + 1];
    for (entry, (symbol, extra, value)) in table.iter_mut().zip(LENGTH_SYMBOLS).skip(3) {
        let code = codes.literals[usize::from(symbol)];
        *entry = Code {
            bits: code.bits | u32::from(value) << code.length,
            length: code.length + u32::from(extra),
        };
    }
    table
}

/// Codes from a sample of the block; every symbol has one, whether the sample has it or not.
fn codes_for(bytes: &[u8], from: usize, matches: &[Match]) -> Codes {
    let mut literals = [1u32; LITERALS];
    let mut distances = [1u32; DISTANCES];
    let mut count = |bytes: &[u8]| {
        for byte in bytes {
            literals[usize::from(*byte)] += 16;
        }
    };
    let sampled = if matches.len() < SAMPLED * GROUP {
        1
    } else {
        SAMPLED
    };
    let mut lengths = [0u32; MAX_MATCH + 1];
    for group in matches.chunks(GROUP).step_by(sampled) {
        let mut done = group[0].at;
        for found in group {
            count(&bytes[done..found.at]);
            for length in parts(found.length) {
                lengths[length] += 16;
                distances[distance_symbol(found.distance).0] += 16;
            }
            done = found.at + found.length;
        }
    }
    // Before the first match and behind the last, where rows have nothing above them.
    let first = matches.first().map_or(bytes.len(), |found| found.at);
    let last = matches
        .last()
        .map_or(first, |found| found.at + found.length);
    count(&bytes[from..first]);
    count(&bytes[last..]);
    for (count, (symbol, ..)) in lengths.iter().zip(LENGTH_SYMBOLS).skip(3) {
        literals[usize::from(symbol)] += count;
    }
    Codes::new(&literals, &distances)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;
    use crate::xlsx::deflate::END;

    fn inflated(stream: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        flate2::read::DeflateDecoder::new(stream)
            .read_to_end(&mut bytes)
            .unwrap();
        bytes
    }

    #[test]
    fn every_distance_and_length_has_its_symbol() {
        assert_eq!(distance_symbol(1), (0, 0, 0));
        assert_eq!(distance_symbol(5), (4, 1, 0));
        assert_eq!(distance_symbol(24_577), (29, 13, 0));
        assert_eq!(distance_symbol(WINDOW), (29, 13, 8191));
        assert_eq!(LENGTH_SYMBOLS[3], (257, 0, 0));
        assert_eq!(LENGTH_SYMBOLS[12], (265, 1, 1));
        assert_eq!(LENGTH_SYMBOLS[257], (284, 5, 30));
        assert_eq!(LENGTH_SYMBOLS[258], (285, 0, 0));
    }

    proptest! {
        #[test]
        fn blocks_inflate_to_their_bytes(
            pieces in prop::collection::vec(
                (prop::collection::vec(any::<u8>(), 1..40), 3usize..700, 0usize..40_000), 1..60,
            ),
            blocks in 1usize..4,
        ) {
            let (mut bytes, mut stream, mut bits) = (Vec::new(), Vec::new(), Bits::default());
            for _ in 0..blocks {
                let (from, mut matches) = (bytes.len(), Vec::new());
                for (literals, length, back) in &pieces {
                    bytes.extend_from_slice(literals);
                    let distance = 1 + back % bytes.len().min(WINDOW);
                    matches.push(Match { at: bytes.len(), length: *length, distance });
                    for _ in 0..*length {
                        bytes.push(bytes[bytes.len() - distance]);
                    }
                }
                write_block(&bytes, from, &matches, &mut bits);
            }
            stream.extend(bits.take());
            stream.extend(END);
            prop_assert!(inflated(&stream) == bytes);
        }
    }
}
