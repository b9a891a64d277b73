//! Answer: which notice does somebody of a test answer, and with what?
//!
//! Without `for`, the answer is to the newest open alert that paged the role, else to the newest ended one [TEST-4].

use wardline_core::{
    ids::{AlertId, ReportId},
    output::{Party, Recipient},
    party_token,
};
use wardline_dsl::script::{Act, Entry, Event as Scripted, Scope};
use wardline_rules::{
    Text,
    event::{Answer, Event, Fact},
    program::Who,
    time::EventTime,
    token::Token,
    words::{Act as Done, Role},
};

use super::{
    build::{Builder, person_token},
    record::{Record, Sent},
};

/// The event of an answer.
pub(super) fn event(record: &Record<'_>, builder: &mut Builder<'_>, entry: &Entry) -> Event {
    let Scripted::Answer { who, act, licensed, right_code, scope } = &entry.event else {
        return builder.event(Fact::Heartbeat);
    };
    let report = match scope {
        Some(Scope::Report(label)) => record.report_id(label),
        Some(Scope::Group(_)) | None => None,
    };
    let notice = addressed(record, *who, report);
    let (act, value, unit) = match act {
        Act::Reads => (Done::Read, None, None),
        Act::Declines => (Done::Declined, None, None),
        Act::Acts => (Done::Acted, None, None),
        Act::Answers(None) => (Done::Accepted, None, None),
        Act::Answers(Some(reading)) => (Done::ReadBack, Some((reading.sign, reading.number)), reading.unit),
    };
    let code = notice.map(|notice| if *right_code { notice.nid.code().to_string() } else { "ZZZZZZ".to_owned() });
    let answer = Answer {
        act,
        code: code.map(Text::from),
        nid: notice.map(|notice| notice.nid.0),
        by: by(record, *who, notice, report),
        licence: licensed.then(|| Text::const_new("physician")),
        told_by: None,
        value,
        unit: unit.map(|unit| Text::const_new(unit.code())).unwrap_or_default(),
        result: None,
    };
    let mut event = builder.event(Fact::Answer(Box::new(answer)));
    event.occurred_at = Some(EventTime::exact(entry.at));
    event
}

/// The notice that is answered: of the newest open alert that paged this one, else of the newest ended one; where none did,
/// of the newest alert at all.
fn addressed<'r>(record: &'r Record<'_>, who: Who, report: Option<ReportId>) -> Option<&'r Sent> {
    let of = |alert: AlertId, strict: bool| {
        let mut sent = record.sent.iter().filter(move |sent| sent.alert == alert);
        if strict { sent.rfind(|sent| record.is_recipient(who, &sent.recipient)) } else { sent.next_back() }
    };
    let in_scope = |known: &&(AlertId, Option<ReportId>, bool)| report.is_none_or(|report| known.1 == Some(report));
    let pick = |strict: bool, open: bool| {
        let alerts = record.alerts.iter().rev().filter(in_scope).filter(move |known| known.2 == open);
        alerts.into_iter().find_map(|known| of(known.0, strict))
    };
    pick(true, true).or_else(|| pick(true, false)).or_else(|| pick(false, true)).or_else(|| pick(false, false))
}

/// The token of who answers.
fn by(record: &Record<'_>, who: Who, notice: Option<&Sent>, report: Option<ReportId>) -> Option<Token> {
    let is_paged = |recipient: &Recipient| record.is_recipient(who, recipient);
    if let Some(notice) = notice.filter(|notice| is_paged(&notice.recipient)) {
        return Some(party_token(&notice.recipient.party));
    }
    let program = record.program();
    let label = report.or_else(|| notice.and_then(|notice| notice.report)).and_then(|report| record.label(report));
    let role = |role: Role| label.and_then(|label| person_token(role, label));
    match who {
        Who::Ordering => role(Role::Ordering),
        Who::Attending => role(Role::Attending),
        Who::Reporting => role(Role::Interpreting),
        Who::Desk(desk) => program.desks.get(desk.index()).map(|desk| party_token(&Party::Desk(desk.name.clone()))),
        Who::Person(person) => {
            program.people.get(person.index()).map(|person| party_token(&Party::Person(person.name.clone())))
        }
        Who::Covering | Who::Copied | Who::Recipient | Who::Patient | Who::Roster(_) => {
            Some(party_token(&Party::Person(Text::const_new("somebody else"))))
        }
    }
}
