//! Output: what does the core ask the world to do, and what does it say happened?
//!
//! One closed set, in log order. The caller lends the buffers and empties them; a steady `step` allocates nothing.
//!
//! - **Not here**: sending. A notice is sent only after its `started` attempt came back as [`Go`] (guarantees 3.1).

use wardline_rules::{
    Text,
    program::{Level, SeverityId, Who},
    quality::Fault,
    time::Timestamp,
    token::Token,
    words::Channel,
};

use crate::{
    disposition::EventOutcome,
    ids::{AlertId, Nid, ReportId},
};

/// What one `step` says.
#[derive(Debug, Default)]
pub struct Output {
    /// Changes of alerts, clocks and notices, in log order.
    pub transitions: Vec<Transition>,
    /// Notices that came to be.
    pub obligations: Vec<Obligation>,
    /// Attempts whose start was taken: send these now, once they are durable.
    pub go: Vec<Go>,
    /// What became of each event of the batch, in the order in which they stand in it.
    pub events: Vec<EventOutcome>,
    /// What became of answers.
    pub answers: Vec<AnswerOutcome>,
    /// Data-quality rows.
    pub quality: Vec<QualityRow>,
    /// Tasks opened for a desk.
    pub tasks: Vec<Task>,
    /// The earliest timer still armed: the driver closes a batch then.
    pub next_due: Option<Timestamp>,
    /// Index in the batch of the input being applied; `None` while timers fire and at the end. Whoever catches a fault of
    /// ours in the middle of a `step` reads here which input it was at.
    pub at_input: Option<u32>,
}

impl Output {
    /// Empties all lists and keeps their room.
    pub fn clear(&mut self) {
        self.transitions.clear();
        self.obligations.clear();
        self.go.clear();
        self.events.clear();
        self.answers.clear();
        self.quality.clear();
        self.tasks.clear();
        self.next_due = None;
        self.at_input = None;
    }
}

/// A change of state of something that a rule made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    /// Log time.
    pub at: Timestamp,
    /// Rule id: `alert/Critical potassium`.
    pub rule: Text,
    /// The report, if it is about one.
    pub report: Option<ReportId>,
    /// The group, if it is about one: a feed, a site; empty otherwise.
    pub group: Text,
    /// The alert it is about, or that a notice belongs to; `None` for clocks.
    pub alert: Option<AlertId>,
    /// What changed, and to what.
    pub change: Change,
    /// How bad; `None` for clocks.
    pub severity: Option<SeverityId>,
    /// The name of that severity; empty for clocks.
    pub severity_name: Text,
    /// The generation of the alert, from 1; 0 for clocks, and for a case that `once` kept from being raised.
    pub generation: u32,
    /// How the alert stood; `None` for clocks.
    pub alert_facts: Option<AlertFacts>,
}

/// What figures need to know of the alert behind a transition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AlertFacts {
    /// How urgently it is delivered.
    pub level: Level,
    /// Event time of the moment that raised it.
    pub cause: Timestamp,
    /// Whether somebody had answered it at any time.
    pub was_answered: bool,
}

/// What changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// A clock of an sla.
    Clock(ClockState, ClockReading),
    /// An alert.
    Alert(AlertState, Text),
    /// A notice.
    Notice(NoticeState, Box<NoticeHead>),
}

/// States of a clock (language 5.4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ClockState {
    /// It runs.
    Running,
    /// It waits.
    Paused,
    /// Stopped at or before its due time.
    Met,
    /// Its due time passed.
    Breached,
    /// It ended without outcome.
    Cancelled,
    /// It began again from zero.
    Restarted,
    /// Stopped before it started.
    Invalid,
    /// Its outcome cannot be known [TIM-9].
    Unsure,
}

/// The figures of a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClockReading {
    /// When it started, event time.
    pub started: Timestamp,
    /// When its target ends, as known now; `MAX` while paused.
    pub due: Timestamp,
    /// When it ended; `MAX` while it runs.
    pub ended: Timestamp,
}

/// Display words of an alert [ALERT-9].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AlertState {
    /// It fired.
    Raised,
    /// It fired and is muted.
    Held,
    /// One notice was delivered.
    Delivered,
    /// Somebody read it.
    Read,
    /// All asked so far declined.
    Declined,
    /// Somebody answered.
    Answered,
    /// Nobody answered.
    Unresolved,
    /// It is over.
    Closed,
    /// What it waited for came, late.
    Cleared,
    /// Its cause is gone.
    Withdrawn,
}

/// States of a notice (guarantees 3.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NoticeState {
    /// True, but not sent yet.
    Held,
    /// May start.
    Ready,
    /// Being tried.
    Started,
    /// Waits to be tried again.
    Waiting,
    /// Nobody knows whether it went out.
    Unsure,
    /// It got there.
    Delivered,
    /// No longer true.
    Withdrawn,
    /// Its time passed.
    Expired,
    /// All tries are used up, or it was refused for good.
    Exhausted,
}

impl ClockState {
    /// The word that rows and `try` lines show.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Met => "met",
            Self::Breached => "breached",
            Self::Cancelled => "cancelled",
            Self::Restarted => "restarted",
            Self::Invalid => "invalid",
            Self::Unsure => "unsure",
        }
    }
}

impl AlertState {
    /// The word that rows and `try` lines show.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Declined => "declined",
            Self::Answered => "answered",
            Self::Unresolved => "unresolved",
            Self::Closed => "closed",
            Self::Cleared => "cleared",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl NoticeState {
    /// The word that rows and `try` lines show.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Ready => "ready",
            Self::Started => "started",
            Self::Waiting => "waiting",
            Self::Unsure => "unsure",
            Self::Delivered => "delivered",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Exhausted => "exhausted",
        }
    }

    /// Whether nothing more can come of it.
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Delivered | Self::Withdrawn | Self::Expired | Self::Exhausted)
    }
}

/// What identifies a notice to people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoticeHead {
    /// Its id.
    pub nid: Nid,
    /// Whom: the role as the ward names it and who that is.
    pub recipient: Recipient,
    /// By which channel.
    pub channel: Channel,
    /// Step part of the nid: source, run, round, step, part.
    pub step: Text,
}

/// A role and the person it resolved to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Recipient {
    /// The role as the ward names it.
    pub role: Who,
    /// Who that is now.
    pub party: Party,
}

/// Somebody who can be reached.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Party {
    /// A clinician whom a report names; the directory knows the addresses.
    Token(Token),
    /// A person of the ward.
    Person(Text),
    /// A desk of the ward.
    Desk(Text),
}

/// What a notice is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Purpose {
    /// Awaits an answer.
    Page,
    /// Asks again.
    Reminder,
    /// Awaits none.
    Tell,
    /// What was sent is no longer true.
    Withdrawal,
}

/// Somebody must be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Obligation {
    /// Whom, how, and which notice.
    pub head: NoticeHead,
    /// Which alert it belongs to.
    pub alert: AlertId,
    /// Rule id.
    pub rule: Text,
    /// The report, if it is about one.
    pub report: Option<ReportId>,
    /// The group, if it is about one: a feed, a site; empty otherwise.
    pub group: Text,
    /// What it is for.
    pub purpose: Purpose,
    /// Its severity's word.
    pub severity: Text,
    /// Its delivery level.
    pub level: Level,
    /// How many items it tells of; more than one is a digest.
    pub count: u32,
    /// When it came to be, log time.
    pub created: Timestamp,
    /// When the next channel starts unless it is delivered.
    pub deadline: Timestamp,
}

/// Send this attempt now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Go {
    /// Which notice.
    pub nid: Nid,
    /// Which try, from 1.
    pub number: u32,
    /// Whether it may have been sent before: the text says "Possible repeat".
    pub is_repeat: bool,
}

/// What became of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnswerOutcome {
    /// The event that carried it.
    pub event_id: Text,
    /// Accepted, or refused and why.
    pub verdict: AnswerVerdict,
    /// Which alert it was about, if any.
    pub alert: Option<AlertId>,
}

/// Whether an answer counts [ESC-5].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AnswerVerdict {
    /// It counts.
    Accepted,
    /// It is recorded and changes nothing.
    Recorded,
    /// No alert fits it.
    Orphan,
    /// The alert has ended.
    AlreadyClosed,
    /// The code belongs to another notice.
    CodeDoesNotMatch,
    /// This person was not paged.
    NotPaged,
    /// A licence is needed.
    NotLicensed,
    /// The value read back is not the current one.
    ReadBackDoesNotMatch,
}

impl AnswerVerdict {
    /// What is told to whoever answered.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Recorded => "recorded",
            Self::Orphan => "no such notice",
            Self::AlreadyClosed => "already closed",
            Self::CodeDoesNotMatch => "code does not match",
            Self::NotPaged => "not paged",
            Self::NotLicensed => "not a licensed clinician",
            Self::ReadBackDoesNotMatch => "read-back does not match",
        }
    }
}

/// A data-quality row: never a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QualityRow {
    /// Log time.
    pub at: Timestamp,
    /// The feed.
    pub source: Text,
    /// What kind of fault.
    pub fault: Fault,
    /// The rule concerned, if any.
    pub rule: Text,
    /// The field concerned, if any.
    pub field: Text,
}

/// Nobody answered: a desk has it now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Task {
    /// Log time at which the alert was raised.
    pub raised: Timestamp,
    /// Which alert.
    pub alert: AlertId,
    /// The desk.
    pub desk: Text,
    /// Rule id.
    pub rule: Text,
    /// The severity's word.
    pub severity: Text,
    /// How urgent it is.
    pub level: Level,
    /// The report, if it is about one.
    pub report: Option<ReportId>,
}
