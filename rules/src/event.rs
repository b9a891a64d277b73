//! Event: what is one clinical fact, as every source is made to say it?
//!
//! One event states one fact about one report, patient, encounter or feed. Codecs make it, wards speak of it, the log
//! stores it. What a source left out is [`Given::Absent`]; what it unsaid is [`Given::Cleared`] [EVT-4].
//!
//! - **How it fits**: codecs return events, `wardline-core` applies them. Raw identifiers never get this far: patients,
//!   encounters and people are tokens.
//! - LIMIT: lists are bounded by [`limits`](crate::limits); a codec keeps to them.
//! - **Source**: domain page, section 2.
//! - **Not here**: JSON or HL7 ([`wardline-connectors`]), the bytes of the log (`wardline-core`).

use crate::{
    Text,
    decimal::Decimal,
    quality::Note,
    time::{EventTime, Timestamp},
    token::Token,
    words::{
        Abnormal, Act, Channel, Comparator, Evidence, Flag, Format, Kind, MergeWhat, PatientClass, Priority,
        ResultStatus, Role, Step,
    },
};

/// One clinical fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Unique per source for ever; the idempotency key.
    pub event_id: Text,
    /// Name of the configured feed.
    pub source: Text,
    /// What the fact is.
    pub fact: Fact,
    /// The message it came in.
    pub msg: Msg,
    /// Which report it is about; all empty where it is about none.
    pub report: ReportIds,
    /// The patient.
    pub patient: Option<Token>,
    /// The encounter.
    pub encounter: Option<Token>,
    /// The sort of report.
    pub kind: Option<Kind>,
    /// What was ordered or reported, primary code first.
    pub tests: Vec<Code>,
    /// How urgent.
    pub priority: Given<Priority>,
    /// When it happened, in the source's view; `None` only for a heartbeat, which happens when it arrives.
    pub occurred_at: Option<EventTime>,
    /// How sure `occurred_at` is.
    pub evidence: Evidence,
    /// Other steps the same message proves.
    pub milestones: Vec<Milestone>,
    /// When collection or exam is planned.
    pub planned_at: Given<EventTime>,
    /// When it arrived: set by the engine, or by the producer of an import.
    pub received_at: Option<Timestamp>,
    /// Hospital or clinic.
    pub site: Option<Text>,
    /// Performing bench or service.
    pub department: Option<Text>,
    /// The patient's unit.
    pub location: Given<Text>,
    /// How the patient is in care.
    pub class: Given<PatientClass>,
    /// People and what they are to the report.
    pub people: Vec<Person>,
    /// Flags that begin.
    pub flags: Vec<ReportFlag>,
    /// Flags that end.
    pub flags_off: Vec<ReportFlag>,
    /// Single results.
    pub results: Vec<ResultItem>,
    /// Coded reason of a cancellation, correction, hold or refusal.
    pub reason: Option<Text>,
    /// By which channel, where the fact is that somebody was reached.
    pub channel: Option<Channel>,
    /// Whether narrative text exists at the source; the text itself never enters [EVT-7].
    pub narrative: bool,
    /// Further coded fields, by key.
    pub attributes: Vec<(Text, Given<Scalar>)>,
    /// What was wrong with the message; becomes data-quality rows.
    pub notes: Vec<Note>,
}

/// What the fact is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// A step was reached.
    Step(Step),
    /// Fields changed, no step.
    Update,
    /// A person did something about a notice.
    Answer(Box<Answer>),
    /// Two identities are one.
    Merge(Box<Merge>),
    /// Where and how the patient is in care changed.
    Encounter,
    /// The feed is alive; nothing else.
    Heartbeat,
    /// Bytes that nobody could read: a dead letter. `reason` of the event says why.
    Unreadable {
        /// Length of the message in bytes.
        size: u32,
        /// First 16 bytes of the SHA-256 of the message.
        sha: [u8; 16],
    },
}

impl Fact {
    /// Its sort, in the word that formats write.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Step(_) => "step",
            Self::Update => "update",
            Self::Answer(_) => "answer",
            Self::Merge(_) => "merge",
            Self::Encounter => "encounter",
            Self::Heartbeat => "heartbeat",
            Self::Unreadable { .. } => "unreadable",
        }
    }
}

/// A field that may be left out, unsaid or given [EVT-4].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Given<T> {
    /// Nothing was said: what is known stays.
    #[default]
    Absent,
    /// It was unsaid: what was known is no longer.
    Cleared,
    /// It was said.
    Value(T),
}

impl<T> Given<T> {
    /// The value, if one was said.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Cleared => None,
        }
    }
}

impl<T> From<Option<T>> for Given<T> {
    fn from(option: Option<T>) -> Self {
        option.map_or(Self::Absent, Self::Value)
    }
}

/// The message an event came in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Msg {
    /// MSH-10, `Bundle.identifier`, or nothing.
    pub id: Option<Text>,
    /// When the message was made.
    pub made_at: Option<EventTime>,
    /// Sending application.
    pub app: Option<Text>,
    /// Sending facility.
    pub facility: Option<Text>,
    /// How it came.
    pub format: Option<Format>,
    /// `ORU^R01`, `Bundle/message` …
    pub trigger: Option<Text>,
    /// First 16 bytes of the SHA-256 of the raw message.
    pub sha: Option<[u8; 16]>,
}

/// The numbers a report is known by, and its ties to others.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct ReportIds {
    /// The number of who ordered.
    pub placer: Option<Ident>,
    /// The number of who performs.
    pub filler: Option<Ident>,
    /// The specimen or study number.
    pub accession: Option<Ident>,
    /// The requisition.
    pub group: Option<Ident>,
    /// The report that caused this one.
    pub parent: Option<Ident>,
    /// The report that this one replaces.
    pub replaces: Option<Ident>,
}

impl ReportIds {
    /// Whether none of the three numbers that identify a report is there [IDN-7].
    #[must_use]
    pub const fn is_anonymous(&self) -> bool {
        self.placer.is_none() && self.filler.is_none() && self.accession.is_none()
    }
}

/// An identifier within a namespace; both trimmed, case kept [IDN-4].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ident {
    /// The identifier.
    pub id: Text,
    /// Its namespace; empty if none was said and the source has no default.
    pub ns: Text,
}

/// A code of some system.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Code {
    /// The code.
    pub code: Text,
    /// `loinc`, `snomed`, `L` …; empty if not said.
    pub system: Text,
    /// Its text, for people.
    pub display: Text,
}

/// A further step that the message proves.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Milestone {
    /// The step.
    pub step: Step,
    /// When.
    pub at: EventTime,
    /// How sure.
    pub evidence: Evidence,
}

/// A person and what they are to the report.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Person {
    /// What they are to it.
    pub role: Role,
    /// Who.
    pub token: Token,
}

/// A flag of a report, as events name it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ReportFlag {
    /// One that every installation knows.
    Known(Flag),
    /// `wait.<reason>`: the reason.
    Wait(Text),
}

/// One value of a report.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ResultItem {
    /// What was measured.
    pub code: Code,
    /// Distinguishes several of one code; empty if there is one.
    pub sub: Text,
    /// The value.
    pub value: ResultValue,
    /// UCUM code as sent; empty if none.
    pub unit: Text,
    /// Lower end of the reference range.
    pub ref_low: Option<Decimal>,
    /// Upper end of the reference range.
    pub ref_high: Option<Decimal>,
    /// Codes of HL7 table 0078.
    pub abnormal: Vec<Abnormal>,
    /// How far it is.
    pub status: ResultStatus,
    /// When the specimen or patient was observed.
    pub observed_at: Option<EventTime>,
    /// What the producer says about criticality.
    pub critical: Option<bool>,
}

/// A result's value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ResultValue {
    /// None was sent.
    None,
    /// A number, off the scale if it has a sign.
    Number(Option<Comparator>, Decimal),
    /// An answer from a list.
    Coded(Code),
    /// A short word in capitals, such as `POSITIVE`.
    Word(Text),
    /// There is text at the source; it never enters.
    Narrative,
}

/// What somebody did about a notice.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Answer {
    /// What they did.
    pub act: Act,
    /// The code of the notice, six of Crockford's base-32.
    pub code: Option<Text>,
    /// The id of the notice.
    pub nid: Option<[u8; 16]>,
    /// Who answered.
    pub by: Option<Token>,
    /// Their licence, as the identity provider names it.
    pub licence: Option<Text>,
    /// Who told them, where a call is documented.
    pub told_by: Option<Token>,
    /// The value read back.
    pub value: Option<(Option<Comparator>, Decimal)>,
    /// The unit read back; empty means that of the test.
    pub unit: Text,
    /// Which result it is about.
    pub result: Option<Code>,
}

/// Two identities that are one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Merge {
    /// Two patients or two encounters.
    Tokens {
        /// Which of both.
        what: MergeWhat,
        /// The one that goes.
        from: Token,
        /// The one that stays.
        into: Token,
    },
    /// Two reports: the one that goes, the one that stays.
    Reports(Box<(ReportIds, ReportIds)>),
}

/// An attribute's value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scalar {
    /// A coded text.
    Text(Text),
    /// A number.
    Number(Decimal),
    /// Yes or no.
    Flag(bool),
}

impl Event {
    /// An event of `source` that states `fact`, with nothing else said.
    #[must_use]
    pub fn new(source: &str, event_id: &str, fact: Fact) -> Self {
        Self {
            event_id: Text::from(event_id),
            source: Text::from(source),
            fact,
            msg: Msg::default(),
            report: ReportIds::default(),
            patient: None,
            encounter: None,
            kind: None,
            tests: Vec::new(),
            priority: Given::Absent,
            occurred_at: None,
            evidence: Evidence::Own,
            milestones: Vec::new(),
            planned_at: Given::Absent,
            received_at: None,
            site: None,
            department: None,
            location: Given::Absent,
            class: Given::Absent,
            people: Vec::new(),
            flags: Vec::new(),
            flags_off: Vec::new(),
            results: Vec::new(),
            reason: None,
            channel: None,
            narrative: false,
            attributes: Vec::new(),
            notes: Vec::new(),
        }
    }
}
