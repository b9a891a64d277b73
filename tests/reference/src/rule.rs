//! Rule: what may the reference be asked to enforce?
//!
//! Plain structures, one per block of a ward, holding words as the ward spells them. They are interpreted as they stand,
//! and print themselves as ward text ([`Ward::ward_text`]) so that the engine runs the same rules.
//!
//! - **How it fits**: [`generate`](crate::generate) and [`tatmark`](crate::tatmark) make them, [`evaluate`](crate::evaluate)
//!   reads them.
//! - LIMIT: a part of the language; the crate page says what is left out.

use wardline_rules::{
    Text,
    decimal::Decimal,
    time::{Date, Span, TimeOfDay},
    unit::Unit,
    words::{Channel, State, Step},
};

/// A whole ward.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ward {
    /// Its name.
    pub name: Text,
    /// IANA zone of its calendars.
    pub zone: Text,
    /// Sites it declares.
    pub sites: Vec<Text>,
    /// Places it declares.
    pub places: Vec<Text>,
    /// Report flags it declares; each begins with `awaiting`.
    pub flags: Vec<Text>,
    /// Tests it declares.
    pub tests: Vec<Test>,
    /// Ranges of tests in which a result is critical; the installation fixes them, not the ward's text.
    pub limits: Vec<(Text, Range)>,
    /// Severities, highest first.
    pub severities: Vec<Severity>,
    /// Calendars.
    pub calendars: Vec<Calendar>,
    /// Desks.
    pub desks: Vec<Text>,
    /// Rosters; whoever takes turns in one is a person of the ward.
    pub rosters: Vec<Roster>,
    /// Escalations.
    pub escalations: Vec<Escalation>,
    /// What it enforces.
    pub rules: Vec<Rule>,
}

/// A test of the catalogue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Test {
    /// Its word.
    pub word: Text,
    /// Its code, as events carry it.
    pub loinc: Text,
    /// The unit of its values.
    pub unit: Option<Unit>,
}

/// How bad something is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Severity {
    /// Its word.
    pub name: Text,
    /// Within how long an answer is wanted.
    pub answer: Span,
    /// Whether it ignores quiet hours and cannot be held.
    pub is_insistent: bool,
}

/// When work time runs, week by week.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calendar {
    /// Its name.
    pub name: Text,
    /// Its weekly hours.
    pub hours: Vec<Hours>,
}

/// Hours of some days of the week; an end not after the start lies on the next day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hours {
    /// First day, 0 for Monday.
    pub first: u8,
    /// Last day, not before the first.
    pub last: u8,
    /// From this time on.
    pub from: TimeOfDay,
    /// To before this time.
    pub to: TimeOfDay,
}

/// Whom to ask.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Who {
    /// The clinician who ordered the report.
    Ordering,
    /// A desk.
    Desk(Text),
    /// Whoever is on duty in a roster.
    Roster(Text),
    /// A person: who a roster turns out to mean.
    Person(Text),
    /// Inside an escalation: whom the rule names.
    Recipient,
}

/// Who is on duty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Roster {
    /// Its name.
    pub name: Text,
    /// How many days a turn lasts.
    pub days: u8,
    /// When the first turn begins.
    pub from: (Date, TimeOfDay),
    /// Who takes turns, in order.
    pub members: Vec<Text>,
    /// Hours of each day that a desk has; an end not after the start lies on the next day.
    pub nights: Option<(TimeOfDay, TimeOfDay, Text)>,
    /// The desk that is asked when nobody is on duty.
    pub nobody: Text,
}

/// Whom to ask, in which order, for how long.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Escalation {
    /// Its name.
    pub name: Text,
    /// Its steps, at least one.
    pub steps: Vec<Rung>,
    /// Which step, counted from 0, to begin again with after the last, and how often.
    pub repeat: Option<(usize, u32)>,
    /// Who gets the task when nobody answered.
    pub desk: Text,
    /// Whether one refusal is enough to move on; otherwise all must refuse.
    pub any_declines: bool,
    /// What makes an answer valid.
    pub answered: Answered,
    /// How long an answer holds without an action.
    pub lapses: Option<Span>,
}

/// One step of an escalation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rung {
    /// Whom, all at once.
    pub who: Vec<Who>,
    /// By which channel.
    pub channel: Channel,
    /// Reminders: by which channel, how long after the page.
    pub reminders: Vec<(Channel, Span)>,
    /// How long to wait.
    pub wait: Span,
}

/// What makes an answer valid, besides having been paged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Answered {
    /// Only a licensed clinician may answer.
    pub licensed: bool,
    /// The value must be read back.
    pub read_back: bool,
    /// The code of the notice must be given.
    pub code: bool,
}

/// A rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rule {
    /// A turnaround clock.
    Sla(Box<Sla>),
    /// An alert.
    Alert(Box<Alert>),
}

/// A turnaround clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sla {
    /// Its name.
    pub name: Text,
    /// Ward words of the kinds it covers; empty for all.
    pub kinds: Vec<Text>,
    /// Which of them.
    pub condition: Option<Condition>,
    /// When it starts.
    pub starts: Moment,
    /// While what it waits, and for how long at most.
    pub pauses: Option<Pauses>,
    /// When it stops.
    pub stops: Vec<Moment>,
    /// When it is cancelled, besides a cancelled order and a report entered in error.
    pub cancels: Vec<Moment>,
    /// When it begins again from zero.
    pub restarts: Vec<Moment>,
    /// Whose working time it counts; all time without.
    pub counts: Option<Text>,
    /// How long it may take, in working time if it counts.
    pub target: Span,
    /// Warnings, earliest first.
    pub warns: Vec<(WarnAt, Action)>,
    /// What happens when the target has passed.
    pub breach: Action,
    /// What to do where a field is absent.
    pub missing: Vec<Missing>,
}

/// What holds a clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pauses {
    /// Any of these.
    pub on: Vec<Hold>,
    /// In all, in working time if the clock counts it.
    pub at_most: Option<Span>,
}

/// A situation that holds a clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hold {
    /// A flag, by its ward word.
    Flag(Text),
    /// A state.
    State(State),
}

/// When a warning comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WarnAt {
    /// After so much of the target.
    Span(Span),
    /// After this share of it.
    Percent(u32),
}

/// What a clock does at a threshold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Action {
    /// Whom to page or tell.
    pub call: Call,
    /// How bad; the lowest severity without.
    pub severity: Option<Text>,
}

/// A page or a tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Call {
    /// Awaits an answer.
    Page(Page),
    /// Awaits none.
    Tell(Who, Channel),
}

/// Whom to page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Page {
    /// By an escalation, which may speak of the recipient.
    Using(Text, Option<Who>),
    /// Once.
    By(Who, Channel),
}

/// An alert.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alert {
    /// Its name.
    pub name: Text,
    /// The kind word before the subject of its trigger.
    pub kind: Option<Text>,
    /// What makes it true.
    pub trigger: Trigger,
    /// `where`
    pub condition: Option<Condition>,
    /// `unless`
    pub unless: Option<Condition>,
    /// What to do where a field is absent.
    pub missing: Vec<Missing>,
    /// How bad.
    pub severity: Text,
    /// Whom it pages.
    pub page: Option<Page>,
    /// Whom it tells.
    pub tells: Vec<(Who, Channel)>,
}

/// What makes an alert true.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trigger {
    /// A result reaches one of these steps: `Final`, `Preliminary`.
    Result(Vec<Step>),
    /// The report reaches this step.
    Report(Step),
    /// The second step does not follow the first in time.
    Absence {
        /// What begins the period.
        after: Step,
        /// What must come.
        expect: Step,
        /// How soon.
        within: Span,
    },
}

/// A moment of a report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Moment {
    /// A step is reached.
    Step(Step),
    /// The first collection after a rejection.
    Recollected,
}

/// One chain of atoms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    /// Whether one atom is enough.
    pub is_any: bool,
    /// At least one.
    pub atoms: Vec<(Field, Relation)>,
}

/// What an atom looks at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Field {
    /// `priority`
    Priority,
    /// `site`
    Site,
    /// `location`
    Location,
    /// `test`
    Test,
    /// `patient class`
    Class,
    /// `flag`
    Flag,
    /// `value`, of a result.
    Value,
    /// `previous value`, of a result: the newest earlier one of the same test and patient.
    PreviousValue,
    /// `change`, of a result: its value minus the previous one.
    Change,
    /// `time since same test`: since the newest earlier order of the same test and patient.
    SinceSameTest,
}

/// What an atom says of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Relation {
    /// It is this word.
    Is(Text),
    /// It is not.
    IsNot(Text),
    /// It is one of these.
    OneOf(Vec<Text>),
    /// It lies in this range.
    Within(Range),
    /// It is a span shorter than this.
    Below(Span),
    /// It is a span longer than this.
    Above(Span),
    /// It is absent.
    Missing,
    /// It is not.
    Present,
}

/// A range of values in one unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// Where it begins and ends.
    pub bounds: Bounds,
    /// The unit of the bounds.
    pub unit: Unit,
}

/// Where a range begins and ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bounds {
    /// Without the bound.
    Below(Decimal),
    /// Without the bound.
    Above(Decimal),
    /// With the bound.
    AtLeast(Decimal),
    /// With the bound.
    AtMost(Decimal),
    /// With both bounds.
    Between(Decimal, Decimal),
    /// Below the first or above the second.
    Outside(Decimal, Decimal),
}

/// What to do where a field is absent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing {
    /// Which field.
    pub field: Field,
    /// What to do.
    pub policy: Policy,
}

/// What to do where a field is absent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Policy {
    /// As if the condition held.
    Match,
    /// As if it did not.
    DoNotMatch,
    /// As if the field were this.
    Use(Text),
}

impl Rule {
    /// The id under which lines name it.
    #[must_use]
    pub fn id(&self) -> Text {
        match self {
            Self::Sla(sla) => compact(&["sla/", &sla.name]),
            Self::Alert(alert) => compact(&["alert/", &alert.name]),
        }
    }
}

impl Field {
    /// Whether it speaks of other reports of the patient.
    #[must_use]
    pub const fn is_of_before(self) -> bool {
        matches!(self, Self::PreviousValue | Self::Change | Self::SinceSameTest)
    }
}

impl Ward {
    /// The lowest severity, which actions have that name none.
    #[must_use]
    pub fn lowest(&self) -> Text {
        self.severities.last().map(|severity| severity.name.clone()).unwrap_or_default()
    }

    /// Whether any of its alerts asks for what was before.
    #[must_use]
    pub fn looks_back(&self) -> bool {
        self.rules.iter().any(|rule| match rule {
            Rule::Alert(alert) => {
                let atoms = [&alert.condition, &alert.unless].into_iter().flatten().flat_map(|it| &it.atoms);
                atoms.into_iter().any(|(field, _)| field.is_of_before())
            }
            Rule::Sla(_) => false,
        })
    }

    /// The declared test of that code.
    #[must_use]
    pub fn test(&self, code: &str) -> Option<&Test> {
        self.tests.iter().find(|test| test.loinc == code)
    }
}

fn compact(parts: &[&str]) -> Text {
    parts.iter().copied().collect()
}
