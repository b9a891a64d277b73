//! Condition: what must be so, when, and what if nobody knows?
//!
//! A condition is a chain of atoms without brackets [LEX-4]; each atom compares one field. A moment is a point in time, a
//! situation lasts.

use super::{Call, FeedId};
use crate::{
    Text,
    decimal::Decimal,
    program::TestId,
    time::Span,
    unit::Quantity,
    words::{Flag, FlagWord, KindSet, PatientClass, Priority, StateSet, Step},
};

/// A condition over the facts of a report or result. Empty `All` is always true.
#[derive(Clone, PartialEq, Debug)]
pub enum Condition {
    /// All must hold.
    All(Vec<Condition>),
    /// One must hold.
    Any(Vec<Condition>),
    /// One comparison.
    Atom(Atom),
    /// What a script says.
    Call(Call),
}

impl Condition {
    /// The condition that is always true.
    #[must_use]
    pub const fn always() -> Self {
        Self::All(Vec::new())
    }

    /// The condition that is never true.
    #[must_use]
    pub const fn never() -> Self {
        Self::Any(Vec::new())
    }

    /// Every question put to a script, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<&Call> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::calls).collect(),
            Self::Atom(_) => Vec::new(),
            Self::Call(call) => vec![call],
        }
    }

    /// Whether a script is asked.
    #[must_use]
    pub fn asks(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::asks),
            Self::Atom(_) => false,
            Self::Call(_) => true,
        }
    }
}

/// One comparison of one field.
#[derive(Clone, PartialEq, Debug)]
pub struct Atom {
    /// What is looked at.
    pub field: Field,
    /// What it is compared with.
    pub comparison: Comparison,
}

/// A field of section 4.3 of the language.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Field {
    /// The ward kind.
    Kind,
    /// The priority; `unknown` when the source is silent.
    Priority,
    /// The derived state.
    State,
    /// The set of flags.
    Flag,
    /// The feed the news came from.
    Feed,
    /// Any test of the report, or the test of the result.
    Test,
    /// The value of a result.
    Value,
    /// The coded text of a result.
    Finding,
    /// The newest earlier result of the same test and patient.
    PreviousValue,
    /// `value` minus `previous value`.
    Change,
    /// Since the newest earlier order of the same test for the same patient.
    TimeSinceSameTest,
    /// Attribute `specimen_class`.
    SpecimenClass,
    /// Attribute `body_site`.
    SpecimenSite,
    /// Attribute `modality`.
    Modality,
    /// The site.
    Site,
    /// The department.
    Department,
    /// The place.
    Location,
    /// The patient class.
    PatientClass,
    /// Attribute `patient_risk`.
    PatientRisk,
    /// The set of patient flags: `no_portal`, `deceased`.
    PatientFlag,
    /// Attribute `patient_age`, whole years.
    PatientAge,
    /// Whether an ordering clinician is known.
    OrderingClinician,
    /// Whether an attending clinician is known.
    AttendingClinician,
    /// Whether a reporting clinician is known.
    ReportingClinician,
}

impl Field {
    /// All of them, in order.
    pub const ALL: &'static [Self] = &[
        Self::Kind,
        Self::Priority,
        Self::State,
        Self::Flag,
        Self::Feed,
        Self::Test,
        Self::Value,
        Self::Finding,
        Self::PreviousValue,
        Self::Change,
        Self::TimeSinceSameTest,
        Self::SpecimenClass,
        Self::SpecimenSite,
        Self::Modality,
        Self::Site,
        Self::Department,
        Self::Location,
        Self::PatientClass,
        Self::PatientRisk,
        Self::PatientFlag,
        Self::PatientAge,
        Self::OrderingClinician,
        Self::AttendingClinician,
        Self::ReportingClinician,
    ];

    /// The ward's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Priority => "priority",
            Self::State => "state",
            Self::Flag => "flag",
            Self::Feed => "feed",
            Self::Test => "test",
            Self::Value => "value",
            Self::Finding => "finding",
            Self::PreviousValue => "previous value",
            Self::Change => "change",
            Self::TimeSinceSameTest => "time since same test",
            Self::SpecimenClass => "specimen class",
            Self::SpecimenSite => "specimen site",
            Self::Modality => "modality",
            Self::Site => "site",
            Self::Department => "department",
            Self::Location => "location",
            Self::PatientClass => "patient class",
            Self::PatientRisk => "patient risk",
            Self::PatientFlag => "patient flag",
            Self::PatientAge => "patient age",
            Self::OrderingClinician => "ordering clinician",
            Self::AttendingClinician => "attending clinician",
            Self::ReportingClinician => "reporting clinician",
        }
    }

    /// Reads a ward's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.word() == word)
    }

    /// Whether it may be absent, so that a condition on it must say what then [COND-5].
    #[must_use]
    pub const fn may_be_absent(self) -> bool {
        !matches!(self, Self::Kind | Self::Priority | Self::State | Self::Flag | Self::Feed)
    }

    /// Whether it belongs to a single result and needs a moment with subject `result`.
    #[must_use]
    pub const fn is_of_result(self) -> bool {
        matches!(self, Self::Value | Self::Finding | Self::PreviousValue | Self::Change)
    }

    /// The attribute of an event that carries it, if one does.
    #[must_use]
    pub const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::SpecimenClass => Some("specimen_class"),
            Self::SpecimenSite => Some("body_site"),
            Self::Modality => Some("modality"),
            Self::PatientRisk => Some("patient_risk"),
            Self::PatientAge => Some("patient_age"),
            Self::Kind
            | Self::Priority
            | Self::State
            | Self::Flag
            | Self::Feed
            | Self::Test
            | Self::Value
            | Self::Finding
            | Self::PreviousValue
            | Self::Change
            | Self::TimeSinceSameTest
            | Self::Site
            | Self::Department
            | Self::Location
            | Self::PatientClass
            | Self::PatientFlag
            | Self::OrderingClinician
            | Self::AttendingClinician
            | Self::ReportingClinician => None,
        }
    }
}

/// What a field is compared with. Sets: `is x` and `is one of x, y` are `OneOf`, `is not …` is `NoneOf`; for fields that
/// are sets themselves `OneOf` asks whether one is contained, `NoneOf` whether none is [CAT-7].
#[derive(Clone, PartialEq, Debug)]
pub enum Comparison {
    /// Nothing is known of it.
    Missing,
    /// Something is known of it.
    Present,
    /// `kind` is among these; `true` stands for "is", `false` for "is not", in all variants below.
    Kinds(bool, KindSet),
    /// `priority` is among these.
    Priorities(bool, Vec<Priority>),
    /// `state` is among these.
    States(bool, StateSet),
    /// `flag` or `patient flag` holds one of these; an empty list is `none`.
    Flags(bool, Vec<FlagWord>),
    /// `feed` is one of these.
    Feeds(bool, Vec<FeedId>),
    /// `test` is one of these.
    Tests(bool, Vec<TestId>),
    /// `patient class` is one of these.
    Classes(bool, Vec<PatientClass>),
    /// `site`, `department`, `location`, `modality`, `specimen class`, `specimen site`, `patient risk` or `finding` is one of
    /// these names. Attribute values are compared without regard to case and with `_` for blanks.
    Names(bool, Vec<Text>),
    /// A number, quantity or duration lies in this range; `is 5` is `AtLeast(5)` and `AtMost(5)` in one `Between`.
    Range(bool, Bounds),
}

/// Bounds of a range; see [LEX-3] for which of them include their end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bounds {
    /// Below, without the bound.
    Below(Operand),
    /// Above, without the bound.
    Above(Operand),
    /// At least, with the bound.
    AtLeast(Operand),
    /// At most, with the bound.
    AtMost(Operand),
    /// Both bounds included.
    Between(Operand, Operand),
    /// Below the first or above the second, both excluded.
    Outside(Operand, Operand),
}

/// An amount to compare with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Operand {
    /// A number with a unit, normalised within its dimension.
    Quantity(Quantity),
    /// A plain number.
    Number(Decimal),
    /// A length of time.
    Span(Span),
}

/// What to do if a field is absent.
#[derive(Clone, PartialEq, Debug)]
pub struct Missing {
    /// What is missing.
    pub what: Missed,
    /// What follows.
    pub then: MissingThen,
}

/// What may be missing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Missed {
    /// A field.
    Field(Field),
    /// The result of a script's decision.
    Decision,
    /// The result of a function.
    Function(Text),
}

/// What follows from a missing field [COND-3] [COND-4].
#[derive(Clone, PartialEq, Debug)]
pub enum MissingThen {
    /// The rule does not match.
    DoNotMatch,
    /// The rule matches.
    Match,
    /// The field is taken to be so: the comparison that holds of it alone.
    Use(Comparison),
}

/// A point in time that a rule may speak of.
#[derive(Clone, PartialEq, Debug)]
pub struct Moment {
    /// Whether it happens once per result, else once per report [CAT-5].
    pub of_result: bool,
    /// Reports of these kinds; a trade word narrows them [CAT-1].
    pub kinds: KindSet,
    /// What happens.
    pub happening: Happening,
}

/// What happens at a moment.
#[derive(Clone, PartialEq, Debug)]
pub enum Happening {
    /// A step is reached.
    Step(Step),
    /// `specimen is recollected`: the first `collected` after a `recollect` [REP-16].
    Recollected,
    /// A situation begins.
    Begins(Situation),
    /// A situation ends.
    Ends(Situation),
    /// A message arrives from a feed.
    Message(FeedId),
}

/// What lasts: one of some states, or a flag.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Situation {
    /// The report is in one of these states.
    States(StateSet),
    /// The report has this flag.
    Flag(Flag),
    /// The report waits for this reason.
    Wait(Text),
}
