//! Handover: what if a role means another person while its step runs?
//!
//! The new person is paged at once, the one before is told of the withdrawal and no longer waited for or reminded; waits and
//! reminders of the step go on [T21]. Whoever answered stays.
//!
//! - **Not here**: rosters that turn over without any news; they are looked up when a step begins [ESC-1].

use super::{Asked, Phase};
use crate::{
    alerts::AlertSlot,
    output::{Output, Purpose, Recipient},
    partition::Partition,
    report::Report,
};

impl Partition {
    /// Pages whoever the roles of running steps mean now and did not mean before.
    pub(crate) fn follow_roles(&mut self, report: &Report, out: &mut Output) {
        for slot in &report.alerts {
            let course = self.alerts.get(*slot).map(|alert| &alert.course);
            if course.is_some_and(|course| course.phase == Phase::Paging && course.step > 0) {
                self.hand_over(*slot, report, out);
            }
        }
    }

    fn hand_over(&mut self, slot: AlertSlot, report: &Report, out: &mut Output) {
        let plan = self.plan(slot);
        let Some(course) = self.alerts.get(slot).map(|alert| &alert.course) else { return };
        let Some(running) = plan.step(course.step) else { return };
        let now = self.resolve(slot, running.who, &plan.recipients, Some(report));
        let is_asked =
            |recipient: &&Recipient| course.asked.iter().any(|asked| asked.recipient.party == recipient.party);
        let new: Vec<Recipient> = now.iter().filter(|recipient| !is_asked(recipient)).cloned().collect();
        let is_gone = |asked: &&Asked| {
            let is_meant = now.iter().any(|recipient| recipient.party == asked.recipient.party);
            !asked.answered && !is_meant && new.iter().any(|recipient| recipient.role == asked.recipient.role)
        };
        let gone: Vec<Recipient> = course.asked.iter().filter(is_gone).map(|asked| asked.recipient.clone()).collect();
        if let Some(alert) = self.alerts.get_mut(slot) {
            let asked = &mut alert.course.asked;
            asked.retain(|asked| !gone.contains(&asked.recipient));
            asked.extend(new.iter().cloned().map(Asked::anew));
        }
        for recipient in new {
            self.notify(slot, recipient, running.by, (Purpose::Page, "p"), out);
        }
        gone.iter().for_each(|recipient| self.let_go(slot, recipient, out));
    }

    /// Nobody asks this person any more; if they may have been reached, they are told so.
    fn let_go(&mut self, slot: AlertSlot, recipient: &Recipient, out: &mut Output) {
        self.withdraw_unsent_of(slot, Some(recipient), out);
        let reached = self.reached(slot).into_iter().find(|known| known.0.party == recipient.party);
        if let Some((recipient, channel)) = reached {
            self.notify(slot, recipient, &[channel], (Purpose::Withdrawal, "w"), out);
        }
    }
}
