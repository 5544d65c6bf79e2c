//! Tables made of rows where SQL can't: carried state, branching, recursion.
//!
//! ```text
//! SQL of the transform, ordered ──▶ Pass ──▶ Kernel, partitions in parallel ──▶ table (Arrow IPC file)
//!                                             running_balance, fifo_lots, aging, amortise, roll_up, reconcile
//! ```
//! Reading, working and writing overlap. The table's rows and bytes are the same for any number of threads.

mod aging;
mod amortise;
mod dates;
mod fields;
mod fifo_lots;
mod ids;
mod kernel;
mod loan;
mod lots;
mod number;
mod pairing;
mod pass;
pub mod plan;
mod ratio;
mod reconcile;
mod roll_up;
mod running_balance;
mod sources;
mod tree;

use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use self::amortise::Amortise;
use self::fields::Fields;
use self::kernel::Kernel;
use self::number::Scale;
use self::pass::Pass;
use self::plan::Kind;
pub use self::plan::Plan;
use self::roll_up::RollUp;
use crate::control::JobControl;
use crate::crunch::feed::feed;
use crate::crunch::spool::SpoolWriter;
use crate::error::{Error, Result};

/// Writes the table that `plan` makes of `batches`, which have `schema` and come ordered by the plan's partition, to
/// the Arrow IPC file `path`; returns its rows.
///
/// # Errors
/// [`Error::Plan`] and [`Error::Data`] when plan and rows do not fit, with the transform's name and the row,
/// [`Error::Arrow`] when the stream fails, [`Error::Io`] and [`Error::DiskFull`] for the file, [`Error::Cancelled`]
/// and [`Error::DeadlineExceeded`]. The file is removed on any error.
pub fn transform(
    batches: impl Iterator<Item = Result<RecordBatch>> + Send,
    schema: &Schema,
    plan: &Plan,
    path: &Path,
    control: &JobControl,
) -> Result<u64> {
    control.start(0);
    let result = dispatch(batches, schema, plan, path, control).map_err(|error| match error {
        Error::Plan(text) => Error::Plan(format!("transform {:?}: {text}", plan.name)),
        Error::Data(text) => Error::Data(format!("transform {:?}: {text}", plan.name)),
        // An interrupted source fails; what the person asked for is the better message.
        Error::Arrow(_) => control.check().err().unwrap_or(error),
        other => other,
    });
    if result.is_err() {
        // The error that is on its way says more than one of the removal would.
        let _ = std::fs::remove_file(path);
    }
    result
}

fn dispatch(
    batches: impl Iterator<Item = Result<RecordBatch>> + Send,
    schema: &Schema,
    plan: &Plan,
    path: &Path,
    control: &JobControl,
) -> Result<u64> {
    let fields = Fields::new(schema, &plan.partition, plan.time_zone.as_deref())?;
    /// Runs a kernel; one that reckons with exact numbers, or with floats where a field holds them.
    macro_rules! run {
        ($module:ident :: $kernel:ident, $plan:expr) => {
            match $module::scale($plan, &fields)? {
                scale @ Scale::Exact(_) => {
                    run!($module::$kernel::<i128>::new($plan, &fields, scale)?)
                }
                Scale::Float => run!($module::$kernel::<f64>::new($plan, &fields, Scale::Float)?),
            }
        };
        ($kernel:expr) => {
            run(batches, Pass::new(&fields, $kernel), path, control)
        };
    }
    match &plan.kind {
        Kind::RunningBalance(plan) => run!(running_balance::RunningBalance, plan),
        Kind::FifoLots(plan) => run!(fifo_lots::FifoLots, plan),
        Kind::Aging(plan) => run!(aging::Aging, plan),
        Kind::Reconcile(plan) => run!(reconcile::Reconcile, plan),
        Kind::Amortise(plan) => run!(Amortise::new(plan, &fields)?),
        Kind::RollUp(plan) => run!(RollUp::new(plan, &fields)?),
    }
}

/// Makes the table; each group of partitions is written while the next is worked on.
fn run<K: Kernel>(
    batches: impl Iterator<Item = Result<RecordBatch>> + Send,
    mut pass: Pass<'_, K>,
    path: &Path,
    control: &JobControl,
) -> Result<u64> {
    let mut table = SpoolWriter::create(path, pass.schema())?;
    feed(batches, control, |batch| {
        pass.batch(batch, &mut table, control)
    })?;
    pass.finish(&mut table, control)?;
    table.finish()
}
