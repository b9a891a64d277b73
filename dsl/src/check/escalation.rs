//! Escalation: whom to ask, in which order, defaults filled in.
//!
//! - LIMIT: `STEPS_MAX`, `RECIPIENTS_MAX`, `REMINDERS_MAX`, `REPEATS_MAX`: WL0107.
//! - **Not here**: rules that use it (`action`).

use wardline_rules::program::{AnsweredBy, Decline, DeskId, Escalation, EscalationStep, Failed, Reminder, Repeat};

use super::context::Context;
use super::people::{self, Recipient};
use super::{length, names};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::limits::{RECIPIENTS_MAX, REMINDERS_MAX, REPEATS_MAX, STEPS_MAX};
use crate::source::Span;
use crate::syntax::Block;
use crate::syntax::escalation as tree;
use crate::vocabulary::BlockKind;

/// All escalations in order.
pub(super) fn escalations(cx: &mut Context<'_>) -> Vec<Escalation> {
    let blocks: Vec<&Block> = cx.of_kind(BlockKind::Escalation).collect();
    blocks.into_iter().filter_map(|block| escalation(cx, block)).collect()
}

fn escalation(cx: &mut Context<'_>, block: &Block) -> Option<Escalation> {
    let steps: Vec<Option<EscalationStep>> =
        block.step().map(|(written, clause)| step(cx, written, clause.span)).collect();
    numbered(cx, block);
    bound(cx, block.header, "steps", steps.len(), STEPS_MAX);
    let repeat = block.repeat().next().map(|(repeat, clause)| self::repeat(cx, repeat, steps.len(), clause.span));
    let then = block.task().next().and_then(|(desk, _)| names::resolve(cx, BlockKind::Desk, desk));
    let answered = block.answered().next().map(|(answered, _)| answered);
    let lapses = block
        .lapses()
        .next()
        .map(|(after, _)| length::elapsed(cx, after, length::Use { calendar: None, what: "lapses    after" }));
    Some(Escalation {
        name: block.name().into(),
        steps: steps.into_iter().collect::<Option<_>>()?,
        repeat: optional(repeat)?,
        then: DeskId(then?),
        decline: if block.decline_any().any(|(any, _)| *any) { Decline::Any } else { Decline::All },
        failed: if block.failed_step().any(|(step, _)| *step) { Failed::NextStep } else { Failed::NextChannel },
        answered_by: answered.map_or(AnsweredBy::Anyone, |answered| answered_by(answered.by)),
        read_back: answered.is_some_and(|answered| answered.read_back),
        with_code: answered.is_some_and(|answered| answered.with_code),
        lapses: optional(lapses)?,
    })
}

/// Turns "there is one, and it cannot be understood" into nothing at all.
pub(super) fn optional<T>(found: Option<Option<T>>) -> Option<Option<T>> {
    match found {
        None => Some(None),
        Some(understood) => understood.map(Some),
    }
}

fn answered_by(by: tree::AnsweredBy) -> AnsweredBy {
    match by {
        tree::AnsweredBy::Anyone => AnsweredBy::Anyone,
        tree::AnsweredBy::Everyone => AnsweredBy::Everyone,
        tree::AnsweredBy::Licensed => AnsweredBy::Licensed,
    }
}

fn step(cx: &mut Context<'_>, written: &tree::EscalationStep, span: Span) -> Option<EscalationStep> {
    bound(cx, span, "recipients", written.who.len(), RECIPIENTS_MAX);
    bound(cx, span, "reminders", written.reminders.len(), REMINDERS_MAX);
    let who = people::everybody(cx, &written.who, Recipient::Known);
    let by = people::channels(cx, &written.by);
    let wait = length::elapsed(cx, &written.wait, length::Use { calendar: None, what: "wait" });
    let mut reminders: Vec<Reminder> = Vec::new();
    for (channel, after) in &written.reminders {
        people::declared(cx, channel);
        let after = length::elapsed(cx, after, length::Use { calendar: None, what: "after" })?;
        if wait.is_some_and(|wait| after >= wait) {
            let found = Diagnostic::new(Code::WL0608, span, "This reminder comes when the wait is over.");
            cx.report(found.because("A reminder belongs before the end of its step."));
        }
        reminders.push(Reminder { by: channel.node, after });
    }
    reminders.sort_by_key(|reminder| reminder.after);
    Some(EscalationStep { who: who?, by, reminders, wait: wait? })
}

fn bound(cx: &mut Context<'_>, span: Span, what: &str, count: usize, bound: usize) {
    if count > bound {
        cx.problem(Code::WL0107, span, format!("There are {count} {what} here; {bound} are allowed."));
    }
}

/// WL0608 if steps are not numbered 1, 2, 3.
fn numbered(cx: &mut Context<'_>, block: &Block) {
    if block.is_damaged() {
        return;
    }
    for (expected, (step, _)) in (1_u64..).zip(block.step()) {
        if step.number.node != expected {
            let found = Diagnostic::new(Code::WL0608, step.number.span, format!("This is step {expected}."));
            cx.report(found.because("Steps are numbered 1, 2, 3, as they follow.").replace(
                "Change it to:",
                step.number.span,
                expected.to_string(),
            ));
            return;
        }
    }
}

fn repeat(cx: &mut Context<'_>, written: &tree::Repeat, steps: usize, span: Span) -> Option<Repeat> {
    let last = u64::try_from(steps).unwrap_or(u64::MAX);
    if written.times.node > REPEATS_MAX {
        cx.problem(Code::WL0107, written.times.span, format!("An escalation repeats at most {REPEATS_MAX} times."));
    }
    if written.to.node != last || written.from.node == 0 || written.from.node > last {
        let found = Diagnostic::new(Code::WL0608, span, "A repeat goes up to the last step.");
        let from = written.from.node.clamp(1, last.max(1));
        let corrected = if from == last {
            format!("repeat    step {last}, up to {} times", written.times.node)
        } else {
            format!("repeat    steps {from} to {last}, up to {} times", written.times.node)
        };
        cx.report(
            found.because("What comes after it would wait for the repeats.").help("Change it to:", &[&corrected]),
        );
        return None;
    }
    Some(Repeat { from: u8::try_from(written.from.node).ok()?, times: u8::try_from(written.times.node).ok()? })
}
