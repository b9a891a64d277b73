//! Escalation: its steps and its conditions, as written.
//!
//! - LIMIT: steps, recipients and reminders are bounded by `check`.
//! - **Not here**: defaults.

use wardline_rules::words::Channel;

use super::basic::{Duration, Name, elapsed, first_integer};
use super::people::{Ref, channel, first_by, who};
use super::reading::{Reading, pick};
use crate::grammar::{Node, Rule};
use crate::source::Spanned;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscalationStep {
    /// Its number as written.
    pub number: Spanned<u64>,
    /// Whom.
    pub who: Vec<Spanned<Ref>>,
    /// Over the first of these that delivers.
    pub by: Vec<Spanned<Channel>>,
    /// Reminders as written.
    pub reminders: Vec<(Spanned<Channel>, Spanned<Duration>)>,
    /// How long to wait.
    pub wait: Spanned<Duration>,
}

/// Steps that run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// First step.
    pub from: Spanned<u64>,
    /// Last step; the same where one is named.
    pub to: Spanned<u64>,
    /// How many more times.
    pub times: Spanned<u64>,
}

/// Whose answer counts, and what must come with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Whose.
    pub by: AnsweredBy,
    /// The value read back; where it is said.
    pub read_back: bool,
    /// The code of the notice.
    pub with_code: bool,
}

/// Whose answer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnsweredBy {
    /// Anyone paged.
    Anyone,
    /// Everyone paged.
    Everyone,
    /// A licensed clinician.
    Licensed,
}

pub(crate) fn step(r: &mut Reading<'_>, node: &Node<'_>) -> Option<EscalationStep> {
    let mut spans = r.all(node, Rule::dur, elapsed)?;
    let wait = spans.pop()?;
    let reminders = r.all(node, Rule::channel, channel)?.into_iter().zip(spans).collect();
    Some(EscalationStep {
        number: first_integer(r, node)?,
        who: who(r, node)?,
        by: first_by(r, node)?,
        reminders,
        wait,
    })
}

pub(crate) fn repeat(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Repeat> {
    let numbers = r.all(node, Rule::integer, |r, node| {
        let number = super::basic::integer(r, node)?;
        Some(r.at(node, number))
    })?;
    let mut numbers = numbers.into_iter();
    let (from, second, third) = (numbers.next()?, numbers.next()?, numbers.next());
    Some(match third {
        Some(times) => Repeat { from, to: second, times },
        None => Repeat { to: from.clone(), from, times: second },
    })
}

const ANSWERED: &[(Rule, AnsweredBy)] = &[
    (Rule::k_anyone, AnsweredBy::Anyone),
    (Rule::k_everyone, AnsweredBy::Everyone),
    (Rule::k_licensed, AnsweredBy::Licensed),
];

pub(crate) fn answered(_: &mut Reading<'_>, node: &Node<'_>) -> Option<Answered> {
    let by = pick(node, ANSWERED)?;
    Some(Answered { by, read_back: node.has(Rule::k_read_back), with_code: node.has(Rule::k_code) })
}

/// The desk that gets the task.
pub(crate) fn then(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Name> {
    super::basic::first_name(r, node)
}
