//! Cancel and deadline in, progress out: one object shared by a job's threads.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// What a long call is asked to look at, and where it says how far it is.
///
/// Every loop over rows calls [`JobControl::check`] at least every 50 ms of work, in every thread.
#[derive(Debug, Default)]
pub struct JobControl {
    cancelled: AtomicBool,
    deadline: OnceLock<Instant>,
    done: AtomicU64,
    total: AtomicU64,
    threads: usize,
    pool: OnceLock<rayon::ThreadPool>,
}

impl JobControl {
    /// A control for one job on `threads` threads (0: one per core), which ends in `deadline` from now.
    pub fn new(threads: usize, deadline: Option<Duration>) -> Self {
        let control = Self {
            threads,
            ..Self::default()
        };
        // A deadline past the end of the clock is none.
        if let Some(deadline) = deadline.and_then(|limit| Instant::now().checked_add(limit)) {
            control.deadline.get_or_init(|| deadline);
        }
        control
    }

    /// Asks the job to stop; the running call returns [`Error::Cancelled`] within 50 ms.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether [`JobControl::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Fails when the job is to stop.
    ///
    /// # Errors
    /// [`Error::Cancelled`] or [`Error::DeadlineExceeded`].
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            return Err(Error::Cancelled);
        }
        match self.deadline.get() {
            Some(deadline) if Instant::now() >= *deadline => Err(Error::DeadlineExceeded),
            _ => Ok(()),
        }
    }

    /// Starts a stage of `total` rows (0: not known).
    pub fn start(&self, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// Adds `rows` to what the stage has done.
    pub fn advance(&self, rows: u64) {
        self.done.fetch_add(rows, Ordering::Relaxed);
    }

    /// Rows done and rows in all of the stage under way.
    pub fn progress(&self) -> (u64, u64) {
        (
            self.done.load(Ordering::Relaxed),
            self.total.load(Ordering::Relaxed),
        )
    }

    /// Threads of the job's pool.
    pub fn threads(&self) -> usize {
        self.pool().current_num_threads()
    }

    /// The job's own threads, made on first use so that a worker forked or spawned before holds none.
    pub fn pool(&self) -> &rayon::ThreadPool {
        self.pool.get_or_init(|| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(self.threads)
                .thread_name(|i| format!("pressroom-{i}"))
                .build()
                .expect("the system refuses to start threads")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_job_fails_its_next_check() {
        let control = JobControl::new(1, None);
        assert!(control.check().is_ok());
        control.cancel();
        assert!(matches!(control.check(), Err(Error::Cancelled)));
    }

    #[test]
    fn a_passed_deadline_fails_the_check() {
        let control = JobControl::new(1, Some(Duration::ZERO));
        assert!(matches!(control.check(), Err(Error::DeadlineExceeded)));
    }

    #[test]
    fn progress_starts_again_with_every_stage() {
        let control = JobControl::new(1, None);
        control.start(10);
        control.advance(4);
        assert_eq!(control.progress(), (4, 10));
        control.start(0);
        assert_eq!(control.progress(), (0, 0));
    }
}
