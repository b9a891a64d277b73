//! Task: does a desk complete what is left when nobody answered?
//!
//! When all were asked in vain the desk of `then` has a task. What that desk says completes it, without code, licence or
//! read-back, and the row of the alert says so [ESC-10].
//!
//! - **Not here**: opening the task ([`super`]), answers of people who were paged ([`crate::step`]).

use wardline_rules::{event::Answer, token::Token, words::Act};

use super::Phase;
use crate::{
    alerts::AlertSlot,
    output::{AnswerVerdict, Output, Party},
    partition::Partition,
    report::{OWN_ANSWER, Report},
    step::party_token,
};

/// What the row of an alert says that a desk settled.
const WHY: &str = "task completed";

impl Partition {
    /// Whether the one who answers is the desk whose task an unresolved alert is. With a code it answers a notice, like
    /// anybody who was paged.
    pub(crate) fn completes_task(&self, slot: AlertSlot, by: Token, answer: &Answer) -> bool {
        let unresolved = self.alerts.get(slot).filter(|alert| alert.course.phase == Phase::Unresolved);
        let Some(alert) = unresolved.filter(|_| answer.code.is_none()) else { return false };
        let desks = self.wards.get(alert.cause.ward as usize).map(|ward| &ward.program.desks);
        let then = self.escalation_of(slot).map(|escalation| escalation.then);
        let desk = then.and_then(|desk| desks?.get(desk.index()));
        desk.is_some_and(|desk| party_token(&Party::Desk(desk.name.clone())) == by)
    }

    /// Takes what the desk of the task says: an answer is valid as it is, an action closes.
    pub(crate) fn complete_task(
        &mut self,
        slot: AlertSlot,
        act: Act,
        report: Option<&mut Report>,
        out: &mut Output,
    ) -> AnswerVerdict {
        match act {
            Act::Delivered | Act::Read | Act::Declined => AnswerVerdict::Recorded,
            Act::Accepted | Act::ReadBack => {
                self.counters.answered += 1;
                self.answered(slot, WHY, out);
                if let Some(report) = report {
                    let at = self.at;
                    self.acknowledge(report, at, OWN_ANSWER);
                }
                AnswerVerdict::Accepted
            }
            Act::Acted => {
                self.acted(slot, WHY, report, out);
                AnswerVerdict::Accepted
            }
        }
    }
}
