//! Review: which rules are due for a look, and which are not tested?
//!
//! A rule counts as tested if an expectation names it, or if a test lets happen what it starts with.
//! - **Not here**: coverage, which needs the tests to run.

mod sample;

use std::collections::BTreeSet;

use super::context::Context;
use super::standard;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::syntax::Block;
use crate::syntax::moment::{Happening, Moment, MomentBody, Moments};
use crate::syntax::script::{Event, Outcome, PatientSent};
use crate::vocabulary::BlockKind;

/// WL0951 and WL0952.
pub(super) fn check(cx: &mut Context<'_>) {
    let tested = Tested::of(cx);
    for block in cx.blocks {
        let is_rule =
            matches!(block.kind, BlockKind::Sla | BlockKind::Exception | BlockKind::Alert | BlockKind::Notice);
        let overdue = block.policy().next().filter(|(policy, _)| policy.review_by.node < cx.as_of);
        if let Some((policy, _)) = overdue {
            let message = format!("\"{}\" was due for review on {}.", policy.name.node, policy.review_by.node);
            let found = Diagnostic::new(Code::WL0951, policy.review_by.span, message);
            cx.diagnostics.push(
                found.because(format!("Ask {} whether it still holds, then set the next date.", policy.owner.node)),
            );
        }
        if is_rule && block.name.is_some() && !tested.has(block) {
            let found = untested(cx, block);
            cx.diagnostics.push(found);
        }
    }
}

fn untested(cx: &Context<'_>, block: &Block) -> Diagnostic {
    let found = Diagnostic::new(Code::WL0952, block.name_span(), format!("No test mentions \"{}\".", block.name()));
    let name = block.name();
    let expectation = match block.kind {
        BlockKind::Alert => format!("alert \"{name}\" for R1 is raised"),
        BlockKind::Notice => format!("the patient is sent \"{name}\" by email"),
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
        | BlockKind::Suppress
        | BlockKind::Function
        | BlockKind::Test => format!("09:00 clock \"{name}\" of R1 is running"),
    };
    let entry = first_moment(block).map_or_else(|| "R1: report is finalised".to_owned(), |moment| entry(block, moment));
    let facts = if entry.starts_with("R1:") { sample::facts(cx, block) } else { String::new() };
    found.help(
        "A test to begin with:",
        &[
            &format!("test \"{name}\""),
            &format!("  at        2026-01-14 09:00 {entry}{facts}"),
            &format!("  then      {expectation}"),
        ],
    )
}

/// The first moment that the rule begins with.
fn first_moment(block: &Block) -> Option<&Moment> {
    let when = block.when().map(|(when, _)| when).chain(block.starts().map(|(starts, _)| starts));
    let all = when.chain(block.after().map(|(after, _)| after));
    all.flat_map(|moments| &moments.any).next()
}

/// A moment as something that happens in a test, of a kind that the rule is about.
fn entry(block: &Block, moment: &Moment) -> String {
    match &moment.body {
        MomentBody::Message(feed) => format!("a message arrives from feed \"{}\"", feed.node),
        MomentBody::Happening { kind, subject, happening } => {
            let covered = block.covers().next().and_then(|(covers, _)| covers.kinds.as_ref());
            let kinds = kind.as_ref().or(covered).map(|kinds| standard::kind_words(kinds.node));
            // A test speaks of one kind; a rule about several is shown without.
            let kind = kinds.filter(|words| !words.contains(',')).map_or_else(String::new, |word| format!("{word} "));
            let happens = match happening {
                Happening::Is(step) => format!("is {}", step.node),
                Happening::Becomes(state) => format!("becomes {}", state.node),
                Happening::IsNoLonger(state) => format!("is no longer {}", state.node),
            };
            format!("R1: {kind}{} {happens}", subject.node.word())
        }
    }
}

/// What tests speak of.
struct Tested<'t> {
    names: BTreeSet<&'t str>,
    steps: BTreeSet<(&'static str, &'t str)>,
}

impl<'t> Tested<'t> {
    fn of(cx: &Context<'t>) -> Tested<'t> {
        let mut tested = Tested { names: BTreeSet::new(), steps: BTreeSet::new() };
        for test in cx.of_kind(BlockKind::Test) {
            test.then()
                .flat_map(|(expectations, _)| expectations)
                .for_each(|expected| tested.names.extend(named(&expected.outcome)));
            test.at().flat_map(|(entries, _)| entries).for_each(|entry| tested.steps.extend(happens(&entry.event)));
        }
        tested
    }

    fn has(&self, block: &Block) -> bool {
        let starts = block
            .when()
            .map(|(when, _)| when)
            .chain(block.starts().map(|(starts, _)| starts))
            .chain(block.after().map(|(after, _)| after));
        self.names.contains(block.name()) || starts.flat_map(steps).any(|step| self.steps.contains(&step))
    }
}

fn named(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Alert { name, .. } | Outcome::Clock { name, .. } => Some(&name.node),
        Outcome::PatientSent { what: PatientSent::Notice(name), .. } => Some(&name.node),
        Outcome::PatientSent { .. }
        | Outcome::NothingElse
        | Outcome::Nothing
        | Outcome::Task(..)
        | Outcome::Refused(_)
        | Outcome::Sent { .. } => None,
    }
}

fn happens(event: &Event) -> Option<(&'static str, &str)> {
    match event {
        Event::Report { moment: Some(moment), .. } => step(moment),
        Event::Message(feed) => Some(("message", feed.node.as_str())),
        Event::Report { .. } | Event::Feed(..) | Event::Silence { .. } | Event::Lift(_) | Event::Answer { .. } => None,
    }
}

fn steps(moments: &Moments) -> impl Iterator<Item = (&'static str, &str)> {
    moments.any.iter().filter_map(step)
}

fn step(moment: &Moment) -> Option<(&'static str, &str)> {
    match &moment.body {
        MomentBody::Message(feed) => Some(("message", &feed.node)),
        MomentBody::Happening { subject, happening: Happening::Is(word), .. } => {
            Some((subject.node.word(), &word.node))
        }
        MomentBody::Happening { happening: Happening::Becomes(word) | Happening::IsNoLonger(word), .. } => {
            Some(("becomes", &word.node))
        }
    }
}
