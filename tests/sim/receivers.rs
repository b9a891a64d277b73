//! Receivers: what do the people and gateways at the other end see, and what may they have seen?
//!
//! Eight manners of a receiver, of class keyed or neither. What was told twice is counted here, by the receiver, not by the
//! engine's word.

use std::collections::BTreeMap;

use wardline::dispatcher::driver::Job;
use wardline_connectors::adapters::{Outgoing, Reply, sink::Cause};
use wardline_core::{ids::Nid, input::Outcome};
use wardline_reference::generate::Random;
use wardline_rules::{time::Span, words::Channel};

use super::{
    outside::{Outside, Try},
    trace::{Held, hold},
};

/// How an exchange goes: whether the receiver takes the message, what it replies, and after how long.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Exchange {
    pub(crate) is_taken: bool,
    pub(crate) reply: Reply,
    pub(crate) took: Span,
    pub(crate) name: &'static str,
}

/// Everything said to one recipient under one id.
#[derive(Clone, Debug, Default)]
struct Told {
    attempts: Vec<Try>,
    /// How many times it was taken.
    taken: usize,
}

/// All receivers.
#[derive(Debug, Default)]
pub(crate) struct Receivers {
    told: BTreeMap<Nid, Told>,
}

/// Receivers of this channel drop a second message with the same key.
pub(crate) const fn is_keyed(channel: Channel) -> bool {
    matches!(channel, Channel::SecureMessage | Channel::Pager)
}

impl Exchange {
    pub(crate) fn draw(random: &mut Random, bad: u8) -> Self {
        let soft = |cause| Reply::FailedSoft { retry_after: None, cause };
        let unknown = |cause| Reply::Ambiguous { cause };
        let coin = random.percent(50);
        let milliseconds = |count: i64| Span::from_micros(count * 1_000);
        let quick = milliseconds(random.from_to(2, 900));
        let (name, is_taken, reply, took) = if random.percent(bad) {
            match random.below(8) {
                0 => ("refused", false, soft(Cause::Connect), quick),
                1 => {
                    let retry_after = u32::try_from(random.from_to(1, 90)).ok();
                    ("429", false, Reply::FailedSoft { retry_after, cause: Cause::Status(429) }, quick)
                }
                2 => ("500", coin, unknown(Cause::Status(500)), quick),
                3 => ("reset", coin, unknown(Cause::Broken), quick),
                4 => ("taken, reply lost", true, unknown(Cause::Broken), quick),
                5 => ("hang", coin, unknown(Cause::Timeout), milliseconds(10_000)),
                6 => ("slow", true, Reply::Delivered, milliseconds(random.from_to(3_000, 9_900))),
                _ => ("410", false, Reply::FailedHard { cause: Cause::Status(410) }, quick),
            }
        } else {
            ("ok", true, Reply::Delivered, quick)
        };
        Self { is_taken, reply, took, name }
    }
}

impl Receivers {
    /// An attempt leaves the engine.
    pub(crate) fn leave(&mut self, job: &Job, message: &Outgoing, outside: &Outside) -> Held {
        let attempt = (job.nid, job.number, job.epoch);
        hold(outside.may_leave(attempt), "O10", || format!("{attempt:?} left, and the log does not allow it"))?;
        hold(message.key == job.nid.to_string(), "O9", || {
            format!("{} is sent under the key {}", job.nid, message.key)
        })?;
        let told = self.told.entry(job.nid).or_default();
        for before in &told.attempts {
            let result = outside.result(*before);
            let is_open = matches!(result, None | Some(Outcome::FailedSoft { .. } | Outcome::Ambiguous { .. }));
            hold(is_open, "O9", || format!("{attempt:?} left after {before:?} had ended {result:?}"))?;
            hold(result.is_some(), "O9", || format!("{attempt:?} left while {before:?} was under way"))?;
            hold(!matches!(result, Some(Outcome::Ambiguous { .. })) || message.is_repeat, "O9", || {
                format!("{attempt:?} may be a repeat and does not say so")
            })?;
        }
        let is_marked = message.text.starts_with("Possible repeat of");
        hold(is_marked == message.is_repeat, "O9", || format!("{attempt:?} begins {:?}", message.text))?;
        told.attempts.push(attempt);
        Ok(())
    }

    /// The receiver takes a message; `true` if a person reads it for the first time.
    pub(crate) fn take(&mut self, nid: Nid, message: &Outgoing, outside: &Outside) -> Held<bool> {
        let told = self.told.entry(nid).or_default();
        if told.taken > 0 && is_keyed(message.channel) {
            return Ok(false);
        }
        told.taken += 1;
        let is_unknown = |attempt: &&Try| matches!(outside.result(**attempt), None | Some(Outcome::Ambiguous { .. }));
        let (taken, unknown) = (told.taken, told.attempts.iter().filter(is_unknown).count());
        hold(taken <= unknown.max(1), "O9", || format!("{nid} was told {taken} times, of {unknown} unknown outcomes"))?;
        hold(taken == 1 || message.is_repeat, "O9", || format!("{nid} was told again without a word about it"))?;
        Ok(taken == 1)
    }

    /// How many notices somebody was told of, and how many twice.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let told = self.told.values().filter(|told| told.taken > 0).count();
        (told, self.told.values().filter(|told| told.taken > 1).count())
    }
}
