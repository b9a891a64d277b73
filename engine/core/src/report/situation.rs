//! Situation: in which state was the report at an instant, and when did a situation begin and end?
//!
//! The state is that of the highest rank reached in the newest version by event time [FACT-3]; ends count from their time
//! unless something undid them.

use wardline_rules::{
    program::Situation,
    time::Timestamp,
    words::{Scope, State, StateSet, Step},
};

use super::{Cold, FlagCode, Report};
use crate::dictionary::Dictionary;

impl Report {
    /// The state as of `at`; `None` before the first evidence of any step.
    pub(crate) fn state_at(&self, at: Timestamp) -> Option<State> {
        if self.end_in_force_at(Step::EnteredInError, at).is_some() {
            return Some(State::Void);
        }
        if self.end_in_force_at(Step::Cancelled, at).is_some() {
            return Some(State::Discontinued);
        }
        self.highest(at).map(Step::state)
    }

    /// The step whose state holds at `at`, ends aside.
    pub(crate) fn highest(&self, at: Timestamp) -> Option<Step> {
        let known = || self.records.iter().filter(|record| record.lo <= at);
        let change = known().rfind(|record| record.step.is_some_and(Step::is_change));
        let recollect = known().rfind(|record| record.step == Some(Step::Recollect));
        let ranked = |from: Timestamp, is: fn(Step) -> bool| {
            let steps = known().filter(move |record| record.lo >= from).filter_map(|record| record.step);
            steps.filter(|step| is(*step)).filter_map(|step| step.rank().map(|rank| (rank, step))).max()
        };
        if let Some(change) = change {
            let after = ranked(change.lo, |step| step.scope() == Scope::After);
            return after.map(|(_, step)| step).or(change.step);
        }
        let Some(recollect) = recollect else {
            return ranked(Timestamp::MIN, |_| true).map(|(_, step)| step);
        };
        let resulted = ranked(Timestamp::MIN, |step| step.is_result_bearing() || step.scope() == Scope::After);
        let since = ranked(recollect.lo, |step| step != Step::Ordered && step != Step::Accepted);
        resulted.max(since).map(|(_, step)| step).or(Some(Step::Recollect))
    }

    /// When any of `situations` began and ended: half-open ranges in order, the last open to `Timestamp::MAX` if it lasts.
    pub(crate) fn ranges(
        &self,
        situations: &[Situation],
        dictionary: &Dictionary,
        out: &mut Vec<(Timestamp, Timestamp)>,
    ) {
        out.clear();
        let holds = |at: Timestamp| situations.iter().any(|situation| self.is_in(situation, at, dictionary));
        let times = self.records.iter().map(|record| record.lo);
        let mut instants: Vec<Timestamp> = times.chain(self.cold.flags.iter().map(|flag| flag.at)).collect();
        instants.sort_unstable();
        instants.dedup();
        let mut begun: Option<Timestamp> = None;
        for at in instants {
            match (begun, holds(at)) {
                (None, true) => begun = Some(at),
                (Some(from), false) => {
                    out.push((from, at));
                    begun = None;
                }
                (None, false) | (Some(_), true) => {}
            }
        }
        out.extend(begun.map(|from| (from, Timestamp::MAX)));
    }

    /// Whether any of `situations` holds at `at`.
    pub(crate) fn is_in_any(&self, situations: &[Situation], at: Timestamp, dictionary: &Dictionary) -> bool {
        situations.iter().any(|situation| self.is_in(situation, at, dictionary))
    }

    /// The instants at which anything about the report may have changed, in order, each once.
    pub(crate) fn instants(&self) -> Vec<Timestamp> {
        let Cold { statements, flags, people, attributes, .. } = &self.cold;
        let mut instants: Vec<Timestamp> = self.records.iter().map(|record| record.lo).collect();
        instants.extend(statements.iter().map(|statement| statement.at));
        instants.extend(flags.iter().map(|flag| flag.at));
        instants.extend(people.iter().map(|person| person.at));
        instants.extend(attributes.iter().map(|attribute| attribute.at));
        instants.sort_unstable();
        instants.dedup();
        instants
    }

    fn is_in(&self, situation: &Situation, at: Timestamp, dictionary: &Dictionary) -> bool {
        match situation {
            Situation::States(set) => self.state_at(at).is_some_and(|state| set.has(state)),
            Situation::Flag(flag) => self.has_flag(FlagCode::Known(*flag), at),
            Situation::Wait(reason) => {
                dictionary.find(reason).is_some_and(|reason| self.has_flag(FlagCode::Wait(reason), at))
            }
        }
    }

    /// Whether the report is open as wards use the word, as of `at` [CAT-4].
    pub(crate) fn is_open(&self, at: Timestamp) -> bool {
        self.state_at(at).is_some_and(|state| StateSet::open().has(state))
    }
}
