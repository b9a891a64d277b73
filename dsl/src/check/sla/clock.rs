//! Clock: will this clock start, run, warn in time and stop?
//!
//! Each check looks at the complete rule, and points at the clause that the block itself wrote, else at its header.
//! - **Not here**: other rules about the same reports (`overlap`).

use wardline_rules::decimal::Decimal;
use wardline_rules::program::{Condition, Happening, Length, Moment, Situation, Threshold};
use wardline_rules::time::{DAY, Span as Micros};
use wardline_rules::words::{KindSet, Step};

use super::{Member, reached};
use crate::check::cells::{Answer, Demand, possible};
use crate::check::context::Context;
use crate::check::{length, standard};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::limits::TARGET_DAYS_MAX;
use crate::source::{Span, Spanned};
use crate::syntax::rule::WarnAt;

/// All checks of one complete rule.
pub(super) fn check(cx: &mut Context<'_>, member: &Member<'_>) {
    impossible(cx, member);
    same_moment(cx, member);
    never_stops(cx, member);
    paused_from_the_start(cx, member);
    pauses_and_days(cx, member);
    target_bound(cx, member);
    warnings_before_target(cx, member);
}

fn place(member: &Member<'_>, word: &str) -> Span {
    member.block.clause(word).map_or(member.block.header, |clause| clause.span)
}

/// WL0401 if no report can be covered.
fn impossible(cx: &mut Context<'_>, member: &Member<'_>) {
    let demands: Vec<Demand<'_>> = member.covered.iter().map(Demand::yes).collect();
    match possible(&demands) {
        Answer::Yes => {}
        Answer::No => {
            let found = Diagnostic::new(
                Code::WL0401,
                place(member, "covers"),
                "No report can match this, so this clock never starts.",
            );
            let parent = member.rule.parent.is_some();
            cx.report(found.because(if parent {
                "What it covers must also be covered by the rule it is an exception to."
            } else {
                "Its parts exclude each other. Did you mean or?"
            }));
        }
        Answer::TooMany => {
            let message =
                format!("Whether anything matches \"{}\" is not proven: it has too many cases.", member.block.name());
            cx.problem(Code::WL0903, place(member, "covers"), message);
        }
    }
    let own = &member.rule.covers.condition;
    let scripts = crate::check::function::asked(core::slice::from_ref(own));
    if !scripts.is_empty() {
        let message = format!("What \"{}\" covers is not proven: it depends on {scripts}.", member.block.name());
        cx.problem(Code::WL0903, place(member, "covers"), message);
    }
    if *own != Condition::always() && possible(&[Demand::no(own)]) == Answer::No {
        let found = Diagnostic::new(Code::WL0407, place(member, "covers"), "This condition is always true.");
        cx.report(found.because("Drop what follows where."));
    }
}

/// WL0507: a clock that is met the moment it starts.
fn same_moment(cx: &mut Context<'_>, member: &Member<'_>) {
    let same =
        member.rule.starts.iter().any(|start| member.rule.stops.iter().any(|stop| stop.happening == start.happening));
    if same {
        let found = Diagnostic::new(Code::WL0507, place(member, "stops"), "This clock is always met in 0 minutes.");
        cx.report(found.because("It starts and stops at one moment."));
    }
}

/// Kinds that a moment can happen for.
fn kinds(moments: &[Moment]) -> KindSet {
    moments.iter().fold(KindSet::NONE, |kinds, moment| kinds.or(moment.kinds))
}

/// WL0501: kinds that are covered and started, and that nothing can stop.
fn never_stops(cx: &mut Context<'_>, member: &Member<'_>) {
    let covered = possible_kinds(member).and(kinds(&member.rule.starts));
    let endless = standard::without(covered, kinds(&member.rule.stops));
    let earliest = member.rule.starts.iter().filter_map(rank).min();
    let latest = member.rule.stops.iter().map(rank).try_fold(0, |latest, rank| rank.map(|rank: u8| latest.max(rank)));
    let behind = matches!((earliest, latest), (Some(start), Some(stop)) if stop < start);
    if endless.is_empty() && !behind {
        return;
    }
    let (start, stop) = (moment_text(cx, member, "starts"), moment_text(cx, member, "stops"));
    let (message, cause) = if behind {
        let cause = format!("{stop} comes before it, so the clock would breach every time.");
        (format!("Nothing after {start} can end this clock."), cause)
    } else {
        let kinds = standard::kind_words(endless);
        let cause = format!("{stop} never happens there, so the clock would breach every time.");
        (format!("Nothing after {start} can end this clock for {kinds}."), cause)
    };
    let word = endless.iter().next().map_or("finalised", standard::final_word);
    let word = if endless.iter().all(|kind| standard::final_word(kind) == word) { word } else { "finalised" };
    let found = Diagnostic::new(Code::WL0501, place(member, "stops"), message);
    cx.report(found.because(cause).help("Change it to:", &[&format!("stops     when the report is {word}")]));
}

/// The moments of a clause as they are written, quoted; in the rule's own words if it inherits them.
fn moment_text(cx: &Context<'_>, member: &Member<'_>, word: &str) -> String {
    let Some(clause) = member.block.clause(word) else { return format!("what {word} it") };
    let text = cx.text(clause.span).split_whitespace().skip(2).collect::<Vec<_>>().join(" ");
    format!("\"{text}\"")
}

/// The kinds among those covered for which the conditions can hold.
fn possible_kinds(member: &Member<'_>) -> KindSet {
    let can = |kind| {
        let only = crate::check::condition::of_kinds(KindSet::of(kind));
        let mut demands: Vec<Demand<'_>> = member.covered.iter().map(Demand::yes).collect();
        demands.push(Demand::yes(&only));
        possible(&demands) != Answer::No
    };
    member.kinds.iter().filter(|kind| can(*kind)).fold(KindSet::NONE, |kinds, kind| kinds.or(KindSet::of(kind)))
}

fn rank(moment: &Moment) -> Option<u8> {
    match moment.happening {
        Happening::Step(step) => step.rank(),
        Happening::Recollected => Step::Collected.rank(),
        Happening::Begins(_) | Happening::Ends(_) | Happening::Message(_) => None,
    }
}

/// WL0502: every start leads into a state that pauses.
fn paused_from_the_start(cx: &mut Context<'_>, member: &Member<'_>) {
    let Some(pause) = &member.rule.pauses else { return };
    let leads = |moment: &Moment| match moment.happening {
        Happening::Step(step) => Some(step.state()),
        Happening::Recollected => Some(Step::Collected.state()),
        Happening::Begins(_) | Happening::Ends(_) | Happening::Message(_) => None,
    };
    let pauses = |state| {
        pause.while_.iter().any(|situation| match situation {
            Situation::States(states) => states.has(state),
            Situation::Flag(_) | Situation::Wait(_) => false,
        })
    };
    let states: Option<Vec<_>> = member.rule.starts.iter().map(leads).collect();
    let Some(states) = states.filter(|states| !states.is_empty() && states.iter().all(|state| pauses(*state))) else {
        return;
    };
    let state = states.first().map_or("", |state| state.name());
    let start = moment_text(cx, member, "starts");
    let message = format!("This clock is paused from its first second: {start} leads to \"{state}\", which pauses it.");
    cx.report(
        Diagnostic::new(Code::WL0502, place(member, "pauses"), message)
            .because("Pause on something that begins later, such as a flag."),
    );
}

/// WL0505: a deadline at a clock time cannot move.
fn pauses_and_days(cx: &mut Context<'_>, member: &Member<'_>) {
    if let (Some(_), Length::WorkingDays { days, .. }) = (&member.rule.pauses, member.rule.target) {
        let found = Diagnostic::new(
            Code::WL0505,
            place(member, "target"),
            "A deadline at a clock time does not move when paused.",
        );
        let hours = u32::from(days) * 8;
        cx.report(found.help("Change it to:", &[&format!("target    {hours} working hours")]));
    }
}

fn target_bound(cx: &mut Context<'_>, member: &Member<'_>) {
    let Some((target, _)) = member.block.target().next() else { return };
    let days = i64::try_from(TARGET_DAYS_MAX).unwrap_or(i64::MAX);
    let bound = Micros::from_micros(days.saturating_mul(DAY));
    length::bounded(cx, target, length::rough(member.rule.target), (bound, "400 days, the longest a clock may run"));
}

/// WL0506: warnings that come with the breach, after it, or by another measure.
fn warnings_before_target(cx: &mut Context<'_>, member: &Member<'_>) {
    let target = member.rule.target;
    let header = member.block.header;
    let mut spans: Vec<(Span, String)> =
        member.block.warn().map(|(warn, clause)| (warn_span(&warn.at), action_text(cx.text(clause.span)))).collect();
    spans.resize(member.rule.warnings.len(), (header, String::new()));
    for (warning, (span, action)) in member.rule.warnings.iter().zip(spans) {
        let text = if span == header { "inherited".to_owned() } else { cx.text(span).to_owned() };
        let message = match (warning.at, target) {
            (Threshold::Share(_), Length::WorkingDays { .. }) => {
                "A share of working days is no time of day.".to_owned()
            }
            (Threshold::Length(at), target) if !same_measure(at, target) => {
                format!("The warning at {text} counts another time than the target does.")
            }
            (at, target) if reached(at, target) >= Some(length::rough(target)) => {
                format!("The warning at {text} comes with the breach, or after it.")
            }
            (_, _) => continue,
        };
        let found = Diagnostic::new(Code::WL0506, span, message)
            .because("A warning leaves time to act: it comes before the target, in the same sort of time.");
        let can_be_shared = !matches!(target, Length::WorkingDays { .. }) && !action.is_empty();
        cx.report(if can_be_shared {
            found.help("For example:", &[&format!("warn      at 75 percent: {action}")])
        } else {
            found
        });
    }
}

/// What a warning does, as it is written.
fn action_text(clause: &str) -> String {
    let action = clause.split_once(':').map_or("", |(_, action)| action);
    action.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn warn_span(at: &WarnAt) -> Span {
    match at {
        WarnAt::Span(span) => span.span,
        WarnAt::Percent(percent) => percent.span,
    }
}

fn same_measure(at: Length, target: Length) -> bool {
    matches!(
        (at, target),
        (Length::Elapsed(_), Length::Elapsed(_))
            | (Length::Working(_), Length::Working(_) | Length::WorkingDays { .. })
            | (Length::WorkingDays { .. }, Length::WorkingDays { .. })
    )
}

/// A percentage in millionths of the target; WL0506 outside 0 to 100.
pub(super) fn millionths(cx: &mut Context<'_>, percent: &Spanned<Decimal>) -> Option<u32> {
    let scaled = percent.node.shift(4)?.normal();
    let inside = percent.node > Decimal::ZERO && percent.node < Decimal::whole(100) && scaled.scale() == 0;
    if !inside {
        let text = cx.text(percent.span);
        let found = Diagnostic::new(Code::WL0506, percent.span, format!("{text} percent of the target is no warning."));
        cx.report(found.because("It lies above 0 and below 100, with at most four digits after the point."));
        return None;
    }
    u32::try_from(scaled.mantissa()).ok()
}
