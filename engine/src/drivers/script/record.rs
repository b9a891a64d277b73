//! Record: what happened on the scripted day?

use std::collections::BTreeMap;

use wardline_core::{
    ClockView, Output,
    ids::{AlertId, Nid, ReportId},
    output::{AlertState, AnswerVerdict, Change, ClockState, Obligation, Party, Purpose, Recipient, Transition},
};
use wardline_dsl::script::Test;
use wardline_rules::{
    Text,
    program::{Program, Who},
    time::Timestamp,
    words::Channel,
};

use super::trace::Tracing;

/// A message that went out.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) at: Timestamp,
    pub(super) nid: Nid,
    pub(super) alert: AlertId,
    pub(super) recipient: Recipient,
    pub(super) channel: Channel,
    pub(super) purpose: Purpose,
    pub(super) report: Option<ReportId>,
    pub(super) group: Text,
    pub(super) count: u32,
    pub(super) rule: Text,
}

/// A word that an alert showed.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) at: Timestamp,
    pub(super) rule: Text,
    pub(super) report: Option<ReportId>,
    pub(super) group: Text,
    pub(super) state: AlertState,
    /// Why, where there is more to say than the word.
    pub(super) why: Text,
}

/// A state that a clock was in.
#[derive(Clone, Debug)]
pub(super) struct Clocked {
    pub(super) at: Timestamp,
    pub(super) rule: Text,
    pub(super) report: Option<ReportId>,
    pub(super) state: ClockState,
}

/// A task that was opened.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) at: Timestamp,
    pub(super) desk: Text,
    pub(super) report: Option<ReportId>,
}

/// Everything that happened.
#[derive(Debug)]
pub(super) struct Record<'t> {
    program: &'t Program,
    test: &'t Test,
    pub(super) sent: Vec<Sent>,
    pub(super) shown: Vec<Shown>,
    pub(super) clocked: Vec<Clocked>,
    pub(super) tasks: Vec<Opened>,
    pub(super) verdicts: Vec<(Timestamp, AnswerVerdict)>,
    pub(super) looks: Vec<(Timestamp, Text, Vec<ClockView>)>,
    /// Alerts in order of their raising: id, rule, report, whether they are open.
    pub(super) alerts: Vec<(AlertId, Option<ReportId>, bool)>,
    ids: BTreeMap<Text, ReportId>,
    /// What the core said, where somebody compares days.
    pub(super) trace: Option<Box<Tracing>>,
}

impl<'t> Record<'t> {
    pub(super) const fn new(program: &'t Program, test: &'t Test) -> Self {
        Self {
            program,
            test,
            sent: Vec::new(),
            shown: Vec::new(),
            clocked: Vec::new(),
            tasks: Vec::new(),
            verdicts: Vec::new(),
            looks: Vec::new(),
            alerts: Vec::new(),
            ids: BTreeMap::new(),
            trace: None,
        }
    }

    pub(super) const fn test(&self) -> &'t Test {
        self.test
    }

    pub(super) const fn program(&self) -> &'t Program {
        self.program
    }

    /// Remembers under which id the engine knows the report of a label.
    pub(super) fn learn(&mut self, label: &Text, id: Option<ReportId>) {
        if let Some(id) = id {
            self.ids.entry(label.clone()).or_insert(id);
        }
    }

    /// The id of the report of a label.
    pub(super) fn report_id(&self, label: &Text) -> Option<ReportId> {
        self.ids.get(label).copied()
    }

    /// Labels that the engine knows, in order.
    pub(super) fn labels(&self) -> impl Iterator<Item = &Text> {
        self.ids.keys()
    }

    /// The label of a report.
    pub(super) fn label(&self, id: ReportId) -> Option<&Text> {
        self.ids.iter().find(|(_, known)| **known == id).map(|(label, _)| label)
    }

    pub(super) fn note_clocks(&mut self, at: Timestamp, report: &Text, clocks: Vec<ClockView>) {
        self.looks.push((at, report.clone(), clocks));
    }

    pub(super) fn note_send(&mut self, obligation: &Obligation, at: Timestamp) {
        self.sent.push(Sent {
            at,
            nid: obligation.head.nid,
            alert: obligation.alert,
            recipient: obligation.head.recipient.clone(),
            channel: obligation.head.channel,
            purpose: obligation.purpose,
            report: obligation.report,
            group: obligation.group.clone(),
            count: obligation.count,
            rule: obligation.rule.clone(),
        });
    }

    pub(super) fn note(&mut self, at: Timestamp, out: &Output) {
        for transition in &out.transitions {
            self.note_transition(at, transition);
        }
        self.verdicts.extend(out.answers.iter().map(|answer| (at, answer.verdict)));
        let tasks = out.tasks.iter();
        self.tasks.extend(tasks.map(|task| Opened { at, desk: task.desk.clone(), report: task.report }));
    }

    fn note_transition(&mut self, at: Timestamp, transition: &Transition) {
        let (rule, report) = (transition.rule.clone(), transition.report);
        match &transition.change {
            Change::Clock(state, _) => self.clocked.push(Clocked { at, rule, report, state: *state }),
            Change::Alert(state, why) => {
                let (group, why) = (transition.group.clone(), why.clone());
                self.shown.push(Shown { at, rule, report, group, state: *state, why });
                self.note_alert(transition.alert, report, *state);
            }
            Change::Notice(..) => {}
        }
    }

    fn note_alert(&mut self, alert: Option<AlertId>, report: Option<ReportId>, state: AlertState) {
        let Some(alert) = alert else { return };
        let is_open = !matches!(state, AlertState::Closed | AlertState::Withdrawn | AlertState::Cleared);
        match self.alerts.iter_mut().find(|known| known.0 == alert) {
            Some(known) => known.2 = is_open,
            None => self.alerts.push((alert, report, is_open)),
        }
    }

    /// Whether `who` of a test means this recipient: by role, or by who it resolved to [TEST-6].
    pub(super) fn is_recipient(&self, who: Who, recipient: &Recipient) -> bool {
        recipient.role == who || super::is_party(self.program, who, &recipient.party)
    }

    /// How a recipient is spelled.
    pub(super) fn spell(&self, recipient: &Recipient) -> String {
        let named = match &recipient.party {
            Party::Person(name) => format!("person \"{name}\""),
            Party::Desk(name) => format!("desk \"{name}\""),
            Party::Token(_) => String::new(),
        };
        match recipient.role {
            Who::Ordering => "the ordering clinician".to_owned(),
            Who::Attending => "the attending clinician".to_owned(),
            Who::Reporting => "the reporting clinician".to_owned(),
            Who::Copied => "the copied clinicians".to_owned(),
            Who::Covering => format!("the covering clinician ({named})"),
            Who::Patient => "the patient".to_owned(),
            Who::Recipient | Who::Desk(_) | Who::Person(_) => named,
            Who::Roster(roster) => {
                let roster = self.program.rosters.get(roster.index()).map_or("", |roster| roster.name.as_str());
                format!("roster \"{roster}\" ({named})")
            }
        }
    }
}
