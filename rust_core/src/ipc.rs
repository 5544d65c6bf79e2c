//! Arrow IPC datasets: files and streams (<https://arrow.apache.org/docs/format/Columnar.html>).

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use arrow_array::RecordBatchReader;
use arrow_ipc::reader::{FileReader, StreamReader};

use crate::error::{Error, Result};

/// What an IPC file starts with; a stream starts with its first message.
const FILE_MAGIC: &[u8; 6] = b"ARROW1";

/// The batches of the IPC file or stream at `path`, read one at a time.
///
/// # Errors
/// [`Error::Io`], and [`Error::Arrow`] for a file that is cut short or no Arrow IPC.
pub fn open(path: &Path) -> Result<Box<dyn RecordBatchReader + Send>> {
    let mut file = BufReader::new(File::open(path).map_err(|e| Error::io(path, e))?);
    let mut magic = [0; FILE_MAGIC.len()];
    file.read_exact(&mut magic)
        .map_err(|e| Error::io(path, e))?;
    file.rewind().map_err(|e| Error::io(path, e))?;
    Ok(if magic == *FILE_MAGIC {
        Box::new(FileReader::try_new(file, None)?)
    } else {
        Box::new(StreamReader::try_new(file, None)?)
    })
}
