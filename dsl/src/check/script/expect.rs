//! Expect: what a test expects, with names and instants resolved.
//!
//! - **Not here**: comparing it with what happened.

use wardline_rules::program::{Length, Who};

use super::{Script, rule_id};
use crate::check::context::Context;
use crate::check::people;
use crate::codes::Code;
use crate::script::{ClockShows, Expectation, Outcome, Sent, Test};
use crate::source::Spanned;
use crate::syntax::basic::{Duration, Name};
use crate::syntax::script as tree;
use crate::vocabulary::BlockKind;

/// Reads the expectations of one clause into a test; `None` if one is wrong.
pub(super) fn expectations(
    script: &mut Script,
    cx: &mut Context<'_>,
    written: &[tree::Expectation],
    test: &mut Test,
) -> Option<()> {
    let mut complete = Some(());
    for expected in written {
        let at = match &expected.at {
            Some(stamp) => match script.stamp(cx, stamp) {
                Some(window) => Some(window),
                None => {
                    complete = None;
                    continue;
                }
            },
            None => None,
        };
        if let Some(window) = at {
            test.end = test.end.max(window.to);
        }
        match outcome(script, cx, &expected.outcome) {
            Some(outcome) => test.expectations.push(Expectation { at, span: expected.span, outcome }),
            None => complete = None,
        }
    }
    complete
}

fn outcome(script: &mut Script, cx: &mut Context<'_>, written: &tree::Outcome) -> Option<Outcome> {
    Some(match written {
        tree::Outcome::NothingElse => Outcome::NothingElse,
        tree::Outcome::Nothing => Outcome::Nothing,
        tree::Outcome::Task(who, scope) => Outcome::Task(people::who(cx, who)?, script.scope(cx, scope.as_ref())?),
        tree::Outcome::Refused(refusal) => Outcome::Refused(*refusal),
        tree::Outcome::PatientSent { what, by, scope } => {
            people::declared(cx, by);
            let what = match what {
                tree::PatientSent::Digest(count) => Sent::Digest(*count),
                tree::PatientSent::Notice(name) => Sent::Notice(rule_id(cx, BlockKind::Notice, name)?),
            };
            Outcome::Sent { who: Who::Patient, what, by: by.node, scope: script.scope(cx, scope.as_ref())? }
        }
        tree::Outcome::Sent { who, what, by, scope } => {
            people::declared(cx, by);
            let who = people::who(cx, who);
            let scope = script.scope(cx, scope.as_ref())?;
            Outcome::Sent { who: who?, what: sent(*what), by: by.node, scope }
        }
        tree::Outcome::Alert { name, scope, is } => {
            let scope = script.scope(cx, scope.as_ref());
            Outcome::Alert { rule: rule_id(cx, BlockKind::Alert, name)?, scope: scope?, is: *is }
        }
        tree::Outcome::Clock { name, label, is } => clock(script, cx, (name, label), is)?,
    })
}

fn sent(what: tree::SentWhat) -> Sent {
    match what {
        tree::SentWhat::Paged => Sent::Page,
        tree::SentWhat::Reminded => Sent::Reminder,
        tree::SentWhat::Told => Sent::Tell,
        tree::SentWhat::ToldOfWithdrawal => Sent::Withdrawal,
        tree::SentWhat::Digest(count) => Sent::Digest(count),
    }
}

fn clock(
    script: &mut Script,
    cx: &mut Context<'_>,
    (name, label): (&Name, &Name),
    is: &tree::ClockIs,
) -> Option<Outcome> {
    let report = script.label(cx, label);
    let is = match is {
        tree::ClockIs::Used(span) => ClockShows::Used(used(cx, span)?),
        tree::ClockIs::DueAt(stamp) => ClockShows::DueAt(script.stamp(cx, stamp)?),
        tree::ClockIs::State(state) => ClockShows::State(*state),
    };
    Some(Outcome::Clock { rule: rule_id(cx, BlockKind::Sla, name)?, report: report?, is })
}

fn used(cx: &mut Context<'_>, span: &Spanned<Duration>) -> Option<Length> {
    match span.node {
        Duration::Elapsed(..) => span.node.length().map(Length::Elapsed),
        Duration::Working(..) => span.node.length().map(Length::Working),
        Duration::WorkingDays(..) => {
            cx.problem(Code::WL0307, span.span, "A clock shows working hours, not working days.");
            None
        }
    }
}
