//! The spool: a report's rows as an Arrow IPC file, written once and then mapped into memory.
//!
//! ```text
//! ARROW1 | schema | batch | batch | ... | footer (schema, place of each batch) | length of footer | ARROW1
//! ```
//! Buffers stand at multiples of 64 bytes, so that the mapped batches need no copy.

use std::fs::File;
use std::io::{BufWriter, Write};
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
use memmap2::Mmap;

use crate::error::{Error, Result};

/// Bytes that are gathered before they are handed to the system.
const WRITE_BUFFER: usize = 1 << 20;
/// Length of what follows the footer.
const TRAILER: usize = 10;

/// A spool being written.
pub struct SpoolWriter {
    writer: FileWriter<BufWriter<File>>,
    path: PathBuf,
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
        })
    }

    /// Adds a batch.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::DiskFull`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.writer.write(batch).map_err(|e| failed(&self.path, e))
    }

    /// Writes the footer.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::DiskFull`].
    pub fn finish(mut self) -> Result<()> {
        self.writer.finish().map_err(|e| failed(&self.path, e))?;
        self.writer
            .get_mut()
            .flush()
            .map_err(|e| Error::io(&self.path, e))
    }
}

/// A spool's schema and batches, zero-copy over a memory map that lives as long as any of them.
///
/// # Errors
/// [`Error::Io`], and [`Error::Arrow`] when the file is no complete spool.
pub fn open(path: &Path) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let file = File::open(path).map_err(|e| Error::io(path, e))?;
    // SAFETY: a spool lies in its job's own folder, is complete before it is mapped, and nothing
    // writes to it afterwards.
    let map = unsafe { Mmap::map(&file) }.map_err(|e| Error::io(path, e))?;
    let map = Arc::new(map);
    let length = map.len();
    let start = NonNull::new(map.as_ptr().cast_mut())
        .ok_or_else(|| ArrowError::IpcError("the map has no address".to_owned()))?;
    // SAFETY: `start` and `length` are the map's own, and the buffer keeps the map alive.
    let buffer = unsafe { Buffer::from_custom_allocation(start, length, map) };

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
    let mut batches = Vec::new();
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
        }
    }
    Ok((schema, batches))
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
        writer.write(&batch).expect("room on the disk");
        writer.write(&batch).expect("room on the disk");
        writer.finish().expect("room on the disk");
        let (schema, batches) = open(&path).expect("a whole spool");
        assert_eq!(schema, batch.schema());
        assert_eq!(batches, [batch.clone(), batch]);

        let bytes = std::fs::read(&path).expect("the spool");
        for length in [0, 5, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..length]).expect("room on the disk");
            assert!(open(&path).is_err(), "{length} bytes");
        }
        std::fs::remove_file(&path).expect("it was there");
    }
}
