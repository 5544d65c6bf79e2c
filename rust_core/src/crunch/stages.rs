//! Reading, working and spooling overlap: each has its own thread, the work all those of the job's pool.
//!
//! ```text
//! stream ──▶ Feed ──▶ work on each batch, in order ──▶ spool
//! ```

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use arrow_array::RecordBatch;

use super::feed::Feed;
use super::spool::SpoolWriter;
use crate::control::JobControl;
use crate::error::{Error, Result};

/// How often a wait looks whether the job was cancelled.
const LOOK: Duration = Duration::from_millis(20);
/// Batches that may wait to be worked on.
const AHEAD: usize = 1;

/// Where the work's batches go.
pub struct Outlet(SyncSender<RecordBatch>);

/// What ends the work early.
#[derive(Debug)]
pub enum Stop {
    /// An error of its own.
    Failed(Error),
    /// The spool thread has ended with an error, which [`run`] returns.
    Closed,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Outlet {
    /// Hands a batch to the spool; waits while it is busy.
    ///
    /// # Errors
    /// [`Stop::Closed`].
    pub fn send(&self, batch: RecordBatch) -> Result<(), Stop> {
        self.0.send(batch).map_err(|_| Stop::Closed)
    }
}

/// Gives `work` each batch of the stream, and `None` at its end; what it sends is written to the spool in order, and up
/// to `waiting` batches of it wait for that.
///
/// # Errors
/// The first of the stream, of `work` or of the spool; [`Error::Cancelled`] and [`Error::DeadlineExceeded`].
pub fn run(
    batches: impl Iterator<Item = Result<RecordBatch>> + Send,
    mut writer: SpoolWriter,
    waiting: usize,
    control: &JobControl,
    mut work: impl FnMut(Option<RecordBatch>, &Outlet) -> Result<(), Stop>,
) -> Result<()> {
    thread::scope(|scope| {
        let (read, incoming) = sync_channel::<Result<RecordBatch>>(AHEAD);
        scope.spawn(move || {
            for batch in Feed::new(batches) {
                let failed = batch.is_err();
                if read.send(batch).is_err() || failed {
                    return;
                }
            }
        });
        let (send, outgoing) = sync_channel::<RecordBatch>(waiting);
        let outlet = Outlet(send);
        let spooling = scope.spawn(move || -> Result<()> {
            for batch in outgoing {
                writer.write(&batch)?;
            }
            writer.finish()
        });
        let mut working = || -> Result<(), Stop> {
            while let Some(batch) = next(&incoming, control)? {
                let rows = batch.num_rows() as u64;
                work(Some(batch), &outlet)?;
                control.advance(rows);
            }
            work(None, &outlet)
        };
        let result = working();
        drop(incoming);
        drop(outlet);
        let spooled = spooling
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match result {
            Err(Stop::Failed(error)) => Err(error),
            Ok(()) | Err(Stop::Closed) => spooled,
        }
    })
}

/// The next batch; `None` at the end of the stream.
fn next(
    incoming: &Receiver<Result<RecordBatch>>,
    control: &JobControl,
) -> Result<Option<RecordBatch>> {
    loop {
        control.check()?;
        match incoming.recv_timeout(LOOK) {
            Ok(batch) => return batch.map(Some),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
        }
    }
}
