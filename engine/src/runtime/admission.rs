//! Admission: may this come in now, or must its sender wait?
//!
//! ```text
//!  lane 0 control    never refused
//!  lane 1 critical   refused only when nothing is taken at all
//!  lane 2 routine    refused from 100 % of the budget, taken again at 70 %; one feed has at most half of it
//!  lane 3 bulk       refused from 60 %
//! ```
//! The budget is the fuller of two: submissions that wait, and their bytes.
//!
//! - **How it fits**: pure; the inbox asks before it takes, and tells when the log took.
//! - LIMIT: `LOG_QUEUE_MAX`, `LOG_QUEUE_BYTES_MAX`, `READMIT_PERCENT` in [`limits`](crate::limits).
//! - **Not here**: what is a critical message (the decoder of its feed), the disk's own budget.
//! - **Source**: guarantees page, section 5.1.

use std::collections::BTreeMap;

use wardline_rules::Text;

use crate::limits::{LOG_QUEUE_BYTES_MAX, LOG_QUEUE_MAX, READMIT_PERCENT};

/// From which share of the budget on bulk work waits, in percent.
const BULK_PERCENT: usize = 60;
/// Which share of the budget one feed may have, in percent.
const FEED_PERCENT: usize = 50;

/// How important something is when the engine is busy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lane {
    /// Ticks, attempts, answers, silences, activations, access records.
    Control,
    /// Critical or STAT, or from a feed declared critical.
    Critical,
    /// All other live messages.
    Routine,
    /// Imports and replays.
    Bulk,
}

/// Why something did not come in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// This feed has its share; others may go on.
    FeedBusy,
    /// The node is busy for this lane.
    Busy,
    /// Nothing is taken: poisoned, or stopping.
    Closed,
    /// No record of the log can hold it.
    TooLarge,
}

/// What waits, by feed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Admission {
    count: usize,
    bytes: usize,
    feeds: BTreeMap<Text, usize>,
    is_shedding: bool,
    gate: Gate,
    /// The volume is full: messages come again later, what control needs goes on in the reserve.
    is_full: bool,
}

/// What is taken at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Gate {
    #[default]
    Open,
    /// Control alone: recovery is not through, or no ward decides yet. Messages come again later.
    Waiting,
    /// Control alone: the results of what was sent.
    Draining,
    Closed,
}

impl Admission {
    /// Takes `bytes` of `feed` in, or says why not.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn admit(&mut self, lane: Lane, feed: &str, bytes: usize) -> Result<(), Refusal> {
        match (self.gate, lane) {
            (Gate::Open, _) | (Gate::Draining | Gate::Waiting, Lane::Control) => {}
            (Gate::Waiting, _) => return Err(Refusal::Busy),
            (Gate::Draining | Gate::Closed, _) => return Err(Refusal::Closed),
        }
        if self.is_full && lane != Lane::Control {
            return Err(Refusal::Busy);
        }
        match lane {
            Lane::Control => {}
            Lane::Critical if self.percent() >= 200 => return Err(Refusal::Busy),
            Lane::Critical => {}
            Lane::Routine => self.admit_routine(feed)?,
            Lane::Bulk if self.percent() >= BULK_PERCENT => return Err(Refusal::Busy),
            Lane::Bulk => self.check_share(feed)?,
        }
        self.count += 1;
        self.bytes += bytes;
        if !feed.is_empty() {
            *self.feeds.entry(Text::from(feed)).or_default() += bytes;
        }
        Ok(())
    }

    /// Takes note that the log has taken `bytes` of `feed`.
    pub fn release(&mut self, feed: &str, bytes: usize) {
        self.count = self.count.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        if let Some(share) = self.feeds.get_mut(feed) {
            *share = share.saturating_sub(bytes);
            if *share == 0 {
                self.feeds.remove(feed);
            }
        }
        if self.percent() <= READMIT_PERCENT {
            self.is_shedding = false;
        }
    }

    /// Takes note whether the volume is full.
    pub fn set_full(&mut self, is_full: bool) {
        self.is_full = is_full;
    }

    /// Takes control alone until [`begin`](Self::begin).
    pub fn wait(&mut self) {
        if self.gate == Gate::Open {
            self.gate = Gate::Waiting;
        }
    }

    /// Takes messages from now on, unless a stop was asked for.
    pub fn begin(&mut self) {
        if self.gate == Gate::Waiting {
            self.gate = Gate::Open;
        }
    }

    /// Takes control alone from now on, unless nothing is taken any more.
    pub fn drain(&mut self) {
        if matches!(self.gate, Gate::Open | Gate::Waiting) {
            self.gate = Gate::Draining;
        }
    }

    /// Takes nothing from now on.
    pub fn close(&mut self) {
        self.gate = Gate::Closed;
    }

    /// How full the budget is, in percent; may exceed 100 by what is never refused.
    #[must_use]
    pub fn percent(&self) -> usize {
        (self.count * 100 / LOG_QUEUE_MAX).max(self.bytes * 100 / LOG_QUEUE_BYTES_MAX)
    }

    /// Bytes that wait.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    fn admit_routine(&mut self, feed: &str) -> Result<(), Refusal> {
        if self.percent() >= 100 {
            self.is_shedding = true;
        }
        if self.is_shedding { Err(Refusal::Busy) } else { self.check_share(feed) }
    }

    fn check_share(&self, feed: &str) -> Result<(), Refusal> {
        let share = self.feeds.get(feed).copied().unwrap_or(0) * 100 / LOG_QUEUE_BYTES_MAX;
        if share >= FEED_PERCENT { Err(Refusal::FeedBusy) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH: usize = LOG_QUEUE_BYTES_MAX / 10;

    /// Fills the budget by tenths from feeds of their own.
    fn filled(tenths: usize) -> Admission {
        let mut admission = Admission::default();
        for feed in 0..tenths {
            admission.admit(Lane::Critical, &format!("feed-{feed}"), TENTH + 1).unwrap();
        }
        admission
    }

    #[test]
    fn routine_messages_are_refused_when_full_and_taken_again_at_seventy_percent() {
        let mut admission = filled(10);
        assert_eq!(admission.admit(Lane::Routine, "lis", 1), Err(Refusal::Busy));
        admission.release("feed-0", TENTH + 1);
        admission.release("feed-1", TENTH + 1);
        assert_eq!(admission.admit(Lane::Routine, "lis", 1), Err(Refusal::Busy), "80 percent is not yet 70");
        admission.release("feed-2", TENTH + 1);
        assert_eq!(admission.admit(Lane::Routine, "lis", 1), Ok(()));
    }

    #[test]
    fn critical_and_control_go_on_when_routine_is_refused() {
        let mut admission = filled(10);
        assert_eq!(admission.admit(Lane::Critical, "lis", 1), Ok(()));
        assert_eq!(admission.admit(Lane::Control, "", 1), Ok(()));
        let mut admission = filled(20);
        assert_eq!(admission.admit(Lane::Critical, "lis", 1), Err(Refusal::Busy));
        assert_eq!(admission.admit(Lane::Control, "", 1), Ok(()));
    }

    #[test]
    fn bulk_waits_from_sixty_percent_on() {
        assert_eq!(filled(5).admit(Lane::Bulk, "import", 1), Ok(()));
        assert_eq!(filled(6).admit(Lane::Bulk, "import", 1), Err(Refusal::Busy));
    }

    #[test]
    fn one_feed_has_at_most_half() {
        let mut admission = Admission::default();
        admission.admit(Lane::Routine, "loud", LOG_QUEUE_BYTES_MAX / 2).unwrap();
        assert_eq!(admission.admit(Lane::Routine, "loud", 1), Err(Refusal::FeedBusy));
        assert_eq!(admission.admit(Lane::Routine, "quiet", 1), Ok(()));
    }

    #[test]
    fn nothing_comes_in_after_the_close() {
        let mut admission = Admission::default();
        admission.close();
        assert_eq!(admission.admit(Lane::Control, "", 1), Err(Refusal::Closed));
    }

    #[test]
    fn while_draining_results_still_come_in() {
        let mut admission = Admission::default();
        admission.drain();
        assert_eq!(admission.admit(Lane::Critical, "lis", 1), Err(Refusal::Closed));
        assert_eq!(admission.admit(Lane::Control, "", 1), Ok(()));
    }

    #[test]
    fn before_a_ward_decides_only_control_is_taken() {
        let mut admission = Admission::default();
        admission.wait();
        assert_eq!(admission.admit(Lane::Critical, "lis", 1), Err(Refusal::Busy));
        assert_eq!(admission.admit(Lane::Control, "", 1), Ok(()));
        admission.begin();
        assert_eq!(admission.admit(Lane::Critical, "lis", 1), Ok(()));
        admission.drain();
        admission.begin();
        assert_eq!(admission.admit(Lane::Critical, "lis", 1), Err(Refusal::Closed), "a stop stays a stop");
    }
}
