//! People: who is meant, and by which channel?
//!
//! - **Not here**: whether a desk exists, whether a channel is set up (`check`).

use wardline_rules::time::{Date, TimeOfDay};
use wardline_rules::words::Channel;

use super::basic::{Name, date, first_name, time, two_times};
use super::reading::{Reading, words};
use crate::grammar::{Node, Rule};
use crate::source::{Span, Spanned};

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ref {
    /// Who ordered.
    Ordering,
    /// Who is in charge of the patient.
    Attending,
    /// Who has the roster of the patient's place.
    Covering,
    /// Who wrote the report.
    Reporting,
    /// Who gets copies.
    Copied,
    /// The person of the `page` clause.
    Recipient,
    /// The patient.
    Patient,
    /// A desk.
    Desk(Name),
    /// A roster.
    Roster(Name),
    /// A person.
    Person(Name),
}

/// Where and when pages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageTo {
    /// By an escalation; the people are whom it calls the recipient.
    Using(Vec<Spanned<Ref>>, Name),
    /// Straight, over the first channel that delivers.
    Direct(Vec<Spanned<Ref>>, Vec<Spanned<Channel>>),
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TellTo {
    /// Whom.
    pub who: Vec<Spanned<Ref>>,
    /// Over the first of these that delivers.
    pub by: Vec<Spanned<Channel>>,
    /// Gathered until these times; empty: at once.
    pub digest_at: Vec<TimeOfDay>,
}

/// What a breach or warning does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Page or tell.
    pub send: Send,
    /// The severity, where it is said.
    pub severity: Option<Name>,
    /// Where it stands.
    pub span: Span,
}

/// A page or a tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Send {
    /// Awaits an answer.
    Page(PageTo),
    /// Awaits none.
    Tell(TellTo),
}

/// An address of a person or desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// By which channel.
    pub channel: Spanned<Channel>,
    /// Where.
    pub at: Name,
}

/// A time away, or of cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// Begin.
    pub from: (Spanned<Date>, TimeOfDay),
    /// End.
    pub to: (Spanned<Date>, TimeOfDay),
}

const ROLES: &[(Rule, Role)] = &[
    (Rule::k_ordering, Role::Plain(Ref::Ordering)),
    (Rule::k_attending, Role::Plain(Ref::Attending)),
    (Rule::k_covering, Role::Plain(Ref::Covering)),
    (Rule::k_reporting, Role::Plain(Ref::Reporting)),
    (Rule::k_copied, Role::Plain(Ref::Copied)),
    (Rule::k_recipient, Role::Plain(Ref::Recipient)),
    (Rule::k_patient, Role::Plain(Ref::Patient)),
    (Rule::k_desk, Role::Named(Ref::Desk)),
    (Rule::k_roster, Role::Named(Ref::Roster)),
    (Rule::k_person, Role::Named(Ref::Person)),
];

enum Role {
    Plain(Ref),
    Named(fn(Name) -> Ref),
}

/// Somebody.
pub(crate) fn reference(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<Ref>> {
    let is = |child: &Node<'_>, rule: Rule| child.rule == rule;
    let role = node.children.iter().find_map(|child| ROLES.iter().find(|(rule, _)| is(child, *rule)))?;
    let found = match &role.1 {
        Role::Plain(plain) => plain.clone(),
        Role::Named(make) => make(first_name(r, node)?),
    };
    Some(r.at(node, found))
}

/// The first person of a node.
pub(crate) fn first_reference(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<Ref>> {
    reference(r, node.child(Rule::r#ref)?)
}

/// People joined by `and`; none where nobody is named.
pub(crate) fn who(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Vec<Spanned<Ref>>> {
    match node.child(Rule::who) {
        Some(who) => r.all(who, Rule::r#ref, reference),
        None => Some(Vec::new()),
    }
}

/// A channel a ward may send on.
pub(crate) fn channel(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<Channel>> {
    Some(r.at(node, Channel::from_word(&words(node.text))?))
}

/// `by phone, otherwise email`.
pub(crate) fn first_by(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Vec<Spanned<Channel>>> {
    r.all(node.child(Rule::by)?, Rule::channel, channel)
}

/// Where a page goes.
pub(crate) fn first_page_to(r: &mut Reading<'_>, node: &Node<'_>) -> Option<PageTo> {
    let node = node.child(Rule::page_to)?;
    let people = who(r, node)?;
    if node.has(Rule::k_using) {
        return Some(PageTo::Using(people, first_name(r, node)?));
    }
    Some(PageTo::Direct(people, first_by(r, node)?))
}

/// Who is told.
pub(crate) fn first_tell_to(r: &mut Reading<'_>, node: &Node<'_>) -> Option<TellTo> {
    let node = node.child(Rule::tell_to)?;
    let digest_at = r.all(node, Rule::time, time)?.into_iter().map(|time| time.node).collect();
    Some(TellTo { who: who(r, node)?, by: first_by(r, node)?, digest_at })
}

/// What a breach or warning does.
pub(crate) fn first_action(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Action> {
    let node = node.child(Rule::action)?;
    let send = match node.child(Rule::page_to) {
        Some(_) => Send::Page(first_page_to(r, node)?),
        None => Send::Tell(first_tell_to(r, node)?),
    };
    let severity = r.maybe(node, Rule::tag, super::basic::term)?;
    Some(Action { send, severity, span: r.span(node) })
}

/// `reach by phone at "…"`.
pub(crate) fn reach(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Reach> {
    Some(Reach { channel: channel(r, node.child(Rule::channel)?)?, at: first_name(r, node)? })
}

/// Two dates with times.
pub(crate) fn period(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Period> {
    let mut dates = r.all(node, Rule::date, date)?.into_iter();
    let (from, to) = two_times(r, node)?;
    Some(Period { from: (dates.next()?, from), to: (dates.next()?, to) })
}
