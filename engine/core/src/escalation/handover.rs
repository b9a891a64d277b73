//! Handover: what if a role means another person while its step runs?
//!
//! The new person is paged at once, the one before is told of the withdrawal and no longer waited for or reminded; waits and
//! reminders of the step go on [T21]. Whoever answered stays.
//!
//! News of a report lets its roles be looked at; a roster turns over without any, so each step that asks one has a timer at
//! the roster's next edge, the first of the timers of an instant [TIME-4].
//!
//! - **Not here**: when a roster may turn over (`wardline_rules::roster`).

use wardline_rules::program::Who;

use super::{Asked, EDGE, Phase};
use crate::{
    alerts::AlertSlot,
    mute::MutedClass,
    output::{Output, Purpose, Recipient},
    partition::Partition,
    report::Report,
    timers::{Class, Timer, TimerId},
};

impl Partition {
    /// Pages whoever the roles of running steps mean now and did not mean before.
    pub(crate) fn follow_roles(&mut self, report: &Report, out: &mut Output) {
        for slot in &report.alerts {
            self.hand_over(*slot, Some(report), out);
        }
    }

    /// The same for every running step, after the rosters themselves changed with the ward [LOAD-2].
    pub(crate) fn follow_rosters(&mut self, out: &mut Output) {
        let paging =
            self.alerts.iter().filter(|(_, alert)| alert.course.phase == Phase::Paging && alert.course.step > 0);
        let mut paging: Vec<(u64, AlertSlot)> = paging.map(|(slot, alert)| (alert.born, slot)).collect();
        paging.sort_unstable();
        for (_, slot) in paging {
            let place = self.alerts.get(slot).and_then(|alert| alert.report).map(|report| report.0);
            let report = place.and_then(|place| self.reports.take(place));
            self.course_over(slot, (MutedClass::Edge, 0), report.as_deref(), out);
            if let Some((place, report)) = place.zip(report) {
                self.reports.put(place, report);
            }
        }
    }

    pub(super) fn hand_over(&mut self, slot: AlertSlot, report: Option<&Report>, out: &mut Output) {
        let course = self.alerts.get(slot).map(|alert| &alert.course);
        let Some(course) = course.filter(|course| course.phase == Phase::Paging && course.step > 0) else { return };
        let Some(plan) = self.plan(slot) else { return };
        let Some(running) = plan.step(course.step) else { return };
        let now = self.resolve(slot, running.who, plan.recipients(), report);
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
        self.arm_edge(slot, (running.who, plan.recipients()), report);
    }

    /// Arms the next instant at which a roster of a step may mean somebody else.
    pub(super) fn arm_edge(&mut self, slot: AlertSlot, (who, recipients): (&[Who], &[Who]), report: Option<&Report>) {
        let next = self.next_edge(slot, (who, recipients), report);
        let Some(alert) = self.alerts.get_mut(slot) else { return };
        if alert.course.edge.map(|edge| edge.0) == next {
            return;
        }
        let id = TimerId { class: Class::Mute, rule: 0, subject: alert.born, part: EDGE };
        let before = alert.course.edge.take();
        alert.course.edge = next.map(|due| (due, self.timers.arm(Timer { due, id, owner: slot })));
        if let Some((_, armed)) = before {
            self.timers.disarm(armed);
        }
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
