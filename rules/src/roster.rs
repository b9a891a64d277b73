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

    /// The next instant after `at` at which somebody else may have the roster: a handover, an end of nights, covers or
    /// absences. Nobody else may have it then after all; until then nobody else has.
    #[must_use]
    pub fn next_edge(&self, at: Timestamp, program: &Program) -> Option<Timestamp> {
        let today = self.zone.date(at);
        // Yesterday's night may end today, and a handover of today may be over.
        let days = [-1, 0, 1, 2].map(|days| today.plus_days(days));
        let first = self.zone.instant(self.from);
        let handovers = days.iter().map(|day| self.zone.at(*day, self.from.time)).filter(|edge| *edge >= first);
        let nights = self.nights.iter().flat_map(|night| {
            days.iter().flat_map(|day| [self.zone.at(*day, night.from), self.zone.at(*day, night.to)])
        });
        let covers = self.covers.iter().flat_map(|cover| [cover.from, cover.to]).map(|time| self.zone.instant(time));
        let people = self.members.iter().chain(self.covers.iter().map(|cover| &cover.by));
        let away = people.filter_map(|person| program.people.get(person.index())).flat_map(|person| &person.away);
        let away = away.flat_map(|away| [away.from, away.to]).map(|time| program.zone.instant(time));
        let all = handovers.chain(nights).chain(covers).chain(away).chain([first]);
        all.filter(|edge| *edge > at).min()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Text,
        program::{Catalogue, Cover, Person, Turn, WardVersion},
        time::Span,
    };

    fn civil(day: i8, minutes: u16) -> CivilTime {
        CivilTime { date: Date::new(2026, 3, day).unwrap(), time: TimeOfDay::from_minutes(minutes).unwrap() }
    }

    fn person(away: Vec<Away>) -> Person {
        Person { name: Text::from("x"), reach: Vec::new(), quiet: None, away }
    }

    #[test]
    fn between_two_edges_nobody_else_comes_on_duty() {
        // [WHO-2] [TIME-6]: a week around the change of the clock, minute by minute.
        let zone = crate::time::zone("America/Chicago").unwrap();
        let time = |minutes| TimeOfDay::from_minutes(minutes).unwrap();
        let roster = Roster {
            name: Text::from("Duty"),
            zone: zone.clone(),
            turn: Turn { days: 2 },
            from: civil(6, 420),
            members: vec![PersonId(0), PersonId(1), PersonId(2)],
            nights: vec![Night { days: 0b110_0001, from: time(1_260), to: time(150), who: Who::Person(PersonId(3)) }],
            covers: vec![Cover { by: PersonId(3), absent: PersonId(1), from: civil(8, 150), to: civil(9, 611) }],
            nobody: Who::Recipient,
        };
        let away = vec![Away { from: civil(10, 605), to: civil(11, 1) }];
        let people = vec![person(Vec::new()), person(Vec::new()), person(away.clone()), person(away)];
        let program = Program {
            name: Text::from("St Anne"),
            version: WardVersion([0; 32]),
            zone,
            catalogue: Catalogue::default(),
            severities: Vec::new(),
            calendars: Vec::new(),
            people,
            desks: Vec::new(),
            rosters: Vec::new(),
            escalations: Vec::new(),
            families: Vec::new(),
            alerts: Vec::new(),
            notices: Vec::new(),
            suppressions: Vec::new(),
            functions: Vec::new(),
        };
        let mut at = Timestamp::parse("2026-03-05T12:00:30Z").unwrap();
        let end = at.plus(Span::from_minutes(7 * 24 * 60));
        let (mut edges, mut changes) = (0, 0);
        let mut next = roster.next_edge(at, &program).unwrap();
        while at < end {
            let before = roster.on_duty(at, &program);
            at = at.plus(Span::from_minutes(1));
            let now = roster.on_duty(at, &program);
            if at >= next {
                edges += 1;
                changes += u32::from(before != now);
                assert!(roster.on_duty(next, &program) == now, "it is so from the edge on");
                next = roster.next_edge(next, &program).unwrap();
            } else {
                assert_eq!(before, now, "at {at}");
            }
        }
        assert!(edges >= 20 && changes >= 8, "{edges} edges, {changes} of them true ones");
    }
}
