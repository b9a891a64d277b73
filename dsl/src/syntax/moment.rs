//! Moment: what happens, and what lasts?
//!
//! Steps and states are kept as the words written; which of them exist for which subject is the standard catalogue's to say.
//! - **Not here**: trade words and the steps they mean, states (`check`).

use wardline_rules::words::KindSet;

use super::basic::{Name, Range, first_name, range, term};
use super::reading::{Reading, pick, words};
use crate::grammar::{Node, Rule};
use crate::source::{Span, Spanned};

/// What a sentence is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The order.
    Order,
    /// The specimen.
    Specimen,
    /// The exam.
    Exam,
    /// The analysis.
    Analysis,
    /// One result of a report.
    Result,
    /// The report.
    Report,
    /// The patient.
    Patient,
}

impl Subject {
    /// The word of the vocabulary.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Subject::Order => "order",
            Subject::Specimen => "specimen",
            Subject::Exam => "exam",
            Subject::Analysis => "analysis",
            Subject::Result => "result",
            Subject::Report => "report",
            Subject::Patient => "patient",
        }
    }
}

/// One or more moments, any of which counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moments {
    /// At least one.
    pub any: Vec<Moment>,
    /// Where they stand.
    pub span: Span,
}

/// A moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What it says.
    pub body: MomentBody,
    /// Where it stands, article included.
    pub span: Span,
}

/// What a moment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MomentBody {
    /// A message arrives from a feed.
    Message(Name),
    /// Something happens to a subject.
    Happening {
        /// The kind before the subject.
        kind: Option<Spanned<KindSet>>,
        /// The subject.
        subject: Spanned<Subject>,
        /// What happens.
        happening: Happening,
    },
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A state or flag begins.
    Becomes(Name),
    /// A state or flag ends.
    IsNoLonger(Name),
    /// A step is reached.
    Is(Name),
}

/// The name of a milestone: a moment without `is`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Milestone {
    /// The kind before the subject.
    pub kind: Option<Spanned<KindSet>>,
    /// The subject.
    pub subject: Spanned<Subject>,
    /// The step.
    pub step: Name,
    /// Where it stands.
    pub span: Span,
}

/// What lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A number of reports lies in a range.
    Count {
        /// Only open ones.
        open: bool,
        /// Of this kind.
        kind: Option<Spanned<KindSet>>,
        /// The range.
        range: Box<Spanned<Range>>,
        /// Counted apart for each value of this field.
        per: Option<Name>,
    },
    /// An alert is open.
    AlertOpen(Name),
    /// A feed is lost.
    FeedLost(Name),
    /// A feed is idle.
    FeedIdle(Name),
    /// A report is in one of these states or has one of these flags.
    Report(ReportIs),
}

/// A report is in a state or has a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportIs {
    /// The kind before the subject.
    pub kind: Option<Spanned<KindSet>>,
    /// Any of these.
    pub any: Vec<Name>,
    /// Where it stands.
    pub span: Span,
}

const SUBJECTS: &[(Rule, Subject)] = &[
    (Rule::k_order, Subject::Order),
    (Rule::k_specimen, Subject::Specimen),
    (Rule::k_exam, Subject::Exam),
    (Rule::k_analysis, Subject::Analysis),
    (Rule::k_result, Subject::Result),
    (Rule::k_report, Subject::Report),
    (Rule::k_patient, Subject::Patient),
];

/// The moments of a clause.
pub(crate) fn first_moments(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Moments> {
    let found = node.child(Rule::moments)?;
    Some(Moments { any: r.all(found, Rule::moment, moment)?, span: r.span(found) })
}

/// A moment.
pub(crate) fn moment(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Moment> {
    let span = r.span(node);
    if node.has(Rule::k_message) {
        return Some(Moment { body: MomentBody::Message(first_name(r, node)?), span });
    }
    let kind = r.maybe(node, Rule::kind, kind)?;
    let subject = subject(r, node.child(Rule::subject)?)?;
    let happening = happening(r, node.child(Rule::happening)?)?;
    Some(Moment { body: MomentBody::Happening { kind, subject, happening }, span })
}

fn happening(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Happening> {
    if let Some(step) = node.child(Rule::step_word) {
        return term(r, step).map(Happening::Is);
    }
    let phrase = term(r, node.child(Rule::phrase)?)?;
    Some(if node.has(Rule::k_becomes) { Happening::Becomes(phrase) } else { Happening::IsNoLonger(phrase) })
}

fn subject(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<Subject>> {
    Some(r.at(node, pick(node, SUBJECTS)?))
}

/// A kind of report or a group of kinds.
pub(crate) fn kind(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<KindSet>> {
    Some(r.at(node, KindSet::from_word(&words(node.text))?))
}

/// The kinds of a node, joined by `and`; `None` inside where none is named.
pub(crate) fn first_kinds(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Option<Spanned<KindSet>>> {
    r.maybe(node, Rule::kinds, |r, found| {
        let kinds = r.all(found, Rule::kind, kind)?;
        Some(r.at(found, kinds.iter().fold(KindSet::NONE, |all, kind| all.or(kind.node))))
    })
}

/// The first milestone of a node.
pub(crate) fn milestone(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Milestone> {
    Some(Milestone {
        kind: r.maybe(node, Rule::kind, kind)?,
        subject: subject(r, node.child(Rule::subject)?)?,
        step: term(r, node.child(Rule::step_word)?)?,
        span: r.span(node),
    })
}

/// A report that is in a state or has a flag.
pub(crate) fn report_is(r: &mut Reading<'_>, node: &Node<'_>) -> Option<ReportIs> {
    let kind = r.maybe(node, Rule::kind, kind)?;
    Some(ReportIs { kind, any: r.all(node, Rule::phrase, term)?, span: r.span(node) })
}

/// The state of a clause.
pub(crate) fn first_state(r: &mut Reading<'_>, node: &Node<'_>) -> Option<State> {
    let state = node.child(Rule::state)?;
    if let Some(count) = state.child(Rule::count_is) {
        return self::count(r, count);
    }
    if let Some(report) = state.child(Rule::report_is) {
        return report_is(r, report).map(State::Report);
    }
    let name = first_name(r, state)?;
    Some(if state.has(Rule::k_alert) {
        State::AlertOpen(name)
    } else if state.has(Rule::k_lost) {
        State::FeedLost(name)
    } else {
        State::FeedIdle(name)
    })
}

fn count(r: &mut Reading<'_>, node: &Node<'_>) -> Option<State> {
    Some(State::Count {
        open: node.has(Rule::k_open),
        kind: r.maybe(node, Rule::kind, kind)?,
        range: Box::new(range(r, node.child(Rule::range)?)?),
        per: r.maybe(node, Rule::term, term)?,
    })
}
