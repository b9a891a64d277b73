//! Alert: what is watched for, and who must know?

use super::{
    Answering, CalendarId, Condition, Length, Limit, Missing, Moment, PageTo, RuleHead, SeverityId, Tell, While, Window,
};
use crate::{script::Script, time::Span, words::Step};

/// An alert of a ward.
#[derive(Clone, PartialEq, Debug)]
pub struct Alert {
    /// Identity, policy, owner.
    pub head: RuleHead,
    /// What it watches for.
    pub trigger: Trigger,
    /// What must be so.
    pub condition: Condition,
    /// What must not be so.
    pub unless: Condition,
    /// What to do about absent fields.
    pub missing: Vec<Missing>,
    /// How often it may be raised.
    pub once: Once,
    /// After how long a key of `once` opens again.
    pub again_after: Option<Span>,
    /// How many of its messages go out.
    pub limit: Option<Limit>,
    /// How bad it is.
    pub severity: SeverityId,
    /// How soon somebody must answer, and since when; the severity's if none [ALERT-7].
    pub answer: Option<(Length, Option<Step>)>,
    /// Who is paged.
    pub page: Option<PageTo>,
    /// Who is told.
    pub tells: Vec<Tell>,
    /// What the notices say.
    pub texts: Answering,
    /// What decides, once all else matches; nothing if it is raised then.
    pub decide: Option<Script>,
    /// What withdraws it.
    pub withdraw: Vec<Moment>,
}

/// What an alert watches for.
#[derive(Clone, PartialEq, Debug)]
pub enum Trigger {
    /// Something happens.
    When(Vec<Moment>),
    /// Something lasts.
    While(While),
    /// Something does not happen in time.
    Absence(Absence),
    /// A figure over a stretch of time.
    Window(Window),
}

/// Something that should follow.
#[derive(Clone, PartialEq, Debug)]
pub struct Absence {
    /// Any of these begins the period.
    pub after: Vec<Moment>,
    /// Any of these is awaited.
    pub expect: Vec<Moment>,
    /// How long the period lasts.
    pub within: Length,
    /// The calendar of `within`, if it is working time.
    pub calendar: Option<CalendarId>,
}

/// How often an alert may be raised [ALERT-6].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Once {
    /// Once for each result.
    Result,
    /// Once for each report.
    Report,
    /// Once for each order.
    Order,
    /// Once for each patient.
    Patient,
}

/// What an alert is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// One result of a report.
    Result,
    /// A report.
    Report,
    /// A feed.
    Feed,
    /// A group of reports, or the ward.
    Group,
}

impl Alert {
    /// What the alert is about [CRT-3].
    #[must_use]
    pub fn subject(&self) -> Subject {
        use super::{Happening, Lasting};
        match &self.trigger {
            Trigger::When(moments) if moments.iter().any(|moment| moment.of_result) => Subject::Result,
            Trigger::When(_) => Subject::Report,
            Trigger::While(found) => match found.state {
                Lasting::Report { .. } => Subject::Report,
                Lasting::Count(_) | Lasting::Alert(_) => Subject::Group,
                Lasting::Feed(..) => Subject::Feed,
            },
            Trigger::Window(_) => Subject::Group,
            Trigger::Absence(absence) => {
                let is_feed = absence.after.iter().any(|moment| matches!(moment.happening, Happening::Message(_)));
                if is_feed { Subject::Feed } else { Subject::Report }
            }
        }
    }
}
