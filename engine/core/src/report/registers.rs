//! Registers: of all that was said about a step, which time counts?
//!
//! A milestone keeps, by its scope, the earliest time, the newest statement about one physical moment, or every time; a
//! better evidence class always outweighs a worse one, whatever the times [REP-2] [REP-3].
//!
//! - **Source**: domain page, sections 3.1 and 3.2.

use wardline_rules::{
    limits::VERSIONS_PER_REPORT_MAX,
    time::{EventTime, Timestamp},
    words::{Scope, Step},
};

use super::{Record, Report};

impl Report {
    /// All records of a step, in order of event time.
    pub(crate) fn of_step(&self, step: Step) -> impl DoubleEndedIterator<Item = &Record> + Clone {
        self.records.iter().filter(move |record| record.step == Some(step))
    }

    /// The record that counts for a step as a whole; `None` if the step was not reached.
    ///
    /// `final` belongs to version 1: one that is later than the first change does not count [REP-9].
    pub(crate) fn register(&self, step: Step) -> Option<&Record> {
        let found = match step.scope() {
            Scope::OrderFirst | Scope::Version | Scope::Change | Scope::After | Scope::OrderEvery => self.first(step),
            Scope::OrderTruth => self.truth(step, self.last_recollect(), Timestamp::MAX),
            Scope::End => self.of_step(step).next_back(),
        }?;
        let is_late_final = step == Step::Final && self.first_change().is_some_and(|change| change.lo < found.lo);
        (!is_late_final).then_some(found)
    }

    /// Smallest evidence class, then time.
    fn first(&self, step: Step) -> Option<&Record> {
        self.of_step(step).min_by_key(|record| (record.evidence, record.lo, record.made, record.tie))
    }

    /// Best evidence, then newest statement, about the specimen of the span `from` to `to`.
    fn truth(&self, step: Step, from: Timestamp, to: Timestamp) -> Option<&Record> {
        let within = |record: &&Record| from <= record.lo && record.lo < to;
        let best = |record: &Record| (core::cmp::Reverse(record.evidence), record.made, record.tie);
        let mine = self.of_step(step).filter(within).max_by_key(|record| best(record));
        // Before the new specimen is heard of, the old one is the truth.
        mine.or_else(|| self.of_step(step).filter(|record| record.lo < to).max_by_key(|record| best(record)))
    }

    /// Whether what a record says of its step holds: nothing better, earlier or newer stands in its place.
    pub(crate) fn holds(&self, record: &Record) -> bool {
        let Some(step) = record.step else { return true };
        let is_it = |found: &Record| (found.lo, found.evidence) == (record.lo, record.evidence);
        match step.scope() {
            Scope::OrderFirst | Scope::Version => self.register(step).is_some_and(is_it),
            Scope::OrderTruth => {
                let recollects = || self.of_step(Step::Recollect).map(|recollect| recollect.lo);
                let from = recollects().rfind(|at| *at <= record.lo).unwrap_or(Timestamp::MIN);
                let to = recollects().find(|at| *at > record.lo).unwrap_or(Timestamp::MAX);
                self.truth_within(step, from, to).is_some_and(is_it)
            }
            Scope::Change | Scope::After | Scope::OrderEvery => true,
            Scope::End => self.end_in_force(step).is_some_and(is_it),
        }
    }

    fn last_recollect(&self) -> Timestamp {
        self.of_step(Step::Recollect).next_back().map_or(Timestamp::MIN, |record| record.lo)
    }

    /// The times at which a step happened, in order: one for most, several where specimens, versions or readers repeat it.
    pub(crate) fn occurrences(&self, step: Step, out: &mut Vec<Occurrence>) {
        out.clear();
        match step.scope() {
            Scope::OrderFirst | Scope::Version => out.extend(self.register(step).map(Occurrence::of)),
            Scope::OrderTruth => self.specimens(step, out),
            Scope::Change | Scope::After | Scope::OrderEvery => out.extend(self.of_step(step).map(Occurrence::of)),
            Scope::End => out.extend(self.end_in_force(step).map(Occurrence::of)),
        }
        out.sort_unstable_by_key(|occurrence| occurrence.at.lo);
        out.dedup_by_key(|occurrence| occurrence.at.lo);
    }

    /// One time for each specimen: the truth between one `recollect` and the next [REP-16].
    fn specimens(&self, step: Step, out: &mut Vec<Occurrence>) {
        let mut from = Timestamp::MIN;
        for recollect in self.of_step(Step::Recollect) {
            out.extend(self.truth_within(step, from, recollect.lo).map(Occurrence::of));
            from = recollect.lo;
        }
        out.extend(self.truth_within(step, from, Timestamp::MAX).map(Occurrence::of));
    }

    fn truth_within(&self, step: Step, from: Timestamp, to: Timestamp) -> Option<&Record> {
        self.truth(step, from, to).filter(|record| from <= record.lo)
    }

    /// The end, if it is in force: results undo a cancellation at their instant, a final or change undoes a retraction
    /// only after it [REP-5] [REP-6].
    pub(crate) fn end_in_force(&self, step: Step) -> Option<&Record> {
        self.end_in_force_at(step, Timestamp::MAX)
    }

    /// The same with what is said about times up to `at`.
    pub(crate) fn end_in_force_at(&self, step: Step, at: Timestamp) -> Option<&Record> {
        let end = self.of_step(step).rfind(|record| record.lo <= at)?;
        let known = self.records.iter().filter(|record| record.lo <= at);
        let mut steps = known.filter_map(|record| record.step.map(|step| (step, record.lo)));
        let is_undone = steps.any(|(other, time)| {
            if step == Step::EnteredInError {
                (other == Step::Final || other.is_change()) && time > end.lo
            } else {
                other.is_result_bearing() && time >= end.lo
            }
        });
        (!is_undone).then_some(end)
    }

    /// Whether a result existed before `at`.
    pub(crate) fn had_result_before(&self, at: Timestamp) -> bool {
        let steps = self.records.iter().filter(|record| record.lo < at).filter_map(|record| record.step);
        steps.into_iter().any(Step::is_result_bearing)
    }

    /// The first change, which opens version 2.
    pub(crate) fn first_change(&self) -> Option<&Record> {
        self.records.iter().find(|record| record.step.is_some_and(Step::is_change))
    }

    /// The version in force at `at`, from 1: one more for each distinct change [REP-8].
    pub(crate) fn version_at(&self, at: Timestamp) -> u32 {
        let mut before: Option<(Option<Step>, Timestamp)> = None;
        let mut version = 1_u32;
        let changes = self.records.iter().filter(|record| record.step.is_some_and(Step::is_change) && record.lo <= at);
        for change in changes {
            let this = (change.step, change.lo);
            if before != Some(this) {
                version = version.saturating_add(1);
            }
            before = Some(this);
        }
        version.min(u32::try_from(VERSIONS_PER_REPORT_MAX).unwrap_or(u32::MAX))
    }
}

/// One time at which something happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Occurrence {
    /// When.
    pub(crate) at: EventTime,
    /// When we heard of it.
    pub(crate) heard: Timestamp,
    /// The source gave no usable time.
    pub(crate) is_untimed: bool,
}

impl Occurrence {
    pub(crate) const fn of(record: &Record) -> Self {
        Self { at: record.time(), heard: record.heard, is_untimed: record.is_untimed }
    }

    /// Something that happened exactly at `at`.
    pub(crate) const fn exactly(at: Timestamp, heard: Timestamp) -> Self {
        Self { at: EventTime::exact(at), heard, is_untimed: false }
    }
}
