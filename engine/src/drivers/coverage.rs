//! Coverage: which parts of a ward would no test miss?
//!
//! A point is one thing that a clause can do: a comparison that is met, a step that is reached, a pause that holds. It is
//! exercised if the outcome of a test turns on it. Both are asked of the core alone:
//!
//! ```text
//!  seen     the core said so on some scripted day: a breach, a refusal, a task
//!  turned   the ward without this one part runs the same days, and something comes out otherwise
//! ```
//! So a comparison counts as met only where its being met decides something: `a or b` with both true covers neither alone.
//! - **How it fits**: `wardline test --coverage`. The driver of tests runs each day again for each point until one differs.
//! - LIMIT: `COVERAGE_POINTS_MAX` points; a ward with more is measured as far as that, and says so.
//! - **Not here**: whether tests pass; which parts there are ([`points`]).
//! - **Source**: language page, [TEST-7].

mod points;
mod turns;

use std::{
    collections::BTreeSet,
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use wardline_dsl::script::Test;
use wardline_rules::{Text, program::Program, settings::SiteSettings};

use super::script::{self, Trace};
use crate::limits::COVERAGE_POINTS_MAX;

/// One thing that a clause can do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Point {
    /// The name of the rule, or of the person or desk.
    pub rule: Text,
    /// The word of the clause.
    pub clause: &'static str,
    /// What of it, in words; may be empty.
    pub what: String,
    /// Whether a test turns on it.
    pub is_exercised: bool,
}

/// All points of a ward, in the order of its rules and clauses.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    /// The points.
    pub points: Vec<Point>,
    /// Whether there are more than were measured.
    pub is_cut: bool,
}

impl Coverage {
    /// How many points a test turns on.
    #[must_use]
    pub fn exercised(&self) -> usize {
        self.points.iter().filter(|point| point.is_exercised).count()
    }

    /// Whether at least so many of a hundred points are exercised; a ward without points is covered.
    #[must_use]
    pub fn reaches(&self, percent: u8) -> bool {
        self.exercised() * 100 >= self.points.len() * usize::from(percent)
    }

    /// The points that no test turns on, rule by rule.
    #[must_use]
    pub fn gaps(&self) -> Vec<(&Text, Vec<&Point>)> {
        let mut gaps: Vec<(&Text, Vec<&Point>)> = Vec::new();
        for point in self.points.iter().filter(|point| !point.is_exercised) {
            match gaps.last_mut() {
                Some((rule, points)) if **rule == point.rule => points.push(point),
                Some(_) | None => gaps.push((&point.rule, vec![point])),
            }
        }
        gaps
    }
}

/// Measures what `tests` exercise.
///
/// **Cost**: for each point that no test turns on, one run of every test; for the others fewer. On all processors.
#[must_use]
pub fn measure((program, site): (&Program, &SiteSettings), tests: &[&Test]) -> Coverage {
    let mut all = points::of(program);
    let is_cut = all.len() > COVERAGE_POINTS_MAX;
    all.truncate(COVERAGE_POINTS_MAX);
    let before: Vec<Trace> = tests.iter().map(|test| script::trace((program, site), test)).collect();
    let seen = Seen::of(&before);
    let days: Vec<(&Test, &Trace)> = tests.iter().copied().zip(&before).collect();
    let exercised = in_parallel(&all, |point| match &point.how {
        How::Seen(what, rules) => rules.iter().any(|rule| seen.has(*what, rule)),
        How::Turned(turn) => {
            let mut turned = program.clone();
            turn(&mut turned);
            differs((&turned, site), &point.id, &days)
        }
    });
    let points = all.into_iter().zip(exercised).map(|(point, is_exercised)| Point {
        rule: point.rule,
        clause: point.clause,
        what: point.what,
        is_exercised,
    });
    Coverage { points: points.collect(), is_cut }
}

/// A point and how it is found out.
struct Planned {
    /// The rule's id.
    id: Text,
    rule: Text,
    clause: &'static str,
    what: String,
    how: How,
}

/// How a point is found out.
enum How {
    /// The core said so of one of these rules.
    Seen(What, Vec<Text>),
    /// The ward without it does something else.
    Turned(Turn),
}

/// Takes one part out of a ward.
type Turn = Box<dyn Fn(&mut Program) + Send + Sync>;

/// What the core says by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum What {
    Breached,
    Declined,
    Cleared,
    TaskOpened,
    ReadBack,
    Lifted,
}

/// What was seen of which rule, in all tests.
struct Seen(BTreeSet<(What, Text)>);

impl Seen {
    fn of(traces: &[Trace]) -> Self {
        let each = |trace: &Trace| {
            let of =
                |what: What, rules: &BTreeSet<Text>| rules.iter().map(|rule| (what, rule.clone())).collect::<Vec<_>>();
            [
                of(What::Breached, &trace.breached),
                of(What::Declined, &trace.declined),
                of(What::Cleared, &trace.cleared),
                of(What::TaskOpened, &trace.tasks),
                of(What::ReadBack, &trace.accepted),
                of(What::Lifted, &trace.lifted),
            ]
            .concat()
        };
        Self(traces.iter().flat_map(each).collect())
    }

    fn has(&self, what: What, rule: &Text) -> bool {
        self.0.contains(&(what, rule.clone()))
    }
}

/// Whether one of these days comes out otherwise; those on which the rule was heard of first.
fn differs(rules: (&Program, &SiteSettings), rule: &Text, days: &[(&Test, &Trace)]) -> bool {
    let (heard, silent): (Vec<_>, Vec<_>) = days.iter().partition(|(_, trace)| trace.rules.contains(rule));
    heard.into_iter().chain(silent).any(|(test, before)| script::trace(rules, test).digest != before.digest)
}

/// The answers for all points, in their order.
fn in_parallel(points: &[Planned], ask: impl Fn(&Planned) -> bool + Sync) -> Vec<bool> {
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(vec![false; points.len()]);
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(points.len().max(1));
    let claim = || {
        let place = next.fetch_add(1, Ordering::Relaxed);
        points.get(place).map(|point| (place, point))
    };
    let work = || {
        while let Some((place, point)) = claim() {
            let answer = ask(point);
            answers.lock().unwrap_or_else(PoisonError::into_inner)[place] = answer;
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    answers.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
