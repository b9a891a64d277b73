//! Script: what does a `test` block let happen, and what must come of it?
//!
//! Names and instants are resolved: the driver compares, it does not read. Everything is in the order of the file.
//! ```text
//!  given     facts of every report of the test, faults of delivery
//!  at        entries: a report event, a message, a feed, a silence, an answer
//!  then      expectations: at a stamp (compared at its precision) or at any time
//!  end       the end of the last stamp; time runs to there and no further
//! ```
//! - **How it fits**: [`check`](crate::check()) makes [`Test`]s, the engine's test driver runs them.
//! - LIMIT: those of the text; a test has no more entries than its block has lines.
//! - **Not here**: running, comparing, coverage.

use wardline_rules::Text;
use wardline_rules::decimal::Decimal;
use wardline_rules::program::{FeedId, Length, SiteId, TestId, Who};
use wardline_rules::time::{Timestamp, Zone};
use wardline_rules::unit::Unit;
use wardline_rules::words::{Channel, Comparator, Flag, FlagWord, KindSet, PatientClass, Priority, Role, Step};

use crate::source::Span;

pub use crate::syntax::script::{AlertIs, ClockState, FeedState, Refusal};

/// One scripted day.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Its name.
    pub name: Text,
    /// Where its header stands.
    pub span: Span,
    /// The zone of its stamps.
    pub zone: Zone,
    /// Facts that every report of the test has, from its first entry on.
    pub given: Vec<Fact>,
    /// Deliveries that fail; all others succeed in the same instant.
    pub faults: Vec<Fault>,
    /// What happens, never backwards; entries of one instant are one batch.
    pub entries: Vec<Entry>,
    /// What is expected, in the order of the file.
    pub expectations: Vec<Expectation>,
    /// The end of the last stamp that begins an entry or an expectation, exclusive.
    pub end: Timestamp,
}

/// One field of a report.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// The order it belongs to, by a label of the test.
    Order(Text),
    /// The patient, by a label of the test; reports of one label share the patient.
    Patient(Text),
    /// The patient's zone.
    PatientZone(Zone),
    /// The channel the patient prefers.
    PatientPreference(Channel),
    /// The kinds that are possible; of several the first is meant.
    Kind(KindSet),
    /// The priority; `Unknown` also for `priority is missing`.
    Priority(Priority),
    /// The feed it comes from.
    Feed(FeedId),
    /// The test that is ordered or resulted.
    Test(TestId),
    /// The value of the result last named.
    Value(Reading),
    /// The coded text of the result last named.
    Finding(Text),
    /// A flag of the report, or a code of table 0078 of its result; holds from the event time.
    Flag(FlagWord),
    /// A flag of the patient.
    PatientFlag(Flag),
    /// The patient is known to have no flag.
    NoPatientFlag,
    /// The patient class.
    Class(PatientClass),
    /// The site.
    Site(SiteId),
    /// The department.
    Department(Text),
    /// The place.
    Location(Text),
    /// An attribute of the event by its key: `specimen_class`, `body_site`, `modality`, `patient_risk`.
    Attribute(&'static str, Text),
    /// Whole years.
    PatientAge(u8),
    /// Nothing is known of this.
    Missing(Unknown),
}

/// A field that a test says is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// No test code.
    Test,
    /// No value.
    Value,
    /// No coded text.
    Finding,
    /// No patient class.
    Class,
    /// No site.
    Site,
    /// No department.
    Department,
    /// No place.
    Location,
    /// No such attribute.
    Attribute(&'static str),
    /// Nothing about flags of the patient.
    PatientFlag,
    /// Nobody in this role.
    Person(Role),
    /// No patient preference.
    PatientPreference,
    /// No zone of the patient.
    PatientZone,
}

/// A value with its sign and unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Set for an off-scale value.
    pub sign: Option<Comparator>,
    /// The number as written.
    pub number: Decimal,
    /// Its unit; without one that of the test.
    pub unit: Option<Unit>,
}

/// Deliveries that fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Only those to this one.
    pub to: Option<Who>,
    /// By this channel.
    pub by: Channel,
    /// How long after the attempt began it is known to have failed; at once if none.
    pub after: Option<wardline_rules::time::Span>,
    /// Until then; for the whole test if none.
    pub until: Option<Timestamp>,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The log time at which Wardline hears of it.
    pub at: Timestamp,
    /// Where it stands.
    pub span: Span,
    /// What.
    pub event: Event,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// News about a report.
    Report {
        /// Its label; one label is one report.
        report: Text,
        /// What happened.
        news: News,
        /// When, in the source's view; `None` if the source gives no time.
        occurred_at: Option<Timestamp>,
        /// Facts from that time on.
        facts: Vec<Fact>,
    },
    /// A message arrives from a feed.
    Message(FeedId),
    /// A feed changes.
    Feed(FeedId, FeedState),
    /// An operator silences a rule or a site.
    Silence {
        /// What.
        what: Silenced,
        /// Until when.
        until: Timestamp,
        /// Why.
        because: Text,
    },
    /// A silence is lifted.
    Lift(Silenced),
    /// Somebody answers.
    Answer {
        /// Who.
        who: Who,
        /// What they do.
        act: Act,
        /// Whether they are licensed: as said, else clinician roles are and others are not [TEST-4].
        licensed: bool,
        /// Whether the code of the notice is right.
        right_code: bool,
        /// Which report or group; the newest open alert that paged them if none.
        scope: Option<Scope>,
    },
}

/// What happened to a report.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// What, `None` where only facts change.
    pub happening: Option<wardline_rules::program::Happening>,
    /// The step, where it is one.
    pub step: Option<Step>,
    /// Whether it is said of a result.
    pub of_result: bool,
    /// The kinds named before the subject or by a trade word; all if none is.
    pub kinds: KindSet,
}

/// What an operator silences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silenced {
    /// A rule by its id.
    Rule(Text),
    /// A site.
    Site(SiteId),
}

/// What somebody does about a notice.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Reads it.
    Reads,
    /// Declines.
    Declines,
    /// Acts.
    Acts,
    /// Accepts, with a value read back if one is there.
    Answers(Option<Reading>),
}

/// A report, or a group of a rule that counts apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A report by its label.
    Report(Text),
    /// A value of the field that a rule counts by.
    Group(Text),
}

/// The instants a stamp means: from, inclusive, to, exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub from: Timestamp,
    /// First instant after it.
    pub to: Timestamp,
}

/// Something that must come of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// When; at any time if none.
    pub at: Option<Window>,
    /// Where it stands.
    pub span: Span,
    /// What.
    pub outcome: Outcome,
}

/// What is expected.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Every message of the run is matched by an expectation.
    NothingElse,
    /// No message at all.
    Nothing,
    /// A task is opened.
    Task(Who, Option<Scope>),
    /// An answer is refused.
    Refused(Refusal),
    /// Somebody is sent something.
    Sent {
        /// Who; a role or roster matches under its own name and under the person it resolved to.
        who: Who,
        /// What.
        what: Sent,
        /// By which channel.
        by: Channel,
        /// About which report or group.
        scope: Option<Scope>,
    },
    /// An alert shows a word.
    Alert {
        /// The rule's id.
        rule: Text,
        /// For which report or group.
        scope: Option<Scope>,
        /// Which word.
        is: AlertIs,
    },
    /// A clock shows something.
    Clock {
        /// The id of the sla or exception.
        rule: Text,
        /// Of which report.
        report: Text,
        /// What.
        is: ClockShows,
    },
}

/// What is sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent {
    /// A page.
    Page,
    /// A reminder.
    Reminder,
    /// A tell.
    Tell,
    /// A withdrawal.
    Withdrawal,
    /// A digest of so many.
    Digest(u64),
    /// A notice to the patient, by its rule's id.
    Notice(Text),
}

/// What a clock shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClockShows {
    /// So much is used at the stamp.
    Used(Length),
    /// It is due in this window.
    DueAt(Window),
    /// It became this.
    State(ClockState),
}
