//! Causes: what do the facts give an alert reason to be open for?
//!
//! A rule about a moment looks at a *run*: the times at which its subject was issued with one content. A content that
//! differs begins the next run, and only the last run speaks. A rule about an absence looks at one period.
//!
//! - **How it fits**: [`evaluate`](crate::evaluate) compares this with the alerts that were raised before.
//! - **Source**: language page [ALERT-2] to [ALERT-5], [ABS-1] to [ABS-3], [FACT-4]; domain page [CRT-3], [REP-12].

use std::collections::{BTreeMap, BTreeSet};

use wardline_rules::{
    Text,
    event::{ResultItem, ResultValue},
    time::{Span, Timestamp},
    unit::Unit,
    words::{ResultStatus, Step},
};

use crate::{
    condition::{self, View},
    history::History,
    rule::{Alert, Moment, Trigger, Ward},
    text::kind_set,
};

/// What an alert about a moment is, or is not, open for.
#[derive(Debug)]
pub(crate) struct Cause<'a> {
    /// The result, or nothing for the report.
    pub(crate) subject: Text,
    /// The content and its appearance, if it matches.
    pub(crate) identity: Option<Text>,
    /// When it was issued.
    pub(crate) moment: Timestamp,
    /// The result it is about.
    pub(crate) item: Option<&'a ResultItem>,
}

/// How far an absence is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Period {
    /// None began, or it ended silently.
    None,
    /// It ends then.
    Open(Timestamp),
    /// What was expected came in time.
    InTime,
    /// It came after the period, which ended then.
    Late,
}

/// Whether two results say the same [FACT-4].
type Content = (Text, bool, bool);

/// All contents of one instant, by result.
type Held<'a> = BTreeMap<Text, &'a ResultItem>;

struct Run<'a> {
    held: Held<'a>,
    moments: Vec<Timestamp>,
}

/// Results of a report by code and sub-id.
pub(crate) fn result_key(item: &ResultItem) -> Text {
    [item.code.code.as_str(), "/", item.sub.as_str()].into_iter().collect()
}

/// The newest telling of each result up to `at` [REP-12].
pub(crate) fn newest_results<'a>(history: &History<'a>, at: Timestamp) -> Vec<&'a ResultItem> {
    let told = history.events().filter(|(time, _, _)| *time <= at).flat_map(|(_, _, items)| items);
    told.map(|item| (result_key(item), item)).collect::<Held<'a>>().into_values().collect()
}

/// The causes of a rule about a moment, one per subject.
pub(crate) fn read<'a>(ward: &Ward, history: &History<'a>, alert: &Alert) -> Vec<Cause<'a>> {
    let (steps, subjects): (&[Step], Vec<Text>) = match &alert.trigger {
        Trigger::Result(steps) => {
            let keys = history.events().flat_map(|(_, _, items)| items).map(result_key);
            (steps, keys.collect::<BTreeSet<_>>().into_iter().collect())
        }
        Trigger::Report(step) => (core::slice::from_ref(step), vec![Text::default()]),
        Trigger::Absence { .. } => return Vec::new(),
    };
    let is_gone = !history.errors().is_empty()
        || history.was_cancelled_without_result()
        || !kind_set(&alert.kind).has(history.kind());
    let mut causes = Vec::new();
    for subject in subjects {
        let runs = match &alert.trigger {
            Trigger::Report(step) if *step != Step::Final => simple_run(history, *step),
            Trigger::Report(_) | Trigger::Result(_) | Trigger::Absence { .. } => runs(ward, history, steps, &subject),
        };
        let Some(run) = runs.last() else { continue };
        let item = run.held.get(&subject).copied();
        let matches = |moment: &Timestamp| {
            let view = View::new(ward, history, *moment, item);
            view.matches(alert.condition.as_ref(), alert.unless.as_ref(), &alert.missing)
        };
        let holds = !is_gone && !item.is_some_and(is_retracted) && run.moments.iter().any(matches);
        let moment = run.moments.first().copied().unwrap_or_default();
        causes.push(Cause { subject, identity: holds.then(|| identity(ward, &runs)), moment, item });
    }
    causes
}

/// The one run of a step that no content belongs to.
fn simple_run<'a>(history: &History<'a>, step: Step) -> Vec<Run<'a>> {
    let moments: Vec<_> = history.moments(Moment::Step(step)).iter().map(|time| time.base()).collect();
    if moments.is_empty() { Vec::new() } else { vec![Run { held: Held::new(), moments }] }
}

/// The runs of a subject: one result, or with an empty name the whole report.
fn runs<'a>(ward: &Ward, history: &History<'a>, steps: &[Step], subject: &str) -> Vec<Run<'a>> {
    let mut told: BTreeMap<Timestamp, (BTreeSet<Step>, Vec<&'a ResultItem>)> = BTreeMap::new();
    for (time, step, items) in history.events() {
        let group = told.entry(time).or_default();
        group.0.extend(step);
        group.1.extend(items);
    }
    let mut errors = history.times(Step::EnteredInError).into_iter().map(|time| time.base()).peekable();
    let (mut runs, mut held, mut seen, mut is_final) = (Vec::<Run<'a>>::new(), Held::new(), BTreeSet::new(), false);
    for (time, (told_steps, items)) in told {
        // An end that was undone parts nothing by itself: what was withdrawn for it is raised again because it was withdrawn.
        while errors.next_if(|error| *error < time).is_some() {
            is_final = false;
            seen.clear();
        }
        let issues = told_steps.iter().any(|step| *step == Step::Final || step.is_change());
        if is_final && !issues && told_steps.iter().any(|step| step.is_result_bearing()) {
            continue; // [REP-14]
        }
        is_final |= issues;
        let about = |item: &&&ResultItem| subject.is_empty() || result_key(item) == subject;
        held.extend(items.iter().filter(about).map(|item| (result_key(item), *item)));
        let new_step = told_steps.iter().any(|step| steps.contains(step) && !seen.contains(step));
        let is_moment = is_final && steps.contains(&Step::Final) || told_steps.iter().any(|step| steps.contains(step));
        if !is_moment || held.is_empty() && !subject.is_empty() {
            continue;
        }
        seen.extend(told_steps);
        match runs.last_mut().filter(|run| !has_changed(ward, &run.held, &held)) {
            Some(run) if new_step => run.moments.push(time),
            Some(_) => {}
            None => runs.push(Run { held: held.clone(), moments: vec![time] }),
        }
    }
    runs
}

/// Whether a result that was there says something else now [FACT-4].
fn has_changed(ward: &Ward, before: &Held<'_>, now: &Held<'_>) -> bool {
    before.iter().any(|(key, item)| now.get(key).is_some_and(|new| content(ward, new) != content(ward, item)))
}

/// The content of the last run and how many runs of the same content there were [CRT-3].
fn identity(ward: &Ward, runs: &[Run<'_>]) -> Text {
    let said = |run: &Run<'_>| run.held.values().map(|item| content(ward, item)).collect::<Vec<Content>>();
    let last = runs.last().map(said);
    let count = runs.iter().filter(|run| Some(said(run)) == last).count();
    Text::from(format!("{last:?} {count}"))
}

fn content(ward: &Ward, item: &ResultItem) -> Content {
    let own = ward.test(&item.code.code).and_then(|test| test.unit);
    let value = match &item.value {
        ResultValue::None => String::new(),
        ResultValue::Narrative => "narrative".to_owned(),
        ResultValue::Word(word) => word.to_string(),
        ResultValue::Coded(code) => format!("{} {}", code.system, code.code),
        ResultValue::Number(sign, number) => {
            let told = if item.unit.is_empty() { own } else { Unit::parse(&item.unit) };
            let converted = own.zip(told).and_then(|(own, told)| own.number(told.quantity(*number)?));
            let sign = sign.map_or("", |sign| sign.name());
            converted
                .map_or_else(|| format!("{sign}{} {}", number.normal(), item.unit), |number| format!("{sign}{number}"))
        }
    };
    (Text::from(value), condition::is_critical(ward, item), is_retracted(item))
}

pub(crate) fn is_retracted(item: &ResultItem) -> bool {
    matches!(item.status, ResultStatus::EnteredInError | ResultStatus::WrongPatient)
}

/// How far the period of an absence rule is.
pub(crate) fn period(ward: &Ward, history: &History<'_>, alert: &Alert) -> Period {
    let Trigger::Absence { after, expect, within } = &alert.trigger else { return Period::None };
    let begun = history.moments(Moment::Step(*after)).first().map(|time| time.base());
    let Some(begun) = begun.filter(|_| kind_set(&alert.kind).has(history.kind())) else { return Period::None };
    let due = begun.plus(*within);
    let ended = |time: Timestamp| time <= due;
    let is_over = !history.errors().is_empty()
        || history.was_cancelled_without_result()
        || history.cancels().iter().any(|time| ended(time.base()));
    let view = View::new(ward, history, begun, None);
    if is_over || !view.matches(alert.condition.as_ref(), alert.unless.as_ref(), &alert.missing) {
        return Period::None;
    }
    let own = if after == expect { Span::from_micros(1) } else { Span::ZERO };
    let came: Vec<_> = history.moments(Moment::Step(*expect)).iter().map(|time| time.base()).collect();
    let came: Vec<_> = came.into_iter().filter(|time| *time >= begun.plus(own)).collect();
    match came.first() {
        None => Period::Open(due),
        Some(time) if ended(*time) => Period::InTime,
        Some(_) => Period::Late,
    }
}
