//! Watch: states and windows of an alert, judged though not run yet.
//!
//! - LIMIT: `HOLD_HOURS_MAX`, `WINDOW_HOURS_MAX`, `LIMIT_COUNT_MAX`.
//! - **Not here**: their evaluation.

use wardline_rules::decimal::Decimal;
use wardline_rules::time::{HOUR, MINUTE, Span as Micros};

use crate::check::context::Context;
use crate::check::{length, moments, names};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::limits::{HOLD_HOURS_MAX, LIMIT_COUNT_MAX, WINDOW_HOURS_MAX};
use crate::source::Spanned;
use crate::syntax::Block;
use crate::syntax::basic::{Amount, Duration, Range};
use crate::syntax::moment::{State, Subject};
use crate::syntax::rule::Measure;
use crate::vocabulary::BlockKind;

/// Checks what a state or window alert says besides its conditions.
pub(super) fn check(cx: &mut Context<'_>, block: &Block) {
    for (state, _) in block.while_() {
        self::state(cx, state);
    }
    for (measure, _) in block.measure() {
        self::measure(cx, measure);
    }
    hold(cx, block);
    ticks(cx, block);
    clears(cx, block);
    for (limit, _) in block.limit() {
        if limit.count.node > LIMIT_COUNT_MAX || limit.count.node == 0 {
            cx.problem(
                Code::WL0107,
                limit.count.span,
                format!("A limit lets 1 to {LIMIT_COUNT_MAX} messages through."),
            );
        }
    }
}

/// Whether a window measures a milestone of results, so that their values are at hand.
pub(super) fn measures_results(block: &Block) -> bool {
    block.measure().any(|(measure, _)| match measure {
        Measure::Time(_, ends) => ends.1.subject.node == Subject::Result,
        Measure::Reports | Measure::DataProblems(_) | Measure::Breached(_) => false,
    })
}

fn state(cx: &mut Context<'_>, state: &State) {
    match state {
        State::Count { per, .. } => {
            if let Some(per) = per {
                group(cx, per);
            }
        }
        State::AlertOpen(name) => {
            names::resolve(cx, BlockKind::Alert, name);
        }
        State::FeedLost(name) | State::FeedIdle(name) => {
            moments::feed(cx, name);
        }
        State::Report(report) => {
            moments::report_is(cx, report);
        }
    }
}

/// Fields that counts and windows may be kept apart by [WHILE-2].
fn group(cx: &mut Context<'_>, per: &crate::syntax::basic::Name) {
    const GROUPS: &[&str] = &["site", "department", "location", "kind", "modality", "feed"];
    if !GROUPS.contains(&per.node.as_str()) {
        cx.report(crate::check::catalogue::unknown("group", per, GROUPS));
    }
}

fn measure(cx: &mut Context<'_>, measure: &Measure) {
    match measure {
        Measure::Reports | Measure::DataProblems(None) => {}
        Measure::DataProblems(Some(feed)) => {
            moments::feed(cx, feed);
        }
        Measure::Breached(sla) => {
            names::resolve(cx, BlockKind::Sla, sla);
        }
        Measure::Time(_, ends) => {
            moments::milestone(cx, &ends.0);
            moments::milestone(cx, &ends.1);
        }
    }
}

fn hold(cx: &mut Context<'_>, block: &Block) {
    let counts = block.counts().next().map(|(name, _)| name);
    if let Some(name) = counts.filter(|_| block.has("while")) {
        length::calendar(cx, name);
    }
    for (hold, _) in block.hold() {
        if let Some(found) = length::length(cx, hold, length::Use { calendar: counts, what: "hold" }) {
            let hours = i64::try_from(HOLD_HOURS_MAX).unwrap_or(i64::MAX);
            length::bounded(
                cx,
                hold,
                length::rough(found),
                (Micros::from_micros(hours * HOUR), "24 hours, the longest a hold may last"),
            );
        }
    }
}

/// WL0307 for a window that is not cut in whole steps [WIN-1].
fn ticks(cx: &mut Context<'_>, block: &Block) {
    const TICKS: [i64; 6] = [1, 5, 10, 15, 30, 60];
    for (every, _) in block.every() {
        if let Some(per) = &every.per {
            group(cx, per);
        }
        let tick = minutes(&every.tick);
        if !tick.is_some_and(|tick| TICKS.contains(&tick)) {
            cx.problem(Code::WL0307, every.tick.span, "A window is looked at every 1, 5, 10, 15, 30 or 60 minutes.");
        }
        let hours = i64::try_from(WINDOW_HOURS_MAX).unwrap_or(i64::MAX);
        if !minutes(&every.over).is_some_and(|over| over >= 1 && over <= hours * 60) {
            cx.problem(Code::WL0307, every.over.span, "A window is a whole number of minutes long, at most 24 hours.");
        }
    }
}

/// Whole minutes of a length.
fn minutes(span: &Spanned<Duration>) -> Option<i64> {
    let micros = span.node.length()?.micros();
    (micros % MINUTE == 0).then_some(micros / MINUTE)
}

/// WL0802: an alert that is raised and cleared at one level flaps.
fn clears(cx: &mut Context<'_>, block: &Block) {
    let raised =
        block.is().map(|(is, _)| &is.range.node).chain(block.while_().filter_map(|(state, _)| count_range(state)));
    let raised: Vec<&Range> = raised.collect();
    for (clear, _) in block.clear() {
        length::elapsed(cx, &clear.hold, length::Use { calendar: None, what: "clear     … for" });
        let quiet = raised.iter().all(|raised| is_quieter(raised, &clear.range.node));
        if !quiet {
            let found = Diagnostic::new(Code::WL0802, clear.range.span, "Raised and cleared at one level: this flaps.");
            let found = found.because("Clear it well on the quiet side of where it is raised.");
            cx.report(found.help("For example, if it is raised above 40:", &["clear     below 30 for 10 minutes"]));
        }
    }
}

fn count_range(state: &State) -> Option<&Range> {
    match state {
        State::Count { range, .. } => Some(&range.node),
        State::AlertOpen(_) | State::FeedLost(_) | State::FeedIdle(_) | State::Report(_) => None,
    }
}

/// Whether a clear range leaves room to the raise range; other shapes than above and below are left alone.
fn is_quieter(raise: &Range, clear: &Range) -> bool {
    match (level(raise), level(clear)) {
        (Some(raise), Some(clear)) if raise.above == clear.above => false,
        (Some(raise), Some(clear)) if raise.bound == clear.bound => !raise.included && !clear.included,
        (Some(raise), Some(clear)) => (clear.bound < raise.bound) == raise.above,
        (None, _) | (_, None) => true,
    }
}

/// A one-sided range.
struct Level {
    bound: Decimal,
    above: bool,
    included: bool,
}

fn level(range: &Range) -> Option<Level> {
    let (amount, above, included) = match range {
        Range::Above(amount) => (amount, true, false),
        Range::AtLeast(amount) => (amount, true, true),
        Range::Below(amount) => (amount, false, false),
        Range::AtMost(amount) => (amount, false, true),
        Range::Between(..) | Range::Outside(..) => return None,
    };
    let bound = match &amount.node {
        Amount::Number(number) | Amount::Percent(number) | Amount::Quantity(number, _) => *number,
        Amount::Span(duration) => Decimal::whole(duration.length()?.micros()),
    };
    Some(Level { bound, above, included })
}
