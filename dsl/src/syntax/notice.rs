//! Notice, suppress, function: their clauses, as written.
//!
//! - **Not here**: running a script; a notice's life.

use wardline_rules::words::Channel;

use super::basic::{Duration, Name, first_elapsed, first_name, number, term};
use super::condition::{Call, ExampleResult, call};
use super::people::{Ref, channel, first_by, who};
use super::reading::{Reading, pick};
use crate::grammar::{Node, Rule};
use crate::source::Spanned;

/// The channels of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeChannels {
    /// The patient's recorded preference first.
    pub preferred: bool,
    /// Then these.
    pub channels: Vec<Spanned<Channel>>,
}

/// The text of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeTemplate {
    /// Which template.
    pub name: Name,
    /// Whether it holds health details.
    pub health_details: bool,
}

/// When a notice ends unsent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expires {
    /// After so long.
    pub after: Spanned<Duration>,
    /// Who is told then, and how.
    pub tell: Option<Standby>,
}

/// People and the channels by which they are told.
pub type Standby = (Vec<Spanned<Ref>>, Vec<Spanned<Channel>>);

/// What a suppress delays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delays {
    /// These.
    pub what: Vec<Delayed>,
    /// At most so long.
    pub at_most: Spanned<Duration>,
}

/// One thing delayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delayed {
    /// An alert.
    Alert(Name),
    /// The breaches of an sla.
    Breaches(Name),
    /// The warnings of an sla.
    Warnings(Name),
}

/// What is sent when a suppress lifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressThen {
    /// One message per recipient.
    One,
    /// Each by itself.
    Each,
}

/// What the header of a function says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Its parameters.
    pub params: Vec<Param>,
    /// Whether it gives yes or no, else a number.
    pub gives_truth: bool,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: ParamKind,
}

/// The type of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A quantity in a unit.
    Quantity(Name),
    /// A test.
    Test,
    /// A place.
    Place,
    /// A site.
    Site,
    /// A kind.
    Kind,
    /// A priority.
    Priority,
    /// A department.
    Department,
    /// A text.
    Text,
    /// A number.
    Number,
    /// A length of time.
    Duration,
}

/// A call of a function and what it must give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The call.
    pub call: Call,
    /// The result.
    pub gives: ExampleResult,
}

pub(crate) fn channels(r: &mut Reading<'_>, node: &Node<'_>) -> Option<NoticeChannels> {
    Some(NoticeChannels { preferred: node.has(Rule::k_preferred), channels: r.all(node, Rule::channel, channel)? })
}

pub(crate) fn template(r: &mut Reading<'_>, node: &Node<'_>) -> Option<NoticeTemplate> {
    Some(NoticeTemplate { name: first_name(r, node)?, health_details: node.has(Rule::k_with) })
}

pub(crate) fn expires(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Expires> {
    let tell = if node.has(Rule::k_tell) { Some((who(r, node)?, first_by(r, node)?)) } else { None };
    Some(Expires { after: first_elapsed(r, node)?, tell })
}

pub(crate) fn delays(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Delays> {
    Some(Delays { what: r.all(node, Rule::delayed, delayed)?, at_most: first_elapsed(r, node)? })
}

fn delayed(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Delayed> {
    let name = first_name(r, node)?;
    Some(if node.has(Rule::k_alert) {
        Delayed::Alert(name)
    } else if node.has(Rule::k_breaches) {
        Delayed::Breaches(name)
    } else {
        Delayed::Warnings(name)
    })
}

#[expect(clippy::unnecessary_wraps, reason = "a reader like all others")]
pub(crate) fn suppress_then(_: &mut Reading<'_>, node: &Node<'_>) -> Option<SuppressThen> {
    Some(if node.has(Rule::k_each) { SuppressThen::Each } else { SuppressThen::One })
}

pub(crate) fn signature(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Signature> {
    Some(Signature { params: r.all(node, Rule::param, param)?, gives_truth: node.has(Rule::k_yes) })
}

/// Makes the type of a parameter; a table of values would need to copy them.
type MakeKind = fn() -> ParamKind;

const PARAMS: &[(Rule, MakeKind)] = &[
    (Rule::k_test, || ParamKind::Test),
    (Rule::k_place, || ParamKind::Place),
    (Rule::k_site, || ParamKind::Site),
    (Rule::k_kind, || ParamKind::Kind),
    (Rule::k_priority, || ParamKind::Priority),
    (Rule::k_department, || ParamKind::Department),
    (Rule::k_text, || ParamKind::Text),
    (Rule::k_number, || ParamKind::Number),
    (Rule::k_duration, || ParamKind::Duration),
];

fn param(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Param> {
    let kind = match node.child(Rule::unit) {
        Some(unit) => ParamKind::Quantity(term(r, unit)?),
        None => pick(node, PARAMS)?(),
    };
    Some(Param { name: term(r, node.child(Rule::ident)?)?, kind })
}

pub(crate) fn example(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Example> {
    let gives = match node.child(Rule::number) {
        Some(found) => ExampleResult::Number(number(r, found)?),
        None => ExampleResult::Truth(node.has(Rule::k_yes)),
    };
    Some(Example { call: call(r, node.child(Rule::call)?)?, gives })
}
