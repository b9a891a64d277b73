//! Watch: which states and windows does an alert look at, what may hold it back, and what is told to patients?
//!
//! - **Not here**: counting and waiting (`wardline-core`).

use super::{Bounds, CalendarId, Condition, FeedId, Field, Length, Missing, Moment, Quiet, RuleHead, Situation, Tell};
use crate::{
    Text,
    time::Span,
    words::{Channel, KindSet, Step},
};

/// A state that must last.
#[derive(Clone, PartialEq, Debug)]
pub struct While {
    /// What lasts.
    pub state: Lasting,
    /// How long before the alert is raised; it must be outlived [WHILE-1].
    pub hold: Length,
    /// The calendar of `hold`, if it is working time.
    pub calendar: Option<CalendarId>,
    /// When a count is over; only and always of a count.
    pub clear: Option<Clear>,
}

/// What lasts.
#[derive(Clone, PartialEq, Debug)]
pub enum Lasting {
    /// A report of these kinds is in one of these situations.
    Report {
        /// Of these kinds.
        kinds: KindSet,
        /// Any of these.
        any: Vec<Situation>,
    },
    /// A number of reports lies in a range.
    Count(Count),
    /// An alert is open, by its rule's id.
    Alert(Text),
    /// A feed is so.
    Feed(FeedId, FeedIs),
}

/// How many reports there are [WHILE-2].
#[derive(Clone, PartialEq, Debug)]
pub struct Count {
    /// Only open ones.
    pub open: bool,
    /// Of these kinds.
    pub kinds: KindSet,
    /// The range that raises; bounds are plain numbers.
    pub is: Bounds,
    /// Counted apart for each value of this field.
    pub per: Option<Field>,
}

/// How a feed is that a rule watches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FeedIs {
    /// Not connected.
    Lost,
    /// Connected, and silent for longer than usual.
    Idle,
}

/// When an alert about a count or a window is over.
#[derive(Clone, PartialEq, Debug)]
pub struct Clear {
    /// When the figure lies in this range.
    pub is: Bounds,
    /// For so long.
    pub hold: Span,
}

/// A figure over a stretch of time, looked at again and again [WIN-1].
#[derive(Clone, PartialEq, Debug)]
pub struct Window {
    /// How often; whole minutes that divide an hour, aligned to UTC.
    pub tick: Span,
    /// How far back.
    pub over: Span,
    /// Kept apart for each value of this field.
    pub per: Option<Field>,
    /// What is measured.
    pub measure: Measure,
    /// Reports of these kinds.
    pub kinds: KindSet,
    /// The range that raises.
    pub is: Bounds,
    /// Fewer are not judged [WIN-4].
    pub at_least: u64,
    /// How long it must be so.
    pub hold: Span,
    /// When it is over.
    pub clear: Clear,
}

/// What a window measures [WIN-2].
#[derive(Clone, PartialEq, Debug)]
pub enum Measure {
    /// Reports whose first final lies in the window.
    Reports,
    /// Data-quality rows, of one feed if named.
    DataProblems(Option<FeedId>),
    /// The share of clocks of an sla that breached, by its id.
    Breached(Text),
    /// Times from one step to another.
    Time {
        /// Which figure of many times.
        figure: Figure,
        /// From this step.
        from: Step,
        /// To this one.
        to: Step,
        /// Whether `to` is a milestone of single results.
        of_result: bool,
    },
}

/// Which figure of many times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Figure {
    /// The mean.
    Average,
    /// The longest.
    Longest,
    /// The nearest-rank percentile, 1 to 100; the median is the 50th [WIN-3].
    Percentile(u8),
}

/// How many messages of a rule go out [LIM-1].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// So many.
    pub count: u32,
    /// In so long.
    pub within: Span,
    /// For each of these.
    pub per: LimitKey,
}

/// What a limit counts by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LimitKey {
    /// Each patient.
    Patient,
    /// Each recipient.
    Recipient,
    /// Each site.
    Site,
}

/// One incident, one page: what is held back while something else is known [MUTE-4].
#[derive(Clone, PartialEq, Debug)]
pub struct Suppress {
    /// Identity, policy, owner.
    pub head: RuleHead,
    /// While this lasts: an open alert or the state of a feed.
    pub while_: Lasting,
    /// These are held.
    pub delays: Vec<Delayed>,
    /// At most so long.
    pub at_most: Span,
    /// Whether tells to one recipient become one message at the lift.
    pub joined: bool,
}

/// What a suppression holds, by rule id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delayed {
    /// An alert.
    Alert(Text),
    /// Breaches of an sla.
    Breaches(Text),
    /// Warnings of an sla.
    Warnings(Text),
}

/// Something to be told to the patient.
#[derive(Clone, PartialEq, Debug)]
pub struct Notice {
    /// Identity, policy, owner.
    pub head: RuleHead,
    /// Any of these.
    pub when: Vec<Moment>,
    /// What must be so.
    pub condition: Condition,
    /// What must not be so.
    pub unless: Condition,
    /// What to do about absent fields; in doubt nothing is disclosed [COND-3].
    pub missing: Vec<Missing>,
    /// Whether the patient's recorded channel comes first.
    pub preferred: bool,
    /// Then these, in order.
    pub channels: Vec<Channel>,
    /// Hours in which nothing is sent, in the patient's zone.
    pub quiet: Quiet,
    /// How many messages a patient gets.
    pub limit: Limit,
    /// Name of the template.
    pub template: Text,
    /// After how long it ends unsent [NOTE-4].
    pub expires: Span,
    /// Who is told then.
    pub then: Option<Tell>,
}
