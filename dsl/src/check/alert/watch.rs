//! Watch: which state or window does an alert wait for, and can it work?
//!
//! - LIMIT: `HOLD_HOURS_MAX`, `WINDOW_HOURS_MAX`.
//! - **Not here**: their evaluation.

use wardline_rules::decimal::Decimal;
use wardline_rules::time::{HOUR, MINUTE, Span as Micros};

use wardline_rules::program::{self, CalendarId, Clear, Lasting, Length, Measure, Trigger, While, Window};
use wardline_rules::words::KindSet;

use crate::check::context::Context;
use crate::check::escalation::optional;
use crate::check::lasting::{self, Figure};
use crate::check::sla::head;
use crate::check::{length, moments, names};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::limits::{HOLD_HOURS_MAX, WINDOW_HOURS_MAX};
use crate::source::Spanned;
use crate::syntax::Block;
use crate::syntax::basic::{Amount, Duration, Range};
use crate::syntax::moment::{State, Subject};
use crate::syntax::rule::{Every, Measure as Measured, TimeMeasure};
use crate::vocabulary::BlockKind;

/// The trigger of a state or window alert.
pub(super) fn trigger(cx: &mut Context<'_>, block: &Block) -> Option<Trigger> {
    clears(cx, block);
    if let Some((written, _)) = block.while_().next() {
        let state = lasting::lasting(cx, written);
        let (hold, calendar) = hold(cx, block)?;
        let state = state?;
        let is_count = matches!(state, Lasting::Count(_));
        let clear = clear(cx, block, Figure::Number);
        clear_fits(cx, block, is_count)?;
        return Some(Trigger::While(While { state, hold, calendar, clear: optional(clear)? }));
    }
    let (every, _) = block.every().next()?;
    let ticks = ticks(cx, every);
    let (measured, _) = block.measure().next()?;
    let measure = measure(cx, measured);
    let figure = figure_of(measured);
    let is = block.is().next().map(|(is, _)| {
        let least = is.at_least.as_ref().map(|least| least.node);
        Some((lasting::bounds(cx, &is.range, figure)?, least))
    });
    let clear = clear(cx, block, figure);
    let hold = match block.hold().next() {
        Some(_) => hold(cx, block).map(|found| length::rough(found.0)),
        None => Some(Micros::ZERO),
    };
    needs_of(cx, block, measured);
    let (tick, over, per) = ticks?;
    let (is, at_least) = is??;
    let measure = measure?;
    let counts = matches!(measure, Measure::Reports | Measure::DataProblems(_));
    let at_least = at_least.unwrap_or(if counts { 0 } else { 1 });
    let kinds = block.of().next().and_then(|(kinds, _)| kinds.as_ref().map(|kinds| kinds.node)).unwrap_or(KindSet::ALL);
    let hold = hold?;
    Some(Trigger::Window(Window { tick, over, per, measure, kinds, is, at_least, hold, clear: clear?? }))
}

/// WL0105 and WL0104: a count says when it is over, other states end by themselves.
fn clear_fits(cx: &mut Context<'_>, block: &Block, is_count: bool) -> Option<()> {
    if is_count == block.has("clear") {
        return Some(());
    }
    let found = if is_count {
        Diagnostic::new(Code::WL0105, block.header, "This alert says nothing about \"clear\".")
            .because("A count goes up and down; without a level at which it is over, it flaps.")
            .help("Add a line such as:", &["clear     below 30 for 10 minutes"])
    } else {
        let span = block.clause("clear").map_or(block.header, |clause| clause.word_span);
        Diagnostic::new(Code::WL0104, span, "\"clear\" goes with a count.")
            .because("Any other state is over when it ends: delete this line.")
    };
    cx.report(found);
    None
}

/// WL0105: a window that measures reports says of which.
fn needs_of(cx: &mut Context<'_>, block: &Block, measured: &Measured) {
    let is_exempt = matches!(measured, Measured::DataProblems(_) | Measured::Breached(_));
    if !is_exempt && !block.has("of") {
        let found = Diagnostic::new(Code::WL0105, block.header, "This alert says nothing about \"of\".");
        cx.report(found.help("Add a line such as:", &["of        lab reports"]));
    }
}

fn clear(cx: &mut Context<'_>, block: &Block, figure: Figure) -> Option<Option<Clear>> {
    let (clear, _) = block.clear().next()?;
    let hold = length::elapsed(cx, &clear.hold, length::Use { calendar: None, what: "clear     … for" });
    let is = lasting::bounds(cx, &clear.range, figure);
    Some(is.zip(hold).map(|(is, hold)| Clear { is, hold }))
}

fn figure_of(measured: &Measured) -> Figure {
    match measured {
        Measured::Reports | Measured::DataProblems(_) => Figure::Number,
        Measured::Breached(_) => Figure::Percent,
        Measured::Time(..) => Figure::Time,
    }
}

/// Whether a window measures a milestone of results, so that their values are at hand.
pub(super) fn measures_results(block: &Block) -> bool {
    block.measure().any(|(measure, _)| match measure {
        Measured::Time(_, ends) => ends.1.subject.node == Subject::Result,
        Measured::Reports | Measured::DataProblems(_) | Measured::Breached(_) => false,
    })
}

fn measure(cx: &mut Context<'_>, measured: &Measured) -> Option<Measure> {
    Some(match measured {
        Measured::Reports => Measure::Reports,
        Measured::DataProblems(None) => Measure::DataProblems(None),
        Measured::DataProblems(Some(feed)) => Measure::DataProblems(Some(moments::feed(cx, feed)?)),
        Measured::Breached(sla) => {
            names::resolve(cx, BlockKind::Sla, sla)?;
            let (_, block) = cx.names.find(BlockKind::Sla, &sla.node)?;
            Measure::Breached(head(block)?.id)
        }
        Measured::Time(figure, ends) => {
            let (from, to) = (moments::milestone(cx, &ends.0), moments::milestone(cx, &ends.1));
            let figure = match figure {
                TimeMeasure::Median => program::Figure::Percentile(50),
                TimeMeasure::Average => program::Figure::Average,
                TimeMeasure::Longest => program::Figure::Longest,
                TimeMeasure::Percentile(p) => program::Figure::Percentile(percentile(cx, *p, ends.0.span)?),
            };
            let of_result = ends.1.subject.node == Subject::Result;
            Measure::Time { figure, from: from?, to: to?, of_result }
        }
    })
}

fn percentile(cx: &mut Context<'_>, p: u64, span: crate::source::Span) -> Option<u8> {
    let found = u8::try_from(p).ok().filter(|p| (1..=100).contains(p));
    if found.is_none() {
        cx.problem(Code::WL0307, span, "A percentile lies between the 1st and the 100th.");
    }
    found
}

fn hold(cx: &mut Context<'_>, block: &Block) -> Option<(Length, Option<CalendarId>)> {
    let counts = block.counts().next().map(|(name, _)| name).filter(|_| block.has("while"));
    let calendar = counts.map(|name| length::calendar(cx, name));
    let (written, _) = block.hold().next()?;
    let hold = length::length(cx, written, length::Use { calendar: counts, what: "hold" })?;
    let hours = i64::try_from(HOLD_HOURS_MAX).unwrap_or(i64::MAX);
    let most = (Micros::from_micros(hours * HOUR), "24 hours, the longest a hold may last");
    length::bounded(cx, written, length::rough(hold), most);
    Some((hold, optional(calendar)?))
}

/// WL0307 for a window that is not cut in whole steps [WIN-1].
fn ticks(cx: &mut Context<'_>, every: &Every) -> Option<(Micros, Micros, Option<program::Field>)> {
    const TICKS: [i64; 6] = [1, 5, 10, 15, 30, 60];
    let per = every.per.as_ref().map(|per| lasting::group(cx, per));
    let tick = minutes(&every.tick).filter(|tick| TICKS.contains(tick));
    if tick.is_none() {
        cx.problem(Code::WL0307, every.tick.span, "A window is looked at every 1, 5, 10, 15, 30 or 60 minutes.");
    }
    let hours = i64::try_from(WINDOW_HOURS_MAX).unwrap_or(i64::MAX);
    let over = minutes(&every.over).filter(|over| *over >= 1 && *over <= hours * 60);
    if over.is_none() {
        cx.problem(Code::WL0307, every.over.span, "A window is a whole number of minutes long, at most 24 hours.");
    }
    Some((Micros::from_minutes(tick?), Micros::from_minutes(over?), optional(per)?))
}

/// Whole minutes of a length.
fn minutes(span: &Spanned<Duration>) -> Option<i64> {
    let micros = span.node.length()?.micros();
    (micros % MINUTE == 0).then_some(micros / MINUTE)
}

/// WL0802: an alert that is raised and cleared at one level flaps.
fn clears(cx: &mut Context<'_>, block: &Block) {
    let raised = block.is().map(|(is, _)| &is.range).chain(block.while_().filter_map(|(state, _)| count_range(state)));
    let raised: Vec<&Spanned<Range>> = raised.collect();
    for (clear, _) in block.clear() {
        let loud = raised.iter().find(|raised| !is_quieter(&raised.node, &clear.range.node));
        if let Some(loud) = loud {
            let (raise, quiet) = (cx.text(loud.span), cx.text(clear.range.span));
            let message = format!("Raised {raise} and cleared {quiet}: this flaps.");
            let found = Diagnostic::new(Code::WL0802, clear.range.span, message);
            let found = found.because("Clear it well on the quiet side of where it is raised.");
            cx.report(found.help("For example, if it is raised above 40:", &["clear     below 30 for 10 minutes"]));
        }
    }
}

fn count_range(state: &State) -> Option<&Spanned<Range>> {
    match state {
        State::Count { range, .. } => Some(range),
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
