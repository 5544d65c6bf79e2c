//! Independent DEFLATE pieces (RFC 1951) that stand one after the other as one stream.
//!
//! Each chunk is compressed on its own and ends on a byte boundary with an empty stored block; the last two
//! bytes of the entry are an empty final block. Any inflater reads the sequence as one stream.

use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress, Status};

use super::lz::{self, Bits, MIN_MATCH, Match, WINDOW};
use crate::error::{Error, Result};

/// An empty final block: what ends the stream.
pub const END: [u8; 2] = [0x03, 0x00];

/// Text waits here until it is compressed: small enough to stay in a core's cache.
const PIECE: usize = 192 << 10;

/// Measured on ledger rows: 1 is the fastest, 2 costs half as much again and saves a quarter of the bytes.
const LEVEL: u32 = 2;

/// A compressed chunk, its checksum and the length of what it holds.
#[derive(Debug)]
pub struct Chunk {
    /// Whole DEFLATE blocks.
    pub bytes: Vec<u8>,
    /// CRC-32 of the content, ready to be combined.
    pub crc: Hasher,
    /// Length of the content.
    pub raw: u64,
}

/// Compresses what is written to [`Encoder::out`]; used again for every chunk of a thread.
///
/// The default one searches for repetitions (zlib-rs). A [`Encoder::fused`] one is told them by
/// [`Encoder::repeats`], and inflates to the same bytes.
#[derive(Debug)]
pub struct Encoder {
    /// Append content here, and call [`Encoder::spill`] now and then. What stands in it is never changed.
    pub out: Vec<u8>,
    /// Bytes of `out` that are compressed already, kept for the matches of those to come.
    done: usize,
    /// Bytes of the chunk that stood in `out` before its first.
    dropped: u64,
    codec: Codec,
    crc: Hasher,
    raw: u64,
}

#[derive(Debug)]
enum Codec {
    Searching {
        compress: Box<Compress>,
        packed: Vec<u8>,
    },
    Told {
        matches: Vec<Match>,
        bits: Bits,
    },
}

impl Default for Encoder {
    fn default() -> Self {
        Self::searching(LEVEL)
    }
}

impl Encoder {
    fn new(codec: Codec) -> Self {
        Self {
            out: Vec::with_capacity(PIECE + WINDOW + (PIECE >> 3)),
            done: 0,
            dropped: 0,
            codec,
            crc: Hasher::new(),
            raw: 0,
        }
    }

    /// An encoder that searches at this level, 1 to 9.
    pub fn searching(level: u32) -> Self {
        Self::new(Codec::Searching {
            compress: Box::new(Compress::new(Compression::new(level), false)),
            packed: Vec::new(),
        })
    }

    /// An encoder that takes its matches from [`Encoder::repeats`] alone: several times as fast.
    pub fn fused() -> Self {
        Self::new(Codec::Told {
            matches: Vec::with_capacity(PIECE / 16),
            bits: Bits::default(),
        })
    }

    /// Whether [`Encoder::repeats`] is of use.
    pub fn is_fused(&self) -> bool {
        matches!(self.codec, Codec::Told { .. })
    }

    /// Place in the chunk of the byte that comes next.
    pub fn position(&self) -> u64 {
        self.dropped + self.out.len() as u64
    }

    /// Where the chunk's byte `position` stands in `out`; `None` when it has gone.
    pub fn index(&self, position: u64) -> Option<usize> {
        position.checked_sub(self.dropped).map(|at| at as usize)
    }

    /// Says that `length` bytes of `out` from `at` stand `distance` bytes before as well.
    ///
    /// Ranges come in order and do not overlap; those that go on at the same distance become one.
    #[inline]
    pub fn repeats(&mut self, at: usize, length: usize, distance: usize) {
        let Codec::Told { matches, .. } = &mut self.codec else {
            return;
        };
        debug_assert!((at..at + length).all(|i| self.out[i] == self.out[i - distance]));
        if let Some(last) = matches.last_mut() {
            if last.distance == distance && last.at + last.length == at {
                last.length += length;
                return;
            }
            if last.length < MIN_MATCH {
                matches.pop();
            }
        }
        if length > 0 && distance <= WINDOW {
            matches.push(Match {
                at,
                length,
                distance,
            });
        }
    }

    /// Whether enough has gathered for [`Encoder::spill`].
    pub fn is_full(&self) -> bool {
        self.out.len() - self.done >= PIECE
    }

    /// Compresses what has gathered.
    ///
    /// # Errors
    /// [`Error::Plate`] when the codec fails, which its contract rules out.
    pub fn spill(&mut self) -> Result<()> {
        self.pack(FlushCompress::None)?;
        // Matches may reach back as far as the window.
        let kept = self.out.len().min(WINDOW);
        let gone = self.out.len() - kept;
        self.out.copy_within(gone.., 0);
        self.out.truncate(kept);
        self.done = kept;
        self.dropped += gone as u64;
        Ok(())
    }

    /// Ends the chunk and makes the encoder ready for the next.
    ///
    /// # Errors
    /// As [`Encoder::spill`].
    pub fn finish(&mut self) -> Result<Chunk> {
        self.pack(FlushCompress::Sync)?;
        self.out.clear();
        self.done = 0;
        self.dropped = 0;
        let bytes = match &mut self.codec {
            Codec::Searching { compress, packed } => {
                compress.reset();
                std::mem::take(packed)
            }
            Codec::Told { bits, .. } => bits.take(),
        };
        Ok(Chunk {
            bytes,
            crc: std::mem::take(&mut self.crc),
            raw: std::mem::take(&mut self.raw),
        })
    }

    fn pack(&mut self, flush: FlushCompress) -> Result<()> {
        let fresh = &self.out[self.done..];
        self.crc.update(fresh);
        self.raw += fresh.len() as u64;
        match &mut self.codec {
            Codec::Searching { compress, packed } => search(compress, fresh, packed, flush),
            Codec::Told { matches, bits } => {
                if matches.last().is_some_and(|last| last.length < MIN_MATCH) {
                    matches.pop();
                }
                if !fresh.is_empty() {
                    lz::write_block(&self.out, self.done, matches, bits);
                }
                matches.clear();
                Ok(())
            }
        }
    }
}

fn search(
    compress: &mut Compress,
    mut rest: &[u8],
    packed: &mut Vec<u8>,
    flush: FlushCompress,
) -> Result<()> {
    loop {
        packed.reserve((rest.len() / 4).max(4 << 10));
        let before = compress.total_in();
        let status = compress
            .compress_vec(rest, packed, flush)
            .map_err(|e| Error::Plate(format!("deflate: {e}")))?;
        rest = &rest[(compress.total_in() - before) as usize..];
        // A flush is complete when the codec left room in the output.
        let room = packed.len() < packed.capacity();
        if rest.is_empty() && (room || status == Status::BufError) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn chunks_one_after_the_other_inflate_to_their_contents(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5000), 0..6),
            repeat in 1usize..40,
        ) {
            let mut encoder = Encoder::default();
            let (mut stream, mut whole) = (Vec::new(), Vec::new());
            let mut crc = Hasher::new();
            for chunk in &chunks {
                for _ in 0..repeat {
                    encoder.out.extend_from_slice(chunk);
                    whole.extend_from_slice(chunk);
                    if encoder.is_full() {
                        encoder.spill().unwrap();
                    }
                }
                let done = encoder.finish().unwrap();
                prop_assert_eq!(done.raw, (chunk.len() * repeat) as u64);
                crc.combine(&done.crc);
                stream.extend_from_slice(&done.bytes);
            }
            stream.extend_from_slice(&END);
            let mut inflated = Vec::new();
            flate2::read::DeflateDecoder::new(&stream[..]).read_to_end(&mut inflated).unwrap();
            prop_assert!(inflated == whole);
            prop_assert_eq!(crc.finalize(), crc32fast::hash(&whole));
        }
    }
}
