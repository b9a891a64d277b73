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
