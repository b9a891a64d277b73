//! Absence: did what was expected come in time, late, or not at all?
//!
//! The period begins at the event time of `after` and ends `within` later; an expected moment counts when its event time
//! lies from begin to end, both included, whenever it arrives [ABS-1]. For feeds every message begins a new period [ABS-2].

use wardline_rules::{
    evaluate::matches,
    program::{Absence, Happening, Moment, Trigger},
    time::Timestamp,
    words::Step,
};

use super::{About, Cause, Closing, Raise, Source, when::AlertIx};
use crate::{
    clocks::timeline::due_after,
    dictionary::Coded,
    doubt::Doubt,
    moments,
    output::Output,
    partition::Partition,
    past::Past,
    report::{Report, ReportSlot, registers::Occurrence},
    snug,
    timers::{Armed, Class, Timer, TimerId},
    view::View,
    ward::Ward,
};

/// A period that runs on a report, or ran out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Wait {
    pub(crate) rule: Coded,
    pub(crate) ward: u32,
    pub(crate) index: u32,
    pub(crate) started: Timestamp,
    pub(crate) due: Timestamp,
    /// Whether the end of the period was acted upon.
    pub(crate) is_fired: bool,
    pub(crate) armed: Option<Armed>,
}

/// A period that runs on a feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FeedWait {
    pub(crate) wait: Wait,
    /// Number of the feed's name, as the ward spells it.
    pub(crate) feed: Coded,
}

/// What the facts say of a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Period {
    /// It does not run: nothing began it, or its report is over.
    None,
    /// It runs, or ran out, and nothing came.
    Awaiting { started: Timestamp, due: Timestamp },
    /// What was expected came in time.
    InTime,
    /// It came after the end.
    Late,
}

impl Partition {
    /// Asks one absence rule about a report again.
    pub(crate) fn refresh_absence(&mut self, slot: ReportSlot, report: &mut Report, rule: AlertIx, out: &mut Output) {
        let Some((id, rank)) = self.rule_of(rule) else { return };
        let mut doubt = Doubt::default();
        let period = self.period(report, rule, &mut doubt);
        self.say_doubt((id, report.born), &doubt, out);
        // One that ended after an answer is not open, and whoever acted on it must still hear that its cause is gone.
        match (period, self.newest(report, id, About::Report)) {
            (Period::Awaiting { started, due }, _) => {
                self.wait_until(
                    slot,
                    report,
                    Wait { rule: id, ward: rule.ward, index: rule.index, started, due, is_fired: false, armed: None },
                    rank,
                );
            }
            (Period::None | Period::InTime, Some(known)) => {
                self.forget_wait(report, id, true);
                self.end(known, Some(report), Closing::Withdrawn, out);
            }
            (Period::Late, Some(known)) => {
                self.forget_wait(report, id, false);
                self.end(known, Some(report), Closing::Cleared, out);
            }
            (Period::None | Period::InTime, None) => self.forget_wait(report, id, true),
            (Period::Late, None) => self.forget_wait(report, id, false),
        }
    }

    pub(super) fn rule_of(&self, rule: AlertIx) -> Option<(Coded, u32)> {
        let (_, known) = self.wards.get(rule.ward as usize)?.alert(rule.index)?;
        Some((known.id, known.rank))
    }

    /// What the facts say, and what was in doubt about a period whose begin was heard of now.
    fn period(&mut self, report: &Report, rule: AlertIx, doubt: &mut Doubt) -> Period {
        let Some(ward) = self.wards.get_mut(rule.ward as usize) else { return Period::None };
        ward.tests.learn(&ward.program, &self.dictionary);
        let Some((alert, known)) = ward.alert(rule.index) else { return Period::None };
        let Trigger::Absence(absence) = &alert.trigger else { return Period::None };
        let both = (&self.tuples, &self.dictionary);
        moments::times(&absence.after, report, both, &mut self.scratch, &mut self.occurrences);
        let Some(begun) =
            self.occurrences.iter().find(|after| after.heard >= known.since && !after.is_untimed).copied()
        else {
            return Period::None;
        };
        let started = begun.at.base();
        let past = Some(Past { reports: &self.reports, index: &self.index });
        let from = ward.sources(&self.dictionary, &self.tuples, past);
        let then = self.tuples.get(report.effective_at(started, &self.tuples));
        let view = View { from, report, then, at: started, result: None };
        let calendar = absence.calendar.and_then(|calendar| ward.program.calendars.get(calendar.index()));
        // What a new rule waits for begins no earlier than the rule [LOAD-3].
        let due = due_after(started.max(known.since), absence.within, &[], calendar);
        if is_over(report, due) {
            return Period::None;
        }
        let found = matches(&alert.condition, &alert.unless, &alert.missing, &view);
        if begun.heard == self.at {
            doubt.add(&found);
        }
        if !found.holds {
            return Period::None;
        }
        moments::times(&absence.expect, report, both, &mut self.scratch, &mut self.occurrences);
        judge(absence, begun, due, &self.occurrences)
    }

    /// Keeps one period for the rule, armed for its end.
    pub(super) fn wait_until(&mut self, slot: ReportSlot, report: &mut Report, wait: Wait, rank: u32) {
        let place = report.waits.iter().position(|known| known.rule == wait.rule);
        if let Some(known) = place.and_then(|place| report.waits.get(place)) {
            if (known.started, known.due) == (wait.started, wait.due) {
                return;
            }
            if let Some(armed) = known.armed {
                self.timers.disarm(armed);
            }
        }
        let class = self.wards.get(wait.ward as usize).map_or(Class::Absence, |ward| wait_class(ward, wait.index));
        let id = TimerId { class, rule: rank, subject: report.born, part: 0 };
        let armed = (wait.due != Timestamp::MAX).then(|| self.timers.arm(Timer { due: wait.due, id, owner: slot }));
        let wait = Wait { armed, ..wait };
        match place.and_then(|place| report.waits.get_mut(place)) {
            Some(known) => *known = wait,
            None => snug::push(&mut report.waits, wait),
        }
    }

    /// Ends the period of a rule; with `again` it may begin anew.
    pub(super) fn forget_wait(&mut self, report: &mut Report, rule: Coded, again: bool) {
        let Some(place) = report.waits.iter().position(|wait| wait.rule == rule) else { return };
        let armed = report.waits.get_mut(place).and_then(|wait| wait.armed.take());
        if let Some(armed) = armed {
            self.timers.disarm(armed);
        }
        if again {
            report.waits.remove(place);
        }
    }

    /// The period of a report ran out: raises unless the facts say otherwise.
    pub(crate) fn fire_absence(&mut self, slot: ReportSlot, timer: Timer, out: &mut Output) {
        let Some(mut report) = self.reports.take(slot) else { return };
        if report.born == timer.id.subject {
            let due: Vec<Wait> =
                report.waits.iter().filter(|wait| wait.due == timer.due && wait.armed.is_some()).copied().collect();
            for wait in due {
                let rule = AlertIx { ward: wait.ward, index: wait.index };
                if self.rule_of(rule).is_none_or(|found| found.1 != timer.id.rule) {
                    continue;
                }
                if self.is_of_moments(rule) {
                    // A private clock of a script: it is asked what follows.
                    self.forget_wait(&mut report, wait.rule, true);
                    self.refresh_alert(slot, &mut report, rule, out);
                } else {
                    self.raise_absence(slot, &mut report, wait, out);
                }
            }
        }
        self.reports.put(slot, report);
    }

    fn is_of_moments(&self, rule: AlertIx) -> bool {
        let found = self.wards.get(rule.ward as usize).and_then(|ward| ward.alert(rule.index));
        found.is_some_and(|found| matches!(found.0.trigger, Trigger::When(_)))
    }

    fn raise_absence(&mut self, slot: ReportSlot, report: &mut Report, wait: Wait, out: &mut Output) {
        if let Some(known) = report.waits.iter_mut().find(|known| known.rule == wait.rule) {
            known.is_fired = true;
            known.armed = None;
        }
        let Some((_, rank)) = self.rule_of(AlertIx { ward: wait.ward, index: wait.index }) else { return };
        let Some(severity) = self.severity_of(wait) else { return };
        let known =
            report.alerts.iter().filter_map(|slot| self.alerts.get(*slot)).filter(|alert| alert.rule == wait.rule);
        let key = u64::try_from(known.count()).unwrap_or(u64::MAX);
        let cause = Cause { ward: wait.ward, source: Source::Rule(wait.index), severity };
        let of = Some((slot, report.id));
        let raise = Raise {
            cause,
            rule: wait.rule,
            rank,
            report: of,
            about: About::Report,
            key,
            since: wait.due,
            extras: Vec::new(),
        };
        self.raise(raise, Some(report), out);
    }

    fn severity_of(&self, wait: Wait) -> Option<wardline_rules::program::SeverityId> {
        Some(self.wards.get(wait.ward as usize)?.alert(wait.index)?.0.severity)
    }

    /// A message of a feed arrived: it begins a new period and ends what its absence raised.
    pub(crate) fn feed_message(&mut self, source: Coded, out: &mut Output) {
        let Some(active) = self.active else { return };
        let Some(ward) = self.wards.get(active as usize) else { return };
        if ward.feed_rules.is_empty() {
            return;
        }
        let program = ward.program.clone();
        let Some(feed) = program.catalogue.feed(self.dictionary.text(source)) else { return };
        let name = program.catalogue.feeds.get(feed.index()).map(|feed| feed.name.clone()).unwrap_or_default();
        let name = self.dictionary.code(&name);
        let speaks = |moments: &[Moment]| moments.iter().any(|moment| moment.happening == Happening::Message(feed));
        for index in ward.feed_rules.clone() {
            let Some(rule) = program.alerts.get(index as usize) else { continue };
            let Trigger::Absence(absence) = &rule.trigger else { continue };
            if speaks(&absence.expect) {
                self.feed_came(active, index, name, out);
            }
            if speaks(&absence.after) {
                let calendar = absence.calendar.and_then(|calendar| program.calendars.get(calendar.index()));
                let due = due_after(self.at, absence.within, &[], calendar);
                self.feed_waits_until((active, index), name, due);
            }
        }
    }

    fn feed_came(&mut self, ward: u32, index: u32, feed: Coded, out: &mut Output) {
        let mine = |alert: &super::Alert| {
            alert.is_open()
                && alert.about == About::Feed(feed)
                && alert.cause.source == Source::Rule(index)
                && alert.cause.ward == ward
        };
        let open: Vec<u32> =
            self.feed_alerts.iter().copied().filter(|slot| self.alerts.get(*slot).is_some_and(mine)).collect();
        for slot in open {
            self.end(slot, None, Closing::Cleared, out);
        }
    }

    fn feed_waits_until(&mut self, (ward, index): (u32, u32), feed: Coded, due: Timestamp) {
        let Some((rule, rank)) = self.rule_of(AlertIx { ward, index }) else { return };
        let place = self.feed_waits.iter().position(|known| known.wait.rule == rule && known.feed == feed);
        if let Some(armed) = place.and_then(|place| self.feed_waits.get(place)).and_then(|known| known.wait.armed) {
            self.timers.disarm(armed);
        }
        let id = TimerId { class: Class::Absence, rule: rank, subject: u64::from(feed), part: 1 };
        let armed = (due != Timestamp::MAX).then(|| self.timers.arm(Timer { due, id, owner: feed }));
        let wait = Wait { rule, ward, index, started: self.at, due, is_fired: false, armed };
        match place.and_then(|place| self.feed_waits.get_mut(place)) {
            Some(known) => known.wait = wait,
            None => self.feed_waits.push(FeedWait { wait, feed }),
        }
    }

    /// The period of a feed ran out.
    pub(crate) fn fire_feed(&mut self, timer: Timer, out: &mut Output) {
        let feed = timer.owner;
        let due = self.feed_waits.iter_mut().filter(|known| known.feed == feed && known.wait.due == timer.due);
        let waits: Vec<Wait> = due.filter_map(|known| known.wait.armed.take().map(|_| known.wait)).collect();
        for wait in waits {
            let Some((_, rank)) = self.rule_of(AlertIx { ward: wait.ward, index: wait.index }) else { continue };
            let Some(severity) = self.severity_of(wait) else { continue };
            let cause = Cause { ward: wait.ward, source: Source::Rule(wait.index), severity };
            let key = u64::from_le_bytes(wait.started.micros().to_le_bytes());
            let about = About::Feed(feed);
            self.raise(
                Raise { cause, rule: wait.rule, rank, report: None, about, key, since: wait.due, extras: Vec::new() },
                None,
                out,
            );
        }
    }
}

/// Holds end before absences of the same instant [TIME-4].
pub(crate) fn wait_class(ward: &Ward, index: u32) -> Class {
    let is_hold = ward.alert(index).is_some_and(|found| matches!(found.0.trigger, Trigger::While(_)));
    if is_hold { Class::Hold } else { Class::Absence }
}

/// Whether the report ended so that nothing is awaited: in error, cancelled within the period [ABS-2], or cancelled before a
/// result existed [ALERT-5].
fn is_over(report: &Report, due: Timestamp) -> bool {
    let cancelled = report.end_in_force(Step::Cancelled);
    let is_cancelled = cancelled.is_some_and(|end| end.lo <= due || !report.had_result_before(end.lo));
    is_cancelled || report.end_in_force(Step::EnteredInError).is_some()
}

/// What the expected moments make of a period that `begun` began.
fn judge(absence: &Absence, begun: Occurrence, due: Timestamp, came: &[Occurrence]) -> Period {
    let started = begun.at.base();
    // The occurrence that begins the period is not an expected moment of it.
    let is_same = absence.after == absence.expect;
    let counts = |moment: &&Occurrence| started <= moment.at.lo && !(is_same && moment.at.lo == begun.at.lo);
    match came.iter().filter(counts).map(|moment| moment.at.lo).min() {
        Some(at) if at <= due => Period::InTime,
        Some(_) => Period::Late,
        None => Period::Awaiting { started, due },
    }
}
