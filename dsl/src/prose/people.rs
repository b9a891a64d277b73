//! People: who is asked, in which order, and what their answers do.
//!
//! - **Not here**: who is on duty.

use wardline_rules::program::{
    Action, ActionSend, AnsweredBy, Decline, Escalation, EscalationStep, Failed, PageTo, Program, SeverityId, Tell, Who,
};
use wardline_rules::words::Channel;

use super::words::{length, list};

/// Somebody, as a sentence names them.
pub(super) fn who(program: &Program, who: Who) -> String {
    let named = |word: &str, name: Option<&str>| format!("the {word} \"{}\"", name.unwrap_or(""));
    match who {
        Who::Ordering => "the ordering clinician".to_owned(),
        Who::Attending => "the attending clinician".to_owned(),
        Who::Covering => "the clinician who covers the patient's place".to_owned(),
        Who::Reporting => "the reporting clinician".to_owned(),
        Who::Copied => "everybody who gets copies".to_owned(),
        Who::Recipient => "the recipient".to_owned(),
        Who::Patient => "the patient".to_owned(),
        Who::Desk(id) => named("desk", program.desks.get(id.index()).map(|desk| desk.name.as_str())),
        Who::Roster(id) => format!(
            "whoever is on duty in {}",
            named("roster", program.rosters.get(id.index()).map(|roster| roster.name.as_str()))
        ),
        Who::Person(id) => program.people.get(id.index()).map_or_else(String::new, |person| person.name.to_string()),
    }
}

fn everybody(program: &Program, list_of: &[Who]) -> String {
    list(&list_of.iter().map(|found| who(program, *found)).collect::<Vec<_>>(), "and")
}

/// `by secure message, otherwise by phone`.
pub(super) fn by(channels: &[Channel]) -> String {
    let words: Vec<String> = channels.iter().map(|channel| format!("by {}", channel.word())).collect();
    words.join(", otherwise ")
}

fn is_or_are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

/// Name of a severity.
pub(super) fn severity(program: &Program, id: SeverityId) -> &str {
    program.severities.get(id.index()).map_or("", |severity| severity.name.as_str())
}

/// What a breach or warning does, without the full stop.
pub(super) fn action(program: &Program, action: &Action) -> String {
    let severity = severity(program, action.severity);
    match &action.send {
        ActionSend::Tell(found) => format!("{}, severity {severity}", tell(program, found)),
        ActionSend::Page(PageTo::Direct { who, by: channels }) => {
            let (people, verb) = (everybody(program, who), is_or_are(who.len()));
            format!("{people} {verb} paged {}, severity {severity}, once and without escalation", by(channels))
        }
        ActionSend::Page(PageTo::Using { escalation, recipients }) => {
            let name = program.escalations.get(escalation.index()).map_or("", |found| found.name.as_str());
            let first = if recipients.is_empty() {
                String::new()
            } else {
                format!(" with {} as the recipient", everybody(program, recipients))
            };
            format!("the escalation \"{name}\" begins{first}, severity {severity}")
        }
    }
}

/// Who is told, without the full stop.
pub(super) fn tell(program: &Program, tell: &Tell) -> String {
    let times: Vec<String> = tell.digest_at.iter().map(ToString::to_string).collect();
    let digest =
        if times.is_empty() { String::new() } else { format!(", gathered in one message at {}", list(&times, "and")) };
    format!("{} {} told {}{digest}", everybody(program, &tell.who), is_or_are(tell.who.len()), by(&tell.by))
}

/// The sentences of a page.
pub(super) fn page(program: &Program, page: &PageTo) -> Vec<String> {
    match page {
        PageTo::Direct { who, by: channels } => {
            let people = capital(&everybody(program, who));
            vec![format!("{people} {} paged {}, once and without escalation.", is_or_are(who.len()), by(channels))]
        }
        PageTo::Using { escalation, recipients } => match program.escalations.get(escalation.index()) {
            Some(found) => self::escalation(program, found, recipients),
            None => Vec::new(),
        },
    }
}

/// An escalation from its first step to the task, and what answers do.
pub(super) fn escalation(program: &Program, escalation: &Escalation, recipients: &[Who]) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut wait = None;
    for found in &escalation.steps {
        let when = wait.map_or_else(|| "first ".to_owned(), |wait| format!("after {wait} "));
        let verb = if wait.is_none() { format!(" {} paged", is_or_are(found.who.len())) } else { String::new() };
        parts.push(format!(
            "{when}{}{verb} {}{}",
            step_people(program, found, recipients),
            by(&found.by),
            reminders(found)
        ));
        wait = Some(found.wait);
    }
    let repeat = escalation.repeat.map_or_else(String::new, |repeat| {
        format!(" steps {} to {} run up to {} more times; then", repeat.from, escalation.steps.len(), repeat.times)
    });
    let last = wait.map_or_else(String::new, |wait| wait.to_string());
    let desk = who(program, Who::Desk(escalation.then));
    parts.push(format!(
        "{}a task is opened for {desk}",
        if repeat.is_empty() { format!("after {last} more ") } else { format!("after {last} more{repeat} ") }
    ));
    vec![capital(&format!("{}.", parts.join("; "))), capital(&format!("{}.", answers(escalation)))]
}

fn step_people(program: &Program, step: &EscalationStep, recipients: &[Who]) -> String {
    let people: Vec<Who> = step
        .who
        .iter()
        .flat_map(|found| if *found == Who::Recipient { recipients.to_vec() } else { vec![*found] })
        .collect();
    everybody(program, &people)
}

fn reminders(step: &EscalationStep) -> String {
    step.reminders
        .iter()
        .map(|reminder| format!(", reminded by {} after {}", reminder.by.word(), reminder.after))
        .collect()
}

fn answers(escalation: &Escalation) -> String {
    let who = match escalation.answered_by {
        AnsweredBy::Anyone => "anyone paged may answer, at any time",
        AnsweredBy::Everyone => "it is answered when everyone paged in one step has answered",
        AnsweredBy::Licensed => "a licensed clinician among those paged must answer",
    };
    let with = match (escalation.read_back, escalation.with_code) {
        (true, true) => ", with the value read back and the code of the message",
        (true, false) => ", with the value read back",
        (false, true) => ", with the code of the message",
        (false, false) => "",
    };
    let decline = match escalation.decline {
        Decline::All => "whoever declines is passed over, and when all have declined the next step begins at once",
        Decline::Any => "when one declines the next step begins at once",
    };
    let failed = match escalation.failed {
        Failed::NextChannel => "if a message cannot be delivered the next channel is used at once",
        Failed::NextStep => "if a message cannot be delivered the next step begins at once",
    };
    let lapses = escalation.lapses.map_or_else(String::new, |after| {
        format!("; an answer without an action lapses after {after} and all begins again")
    });
    format!("{who}{with}; {decline}; {failed}{lapses}")
}

/// What a severity demands.
pub(super) fn demands(program: &Program, id: SeverityId) -> Option<String> {
    let severity = program.severities.get(id.index())?;
    Some(match (severity.ignores_quiet, severity.cannot_be_held) {
        (true, true) => "It ignores quiet hours and cannot be held.".to_owned(),
        (true, false) => "It ignores quiet hours.".to_owned(),
        (false, true) => "It cannot be held.".to_owned(),
        (false, false) => return None,
    })
}

/// How soon somebody must answer.
pub(super) fn answer_target(program: &Program, id: SeverityId) -> String {
    program.severities.get(id.index()).map_or_else(String::new, |severity| length(severity.answer_within))
}

/// A sentence begins with a capital.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
