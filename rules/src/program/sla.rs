//! Sla: which promise runs on which report, and what happens when it is near or broken?
//!
//! An `sla` and its exceptions are one [`Family`]; at most one clock of a family runs on a report [SLA-1]. Exceptions hold
//! all clauses, inherited ones filled in [SLA-2].

use super::{Action, CalendarId, Condition, Missing, Moment, RuleHead, Situation};
use crate::{
    time::{Span, TimeOfDay},
    words::{KindSet, Step},
};

/// An sla and its exceptions.
#[derive(Clone, PartialEq, Debug)]
pub struct Family {
    /// The sla first, then its exceptions, each after its parent.
    pub rules: Vec<SlaRule>,
}

/// An sla or an exception, complete.
#[derive(Clone, PartialEq, Debug)]
pub struct SlaRule {
    /// Identity, policy, owner.
    pub head: RuleHead,
    /// The rule it is an exception to: an index into the family.
    pub parent: Option<u32>,
    /// Slas about the same interval that may cover the same reports, as far as a script lets nobody prove the contrary, and
    /// whose names sort first: where one of them covers, this one does not. Indices of families; only of an sla itself.
    pub yields_to: Vec<u32>,
    /// Which reports it is about; an exception also needs its parent's [SLA-2].
    pub covers: Covers,
    /// Any of these starts the clock.
    pub starts: Vec<Moment>,
    /// What stops it from running.
    pub pauses: Option<Pause>,
    /// Any of these stops it.
    pub stops: Vec<Moment>,
    /// Any of these cancels it, besides a cancelled order and a report in error.
    pub cancels: Vec<Moment>,
    /// Any of these starts it again from zero.
    pub restarts: Vec<Moment>,
    /// When work time runs; none: always.
    pub calendar: Option<CalendarId>,
    /// The promise.
    pub target: Length,
    /// What happens before it is broken, in order of time.
    pub warnings: Vec<Warning>,
    /// What happens when it is broken.
    pub breach: Action,
    /// What to do about absent fields, the parent's after its own.
    pub missing: Vec<Missing>,
    /// What to do if the start has no usable time.
    pub start_missing: StartMissing,
    /// What late news does to what was sent.
    pub late: Late,
}

/// Which reports.
#[derive(Clone, PartialEq, Debug)]
pub struct Covers {
    /// Of these kinds.
    pub kinds: KindSet,
    /// That match this.
    pub condition: Condition,
}

/// A promised or awaited length of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    /// Real time.
    Elapsed(Span),
    /// Time inside the calendar.
    Working(Span),
    /// The `days`-th working day, at `by` [CAL-7].
    WorkingDays {
        /// How many.
        days: u16,
        /// At which time of that day.
        by: TimeOfDay,
    },
}

/// What stops a clock from running.
#[derive(Clone, PartialEq, Debug)]
pub struct Pause {
    /// While any of these lasts.
    pub while_: Vec<Situation>,
    /// At most so much in all.
    pub at_most: Option<Length>,
}

/// A warning before the target.
#[derive(Clone, PartialEq, Debug)]
pub struct Warning {
    /// When so much is used up.
    pub at: Threshold,
    /// What happens.
    pub action: Action,
}

/// How much of a clock is used up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Threshold {
    /// So much time.
    Length(Length),
    /// So many millionths of the target.
    Share(u32),
}

/// What to do if the start has no usable time [SLA-12].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartMissing {
    /// No clock.
    DoNotStart,
    /// The time of another step.
    UseTimeOf(Step),
    /// The time the news arrived.
    UseArrival,
}

/// What late news does to what was sent [SLA-10].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Late {
    /// It is withdrawn.
    Withdraw,
    /// It stays.
    Keep,
}
