//! Script: the facts, entries and expectations of a test, as written.
//!
//! - **Not here**: instants (a stamp without a date takes the one before it), names: `crate::script`.

use wardline_rules::time::Date;
use wardline_rules::words::{Channel, Comparator};

use super::basic::{Amount, Duration, Name};
use super::condition::Value;
use super::moment::Moment;
use super::people::Ref;
use crate::source::{Span, Spanned};

mod read;

pub(crate) use read::{entries, expectations, given};

/// A stamp as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The date, where it is written.
    pub date: Option<Spanned<Date>>,
    /// Seconds after midnight.
    pub seconds: u32,
    /// Whether seconds were written.
    pub to_the_second: bool,
    /// Offset from UTC in seconds, where it is written.
    pub offset: Option<i32>,
    /// Where it stands.
    pub span: Span,
}

/// A fact of `given`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Delivery fails.
    Delivery {
        /// Only to this one.
        to: Option<Spanned<Ref>>,
        /// By this channel.
        by: Spanned<Channel>,
        /// So long after it began.
        after: Option<Spanned<Duration>>,
        /// Until then.
        until: Option<Stamp>,
    },
    /// Facts of every report of the test.
    Pairs(Vec<Pair>),
}

/// A field and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The field.
    pub field: Name,
    /// The sign before an off-scale value.
    pub sign: Option<Comparator>,
    /// The value; `None` for `missing`.
    pub value: Option<Value>,
    /// Where it stands.
    pub span: Span,
}

/// An entry of `at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Stamp,
    /// What.
    pub event: Event,
    /// Where it stands.
    pub span: Span,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something about a report.
    Report {
        /// Which report.
        label: Name,
        /// What happens; `None` for `report changes`.
        moment: Option<Moment>,
        /// With these facts.
        pairs: Vec<Pair>,
        /// When it happened, if not at the stamp.
        time: EventTime,
    },
    /// A message arrives from a feed.
    Message(Name),
    /// A feed changes.
    Feed(Name, FeedState),
    /// An operator silences a rule or site.
    Silence {
        /// What.
        what: Name,
        /// Until when.
        until: Box<Stamp>,
        /// Why.
        because: Name,
    },
    /// A silence is lifted.
    Lift(Name),
    /// A person does something about a notice.
    Answer {
        /// Who.
        who: Spanned<Ref>,
        /// What.
        act: Act,
        /// Said to be licensed or not.
        licensed: Option<bool>,
        /// The code is wrong.
        wrong_code: bool,
        /// For which report or group.
        scope: Option<Scope>,
    },
}

/// When a fact happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventTime {
    /// At the stamp of the entry.
    AtStamp,
    /// Then.
    AsOf(Stamp),
    /// The source gives no time.
    Without,
}

/// What a feed does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedState {
    /// It is lost.
    Lost,
    /// It is idle.
    Idle,
    /// It is connected.
    Connected,
}

/// What a person does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Reads.
    Reads,
    /// Declines.
    Declines,
    /// Acts.
    Acts,
    /// Answers, with a value read back if one is there.
    Answers(Option<(Option<Comparator>, Spanned<Amount>)>),
}

/// A report by its label, or a group by its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A report.
    Report(Name),
    /// A value of the field that a rule counts by.
    Group(Name),
}

/// An expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// When; at any time if nothing is said.
    pub at: Option<Stamp>,
    /// What.
    pub outcome: Outcome,
    /// Where it stands.
    pub span: Span,
}

/// What is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No message but those expected.
    NothingElse,
    /// No message.
    Nothing,
    /// A task.
    Task(Spanned<Ref>, Option<Scope>),
    /// An answer is refused.
    Refused(Refusal),
    /// The patient gets a notice.
    PatientSent {
        /// The notice, or how many are in the digest.
        what: PatientSent,
        /// By which channel.
        by: Spanned<Channel>,
        /// For which report.
        scope: Option<Scope>,
    },
    /// Somebody gets a message.
    Sent {
        /// Who.
        who: Spanned<Ref>,
        /// Which sort.
        what: SentWhat,
        /// By which channel.
        by: Spanned<Channel>,
        /// For which report or group.
        scope: Option<Scope>,
    },
    /// An alert shows a word.
    Alert {
        /// Which alert.
        name: Name,
        /// For which report or group.
        scope: Option<Scope>,
        /// The word.
        is: AlertIs,
    },
    /// A clock shows something.
    Clock {
        /// Which rule.
        name: Name,
        /// Of which report.
        label: Name,
        /// What it shows.
        is: ClockIs,
    },
}

/// What a patient gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatientSent {
    /// A notice.
    Notice(Name),
    /// A digest of so many.
    Digest(u64),
}

/// Which sort of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentWhat {
    /// A page.
    Paged,
    /// A reminder.
    Reminded,
    /// A tell.
    Told,
    /// A withdrawal.
    ToldOfWithdrawal,
    /// A digest of so many.
    Digest(u64),
}

/// Display words of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the word itself")]
pub enum AlertIs {
    NotRaised,
    Raised,
    Held,
    Delivered,
    Read,
    Answered,
    Declined,
    Withdrawn,
    Cleared,
    Closed,
    Unresolved,
}

/// What a clock shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClockIs {
    /// So much is used.
    Used(Spanned<Duration>),
    /// When it is due.
    DueAt(Stamp),
    /// Its state.
    State(ClockState),
}

/// States of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the word itself")]
pub enum ClockState {
    NotStarted,
    Running,
    Paused,
    Met,
    Breached,
    Cancelled,
    Restarted,
    Invalid,
}

/// Why an answer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The code is not of this alert.
    Code,
    /// The value read back differs.
    ReadBack,
    /// Nobody licensed.
    NotLicensed,
    /// Was not paged.
    NotPaged,
    /// Is over already.
    AlreadyClosed,
}
