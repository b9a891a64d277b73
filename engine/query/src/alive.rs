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

/// A statement runs as long as this lives.
#[derive(Debug)]
pub(crate) struct Mark {
    alive: Alive,
    number: u64,
}

impl Alive {
    /// A statement begins.
    pub(crate) fn mark(&self) -> Mark {
        let number = self.next.fetch_add(1, Ordering::AcqRel);
        self.since.lock().unwrap_or_else(PoisonError::into_inner).insert(number, Instant::now());
        Mark { alive: self.clone(), number }
    }

    /// Whether one has run for longer than this.
    #[must_use]
    pub fn has_older(&self, than: Duration) -> bool {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.values().any(|since| since.elapsed() > than)
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.alive.since.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_there_as_long_as_its_mark() {
        let alive = Alive::default();
        let mark = alive.mark();
        while !alive.has_older(Duration::ZERO) {
            std::hint::spin_loop();
        }
        assert!(!alive.has_older(Duration::from_secs(60)));
        drop(mark);
        assert!(!alive.has_older(Duration::ZERO));
    }
}
