//! Then: how did the clocks of a report stand at a moment that a script is asked about?
//!
//! By event time alone [RHAI-4]: what happened later moves nothing, and neither does when it was heard. A pause that lasts at
//! the moment has no end yet, so nobody can say when the clock is due.
//!
//! - LIMIT: a clock that an earlier ward began is read by the rule of the same place in the family of this one.
//! - **Not here**: how clocks stand now ([`super::used`]), what follows from it.

use wardline_rules::{
    Text,
    program::{Length, Pause, SlaRule},
    script::occasion,
    time::{MINUTE, Span, Timestamp},
};

use super::{
    Clock,
    timeline::{due_after, limit},
};
use crate::{output::ClockState, view::View};

/// The clocks that had begun by the moment that `view` looks at, in the order in which they began.
pub(crate) fn clocks(view: &View<'_>) -> Vec<occasion::Clock> {
    let begun = view.report.clocks.iter().filter(|clock| clock.reading.started <= view.at);
    let mut found: Vec<(Timestamp, occasion::Clock)> =
        begun.filter_map(|clock| Some((clock.reading.started, one(view, clock)?))).collect();
    found.sort_by(|one, two| (one.0, &one.1.sla).cmp(&(two.0, &two.1.sla)));
    found.into_iter().map(|(_, clock)| clock).collect()
}

fn one(view: &View<'_>, clock: &Clock) -> Option<occasion::Clock> {
    let id = view.from.dictionary.text(clock.family);
    let mut families = view.from.program.families.iter();
    let family = families.find(|family| family.rules.first().is_some_and(|root| root.head.id == id))?;
    let rule = family.rules.get(clock.rule as usize)?;
    let calendar = rule.calendar.and_then(|calendar| view.from.program.calendars.get(calendar.index()));
    let until = clock.reading.ended.min(view.at);
    let rests = rests(view, rule, (clock.reading.started, until));
    let due = due_after(clock.reading.started, rule.target, &rests, calendar);
    let state = if clock.reading.ended <= view.at {
        clock.state
    } else if due < view.at {
        ClockState::Breached
    } else if rests.last().is_some_and(|rest| rest.0 <= until && until < rest.1) {
        ClockState::Paused
    } else {
        ClockState::Running
    };
    let own = calendar.filter(|_| !matches!(rule.target, Length::Elapsed(_)));
    let length = |from: Timestamp, to: Timestamp| match own {
        Some(calendar) => calendar.used(from, to),
        None => Span::from_micros(to.since(from).micros().max(0)),
    };
    let rested = rests.iter().map(|rest| length(rest.0, rest.1.min(until)));
    let used = rested.fold(length(clock.reading.started, until), Span::minus);
    Some(occasion::Clock {
        sla: family.rules.first().map(|root| root.head.name.clone()).unwrap_or_default(),
        rule: rule.head.name.clone(),
        state: Text::const_new(state.word()),
        used: used.micros().div_euclid(MINUTE),
        due: Some(due).filter(|due| *due != Timestamp::MAX),
    })
}

/// The pauses of a clock as they were known at `until`.
fn rests(view: &View<'_>, rule: &SlaRule, (from, until): (Timestamp, Timestamp)) -> Vec<(Timestamp, Timestamp)> {
    let Some(Pause { while_, at_most }) = &rule.pauses else { return Vec::new() };
    let calendar = rule.calendar.and_then(|calendar| view.from.program.calendars.get(calendar.index()));
    let mut rests = Vec::new();
    view.report.ranges(while_, view.from.dictionary, &mut rests);
    rests.retain(|rest| rest.0 <= until);
    for rest in rests.iter_mut().filter(|rest| rest.1 > until) {
        rest.1 = Timestamp::MAX;
    }
    limit(&mut rests, from, *at_most, calendar);
    rests
}
