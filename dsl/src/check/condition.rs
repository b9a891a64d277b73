//! Condition: what must be so, resolved and typed?
//!
//! ```text
//!  a and b and any of        All[a, b, Any[c, All[d, e]]]
//!      - c
//!      - d and e
//! ```
//! - **How it fits**: `sla`, `alert` and `notice` lower their conditions here; what may be absent is collected for `missing`.
//! - **Not here**: whether the condition can be true at all (`cells`).

use wardline_rules::program::{Comparison, Condition, Field, Missed, TestId};

use super::chain;
use super::context::Context;
use super::field::{self, About};
use super::function;
use crate::source::Span;
use crate::syntax::condition::{Atom, AtomBody, Chain, Condition as Written, Joint, Part, Relation};

/// What a condition uses that may be absent, in order, with the first place of each.
#[derive(Default)]
pub(super) struct Needs {
    /// A part could not be understood, so what it uses is not all known.
    pub(super) partial: bool,
    pub(super) fields: Vec<(Field, Span)>,
    pub(super) functions: Vec<(String, Span)>,
    /// Where a script decides, if one does.
    pub(super) decision: Option<Span>,
}

impl Needs {
    fn field(&mut self, field: Field, span: Span) {
        if !self.fields.iter().any(|(known, _)| *known == field) {
            self.fields.push((field, span));
        }
    }

    fn function(&mut self, name: &str, span: Span) {
        if !self.functions.iter().any(|(known, _)| known == name) {
            self.functions.push((name.to_owned(), span));
        }
    }

    /// Whether something is among what may be absent.
    pub(super) fn has(&self, what: &Missed) -> bool {
        match what {
            Missed::Field(field) => self.fields.iter().any(|(known, _)| known == field),
            Missed::Function(name) => self.functions.iter().any(|(known, _)| known == name.as_str()),
            Missed::Decision => self.decision.is_some(),
        }
    }
}

/// A condition, resolved. `None` if a part of it is wrong, which is then reported.
pub(super) fn lower(cx: &mut Context<'_>, written: &Written, of_result: bool, needs: &mut Needs) -> Option<Condition> {
    let unmixed = chain::unmixed(cx, written);
    let mut lowering = Lowering { of_result, needs };
    let lowered = unmixed.and_then(|()| lowering.condition(cx, written));
    needs.partial |= lowered.is_none();
    lowered
}

struct Lowering<'n> {
    of_result: bool,
    needs: &'n mut Needs,
}

impl Lowering<'_> {
    fn condition(&mut self, cx: &mut Context<'_>, written: &Written) -> Option<Condition> {
        let joint = joint(&written.chain);
        let direct: Vec<&Atom> = written.chain.parts.iter().filter_map(as_atom).collect();
        let tests = if joint == Joint::And { tests(cx, &direct) } else { Vec::new() };
        let parts: Vec<Option<Condition>> = written
            .chain
            .parts
            .iter()
            .map(|part| match part {
                Part::Atom(atom) => self.atom(cx, atom, &tests),
                Part::Group(joint, bullets) => self.group(cx, *joint, bullets, &tests),
            })
            .collect();
        parts.into_iter().collect::<Option<Vec<_>>>().map(|parts| joined(joint, parts))
    }

    fn group(
        &mut self,
        cx: &mut Context<'_>,
        joint: Joint,
        bullets: &[Chain<Atom>],
        outer: &[TestId],
    ) -> Option<Condition> {
        let bullets: Vec<Option<Condition>> = bullets.iter().map(|bullet| self.bullet(cx, bullet, outer)).collect();
        bullets.into_iter().collect::<Option<Vec<_>>>().map(|parts| joined(joint, parts))
    }

    fn bullet(&mut self, cx: &mut Context<'_>, bullet: &Chain<Atom>, outer: &[TestId]) -> Option<Condition> {
        let joint = joint(bullet);
        let atoms: Vec<&Atom> = bullet.parts.iter().collect();
        let own = if joint == Joint::And { tests(cx, &atoms) } else { Vec::new() };
        let tests = if own.is_empty() { outer.to_vec() } else { own };
        let parts: Vec<Option<Condition>> = atoms.into_iter().map(|atom| self.atom(cx, atom, &tests)).collect();
        parts.into_iter().collect::<Option<Vec<_>>>().map(|parts| joined(joint, parts))
    }

    fn atom(&mut self, cx: &mut Context<'_>, atom: &Atom, tests: &[TestId]) -> Option<Condition> {
        let (name, relation) = match &atom.body {
            AtomBody::Field(name, relation) => (name, relation),
            AtomBody::Call(call, outcome) => {
                let mut fields = Vec::new();
                let found = function::call(cx, (call, outcome, atom.span), self.of_result, &mut fields);
                fields.retain(|(field, _)| field.may_be_absent());
                fields.into_iter().for_each(|(field, span)| self.needs.field(field, span));
                if found.is_some() {
                    self.needs.function(&call.name.node, call.name.span);
                }
                return found;
            }
        };
        let about = About { tests, of_result: self.of_result };
        let field = field::field(cx, name, about)?;
        let asks_only = matches!(relation, Relation::Missing | Relation::Present);
        let is_person =
            matches!(field, Field::OrderingClinician | Field::AttendingClinician | Field::ReportingClinician);
        if field.may_be_absent() && !asks_only && !is_person {
            self.needs.field(field, name.span);
        }
        field::comparison(cx, (field, name), relation, about)
    }
}

fn as_atom(part: &Part) -> Option<&Atom> {
    match part {
        Part::Atom(atom) => Some(atom),
        Part::Group(..) => None,
    }
}

fn joint<T>(chain: &Chain<T>) -> Joint {
    chain.joints.first().map_or(Joint::And, |joint| joint.node)
}

fn joined(joint: Joint, mut parts: Vec<Condition>) -> Condition {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    match joint {
        Joint::And => Condition::All(parts),
        Joint::Or => Condition::Any(parts),
    }
}

/// The tests that a chain of `and` demands; a name that is none is reported where it is read.
fn tests(cx: &Context<'_>, atoms: &[&Atom]) -> Vec<TestId> {
    let named = atoms.iter().filter_map(|atom| match &atom.body {
        AtomBody::Field(name, Relation::OneOf(values)) if name.node == "test" => Some(values),
        AtomBody::Field(..) | AtomBody::Call(..) => None,
    });
    let words = named.flatten().filter_map(|value| crate::syntax::condition::word(value));
    words
        .filter_map(|word| cx.catalogue.tests.iter().position(|test| test.name == *word))
        .filter_map(|at| u32::try_from(at).ok())
        .map(TestId)
        .collect()
}

/// The condition that a report is of some kinds.
pub(super) fn of_kinds(kinds: wardline_rules::words::KindSet) -> Condition {
    Condition::Atom(wardline_rules::program::Atom { field: Field::Kind, comparison: Comparison::Kinds(true, kinds) })
}
