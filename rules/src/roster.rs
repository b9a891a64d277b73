//! Roster: who is on duty now?
//!
//! If the time lies in `nights`, that desk or person; else the person whose turn it is, replaced by a cover that includes
//! the time; else, before the first turn or while the person is away without cover, `nobody` [WHO-2].
//!
//! - **Not here**: how somebody is reached.

use crate::{
    program::{Away, Night, PersonId, Program, Roster, Who},
    time::{CivilTime, DAY, Date, MINUTE, TimeOfDay, Timestamp, Zone},
};

impl Roster {
    /// Who has the roster at `at`: a person or desk, or what `nobody` says.
    #[must_use]
    pub fn on_duty(&self, at: Timestamp, program: &Program) -> Who {
        if let Some(night) = self.nights.iter().find(|night| is_night(night, &self.zone, at)) {
            return night.who;
        }
        let Some(person) = self.turn_of(at) else { return self.nobody };
        let cover =
            self.covers.iter().find(|cover| cover.absent == person && is_within(&self.zone, cover.from, cover.to, at));
        match cover {
            Some(cover) => Who::Person(cover.by),
            None if is_away(person, at, program) => self.nobody,
            None => Who::Person(person),
        }
    }

    /// Whose turn it is: member k mod n, k the whole turns since the first in the roster's civil time.
    fn turn_of(&self, at: Timestamp) -> Option<PersonId> {
        let (date, micros) = self.zone.civil(at);
        let before_handover = i32::from(micros < i64::from(self.from.time.minutes()) * MINUTE);
        let days = date.days().checked_sub(self.from.date.days())?.checked_sub(before_handover)?;
        let turns = usize::try_from(days).ok()? / usize::from(self.turn.days.max(1));
        let place = turns.checked_rem(self.members.len())?;
        self.members.get(place).copied()
    }
}

/// Whether a person is away at `at`, in the ward's zone.
#[must_use]
pub fn is_away(person: PersonId, at: Timestamp, program: &Program) -> bool {
    let away = |away: &Away| is_within(&program.zone, away.from, away.to, at);
    program.people.get(person.index()).is_some_and(|person| person.away.iter().any(away))
}

/// Whether `at` lies in the half-open civil range.
fn is_within(zone: &Zone, from: CivilTime, to: CivilTime, at: Timestamp) -> bool {
    zone.instant(from) <= at && at < zone.instant(to)
}

fn is_night(night: &Night, zone: &Zone, at: Timestamp) -> bool {
    in_daily_range(night.days, (night.from, night.to), zone, at)
}

/// Whether `at` lies in a daily range of clock time that belongs to the day it begins on; half-open.
#[must_use]
pub fn in_daily_range(days: u8, (from, to): (TimeOfDay, TimeOfDay), zone: &Zone, at: Timestamp) -> bool {
    let today = zone.date(at);
    let begins = |date: Date| {
        let over_midnight = i64::from(to.minutes() <= from.minutes()) * DAY;
        let end = zone.instant_at(date, i64::from(to.minutes()) * MINUTE + over_midnight);
        days & (1 << date.weekday()) != 0 && zone.at(date, from) <= at && at < end
    };
    begins(today) || begins(today.plus_days(-1))
}
