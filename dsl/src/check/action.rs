//! Action: who is paged or told, and will that work for this severity?
//!
//! - **How it fits**: `sla` (breach, warn) and `alert` (page, tell) lower their sends here.
//! - **Not here**: texts (`text`).

use wardline_rules::program::{Action, ActionSend, Escalation, EscalationId, Length, PageTo, SeverityId, Tell, Who};
use wardline_rules::time::Span as Micros;

use super::context::Context;
use super::names;
use super::people::{self, Recipient};
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::basic::Name;
use crate::syntax::people as tree;
use crate::vocabulary::BlockKind;

/// What a page is about.
#[derive(Clone, Copy)]
pub(super) struct Paging {
    pub(super) severity: Option<SeverityId>,
    /// Whether there is a value to read back.
    pub(super) of_result: bool,
    /// The answer target that a rule sets itself.
    pub(super) answer: Option<Length>,
    /// Where the page stands.
    pub(super) span: Span,
}

/// The severity of a word.
pub(super) fn severity(cx: &mut Context<'_>, name: &Name) -> Option<SeverityId> {
    names::resolve(cx, BlockKind::Severity, name).map(SeverityId)
}

/// The lowest severity that is declared.
pub(super) fn lowest(cx: &Context<'_>) -> Option<SeverityId> {
    cx.severities.len().checked_sub(1).and_then(|last| u32::try_from(last).ok()).map(SeverityId)
}

/// What a breach or a warning does; of no severity it takes the lowest.
pub(super) fn action(cx: &mut Context<'_>, written: &tree::Action) -> Option<Action> {
    let severity = match &written.severity {
        Some(name) => self::severity(cx, name),
        None => lowest(cx),
    };
    let paging = Paging { severity, of_result: false, answer: None, span: written.span };
    let send = match &written.send {
        tree::Send::Page(page) => ActionSend::Page(self::page(cx, page, paging)?),
        tree::Send::Tell(tell) => ActionSend::Tell(self::tell(cx, tell)?),
    };
    Some(Action { send, severity: severity? })
}

/// Who is told.
pub(super) fn tell(cx: &mut Context<'_>, written: &tree::TellTo) -> Option<Tell> {
    let by = people::channels(cx, &written.by);
    let who = people::everybody(cx, &written.who, Recipient::Unknown)?;
    Some(Tell { who, by, digest_at: written.digest_at.clone() })
}

/// Who is paged.
pub(super) fn page(cx: &mut Context<'_>, written: &tree::PageTo, paging: Paging) -> Option<PageTo> {
    match written {
        tree::PageTo::Direct(who, by) => {
            unheld_without_escalation(cx, paging);
            let by = people::channels(cx, by);
            Some(PageTo::Direct { who: people::everybody(cx, who, Recipient::Unknown)?, by })
        }
        tree::PageTo::Using(who, name) => {
            let recipients = people::everybody(cx, who, Recipient::Unknown);
            let escalation = EscalationId(names::resolve(cx, BlockKind::Escalation, name)?);
            if let Some(found) = cx.escalations.iter().find(|known| known.name == name.node).cloned() {
                fits(cx, &found, (who.is_empty(), name), paging);
            }
            Some(PageTo::Using { escalation, recipients: recipients? })
        }
    }
}

/// WL0603: a severity that nothing may hold needs somebody behind the first.
fn unheld_without_escalation(cx: &mut Context<'_>, paging: Paging) {
    let Some(severity) =
        paging.severity.and_then(|id| cx.severities.get(id.index())).filter(|found| found.cannot_be_held)
    else {
        return;
    };
    let message = format!("One page without an escalation behind it, and this is {}.", severity.name);
    let found = Diagnostic::new(Code::WL0603, paging.span, message);
    let sample = cx.names.all(BlockKind::Escalation).next().unwrap_or("Critical call-out");
    let corrected = format!("page      using \"{sample}\"");
    cx.report(found.because("One unanswered page would be the end of it.").help("Change it to:", &[&corrected]));
}

/// Checks that an escalation can do what a rule asks of it.
fn fits(cx: &mut Context<'_>, escalation: &Escalation, (nobody, name): (bool, &Name), paging: Paging) {
    let asks = escalation.steps.iter().any(|step| step.who.contains(&Who::Recipient));
    if nobody && asks {
        let message = format!("\"{}\" pages the recipient; say who that is.", name.node);
        let corrected = format!("page      the ordering clinician using \"{}\"", name.node);
        cx.report(Diagnostic::new(Code::WL0606, paging.span, message).help("For example:", &[&corrected]));
    }
    if !nobody && !asks {
        let message = format!("\"{}\" never asks the recipient, so nobody would page this person.", name.node);
        let corrected = format!("page      using \"{}\"", name.node);
        cx.report(
            Diagnostic::new(Code::WL0606, paging.span, message)
                .help("If its steps say all, change it to:", &[&corrected]),
        );
    }
    if escalation.read_back && !paging.of_result {
        let message = format!("\"{}\" wants the value read back, and a report has no value.", name.node);
        let found = Diagnostic::new(Code::WL0607, paging.span, message);
        cx.report(
            found
                .because("Trigger on a result, or use an escalation without read-back.")
                .help("For example:", &["when      a lab result is verified"]),
        );
    }
    too_slow(cx, escalation, paging);
}

/// WL0605: the last step begins when an answer should have come.
fn too_slow(cx: &mut Context<'_>, escalation: &Escalation, paging: Paging) {
    let Some(severity) = paging.severity.and_then(|id| cx.severities.get(id.index())) else { return };
    let target = match paging.answer.unwrap_or(severity.answer_within) {
        Length::Elapsed(target) => target,
        Length::Working(_) | Length::WorkingDays { .. } => return,
    };
    let mut begins = Micros::ZERO;
    for (number, step) in (1..).zip(&escalation.steps) {
        if begins > target {
            let message = format!(
                "Step {number} of \"{}\" begins after {begins}; {} asks for an answer within {target}.",
                escalation.name, severity.name
            );
            let found = Diagnostic::new(Code::WL0605, paging.span, message);
            cx.report(found.because("Whoever is asked there is asked too late: shorten the waits before."));
            return;
        }
        begins = begins.plus(step.wait);
    }
}

/// The escalation that a page uses.
pub(super) fn escalation_of<'c>(cx: &'c Context<'_>, page: &tree::PageTo) -> Option<&'c Escalation> {
    match page {
        tree::PageTo::Using(_, name) => cx.escalations.iter().find(|known| known.name == name.node),
        tree::PageTo::Direct(..) => None,
    }
}
