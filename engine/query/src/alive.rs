//! Alive: which statements have begun and not ended, and does one run that should have ended?
//!
//! A deadline ends a statement the next time it pauses. One that never pauses holds a thread for ever, and the only way to
//! have it back is to end the process, which the engine starts again.
//!
//! - **Source**: guarantees page S1-12.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The statements that have begun and not ended.
#[derive(Clone, Debug, Default)]
pub struct Alive {
    next: Arc<AtomicU64>,
    statements: Arc<Mutex<BTreeMap<u64, Statement>>>,
}

/// One that has begun and not ended.
#[derive(Clone, Copy, Debug)]
struct Statement {
    since: Instant,
    rests: bool,
}

/// A statement runs as long as this lives, but for the times when it waits for its reader.
#[derive(Debug)]
pub(crate) struct Mark {
    alive: Alive,
    number: u64,
}

impl Mark {
    /// The statement waits for whoever reads its rows: it holds no thread meanwhile.
    pub(crate) fn rests(&self) {
        self.note(true);
    }

    /// It goes on; its time counts from its beginning.
    pub(crate) fn goes_on(&self) {
        self.note(false);
    }

    fn note(&self, rests: bool) {
        if let Some(statement) = self.alive.statements().get_mut(&self.number) {
            statement.rests = rests;
        }
    }
}

impl Alive {
    /// A statement begins.
    pub(crate) fn mark(&self) -> Mark {
        let number = self.next.fetch_add(1, Ordering::AcqRel);
        self.statements().insert(number, Statement { since: Instant::now(), rests: false });
        Mark { alive: self.clone(), number }
    }

    fn statements(&self) -> MutexGuard<'_, BTreeMap<u64, Statement>> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is left of `limit` to the oldest, all of it if there is none; `None` if one that runs has passed it.
    ///
    /// One that rests has its time counted too: it may go on at any moment, and is overdue no later for having rested. One that
    /// rested past the limit counts no more until it goes on, and is found when the watch looks next.
    #[must_use]
    pub fn left(&self, limit: Duration) -> Option<Duration> {
        let statements = self.statements();
        let is_overdue = |statement: &Statement| !statement.rests && statement.since.elapsed() >= limit;
        if statements.values().any(is_overdue) {
            return None;
        }
        let spent = statements.values().map(|statement| statement.since.elapsed()).filter(|spent| *spent < limit);
        Some(limit.saturating_sub(spent.max().unwrap_or_default()))
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.alive.statements().remove(&self.number);
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

    #[test]
    fn a_statement_that_rests_is_not_overdue_and_its_time_counts() {
        let alive = Alive::default();
        let mark = alive.mark();
        mark.rests();
        let (short, long) = (Duration::from_nanos(1), Duration::from_secs(60));
        while alive.left(long) == Some(long) {
            std::hint::spin_loop();
        }
        assert_eq!(alive.left(short), Some(short), "it rests");
        assert!(alive.left(long).is_some_and(|left| left < long), "it may go on at any moment");
        mark.goes_on();
        assert_eq!(alive.left(short), None);
    }
}
