//! Report: where is one examination, what comes next, and what is odd about it?
//!
//! The status is that of the highest step of the newest version, unless an end is in force [REP-4]; the next step is the
//! first of the path of its kind above that rank.
//!
//! - **Not here**: whether a source ever sends a step; results and their values.
//! - **Source**: domain page, sections 3.1 and 3.2.

use wardline_rules::{
    Text,
    event::Ident,
    time::{EventTime, Timestamp},
    token::Token,
    words::{Evidence, Flag, Kind, PatientClass, Priority, Scope, Step},
};

use super::AlertView;
use crate::{
    clocks::ClockView,
    dictionary::Coded,
    identity::{Number, bare_key},
    ids::ReportId,
    output::ClockState,
    partition::Partition,
    report::{FlagCode, Record, Report},
};

/// One report as it stands now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportView {
    /// Its id.
    pub id: ReportId,
    /// The step that is its status; `None` before the first evidence of any.
    pub status: Option<Step>,
    /// The version in force, from 1.
    pub version: u32,
    /// What sort of report; `None` if no source said so.
    pub kind: Option<Kind>,
    /// How urgent; silent sources are `Unknown`.
    pub priority: Priority,
    /// Codes of tests ordered or resulted.
    pub tests: Vec<Text>,
    /// Hospital or clinic; empty if unknown, as the next two.
    pub site: Text,
    /// Performing bench or service.
    pub department: Text,
    /// The patient's unit.
    pub location: Text,
    /// How the patient is in care.
    pub class: Option<PatientClass>,
    /// The patient's token.
    pub patient: Option<Token>,
    /// The number of who ordered.
    pub placer: Option<Ident>,
    /// The number of who performs.
    pub filler: Option<Ident>,
    /// The specimen or study number.
    pub accession: Option<Ident>,
    /// Log time of the first and of the newest news.
    pub heard: (Timestamp, Timestamp),
    /// Steps that were reached, in order of event time.
    pub milestones: Vec<MilestoneView>,
    /// What is expected next; `None` at the end of the path, after an end, or for kinds without a path.
    pub next: Option<Step>,
    /// When the tightest running clock is due.
    pub due: Option<Timestamp>,
    /// All clocks.
    pub clocks: Vec<ClockView>,
    /// Alerts that have not ended, oldest first.
    pub alerts: Vec<AlertView>,
    /// Flags set now, by their domain names.
    pub flags: Vec<Text>,
    /// What is odd about it.
    pub exceptions: Vec<Exception>,
}

/// A step that was reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MilestoneView {
    /// Which.
    pub step: Step,
    /// In which version.
    pub version: u32,
    /// When, event time.
    pub at: EventTime,
    /// How sure that time is.
    pub evidence: Evidence,
    /// When we heard of it, log time.
    pub heard: Timestamp,
}

/// What people should see at once [REP-25].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Exception {
    /// A clock is past its due time and still open.
    Overdue,
    /// The outcome of a clock cannot be known.
    Unsure,
    /// Somebody holds it.
    OnHold,
    /// It waits for a reason that a flag names.
    Waiting,
    /// Two patients are said to be one.
    IdentityConflict,
}

impl Exception {
    /// The word that is shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Unsure => "unsure",
            Self::OnHold => "on hold",
            Self::Waiting => "waiting",
            Self::IdentityConflict => "identity conflict",
        }
    }
}

impl Partition {
    /// One report; `None` if it is not in memory.
    #[must_use]
    pub fn report_by_id(&self, id: ReportId) -> Option<ReportView> {
        let slot = self.index.get(u128::from_le_bytes(id.0)).first().copied()?;
        let report = self.reports.get(slot).filter(|report| report.id == id)?;
        let clocks = self.clocks_of(id);
        let tuple = self.tuples.get(report.effective);
        let text = |code: Coded| Text::from(self.dictionary.text(code));
        let status = status(report);
        Some(ReportView {
            id,
            status,
            version: report.version_at(Self::NOW),
            kind: tuple.kind,
            priority: tuple.priority.value().unwrap_or(Priority::Unknown),
            tests: tuple.tests.iter().map(|code| text(*code)).collect(),
            site: text(tuple.site),
            department: text(tuple.department),
            location: tuple.location.value().map(text).unwrap_or_default(),
            class: tuple.class.value(),
            patient: report.patient,
            placer: report.cold.placer.clone(),
            filler: report.cold.filler.clone(),
            accession: report.cold.accession.clone(),
            heard: (report.opened, report.touched),
            milestones: milestones(report),
            next: next_step(status, tuple.kind),
            due: tightest(&clocks),
            alerts: self.open_alerts(report),
            flags: self.flags(report),
            exceptions: exceptions(report, &clocks),
            clocks,
        })
    }

    /// The reports that are known by this number, be it of who ordered, of who performs or of the specimen.
    #[must_use]
    pub fn find_reports(&self, number: &Ident) -> Vec<ReportId> {
        let keys = [Number::Filler, Number::Placer, Number::Accession].map(|sort| bare_key(sort, number));
        let mut slots: Vec<u32> = keys.iter().flat_map(|key| self.index.get(*key)).copied().collect();
        slots.sort_unstable();
        slots.dedup();
        slots.into_iter().filter_map(|slot| self.reports.get(slot)).map(|report| report.id).collect()
    }

    fn open_alerts(&self, report: &Report) -> Vec<AlertView> {
        let open = report.alerts.iter().filter_map(|slot| self.alerts.get(*slot)).filter(|alert| alert.is_open());
        open.map(|alert| self.alert_view(alert)).collect()
    }

    fn flags(&self, report: &Report) -> Vec<Text> {
        let mut codes: Vec<FlagCode> = report.cold.flags.iter().map(|fact| fact.flag).collect();
        codes.sort_unstable();
        codes.dedup();
        let set = codes.into_iter().filter(|code| report.has_flag(*code, Self::NOW));
        set.map(|code| match code {
            FlagCode::Known(flag) => Text::from(flag.name()),
            FlagCode::Wait(reason) => Text::from(format!("wait.{}", self.dictionary.text(reason))),
        })
        .collect()
    }
}

/// The status as a step [REP-4].
pub(crate) fn status(report: &Report) -> Option<Step> {
    let end = [Step::EnteredInError, Step::Cancelled].into_iter().find(|end| report.end_in_force(*end).is_some());
    end.or_else(|| report.highest(Timestamp::MAX))
}

/// Registers of the order and of version 1, and every time at which a version was opened or something happened to one.
pub(crate) fn milestones(report: &Report) -> Vec<MilestoneView> {
    let mut found: Vec<&Record> = Vec::new();
    for step in Step::ALL {
        match step.scope() {
            Scope::OrderFirst | Scope::OrderTruth | Scope::Version => found.extend(report.register(*step)),
            Scope::OrderEvery | Scope::Change | Scope::After => found.extend(report.of_step(*step)),
            Scope::End => found.extend(report.end_in_force(*step)),
        }
    }
    found.sort_by_key(|record| (record.lo, record.step));
    let view = |record: &Record| {
        let step = record.step?;
        let version = match step.scope() {
            Scope::Change | Scope::After => report.version_at(record.lo),
            Scope::OrderFirst | Scope::OrderTruth | Scope::OrderEvery | Scope::Version | Scope::End => 1,
        };
        Some(MilestoneView { step, version, at: record.time(), evidence: record.evidence, heard: record.heard })
    };
    let mut views: Vec<MilestoneView> = found.into_iter().filter_map(view).collect();
    views.dedup_by_key(|milestone| (milestone.step, milestone.at.lo));
    views
}

const LABORATORY: &[Step] = &[
    Step::Ordered,
    Step::Accepted,
    Step::Collected,
    Step::Received,
    Step::Analysed,
    Step::Final,
    Step::Delivered,
    Step::Reviewed,
];
const PATHOLOGY: &[Step] =
    &[Step::Ordered, Step::Collected, Step::Received, Step::InProcess, Step::Final, Step::Delivered, Step::Reviewed];
const EXAM: &[Step] = &[
    Step::Ordered,
    Step::Scheduled,
    Step::Arrived,
    Step::ExamStarted,
    Step::ExamEnded,
    Step::Final,
    Step::Delivered,
    Step::Reviewed,
];

/// The steps that a report of a kind usually takes; none for kinds without a usual way.
pub(crate) const fn path(kind: Option<Kind>) -> &'static [Step] {
    match kind {
        Some(Kind::Lab | Kind::Micro | Kind::BloodBank | Kind::Genetics) => LABORATORY,
        Some(Kind::Pathology) => PATHOLOGY,
        Some(Kind::Imaging | Kind::Cardiology | Kind::Pulmonary) => EXAM,
        Some(Kind::Document | Kind::Other) | None => &[],
    }
}

/// The first step of the path above the rank of the status; a rejected specimen must be collected again.
pub(crate) fn next_step(status: Option<Step>, kind: Option<Kind>) -> Option<Step> {
    let above = match status {
        Some(Step::Cancelled | Step::EnteredInError) => return None,
        Some(Step::Recollect) => Step::Arrived.rank(),
        Some(step) => step.rank(),
        None => Some(0),
    }?;
    path(kind).iter().copied().find(|step| step.rank().is_some_and(|rank| rank > above))
}

pub(crate) fn tightest(clocks: &[ClockView]) -> Option<Timestamp> {
    let running = clocks.iter().filter(|clock| clock.state == ClockState::Running);
    running.map(|clock| clock.reading.due).min()
}

fn exceptions(report: &Report, clocks: &[ClockView]) -> Vec<Exception> {
    let has = |flag| report.has_flag(FlagCode::Known(flag), Timestamp::MAX);
    let is_overdue = |clock: &ClockView| clock.state == ClockState::Breached && clock.reading.ended == Timestamp::MAX;
    let mut waits = report.cold.flags.iter().filter(|fact| matches!(fact.flag, FlagCode::Wait(_)));
    let found = [
        (Exception::Overdue, clocks.iter().any(is_overdue)),
        (Exception::Unsure, clocks.iter().any(|clock| clock.state == ClockState::Unsure)),
        (Exception::OnHold, has(Flag::OnHold)),
        (Exception::Waiting, waits.any(|fact| report.has_flag(fact.flag, Timestamp::MAX))),
        (Exception::IdentityConflict, has(Flag::IdentityConflict)),
    ];
    found.into_iter().filter(|(_, is)| *is).map(|(exception, _)| exception).collect()
}
