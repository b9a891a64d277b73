//! Upkeep: what must Operations know of the rules themselves?
//!
//! A script that went out until the next ward [RHAI-5], a report on which more alerts are open than are kept [DET-3]: one page
//! to the desk `Operations`, where the ward declares it. The page is an alert like any other,
//! so it is durable, answered and withdrawn like one.
//!
//! - **Not here**: pages about the engine; those are the shell's.

use wardline_rules::{
    Text,
    program::{Alert as Rule, Condition, FunctionId, PageTo, Program, SeverityId, Who},
    words::Channel,
};

use super::{About, AlertSlot, Cause, Closing, Raise, Source};
use crate::{
    escalation::Phase,
    limits::GENERATIONS_PER_REPORT_MAX,
    output::{AlertState, Output},
    partition::Partition,
    report::Report,
    scripts::Which,
};

/// What an alert of ours is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Upkeep {
    /// A script is out until the next ward.
    Script,
    /// A report has more open alerts than are kept.
    Crowd,
}

impl Upkeep {
    /// The first part of a notice's step [NID-1].
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Crowd => "crowd",
        }
    }

    /// What it says to whoever reads it.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Script => "A script faulted and is out until the next ward",
            Self::Crowd => "A report has more open alerts than are kept",
        }
    }
}

/// By what staff are reached, the quickest first.
const QUICKEST: [Channel; 7] = [
    Channel::Phone,
    Channel::SecureMessage,
    Channel::Pager,
    Channel::Sms,
    Channel::Email,
    Channel::Worklist,
    Channel::Inbox,
];

/// The page to the desk `Operations`; none if it is not declared, or no channel that reaches staff.
pub(super) fn page(program: &Program) -> Option<PageTo> {
    let is_declared = |channel: &Channel| program.catalogue.channels.iter().any(|found| found.channel == *channel);
    let by: Vec<Channel> = QUICKEST.into_iter().filter(is_declared).collect();
    let desk = program.catalogue.operations.filter(|_| !by.is_empty())?;
    Some(PageTo::Direct { who: vec![Who::Desk(desk)], by })
}

impl Partition {
    /// Pages Operations about a script that went out.
    pub(crate) fn page_about_script(&mut self, ward: u32, (which, name): (Which, &Text), out: &mut Output) {
        let Some(program) = self.wards.get(ward as usize).map(|ward| ward.program.clone()) else { return };
        let severity = severity_of(&program, which);
        self.page_operations((ward, severity), (Upkeep::Script, name), u64::from(ward), out);
    }

    /// A new ward asks its scripts again: what was said of the old ones is over.
    pub(crate) fn scripts_replaced(&mut self, out: &mut Output) {
        let is_of_script = |slot: &AlertSlot| {
            let alert = self.alerts.get(*slot).filter(|alert| alert.is_open());
            alert.is_some_and(|alert| alert.cause.source == Source::Upkeep(Upkeep::Script))
        };
        let over: Vec<AlertSlot> = self.feed_alerts.iter().copied().filter(is_of_script).collect();
        for slot in over {
            self.end(slot, None, Closing::Cleared, out);
        }
    }

    /// Whether so many alerts of a report are open that no other is begun [DET-3].
    pub(super) fn is_crowded(&self, report: &Report) -> bool {
        let is_open = |slot: &&AlertSlot| self.alerts.get(**slot).is_some_and(super::Alert::is_open);
        report.alerts.len() >= GENERATIONS_PER_REPORT_MAX
            && report.alerts.iter().filter(is_open).count() >= GENERATIONS_PER_REPORT_MAX
    }

    /// One that is too many is recorded and asks nobody; Operations hears of the report once.
    pub(super) fn record_only(&mut self, slot: AlertSlot, report: &mut Report, out: &mut Output) {
        self.set_phase(slot, Phase::Closed);
        self.say_alert(slot, AlertState::Closed, "too many are open", out);
        let Some(Cause { ward, severity, .. }) = self.alerts.get(slot).map(|alert| alert.cause) else { return };
        self.page_operations((ward, severity), (Upkeep::Crowd, &Text::from(report.id.to_string())), 0, out);
    }

    fn page_operations(
        &mut self,
        (ward, severity): (u32, SeverityId),
        (what, name): (Upkeep, &Text),
        key: u64,
        out: &mut Output,
    ) {
        let program = self.wards.get(ward as usize).map(|ward| &ward.program);
        if program.is_none_or(|program| page(program).is_none()) {
            return;
        }
        let rule = self.dictionary.name(&format!("{}/{name}", what.word()));
        let about = About::Group(self.dictionary.code(name));
        let source = Source::Upkeep(what);
        let is_it = |slot: &AlertSlot| {
            let alert = self.alerts.get(*slot);
            alert.is_some_and(|alert| (alert.rule, alert.about, alert.key) == (rule, about, key))
        };
        if self.feed_alerts.iter().any(is_it) {
            return;
        }
        let cause = Cause { ward, source, severity };
        self.raise(
            Raise { cause, rule, rank: 0, report: None, about, key, since: self.at, extras: Vec::new() },
            None,
            out,
        );
    }
}

/// How bad it is that a script is out: as bad as the worst that depends on it.
fn severity_of(program: &Program, which: Which) -> SeverityId {
    let lowest = SeverityId(u32::try_from(program.severities.len().saturating_sub(1)).unwrap_or(0));
    let asks = |rule: &Rule, function: FunctionId| calls(&rule.condition, function) || calls(&rule.unless, function);
    match which {
        Which::Decision(place) => program.alerts.get(place as usize).map_or(lowest, |rule| rule.severity),
        Which::Function(place) => {
            let asking = program.alerts.iter().filter(|rule| asks(rule, FunctionId(place)));
            asking.map(|rule| rule.severity).min_by_key(|severity| severity.0).unwrap_or(lowest)
        }
    }
}

fn calls(condition: &Condition, function: FunctionId) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(|part| calls(part, function)),
        Condition::Call(call) => call.function == function,
        Condition::Atom(_) => false,
    }
}
