//! History: what do all facts told so far say about one report?
//!
//! Nothing is merged as it arrives. Every question looks at the whole list: which times of a step count, what a field or a
//! flag was at an instant, which ends are in force, which state followed.
//!
//! - **How it fits**: [`evaluate`](crate::evaluate) makes one of these after every input, [`clock`](crate::clock) and
//!   [`causes`](crate::causes) ask it.
//! - **Source**: domain page, rules for reports [REP-1] to [REP-16]; language page [FACT-1] to [FACT-4].

use std::collections::BTreeSet;

use wardline_rules::{
    Text,
    event::{Event, Fact, Given, ReportFlag, ResultItem},
    time::{EventTime, Timestamp},
    token::Token,
    words::{Evidence, Flag, Kind, Role, Scope, State, Step, WardKind},
};

use crate::rule::{Moment, Ward};

/// One telling of a step.
#[derive(Clone, Debug)]
struct Telling {
    step: Step,
    time: EventTime,
    evidence: Evidence,
    /// When it was said: the message's own time, else the step's.
    stated: Timestamp,
    id: Text,
}

/// All that was told about one report.
#[derive(Debug)]
pub(crate) struct History<'a> {
    /// In order of event time, then of statement, then of id.
    events: Vec<(Timestamp, &'a Event)>,
    tellings: Vec<Telling>,
    /// The other reports of the patient, if anybody asks for them.
    pub(crate) others: Vec<Self>,
}

impl<'a> History<'a> {
    pub(crate) fn new(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut timed: Vec<_> = events.into_iter().filter_map(|e| Some((e.occurred_at?.base(), e))).collect();
        timed.sort_by(|(a, one), (b, two)| (a, stated(one), &one.event_id).cmp(&(b, stated(two), &two.event_id)));
        let mut tellings = Vec::new();
        for (_, event) in &timed {
            let own = step_of(event).zip(event.occurred_at).map(|(step, time)| (step, time, event.evidence));
            let others = event.milestones.iter().map(|m| (m.step, m.at, m.evidence));
            tellings.extend(own.into_iter().chain(others).map(|(step, time, evidence)| {
                let stated = event.msg.made_at.map_or(time.base(), |made| made.base());
                Telling { step, time, evidence, stated, id: event.event_id.clone() }
            }));
        }
        Self { events: timed, tellings, others: Vec::new() }
    }

    /// Times of a step that count, in order: one per specimen or order where the newest statement is the truth [REP-2],
    /// else each distinct one [FACT-2]; only those of the best evidence [REP-3].
    pub(crate) fn times(&self, step: Step) -> Vec<EventTime> {
        let told: Vec<_> = self.tellings.iter().filter(|telling| telling.step == step).collect();
        let Some(best) = told.iter().map(|telling| telling.evidence).min() else { return Vec::new() };
        let told = told.into_iter().filter(|telling| telling.evidence == best);
        let mut times: Vec<EventTime> = if step.scope() == Scope::OrderTruth {
            let rejected = self.rejections(step);
            let specimen = |t: Timestamp| rejected.iter().filter(|r| **r <= t).count();
            let mut kept: Vec<&Telling> = Vec::new();
            for telling in told {
                let same = |other: &&Telling| specimen(other.time.base()) == specimen(telling.time.base());
                let newest = kept.iter().position(same);
                match newest.and_then(|index| kept.get_mut(index)) {
                    None => kept.push(telling),
                    Some(other) if (other.stated, &other.id) < (telling.stated, &telling.id) => *other = telling,
                    Some(_) => {}
                }
            }
            kept.into_iter().map(|telling| telling.time).collect()
        } else {
            told.map(|telling| telling.time).collect()
        };
        times.sort_by_key(|time| (time.base(), time.width()));
        times.dedup_by_key(|time| time.base());
        times
    }

    /// When specimens were rejected; only collection and receipt belong to a specimen [REP-16].
    fn rejections(&self, step: Step) -> Vec<Timestamp> {
        if !matches!(step, Step::Collected | Step::Received) {
            return Vec::new();
        }
        self.times(Step::Recollect).iter().map(EventTime::base).collect()
    }

    /// Times at which a moment happened, in order.
    pub(crate) fn moments(&self, moment: Moment) -> Vec<EventTime> {
        match moment {
            Moment::Step(Step::Cancelled) => self.cancels(),
            Moment::Step(Step::EnteredInError) => self.errors(),
            Moment::Step(step) => self.times(step),
            Moment::Recollected => {
                let first = self.times(Step::Recollect).first().map(EventTime::base);
                let mut times = self.times(Step::Collected);
                times.retain(|time| first.is_some_and(|first| first <= time.base()));
                times
            }
        }
    }

    /// Cancellations in force: no result-bearing step at or after them [REP-5].
    pub(crate) fn cancels(&self) -> Vec<EventTime> {
        let undone = self.last(Step::is_result_bearing);
        self.times(Step::Cancelled).into_iter().filter(|time| undone.is_none_or(|last| last < time.base())).collect()
    }

    /// Retractions in force: no final and no change after them [REP-6].
    pub(crate) fn errors(&self) -> Vec<EventTime> {
        let undone = self.last(|step| step == Step::Final || step.is_change());
        self.times(Step::EnteredInError)
            .into_iter()
            .filter(|time| undone.is_none_or(|last| last <= time.base()))
            .collect()
    }

    fn last(&self, of: impl Fn(Step) -> bool) -> Option<Timestamp> {
        self.tellings.iter().filter(|telling| of(telling.step)).map(|telling| telling.time.base()).max()
    }

    /// Whether a cancellation in force came before any result [ALERT-5].
    pub(crate) fn was_cancelled_without_result(&self) -> bool {
        let first = self.tellings.iter().filter(|t| t.step.is_result_bearing()).map(|t| t.time.base()).min();
        self.cancels().iter().any(|cancel| first.is_none_or(|first| cancel.base() <= first))
    }

    /// The sort of report; flags and attributes that narrow a kind are not generated.
    pub(crate) fn kind(&self) -> WardKind {
        self.events.iter().find_map(|(_, event)| event.kind).unwrap_or(Kind::Other).ward_kind(false)
    }

    /// What was last said about a field up to `at` [CAT-6].
    pub(crate) fn said<T: Clone>(&self, at: Timestamp, field: impl Fn(&Event) -> Given<T>) -> Option<T> {
        let told = self.events.iter().filter(|(time, _)| *time <= at);
        let newest = told.map(|(_, event)| field(event)).rfind(|given| !matches!(given, Given::Absent));
        newest.and_then(|given| given.value().cloned())
    }

    /// Who ordered it, by the newest facts [WHO-1].
    pub(crate) fn ordering(&self) -> Option<Token> {
        let person = |event: &Event| event.people.iter().find(|p| p.role == Role::Ordering).map(|p| p.token);
        self.events.iter().rev().find_map(|(_, event)| person(event))
    }

    /// The report's own flags at `at`, as ward words; at equal times setting wins.
    pub(crate) fn flags(&self, at: Timestamp) -> BTreeSet<Text> {
        let mut flags = BTreeSet::new();
        let told: Vec<_> = self.events.iter().filter(|(time, _)| *time <= at).collect();
        for group in told.chunk_by(|(a, _), (b, _)| a == b) {
            for (_, event) in group {
                flags.retain(|flag| !event.flags_off.iter().any(|off| flag_word(off) == *flag));
            }
            for (_, event) in group {
                flags.extend(event.flags.iter().map(flag_word));
            }
        }
        flags
    }

    /// Declared tests that were ordered or resulted, whenever that was said [CAT-6].
    pub(crate) fn tests(&self, ward: &Ward) -> BTreeSet<Text> {
        let ordered = self.events.iter().flat_map(|(_, event)| event.tests.iter());
        let resulted = self.events.iter().flat_map(|(_, event)| event.results.iter().map(|item| &item.code));
        let declared = ordered.chain(resulted).filter_map(|code| ward.test(&code.code));
        declared.map(|test| test.word.clone()).collect()
    }

    /// Codes of tests that were ordered or resulted.
    pub(crate) fn codes(&self) -> BTreeSet<&'a Text> {
        let ordered = self.events.iter().flat_map(|(_, event)| event.tests.iter());
        let resulted = self.events.iter().flat_map(|(_, event)| event.results.iter().map(|item| &item.code));
        ordered.chain(resulted).map(|code| &code.code).collect()
    }

    /// When it was ordered; of a report whose order nobody told of, the first time that is known.
    pub(crate) fn ordered(&self) -> Option<Timestamp> {
        let first = || self.tellings.iter().map(|telling| telling.time.base()).min();
        self.times(Step::Ordered).first().map(EventTime::base).or_else(first)
    }

    /// All events in order, with their instants.
    pub(crate) fn events(&self) -> impl Iterator<Item = (Timestamp, Option<Step>, &'a [ResultItem])> {
        self.events.iter().map(|(time, event)| (*time, step_of(event), event.results.as_slice()))
    }

    /// Instants at which anything may have changed, in order.
    pub(crate) fn changes(&self) -> Vec<Timestamp> {
        let steps = self.tellings.iter().map(|telling| telling.time.base());
        let all: BTreeSet<_> = steps.chain(self.events.iter().map(|(time, _)| *time)).collect();
        all.into_iter().collect()
    }

    /// The state at `at` [FACT-3].
    pub(crate) fn state(&self, at: Timestamp) -> Option<State> {
        let has = |times: Vec<EventTime>| times.iter().any(|time| time.base() <= at);
        if has(self.errors()) {
            return Some(State::Void);
        }
        if has(self.cancels()) {
            return Some(State::Discontinued);
        }
        let until = |step: &Step| self.times(*step).iter().map(EventTime::base).rfind(|time| *time <= at);
        let reached: Vec<(Step, Timestamp)> =
            Step::ALL.iter().filter_map(|step| until(step).map(|time| (*step, time))).collect();
        let latest = |of: fn(Step) -> bool| reached.iter().filter(|(s, _)| of(*s)).map(|(_, t)| *t).max();
        let (version, rejected) = (latest(Step::is_change), latest(|step| step == Step::Recollect));
        let counts = |(step, time): &&(Step, Timestamp)| match step.scope() {
            Scope::After => version.is_none_or(|opened| opened <= *time),
            Scope::Change => version == Some(*time),
            Scope::Version => version.is_none(),
            Scope::OrderFirst | Scope::OrderTruth => version.is_none() && rejected.is_none_or(|r| r <= *time),
            Scope::OrderEvery | Scope::End => false,
        };
        let highest = reached.iter().filter(counts).filter_map(|(step, _)| Some((step.rank()?, *step))).max();
        let back = rejected.map(|_| Step::Recollect);
        highest.map(|(_, step)| step).or(back).map(Step::state)
    }
}

fn stated(event: &Event) -> Option<Timestamp> {
    event.msg.made_at.or(event.occurred_at).map(|time| time.base())
}

fn step_of(event: &Event) -> Option<Step> {
    if let Fact::Step(step) = event.fact { Some(step) } else { None }
}

/// The ward's word for a flag of an event.
fn flag_word(flag: &ReportFlag) -> Text {
    match flag {
        ReportFlag::Known(flag) => Text::const_new(Flag::word(*flag)),
        ReportFlag::Wait(reason) => Text::from(format!("awaiting {}", reason.replace('_', " "))),
    }
}

#[cfg(test)]
mod tests {
    use wardline_rules::time::Span;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_micros(0).plus(Span::from_minutes(minute))
    }

    fn events(steps: &[(Step, i64)]) -> Vec<Event> {
        let event = |(number, (step, minute)): (usize, &(Step, i64))| {
            let mut event = Event::new("lis", &format!("e{number}"), Fact::Step(*step));
            event.occurred_at = Some(EventTime::exact(at(*minute)));
            event
        };
        steps.iter().enumerate().map(event).collect()
    }

    fn states(steps: &[(Step, i64)], minutes: &[i64]) -> Vec<Option<State>> {
        let events = events(steps);
        let history = History::new(&events);
        minutes.iter().map(|minute| history.state(at(*minute))).collect()
    }

    #[test]
    fn a_state_is_that_of_the_highest_step_of_the_newest_version() {
        let steps =
            [(Step::Received, 2), (Step::Final, 5), (Step::Reviewed, 7), (Step::Corrected, 9), (Step::Ordered, 1)];
        let expected = [None, Some(State::AwaitingAnalysis), Some(State::Read), Some(State::Revised)];
        assert_eq!(states(&steps, &[0, 4, 8, 10]), expected);
    }

    #[test]
    fn a_rejected_specimen_takes_the_report_back_until_the_next_is_there() {
        let steps = [(Step::Collected, 1), (Step::Received, 2), (Step::Recollect, 4), (Step::Collected, 6)];
        let expected =
            [Some(State::AwaitingAnalysis), Some(State::AwaitingRecollection), Some(State::AwaitingTransport)];
        assert_eq!(states(&steps, &[3, 5, 6]), expected);
    }

    #[test]
    fn ends_are_in_force_until_undone() {
        // [REP-5]: a result at the same instant re-opens. [REP-6]: at the same instant the retraction wins.
        let reopened = events(&[(Step::Cancelled, 5), (Step::Preliminary, 5)]);
        assert!(History::new(&reopened).cancels().is_empty());
        let retracted = events(&[(Step::EnteredInError, 5), (Step::Final, 5)]);
        assert_eq!(History::new(&retracted).errors().len(), 1);
        assert_eq!(
            states(&[(Step::Cancelled, 5), (Step::Ordered, 1)], &[4, 5]),
            [Some(State::Ordered), Some(State::Discontinued)]
        );
    }

    #[test]
    fn the_newest_statement_about_a_specimen_is_the_truth() {
        // [REP-2] [REP-16]: the receipt of the first specimen was restated by a later message; the second is another.
        let mut events =
            events(&[(Step::Received, 10), (Step::Received, 8), (Step::Recollect, 20), (Step::Received, 30)]);
        events[1].msg.made_at = Some(EventTime::exact(at(60)));
        let times: Vec<_> = History::new(&events).times(Step::Received).iter().map(EventTime::base).collect();
        assert_eq!(times, [at(8), at(30)]);
    }
}
