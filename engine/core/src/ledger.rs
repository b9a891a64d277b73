//! Ledger: does everything that came in or began stand somewhere?
//!
//! Counters that live in the state, so they survive a stop and replay, and the equations they must satisfy with what is in
//! memory now. An equation that does not hold is a defect of ours: something was lost or counted twice.
//!
//! - **How it fits**: the shell exports both sides and pages when they differ; tests ask after every generated run.
//! - **Source**: guarantees page, section 10.3, lines 1 and 3 to 6.
//! - **Not here**: what the shell counts on its own: received and acknowledged messages, rows, reads of patient data.

use crate::{escalation::Phase, output::NoticeState, partition::Partition};

/// What came in and what became of it; part of the state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Events taken from the log, unreadable ones included.
    pub received: u64,
    /// Taken, neither repeated nor unreadable: changed the state, or kept without effect for a reason.
    pub applied: u64,
    /// Of those applied: changed or took back what was said before.
    pub corrected: u64,
    /// Of those applied: kept, and something else stands.
    pub stale: u64,
    /// Of those applied: fitted nothing.
    pub unmatched: u64,
    /// Recognised as said before.
    pub duplicate: u64,
    /// Unreadable; kept byte for byte.
    pub dead_lettered: u64,
    /// Reports opened.
    pub reports_opened: u64,
    /// Reports that left memory.
    pub reports_left: u64,
    /// Alerts raised.
    pub alerts_raised: u64,
    /// Alerts that ended: acted upon, superseded, done late or cleared.
    pub alerts_closed: u64,
    /// Alerts whose cause went.
    pub alerts_withdrawn: u64,
    /// Alerts that nobody answered.
    pub unresolved: u64,
    /// Alerts that somebody answered.
    pub answered: u64,
    /// Notices made.
    pub notices_created: u64,
    /// Notices that ended.
    pub notices_ended: u64,
    /// Notices delivered.
    pub delivered: u64,
    /// Notices that were no longer true before they got there.
    pub notices_withdrawn: u64,
    /// Notices whose time passed.
    pub notices_expired: u64,
    /// Notices for which all tries were used up.
    pub notices_exhausted: u64,
    /// Attempts whose start was taken.
    pub attempts_started: u64,
    /// Attempts that ended delivered.
    pub attempts_delivered: u64,
    /// Attempts that ended refused.
    pub attempts_failed: u64,
    /// Attempts of which nobody knows the outcome.
    pub ambiguous: u64,
    /// Timers armed.
    pub timers_armed: u64,
    /// Timers taken out before they were due.
    pub timers_cancelled: u64,
    /// Timers fired.
    pub timers_fired: u64,
    /// Alerts that went beyond their first step.
    pub escalated: u64,
}

/// Two figures that must be equal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Equation {
    /// What is balanced.
    pub name: &'static str,
    /// What came in or began.
    pub began: u64,
    /// Where it stands now.
    pub stands: u64,
}

impl Equation {
    /// Whether nothing is lost and nothing is counted twice.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.began == self.stands
    }
}

impl Partition {
    /// What came in and what became of it.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let (timers_armed, timers_cancelled) = self.timers.counts();
        Counters { timers_armed, timers_cancelled, ..self.counters }
    }

    /// The equations of conservation over events, timers, notices, attempts and alerts.
    ///
    /// - **Time**: as of the last batch.
    /// - **Cost**: every notice and alert in memory is looked at; not for every batch.
    #[must_use]
    pub fn ledger(&self) -> [Equation; 5] {
        let counters = self.counters();
        let pending = count(self.timers.len());
        [
            Equation {
                name: "events",
                began: counters.received,
                stands: counters.applied + counters.duplicate + counters.dead_lettered,
            },
            Equation {
                name: "timers",
                began: counters.timers_armed,
                stands: counters.timers_fired + counters.timers_cancelled + pending,
            },
            Equation { name: "notices", began: counters.notices_created, stands: self.notices_standing(&counters) },
            Equation {
                name: "attempts",
                began: counters.attempts_started,
                stands: counters.attempts_delivered
                    + counters.attempts_failed
                    + counters.ambiguous
                    + count(self.in_flight),
            },
            Equation { name: "alerts", began: counters.alerts_raised, stands: self.alerts_standing(&counters) },
        ]
    }

    /// Notices under way, counted one by one, and all that ended, by how.
    fn notices_standing(&self, counters: &Counters) -> u64 {
        let under_way = self.notices.iter().filter(|(_, notice)| match notice.state {
            NoticeState::Held
            | NoticeState::Ready
            | NoticeState::Started
            | NoticeState::Waiting
            | NoticeState::Unsure => true,
            NoticeState::Delivered | NoticeState::Withdrawn | NoticeState::Expired | NoticeState::Exhausted => false,
        });
        let ended =
            counters.delivered + counters.notices_withdrawn + counters.notices_expired + counters.notices_exhausted;
        count(under_way.count()) + ended
    }

    /// Open alerts, counted one by one, and all that ended.
    fn alerts_standing(&self, counters: &Counters) -> u64 {
        let open = self.alerts.iter().filter(|(_, alert)| match alert.course.phase {
            Phase::Held | Phase::Paging | Phase::Unresolved | Phase::Answered => true,
            Phase::New | Phase::Closed | Phase::Withdrawn => false,
        });
        count(open.count()) + counters.alerts_closed + counters.alerts_withdrawn
    }
}

fn count(many: usize) -> u64 {
    u64::try_from(many).unwrap_or(u64::MAX)
}
