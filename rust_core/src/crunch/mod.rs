//! One pass over the ordered rows: bands, totals, running values, crosstabs, top-N, series, statistics, spool.
//!
//! ```text
//! Arrow batches ──▶ segments (parallel) ──▶ combined in order ──▶ Crunched
//!                └─▶ spool (Arrow IPC file, memory-mapped by the writers)
//! ```
//! Reading, crunching and spooling overlap: each has its own thread, the crunch all those of the job's pool.

mod bands;
pub mod crunched;
mod feed;
mod key;
mod measure;
mod normal;
mod pass;
mod pivot;
pub mod plan;
mod question;
mod running;
mod spool;
mod stats;
mod top;
mod total;

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::Schema;

pub use crunched::{
    ColumnStats, Control, Crosstab, Crunched, Group, Level, SeriesPoint, Top, Trail,
};
pub use plan::Plan;

use crate::control::JobControl;
use crate::error::{Error, Result};
use feed::Feed;
use pass::Pass;
use question::Question;
pub use spool::Spool;
use spool::SpoolWriter;

/// How often a wait looks whether the job was cancelled.
const LOOK: Duration = Duration::from_millis(20);
/// Batches that may wait between two threads.
const AHEAD: usize = 1;

/// Crunches `batches`, which have `schema` and come ordered by the plan's groups, into the file `spool`.
///
/// The same rows give the same result, bit for bit, for any number of threads. A cancelled call returns
/// when the stream answers its last call: whoever cancels interrupts the source too.
///
/// # Errors
/// [`Error::Plan`] and [`Error::Data`] when plan and rows do not fit, [`Error::Arrow`] when the stream
/// fails, [`Error::Io`] and [`Error::DiskFull`] for the spool, [`Error::Cancelled`] and
/// [`Error::DeadlineExceeded`]. The spool is removed on any error.
pub fn crunch(
    batches: impl Iterator<Item = Result<RecordBatch>> + Send,
    schema: &Schema,
    plan: Plan,
    spool: &Path,
    control: &JobControl,
) -> Result<Crunched> {
    control.start(0);
    let question = Question::new(&plan, schema)?;
    let pass = Pass::new(question);
    let result = run(batches, pass, spool, control)
        .and_then(|pass| pass.finish(plan, spool))
        .map_err(|error| match error {
            // An interrupted source fails; what the person asked for is the better message.
            Error::Arrow(_) => control.check().err().unwrap_or(error),
            other => other,
        });
    if result.is_err() {
        // The error that is on its way says more than one of the removal would.
        let _ = std::fs::remove_file(spool);
    }
    result
}

/// Reads, crunches and spools, each in its own thread.
fn run(
    batches: impl Iterator<Item = Result<RecordBatch>> + Send,
    mut pass: Pass,
    spool: &Path,
    control: &JobControl,
) -> Result<Pass> {
    let mut writer = SpoolWriter::create(spool, pass.schema())?;
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
        let (crunched, outgoing) = sync_channel::<RecordBatch>(AHEAD);
        let spooling = scope.spawn(move || -> Result<()> {
            for batch in outgoing {
                writer.write(&batch)?;
            }
            writer.finish()
        });
        let mut crunching = || -> Result<()> {
            while let Some(batch) = next(&incoming, control)? {
                let rows = batch.num_rows() as u64;
                let batch = control.pool().install(|| pass.batch(&batch, control))?;
                if crunched.send(batch).is_err() {
                    // The spool thread ended with an error, which is returned below.
                    return Ok(());
                }
                control.advance(rows);
            }
            Ok(())
        };
        let result = crunching();
        drop(incoming);
        drop(crunched);
        let spooled = spooling
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        result.and(spooled)
    })?;
    Ok(pass)
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
