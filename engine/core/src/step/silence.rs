//! Silence: what an operator mutes, and what follows when that ends?
//!
//! Muting delays, it never deletes: at the lift every held alert that is still true begins at once [MUTE-1] [MUTE-2].

use wardline_rules::time::{Span, Timestamp};

use crate::{
    input::Silence,
    output::Output,
    partition::Partition,
    timers::{Class, Timer, TimerId},
};

/// A silence ends by itself after at most this [MUTE-5].
const SILENCE_MAX: Span = Span::from_minutes(24 * 60);

impl Partition {
    pub(crate) fn silence(&mut self, silence: &Silence, _: &mut Output) {
        let until = silence.until.min(self.at.plus(SILENCE_MAX));
        if until <= self.at || self.silences.iter().any(|(known, _)| known.id == silence.id) {
            return;
        }
        let armed = self.timers.arm(mute_timer(silence.id, until));
        self.silences.push((Silence { until, ..silence.clone() }, armed));
    }

    pub(crate) fn lift(&mut self, id: u64, out: &mut Output) {
        self.silence_over(id, out);
    }

    /// Ends a silence; what it held and nothing else holds begins now.
    pub(crate) fn silence_over(&mut self, id: u64, out: &mut Output) {
        let Some(place) = self.silences.iter().position(|(silence, _)| silence.id == id) else { return };
        let (_, armed) = self.silences.remove(place);
        self.timers.disarm(armed);
        self.begin_unmuted(None, out);
    }
}

/// The timer that ends a silence by itself.
pub(crate) const fn mute_timer(id: u64, until: Timestamp) -> Timer {
    Timer { due: until, id: TimerId { class: Class::Mute, rule: 0, subject: id, part: 0 }, owner: 0 }
}
