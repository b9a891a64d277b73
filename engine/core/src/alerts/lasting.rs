//! Lasting: has a report been in a state for so long that somebody must know?
//!
//! The state, `where` and `unless` hold together over stretches of event time [WHILE-2]. The newest stretch decides: one that
//! lasts is waited for until its begin plus `hold`; one that outlived it and ended clears the alert; one that, by late news,
//! did not outlive it withdraws [WHILE-1].
//! ```text
//!  09:00 ├──hold──┤ 09:10 raised        ended 09:10: did not hold      ended 09:11: cleared
//! ```
//! - **Not here**: counts, alerts and feeds ([`crate::watch`]).

use wardline_rules::{
    evaluate::{Facts, matches},
    program::{Lasting, Trigger},
    time::Timestamp,
};

use super::{About, Closing, absence::Wait, when::AlertIx};
use crate::{
    clocks::timeline::due_after,
    doubt::Doubt,
    output::Output,
    partition::Partition,
    past::Past,
    report::{Report, ReportSlot},
    view::View,
};

/// A stretch of event time in which everything held; `MAX` if it lasts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stretch {
    from: Timestamp,
    to: Timestamp,
    /// When it will have held.
    due: Timestamp,
}

impl Partition {
    /// Asks one rule about a lasting state of a report again.
    pub(crate) fn refresh_lasting(&mut self, slot: ReportSlot, report: &mut Report, rule: AlertIx, out: &mut Output) {
        let Some((id, rank)) = self.rule_of(rule) else { return };
        let (stretches, doubt) = self.stretches(report, rule);
        self.say_doubt((id, report.born), &doubt, out);
        if let Some(known) = self.newest(report, id, About::Report) {
            let since = self.alerts.get(known).map(|alert| alert.since);
            let holds_it = |stretch: &&Stretch| since.is_some_and(|at| stretch.from <= at && at < stretch.to);
            match stretches.iter().find(holds_it) {
                Some(stretch) if stretch.to == Timestamp::MAX => {
                    // It lasts; older news says that it began earlier, which raises nothing again.
                    if let Some(alert) = self.alerts.get_mut(known) {
                        alert.since = stretch.from;
                    }
                    return;
                }
                Some(stretch) if stretch.to > stretch.due => self.end(known, Some(report), Closing::Cleared, out),
                Some(_) | None => self.end(known, Some(report), Closing::Withdrawn, out),
            }
        }
        match stretches.last().filter(|stretch| stretch.to == Timestamp::MAX) {
            Some(stretch) => {
                let (started, due) = (stretch.from, stretch.due);
                let wait =
                    Wait { rule: id, ward: rule.ward, index: rule.index, started, due, is_fired: false, armed: None };
                self.wait_until(slot, report, wait, rank);
            }
            None => self.forget_wait(report, id, true),
        }
    }

    /// The stretches of a rule's state, and what was in doubt when a state began that was heard of now.
    fn stretches(&mut self, report: &Report, rule: AlertIx) -> (Vec<Stretch>, Doubt) {
        let nothing = || (Vec::new(), Doubt::default());
        let Some(ward) = self.wards.get_mut(rule.ward as usize) else { return nothing() };
        ward.tests.learn(&ward.program, &self.dictionary);
        let Some((alert, known)) = ward.alert(rule.index) else { return nothing() };
        let Trigger::While(found) = &alert.trigger else { return nothing() };
        let Lasting::Report { kinds, any } = &found.state else { return nothing() };
        let past = Some(Past { reports: &self.reports, index: &self.index });
        let from = ward.sources(&self.dictionary, &self.tuples, past);
        let mut doubt = Doubt::default();
        let is_new = |at: Timestamp| report.records.iter().any(|record| record.lo == at && record.heard == self.at);
        let mut was_in = false;
        let mut holds = |at: Timestamp| {
            let then = self.tuples.get(report.effective_at(at, &self.tuples));
            let view = View { from, report, then, at, result: None };
            let is_in = view.kind().is_some_and(|kind| kinds.has(kind)) && report.is_in_any(any, at, &self.dictionary);
            let found = is_in.then(|| matches(&alert.condition, &alert.unless, &alert.missing, &view));
            if let Some(found) = &found
                && !was_in
                && is_new(at)
            {
                doubt.add(found);
            }
            was_in = is_in;
            found.is_some_and(|found| found.holds)
        };
        let calendar = found.calendar.and_then(|id| ward.program.calendars.get(id.index()));
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut begun: Option<Timestamp> = None;
        let stretch = |from: Timestamp, to| {
            // What a new rule waits for begins no earlier than the rule [LOAD-3].
            let from = from.max(known.since);
            Stretch { from, to, due: due_after(from, found.hold, &[], calendar) }
        };
        for at in report.instants() {
            match (begun, holds(at)) {
                (None, true) => begun = Some(at),
                (Some(from), false) => {
                    stretches.push(stretch(from, at));
                    begun = None;
                }
                (None, false) | (Some(_), true) => {}
            }
        }
        stretches.extend(begun.map(|from| stretch(from, Timestamp::MAX)));
        (stretches, doubt)
    }
}
