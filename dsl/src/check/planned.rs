//! Planned: which parts of the language can be read and not yet run?
//!
//! They are refused, not ignored: a rule that silently does nothing would be worse than one that does not load.
//! - **Not here**: their own checks, which run as for every other rule.

use super::context::Context;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::limits::RULES_MAX;
use crate::syntax::Block;
use crate::syntax::moment::State;
use crate::vocabulary::BlockKind;

/// WL0110 for every block and clause that no program can hold yet.
pub(super) fn refuse(cx: &mut Context<'_>) {
    let is_rule = |kind| {
        matches!(
            kind,
            BlockKind::Sla | BlockKind::Exception | BlockKind::Alert | BlockKind::Notice | BlockKind::Suppress
        )
    };
    let rules = cx.blocks.iter().filter(|block| is_rule(block.kind)).count();
    if rules > RULES_MAX {
        let span = cx.ward.map(|ward| ward.header).unwrap_or_default();
        cx.problem(Code::WL0107, span, format!("This ward has {rules} rules; {RULES_MAX} are allowed."));
    }
    for block in cx.blocks {
        match block.kind {
            BlockKind::Suppress => suppress(cx, block),
            BlockKind::Ward
            | BlockKind::Pack
            | BlockKind::Catalogue
            | BlockKind::Severity
            | BlockKind::Calendar
            | BlockKind::Person
            | BlockKind::Desk
            | BlockKind::Roster
            | BlockKind::Escalation
            | BlockKind::Sla
            | BlockKind::Exception
            | BlockKind::Alert
            | BlockKind::Notice
            | BlockKind::Function
            | BlockKind::Test => {}
        }
    }
}

/// A suppression watches an open alert or a feed; what a single report or a count would hold back is not settled.
fn suppress(cx: &mut Context<'_>, block: &Block) {
    let is_other = block.while_().any(|(state, _)| matches!(state, State::Count { .. } | State::Report(_)));
    if is_other {
        planned(cx, block, "while", "Suppressions by a count or by the state of a report are");
    }
}

fn planned(cx: &mut Context<'_>, block: &Block, word: &str, what: &str) {
    if let Some(span) = block.clause(word).map(|clause| clause.word_span) {
        let found = Diagnostic::new(Code::WL0110, span, format!("{what} planned and not part of this release."));
        cx.report(found.because("It was read and checked; this build cannot run it."));
    }
}
