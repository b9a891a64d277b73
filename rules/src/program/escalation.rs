//! Escalation: whom to ask, in which order, and for how long?

use super::{DeskId, Who};
use crate::{Text, time::Span, words::Channel};

/// An escalation of a ward.
#[derive(Clone, PartialEq, Debug)]
pub struct Escalation {
    /// The name.
    pub name: Text,
    /// Its steps, in order; at least one.
    pub steps: Vec<EscalationStep>,
    /// Run again before giving up.
    pub repeat: Option<Repeat>,
    /// The desk that gets a task when nobody answered.
    pub then: DeskId,
    /// When declining moves on.
    pub decline: Decline,
    /// What a failed delivery does.
    pub failed: Failed,
    /// Whose answer counts.
    pub answered_by: AnsweredBy,
    /// Whether the value must be read back.
    pub read_back: bool,
    /// Whether the code of the notice must be given.
    pub with_code: bool,
    /// How long after an answer an action may take.
    pub lapses: Option<Span>,
}

/// One step.
#[derive(Clone, PartialEq, Debug)]
pub struct EscalationStep {
    /// Whom.
    pub who: Vec<Who>,
    /// By the first of these that delivers.
    pub by: Vec<Channel>,
    /// Reminders, in order of time.
    pub reminders: Vec<Reminder>,
    /// How long to wait for an answer.
    pub wait: Span,
}

/// A reminder inside a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reminder {
    /// By which channel.
    pub by: Channel,
    /// How long after the step began.
    pub after: Span,
}

/// Steps that run again; the last is always the escalation's last [ESC-3].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repeat {
    /// First step that runs again, counted from 1.
    pub from: u8,
    /// How many more times.
    pub times: u8,
}

/// When declining moves on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decline {
    /// When everybody asked in the step declined.
    All,
    /// When one did.
    Any,
}

/// What a failed delivery does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failed {
    /// The next channel at once.
    NextChannel,
    /// The next step at once.
    NextStep,
}

/// Whose answer counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AnsweredBy {
    /// Anyone paged.
    Anyone,
    /// Everyone paged in one step.
    Everyone,
    /// A licensed clinician among those paged.
    Licensed,
}
