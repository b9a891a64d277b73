//! Disposition: what became of one event?
//!
//! Every event that the log holds ends as exactly one of these, so that what was received and what was done with it can be
//! balanced (guarantees 10.3), and a sender can be told that a message was a repetition or had no effect.
//! ```text
//!  unreadable ──────────────────────────────────────────────► dead-lettered
//!  said before: the same message, or nothing new in it ─────► duplicate, with the first
//!  fits no report, notice, encounter or merge ──────────────► unmatched
//!  known now, and something else stands in its place ───────► stale
//!  known now: in place of what was said before ─────────────► corrected, else applied
//! ```
//! - **How it fits**: `step` lists one [`EventOutcome`] for each event of a batch; the shell counts and answers by it.
//! - **Not here**: the reasons in detail; those are data-quality rows and verdicts on answers.

use wardline_rules::time::Timestamp;

/// What became of an event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Disposition {
    /// It is known now.
    Applied,
    /// It is known now and changes or takes back what was said before: a changed report or result, or a retraction.
    Corrected,
    /// It says nothing that was not known: the same message again, or its content under another id [DUP-1] [DUP-3].
    Duplicate {
        /// Log time at which it was first heard.
        first: Timestamp,
    },
    /// It is kept and changes nothing: a better or newer word stands, its alert is over, or there is no more room.
    Stale,
    /// It fits nothing that is known, or it may not be joined to it.
    Unmatched,
    /// Nobody could read it; its bytes are kept.
    DeadLettered,
}

impl Disposition {
    /// The words of all, as metrics and rows spell them.
    pub const WORDS: [&'static str; 6] = ["applied", "corrected", "duplicate", "stale", "unmatched", "dead_lettered"];

    /// The word that metrics and rows show.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Corrected => "corrected",
            Self::Duplicate { .. } => "duplicate",
            Self::Stale => "stale",
            Self::Unmatched => "unmatched",
            Self::DeadLettered => "dead_lettered",
        }
    }

    /// What became of an event that is about several reports: whatever had most effect.
    #[must_use]
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Duplicate { first }, Self::Duplicate { first: second }) => {
                Self::Duplicate { first: first.min(second) }
            }
            (one, other) if other.weight() > one.weight() => other,
            (one, _) => one,
        }
    }

    const fn weight(self) -> u8 {
        match self {
            Self::DeadLettered => 0,
            Self::Unmatched => 1,
            Self::Duplicate { .. } => 2,
            Self::Stale => 3,
            Self::Applied => 4,
            Self::Corrected => 5,
        }
    }
}

/// What became of one event of a batch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventOutcome {
    /// Its place among the inputs of the batch, from 0.
    pub place: usize,
    /// What became of it.
    pub disposition: Disposition,
}
