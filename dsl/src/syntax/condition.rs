//! Condition: which comparisons, joined how?
//!
//! The tree keeps the joints as written, so that a mixed chain can be refused with both readings (WL0402).
//! - LIMIT: `ATOMS_MAX`, `BULLETS_MAX`; beyond them WL0107.
//! - **Not here**: fields and types.

use wardline_rules::decimal::Decimal;

use super::basic::{Amount, Name, Range, amount, name, range, term};
use super::reading::{Reading, words};
use crate::diagnostic::{Code, Diagnostic};
use crate::grammar::{Node, Rule};
use crate::limits::{ATOMS_MAX, BULLETS_MAX};
use crate::source::{Span, Spanned};

/// What joins two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joint {
    /// Both must hold.
    And,
    /// One must hold.
    Or,
}

/// A chain of parts with the joints between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain<T> {
    /// The parts; one more than joints.
    pub parts: Vec<T>,
    /// What stands between them, with its place.
    pub joints: Vec<Spanned<Joint>>,
}

/// A whole condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Its operands.
    pub chain: Chain<Part>,
    /// Where it stands.
    pub span: Span,
}

/// An operand of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A comparison.
    Atom(Atom),
    /// Bullets under `any of` or `all of`.
    Group(Joint, Vec<Chain<Atom>>),
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Atom {
    /// What it says.
    pub body: AtomBody,
    /// Where it stands.
    pub span: Span,
}

/// What a comparison says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtomBody {
    /// A field and what it is compared with.
    Field(Name, Relation),
    /// A function and what its result must be.
    Call(Call, Outcome),
}

/// What the result of a function must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Yes, or nothing said.
    Yes,
    /// No.
    No,
    /// A number in a range.
    Range(Box<Range>),
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Is absent.
    Missing,
    /// Is there.
    Present,
    /// Lies in a range.
    Range(Box<Spanned<Range>>),
    /// Is one of these.
    OneOf(Vec<Value>),
    /// Is none of these.
    NotOneOf(Vec<Value>),
}

/// A value as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// What it is.
    pub body: ValueBody,
    /// Where it stands.
    pub span: Span,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueBody {
    /// Yes or no.
    Truth(bool),
    /// An amount.
    Amount(Amount),
    /// A word or name of a catalogue.
    Word(String),
}

/// A function and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which function.
    pub name: Name,
    /// Its arguments.
    pub arguments: Vec<Value>,
}

/// Reads a condition.
pub(crate) fn condition(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Condition> {
    let parts = r.all(node, Rule::operand, operand)?;
    let condition = Condition { chain: Chain { parts, joints: joints(r, node) }, span: r.span(node) };
    let atoms = condition.atoms().count();
    if atoms > ATOMS_MAX {
        let message = format!("This condition has {atoms} parts; {ATOMS_MAX} are allowed.");
        let found = Diagnostic::new(Code::WL0107, r.span(node), message);
        r.diagnostics
            .push(found.help("Put what is compared with one field under one of:", &["test is one of a, b, c"]));
    }
    Some(condition)
}

impl Condition {
    /// Every comparison, in order.
    pub fn atoms(&self) -> impl Iterator<Item = &Atom> {
        self.chain.parts.iter().flat_map(|part| match part {
            Part::Atom(atom) => vec![atom],
            Part::Group(_, bullets) => bullets.iter().flat_map(|bullet| &bullet.parts).collect(),
        })
    }
}

fn joints(r: &Reading<'_>, node: &Node<'_>) -> Vec<Spanned<Joint>> {
    let meaning =
        |rule| [(Rule::k_and, Joint::And), (Rule::k_or, Joint::Or)].into_iter().find(|(joint, _)| *joint == rule);
    let joint = |child: &Node<'_>| meaning(child.rule).map(|(_, joint)| r.at(child, joint));
    node.children.iter().filter_map(joint).collect()
}

fn operand(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Part> {
    match node.child(Rule::group) {
        Some(group) => bullets(r, group),
        None => atom(r, node.child(Rule::atom)?).map(Part::Atom),
    }
}

fn bullets(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Part> {
    let joint = if node.has(Rule::k_any) { Joint::Or } else { Joint::And };
    let bullets = r.all(node, Rule::bullet, bullet)?;
    if bullets.len() > BULLETS_MAX {
        let message = format!("This list has {} bullets; {BULLETS_MAX} are allowed.", bullets.len());
        let found = Diagnostic::new(Code::WL0107, r.span(node), message);
        r.diagnostics
            .push(found.help("Put what is compared with one field under one of:", &["test is one of a, b, c"]));
    }
    Some(Part::Group(joint, bullets))
}

fn bullet(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Chain<Atom>> {
    Some(Chain { parts: r.all(node, Rule::atom, atom)?, joints: joints(r, node) })
}

fn atom(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Atom> {
    let body = match node.child(Rule::call) {
        Some(call) => AtomBody::Call(self::call(r, call)?, outcome(r, node)?),
        None => {
            let field = term(r, node.child(Rule::term)?)?;
            AtomBody::Field(field, relation(r, node.child(Rule::relation)?)?)
        }
    };
    Some(Atom { body, span: r.span(node) })
}

fn outcome(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Outcome> {
    if let Some(found) = node.child(Rule::range) {
        return range(r, found).map(|range| Outcome::Range(Box::new(range.node)));
    }
    Some(if node.has(Rule::k_no) { Outcome::No } else { Outcome::Yes })
}

fn relation(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Relation> {
    if node.has(Rule::k_missing) {
        return Some(Relation::Missing);
    }
    if node.has(Rule::k_present) {
        return Some(Relation::Present);
    }
    if let Some(found) = node.child(Rule::range) {
        return range(r, found).map(|range| Relation::Range(Box::new(range)));
    }
    let values = match node.child(Rule::choice) {
        Some(choice) => r.all(choice, Rule::value, value)?,
        None => r.all(node, Rule::value, value)?,
    };
    Some(if node.has(Rule::k_not) { Relation::NotOneOf(values) } else { Relation::OneOf(values) })
}

/// Reads a value; an argument of a function is read alike.
pub(crate) fn value(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Value> {
    let body = if let Some(found) = node.child(Rule::amount) {
        ValueBody::Amount(amount(r, found)?.node)
    } else if let Some(quoted) = node.child(Rule::name) {
        ValueBody::Word(name(r, quoted)?.node)
    } else if let Some(phrase) = node.child(Rule::phrase) {
        ValueBody::Word(words(phrase.text))
    } else {
        ValueBody::Truth(node.has(Rule::k_yes))
    };
    Some(Value { body, span: r.span(node) })
}

/// Reads a call.
pub(crate) fn call(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Call> {
    let ident = node.child(Rule::ident)?;
    let name = r.at(ident, ident.text.to_owned());
    Some(Call { name, arguments: r.all(node, Rule::argument, value)? })
}

/// What an example of a function must give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExampleResult {
    /// Yes or no.
    Truth(bool),
    /// A number.
    Number(Decimal),
}

/// The word of a value, if it is one.
#[must_use]
pub fn word(value: &Value) -> Option<&String> {
    match &value.body {
        ValueBody::Word(word) => Some(word),
        ValueBody::Truth(_) | ValueBody::Amount(_) => None,
    }
}
