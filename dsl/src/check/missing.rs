//! Missing: is it decided what happens when a value is not known?
//!
//! - **How it fits**: `condition` collects what may be absent; here each of it finds its `missing` clause, or WL0403.
//! - **Not here**: what a clause does at run time.

use wardline_rules::program::{Comparison, Condition, Missed, Missing, MissingThen, StartMissing};

use super::condition::Needs;
use super::context::Context;
use super::field::{self, About, capital};
use super::moments;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::Block;
use crate::syntax::basic::Name;
use crate::syntax::condition::Relation;
use crate::syntax::rule as tree;
use crate::vocabulary::BlockKind;

/// The `missing` clauses of a block, resolved, with the place of each.
pub(super) fn clauses(cx: &mut Context<'_>, block: &Block, of_result: bool) -> Option<Vec<(Missing, Span)>> {
    let mut all = Some(Vec::new());
    for (clause, _) in block.missing() {
        let tree::Missing::Fields(missed, then) = clause else { continue };
        for what in missed {
            let found = one(cx, what, then, of_result);
            match (&mut all, found) {
                (Some(all), Some(missing)) => all.push((missing, what.span)),
                (_, _) => all = None,
            }
        }
    }
    all
}

fn one(
    cx: &mut Context<'_>,
    what: &Spanned<tree::Missed>,
    then: &tree::MissingThen,
    of_result: bool,
) -> Option<Missing> {
    let (missed, field) = match &what.node {
        tree::Missed::Decision => (Missed::Decision, None),
        tree::Missed::Function(name) => {
            super::names::resolve(cx, BlockKind::Function, &Name { node: name.clone(), span: what.span })?;
            (Missed::Function(name.as_str().into()), None)
        }
        tree::Missed::Field(word) => {
            let name = Name { node: word.clone(), span: what.span };
            let field = field::field(cx, &name, About { tests: &[], of_result: true })?;
            (Missed::Field(field), Some((field, name)))
        }
    };
    let then = match then {
        tree::MissingThen::DoNotMatch => MissingThen::DoNotMatch,
        tree::MissingThen::Match => MissingThen::Match,
        tree::MissingThen::Use(value) => {
            let Some((field, name)) = field else {
                cx.problem(Code::WL0307, value.span, "Only a field can take a value in its place.");
                return None;
            };
            let relation = Relation::OneOf(vec![value.clone()]);
            MissingThen::Use(only(field::comparison(cx, (field, &name), &relation, About { tests: &[], of_result })?)?)
        }
    };
    Some(Missing { what: missed, then })
}

/// The comparison of a condition that is one atom.
fn only(condition: Condition) -> Option<Comparison> {
    match condition {
        Condition::Atom(atom) => Some(atom.comparison),
        Condition::All(_) | Condition::Any(_) | Condition::Call(_) => None,
    }
}

/// WL0403 for what may be absent and is not decided; WL0406 for what is decided and not used.
///
/// **Input** `own`: `None` if a clause cannot be understood, which is then reported. `inherited`: what a parent decides already.
pub(super) fn complete(cx: &mut Context<'_>, needs: &Needs, own: Option<&[(Missing, Span)]>, inherited: &[Missing]) {
    let Some(own) = own else { return };
    let decided = |what: &Missed| {
        own.iter().any(|(missing, _)| missing.what == *what) || inherited.iter().any(|missing| missing.what == *what)
    };
    for (field, span) in needs.fields.iter().filter(|(field, _)| !decided(&Missed::Field(*field))) {
        cx.report(undecided(&capital(field.word()), field.word(), *span));
    }
    for (name, span) in needs.functions.iter().filter(|(name, _)| !decided(&Missed::Function(name.as_str().into()))) {
        cx.report(undecided(&format!("{name}()"), &format!("{name}()"), *span));
    }
    if let Some(span) = needs.decision.filter(|_| !decided(&Missed::Decision)) {
        cx.report(undecided("The decision", "decision", span));
    }
    twice(cx, own);
    if needs.partial {
        return;
    }
    for (missing, span) in own.iter().filter(|(missing, _)| !needs.has(&missing.what)) {
        cx.report(useless(&missing.what, *span));
    }
}

fn undecided(name: &str, word: &str, span: Span) -> Diagnostic {
    let found = Diagnostic::new(Code::WL0403, span, format!("{name} may be absent. Say what to do."));
    found
        .help("In doubt watch:", &[&format!("missing   {word}: match")])
        .help("In doubt stay silent, and count the case:", &[&format!("missing   {word}: do not match")])
}

fn twice(cx: &mut Context<'_>, own: &[(Missing, Span)]) {
    for (index, (missing, span)) in own.iter().enumerate() {
        if let Some((_, first)) = own.iter().take(index).find(|(first, _)| first.what == missing.what) {
            let found = Diagnostic::new(Code::WL0106, *span, "This is decided twice.").label(*first, "the first");
            cx.report(found.because("Delete one of the two."));
        }
    }
}

fn useless(what: &Missed, span: Span) -> Diagnostic {
    let (message, why) = match what {
        Missed::Field(field) if !field.may_be_absent() => {
            (format!("{} is never absent; this line does nothing.", field.word()), "Delete it.")
        }
        Missed::Field(field) => {
            (format!("No condition here compares {}; this line does nothing.", field.word()), "Delete it.")
        }
        Missed::Function(name) => (format!("No condition here asks {name}(); this line does nothing."), "Delete it."),
        Missed::Decision => ("There is no script here; this line does nothing.".to_owned(), "Delete it."),
    };
    Diagnostic::new(Code::WL0406, span, message).because(why)
}

/// What to do without a start time; the default is to start no clock.
pub(super) fn start(cx: &mut Context<'_>, block: &Block) -> Option<Option<StartMissing>> {
    let mut found = None;
    for (clause, _) in block.missing() {
        let tree::Missing::Start(start) = clause else { continue };
        found = Some(match start {
            tree::StartMissing::UseTimeOf(milestone) => StartMissing::UseTimeOf(moments::milestone(cx, milestone)?),
            tree::StartMissing::UseArrival => StartMissing::UseArrival,
            tree::StartMissing::DoNotStart => StartMissing::DoNotStart,
        });
    }
    Some(found)
}
