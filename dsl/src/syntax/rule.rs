//! Rule: the clauses of sla, exception and alert that need more than a name or a length of time.
//!
//! - **Not here**: which clauses a rule must have (`vocabulary`), what they mean together (`check`).

use wardline_rules::decimal::Decimal;
use wardline_rules::time::Date;
use wardline_rules::words::KindSet;

use super::basic::{
    self, Duration, Name, Range, first_duration, first_elapsed, first_integer, name, number, range, term,
};
use super::condition::{Condition, Value, condition, value};
use super::moment::{Milestone, ReportIs, first_kinds, milestone, report_is};
use super::people::{Action, first_action};
use super::reading::{Reading, pick};
use crate::grammar::{Node, Rule};
use crate::source::Spanned;

/// The policy a rule carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: Name,
    /// Who owns it.
    pub owner: Name,
    /// When it is due for review.
    pub review_by: Spanned<Date>,
}

/// Which reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covers {
    /// Of which kinds; all if none is named.
    pub kinds: Option<Spanned<KindSet>>,
    /// That match this.
    pub condition: Option<Condition>,
}

/// What stops a clock from running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pauses {
    /// While this holds.
    pub while_: ReportIs,
    /// At most so much.
    pub at_most: Option<Spanned<Duration>>,
}

/// A warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warn {
    /// When.
    pub at: WarnAt,
    /// What happens.
    pub action: Action,
}

/// When a warning comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WarnAt {
    /// When so much time is used.
    Span(Spanned<Duration>),
    /// When so many hundredths of the target are.
    Percent(Spanned<Decimal>),
}

/// What to do about something absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The start of a clock has no time.
    Start(StartMissing),
    /// Fields, functions or the decision.
    Fields(Vec<Spanned<Missed>>, MissingThen),
}

/// What to do without a start time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartMissing {
    /// Take another milestone's.
    UseTimeOf(Milestone),
    /// Take the time the news arrived.
    UseArrival,
    /// Start no clock.
    DoNotStart,
}

/// What may be absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missed {
    /// The result of `decide`.
    Decision,
    /// The result of a function.
    Function(String),
    /// A field.
    Field(String),
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MissingThen {
    /// The rule does not match.
    DoNotMatch,
    /// The rule matches.
    Match,
    /// A value takes the place.
    Use(Value),
}

/// How often a window is looked at, over what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Every {
    /// The tick.
    pub tick: Spanned<Duration>,
    /// The length of the window.
    pub over: Spanned<Duration>,
    /// Apart for each value of this field.
    pub per: Option<Name>,
}

/// What a window measures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Reports.
    Reports,
    /// Data problems, of one feed if named.
    DataProblems(Option<Name>),
    /// The share of clocks of an sla that breached.
    Breached(Name),
    /// Times between two milestones.
    Time(TimeMeasure, Box<(Milestone, Milestone)>),
}

/// Which figure of many times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeMeasure {
    /// The middle one.
    Median,
    /// The mean.
    Average,
    /// The longest.
    Longest,
    /// The one that so many per cent do not pass.
    Percentile(u64),
}

/// What the measure is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Is {
    /// The range.
    pub range: Spanned<Range>,
    /// At least so many reports.
    pub at_least: Option<Spanned<u64>>,
}

/// When an alert is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clear {
    /// When the measure is in this range.
    pub range: Spanned<Range>,
    /// For so long.
    pub hold: Spanned<Duration>,
}

/// What a limit or `once` counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A result.
    Result,
    /// A report.
    Report,
    /// An order.
    Order,
    /// A patient.
    Patient,
    /// A recipient.
    Recipient,
    /// A site.
    Site,
}

/// How often an alert may be raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// Once for each of these.
    pub per: Spanned<Key>,
    /// And again after so long.
    pub again_after: Option<Spanned<Duration>>,
}

/// How many messages are let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// So many.
    pub count: Spanned<u64>,
    /// In so long.
    pub within: Spanned<Duration>,
    /// For each of these.
    pub per: Spanned<Key>,
}

/// How soon somebody must answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// So soon.
    pub within: Spanned<Duration>,
    /// Since this milestone; else since the raise.
    pub of: Option<Milestone>,
}

const KEYS: &[(Rule, Key)] = &[
    (Rule::k_result, Key::Result),
    (Rule::k_report, Key::Report),
    (Rule::k_order, Key::Order),
    (Rule::k_patient, Key::Patient),
    (Rule::k_recipient, Key::Recipient),
    (Rule::k_site, Key::Site),
];

pub(crate) fn policy(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Policy> {
    let mut names = r.all(node, Rule::name, name)?.into_iter();
    let review_by = basic::date(r, node.child(Rule::date)?)?;
    Some(Policy { name: names.next()?, owner: names.next()?, review_by })
}

pub(crate) fn covers(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Covers> {
    Some(Covers { kinds: first_kinds(r, node)?, condition: r.maybe(node, Rule::condition, condition)? })
}

/// The condition of `where` or `unless`.
pub(crate) fn first_condition(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Condition> {
    condition(r, node.child(Rule::condition)?)
}

pub(crate) fn pauses(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Pauses> {
    let while_ = report_is(r, node.child(Rule::report_is)?)?;
    Some(Pauses { while_, at_most: r.maybe(node, Rule::span, basic::duration)? })
}

pub(crate) fn warn(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Warn> {
    let at = match node.child(Rule::number) {
        Some(share) => {
            let percent = number(r, share)?;
            WarnAt::Percent(r.at(share, percent))
        }
        None => WarnAt::Span(first_duration(r, node)?),
    };
    Some(Warn { at, action: first_action(r, node)? })
}

pub(crate) fn missing(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Missing> {
    if node.has(Rule::k_start) && node.child(Rule::missed).is_none() {
        return start_missing(r, node).map(Missing::Start);
    }
    let fields = r.all(node, Rule::missed, missed)?;
    let then = match node.child(Rule::value) {
        Some(found) => MissingThen::Use(value(r, found)?),
        None if node.has(Rule::k_not) => MissingThen::DoNotMatch,
        None => MissingThen::Match,
    };
    Some(Missing::Fields(fields, then))
}

fn start_missing(r: &mut Reading<'_>, node: &Node<'_>) -> Option<StartMissing> {
    if let Some(found) = node.child(Rule::milestone) {
        return milestone(r, found).map(StartMissing::UseTimeOf);
    }
    Some(if node.has(Rule::k_arrival) { StartMissing::UseArrival } else { StartMissing::DoNotStart })
}

fn missed(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Spanned<Missed>> {
    let missed = if let Some(function) = node.child(Rule::ident) {
        Missed::Function(function.text.to_owned())
    } else if let Some(field) = node.child(Rule::term) {
        Missed::Field(term(r, field)?.node)
    } else {
        Missed::Decision
    };
    Some(r.at(node, missed))
}

pub(crate) fn every(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Every> {
    let mut spans = r.all(node, Rule::dur, basic::elapsed)?.into_iter();
    Some(Every { tick: spans.next()?, over: spans.next()?, per: r.maybe(node, Rule::term, term)? })
}

const FIGURES: &[(Rule, TimeMeasure)] = &[
    (Rule::k_median, TimeMeasure::Median),
    (Rule::k_average, TimeMeasure::Average),
    (Rule::k_longest, TimeMeasure::Longest),
];

pub(crate) fn measure(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Measure> {
    let feed_or_sla = r.maybe(node, Rule::name, name)?;
    if node.has(Rule::k_data) {
        return Some(Measure::DataProblems(feed_or_sla));
    }
    if let Some(sla) = feed_or_sla {
        return Some(Measure::Breached(sla));
    }
    let mut milestones = r.all(node, Rule::milestone, milestone)?.into_iter();
    let (Some(from), Some(to)) = (milestones.next(), milestones.next()) else { return Some(Measure::Reports) };
    let figure = match node.child(Rule::ordinal) {
        Some(ordinal) => {
            TimeMeasure::Percentile(ordinal.text.trim_end_matches(|c: char| c.is_alphabetic()).parse().ok()?)
        }
        None => pick(node, FIGURES)?,
    };
    Some(Measure::Time(figure, Box::new((from, to))))
}

pub(crate) fn is(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Is> {
    let at_least = if node.has(Rule::integer) { Some(first_integer(r, node)?) } else { None };
    Some(Is { range: range(r, node.child(Rule::range)?)?, at_least })
}

pub(crate) fn clear(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Clear> {
    Some(Clear { range: range(r, node.child(Rule::range)?)?, hold: first_elapsed(r, node)? })
}

fn key(r: &Reading<'_>, node: &Node<'_>) -> Option<Spanned<Key>> {
    let child = node.children.iter().find(|child| KEYS.iter().any(|(rule, _)| *rule == child.rule))?;
    Some(r.at(child, pick(node, KEYS)?))
}

pub(crate) fn once(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Once> {
    Some(Once { per: key(r, node)?, again_after: r.maybe(node, Rule::dur, basic::elapsed)? })
}

pub(crate) fn limit(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Limit> {
    Some(Limit { count: first_integer(r, node)?, within: first_elapsed(r, node)?, per: key(r, node)? })
}

pub(crate) fn answer(r: &mut Reading<'_>, node: &Node<'_>) -> Option<Answer> {
    Some(Answer { within: first_duration(r, node)?, of: r.maybe(node, Rule::milestone, milestone)? })
}
