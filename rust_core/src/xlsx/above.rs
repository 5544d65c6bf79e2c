//! What a row repeats of the last row of its band: the matches that [`super::deflate::Encoder::fused`] is told.
//!
//! ```text
//! above  <c r="B41" s="3"><v>9070</v></c><c r="C41" …
//! row    <c r="B42" s="3"><v>9118</v></c><c r="C42" …
//!        └───┬───┘└───┬─────┘│ └───────┬───────┘
//!       the number's  │  a value's     │
//!       first digits  │  own bytes     the same again, up to the number's last digits
//!                     style and the value's first bytes
//! ```

use super::bands::Band;
use super::deflate::Encoder;
use super::lz::WINDOW;

/// From this length on, what a text does not share with the one above is looked for in the texts before.
const SEARCHED: usize = 10;
/// Bytes that a search compares at least.
const STEP: usize = 5;
const TABLE_BITS: u32 = 13;

/// Where a row's parts end, in bytes from its start.
#[derive(Debug, Default)]
struct Row {
    /// Place in the chunk.
    start: u64,
    /// Digits of its number.
    digits: usize,
    /// Ends of its tag and of its cells.
    ends: Vec<u32>,
}

/// The last row of each band of a chunk.
#[derive(Debug)]
pub struct Above {
    rows: Vec<Row>,
    row: Row,
    texts: Texts,
}

impl Above {
    /// Nothing above yet, for bands numbered up to `bands`.
    pub fn new(bands: usize) -> Self {
        Self {
            rows: (0..bands).map(|_| Row::default()).collect(),
            row: Row::default(),
            texts: Texts::default(),
        }
    }

    /// A row begins, with so many digits in its number.
    #[inline]
    pub fn begin(&mut self, encoder: &Encoder, digits: usize) {
        self.row.start = encoder.position();
        self.row.digits = digits;
        self.row.ends.clear();
    }

    /// The row's tag or a cell has been written.
    #[inline]
    pub fn part(&mut self, encoder: &Encoder) {
        self.row
            .ends
            .push((encoder.position() - self.row.start) as u32);
    }

    /// The row has been written: tells the encoder what stands in the row above too.
    pub fn end(&mut self, band: &Band, encoder: &mut Encoder) {
        let above = &mut self.rows[band.number];
        std::mem::swap(above, &mut self.row);
        let (row, above) = (&*above, &self.row);
        if !encoder.is_fused() || above.ends.len() != row.ends.len() {
            return;
        }
        let (Some(new), Some(old)) = (encoder.index(row.start), encoder.index(above.start)) else {
            return;
        };
        if new - old > WINDOW {
            return;
        }
        let (digits_at, _) = band.fixed(0);
        let number = &encoder.out[new + digits_at..new + digits_at + row.digits];
        let same_digits = same_start(number, &encoder.out[old + digits_at..]).min(above.digits);
        let (mut at, mut from) = (new, old);
        for (part, (&end, &end_above)) in row.ends.iter().zip(&above.ends).enumerate() {
            let (open, style) = band.fixed(part);
            let (end, end_above) = (new + end as usize, old + end_above as usize);
            encoder.repeats(at, open + same_digits, at - from);
            at += open + row.digits;
            from += open + above.digits;
            let fresh = &encoder.out[at + style..end];
            let past = &encoder.out[from + style..end_above];
            let start = same_start(fresh, past);
            let equal = start == fresh.len() && fresh.len() == past.len();
            let tail = match equal {
                true => 0,
                false => same_end(&fresh[start..], &past[start..]),
            };
            encoder.repeats(at, style + start, at - from);
            if !equal {
                let middle = at + style + start..end - tail;
                if middle.len() >= SEARCHED {
                    self.texts.find(middle, row.start - new as u64, encoder);
                }
                encoder.repeats(end - tail, tail, end - end_above);
            }
            (at, from) = (end, end_above);
        }
        let end = "</row>".len();
        encoder.repeats(at, end, at - from);
    }
}

/// How many bytes two slices share at their start.
#[inline]
fn same_start(a: &[u8], b: &[u8]) -> usize {
    let mut same = 0;
    for (x, y) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        let differs = word(x) ^ word(y);
        if differs != 0 {
            return same + differs.trailing_zeros() as usize / 8;
        }
        same += 8;
    }
    same + a[same..]
        .iter()
        .zip(&b[same..])
        .take_while(|(x, y)| x == y)
        .count()
}

/// How many bytes two slices share at their end.
#[inline]
fn same_end(a: &[u8], b: &[u8]) -> usize {
    let mut same = 0;
    for (x, y) in a.rchunks_exact(8).zip(b.rchunks_exact(8)) {
        let differs = word(x) ^ word(y);
        if differs != 0 {
            return same + differs.leading_zeros() as usize / 8;
        }
        same += 8;
    }
    let (a, b) = (&a[..a.len() - same], &b[..b.len() - same]);
    same + a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(x, y)| x == y)
        .count()
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// Where texts stand that were written before, by a hash of their first bytes.
#[derive(Debug)]
struct Texts {
    /// Places in the chunk, one higher so that 0 is none.
    places: Vec<u32>,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            places: vec![0; 1 << TABLE_BITS],
        }
    }
}

impl Texts {
    /// Looks for the bytes of `range` in what was written before; `dropped` is the place in the chunk of index 0.
    fn find(&mut self, range: std::ops::Range<usize>, dropped: u64, encoder: &mut Encoder) {
        let mut at = range.start;
        while at + STEP <= range.end {
            let first = u32::from_le_bytes([
                encoder.out[at],
                encoder.out[at + 1],
                encoder.out[at + 2],
                encoder.out[at + 3],
            ]);
            let slot = (first.wrapping_mul(0x9E37_79B1) >> (32 - TABLE_BITS)) as usize;
            let place = dropped as u32 + at as u32 + 1;
            let earlier = std::mem::replace(&mut self.places[slot], place);
            let distance = place.wrapping_sub(earlier) as usize;
            if earlier != 0 && (1..=at.min(WINDOW)).contains(&distance) {
                let same = same_start(&encoder.out[at..range.end], &encoder.out[at - distance..]);
                if same >= STEP {
                    encoder.repeats(at, same, distance);
                    at += same;
                    continue;
                }
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;
    use crate::xlsx::bands::{Cell, Content};
    use crate::xlsx::deflate::END;
    use crate::xlsx::rows::ROW;

    fn band(number: usize, cells: usize) -> Band {
        Band {
            number,
            row_end: format!("\" outlineLevel=\"{number}\">").into_bytes(),
            cells: (0..cells as u32)
                .map(|column| Cell {
                    column,
                    open: format!("<c r=\"{column}").into_bytes(),
                    style: format!("\" s=\"{}\"", column % 3).into_bytes(),
                    content: Content::Blank,
                })
                .collect(),
        }
    }

    fn write(above: &mut Above, band: &Band, number: usize, value: &str, encoder: &mut Encoder) {
        let digits = number.to_string();
        above.begin(encoder, digits.len());
        for piece in [ROW, digits.as_bytes(), &band.row_end] {
            encoder.out.extend_from_slice(piece);
        }
        above.part(encoder);
        for (place, cell) in band.cells.iter().enumerate() {
            let (open, style) = (cell.open.as_slice(), cell.style.as_slice());
            let shown: String = value.chars().skip(place).collect();
            for piece in [
                open,
                digits.as_bytes(),
                style,
                b"><v>",
                shown.as_bytes(),
                b"</v></c>",
            ] {
                encoder.out.extend_from_slice(piece);
            }
            above.part(encoder);
        }
        encoder.out.extend_from_slice(b"</row>");
        above.end(band, encoder);
    }

    /// Rows of several bands in chunks, and what the stream of an encoder inflates to.
    fn inflated(
        chunks: &[Vec<(usize, String)>],
        first: usize,
        cells: usize,
        mut encoder: Encoder,
    ) -> Vec<u8> {
        let bands: Vec<Band> = (0..3).map(|number| band(number, cells + number)).collect();
        let (mut stream, mut number) = (Vec::new(), first);
        for chunk in chunks {
            let mut above = Above::new(bands.len());
            for (place, (which, value)) in chunk.iter().enumerate() {
                write(&mut above, &bands[*which], number, value, &mut encoder);
                number += 1;
                if encoder.is_full() || place % 97 == 96 {
                    encoder.spill().unwrap();
                }
            }
            stream.extend(encoder.finish().unwrap().bytes);
        }
        stream.extend(END);
        let mut bytes = Vec::new();
        flate2::read::DeflateDecoder::new(&stream[..])
            .read_to_end(&mut bytes)
            .unwrap();
        bytes
    }

    proptest! {
        #[test]
        fn equal_starts_and_ends_are_found(
            a in prop::collection::vec(0u8..3, 0..40), b in prop::collection::vec(0u8..3, 0..40),
        ) {
            let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
            let end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
            prop_assert_eq!(same_start(&a, &b), start);
            prop_assert_eq!(same_end(&a, &b), end);
        }

        #[test]
        fn rows_inflate_to_the_same_bytes_with_matches_told_and_with_matches_searched(
            chunks in prop::collection::vec(prop::collection::vec(
                (0usize..3, prop_oneof!["[0-9]{0,9}", "(North|South|é|ab ){0,12}", "a{0,700}"]), 0..150,
            ), 1..4),
            first in prop_oneof![1usize..2000, 999_900usize..1_000_100],
            cells in prop_oneof![0usize..12, Just(120)],
        ) {
            let told = inflated(&chunks, first, cells, Encoder::fused());
            let searched = inflated(&chunks, first, cells, Encoder::default());
            prop_assert!(told == searched);
        }
    }
}
