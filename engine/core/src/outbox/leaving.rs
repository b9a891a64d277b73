//! Leaving: which notices are taken back before they went out, and which may go now?
//!
//! - **Not here**: tries and their results ([`super`]).

use super::{NoticeSlot, Proposal};
use crate::{
    alerts::AlertSlot,
    limits::NOTICES_PER_ALERT_MAX,
    output::{NoticeState, Output, Recipient},
    partition::Partition,
};

impl Partition {
    /// Withdraws what was not sent of an alert.
    pub(crate) fn withdraw_unsent(&mut self, slot: AlertSlot, out: &mut Output) {
        self.withdraw_unsent_of(slot, None, out);
    }

    /// Withdraws what was not sent to one person, or to anybody.
    pub(crate) fn withdraw_unsent_of(&mut self, slot: AlertSlot, to: Option<&Recipient>, out: &mut Output) {
        let notices = self.alerts.get(slot).map(|alert| alert.course.notices.clone()).unwrap_or_default();
        for place in notices {
            let Some(notice) = self.notices.get(place) else { continue };
            let is_theirs = to.is_none_or(|to| to.party == notice.head.recipient.party);
            let is_unsent = matches!(
                notice.state,
                NoticeState::Held | NoticeState::Ready | NoticeState::Waiting | NoticeState::Unsure
            );
            if is_theirs && is_unsent {
                self.move_notice(place, NoticeState::Withdrawn, out);
                self.hand_on(place, out);
            }
        }
    }

    /// Whether an alert and all that it sent are over, so that it may leave memory.
    pub(crate) fn may_leave(&self, slot: AlertSlot) -> bool {
        self.alerts.get(slot).is_none_or(|alert| {
            let mut notices = alert.course.notices.iter().filter_map(|place| self.notices.get(*place));
            !alert.is_open() && notices.all(|notice| notice.state.is_end())
        })
    }

    /// Forgets the notices of an alert that leaves memory; they have ended.
    pub(crate) fn drop_notices(&mut self, slot: AlertSlot) {
        let notices = self.alerts.get(slot).map(|alert| alert.course.notices.clone()).unwrap_or_default();
        notices.into_iter().for_each(|place| self.drop_notice(place));
    }

    fn drop_notice(&mut self, place: NoticeSlot) {
        let Some(notice) = self.notices.remove(place) else { return };
        self.ready.remove(notice.head.channel, &(notice.level, notice.created, notice.head.nid));
        self.nids.remove(&notice.head.nid);
        let code = notice.head.nid.code();
        if let Some(list) = self.codes.get_mut(&code) {
            list.retain(|known| *known != place);
            if list.is_empty() {
                self.codes.remove(&code);
            }
        }
        for armed in notice.retry.into_iter().chain(notice.deadline).chain(notice.held) {
            self.timers.disarm(armed.1);
        }
    }

    /// Before an alert gets one more notice: of too many, one that ended leaves, rather one that reached nobody.
    ///
    /// INVARIANT: an escalation goes on however long it runs; what is still to be sent is never given up for room.
    pub(crate) fn make_room_for_notice(&mut self, slot: AlertSlot) {
        let Some(alert) = self.alerts.get(slot) else { return };
        if alert.course.notices.len() < NOTICES_PER_ALERT_MAX {
            return;
        }
        let ended = |place: &&NoticeSlot| self.notices.get(**place).is_none_or(|notice| notice.state.is_end());
        let unseen = |place: &&NoticeSlot| self.notices.get(**place).is_none_or(|notice| !notice.was_reached);
        let mut all = alert.course.notices.iter().filter(ended);
        let Some(place) = all.clone().find(unseen).or_else(|| all.next()).copied() else { return };
        self.drop_notice(place);
        if let Some(alert) = self.alerts.get_mut(slot) {
            alert.course.notices.retain(|known| *known != place);
        }
    }

    /// Notices that may be started now, highest severity first, then oldest, then by nid.
    ///
    /// - **Input** `limit`: so many of each channel, so that one that is slow or dead keeps no other from being used.
    pub fn proposals(&self, limit: usize, into: &mut Vec<Proposal>) {
        into.clear();
        for (level, created, nid) in self.ready.first(limit) {
            let notice = self.nids.get(nid).and_then(|place| self.notices.get(*place));
            let Some(notice) = notice else { continue };
            let number = notice.attempts.saturating_add(1);
            into.push(Proposal { level: *level, created: *created, nid: *nid, number, channel: notice.head.channel });
        }
        into.sort_unstable();
    }
}
