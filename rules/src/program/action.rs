//! Action: who is told what, and how, when a rule fires?

use super::{DeskId, EscalationId, PersonId, RosterId, SeverityId};
use crate::{Text, time::TimeOfDay, words::Channel};

/// Whom a ward names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Who {
    /// Who ordered.
    Ordering,
    /// Who is in charge of the patient.
    Attending,
    /// Who has the roster of the patient's place.
    Covering,
    /// Who wrote the report.
    Reporting,
    /// Who gets copies.
    Copied,
    /// The person of the `page` clause [ESC-9].
    Recipient,
    /// The patient; only in notices.
    Patient,
    /// A desk.
    Desk(DeskId),
    /// Who is on duty in a roster.
    Roster(RosterId),
    /// A person.
    Person(PersonId),
}

/// What a breach or a warning does.
#[derive(Clone, PartialEq, Debug)]
pub struct Action {
    /// What is sent.
    pub send: ActionSend,
    /// How bad it is.
    pub severity: SeverityId,
}

/// A page or a tell.
#[derive(Clone, PartialEq, Debug)]
pub enum ActionSend {
    /// Awaits an answer.
    Page(PageTo),
    /// Awaits none.
    Tell(Tell),
}

/// Who is paged.
#[derive(Clone, PartialEq, Debug)]
pub enum PageTo {
    /// By an escalation; `recipients` are whom it calls the recipient, if it does.
    Using {
        /// The escalation.
        escalation: EscalationId,
        /// The person of the clause; empty if none.
        recipients: Vec<Who>,
    },
    /// One step without wait.
    Direct {
        /// Whom.
        who: Vec<Who>,
        /// By the first of these that delivers.
        by: Vec<Channel>,
    },
}

/// Who is told.
#[derive(Clone, PartialEq, Debug)]
pub struct Tell {
    /// Whom.
    pub who: Vec<Who>,
    /// By the first of these that delivers.
    pub by: Vec<Channel>,
    /// Gathered until these times of day in the ward's zone; empty: at once [LIM-2].
    pub digest_at: Vec<TimeOfDay>,
}

/// The texts of an alert's notices [MSG-1].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answering {
    /// Text for signed-in, secured channels; the default if none.
    pub message: Option<Text>,
    /// Text for all others; the default if none.
    pub brief: Option<Text>,
}
