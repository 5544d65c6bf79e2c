//! One pass over the ordered rows: bands, totals, running values, crosstabs, top-N, series, statistics, spool.
//!
//! ```text
//! Arrow batches ──▶ segments (parallel) ──▶ combined in order ──▶ Crunched
//!                └─▶ spool (Arrow IPC file, memory-mapped by the writers)
//! ```

pub mod crunched;
pub mod plan;

pub use crunched::{ColumnStats, Control, Crosstab, Crunched, Group, Level, SeriesPoint, Top};
pub use plan::Plan;
