//! Work in parallel, results in order, memory bounded: the window between those who make a file's pieces and the
//! one who writes them.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::control::JobControl;
use crate::error::Result;

/// How often a thread that waits looks at the job's control.
const GLANCE: Duration = Duration::from_millis(20);

/// Results that may wait, per thread: enough that one slow piece leaves the other threads busy.
const AHEAD: u64 = 4;

struct Window<T> {
    next: u64,
    taken: u64,
    ready: BTreeMap<u64, Result<T>>,
    stop: bool,
}

/// Runs `work` for `0..count` on the job's threads, each with its own state from `make`, and gives the results to
/// `take` on this thread in order. At most [`AHEAD`] results a thread wait. Returns what `done` makes of each
/// state, in no particular order.
///
/// Must not be called from a thread of the job's pool, which it would block.
///
/// # Errors
/// The first error, in the order of the pieces, of `work` or `take`, or that of [`JobControl::check`]; all threads
/// have ended by then.
pub fn in_order<W, T: Send, D: Send>(
    control: &JobControl,
    count: u64,
    make: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, u64) -> Result<T> + Sync,
    done: impl Fn(W) -> D + Sync,
    mut take: impl FnMut(u64, T) -> Result<()>,
) -> Result<Vec<D>> {
    let threads = control.threads() as u64;
    let ahead = threads * AHEAD;
    let window = Mutex::new(Window {
        next: 0,
        taken: 0,
        ready: BTreeMap::new(),
        stop: false,
    });
    let moved = Condvar::new();
    let states = Mutex::new(Vec::new());
    let outcome = control.pool().in_place_scope(|scope| {
        for _ in 0..threads.min(count) {
            scope.spawn(|_| {
                let _guard = StopOnPanic(&window, &moved);
                let mut state = make();
                while let Some(index) = claim(control, &window, &moved, ahead, count) {
                    let result = work(&mut state, index);
                    let failed = result.is_err();
                    lock(&window).ready.insert(index, result);
                    moved.notify_all();
                    if failed {
                        break;
                    }
                }
                lock(&states).push(done(state));
            });
        }
        let outcome = drain(control, &window, &moved, count, &mut take);
        lock(&window).stop = true;
        moved.notify_all();
        outcome
    });
    outcome?;
    Ok(states.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The next index, once the window has room for it; `None` when there is none or the run is over.
fn claim<T>(
    control: &JobControl,
    window: &Mutex<Window<T>>,
    moved: &Condvar,
    ahead: u64,
    count: u64,
) -> Option<u64> {
    let mut now = lock(window);
    loop {
        if now.stop || now.next >= count || control.check().is_err() {
            return None;
        }
        if now.next < now.taken + ahead {
            now.next += 1;
            return Some(now.next - 1);
        }
        now = wait(moved, now);
    }
}

fn drain<T>(
    control: &JobControl,
    window: &Mutex<Window<T>>,
    moved: &Condvar,
    count: u64,
    take: &mut impl FnMut(u64, T) -> Result<()>,
) -> Result<()> {
    for index in 0..count {
        let mut now = lock(window);
        let item = loop {
            control.check()?;
            if let Some(item) = now.ready.remove(&index) {
                break item?;
            }
            if now.stop {
                // A worker panicked; the scope passes the panic on.
                return Ok(());
            }
            now = wait(moved, now);
        };
        drop(now);
        take(index, item)?;
        lock(window).taken = index + 1;
        moved.notify_all();
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait<'a, T>(moved: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    moved
        .wait_timeout(guard, GLANCE)
        .unwrap_or_else(PoisonError::into_inner)
        .0
}

struct StopOnPanic<'a, T>(&'a Mutex<Window<T>>, &'a Condvar);

impl<T> Drop for StopOnPanic<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(self.0).stop = true;
            self.1.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::error::Error;

    fn run(control: &JobControl, count: u64, fail: Option<u64>) -> Result<Vec<u64>> {
        let mut seen = Vec::new();
        in_order(
            control,
            count,
            || (),
            |(), i| match fail {
                Some(bad) if bad <= i => Err(Error::Data(format!("piece {i}"))),
                _ => Ok(i * 2),
            },
            |()| (),
            |i, item| {
                assert_eq!(item, i * 2);
                seen.push(i);
                Ok(())
            },
        )?;
        Ok(seen)
    }

    #[test]
    fn results_arrive_in_order_whatever_the_threads() {
        for threads in [1, 2, 5] {
            let control = JobControl::new(threads, None);
            let seen = run(&control, 1000, None).expect("no failure");
            assert_eq!(seen, (0..1000).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_more_results_wait_than_the_window_holds() {
        let control = JobControl::new(4, None);
        let (made, taken) = (AtomicU64::new(0), AtomicU64::new(0));
        in_order(
            &control,
            200,
            || (),
            |(), _| {
                let ahead = made.fetch_add(1, Ordering::SeqCst) - taken.load(Ordering::SeqCst);
                assert!(ahead <= 4 * AHEAD, "{ahead} results in memory");
                Ok(())
            },
            |()| (),
            |_, ()| {
                taken.fetch_add(1, Ordering::SeqCst);
                Ok(())
            },
        )
        .expect("no failure");
    }

    #[test]
    fn the_first_failed_piece_in_order_is_the_error() {
        for threads in [1, 3] {
            let control = JobControl::new(threads, None);
            let error = run(&control, 1000, Some(77)).expect_err("piece 77 fails");
            assert_eq!(error.to_string(), "piece 77");
        }
    }

    #[test]
    fn a_writer_that_fails_stops_the_threads() {
        let control = JobControl::new(2, None);
        let full = |_, ()| Err(Error::Data("full".to_owned()));
        let error = in_order(&control, u64::MAX, || (), |(), _| Ok(()), |()| (), full);
        assert!(matches!(error, Err(Error::Data(_))));
    }

    #[test]
    fn a_cancelled_job_ends_the_run() {
        let control = JobControl::new(2, None);
        control.cancel();
        assert!(matches!(run(&control, 1000, None), Err(Error::Cancelled)));
    }
}
