//! Program: what does a checked ward demand, with every name resolved?
//!
//! The rule language compiles a ward to one [`Program`]; nothing in it refers to text any more. References between parts
//! are indices into its lists, given out by the checker, which guarantees that they exist and that defaults are filled in.
//!
//! ```text
//!  Program ── catalogue   sites, places, tests, flags, feeds, channels, templates
//!          ├─ severities  highest first
//!          ├─ calendars · people · desks · rosters
//!          ├─ escalations
//!          ├─ families    an sla and its exceptions, inherited clauses filled in
//!          ├─ alerts, notices, suppressions
//!          └─ functions, written in Rhai
//! ```
//! - **How it fits**: `wardline-dsl` makes it, `wardline-core` activates it, the slow reference interprets it.
//! - **Not here**: the scripted tests of a ward (`wardline-dsl`), running state (`wardline-core`).

mod action;
mod alert;
mod calendar;
mod catalogue;
mod condition;
mod escalation;
mod function;
mod people;
mod sla;
mod watch;

pub use action::{Action, ActionSend, Answering, PageTo, Tell, Who};
pub use alert::{Absence, Alert, Once, Subject, Trigger};
pub use calendar::{Calendar, Closed, ClosedDay, Opening, WeeklyRange};
pub use catalogue::{Catalogue, DeclaredChannel, DeclaredTest, Feed, FieldValues, Place, Site, Template};
pub use condition::{
    Atom, Bounds, Comparison, Condition, Field, Happening, Missed, Missing, MissingThen, Moment, Operand, Situation,
};
pub use escalation::{AnsweredBy, Decline, Escalation, EscalationStep, Failed, Reminder, Repeat};
pub use function::{Argument, Call, Function, Gives, Param, ParamKind};
pub use people::{Address, Away, Cover, Desk, Night, Person, Quiet, Roster, Turn};
pub use sla::{Covers, Family, Late, Length, Pause, SlaRule, StartMissing, Threshold, Warning};
pub use watch::{
    Clear, Count, Delayed, FeedIs, Figure, Lasting, Limit, LimitKey, Measure, Notice, Suppress, While, Window,
};

use crate::{
    Text,
    time::{Date, Zone},
};

/// Declares an index into one of a program's lists.
macro_rules! index {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index of a list.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )+ };
}

index! {
    /// Of [`Catalogue::sites`].
    SiteId,
    /// Of [`Catalogue::places`].
    PlaceId,
    /// Of [`Catalogue::tests`].
    TestId,
    /// Of [`Catalogue::feeds`].
    FeedId,
    /// Of [`Catalogue::templates`].
    TemplateId,
    /// Of [`Program::severities`].
    SeverityId,
    /// Of [`Program::calendars`].
    CalendarId,
    /// Of [`Program::people`].
    PersonId,
    /// Of [`Program::desks`].
    DeskId,
    /// Of [`Program::rosters`].
    RosterId,
    /// Of [`Program::escalations`].
    EscalationId,
    /// Of [`Program::functions`].
    FunctionId,
}

/// A ward, checked and compiled.
#[derive(Clone, PartialEq, Debug)]
pub struct Program {
    /// The ward's name.
    pub name: Text,
    /// Hash of the canonical text of all its files and packs [DET-2].
    pub version: WardVersion,
    /// Zone of everything that names none.
    pub zone: Zone,
    /// What the ward may name.
    pub catalogue: Catalogue,
    /// Severities, highest first.
    pub severities: Vec<Severity>,
    /// When work time runs.
    pub calendars: Vec<Calendar>,
    /// Named persons.
    pub people: Vec<Person>,
    /// Places always staffed.
    pub desks: Vec<Desk>,
    /// Who is on duty.
    pub rosters: Vec<Roster>,
    /// Whom to ask, in which order, for how long.
    pub escalations: Vec<Escalation>,
    /// Turnaround clocks: each sla with its exceptions.
    pub families: Vec<Family>,
    /// Alerts.
    pub alerts: Vec<Alert>,
    /// Notices to patients.
    pub notices: Vec<Notice>,
    /// What holds alerts back while something else is known.
    pub suppressions: Vec<Suppress>,
    /// Scripts that conditions ask.
    pub functions: Vec<Function>,
}

/// Which ward text decided: a hash, shown by its first six letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WardVersion(pub [u8; 32]);

impl core::fmt::Display for WardVersion {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().take(3).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl core::fmt::Debug for WardVersion {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

/// What every rule has, whatever its kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleHead {
    /// Block word, `/`, and the first name in `was`, else the name [ALERT-1]: `sla/STAT lab`.
    pub id: Text,
    /// The name as written.
    pub name: Text,
    /// The hospital's policy it carries out.
    pub policy: Text,
    /// Who owns that policy.
    pub owner: Text,
    /// When it is due for review.
    pub review_by: Date,
}

/// How bad an alert is, and what that demands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Severity {
    /// Its word: `red`.
    pub name: Text,
    /// How soon somebody must answer.
    pub answer_within: Length,
    /// The calendar of `answer_within`, if it is working time.
    pub calendar: Option<CalendarId>,
    /// Whether quiet hours do not delay it.
    pub ignores_quiet: bool,
    /// Whether nothing may hold it: what guarantees call *red* [MUTE-3].
    pub cannot_be_held: bool,
}

/// The three schedules of delivery that severities map to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// A severity that cannot be held.
    Red,
    /// Everything between.
    Orange,
    /// The lowest declared.
    Yellow,
}

impl Program {
    /// Whom a script means by these words: a role, or `desk "…"`, `roster "…"`, `person "…"`.
    #[must_use]
    pub fn who(&self, words: &str) -> Option<Who> {
        let role = match words {
            "the ordering clinician" => Some(Who::Ordering),
            "the attending clinician" => Some(Who::Attending),
            "the covering clinician" => Some(Who::Covering),
            "the reporting clinician" => Some(Who::Reporting),
            "the copied clinicians" => Some(Who::Copied),
            _ => None,
        };
        role.or_else(|| {
            let (sort, name) = words.split_once(' ')?;
            let name = name.strip_prefix('"')?.strip_suffix('"')?;
            let at = |place: Option<usize>| place.and_then(|place| u32::try_from(place).ok());
            match sort {
                "desk" => at(self.desks.iter().position(|desk| desk.name == name)).map(|at| Who::Desk(DeskId(at))),
                "roster" => {
                    at(self.rosters.iter().position(|roster| roster.name == name)).map(|at| Who::Roster(RosterId(at)))
                }
                "person" => {
                    at(self.people.iter().position(|person| person.name == name)).map(|at| Who::Person(PersonId(at)))
                }
                _ => None,
            }
        })
    }

    /// The delivery level of a severity: red cannot be held, yellow is the lowest declared, orange all between.
    #[must_use]
    pub fn level(&self, severity: SeverityId) -> Level {
        match self.severities.get(severity.index()) {
            Some(found) if found.cannot_be_held => Level::Red,
            Some(_) if severity.index() + 1 == self.severities.len() => Level::Yellow,
            Some(_) | None => Level::Orange,
        }
    }
}
