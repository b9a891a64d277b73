//! Sample: which facts make a rule apply, for a test to begin with?
//!
//! Of an `or` the first part, of a list the first word, of a bound a number on its side. Where that does not suffice the author
//! sees from the test what is missing.
//! - **Not here**: conditions of exceptions above, `unless`, functions.

use wardline_rules::decimal::Decimal;

use crate::check::context::Context;
use crate::source::Spanned;
use crate::syntax::Block;
use crate::syntax::basic::{Amount, Range};
use crate::syntax::condition::{Atom, AtomBody, Chain, Condition, Joint, Part, Relation};

/// `, priority is stat, value is 7.5 mmol/L`: what an entry of a test adds so that the rule applies; empty if nothing.
pub(super) fn facts(cx: &Context<'_>, block: &Block) -> String {
    let covered = block.covers().next().and_then(|(covers, _)| covers.condition.as_ref());
    let condition: Option<&Condition> = covered.or_else(|| block.where_().next().map(|(condition, _)| condition));
    let Some(condition) = condition else { return String::new() };
    let parts: Vec<&Part> = needed(&condition.chain);
    let atoms = parts.into_iter().flat_map(|part| match part {
        Part::Atom(atom) => vec![atom],
        Part::Group(Joint::Or, bullets) => bullets.first().map(needed).unwrap_or_default(),
        Part::Group(Joint::And, bullets) => bullets.iter().flat_map(needed).collect(),
    });
    atoms.filter_map(|atom| fact(cx, atom)).map(|fact| format!(", {fact}")).collect()
}

/// The parts that must hold: all of an `and`, the first of an `or`.
fn needed<T>(chain: &Chain<T>) -> Vec<&T> {
    let is_or = chain.joints.first().is_some_and(|joint| joint.node == Joint::Or);
    chain.parts.iter().take(if is_or { 1 } else { usize::MAX }).collect()
}

fn fact(cx: &Context<'_>, atom: &Atom) -> Option<String> {
    let AtomBody::Field(field, relation) = &atom.body else { return None };
    let value = match relation {
        Relation::OneOf(words) => cx.text(words.first()?.span).to_owned(),
        Relation::Missing => "missing".to_owned(),
        Relation::Range(range) if field.node == "value" => amount(&range.node)?,
        Relation::Range(_) | Relation::Present | Relation::NotOneOf(_) => return None,
    };
    // What the engine works out cannot be given.
    let is_given =
        !matches!(field.node.as_str(), "state" | "change" | "previous value" | "time since same test" | "kind");
    is_given.then(|| format!("{} is {value}", field.node))
}

/// An amount in a range.
fn amount(range: &Range) -> Option<String> {
    let (bound, step): (&Spanned<Amount>, i64) = match range {
        Range::Above(bound) => (bound, 1),
        Range::AtLeast(bound) | Range::AtMost(bound) | Range::Between(bound, _) => (bound, 0),
        Range::Outside(_, bound) => (bound, 1),
        Range::Below(bound) => (bound, -1),
    };
    let moved = |number: Decimal| number.plus(Decimal::whole(step)).map(Decimal::normal);
    match &bound.node {
        Amount::Quantity(number, unit) => Some(format!("{} {}", moved(*number)?, unit.node)),
        Amount::Number(number) => Some(moved(*number)?.to_string()),
        Amount::Span(_) | Amount::Percent(_) => None,
    }
}
