//! Catalogue: names that a ward adds, and the headers of ward, pack and severity.
//!
//! - **Not here**: the standard catalogue (`wardline_rules::words`).

use wardline_rules::words::{Channel, KindSet};

use super::basic::Duration;
use super::basic::{Name, duration, first_name, label, message, name, term};
use super::moment::first_kinds;
use super::people::channel;
use super::reading::Reading;
use crate::grammar::{Node, Rule};
use crate::source::Spanned;

/// A holiday file and the name it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holidays {
    /// The name calendars use.
    pub name: Name,
    /// The file.
    pub file: Name,
}

/// A site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name.
    pub name: Name,
    /// Its zone.
    pub zone: Option<Name>,
}

/// A place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub name: Name,
    /// Its site.
    pub at: Option<Name>,
    /// The roster that covers it.
    pub covered_by: Option<Name>,
}

/// A test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Its name.
    pub name: Name,
    /// The LOINC codes that mean it.
    pub loinc: Vec<Name>,
    /// Its unit.
    pub unit: Option<Name>,
}

/// The values of a coded field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// The field.
    pub field: Name,
    /// Its values.
    pub values: Vec<Name>,
}

/// A feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Its name.
    pub name: Name,
    /// What it carries.
    pub carries: Option<Spanned<KindSet>>,
    /// Its site.
    pub at: Option<Name>,
}

/// Channels and the sink they go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channels {
    /// The channels.
    pub channels: Vec<Spanned<Channel>>,
    /// The sink.
    pub via: Name,
}

/// A text to patients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: Name,
    /// Its language.
    pub language: Name,
    /// The text.
    pub text: Name,
}

/// What the header of a severity says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severity {
    /// How soon somebody must answer.
    pub answer_within: Spanned<Duration>,
    /// The calendar of that time.
    pub counts: Option<Name>,
    /// Whether quiet hours do not delay it.
    pub ignores_quiet: bool,
    /// Whether nothing may hold it.
    pub cannot_be_held: bool,
}

pub(crate) fn holidays(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Holidays> {
    let mut names = r.all(node, Rule::name, name)?.into_iter();
    Some(Holidays { name: names.next()?, file: names.next()? })
}

pub(crate) fn site(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Site> {
    Some(Site { name: label(r, node.child(Rule::label)?)?, zone: r.maybe(node, Rule::zone_name, term)? })
}

pub(crate) fn place(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Place> {
    let mut labels = r.all(node, Rule::label, label)?.into_iter();
    Some(Place { name: labels.next()?, at: labels.next(), covered_by: r.maybe(node, Rule::name, name)? })
}

pub(crate) fn test(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Test> {
    let name = label(r, node.child(Rule::label)?)?;
    Some(Test { name, loinc: r.all(node, Rule::loinc, term)?, unit: r.maybe(node, Rule::unit, term)? })
}

pub(crate) fn values(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Values> {
    Some(Values { field: term(r, node.child(Rule::term)?)?, values: r.all(node, Rule::label, label)? })
}

pub(crate) fn flag(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Name> {
    label(r, node.child(Rule::label)?)
}

pub(crate) fn feed(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Feed> {
    let at = r.maybe(node, Rule::label, label)?;
    Some(Feed { name: first_name(r, node)?, carries: first_kinds(r, node)?, at })
}

pub(crate) fn channels(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Channels> {
    Some(Channels { channels: r.all(node, Rule::channel, channel)?, via: first_name(r, node)? })
}

pub(crate) fn template(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Template> {
    let mut names = node.all(Rule::name);
    let (name, text) = (self::name(r, names.next()?)?, message(r, names.next()?)?);
    Some(Template { name, language: term(r, node.child(Rule::ident)?)?, text })
}

pub(crate) fn severity(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Severity> {
    Some(Severity {
        answer_within: duration(r, node.child(Rule::span)?)?,
        counts: r.maybe(node, Rule::name, name)?,
        ignores_quiet: node.has(Rule::k_ignores),
        cannot_be_held: node.has(Rule::k_cannot),
    })
}
