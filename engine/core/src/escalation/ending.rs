//! Ending: what ends with an answer, an action or a cause that is gone, and who must hear of it?
//!
//! - **Not here**: whether an answer counts ([`crate::step`]).

use wardline_rules::words::Channel;

use super::Phase;
use crate::{
    alerts::{AlertSlot, Closing},
    output::{AlertState, Output, Purpose, Recipient},
    partition::Partition,
    report::Report,
    timers::{Class, Timer, TimerId},
};

impl Partition {
    /// Ends the waits of an alert that somebody answered; with `lapses` an action is awaited [T13].
    pub(crate) fn answered(&mut self, slot: AlertSlot, why: &str, out: &mut Output) {
        self.disarm_step(slot);
        self.withdraw_unsent(slot, out);
        self.say_alert(slot, AlertState::Answered, why, out);
        let lapses = self.escalation_of(slot).and_then(|escalation| escalation.lapses);
        let Some(alert) = self.alerts.get_mut(slot) else { return };
        alert.course.was_answered = true;
        match lapses {
            Some(span) => {
                alert.course.phase = Phase::Answered;
                let due = self.at.plus(span);
                let id = TimerId { class: Class::Lapse, rule: alert.rank, subject: alert.born, part: 0 };
                alert.course.lapse = Some((due, self.timers.arm(Timer { due, id, owner: slot })));
            }
            None => {
                self.set_phase(slot, Phase::Closed);
                self.say_alert(slot, AlertState::Closed, "", out);
            }
        }
    }

    /// The cause of an alert is gone: it is withdrawn, or, if somebody acted on it, they are told [T18] [T22].
    pub(crate) fn cause_gone(&mut self, slot: AlertSlot, report: &mut Report, out: &mut Output) {
        self.end(slot, Some(report), Closing::Withdrawn, out);
    }

    /// Ends an alert: timers end, what was not sent is withdrawn, and on a withdrawal whoever was reached is told.
    pub(crate) fn end(&mut self, slot: AlertSlot, _: Option<&mut Report>, closing: Closing, out: &mut Output) {
        let Some(alert) = self.alerts.get(slot) else { return };
        let (phase, was_answered) = (alert.course.phase, alert.course.was_answered);
        if alert.course.is_ended() {
            if closing == Closing::Withdrawn && phase == Phase::Closed && was_answered {
                self.tell_withdrawal(slot, out);
            }
            return;
        }
        self.disarm_step(slot);
        if let Some((_, armed)) = self.alerts.get_mut(slot).and_then(|alert| alert.course.lapse.take()) {
            self.timers.disarm(armed);
        }
        self.withdraw_unsent(slot, out);
        let (phase, word, why) = match closing {
            Closing::Withdrawn => (Phase::Withdrawn, AlertState::Withdrawn, ""),
            Closing::Cleared => (Phase::Closed, AlertState::Cleared, ""),
            Closing::DoneLate => (Phase::Closed, AlertState::Closed, "done late"),
            Closing::Superseded => (Phase::Closed, AlertState::Closed, "superseded"),
            Closing::Acted => (Phase::Closed, AlertState::Closed, ""),
        };
        self.set_phase(slot, phase);
        self.say_alert(slot, word, why, out);
        match closing {
            Closing::Withdrawn => self.tell_withdrawal(slot, out),
            // Who acts on a generation that is gone hears of the next one instead.
            Closing::Superseded => self.settle_withdrawal(slot),
            Closing::Cleared | Closing::DoneLate | Closing::Acted => {}
        }
    }

    /// A feed speaks again: whoever was reached about its silence is told, once [FH-1].
    pub(crate) fn tell_return(&mut self, (slot, born): (AlertSlot, u64), out: &mut Output) {
        if self.alerts.get(slot).is_some_and(|alert| alert.born == born) {
            self.tell_withdrawal(slot, out);
        }
    }

    fn settle_withdrawal(&mut self, slot: AlertSlot) {
        if let Some(alert) = self.alerts.get_mut(slot) {
            alert.course.is_withdrawal_told = true;
        }
    }

    /// One message to everybody who was reached, on the channel that reached them last [ESC-12].
    fn tell_withdrawal(&mut self, slot: AlertSlot, out: &mut Output) {
        if self.alerts.get(slot).is_none_or(|alert| alert.course.is_withdrawal_told) {
            return;
        }
        let reached = self.reached(slot);
        self.settle_withdrawal(slot);
        for (recipient, channel) in reached {
            self.notify(slot, recipient, &[channel], (Purpose::Withdrawal, "w"), out);
        }
    }

    /// Who may have been reached and was not told of a withdrawal since, with the channel that reached them last.
    pub(super) fn reached(&self, slot: AlertSlot) -> Vec<(Recipient, Channel)> {
        let mut reached: Vec<(Recipient, Channel)> = Vec::new();
        let notices = self.alerts.get(slot).map_or(&[][..], |alert| alert.course.notices.as_slice());
        for notice in notices.iter().filter_map(|notice| self.notices.get(*notice)) {
            let party = &notice.head.recipient.party;
            if notice.purpose == Purpose::Withdrawal {
                reached.retain(|known| known.0.party != *party);
            } else if notice.was_reached {
                match reached.iter_mut().find(|known| known.0.party == *party) {
                    Some(known) => known.1 = notice.head.channel,
                    None => reached.push((notice.head.recipient.clone(), notice.head.channel)),
                }
            }
        }
        reached
    }
}
