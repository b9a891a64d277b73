//! Documented: does what somebody did outside of Wardline answer an alert?
//!
//! A review, or an acknowledgement recorded elsewhere, is an action: it answers and closes every alert that asks somebody,
//! about the result it names or else about all of the report, if it happened after what raised the alert did [ESC-8]. Both
//! are instants of event time and it does not matter which was heard first: an alert raised when its answer is known already
//! pages nobody. An answer that names the report and no notice is judged like any other, but for its code and for having been
//! paged [ESC-5] [REP-20].
//!
//! - **Not here**: answers to notices ([`crate::step`]).

use wardline_rules::{
    event::{Answer, Event},
    program::Trigger,
    time::Timestamp,
    words::Act,
};

use super::Phase;
use crate::{
    alerts::{About, Alert, AlertSlot, Closing, Source},
    output::{AlertState, AnswerVerdict, Output, Recipient},
    partition::Partition,
    report::{OWN_ANSWER, Record, Report},
    step::party_token,
};

/// Why an alert is answered that nobody answered here.
pub(crate) const ELSEWHERE: &str = "documented elsewhere";

impl Partition {
    /// Answers and closes what an action that is known by now answers.
    pub(crate) fn documented(&mut self, report: &mut Report, out: &mut Output) {
        if !report.records.iter().any(Record::is_action) {
            return;
        }
        for slot in report.alerts.clone() {
            if self.awaits(slot) && self.is_acted_upon(slot, report) {
                self.acted(slot, ELSEWHERE, None, out);
            }
        }
    }

    /// Whether an alert asks somebody, or waits for an action on what was answered.
    fn awaits(&self, slot: AlertSlot) -> bool {
        self.alerts.get(slot).is_some_and(|alert| {
            let is_asking = matches!(alert.course.phase, Phase::Paging | Phase::Unresolved | Phase::Answered);
            is_asking && alert.course.step > 0
        })
    }

    /// Whether an action that answers this alert is known.
    pub(crate) fn is_acted_upon(&self, slot: AlertSlot, report: &Report) -> bool {
        let Some(alert) = self.alerts.get(slot) else { return false };
        let mut actions = report.records.iter().filter(|record| record.is_action());
        actions.any(|action| self.is_after(alert, action.time().base()) && speaks_of(action, alert.about, report))
    }

    /// Whether something that happened at `at` came after what raised an alert: a moment's own instant counts, since it
    /// belongs to the version that the moment opened [REP-10]; a period or target ends after all facts of its last instant
    /// [TIME-2].
    fn is_after(&self, alert: &Alert, at: Timestamp) -> bool {
        let is_end = match alert.cause.source {
            Source::Clock { .. } => true,
            Source::Notice(_) | Source::Upkeep(_) => false,
            Source::Rule(index) => {
                let ward = self.wards.get(alert.cause.ward as usize);
                let rule = ward.and_then(|ward| ward.alert(index));
                rule.is_some_and(|(rule, _)| matches!(rule.trigger, Trigger::Absence(_) | Trigger::While(_)))
            }
        };
        if is_end { at > alert.since } else { at >= alert.since }
    }

    /// Somebody acted: an alert that was not answered is, and it closes [ESC-8].
    pub(crate) fn acted(&mut self, slot: AlertSlot, why: &str, report: Option<&mut Report>, out: &mut Output) {
        if self.alerts.get(slot).is_some_and(|alert| alert.course.phase != Phase::Answered) {
            self.counters.answered += 1;
            if let Some(alert) = self.alerts.get_mut(slot) {
                alert.course.was_answered = true;
            }
            self.say_alert(slot, AlertState::Answered, why, out);
        }
        self.end(slot, report, Closing::Acted, out);
    }

    /// Takes an answer that names the report and no notice; where nothing asks for it, it is a call that was documented.
    pub(crate) fn answer_of_report(
        &mut self,
        report: &mut Report,
        (event, answer): (&Event, &Answer),
        out: &mut Output,
    ) -> AnswerVerdict {
        let at = event.occurred_at.map_or(self.at, |at| at.base());
        let mut verdict: Option<AnswerVerdict> = None;
        for slot in report.alerts.clone() {
            let Some(alert) = self.alerts.get(slot).filter(|_| self.awaits(slot)) else { continue };
            if self.is_after(alert, at) && self.is_named(answer, alert.about) {
                let this = self.judge_documented(slot, answer, report, out);
                verdict = Some(verdict.map_or(this, |known| known.min(this)));
            }
        }
        let is_answer = matches!(answer.act, Act::Accepted | Act::ReadBack);
        if is_answer && verdict.is_none_or(|verdict| verdict == AnswerVerdict::Accepted) {
            self.acknowledge(report, at, OWN_ANSWER);
        }
        verdict.unwrap_or(AnswerVerdict::Recorded)
    }

    fn judge_documented(
        &mut self,
        slot: AlertSlot,
        answer: &Answer,
        report: &mut Report,
        out: &mut Output,
    ) -> AnswerVerdict {
        if answer.by.is_some_and(|by| self.completes_task(slot, self.resolve_token(by), answer)) {
            return self.complete_task(slot, answer.act, Some(report), out);
        }
        match answer.act {
            Act::Delivered | Act::Read => AnswerVerdict::Recorded,
            Act::Declined => {
                if let Some(who) = self.asked_person(slot, answer) {
                    self.is_out(slot, &who, true, Some(report), out);
                }
                AnswerVerdict::Recorded
            }
            Act::Acted => {
                self.acted(slot, ELSEWHERE, None, out);
                AnswerVerdict::Accepted
            }
            Act::Accepted | Act::ReadBack => {
                let who = self.asked_person(slot, answer);
                self.accept(slot, (who.as_ref(), answer), Some(report), out)
            }
        }
    }

    /// Who of those asked in the running step an answer names.
    fn asked_person(&self, slot: AlertSlot, answer: &Answer) -> Option<Recipient> {
        let by = self.resolve_token(answer.by?);
        let mut asked = self.alerts.get(slot)?.course.asked.iter().map(|asked| &asked.recipient);
        asked.find(|recipient| party_token(&recipient.party) == by).cloned()
    }

    /// Whether an answer that names a result names this one.
    fn is_named(&self, answer: &Answer, about: About) -> bool {
        let Some(result) = &answer.result else { return true };
        match about {
            About::Result(key) => self.dictionary.text(key.code) == result.code,
            About::Report | About::Feed(_) | About::Group(_) => false,
        }
    }
}

/// Whether an action speaks of what an alert is about: of the results that came with it, otherwise of all of the report.
fn speaks_of(action: &Record, about: About, report: &Report) -> bool {
    let mut named = report.cold.statements.iter().filter(|said| (said.made, said.tie) == (action.made, action.tie));
    match about {
        About::Result(key) => {
            let mut named = named.peekable();
            named.peek().is_none() || named.any(|statement| statement.key.code == key.code)
        }
        About::Report | About::Feed(_) | About::Group(_) => named.next().is_none(),
    }
}
