//! Chunks made in parallel and taken in order, with a bounded number in memory.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::control::JobControl;
use crate::error::{Error, Result};

/// Which chunks are under way: no thread starts a chunk more than `width` ahead of the one taken last.
#[derive(Debug)]
struct Window {
    state: Mutex<State>,
    moved: Condvar,
    count: usize,
    width: usize,
}

#[derive(Debug, Default)]
struct State {
    next: usize,
    taken: usize,
    stopped: bool,
}

impl Window {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next chunk to make; waits for a place in the window.
    fn claim(&self) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if state.stopped || state.next >= self.count {
                return None;
            }
            if state.next < state.taken + self.width {
                state.next += 1;
                return Some(state.next - 1);
            }
            state = self
                .moved
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn advance(&self) {
        self.lock().taken += 1;
        self.moved.notify_all();
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.moved.notify_all();
    }
}

/// Stops the others when its thread panics: they would wait for its chunk for ever.
struct StopOnPanic<'a>(&'a Window);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

/// Makes chunks `0..count` on the job's threads and hands them to `take` in order, on the calling thread.
///
/// `state` makes what a thread keeps from chunk to chunk. The calling thread must not be one of the pool's.
///
/// # Errors
/// The first error, in the order of the chunks, of `make` or `take`; all threads have ended by then.
pub fn in_order<S, T: Send>(
    control: &JobControl,
    count: usize,
    state: impl Fn() -> S + Sync,
    make: impl Fn(usize, &mut S) -> Result<T> + Sync,
    take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let threads = control.threads();
    let window = Window {
        state: Mutex::default(),
        moved: Condvar::new(),
        count,
        width: threads * 2 + 1,
    };
    let (sender, receiver) = channel();
    let (window, state, make) = (&window, &state, &make);
    control.pool().in_place_scope(|scope| {
        for _ in 0..threads.min(count) {
            let sender: Sender<(usize, Result<T>)> = sender.clone();
            scope.spawn(move |_| {
                let _stop = StopOnPanic(window);
                let mut own = state();
                while let Some(number) = window.claim() {
                    let made = make(number, &mut own);
                    let failed = made.is_err();
                    if sender.send((number, made)).is_err() || failed {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let result = drain(window, &receiver, take);
        window.stop();
        result
    })
}

fn drain<T>(
    window: &Window,
    receiver: &Receiver<(usize, Result<T>)>,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let mut early = BTreeMap::new();
    for number in 0..window.count {
        let chunk = loop {
            if let Some(chunk) = early.remove(&number) {
                break chunk;
            }
            match receiver.recv() {
                Ok((made, chunk)) => early.insert(made, chunk),
                // Every thread has gone without this chunk: one panicked, and the scope passes that on.
                Err(_) => return Err(Error::Cancelled),
            };
        };
        take(chunk?)?;
        window.advance();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn chunks_come_in_order_and_never_more_than_the_window_at_once() {
        let control = JobControl::new(4, None);
        let (made, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let mut seen = Vec::new();
        in_order(
            &control,
            200,
            || (),
            |number, ()| {
                let ahead = made.fetch_add(1, Ordering::SeqCst) - taken.load(Ordering::SeqCst);
                assert!(ahead <= 10, "{ahead} chunks in memory");
                Ok(number)
            },
            |number| {
                seen.push(number);
                taken.fetch_add(1, Ordering::SeqCst);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(seen, (0..200).collect::<Vec<_>>());
    }

    #[test]
    fn the_first_failed_chunk_in_order_is_the_error() {
        let control = JobControl::new(3, None);
        let fail = |number: usize, (): &mut ()| match number {
            0..=6 => Ok(number),
            _ => Err(Error::Data(format!("chunk {number}"))),
        };
        let error = in_order(&control, 50, || (), fail, |_| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "chunk 7");
    }

    #[test]
    fn a_writer_that_fails_stops_the_threads() {
        let control = JobControl::new(2, None);
        let error = in_order(
            &control,
            usize::MAX,
            || (),
            |n, ()| Ok(n),
            |_| Err(Error::Cancelled),
        );
        assert!(matches!(error, Err(Error::Cancelled)));
    }
}
