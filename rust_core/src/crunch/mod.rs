//! One pass over the ordered rows: bands, totals, running values, crosstabs, top-N, series, statistics, spool.
//!
//! ```text
//! Arrow batches ──▶ segments (parallel) ──▶ combined in order ──▶ Crunched
//!                └─▶ spool (Arrow IPC file, memory-mapped by the writers)
//! ```
//! Shares and ranks, which need every row before the first, follow in a second pass over the spool.
//! Reading, crunching and spooling overlap: reading has its own thread, the others have those of the job's pool.

mod answer;
mod bands;
mod code_set;
mod codes;
pub mod crunched;
pub(crate) mod feed;
mod fields;
mod intake;
pub(crate) mod key;
mod late;
pub(crate) mod measure;
pub(crate) mod normal;
mod pass;
mod pivot;
pub mod plan;
mod question;
mod rank;
mod ranking;
mod running;
mod segment;
mod share;
pub(crate) mod spool;
mod stats;
mod texts;
mod top;
mod total;

use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::Schema;

pub use crunched::{
    ColumnStats, Control, Crosstab, Crunched, Group, Level, Others, SeriesPoint, Top, Trail,
};
pub use plan::Plan;

use crate::control::JobControl;
use crate::error::{Error, Result};
use feed::feed;
use pass::Pass;
use question::Question;
pub use spool::Spool;

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
    let result = Pass::new(question, spool)
        .and_then(|mut pass| {
            feed(batches, control, |batch| {
                control.pool().install(|| pass.batch(batch, control))
            })?;
            pass.finish(plan, spool, control)
        })
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
