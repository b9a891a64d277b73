//! Step: which points in a report's life are there, in which order, and which of their times counts?
//!
//! - **Source**: domain page, section 3.1.

use super::{State, words};

words! {
    /// A point in a report's life.
    pub enum Step {
        Ordered = "ordered", Accepted = "accepted", Scheduled = "scheduled", Arrived = "arrived",
        Collected = "collected", ExamStarted = "exam_started", InTransit = "in_transit",
        Received = "received", ExamEnded = "exam_ended", InProcess = "in_process", Analysed = "analysed",
        Dictated = "dictated", Transcribed = "transcribed", Partial = "partial", Preliminary = "preliminary",
        Final = "final", Corrected = "corrected", Amended = "amended", Appended = "appended",
        Delivered = "delivered", Reviewed = "reviewed", Acknowledged = "acknowledged", Released = "released",
        PatientNotified = "patient_notified", PatientViewed = "patient_viewed", Recollect = "recollect",
        Cancelled = "cancelled", EnteredInError = "entered_in_error",
    }
}

/// What a step says something about, and which of several times of it counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// The order or the report, once; the earliest time counts.
    OrderFirst,
    /// The order or the report, once; the newest statement about that one physical moment counts.
    OrderTruth,
    /// The order or the report, as often as it happened: `recollect`.
    OrderEvery,
    /// An end; the latest time counts.
    End,
    /// What a version says; the earliest time counts.
    Version,
    /// Opens a version.
    Change,
    /// What happened to a version afterwards; the earliest time counts.
    After,
}

impl Step {
    /// Rank in the life of a report; ends and `recollect` have none.
    #[must_use]
    pub const fn rank(self) -> Option<u8> {
        Some(match self {
            Self::Ordered => 10,
            Self::Accepted => 15,
            Self::Scheduled => 20,
            Self::Arrived => 25,
            Self::Collected | Self::ExamStarted => 30,
            Self::InTransit => 35,
            Self::Received | Self::ExamEnded => 40,
            Self::InProcess => 45,
            Self::Analysed => 50,
            Self::Dictated => 52,
            Self::Transcribed => 55,
            Self::Partial => 58,
            Self::Preliminary => 60,
            Self::Final => 70,
            Self::Corrected | Self::Amended | Self::Appended => 80,
            Self::Delivered => 90,
            Self::Reviewed => 100,
            Self::Acknowledged => 105,
            Self::Released => 110,
            Self::PatientNotified => 120,
            Self::PatientViewed => 130,
            Self::Recollect | Self::Cancelled | Self::EnteredInError => return None,
        })
    }

    /// What it says something about and which of its times counts.
    #[must_use]
    pub const fn scope(self) -> Scope {
        match self {
            Self::Scheduled
            | Self::Arrived
            | Self::Collected
            | Self::ExamStarted
            | Self::Received
            | Self::ExamEnded => Scope::OrderTruth,
            Self::Ordered
            | Self::Accepted
            | Self::InTransit
            | Self::InProcess
            | Self::Analysed
            | Self::Dictated
            | Self::Transcribed => Scope::OrderFirst,
            Self::Recollect => Scope::OrderEvery,
            Self::Cancelled | Self::EnteredInError => Scope::End,
            Self::Partial | Self::Preliminary | Self::Final => Scope::Version,
            Self::Corrected | Self::Amended | Self::Appended => Scope::Change,
            Self::Delivered
            | Self::Reviewed
            | Self::Acknowledged
            | Self::Released
            | Self::PatientNotified
            | Self::PatientViewed => Scope::After,
        }
    }

    /// Its generic milestone name, as a ward writes it [CAT-3].
    #[must_use]
    pub const fn milestone(self) -> &'static str {
        match self {
            Self::Ordered => "order placed",
            Self::Accepted => "order accepted",
            Self::Scheduled => "exam scheduled",
            Self::Arrived => "patient arrived",
            Self::Collected => "specimen collected",
            Self::ExamStarted => "exam started",
            Self::InTransit => "specimen sent",
            Self::Received => "specimen received",
            Self::ExamEnded => "exam completed",
            Self::InProcess => "analysis started",
            Self::Analysed => "analysis completed",
            Self::Dictated => "report dictated",
            Self::Transcribed => "report transcribed",
            Self::Partial => "report partly issued",
            Self::Preliminary => "report issued early",
            Self::Final => "report finalised",
            Self::Corrected => "report corrected",
            Self::Amended => "report amended",
            Self::Appended => "report appended",
            Self::Delivered => "report delivered",
            Self::Reviewed => "report reviewed",
            Self::Acknowledged => "result acknowledged",
            Self::Released => "report released to the portal",
            Self::PatientNotified => "patient notified",
            Self::PatientViewed => "report viewed by the patient",
            Self::Recollect => "specimen rejected",
            Self::Cancelled => "order cancelled",
            Self::EnteredInError => "report entered in error",
        }
    }

    /// The step of a generic milestone name; `result` stands for `report`.
    #[must_use]
    pub fn from_milestone(name: &str) -> Option<Self> {
        let plain = |name: &'static str| name.strip_prefix("report ").or(name.strip_prefix("result ")).unwrap_or(name);
        let wanted = name.strip_prefix("report ").or(name.strip_prefix("result ")).unwrap_or(name);
        Self::ALL.iter().copied().find(|step| step.milestone() == name || plain(step.milestone()) == wanted)
    }

    /// Whether it carries results: such a step at or after a cancellation re-opens the report [REP-5].
    #[must_use]
    pub const fn is_result_bearing(self) -> bool {
        matches!(
            self,
            Self::Partial | Self::Preliminary | Self::Final | Self::Corrected | Self::Amended | Self::Appended
        )
    }

    /// Whether it opens a version [REP-8].
    #[must_use]
    pub const fn is_change(self) -> bool {
        matches!(self, Self::Corrected | Self::Amended | Self::Appended)
    }

    /// The state it leads to, as a ward names it.
    #[must_use]
    pub const fn state(self) -> State {
        match self {
            Self::Ordered => State::Ordered,
            Self::Accepted => State::Queued,
            Self::Scheduled => State::Booked,
            Self::Arrived => State::AwaitingExam,
            Self::Collected => State::AwaitingTransport,
            Self::ExamStarted => State::UnderWay,
            Self::InTransit => State::InTransit,
            Self::Received => State::AwaitingAnalysis,
            Self::ExamEnded => State::Unread,
            Self::InProcess | Self::Analysed | Self::Dictated | Self::Transcribed => State::InProcess,
            Self::Partial => State::Incomplete,
            Self::Preliminary => State::Preliminary,
            Self::Final => State::Final,
            Self::Corrected | Self::Amended | Self::Appended => State::Revised,
            Self::Delivered => State::AwaitingReview,
            Self::Reviewed => State::Read,
            Self::Acknowledged => State::Called,
            Self::Released => State::OnThePortal,
            Self::PatientNotified => State::AwaitingThePatient,
            Self::PatientViewed => State::SeenByThePatient,
            Self::Recollect => State::AwaitingRecollection,
            Self::Cancelled => State::Discontinued,
            Self::EnteredInError => State::Void,
        }
    }
}
