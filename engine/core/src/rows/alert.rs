//! Alert: the rows of alerts, of their notices and of attempts.

use wardline_rules::{
    program::Who,
    row::{Cell, Row, Table},
    time::SECOND,
    token::TokenKind,
};

use super::{level_word, ward_cell};
use crate::{
    alerts::{About, Alert},
    input::{Attempt, Outcome},
    outbox::Notice,
    output::Party,
    partition::Partition,
    report::Report,
};

impl Partition {
    pub(super) fn alert_row(&self, alert: &Alert) -> Row {
        let view = self.alert_view(alert);
        let report = self.report_of_alert(alert);
        let [kind, _, site, department] = self.routing_of(report);
        let marks = alert.marks;
        let waited = marks.answered.map(|at| at.since(alert.since).micros() / SECOND);
        let subject = match alert.about {
            About::Report | About::Result(_) => "report",
            About::Feed(_) => "feed",
            About::Group(_) => "window",
        };
        let cells = vec![
            Cell::text(&alert.id.to_string()),
            Cell::text(&view.rule),
            Cell::word(level_word(alert.level)),
            Cell::word(subject),
            alert.report.map_or(Cell::Null, |report| Cell::text(&report.1.to_string())),
            Cell::word(alert.display.word()),
            Cell::time(alert.raised),
            Cell::time(alert.since),
            Cell::from(marks.delivered),
            Cell::from(marks.read),
            Cell::from(marks.answered),
            Cell::from(marks.closed),
            Cell::from(view.answer_due),
            Cell::from(waited),
            Cell::Int(i64::from(alert.course.step)),
            Cell::Int(i64::try_from(alert.course.notices.len()).unwrap_or(i64::MAX)),
            ward_cell(view.ward),
            kind,
            site,
            department,
        ];
        Row { table: Table::Alerts, cells }
    }

    pub(super) fn notice_row(&self, notice: &Notice) -> Option<Row> {
        let alert = self.alerts.get(notice.alert)?;
        let [kind, _, site, department] = self.routing_of(self.report_of_alert(alert));
        let cells = vec![
            Cell::text(&notice.head.nid.to_string()),
            Cell::text(&alert.id.to_string()),
            Cell::text(self.dictionary.text(alert.rule)),
            Cell::text(&notice.head.step),
            Cell::word(notice.head.channel.name()),
            Cell::word(level_word(notice.level)),
            Cell::word(audience(notice.head.recipient.role)),
            Cell::word(notice.state.word()),
            Cell::time(notice.created),
            Cell::from(notice.sent),
            Cell::from(notice.arrived),
            Cell::Int(i64::from(notice.attempts)),
            kind,
            site,
            department,
            match &notice.head.recipient.party {
                Party::Token(token) => Cell::text(&token.display(TokenKind::Person).to_string()),
                Party::Person(name) | Party::Desk(name) => Cell::text(name),
            },
        ];
        Some(Row { table: Table::Notices, cells })
    }

    /// The row of a result of a try; `None` if the notice left memory.
    pub(super) fn attempt_row(&self, attempt: Attempt) -> Option<Row> {
        let notice = self.notices.get(*self.nids.get(&attempt.nid)?)?;
        let result = match attempt.outcome {
            Outcome::Started => return None,
            Outcome::Delivered => "delivered",
            Outcome::FailedSoft { .. } => "failed_soft",
            Outcome::FailedHard => "failed_hard",
            Outcome::Ambiguous { .. } => "ambiguous",
        };
        let took = notice.sent.map(|sent| self.at.since(sent).micros() / 1_000);
        let cells = vec![
            Cell::text(&attempt.nid.to_string()),
            Cell::Int(i64::from(attempt.number)),
            Cell::word(notice.head.channel.name()),
            Cell::word(result),
            Cell::from(notice.sent),
            Cell::time(self.at),
            Cell::from(took),
            Cell::Bool(notice.is_repeat),
        ];
        Some(Row { table: Table::Attempts, cells })
    }

    fn report_of_alert(&self, alert: &Alert) -> Option<&Report> {
        let (slot, id) = alert.report?;
        self.reports.get(slot).filter(|report| report.id == id).map(|report| &**report)
    }

    fn routing_of(&self, report: Option<&Report>) -> [Cell; 4] {
        report.map_or([Cell::Null, Cell::Null, Cell::Null, Cell::Null], |report| self.routing(report))
    }
}

const fn audience(role: Who) -> &'static str {
    match role {
        Who::Patient => "patient",
        Who::Desk(_) => "desk",
        Who::Person(_) | Who::Roster(_) => "staff",
        Who::Ordering | Who::Attending | Who::Covering | Who::Reporting | Who::Copied | Who::Recipient => "clinician",
    }
}
