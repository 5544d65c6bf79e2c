//! The spool: a report's rows as an Arrow IPC file, written once and then mapped into memory.
//!
//! ```text
//! ARROW1 | schema | batch | batch | ... | footer (schema, place of each batch) | length of footer | ARROW1
//! ```
//! Buffers stand at multiples of 64 bytes, so that the mapped batches need no copy.
//!
//! A batch is written beside the work on what comes next, by whichever of the pool's threads gets to it: a thread of its
//! own would take a core from one of them in the middle of a chunk, for which all others then wait.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::root_as_footer;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use memmap2::{Mmap, UncheckedAdvice};

use crate::error::{Error, Result};

/// Bytes that are gathered before they are handed to the system.
const WRITE_BUFFER: usize = 1 << 20;
/// A page of memory, or a multiple of one: 64 KiB is the largest in use (Arm, Power).
const PAGE: usize = 64 << 10;
/// Length of what follows the footer.
const TRAILER: usize = 10;

/// A spool being written.
pub struct SpoolWriter {
    writer: FileWriter<BufWriter<File>>,
    path: PathBuf,
    /// Batches to be written next.
    waiting: Vec<RecordBatch>,
    rows: u64,
}

impl SpoolWriter {
    /// Starts a spool at `path`, which must not be in use.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::DiskFull`].
    pub fn create(path: &Path, schema: &Schema) -> Result<Self> {
        let file = File::create(path).map_err(|e| Error::io(path, e))?;
        let writer = FileWriter::try_new(BufWriter::with_capacity(WRITE_BUFFER, file), schema)
            .map_err(|e| failed(path, e))?;
        Ok(Self {
            writer,
            path: path.to_path_buf(),
            waiting: Vec::new(),
            rows: 0,
        })
    }

    /// Adds a batch, which stays in memory until it is written [`beside`](Self::beside) some work or at the end.
    pub fn add(&mut self, batch: RecordBatch) {
        self.rows += batch.num_rows() as u64;
        self.waiting.push(batch);
    }

    /// Does `work` and writes what was added meanwhile. Runs on the pool it is called in.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::DiskFull`].
    pub fn beside<T: Send>(&mut self, work: impl FnOnce() -> T + Send) -> Result<T> {
        let (done, written) = rayon::join(work, || self.write());
        written?;
        Ok(done)
    }

    /// Writes what is left and the footer; returns the rows of the spool.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::DiskFull`].
    pub fn finish(mut self) -> Result<u64> {
        self.write()?;
        self.writer.finish().map_err(|e| failed(&self.path, e))?;
        let file = self.writer.get_mut();
        file.flush().map_err(|e| Error::io(&self.path, e))?;
        Ok(self.rows)
    }

    fn write(&mut self) -> Result<()> {
        for batch in self.waiting.drain(..) {
            let written = self.writer.write(&batch);
            written.map_err(|e| failed(&self.path, e))?;
        }
        Ok(())
    }
}

/// A finished spool in memory: a map of the file, of which the system keeps as much as is looked at.
#[derive(Debug, Default)]
pub struct Spool {
    map: Option<Arc<Mmap>>,
    /// Bytes of the file that each batch takes.
    places: Vec<Range<usize>>,
}

impl Spool {
    /// Gives the memory of batch `batch` back to the system; who looks at it again reads it from the file.
    ///
    /// Mapped pages count as the process's until they are given back, however free the system is to take them.
    pub fn release(&self, batch: usize) {
        let (Some(map), Some(place)) = (&self.map, self.places.get(batch)) else {
            return;
        };
        // Pages at the ends hold bytes of the neighbours too, which may be in use.
        let start = place.start.next_multiple_of(PAGE);
        let Some(length) = (place.end / PAGE * PAGE).checked_sub(start) else {
            return;
        };
        // SAFETY: the map is of a file, read only: a page that is dropped comes back from the file with the
        // same bytes, which nothing writes to (see `open`).
        let advised =
            unsafe { map.unchecked_advise_range(UncheckedAdvice::DontNeed, start, length) };
        // A system that keeps the pages has them to spare.
        drop(advised);
    }
}

/// A spool's schema and batches, zero-copy over a memory map that lives as long as any of them.
///
/// # Errors
/// [`Error::Io`], and [`Error::Arrow`] when the file is no complete spool.
pub fn open(path: &Path) -> Result<(SchemaRef, Vec<RecordBatch>, Spool)> {
    let file = File::open(path).map_err(|e| Error::io(path, e))?;
    // SAFETY: a spool lies in its job's own folder, is complete before it is mapped, and nothing
    // writes to it afterwards.
    let map = unsafe { Mmap::map(&file) }.map_err(|e| Error::io(path, e))?;
    let map = Arc::new(map);
    let length = map.len();
    let start = NonNull::new(map.as_ptr().cast_mut())
        .ok_or_else(|| ArrowError::IpcError("the map has no address".to_owned()))?;
    // SAFETY: `start` and `length` are the map's own, and the buffer keeps the map alive.
    let buffer = unsafe { Buffer::from_custom_allocation(start, length, map.clone()) };

    let cut = || ArrowError::IpcError(format!("{} is cut short", path.display()));
    let trailer: [u8; TRAILER] = length
        .checked_sub(TRAILER)
        .and_then(|at| buffer[at..].try_into().ok())
        .ok_or_else(cut)?;
    let footer_length = read_footer_length(trailer)?;
    let footer_start = length
        .checked_sub(TRAILER + footer_length)
        .ok_or_else(cut)?;
    let footer = root_as_footer(&buffer[footer_start..length - TRAILER])
        .map_err(|e| ArrowError::IpcError(format!("{}: {e}", path.display())))?;
    let schema = footer
        .schema()
        .map(fb_to_schema)
        .map(Arc::new)
        .ok_or_else(cut)?;
    let decoder = FileDecoder::new(schema.clone(), footer.version()).with_require_alignment(true);
    // SAFETY: this process wrote the file, from arrays that were valid; checking every text again
    // would read the whole spool once more.
    let decoder = unsafe { decoder.with_skip_validation(true) };
    let (mut batches, mut places) = (Vec::new(), Vec::new());
    for block in footer.recordBatches().iter().flatten() {
        let start = usize::try_from(block.offset()).map_err(|_| cut())?;
        let size = usize::try_from(i64::from(block.metaDataLength()) + block.bodyLength())
            .map_err(|_| cut())?;
        if start.checked_add(size).is_none_or(|end| end > footer_start) {
            return Err(cut().into());
        }
        let data = buffer.slice_with_length(start, size);
        if let Some(batch) = decoder.read_record_batch(block, &data)? {
            batches.push(batch);
            places.push(start..start + size);
        }
    }
    let map = Some(map);
    Ok((schema, batches, Spool { map, places }))
}

/// An error of the IPC writer; those of the file itself keep their kind.
fn failed(path: &Path, error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, source) => Error::io(path, source),
        other => Error::Arrow(other),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, StringArray};

    use super::*;

    #[test]
    fn a_spool_reads_back_and_one_cut_short_is_an_error() {
        let path = std::env::temp_dir().join(format!("pressroom-spool-{}", std::process::id()));
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("\u{6771}")]));
        let batch = RecordBatch::try_from_iter([("t", texts)]).expect("one column");
        let mut writer = SpoolWriter::create(&path, &batch.schema()).expect("a new file");
        writer.add(batch.clone());
        let worked = writer.beside(|| 6 * 7).expect("room on the disk");
        writer.add(batch.clone());
        let rows = writer.finish().expect("room on the disk");
        assert_eq!((worked, rows), (42, 6));
        let (schema, batches, spool) = open(&path).expect("a whole spool");
        assert_eq!(schema, batch.schema());
        spool.release(0);
        assert_eq!(batches, [batch.clone(), batch]);

        drop(batches);
        let bytes = std::fs::read(&path).expect("the spool");
        for length in [0, 5, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..length]).expect("room on the disk");
            assert!(open(&path).is_err(), "{length} bytes");
        }
        std::fs::remove_file(&path).expect("it was there");
    }

    /// Bytes of `map` that are in this process's memory, as the system counts them.
    #[cfg(target_os = "linux")]
    fn resident(path: &Path) -> usize {
        let maps = std::fs::read_to_string("/proc/self/smaps").expect("Linux has it");
        let mut lines = maps.lines();
        lines.find(|line| line.ends_with(&*path.to_string_lossy()));
        let rss = lines
            .find_map(|line| line.strip_prefix("Rss:"))
            .unwrap_or("0 kB");
        let kilobytes: usize = rss
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .expect("a number");
        kilobytes << 10
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn released_batches_leave_the_memory_and_read_back() {
        let path = std::env::temp_dir().join(format!("pressroom-release-{}", std::process::id()));
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(
            (0..100_000).map(|n| n.to_string()),
        ));
        let batch = RecordBatch::try_from_iter([("t", texts)]).expect("one column");
        let mut writer = SpoolWriter::create(&path, &batch.schema()).expect("a new file");
        for _ in 0..8 {
            writer.add(batch.clone());
        }
        writer.finish().expect("room on the disk");
        let (_, batches, spool) = open(&path).expect("a whole spool");
        assert!(batches.iter().all(|read| *read == batch));
        let all = resident(&path);
        assert!(all > 8 * 500_000, "{all} bytes");
        for number in 0..8 {
            spool.release(number);
        }
        let left = resident(&path);
        assert!(left < all / 2, "{left} bytes of {all}");
        assert!(batches.iter().all(|read| *read == batch));
        drop((batches, spool));
        std::fs::remove_file(&path).expect("it was there");
    }
}
