//! Alert: what is watched for, who must know, and can it work?
//!
//! - **How it fits**: moments and absences are lowered here, states and windows in `watch`.
//! - **Not here**: overlaps between alerts; several may speak of one report.

mod shadow;
mod watch;

use wardline_rules::program::{
    Absence, Alert, Answering, CalendarId, Condition, Happening, Length, Measure, Moment, Once, SeverityId, Trigger,
};
use wardline_rules::time::{DAY, Span as Micros};
use wardline_rules::words::KindSet;

use super::cells::{Answer, Demand, possible};
use super::condition::{self, Needs};
use super::context::Context;
use super::escalation::optional;
use super::sla::head;
use super::text::{self, Kind};
use super::{action, function, lasting, length, missing, moments};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::limits::TARGET_DAYS_MAX;
use crate::source::Span;
use crate::syntax::Block;
use crate::syntax::rule::Key;
use crate::vocabulary::BlockKind;

/// All alerts in order.
pub(super) fn alerts(cx: &mut Context<'_>) -> Option<Vec<Alert>> {
    let blocks: Vec<&Block> = cx.of_kind(BlockKind::Alert).collect();
    let alerts: Vec<Option<Alert>> = blocks.iter().map(|block| alert(cx, block)).collect();
    shadow::check(cx, &blocks, &alerts);
    alerts.into_iter().collect()
}

fn alert(cx: &mut Context<'_>, block: &Block) -> Option<Alert> {
    let trigger = trigger(cx, block);
    let of_result = speaks_of_results(block, trigger.as_ref());
    let conditions = conditions(cx, block, of_result);
    let severity = block.severity().next().and_then(|(name, _)| action::severity(cx, name));
    let answer = block.answer().next().map(|(answer, _)| {
        let within = length::length(cx, &answer.within, length::Use { calendar: None, what: "answer    within" });
        let of = answer.of.as_ref().map(|milestone| moments::milestone(cx, milestone));
        Some((within?, optional(of)?))
    });
    let answer = optional(answer);
    let sends = sends(cx, block, (severity, of_result, answer.flatten().map(|(within, _)| within)));
    let once = once(cx, block, (severity, of_result));
    let withdraw = block.withdraw().next().map(|(written, _)| moments::moments(cx, written, KindSet::ALL));
    texts(cx, block);
    limit_on_pages(cx, block);
    let limit = block.limit().next().map(|(limit, _)| lasting::limit(cx, limit));
    let decide = function::decision(cx, block);
    let (page, tells) = sends?;
    let Conditions { condition, unless, missing } = conditions?;
    let (once, again_after) = once?;
    Some(Alert {
        head: head(block)?,
        trigger: trigger?,
        condition,
        unless,
        missing,
        once,
        again_after,
        limit: optional(limit)?,
        severity: severity?,
        answer: answer?,
        page,
        tells,
        texts: answering(block),
        decide: decide?,
        withdraw: optional(withdraw)?.unwrap_or_default(),
    })
}

fn answering(block: &Block) -> Answering {
    let message = block.message().next().map(|(text, _)| text.node.as_str().into());
    let brief = block.brief().next().map(|(text, _)| text.node.as_str().into());
    Answering { message, brief }
}

fn trigger(cx: &mut Context<'_>, block: &Block) -> Option<Trigger> {
    if let Some((when, _)) = block.when().next() {
        return moments::moments(cx, when, KindSet::ALL).map(Trigger::When);
    }
    if block.has("while") || block.has("every") {
        return watch::trigger(cx, block);
    }
    let (after, _) = block.after().next()?;
    let after = moments::moments(cx, after, KindSet::ALL);
    let expect = block.expect().next().and_then(|(expect, _)| moments::moments(cx, expect, KindSet::ALL));
    let counts = block.counts().next().map(|(name, _)| name);
    let calendar = counts.map(|name| length::calendar(cx, name));
    let (written, _) = block.within().next()?;
    let within = length::length(cx, written, length::Use { calendar: counts, what: "within" })?;
    let days = i64::try_from(TARGET_DAYS_MAX).unwrap_or(i64::MAX);
    length::bounded(
        cx,
        written,
        length::rough(within),
        (Micros::from_micros(days.saturating_mul(DAY)), "400 days, the longest anything is awaited"),
    );
    absence(cx, block, (after?, expect?), (within, optional(calendar)?))
}

fn absence(
    cx: &mut Context<'_>,
    block: &Block,
    (after, expect): (Vec<Moment>, Vec<Moment>),
    (within, calendar): (Length, Option<CalendarId>),
) -> Option<Trigger> {
    let of_feed =
        |moments: &[Moment]| moments.iter().filter(|moment| matches!(moment.happening, Happening::Message(_))).count();
    let feeds = of_feed(&after) + of_feed(&expect);
    if feeds != 0 && feeds != after.len() + expect.len() {
        let span = block.clause("expect").map_or(block.header, |clause| clause.span);
        let found = Diagnostic::new(Code::WL0307, span, "A feed and a report cannot wait for one another.");
        cx.report(found.because("Both moments are about messages of a feed, or both about a report."));
        return None;
    }
    Some(Trigger::Absence(Absence { after, expect, within, calendar }))
}

/// Whether a rule speaks of single results; if it cannot be read, nobody complains about `value`.
fn speaks_of_results(block: &Block, trigger: Option<&Trigger>) -> bool {
    match trigger {
        Some(Trigger::When(moments)) => moments.iter().any(|moment| moment.of_result),
        Some(Trigger::Absence(_) | Trigger::While(_)) => false,
        Some(Trigger::Window(window)) => matches!(window.measure, Measure::Time { of_result: true, .. }),
        None => block.is_damaged() || block.has("when") || watch::measures_results(block),
    }
}

struct Conditions {
    condition: Condition,
    unless: Condition,
    missing: Vec<wardline_rules::program::Missing>,
}

fn conditions(cx: &mut Context<'_>, block: &Block, of_result: bool) -> Option<Conditions> {
    let mut needs = Needs::default();
    let condition = block.where_().next().map(|(written, _)| condition::lower(cx, written, of_result, &mut needs));
    let unless = block.unless().next().map(|(written, _)| condition::lower(cx, written, of_result, &mut needs));
    needs.decision = block.clause("decide").map(|clause| clause.word_span);
    let own = missing::clauses(cx, block, of_result);
    let damaged = ["where", "unless", "missing"].iter().any(|word| {
        block.clauses.iter().any(|clause| clause.word == *word && clause.body == crate::syntax::ClauseBody::Unread)
    });
    if !damaged {
        missing::complete(cx, &needs, own.as_deref(), &[]);
    }
    let condition = optional(condition)?.unwrap_or_else(Condition::always);
    let unless = optional(unless)?.unwrap_or_else(Condition::never);
    can_match(cx, block, &condition, &unless);
    let missing = own?.into_iter().map(|(missing, _)| missing).collect();
    Some(Conditions { condition, unless, missing })
}

/// WL0401 and WL0407.
fn can_match(cx: &mut Context<'_>, block: &Block, condition: &Condition, unless: &Condition) {
    let span = |word| block.clause(word).map_or(block.header, |clause| clause.span);
    match possible(&[Demand::yes(condition), Demand::no(unless)]) {
        Answer::Yes => {}
        Answer::TooMany => {
            let message = format!("Whether \"{}\" can match is not proven: it has too many cases.", block.name());
            cx.problem(Code::WL0903, span("where"), message);
        }
        Answer::No => {
            let found = never(cx, block, condition).unwrap_or_else(|| {
                let word = if block.has("unless") && possible(&[Demand::yes(condition)]) == Answer::Yes {
                    "unless"
                } else {
                    "where"
                };
                Diagnostic::new(Code::WL0401, span(word), "No case can match this, so this alert can never fire.")
                    .because("Its parts exclude each other. Did you mean or?")
            });
            cx.report(found);
        }
    }
    if *condition != Condition::always() && possible(&[Demand::no(condition)]) == Answer::No {
        let found = Diagnostic::new(Code::WL0407, span("where"), "This condition is always true.");
        cx.report(found.because("Drop it, or say what was meant."));
    }
}

/// The first two parts of a chain of `and` that exclude each other, with the chain of `or` that was perhaps meant.
fn never(cx: &Context<'_>, block: &Block, condition: &Condition) -> Option<Diagnostic> {
    let Condition::All(parts) = condition else { return None };
    let (written, _) = block.where_().next()?;
    let spans: Vec<Span> = written.atoms().map(|atom| atom.span).collect();
    if spans.len() != parts.len() {
        return None;
    }
    for (second, later) in parts.iter().enumerate() {
        for (first, earlier) in parts.iter().enumerate().take(second) {
            if possible(&[Demand::yes(earlier), Demand::yes(later)]) == Answer::No {
                let (one, two) = (*spans.get(first)?, *spans.get(second)?);
                let message = format!(
                    "Nothing is both \"{}\" and \"{}\", so this alert can never fire.",
                    cx.text(one),
                    cx.text(two)
                );
                let found = Diagnostic::new(Code::WL0401, one.to(two), message);
                return Some(found.help("Did you mean or?", &[&format!("{} or {}", cx.text(one), cx.text(two))]));
            }
        }
    }
    None
}

type Sends = (Option<wardline_rules::program::PageTo>, Vec<wardline_rules::program::Tell>);

fn sends(
    cx: &mut Context<'_>,
    block: &Block,
    (severity, of_result, answer): (Option<SeverityId>, bool, Option<Length>),
) -> Option<Sends> {
    let page = block.page().next().map(|(page, clause)| {
        action::page(cx, page, action::Paging { severity, of_result, answer, span: clause.span })
    });
    let tells: Vec<_> = block.tell().map(|(tell, _)| action::tell(cx, tell)).collect();
    Some((optional(page)?, tells.into_iter().collect::<Option<_>>()?))
}

fn once(
    cx: &mut Context<'_>,
    block: &Block,
    (severity, of_result): (Option<SeverityId>, bool),
) -> Option<(Once, Option<Micros>)> {
    let Some((written, clause)) = block.once().next() else {
        return Some((if of_result { Once::Result } else { Once::Report }, None));
    };
    let once = match written.per.node {
        Key::Result => Once::Result,
        Key::Order => Once::Order,
        Key::Patient => Once::Patient,
        Key::Report | Key::Recipient | Key::Site => Once::Report,
    };
    let severity = severity.and_then(|id| cx.severities.get(id.index()));
    if let Some(severity) = severity.filter(|found| found.cannot_be_held && matches!(once, Once::Order | Once::Patient))
    {
        let message = format!("A second result of the same key would not page, and this is {}.", severity.name);
        let found = Diagnostic::new(Code::WL0804, clause.span, message);
        cx.report(
            found
                .because("What cannot be held is raised for every result or report.")
                .help("Change it to:", &["once      per result"]),
        );
    }
    let again = written.again_after.as_ref().map(length::days_allowed);
    Some((once, optional(again)?))
}

fn texts(cx: &mut Context<'_>, block: &Block) {
    let with_code = block
        .page()
        .next()
        .and_then(|(page, _)| action::escalation_of(cx, page))
        .is_some_and(|escalation| escalation.with_code);
    for (text, kind) in
        block.message().map(|(text, _)| (text, Kind::Message)).chain(block.brief().map(|(text, _)| (text, Kind::Brief)))
    {
        text::check(cx, text, kind);
        if with_code {
            text::shows_code(cx, text);
        }
    }
}

/// WL0806.
fn limit_on_pages(cx: &mut Context<'_>, block: &Block) {
    if let (Some((_, clause)), true) = (block.limit().next(), block.has("page")) {
        let found = Diagnostic::new(Code::WL0806, clause.span, "A page that waits in a digest is no page.");
        cx.report(
            found
                .because("Tell instead of paging, or drop the limit.")
                .help("For example:", &["tell      desk \"Operations\" by worklist"]),
        );
    }
}
