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
    ledger::Equation,
    output::{Party, Task},
    views::{FeedRhythm, FeedView, Figures, Gauges, Passage},
};
use wardline_rules::{Text, row::Row, settings::SiteSettings, time::Timestamp};

use super::kernel::{Bootable, Frozen, Kernel, Notice};
use crate::ward;

impl Kernel for Partition {
    fn step(&mut self, batch: &Batch, output: &mut Output) {
        wardline_core::step(self, batch, output);
    }

    fn watch_rows(&mut self) {
        Self::watch_rows(self);
    }

    fn rows(&self, batch: &Batch, output: &Output, into: &mut Vec<Row>) {
        Self::rows(self, batch, output, into);
    }

    fn watch_passages(&mut self) {
        Self::watch_passages(self);
    }

    fn passages(&self, into: &mut Vec<Passage>) {
        Self::passages(self, into);
    }

    fn proposals(&self, limit: usize, into: &mut Vec<Proposal>) {
        Self::proposals(self, limit, into);
    }

    fn unresolved(&self) -> Vec<Attempt> {
        self.started_without_result(u32::MAX)
    }

    fn notice(&self, nid: Nid) -> Option<Notice> {
        Self::notice(self, nid).map(notice)
    }

    fn notices_by_code(&self, code: wardline_core::ids::Code) -> Vec<Nid> {
        Self::notices_by_code(self, code)
    }

    fn listed(&self, channel: wardline_rules::words::Channel) -> Vec<Notice> {
        Self::listed(self, channel).into_iter().filter_map(|nid| Kernel::notice(self, nid)).collect()
    }

    fn report(&self, id: ReportId) -> Option<Value> {
        self.report_by_id(id).as_ref().map(report)
    }

    fn alerts(&self, limit: usize) -> Vec<Value> {
        Self::alerts(self, limit).iter().map(alert).collect()
    }

    fn open_tasks(&self) -> Vec<Task> {
        Self::open_tasks(self)
    }

    fn feeds(&self) -> Vec<FeedView> {
        Self::feeds(self)
    }

    fn rhythms(&self) -> Vec<FeedRhythm> {
        Self::rhythms(self)
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
            ("corrected", counters.corrected),
            ("stale", counters.stale),
            ("unmatched", counters.unmatched),
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
            ("escalated", counters.escalated),
            ("slices_folded", Self::slices_folded(self)),
        ]
    }

    fn ledger(&self) -> Vec<Equation> {
        Self::ledger(self).to_vec()
    }

    fn gauges(&self) -> Gauges {
        Self::gauges(self)
    }

    fn figures(&self) -> Figures {
        Self::figures(self)
    }

    fn sla_of(&self, rule: &str) -> Option<Text> {
        Self::sla_of(self, rule)
    }

    fn ward(&self) -> Option<(Text, [u8; 32])> {
        self.active_ward().map(|ward| (ward.name.clone(), ward.version.0))
    }

    fn site(&self) -> SiteSettings {
        Self::site(self).clone()
    }

    fn checkpoint(&self) -> Vec<(&'static str, Vec<u8>)> {
        Self::checkpoint(self)
    }

    fn freeze(&mut self) -> Frozen {
        Box::new(Self::freeze(self).into_sections())
    }
}

impl Bootable for Partition {
    const LOGIC: u32 = 6;

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
fn notice(view: NoticeView) -> Notice {
    Notice {
        nid: view.head.nid,
        state: view.state,
        purpose: view.purpose,
        channel: view.head.channel,
        via: if view.via.is_empty() { Text::const_new("default") } else { view.via },
        role: role(&view.role, &view.head.recipient.party),
        party: view.head.recipient.party,
        reach: view.reach,
        severity: view.severity,
        level: view.level,
        rule: view.rule_name,
        report: view.report,
        created: view.created,
        alert_state: view.alert_state,
        step: view.step,
        message: view.texts.message,
        brief: view.texts.brief,
        values: view.values,
        wants_read_back: view.wants_read_back,
        withdraws: view.withdraws,
    }
}

/// Whom a notice goes to: the ward's words for the role, and the name of a desk or person; a clinician's stays out.
fn role(role: &Text, party: &Party) -> Text {
    match party {
        Party::Token(_) => role.clone(),
        Party::Desk(name) | Party::Person(name) if role.contains(name.as_str()) => role.clone(),
        Party::Desk(name) | Party::Person(name) => Text::from(format!("{role} ({name})")),
    }
}

fn report(view: &ReportView) -> Value {
    let milestones: Vec<Value> = view
        .milestones
        .iter()
        .map(|milestone| {
            json!({
                "step": milestone.step.name(),
                "version": milestone.version,
                "at": milestone.at.lo.to_string(),
                "evidence": milestone.evidence.name(),
            })
        })
        .collect();
    json!({
        "report": view.id.to_string(),
        "kind": view.kind.map(|kind| kind.name()),
        "priority": view.priority.name(),
        "status": view.status.map(|step| step.name()),
        "version": view.version,
        "next_step": view.next.map(|step| step.name()),
        "due_at": view.due.map(|due| due.to_string()),
        "site": view.site.as_str(),
        "department": view.department.as_str(),
        "location": view.location.as_str(),
        "opened_at": view.heard.0.to_string(),
        "touched_at": view.heard.1.to_string(),
        "milestones": milestones,
        "flags": view.flags.iter().map(Text::as_str).collect::<Vec<_>>(),
        "clocks": view.clocks.iter().map(clock).collect::<Vec<_>>(),
        "alerts": view.alerts.iter().map(alert).collect::<Vec<_>>(),
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
        "answer_due_at": view.answer_due.map(|due| due.to_string()),
        "step": view.course.2,
    })
}
