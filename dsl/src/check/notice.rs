//! Notice, suppress: what is told to patients, what is held back?
//!
//! - **Not here**: when that happens (`wardline-core`).

use wardline_rules::program::{self, Condition, Notice, Quiet, Suppress, Tell};
use wardline_rules::time::{DAY, HOUR, MINUTE, Span as Micros};
use wardline_rules::words::{Channel, KindSet};

use super::condition::{self, Needs};
use super::context::Context;
use super::escalation::optional;
use super::people::{self, Recipient};
use super::sla::head;
use super::{lasting, length, missing, moments, names, text};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::limits::HOLD_HOURS_MAX;
use crate::syntax::Block;
use crate::syntax::moment::State;
use crate::syntax::notice::{Delayed, Delays, SuppressThen};
use crate::vocabulary::BlockKind;

/// All notices in order.
pub(super) fn notices(cx: &mut Context<'_>) -> Option<Vec<Notice>> {
    let blocks: Vec<&Block> = cx.of_kind(BlockKind::Notice).collect();
    let notices: Vec<Option<Notice>> = blocks.into_iter().map(|block| notice(cx, block)).collect();
    notices.into_iter().collect()
}

/// All suppressions in order.
pub(super) fn suppressions(cx: &mut Context<'_>) -> Option<Vec<Suppress>> {
    let blocks: Vec<&Block> = cx.of_kind(BlockKind::Suppress).collect();
    let suppressions: Vec<Option<Suppress>> = blocks.into_iter().map(|block| suppress(cx, block)).collect();
    suppressions.into_iter().collect()
}

fn notice(cx: &mut Context<'_>, block: &Block) -> Option<Notice> {
    let when = block.when().next().and_then(|(when, _)| moments::moments(cx, when, KindSet::ALL));
    let mut needs = Needs::default();
    let condition = block.where_().next().map(|(written, _)| condition::lower(cx, written, false, &mut needs));
    let unless = block.unless().next().map(|(written, _)| condition::lower(cx, written, false, &mut needs));
    let own = missing::clauses(cx, block, false);
    missing::complete(cx, &needs, own.as_deref(), &[]);
    let channels = block.notice_channel().next().map(|(written, _)| {
        let channels = people::channels(cx, &written.channels);
        (written.preferred, channels)
    });
    template(cx, block);
    let (expires, then) = expires(cx, block)?;
    let limit = block.limit().next().and_then(|(limit, _)| lasting::limit(cx, limit));
    let (preferred, channels) = channels?;
    let quiet = block.quiet().next().map(|((from, to), _)| Quiet { from: *from, to: *to })?;
    Some(Notice {
        head: head(block)?,
        when: when?,
        condition: optional(condition)?.unwrap_or_else(Condition::always),
        unless: optional(unless)?.unwrap_or_else(Condition::never),
        missing: own?.into_iter().map(|(missing, _)| missing).collect(),
        preferred,
        channels,
        quiet,
        limit: limit?,
        template: block.notice_template().next().map(|(used, _)| used.name.node.as_str().into())?,
        expires,
        then,
    })
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
fn expires(cx: &mut Context<'_>, block: &Block) -> Option<(Micros, Option<Tell>)> {
    let (expires, clause) = block.expires().next()?;
    let then = expires.tell.as_ref().map(|(who, by)| {
        let by = people::channels(cx, by);
        people::everybody(cx, who, Recipient::Unknown).map(|who| Tell { who, by, digest_at: Vec::new() })
    });
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
    Some((length::days_allowed(&expires.after)?, optional(then)?))
}

fn suppress(cx: &mut Context<'_>, block: &Block) -> Option<Suppress> {
    let state = block.while_().next().and_then(|(state, _)| lasting::lasting(cx, state));
    let delays = block.delays().next().and_then(|(delays, _)| self::delays(cx, block, delays));
    let joined = block.send().next().is_some_and(|(then, _)| *then == SuppressThen::One);
    let (delays, at_most) = delays?;
    Some(Suppress { head: head(block)?, while_: state?, delays, at_most, joined })
}

fn delays(cx: &mut Context<'_>, block: &Block, delays: &Delays) -> Option<(Vec<program::Delayed>, Micros)> {
    let hours = i64::try_from(HOLD_HOURS_MAX).unwrap_or(i64::MAX);
    let at_most = length::elapsed(cx, &delays.at_most, length::Use { calendar: None, what: "at most" });
    if let Some(length) = at_most {
        let most = (Micros::from_micros(hours * HOUR), "24 hours, the longest anything is held");
        length::bounded(cx, &delays.at_most, length, most);
    }
    let mut found = Some(Vec::new());
    for delayed in &delays.what {
        let (kind, name) = match delayed {
            Delayed::Alert(name) => (BlockKind::Alert, name),
            Delayed::Breaches(name) | Delayed::Warnings(name) => (BlockKind::Sla, name),
        };
        names::resolve(cx, kind, name);
        let id = cx.names.find(kind, &name.node).and_then(|(_, block)| head(block)).map(|head| head.id);
        let held = id.map(|id| match delayed {
            Delayed::Alert(_) => program::Delayed::Alert(id),
            Delayed::Breaches(_) => program::Delayed::Breaches(id),
            Delayed::Warnings(_) => program::Delayed::Warnings(id),
        });
        match (&mut found, held) {
            (Some(found), Some(held)) => found.push(held),
            (_, _) => found = None,
        }
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
    found.zip(at_most)
}

/// The alert whose being open starts a suppression.
fn watched(block: &Block) -> &str {
    let alert = block.while_().find_map(|(state, _)| match state {
        State::AlertOpen(name) => Some(name.node.as_str()),
        State::Count { .. } | State::FeedLost(_) | State::FeedIdle(_) | State::Report(_) => None,
    });
    alert.unwrap_or("")
}
