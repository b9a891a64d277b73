//! Evaluate: what should have been said, and when, about everything that was told?
//!
//! Report by report, log time by log time: take what was told then, of other reports of the patient too if a rule looks back,
//! work out anew what all facts known by now say, compare with what was said before and write down the difference; then look
//! for the earliest thing due and do it. Nothing is remembered but the facts, what was said, and the alerts that were raised.
//!
//! - **How it fits**: a driver gives [`Told`] inputs and compares the [`Outcome`] with the engine's.
//! - LIMIT: a report's facts are read again at each of its log times, and all those of its patient where a rule looks back.
//! - **Source**: language page, sections 5.1 to 5.6; architecture page, section 4.
//! - **Not here**: the words `delivered`, `read`, `declined` and `held`, which depend on delivery and mutes.
//!
//! Where the design says nothing, this is how it is read here; a difference with the engine may be one of these.
//! - Inputs of one log time are taken one by one, and each is answered with what it changes.
//! - A clock that, by later news, should never have started is said to be cancelled. One whose cover comes back does not
//!   start again. An order whose cancellation is in force starts no clock afterwards.
//! - A clock shows `breached` from its timer on; a stop whose times are too coarse to tell then makes it `unsure`, and what
//!   was sent is taken back only if the stop lies at or before the due time.
//! - Warnings and breaches of one clock count their generations apart.
//! - An absence whose expected moment is known to have come late when the period is first seen raises nothing.
//! - A review or an acknowledgement recorded elsewhere counts whenever it is heard, for what was raised by something that
//!   happened before it; an answer that names the report counts for what asks for it when it is heard.
//! - A lapse shows no word of its own; the next answer is said again.

mod watch;

use std::collections::BTreeMap;

use wardline_rules::{
    Text,
    event::{Event, Fact},
    time::{Span, Timestamp, Zone},
    token::Token,
    words::Channel,
};

use crate::{
    duty,
    escalate::Alert,
    rule::{Roster, Ward, Who},
};

/// One durable input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// Log time.
    pub at: Timestamp,
    /// What was told. An answer names its report, whichever way it came.
    pub event: Event,
    /// For an answer to a notice: which one. Before the engine sees it, a driver puts that notice's id into the answer and
    /// takes the report out.
    pub reply: Option<Reply>,
}

/// Which notice is answered: of this rule and this report, the newest page or reminder to this role that went out before
/// the answer came; without one the answer names nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// Rule id.
    pub rule: Text,
    /// The role that was paged.
    pub role: Who,
    /// Whether the code given is another notice's.
    pub has_wrong_code: bool,
}

/// A change of a clock or an alert.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Line {
    /// Log time.
    pub at: Timestamp,
    /// Rule id.
    pub rule: Text,
    /// The report's filler number, or its placer number if it never had one.
    pub report: Text,
    /// State word of a clock or an alert.
    pub transition: Text,
    /// Severity of an alert; empty for clocks.
    pub severity: Text,
    /// Generation of an alert, from 1; 0 for clocks.
    pub generation: u32,
}

/// A message that began to be sent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Page {
    /// Log time.
    pub at: Timestamp,
    /// Rule id.
    pub rule: Text,
    /// The report, as in [`Line`].
    pub report: Text,
    /// To whom, as a ward names them.
    pub role: Text,
    /// By which channel.
    pub channel: Channel,
    /// What for.
    pub purpose: Purpose,
    /// Which step of the escalation, from 1; 0 for tells and withdrawals.
    pub step: usize,
}

/// What a message is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Purpose {
    /// Awaits an answer.
    Page,
    /// Asks again.
    Reminder,
    /// Awaits none.
    Tell,
    /// What was sent is no longer true.
    Withdrawal,
    /// Nobody answered: a desk has it to do.
    Task,
}

/// Everything that should have been said.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// Changes, per report in log order.
    pub lines: Vec<Line>,
    /// Messages, per report in log order.
    pub pages: Vec<Page>,
}

/// What is written down about one report.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) at: Timestamp,
    pub(crate) report: Text,
    pub(crate) has_ordering: bool,
    /// Who is on duty, and in which zone.
    pub(crate) rosters: Vec<Roster>,
    pub(crate) zone: Zone,
    pub(crate) outcome: Outcome,
}

/// What should be said about all reports when `until` is reached.
///
/// - **Input** `told`: in any order; equal log times are one batch, facts before answers.
/// - **Output**: report by report in the order of their names.
#[must_use]
pub fn all(ward: &Ward, told: &[Told], until: Timestamp) -> Outcome {
    let mut outcome = Outcome::default();
    each(ward, told, until, |part| {
        outcome.lines.extend(part.lines);
        outcome.pages.extend(part.pages);
    });
    outcome
}

/// The same, handed on report by report, so that nobody needs to hold it whole.
pub fn each(ward: &Ward, told: &[Told], until: Timestamp, mut take: impl FnMut(Outcome)) {
    let names = names(told);
    let patients = if ward.looks_back() { patients(told, &names) } else { BTreeMap::new() };
    let mut of_report: BTreeMap<&Text, Vec<(&Text, &Told)>> = BTreeMap::new();
    let mut of_patient: BTreeMap<Token, Vec<(&Text, &Told)>> = BTreeMap::new();
    for (name, told) in names.iter().zip(told).filter_map(|(name, told)| Some((name.as_ref()?, told))) {
        of_report.entry(name).or_default().push((name, told));
        if let Some(patient) = patients.get(name) {
            of_patient.entry(*patient).or_default().push((name, told));
        }
    }
    for (name, own) in of_report {
        let near = patients.get(name).and_then(|patient| of_patient.get(patient)).cloned().unwrap_or(own);
        take(watch::run(ward, name, near, until));
    }
}

/// Which report each input is about. Facts that carry only a placer number belong to the report that has that placer number
/// and a filler number [IDN-6].
fn names(told: &[Told]) -> Vec<Option<Text>> {
    let mut fillers = BTreeMap::new();
    for event in told.iter().map(|told| &told.event) {
        if let (Some(placer), Some(filler)) = (&event.report.placer, &event.report.filler) {
            fillers.insert((&placer.ns, &placer.id), &filler.id);
        }
    }
    let name = |told: &Told| {
        let ids = &told.event.report;
        let joined =
            ids.placer.as_ref().map(|placer| fillers.get(&(&placer.ns, &placer.id)).copied().unwrap_or(&placer.id));
        ids.filler.as_ref().map(|filler| &filler.id).or(joined).cloned()
    };
    told.iter().map(name).collect()
}

/// Whose report each is; every fact of a report says so, or none.
fn patients(told: &[Told], names: &[Option<Text>]) -> BTreeMap<Text, Token> {
    let named = told.iter().zip(names).filter_map(|(told, name)| Some((name.clone()?, told.event.patient?)));
    named.collect()
}

impl Journal {
    /// Whom a word of a step means now.
    pub(crate) fn meant(&self, who: &Who) -> Who {
        self.meant_at(who, self.at)
    }

    /// Whom it meant until a moment ago.
    pub(crate) fn meant_before(&self, who: &Who) -> Who {
        self.meant_at(who, self.at.plus(Span::from_micros(-1)))
    }

    fn meant_at(&self, who: &Who, at: Timestamp) -> Who {
        let roster = self.rosters.iter().find(|roster| *who == Who::Roster(roster.name.clone()));
        roster.map_or_else(|| who.clone(), |roster| duty::on_duty(roster, &self.zone, at))
    }

    /// When it next means somebody else.
    pub(crate) fn next_change(&self, who: &Who) -> Option<Timestamp> {
        let roster = self.rosters.iter().find(|roster| *who == Who::Roster(roster.name.clone()))?;
        duty::next_change(roster, &self.zone, self.at)
    }

    /// Writes a change of an alert.
    pub(crate) fn line(&mut self, alert: &Alert, word: &'static str) {
        self.outcome.lines.push(Line {
            at: self.at,
            rule: alert.rule.clone(),
            report: self.report.clone(),
            transition: Text::const_new(word),
            severity: alert.severity.clone(),
            generation: alert.generation,
        });
    }

    /// Writes a change of a clock.
    pub(crate) fn clock(&mut self, rule: &Text, word: &'static str) {
        self.outcome.lines.push(Line {
            at: self.at,
            rule: rule.clone(),
            report: self.report.clone(),
            transition: Text::const_new(word),
            severity: Text::default(),
            generation: 0,
        });
    }

    /// Writes a message.
    pub(crate) fn page(&mut self, alert: &Alert, role: String, channel: Channel, (purpose, step): (Purpose, usize)) {
        self.outcome.pages.push(Page {
            at: self.at,
            rule: alert.rule.clone(),
            report: self.report.clone(),
            role: Text::from(role),
            channel,
            purpose,
            step,
        });
    }
}

/// Whether an event is an answer: those come after the facts of their batch [TIME-3].
fn is_answer(event: &Event) -> bool {
    matches!(event.fact, Fact::Answer(_))
}

#[cfg(test)]
mod tests;
