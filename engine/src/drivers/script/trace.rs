//! Trace: what did the core say on a scripted day, in a form that two days can be compared by?
//!
//! - **How it fits**: coverage runs a day with and without a part of the ward.
//! - **Not here**: what was expected ([`super::expect`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use wardline_core::{
    Output,
    ids::{AlertId, Nid},
    output::{AlertState, AnswerVerdict, Change, ClockState, NoticeState, Obligation, Transition},
};
use wardline_rules::{Text, time::Timestamp};

/// What the core said on one day.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trace {
    /// Equal for days on which the same was said, sent and counted at the same times.
    pub digest: [u8; 32],
    /// Rules that anything was said of.
    pub rules: BTreeSet<Text>,
    /// Rules with a clock that breached.
    pub breached: BTreeSet<Text>,
    /// Rules with an alert that was declined.
    pub declined: BTreeSet<Text>,
    /// Rules with an alert that cleared.
    pub cleared: BTreeSet<Text>,
    /// Rules that opened a task.
    pub tasks: BTreeSet<Text>,
    /// Rules with an alert whose answer counted.
    pub accepted: BTreeSet<Text>,
    /// Rules of which a notice was held and went out later.
    pub lifted: BTreeSet<Text>,
}

/// A trace in the making.
#[derive(Debug, Default)]
pub(super) struct Tracing {
    hasher: blake3::Hasher,
    trace: Trace,
    held: BTreeSet<Nid>,
    rule_of: BTreeMap<AlertId, Text>,
}

impl Tracing {
    /// Notes what one step said.
    pub(super) fn see(&mut self, at: Timestamp, out: &Output) {
        for transition in &out.transitions {
            self.note(transition);
            self.hash(at, transition);
        }
        for answer in &out.answers {
            let rule = answer.alert.and_then(|alert| self.rule_of.get(&alert));
            if answer.verdict == AnswerVerdict::Accepted {
                self.trace.accepted.extend(rule.cloned());
            }
            self.hash(at, answer);
        }
        for task in &out.tasks {
            self.trace.tasks.insert(task.rule.clone());
            self.hash(at, task);
        }
        for row in &out.quality {
            self.hash(at, row);
        }
    }

    /// Notes that something is sent.
    pub(super) fn send(&mut self, at: Timestamp, obligation: &Obligation) {
        self.hash(at, obligation);
    }

    /// The whole day.
    pub(super) fn finish(self) -> Trace {
        Trace { digest: *self.hasher.finalize().as_bytes(), ..self.trace }
    }

    fn hash(&mut self, at: Timestamp, said: &impl Debug) {
        self.hasher.update(format!("{at:?} {said:?}\n").as_bytes());
    }

    fn note(&mut self, transition: &Transition) {
        let rule = &transition.rule;
        self.trace.rules.insert(rule.clone());
        if let Some(alert) = transition.alert {
            self.rule_of.insert(alert, rule.clone());
        }
        match &transition.change {
            Change::Clock(ClockState::Breached, _) => self.trace.breached.insert(rule.clone()),
            Change::Alert(AlertState::Declined, _) => self.trace.declined.insert(rule.clone()),
            Change::Alert(AlertState::Cleared, _) => self.trace.cleared.insert(rule.clone()),
            Change::Notice(NoticeState::Held, head) => self.held.insert(head.nid),
            Change::Notice(NoticeState::Started | NoticeState::Delivered, head) if self.held.contains(&head.nid) => {
                self.trace.lifted.insert(rule.clone())
            }
            Change::Clock(..) | Change::Alert(..) | Change::Notice(..) => false,
        };
    }
}
