//! One error for the whole core; the binding maps each variant to one Python exception.

use std::io;
use std::path::{Path, PathBuf};

/// What a call of the core returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong below the binding. The text is what a person reads.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The job was cancelled through its `JobControl`.
    #[error("cancelled")]
    Cancelled,
    /// The job ran past its deadline.
    #[error("the deadline of the job has passed")]
    DeadlineExceeded,
    /// The rows are not what the plan says: a missing field, a type without totals, a broken group order.
    #[error("{0}")]
    Data(String),
    /// The plan can not be carried out: an unknown field, a format code that makes no sense.
    #[error("{0}")]
    Plan(String),
    /// A plate that does not fit the plan, or that can not be read.
    #[error("{0}")]
    Plate(String),
    /// A limit of the file format: columns of a worksheet, objects of a PDF.
    #[error("{0}")]
    Limit(String),
    /// The Arrow stream failed half-way, or a batch is malformed.
    #[error("reading rows: {0}")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// The disk is full.
    #[error("no space left on the device while writing {}", path.display())]
    DiskFull {
        /// The file that was being written.
        path: PathBuf,
    },
    /// Any other failure of a file.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// An I/O failure of `path`; a full disk gets its own variant, because a retry elsewhere may help.
    pub fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::Io { path, source },
        }
    }
}
