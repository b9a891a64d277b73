//! Gather: which notices become one message, and when may it go?
//!
//! Notices of one rule to one key that may be sent in one instant go as one digest to each recipient; a digest of one is that
//! message. With a limit, at most so many go in so long; the rest waits until the oldest leaves the window, and what is still
//! true then goes as one [LIM-1]. Of a digest the oldest notice carries the others: what becomes of it becomes of them.
//!
//! - **Not here**: why notices are gathered ([`super`]).

use std::collections::{BTreeMap, VecDeque};

use wardline_rules::{
    Text,
    program::LimitKey,
    time::{Span, Timestamp},
};

use super::Gathered;
use crate::{
    alerts::cut,
    dictionary::Coded,
    outbox::NoticeSlot,
    output::{NoticeState, Output, Recipient},
    partition::Partition,
    report::Report,
    slab::Slab,
    step::party_token,
    timers::{Armed, Class, Timer, TimerId},
};

/// A rule's id by its number, and what its messages are counted by.
pub(crate) type GatherKey = (Coded, [u8; 16]);

/// Notices of one key that wait to go, and when the last ones went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Gather {
    pub(crate) key: GatherKey,
    /// Birth number: orders those of one instant.
    pub(crate) born: u64,
    pub(crate) limit: Option<(u32, Span)>,
    /// When messages went, within the span of the limit.
    pub(crate) sent: VecDeque<Timestamp>,
    /// What waits, by place and birth.
    pub(crate) waiting: Vec<(NoticeSlot, u64)>,
    pub(crate) armed: Option<(Timestamp, Armed)>,
}

/// All gatherings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gathers {
    pub(crate) all: Slab<Gather>,
    /// Where each key's is; follows from them.
    pub(crate) places: BTreeMap<GatherKey, u32>,
}

/// What a recipient is counted by.
pub(crate) fn of_recipient(recipient: &Recipient) -> [u8; 16] {
    party_token(&recipient.party).0
}

fn of_text(word: &str, text: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(word.as_bytes());
    hasher.update(text);
    cut(&hasher)
}

/// The timer of a gathering.
pub(crate) const fn gather_timer(place: u32, born: u64, due: Timestamp) -> Timer {
    Timer { due, id: TimerId { class: Class::Digest, rule: 0, subject: born, part: 0 }, owner: place }
}

impl Partition {
    /// What a limit counts a message by; `None` where that is not known, so that nothing limits it.
    pub(super) fn limit_key(
        &self,
        (rule, group): (Coded, &str),
        per: LimitKey,
        recipient: &Recipient,
        report: Option<&Report>,
    ) -> Option<GatherKey> {
        let by = match per {
            LimitKey::Recipient => of_recipient(recipient),
            LimitKey::Patient => of_text("patient", &report?.patient?.0),
            LimitKey::Site => {
                let site = report.map(|report| self.dictionary.text(self.tuples.get(report.effective).site));
                of_text("site", site.unwrap_or(group).as_bytes())
            }
        };
        Some((rule, by))
    }

    /// Puts a notice with those it is gathered with; they are looked at after everything else of this instant.
    pub(crate) fn gather(&mut self, place: NoticeSlot, gathered: Gathered) {
        let Some(born) = self.notices.get(place).map(|notice| notice.born) else { return };
        let found = match self.gathers.places.get(&gathered.key) {
            Some(found) => *found,
            None => {
                self.born += 1;
                let (key, limit) = (gathered.key, gathered.limit);
                let empty =
                    Gather { key, born: self.born, limit, sent: VecDeque::new(), waiting: Vec::new(), armed: None };
                let found = self.gathers.all.insert(empty);
                self.gathers.places.insert(gathered.key, found);
                found
            }
        };
        if let Some(gather) = self.gathers.all.get_mut(found) {
            gather.waiting.push((place, born));
            gather.limit = gathered.limit;
        }
        self.look_at_gather(found, self.at);
    }

    fn look_at_gather(&mut self, place: u32, due: Timestamp) {
        let Some(gather) = self.gathers.all.get_mut(place) else { return };
        if gather.armed.is_some_and(|armed| armed.0 <= due) {
            return;
        }
        if let Some((_, armed)) = gather.armed.take() {
            self.timers.disarm(armed);
        }
        gather.armed = Some((due, self.timers.arm(gather_timer(place, gather.born, due))));
    }

    /// Sends what may go and says when to look again.
    pub(crate) fn fire_gather(&mut self, timer: Timer, out: &mut Output) {
        let place = timer.owner;
        let Some(gather) = self.gathers.all.get(place).filter(|gather| gather.born == timer.id.subject) else { return };
        let mut gather = gather.clone();
        gather.armed = None;
        let window = gather.limit.map_or(Span::ZERO, |limit| limit.1);
        while gather.sent.front().is_some_and(|sent| self.at.since(*sent) > window) {
            gather.sent.pop_front();
        }
        gather.waiting.retain(|waiting| self.is_held(*waiting));
        while !gather.waiting.is_empty() && gather.limit.is_none_or(|limit| gather.sent.len() < limit.0 as usize) {
            let together = self.take_together(&mut gather.waiting);
            self.send_together(&together, out);
            if gather.limit.is_some() {
                gather.sent.push_back(self.at);
            }
        }
        let after = |sent: &Timestamp| sent.plus(window).plus(Span::from_micros(1));
        let next = if gather.waiting.is_empty() { gather.sent.back() } else { gather.sent.front() }.map(after);
        match next {
            Some(next) => {
                if let Some(found) = self.gathers.all.get_mut(place) {
                    *found = gather;
                }
                self.look_at_gather(place, next);
            }
            None => {
                self.gathers.places.remove(&gather.key);
                self.gathers.all.remove(place);
            }
        }
    }

    fn is_held(&self, (place, born): (NoticeSlot, u64)) -> bool {
        self.notices.get(place).is_some_and(|notice| notice.born == born && notice.state == NoticeState::Held)
    }

    /// The first that waits and all others to the same recipient by the same channel.
    fn take_together(&self, waiting: &mut Vec<(NoticeSlot, u64)>) -> Vec<(NoticeSlot, u64)> {
        let head = |place: NoticeSlot| {
            self.notices.get(place).map(|notice| (notice.head.recipient.party.clone(), notice.head.channel))
        };
        let Some(first) = waiting.first().map(|first| head(first.0)) else { return Vec::new() };
        let together = waiting.iter().filter(|other| head(other.0) == first).copied().collect();
        waiting.retain(|other| head(other.0) != first);
        together
    }

    fn send_together(&mut self, together: &[(NoticeSlot, u64)], out: &mut Output) {
        let Some(((first, _), rest)) = together.split_first() else { return };
        if let Some(notice) = self.notices.get_mut(*first) {
            notice.members = rest.to_vec();
        }
        self.release(*first, out);
    }

    /// What a digest carries and is still held.
    pub(crate) fn members(&self, place: NoticeSlot) -> Vec<(NoticeSlot, u64)> {
        let members = self.notices.get(place).map_or(&[][..], |notice| notice.members.as_slice());
        members.iter().copied().filter(|member| self.is_held(*member)).collect()
    }

    /// A digest ended before it went out, for its own reason: what it carried goes on by itself.
    pub(crate) fn hand_on(&mut self, place: NoticeSlot, out: &mut Output) {
        let members = self.members(place);
        if let Some(notice) = self.notices.get_mut(place) {
            notice.members.clear();
        }
        self.send_together(&members, out);
    }

    /// How many items a message has.
    pub(crate) fn count_of(&self, place: NoticeSlot) -> u32 {
        u32::try_from(self.members(place).len()).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// The name of a group in a message about one; empty otherwise.
pub(crate) fn group_of(partition: &Partition, about: crate::alerts::About) -> Text {
    use crate::alerts::About;
    match about {
        About::Feed(name) | About::Group(name) => Text::from(partition.dictionary.text(name)),
        About::Report | About::Result(_) => Text::default(),
    }
}
