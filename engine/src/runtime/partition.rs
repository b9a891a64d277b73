//! Partition: what does the shell make of the core's views?
//!
//! Addresses and sinks that the ward itself names come from its newest version, texts from the one that raised the alert.
//! What becomes JSON here is what the API shows; nothing in it names a patient.
//!
//! - **How it fits**: the only implementor of [`Kernel`] outside tests.

use serde_json::{Value, json};
use wardline_core::{
    AlertView, Batch, NoticeView, Output, Partition, Proposal, ReportView, Settings,
    ids::{Nid, ReportId},
    input::{Attempt, Silence},
    output::Party,
};
use wardline_rules::{
    Text,
    program::{Program, Who},
    time::Timestamp,
    words::Channel,
};

use super::kernel::{Bootable, Kernel, Notice};
use crate::ward;

impl Kernel for Partition {
    fn step(&mut self, batch: &Batch, output: &mut Output) {
        wardline_core::step(self, batch, output);
    }

    fn proposals(&self, limit: usize, into: &mut Vec<Proposal>) {
        Self::proposals(self, limit, into);
    }

    fn unresolved(&self) -> Vec<Attempt> {
        Self::unresolved(self)
    }

    fn notice(&self, nid: Nid) -> Option<Notice> {
        let view = Self::notice(self, nid)?;
        Some(notice(view, self.program().as_deref(), self.at()))
    }

    fn report(&self, id: ReportId) -> Option<Value> {
        let view = Self::report(self, id)?;
        let clocks: Vec<Value> = self.clocks_of(id).iter().map(clock).collect();
        let mut shown = report(&view);
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("clocks".to_owned(), Value::from(clocks));
        }
        Some(shown)
    }

    fn alerts(&self, limit: usize) -> Vec<Value> {
        Self::alerts(self, limit).iter().map(alert).collect()
    }

    fn silences(&self) -> Vec<Silence> {
        Self::silences(self).cloned().collect()
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let counters = Self::counters(self);
        vec![
            ("received", counters.received),
            ("applied", counters.applied),
            ("duplicate", counters.duplicate),
            ("dead_lettered", counters.dead_lettered),
            ("reports_opened", counters.reports_opened),
            ("reports_left", counters.reports_left),
            ("alerts_raised", counters.alerts_raised),
            ("unresolved", counters.unresolved),
            ("answered", counters.answered),
            ("notices_created", counters.notices_created),
            ("notices_ended", counters.notices_ended),
            ("attempts_started", counters.attempts_started),
            ("delivered", counters.delivered),
            ("ambiguous", counters.ambiguous),
            ("timers_fired", counters.timers_fired),
        ]
    }

    fn ward(&self) -> Option<(Text, [u8; 32])> {
        self.program().map(|program| (program.name.clone(), program.version.0))
    }

    fn checkpoint(&self) -> Vec<(&'static str, Vec<u8>)> {
        Self::checkpoint(self)
    }
}

impl Bootable for Partition {
    const LOGIC: u32 = 1;

    fn fresh(instance: [u8; 16]) -> Self {
        Self::new(Settings { instance })
    }

    fn restore(_: [u8; 16], sections: &[(String, Vec<u8>)]) -> Result<Self, String> {
        let sections: Vec<(&str, &[u8])> =
            sections.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        Self::restore(&sections, &mut |packed| ward::compile(packed)).map_err(|error| error.to_string())
    }
}

/// What is needed to send, show and answer a notice.
fn notice(view: NoticeView, program: Option<&Program>, at: Timestamp) -> Notice {
    let via =
        program.and_then(|program| program.catalogue.channels.iter().find(|declared| declared.channel == view.channel));
    let reach = program.and_then(|program| reach(program, &view.recipient.party, view.channel));
    Notice {
        nid: view.nid,
        state: view.state,
        purpose: view.purpose,
        channel: view.channel,
        via: via.map_or(Text::const_new("default"), |declared| declared.via.clone()),
        party: view.recipient.party.clone(),
        role: role(view.recipient.role, &view.recipient.party),
        reach,
        severity: view.severity.clone(),
        level: view.level,
        rule: Text::from(view.rule.split_once('/').map_or(view.rule.as_str(), |(_, name)| name)),
        report: view.report.as_ref().map(|report| report.id),
        created: view.created,
        alert_state: view.alert_state,
        step: view.step,
        message: view.texts.message.clone(),
        brief: view.texts.brief.clone(),
        values: values(&view, at),
        wants_read_back: view.wants_read_back,
    }
}

/// The address that the ward itself writes for a person or desk.
fn reach(program: &Program, party: &Party, channel: Channel) -> Option<Text> {
    let reach = match party {
        Party::Token(_) => return None,
        Party::Person(name) => &program.people.iter().find(|person| person.name == *name)?.reach,
        Party::Desk(name) => &program.desks.iter().find(|desk| desk.name == *name)?.reach,
    };
    reach.iter().find(|address| address.channel == channel).map(|address| address.at.clone())
}

/// Whom a notice goes to, in the ward's words; a clinician is named by their role alone.
fn role(role: Who, party: &Party) -> Text {
    let word = match role {
        Who::Ordering => "the ordering clinician",
        Who::Attending => "the attending clinician",
        Who::Covering => "the covering clinician",
        Who::Reporting => "the reporting clinician",
        Who::Copied => "a copied clinician",
        Who::Recipient => "the recipient",
        Who::Patient => "the patient",
        Who::Desk(_) | Who::Roster(_) | Who::Person(_) => "",
    };
    match (word, party) {
        ("", Party::Desk(name)) => Text::from(format!("desk \"{name}\"")),
        ("", Party::Person(name)) => Text::from(format!("\"{name}\"")),
        ("", Party::Token(_)) => Text::const_new("a clinician"),
        (word, _) => Text::const_new(word),
    }
}

/// Values of placeholders.
fn values(view: &NoticeView, at: Timestamp) -> Vec<(&'static str, Text)> {
    let minutes = at.since(view.raised).micros().max(0) / 60_000_000;
    let mut values = vec![
        ("raised", Text::from(view.raised.to_string())),
        ("waited", Text::from(format!("{minutes} min"))),
        ("count", Text::const_new("1")),
    ];
    if let Some((test, value)) = &view.result {
        values.push(("test", test.clone()));
        values.extend(value.clone().map(|value| ("value", value)));
    }
    if let Some(report) = &view.report {
        values.push(("site", report.site.clone()));
        values.push(("location", report.location.clone()));
        values.push(("priority", Text::const_new(report.priority.word())));
        values.extend(report.kind.map(|kind| ("kind", Text::const_new(kind.name()))));
    }
    values
}

fn report(view: &ReportView) -> Value {
    let milestones: Vec<Value> =
        view.milestones.iter().map(|(step, at)| json!({ "step": step.name(), "at": at.to_string() })).collect();
    json!({
        "report": view.id.to_string(),
        "kind": view.kind.map(|kind| kind.name()),
        "priority": view.priority.name(),
        "status": view.state.map(|state| state.name()),
        "site": view.site.as_str(),
        "department": view.department.as_str(),
        "location": view.location.as_str(),
        "opened_at": view.opened.to_string(),
        "touched_at": view.touched.to_string(),
        "milestones": milestones,
        "alerts": view.alerts.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn clock(view: &wardline_core::ClockView) -> Value {
    let time = |at: Timestamp| (at != Timestamp::MAX).then(|| at.to_string());
    json!({
        "rule": view.rule.as_str(),
        "state": view.state.word(),
        "started_at": time(view.reading.started),
        "due_at": time(view.reading.due),
        "ended_at": time(view.reading.ended),
        "used_s": view.used.micros() / 1_000_000,
    })
}

fn alert(view: &AlertView) -> Value {
    json!({
        "alert": view.id.to_string(),
        "rule": view.rule.as_str(),
        "report": view.report.map(|report| report.to_string()),
        "state": view.state.word(),
        "severity": view.severity.as_str(),
        "generation": view.generation,
        "raised_at": view.raised.to_string(),
        "step": view.step,
        "notices": view.notices.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
