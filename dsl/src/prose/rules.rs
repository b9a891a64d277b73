//! Rules: a clock or an alert as a paragraph.
//!
//! - **Not here**: words inside sentences (`words`, `conditions`, `people`).

use wardline_rules::program::{
    Absence, Alert, CalendarId, Condition, Late, Length, Once, Program, SlaRule, StartMissing, Subject, Threshold,
    Trigger,
};
use wardline_rules::time::{Date, TimeOfDay, Timestamp};

use super::conditions::{condition, missing};
use super::people::{action, answer_target, capital, demands, page, severity, tell};
use super::watch;
use super::words::{indefinite, length, list, long_time, moments, report, situation, step_time};

/// The Monday whose dates worked examples show.
const EXAMPLE_MONDAY: Date = Date::from_days(20_458);

/// The sentences of a clock. **Input** `parent`: the rule it is an exception to.
pub(super) fn sla(program: &Program, rule: &SlaRule, parent: Option<&SlaRule>) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(parent) = parent {
        sentences
            .push(format!("This is an exception to \"{}\" and takes its place where both apply.", parent.head.name));
    }
    sentences.push(watched(program, rule));
    sentences.push(running(program, rule));
    sentences.extend(ends(program, rule));
    sentences.push(target(program, rule));
    for warning in &rule.warnings {
        let at = match warning.at {
            Threshold::Length(at) => length(at),
            Threshold::Share(millionths) => format!("{} percent of the target", percent(millionths)),
        };
        sentences.push(format!("When {at} are used up, {}.", action(program, &warning.action)));
    }
    sentences.push(format!("If the target passes first, {}.", action(program, &rule.breach)));
    sentences.extend(missing(program, &rule.missing, ("no clock runs", "the clock runs")));
    sentences.push(start_missing(rule.start_missing));
    sentences.push(match rule.late {
        Late::Withdraw => "News that it was in time after all withdraws what was sent.".to_owned(),
        Late::Keep => "News that it was in time after all leaves what was sent as it is.".to_owned(),
    });
    sentences
}

fn percent(millionths: u32) -> String {
    let (whole, rest) = (millionths / 10_000, millionths % 10_000);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:04}").trim_end_matches('0').to_owned() }
}

fn watched(program: &Program, rule: &SlaRule) -> String {
    let mut reports = format!("For every {}", report(rule.covers.kinds));
    if rule.covers.condition != Condition::always() {
        reports.push_str(&format!(" where {}", condition(program, &rule.covers.condition)));
    }
    let starts = moments(program, &rule.starts, "the");
    let stops = moments(program, &rule.stops, "the");
    format!("{reports}, a clock starts when {starts} and stops when {stops}.")
}

fn running(program: &Program, rule: &SlaRule) -> String {
    let calendar = rule.calendar.and_then(|id| program.calendars.get(id.index()));
    let hours = match calendar {
        Some(calendar) => format!("It runs while \"{}\" is open", calendar.name),
        None => "It runs day and night".to_owned(),
    };
    match &rule.pauses {
        None => format!("{hours}."),
        Some(pause) => {
            let states: Vec<String> = pause.while_.iter().map(situation).collect();
            let most = pause.at_most.map_or_else(String::new, |most| format!(", for at most {} in all", length(most)));
            format!("{hours}, and stands still while the report is {}{most}.", list(&states, "or"))
        }
    }
}

fn ends(program: &Program, rule: &SlaRule) -> Vec<String> {
    let mut sentences = vec!["A cancelled order or a report entered in error cancels it.".to_owned()];
    if !rule.cancels.is_empty() {
        sentences.push(format!("It is also cancelled when {}.", moments(program, &rule.cancels, "the")));
    }
    if !rule.restarts.is_empty() {
        sentences.push(format!("It starts again from zero when {}.", moments(program, &rule.restarts, "the")));
    }
    sentences
}

/// The target with one worked date.
fn target(program: &Program, rule: &SlaRule) -> String {
    let nine = TimeOfDay::from_minutes(540);
    let zone =
        rule.calendar.and_then(|id| program.calendars.get(id.index())).map_or(&program.zone, |calendar| &calendar.zone);
    let Some(start) = nine.map(|nine| zone.at(EXAMPLE_MONDAY, nine)) else { return String::new() };
    let shown = |at| long_time(program, rule.calendar, at);
    format!(
        "The target is {}: a start on {} is due on {}.",
        length(rule.target),
        shown(start),
        shown(due(program, rule, start))
    )
}

/// When a clock that starts at `start` is due.
pub(crate) fn due(program: &Program, rule: &SlaRule, start: Timestamp) -> Timestamp {
    let calendar = rule.calendar.and_then(|id: CalendarId| program.calendars.get(id.index()));
    match (rule.target, calendar) {
        (Length::Working(span), Some(calendar)) => calendar.due(start, span),
        (Length::WorkingDays { days, by }, Some(calendar)) => calendar.working_day(start, days, by),
        (Length::Elapsed(span) | Length::Working(span), _) => start.plus(span),
        (Length::WorkingDays { .. }, None) => start,
    }
}

fn start_missing(then: StartMissing) -> String {
    match then {
        StartMissing::DoNotStart => {
            "If the start has no usable time, no clock runs and the case is counted.".to_owned()
        }
        StartMissing::UseArrival => {
            "If the start has no usable time, the time at which the news arrived counts.".to_owned()
        }
        StartMissing::UseTimeOf(step) => format!("If the start has no usable time, {} counts.", step_time(step)),
    }
}

/// The sentences of an alert.
pub(super) fn alert(program: &Program, alert: &Alert) -> Vec<String> {
    let mut sentences = vec![raised(program, alert)];
    sentences.extend(demands(program, alert.severity));
    let answer = match alert.answer {
        Some((within, Some(step))) => format!("{} after {}", length(within), step_time(step)),
        Some((within, None)) => length(within),
        None => answer_target(program, alert.severity),
    };
    if let Some(found) = &alert.page {
        sentences.extend(page(program, found));
        sentences.push(format!("An answer is due within {answer}."));
    }
    sentences.extend(alert.tells.iter().map(|found| capital(&format!("{}.", tell(program, found)))));
    if alert.decide.is_some() {
        sentences.push("Before it is raised, a script looks at the event and the report and decides.".to_owned());
    }
    sentences.extend(missing(program, &alert.missing, ("nothing is raised", "it is raised")));
    sentences.extend(often(alert));
    sentences.extend(alert.limit.as_ref().map(watch::limit));
    sentences.push(ending(program, alert));
    sentences
}

fn raised(program: &Program, alert: &Alert) -> String {
    let severity = indefinite(severity(program, alert.severity));
    let mut happens = match &alert.trigger {
        Trigger::When(found) => format!("When {}{}", moments(program, found, "a"), corrected(alert)),
        Trigger::Absence(found) => absence(program, found),
        Trigger::While(found) => watch::while_(program, found),
        Trigger::Window(found) => watch::window(found),
    };
    if alert.condition != Condition::always() {
        happens.push_str(&format!(", and {}", condition(program, &alert.condition)));
    }
    if alert.unless != Condition::never() {
        happens.push_str(&format!(", unless {}", condition(program, &alert.unless)));
    }
    format!("{happens}, {severity} alert is raised.")
}

/// A result that is corrected counts as verified once more.
fn corrected(alert: &Alert) -> &'static str {
    if alert.subject() == Subject::Result { ", or corrected to a new value" } else { "" }
}

fn absence(program: &Program, absence: &Absence) -> String {
    let calendar = absence.calendar.and_then(|id| program.calendars.get(id.index()));
    let hours = calendar.map_or_else(String::new, |calendar| format!(" of \"{}\"", calendar.name));
    let (after, expect) = (moments(program, &absence.after, "a"), moments(program, &absence.expect, "the"));
    format!("When {after}, and it does not happen within {}{hours} that {expect}", length(absence.within))
}

fn often(alert: &Alert) -> Option<String> {
    let key = match alert.once {
        Once::Result => "result",
        Once::Report => "report",
        Once::Order => "order",
        Once::Patient => "patient",
    };
    let again = alert.again_after.map_or_else(String::new, |after| format!(", and again after {after}"));
    let usual = matches!(alert.once, Once::Result | Once::Report) && again.is_empty();
    (!usual).then(|| format!("It is raised once for each {key}{again}."))
}

fn ending(program: &Program, alert: &Alert) -> String {
    if let Some(ending) = watch::ending(alert) {
        return ending;
    }
    let also = if alert.withdraw.is_empty() {
        String::new()
    } else {
        format!(", or if {}", moments(program, &alert.withdraw, "the"))
    };
    match &alert.trigger {
        Trigger::When(_) => {
            format!("If its cause is corrected away or the report was an error{also}, everyone reached is told.")
        }
        Trigger::Absence(_) | Trigger::While(_) | Trigger::Window(_) => {
            "If it happens late the alert is over; if it turns out to have been in time, everyone reached is told."
                .to_owned()
        }
    }
}
