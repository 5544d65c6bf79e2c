//! The stream cut into batches of a size that suits the spool and the threads, and read beside the work on them.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;

use crate::control::JobControl;
use crate::error::Result;

/// Smaller batches are gathered until they have this many rows.
const FEWEST: usize = 16_384;
/// Larger batches are cut.
const MOST: usize = 131_072;
/// How often a wait looks whether the job was cancelled.
const LOOK: Duration = Duration::from_millis(20);
/// Batches that may wait to be worked on.
const AHEAD: usize = 1;

/// Gives `work` the rows of `batches` in order, a good many at a time; a thread of its own reads the next meanwhile.
///
/// # Errors
/// The first of the stream or of `work`; [`crate::error::Error::Cancelled`] and
/// [`crate::error::Error::DeadlineExceeded`].
pub fn feed(
    batches: impl Iterator<Item = Result<RecordBatch>> + Send,
    control: &JobControl,
    mut work: impl FnMut(&RecordBatch) -> Result<()>,
) -> Result<()> {
    thread::scope(|scope| {
        // When the work fails, `incoming` goes, and the reader ends with its next batch.
        let (send, incoming) = sync_channel(AHEAD);
        scope.spawn(move || {
            for batch in Feed::new(batches) {
                let failed = batch.is_err();
                if send.send(batch).is_err() || failed {
                    return;
                }
            }
        });
        while let Some(batch) = next(&incoming, control)? {
            work(&batch)?;
            control.advance(batch.num_rows() as u64);
        }
        Ok(())
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

/// Batches of [`FEWEST`] to [`MOST`] rows (the last may have fewer) with the rows of `batches` in order.
struct Feed<I> {
    batches: I,
    /// Small batches that wait for more.
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    /// Rest of a large batch.
    rest: Option<RecordBatch>,
}

impl<I: Iterator<Item = Result<RecordBatch>>> Feed<I> {
    /// A feed from `batches`.
    fn new(batches: I) -> Self {
        Self {
            batches,
            waiting: Vec::new(),
            waiting_rows: 0,
            rest: None,
        }
    }

    fn gathered(&mut self) -> Option<Result<RecordBatch>> {
        let first = self.waiting.first()?;
        self.waiting_rows = 0;
        if self.waiting.len() == 1 {
            return self.waiting.pop().map(Ok);
        }
        let all = concat_batches(&first.schema(), &self.waiting);
        self.waiting.clear();
        Some(all.map_err(Into::into))
    }

    fn cut(&mut self, batch: RecordBatch) -> RecordBatch {
        if batch.num_rows() <= MOST {
            return batch;
        }
        self.rest = Some(batch.slice(MOST, batch.num_rows() - MOST));
        batch.slice(0, MOST)
    }
}

impl<I: Iterator<Item = Result<RecordBatch>>> Iterator for Feed<I> {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(rest) = self.rest.take() {
            return Some(Ok(self.cut(rest)));
        }
        loop {
            let batch = match self.batches.next() {
                None => return self.gathered(),
                Some(Err(e)) => return Some(Err(e)),
                Some(Ok(batch)) if batch.num_rows() == 0 => continue,
                Some(Ok(batch)) => batch,
            };
            if self.waiting.is_empty() && batch.num_rows() >= FEWEST {
                return Some(Ok(self.cut(batch)));
            }
            self.waiting_rows += batch.num_rows();
            self.waiting.push(batch);
            if self.waiting_rows >= FEWEST {
                let batch = match self.gathered()? {
                    Ok(batch) => batch,
                    Err(e) => return Some(Err(e)),
                };
                return Some(Ok(self.cut(batch)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_array::{ArrayRef, Int64Array};
    use proptest::prelude::*;

    use super::*;

    fn batches(sizes: &[usize]) -> Vec<RecordBatch> {
        let mut next = 0i64;
        let mut batch = |size: usize| {
            let column = Int64Array::from_iter_values(next..next + size as i64);
            next += size as i64;
            RecordBatch::try_from_iter([("n", Arc::new(column) as ArrayRef)]).expect("one column")
        };
        sizes.iter().map(|&size| batch(size)).collect()
    }

    proptest! {
        #[test]
        fn rows_keep_their_order_in_batches_of_a_good_size(
            sizes in prop::collection::vec(prop_oneof![0usize..40, 10_000..20_000usize, 100_000..400_000usize], 0..8)
        ) {
            let fed: Vec<RecordBatch> = Feed::new(batches(&sizes).into_iter().map(Ok))
                .collect::<Result<_>>()
                .expect("no batch fails");
            let rows = fed.iter().flat_map(|b| b.column(0).as_primitive::<Int64Type>().values().to_vec());
            prop_assert!(rows.eq(0..sizes.iter().sum::<usize>() as i64));
            prop_assert!(fed.iter().all(|b| (1..=MOST).contains(&b.num_rows())));
        }
    }

    #[test]
    fn many_small_batches_become_few() {
        let fed = Feed::new(batches(&[100; 1_000]).into_iter().map(Ok)).count();
        assert_eq!(fed, 100_000usize.div_ceil(FEWEST.next_multiple_of(100)));
    }
}
