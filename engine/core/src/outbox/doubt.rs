//! Doubt: nobody knows whether a notice arrived; what follows?
//!
//! - **Not here**: results that are known ([`super`]), how long until what ([`schedule`](super::schedule)).
//! - **Source**: guarantees page, 3.3.

use wardline_rules::{program::Level, time::Span};

use super::{
    NoticeSlot,
    schedule::{backoff, budget, doubt},
};
use crate::{
    input::Class,
    limits::ATTEMPTS_MAX,
    output::{NoticeState, Output},
    partition::Partition,
};

impl Partition {
    /// Nobody knows whether it arrived: it is sent again by its level and by what the receiver does with a repeat.
    ///
    /// A receiver that shows repeats hears of a red page again at once, and so does the next channel; of anything else it
    /// hears once more. One that never says what it did is not asked without pause.
    pub(super) fn unsure(&mut self, place: NoticeSlot, class: Class, out: &mut Output) {
        let Some(notice) = self.notices.get_mut(place) else { return };
        let was_in_doubt = core::mem::replace(&mut notice.is_repeat, true);
        let (nid, attempts, level) = (notice.head.nid, notice.attempts, notice.level);
        let is_spent = attempts >= ATTEMPTS_MAX || self.at.since(notice.created) >= budget(level);
        self.in_flight = self.in_flight.saturating_sub(1);
        self.counters.ambiguous += 1;
        self.move_notice(place, NoticeState::Unsure, out);
        if is_spent || (was_in_doubt && is_last(level, class)) {
            return self.exhaust(place, out);
        }
        let is_soon = class != Class::Keyed || level == Level::Red;
        let pause = if was_in_doubt || !is_soon { backoff(nid, attempts, level, None) } else { Span::ZERO };
        self.retry_at(place, self.at.plus(if is_soon { doubt(level).max(pause) } else { pause }));
        let may_be_unheard = match class {
            Class::Keyed => false,
            // It was asked, and did not have it.
            Class::Queryable => was_in_doubt,
            Class::Neither => true,
        };
        if level == Level::Red && may_be_unheard && self.is_demanded(place) {
            self.next_channel(place, out);
        }
    }
}

/// Whether a repeat whose outcome is unknown too is the last one (guarantees 3.3): nobody waits by the minute, and the
/// receiver would show a third.
const fn is_last(level: Level, class: Class) -> bool {
    match (level, class) {
        (Level::Orange | Level::Yellow, Class::Neither) | (Level::Yellow, Class::Queryable) => true,
        (Level::Red, _) | (_, Class::Keyed) | (Level::Orange, Class::Queryable) => false,
    }
}
