//! Alive: which statements run, and does one run that should have ended?
//!
//! A deadline ends a statement the next time it pauses. One that never pauses holds a thread for ever, and the only way to
//! have it back is to end the process, which the engine starts again.
//!
//! - **Source**: guarantees page S1-12.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The statements that run now.
#[derive(Clone, Debug, Default)]
pub struct Alive {
    next: Arc<AtomicU64>,
    since: Arc<Mutex<BTreeMap<u64, Instant>>>,
}

/// A statement runs as long as this lives, but for the times when it waits for its reader.
#[derive(Debug)]
pub(crate) struct Mark {
    alive: Alive,
    number: u64,
    since: Instant,
}

impl Mark {
    /// The statement waits for whoever reads its rows: it holds no thread meanwhile.
    pub(crate) fn rests(&self) {
        self.alive.since.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }

    /// It goes on; its time counts from its beginning.
    pub(crate) fn goes_on(&self) {
        self.alive.since.lock().unwrap_or_else(PoisonError::into_inner).insert(self.number, self.since);
    }
}

impl Alive {
    /// A statement begins.
    pub(crate) fn mark(&self) -> Mark {
        let number = self.next.fetch_add(1, Ordering::AcqRel);
        let mark = Mark { alive: self.clone(), number, since: Instant::now() };
        mark.goes_on();
        mark
    }

    /// What is left of `limit` to the one that runs longest, all of it if none runs; `None` if one has passed it.
    #[must_use]
    pub fn left(&self, limit: Duration) -> Option<Duration> {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = since.values().map(Instant::elapsed).max().unwrap_or_default();
        limit.checked_sub(longest).filter(|left| !left.is_zero())
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.rests();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_there_as_long_as_its_mark() {
        let alive = Alive::default();
        let mark = alive.mark();
        let limit = Duration::from_nanos(1);
        while alive.left(limit).is_some() {
            std::hint::spin_loop();
        }
        assert!(alive.left(Duration::from_secs(60)).is_some_and(|left| left < Duration::from_secs(60)));
        drop(mark);
        assert_eq!(alive.left(limit), Some(limit));
    }
}
