//! Anchor: what is log time now, whatever happened to the wall?
//!
//! ```text
//!  log time = max(last at + 1 µs, anchor + time since boot at the anchor)
//!  wall − log time    within 250 ms   slewed away, at most 500 millionths of the time that passed
//!                     beyond          doubt: the anchor goes on, timers fire by it, until the jump is accepted
//!  accepted           forward: re-anchored · backward: log time runs at 0.9 until the wall has caught up
//! ```
//! So no jump can put a time into the log that is years ahead, and none stops a timer.
//!
//! - **How it fits**: pure; the log thread feeds it a [`Reading`] at least every 250 ms and writes what it returns as a
//!   `time` record.
//! - **Not here**: agreement of two feeds as an end of doubt; reading clocks.
//! - **Source**: guarantees page, sections 4.1 and 4.2.

use core::time::Duration;

use wardline_rules::time::{Span, Timestamp};

use super::clock::Reading;
use crate::limits::{DOUBT_ACCEPTED_MAX, DOUBT_WAIT, SLEW_PER_MILLION, WALL_TOLERANCE};

/// How long a synchronised machine is doubted after a jump.
const SYNCHRONISED_WAIT: Duration = Duration::from_secs(30);

/// Where log time is tied to the clocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Anchor {
    wall: Timestamp,
    boot: Span,
    /// Log time of the last record.
    last: Timestamp,
    doubt: Option<Doubt>,
    /// Log time runs slowly until the wall is this far.
    slow: bool,
}

/// The wall disagrees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Doubt {
    /// Since when, on the boot clock.
    since: Span,
    /// By how much at first.
    offset: Span,
}

/// What changed; goes into the log as a `time` record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeChange {
    /// The wall jumped by so much and is not believed yet.
    Doubted(Span),
    /// The wall is right again by itself.
    Settled,
    /// The wall was believed: log time follows it.
    Accepted(Span),
}

impl Anchor {
    /// Ties log time to the clocks at a start.
    ///
    /// - **Input** `last`: log time of the last record, `None` in an empty log. `accept`: the operator vouches for the wall.
    /// - **Output**: the anchor, and a doubt at once if the wall lies behind the log or more than a day ahead of it.
    #[must_use]
    pub fn start(reading: Reading, last: Option<Timestamp>, accept: bool) -> (Self, Option<TimeChange>) {
        let base = Self {
            wall: reading.wall,
            boot: reading.boot,
            last: last.unwrap_or(Timestamp::MIN),
            doubt: None,
            slow: false,
        };
        let Some(last) = last else { return (base, None) };
        let offset = reading.wall.since(last);
        let is_believed = offset.micros() >= 0 && offset.micros() <= micros(DOUBT_ACCEPTED_MAX);
        if is_believed || (accept && offset.micros() >= 0) {
            return (base, None);
        }
        if accept {
            return (Self { wall: last, slow: true, ..base }, Some(TimeChange::Accepted(offset)));
        }
        let doubt = Some(Doubt { since: reading.boot, offset });
        (Self { wall: last, doubt, ..base }, Some(TimeChange::Doubted(offset)))
    }

    /// Log time at this reading; later than that of the last record.
    #[must_use]
    pub fn now(&self, reading: Reading) -> Timestamp {
        self.anchored(reading).max(self.last.plus(Span::from_micros(1)))
    }

    /// Takes note of a record's log time.
    pub fn record(&mut self, at: Timestamp) {
        self.last = self.last.max(at);
    }

    /// Whether the wall is not believed at present.
    #[must_use]
    pub const fn is_in_doubt(&self) -> bool {
        self.doubt.is_some()
    }

    /// Compares the clocks and moves the anchor where that is due.
    pub fn observe(&mut self, reading: Reading) -> Option<TimeChange> {
        let anchored = self.anchored(reading);
        let passed = reading.boot.minus(self.boot);
        let offset = reading.wall.since(anchored);
        if self.slow && offset.micros() >= 0 {
            self.slow = false;
            self.tie(anchored, reading);
            return None;
        }
        let is_near = offset.micros().abs() <= micros(WALL_TOLERANCE);
        match (self.doubt, is_near) {
            _ if self.slow => None,
            (None, true) => {
                self.slew(anchored, offset, passed, reading);
                None
            }
            (None, false) => {
                self.doubt = Some(Doubt { since: reading.boot, offset });
                Some(TimeChange::Doubted(offset))
            }
            (Some(_), true) => {
                self.doubt = None;
                Some(TimeChange::Settled)
            }
            (Some(doubt), false) if self.is_over(doubt, offset, reading) => {
                Some(self.accept(anchored, offset, reading))
            }
            (Some(_), false) => None,
        }
    }

    fn is_over(&self, doubt: Doubt, offset: Span, reading: Reading) -> bool {
        let waited = reading.boot.minus(doubt.since).micros();
        let is_patient = offset.micros().abs() <= micros(DOUBT_ACCEPTED_MAX) && waited >= micros(DOUBT_WAIT);
        is_patient || (reading.is_synchronised && waited >= micros(SYNCHRONISED_WAIT))
    }

    /// Believes the wall.
    fn accept(&mut self, anchored: Timestamp, offset: Span, reading: Reading) -> TimeChange {
        self.doubt = None;
        if offset.micros() > 0 {
            self.tie(reading.wall, reading);
        } else {
            self.tie(anchored, reading);
            self.slow = true;
        }
        TimeChange::Accepted(offset)
    }

    fn slew(&mut self, anchored: Timestamp, offset: Span, passed: Span, reading: Reading) {
        let most = passed.micros().saturating_mul(SLEW_PER_MILLION) / 1_000_000;
        let step = offset.micros().clamp(-most, most);
        if step != 0 {
            self.tie(anchored.plus(Span::from_micros(step)), reading);
        }
    }

    fn tie(&mut self, at: Timestamp, reading: Reading) {
        self.wall = at;
        self.boot = reading.boot;
    }

    fn anchored(&self, reading: Reading) -> Timestamp {
        let passed = reading.boot.minus(self.boot).micros().max(0);
        let passed = if self.slow { passed / 10 * 9 + passed % 10 * 9 / 10 } else { passed };
        self.wall.plus(Span::from_micros(passed))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
