//! Shown: what may whoever asks be told of the state as it is?
//!
//! Views are copies: they hold nothing of the state and change nothing. None of them names a patient.
//!
//! - **How it fits**: the shell sends, shows and answers by them; `step` never reads one.
//! - **Not here**: how much of a clock's target is used up ([`crate::ClockView`]).

use std::sync::Arc;

use wardline_rules::{
    Text,
    program::{Answering, Level, Program},
    time::Timestamp,
    words::{Channel, Kind, Priority, State, Step},
};

use crate::{
    alerts::{About, Alert, AlertSlot, Source},
    dictionary::{Coded, NO_TEXT},
    ids::{AlertId, Nid, ReportId},
    input::{Attempt, Outcome, Silence},
    outbox::Notice,
    output::{AlertState, NoticeState, Purpose, Recipient},
    partition::Partition,
    report::{
        Report,
        results::{ResultKey, Value},
    },
};

/// A notice as it stands now.
#[derive(Clone, PartialEq, Debug)]
pub struct NoticeView {
    /// Its id.
    pub nid: Nid,
    /// The alert it belongs to.
    pub alert: AlertId,
    /// Where it is in its life.
    pub state: NoticeState,
    /// What it is for.
    pub purpose: Purpose,
    /// Whom it goes to.
    pub recipient: Recipient,
    /// By which channel.
    pub channel: Channel,
    /// How urgently it is delivered.
    pub level: Level,
    /// Its severity's word.
    pub severity: Text,
    /// Id of the rule: `alert/Critical potassium`.
    pub rule: Text,
    /// When it came to be.
    pub created: Timestamp,
    /// When the alert was raised.
    pub raised: Timestamp,
    /// The display word of the alert.
    pub alert_state: AlertState,
    /// The step of its escalation that runs, from 1; 0 if none was begun.
    pub step: u32,
    /// What the ward says its notices say.
    pub texts: Answering,
    /// Whether an answer must read the value back.
    pub wants_read_back: bool,
    /// The result it is about: the name of its test, and its value if that is a plain number.
    pub result: Option<(Text, Option<Text>)>,
    /// The report it is about.
    pub report: Option<ReportView>,
}

/// An alert as it stands now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlertView {
    /// Its id.
    pub id: AlertId,
    /// Id of the rule.
    pub rule: Text,
    /// The report it is about, if any.
    pub report: Option<ReportId>,
    /// Its display word.
    pub state: AlertState,
    /// Its severity's word.
    pub severity: Text,
    /// How urgently its notices are delivered.
    pub level: Level,
    /// Its generation, from 1.
    pub generation: u32,
    /// When it was raised.
    pub raised: Timestamp,
    /// The step of its escalation, from 1; 0 if none was begun.
    pub step: u32,
    /// Its notices, in the order in which they came to be.
    pub notices: Vec<Nid>,
}

/// A report as it stands now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportView {
    /// Its id.
    pub id: ReportId,
    /// The sort of report.
    pub kind: Option<Kind>,
    /// How urgent; silence is unknown.
    pub priority: Priority,
    /// Where it is in its life.
    pub state: Option<State>,
    /// Hospital or clinic; empty if not said.
    pub site: Text,
    /// Performing bench or service; empty if not said.
    pub department: Text,
    /// The patient's unit; empty if not said.
    pub location: Text,
    /// When we first heard of it, log time.
    pub opened: Timestamp,
    /// When we last heard of it, log time.
    pub touched: Timestamp,
    /// The steps that were reached and when, event time, in order of rank.
    pub milestones: Vec<(Step, Timestamp)>,
    /// Its alerts that are in memory.
    pub alerts: Vec<AlertId>,
}

impl Partition {
    /// One notice; `None` if it never was, or has left memory with its alert.
    #[must_use]
    pub fn notice(&self, nid: Nid) -> Option<NoticeView> {
        let notice = self.notices.get(*self.nids.get(&nid)?)?;
        let alert = self.alerts.get(notice.alert)?;
        Some(NoticeView {
            nid,
            alert: alert.id,
            state: notice.state,
            purpose: notice.purpose,
            recipient: notice.head.recipient.clone(),
            channel: notice.head.channel,
            level: notice.level,
            severity: self.severity_word(alert),
            rule: self.dictionary.text(alert.rule).into(),
            created: notice.created,
            raised: alert.raised,
            alert_state: alert.display,
            step: alert.course.step,
            texts: self.texts_of(alert),
            wants_read_back: self.escalation_of(notice.alert).is_some_and(|escalation| escalation.read_back),
            result: self.result_of(alert),
            report: alert.report.and_then(|(slot, _)| self.reports.get(slot)).map(|report| self.report_view(report)),
        })
    }

    /// One report; `None` if it is not in memory.
    #[must_use]
    pub fn report(&self, id: ReportId) -> Option<ReportView> {
        let slot = self.index.get(u128::from_le_bytes(id.0)).first().copied()?;
        self.reports.get(slot).map(|report| self.report_view(report))
    }

    /// The alerts in memory, newest first, at most `limit`.
    ///
    /// - **Cost**: all alerts are looked at once.
    #[must_use]
    pub fn alerts(&self, limit: usize) -> Vec<AlertView> {
        let mut newest: Vec<(AlertSlot, &Alert)> = self.alerts.iter().collect();
        newest.sort_unstable_by_key(|(_, alert)| core::cmp::Reverse(alert.born));
        newest.into_iter().take(limit).map(|(_, alert)| self.alert_view(alert)).collect()
    }

    /// The silences in force.
    #[must_use]
    pub fn silences(&self) -> impl Iterator<Item = &Silence> {
        self.silences.iter().map(|(silence, _)| silence)
    }

    /// The active ward.
    #[must_use]
    pub fn program(&self) -> Option<Arc<Program>> {
        let ward = self.wards.get(usize::try_from(self.active?).ok()?)?;
        Some(Arc::clone(&ward.program))
    }

    /// The starts that have no result, in order of their ids: at the begin of an epoch nobody knows what became of them.
    #[must_use]
    pub fn unresolved(&self) -> Vec<Attempt> {
        let started = |notice: &&Notice| notice.state == NoticeState::Started;
        let attempt = |notice: &Notice| Attempt {
            nid: notice.head.nid,
            number: notice.attempts,
            epoch: notice.epoch,
            outcome: Outcome::Started,
        };
        let all = self.notices.iter().map(|(_, notice)| notice);
        let mut attempts: Vec<Attempt> = all.filter(started).map(attempt).collect();
        attempts.sort_unstable_by_key(|attempt| attempt.nid);
        attempts
    }

    fn alert_view(&self, alert: &Alert) -> AlertView {
        let notices = alert.course.notices.iter().filter_map(|place| self.notices.get(*place));
        AlertView {
            id: alert.id,
            rule: self.dictionary.text(alert.rule).into(),
            report: alert.report.map(|(_, id)| id),
            state: alert.display,
            severity: self.severity_word(alert),
            level: alert.level,
            generation: alert.generation,
            raised: alert.raised,
            step: alert.course.step,
            notices: notices.map(|notice| notice.head.nid).collect(),
        }
    }

    fn report_view(&self, report: &Report) -> ReportView {
        let tuple = self.tuples.get(report.effective);
        let text = |code: Coded| if code == NO_TEXT { Text::default() } else { self.dictionary.text(code).into() };
        let reached = |step: &Step| report.register(*step).map(|record| (*step, record.lo));
        ReportView {
            id: report.id,
            kind: tuple.kind,
            priority: tuple.priority.value().unwrap_or(Priority::Unknown),
            state: report.state_at(self.at),
            site: text(tuple.site),
            department: text(tuple.department),
            location: tuple.location.value().map(text).unwrap_or_default(),
            opened: report.opened,
            touched: report.touched,
            milestones: Step::ALL.iter().filter_map(reached).collect(),
            alerts: report.alerts.iter().filter_map(|slot| self.alerts.get(*slot)).map(|alert| alert.id).collect(),
        }
    }

    fn severity_word(&self, alert: &Alert) -> Text {
        let program = self.wards.get(alert.cause.ward as usize).map(|ward| &ward.program);
        let severity = program.and_then(|program| program.severities.get(alert.cause.severity.index()));
        severity.map(|severity| severity.name.clone()).unwrap_or_default()
    }

    fn texts_of(&self, alert: &Alert) -> Answering {
        let program = self.wards.get(alert.cause.ward as usize).map(|ward| &ward.program);
        let rule = match alert.cause.source {
            Source::Rule(index) => program.and_then(|program| program.alerts.get(index as usize)),
            Source::Clock { .. } => None,
        };
        rule.map(|rule| rule.texts.clone()).unwrap_or_default()
    }

    fn result_of(&self, alert: &Alert) -> Option<(Text, Option<Text>)> {
        let About::Result(key) = alert.about else { return None };
        let ward = self.wards.get(alert.cause.ward as usize)?;
        let declared = ward.tests.test(key.code).and_then(|test| ward.program.catalogue.tests.get(test.index()));
        let name = declared.map_or_else(|| self.dictionary.text(key.code).into(), |test| test.name.clone());
        let report = alert.report.and_then(|(slot, _)| self.reports.get(slot));
        Some((name, report.and_then(|report| plain_number(report, key))))
    }
}

/// The newest value of a result, where it is a number as it was sent; a converted quantity is not turned back.
fn plain_number(report: &Report, key: ResultKey) -> Option<Text> {
    let mut runs = Vec::new();
    report.runs(key, &mut runs);
    match runs.last()?.content.value {
        Value::Number(sign, number, _) => {
            let sign = sign.map_or("", |sign| sign.name());
            Some(Text::from(format!("{sign}{number}")))
        }
        Value::None | Value::Quantity(..) | Value::Word(_) | Value::Retracted => None,
    }
}
