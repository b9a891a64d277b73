//! Notice, suppress, function: judged though not run yet.
//!
//! - **Not here**: their life (`language` calls it NOTE and MUTE).

use wardline_rules::time::{DAY, HOUR, MINUTE, Span as Micros};
use wardline_rules::words::{Channel, KindSet};

use super::condition::{self, Needs};
use super::context::Context;
use super::people::{self, Recipient};
use super::{length, missing, moments, names, text};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::limits::{HOLD_HOURS_MAX, LIMIT_COUNT_MAX};
use crate::syntax::Block;
use crate::syntax::moment::State;
use crate::syntax::notice::{Delayed, Delays};
use crate::vocabulary::BlockKind;

/// Checks all notices and suppressions.
pub(super) fn check(cx: &mut Context<'_>) {
    let notices: Vec<&Block> = cx.of_kind(BlockKind::Notice).collect();
    notices.into_iter().for_each(|block| notice(cx, block));
    let suppressions: Vec<&Block> = cx.of_kind(BlockKind::Suppress).collect();
    suppressions.into_iter().for_each(|block| suppress(cx, block));
    let functions: Vec<&Block> = cx.of_kind(BlockKind::Function).collect();
    functions.into_iter().for_each(|block| examples(cx, block));
}

/// WL0902: one example shows a case, two show a difference.
fn examples(cx: &mut Context<'_>, block: &Block) {
    let count = block.clauses.iter().filter(|clause| clause.word == "example").count();
    if count == 1 {
        let message = format!("{} has one example; it needs two.", block.name());
        let found = Diagnostic::new(Code::WL0902, block.name_span(), message);
        cx.report(
            found
                .because("One shows a case, two show a difference, and the checker runs both.")
                .help("For example:", &["example   repeat_allowed(lipid panel, ICU) is no"]),
        );
    }
}

fn notice(cx: &mut Context<'_>, block: &Block) {
    if let Some((when, _)) = block.when().next() {
        moments::moments(cx, when, KindSet::ALL);
    }
    let mut needs = Needs::default();
    for (written, _) in block.where_().chain(block.unless()) {
        condition::lower(cx, written, false, &mut needs);
    }
    let own = missing::clauses(cx, block, false);
    missing::complete(cx, &needs, own.as_deref(), &[]);
    for (channels, _) in block.notice_channel() {
        people::channels(cx, &channels.channels);
    }
    template(cx, block);
    expires(cx, block);
}

fn template(cx: &mut Context<'_>, block: &Block) {
    let Some((used, clause)) = block.notice_template().next() else { return };
    let known: Vec<(String, String)> =
        cx.catalogue.templates.iter().map(|template| (template.name.to_string(), template.text.to_string())).collect();
    let texts: Vec<&(String, String)> = known.iter().filter(|(name, _)| *name == used.name.node).collect();
    if texts.is_empty() {
        let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
        cx.report(super::catalogue::unknown("template", &used.name, &names));
    }
    if !used.health_details {
        for (name, body) in texts {
            text::without_details(cx, (name, body), clause.span);
        }
        return;
    }
    let open = block
        .notice_channel()
        .flat_map(|(channels, _)| &channels.channels)
        .find(|channel| !matches!(channel.node, Channel::Portal | Channel::App));
    if let Some(channel) = open {
        let message = format!("Health details must not go by {}.", channel.node.word());
        let found = Diagnostic::new(Code::WL0701, channel.span, message);
        cx.report(
            found.because("Only portal and app ask the patient to sign in.").help(
                "Change the template to:",
                &[&format!("template  \"{}\" without health details", used.name.node)],
            ),
        );
    }
}

/// WL0803: muting alone must never expire a notice.
fn expires(cx: &mut Context<'_>, block: &Block) {
    let Some((expires, clause)) = block.expires().next() else { return };
    if let Some((who, by)) = &expires.tell {
        people::everybody(cx, who, Recipient::Unknown);
        people::channels(cx, by);
    }
    let quiet = block.quiet().next().map_or(0, |((from, to), _)| {
        let (from, to) = (i64::from(from.minutes()), i64::from(to.minutes()));
        if to > from { to - from } else { to + 1_440 - from }
    });
    let limit = block.limit().next().and_then(|(limit, _)| length::days_allowed(&limit.within)).unwrap_or(Micros::ZERO);
    let muted = Micros::from_micros(quiet * MINUTE).plus(limit);
    if expires.after.node.length().is_some_and(|after| after <= muted) {
        let message = format!("Quiet hours and limit alone last {muted}; this notice would expire unsent.");
        let days = muted.micros() / DAY + 1;
        let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        cx.report(
            Diagnostic::new(Code::WL0803, clause.span, message)
                .help("Change it to:", &[&format!("expires   after {days}")]),
        );
    }
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

fn suppress(cx: &mut Context<'_>, block: &Block) {
    for (state, _) in block.while_() {
        match state {
            State::AlertOpen(name) => {
                names::resolve(cx, BlockKind::Alert, name);
            }
            State::FeedLost(feed) | State::FeedIdle(feed) => {
                moments::feed(cx, feed);
            }
            State::Report(report) => {
                moments::report_is(cx, report);
            }
            State::Count { .. } => {}
        }
    }
    for (delays, _) in block.delays() {
        self::delays(cx, block, delays);
    }
}

fn delays(cx: &mut Context<'_>, block: &Block, delays: &Delays) {
    let hours = i64::try_from(HOLD_HOURS_MAX).unwrap_or(i64::MAX);
    if let Some(length) = length::elapsed(cx, &delays.at_most, length::Use { calendar: None, what: "at most" }) {
        length::bounded(
            cx,
            &delays.at_most,
            length,
            (Micros::from_micros(hours * HOUR), "24 hours, the longest anything is held"),
        );
    }
    for delayed in &delays.what {
        let (kind, name) = match delayed {
            Delayed::Alert(name) => (BlockKind::Alert, name),
            Delayed::Breaches(name) | Delayed::Warnings(name) => (BlockKind::Sla, name),
        };
        names::resolve(cx, kind, name);
        let Some((_, alert)) = cx.names.find(kind, &name.node).filter(|_| kind == BlockKind::Alert) else { continue };
        if alert.name() == watched(block) {
            cx.problem(Code::WL0207, name.span, format!("\"{}\" would hold itself back.", name.node));
        }
        let word = alert.severity().next().map_or("", |(name, _)| name.node.as_str());
        if cx.severities.iter().any(|severity| severity.name == word && severity.cannot_be_held) {
            let message = format!("\"{}\" would hold \"{}\", which is {word}.", block.name(), name.node);
            let found = Diagnostic::new(Code::WL0801, name.span, message);
            cx.report(found.because(format!("Nothing holds what is {word}: remove it from delays.")));
        }
    }
}

/// The alert whose being open starts a suppression.
fn watched(block: &Block) -> &str {
    let alert = block.while_().find_map(|(state, _)| match state {
        State::AlertOpen(name) => Some(name.node.as_str()),
        State::Count { .. } | State::FeedLost(_) | State::FeedIdle(_) | State::Report(_) => None,
    });
    alert.unwrap_or("")
}
