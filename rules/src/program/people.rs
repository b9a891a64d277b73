//! People: who is there, when are they not, and who takes their place?

use super::{PersonId, Who};
use crate::{
    Text,
    time::{CivilTime, DAY, MINUTE, TimeOfDay, Timestamp, Zone},
    words::Channel,
};

/// A named person.
#[derive(Clone, PartialEq, Debug)]
pub struct Person {
    /// The name.
    pub name: Text,
    /// Addresses; empty means those of the installation's directory [WHO-5].
    pub reach: Vec<Address>,
    /// Quiet hours.
    pub quiet: Option<Quiet>,
    /// Absences, in the ward's zone.
    pub away: Vec<Away>,
}

/// A place always staffed.
#[derive(Clone, PartialEq, Debug)]
pub struct Desk {
    /// The name.
    pub name: Text,
    /// Addresses; empty means those of the installation's directory.
    pub reach: Vec<Address>,
    /// Quiet hours.
    pub quiet: Option<Quiet>,
}

/// How to reach somebody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// By which channel.
    pub channel: Channel,
    /// Where.
    pub at: Text,
}

/// Hours in which nothing begins that may wait; half-open, in the ward's zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quiet {
    /// Begin.
    pub from: TimeOfDay,
    /// End; not after `from` means the next day.
    pub to: TimeOfDay,
}

impl Quiet {
    /// When the quiet hours end that `at` lies in; `None` if it lies in none.
    #[must_use]
    pub fn ends(&self, zone: &Zone, at: Timestamp) -> Option<Timestamp> {
        let (date, micros) = zone.civil(at);
        let (from, to) = (i64::from(self.from.minutes()) * MINUTE, i64::from(self.to.minutes()) * MINUTE);
        let runs_past_midnight = to <= from;
        if !runs_past_midnight {
            return (from <= micros && micros < to).then(|| zone.instant_at(date, to));
        }
        if micros < to {
            return Some(zone.instant_at(date, to));
        }
        (micros >= from).then(|| zone.instant_at(date.plus_days(1), to)).filter(|_| from < DAY)
    }
}

/// An absence, half-open [WHO-3].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Away {
    /// Begin.
    pub from: CivilTime,
    /// End.
    pub to: CivilTime,
}

/// Who is on duty.
#[derive(Clone, PartialEq, Debug)]
pub struct Roster {
    /// The name.
    pub name: Text,
    /// Its zone.
    pub zone: Zone,
    /// How long one turn lasts.
    pub turn: Turn,
    /// When the first turn begins.
    pub from: CivilTime,
    /// Who takes turns, in order.
    pub members: Vec<PersonId>,
    /// Hours that somebody else has.
    pub nights: Vec<Night>,
    /// Who stands in for whom.
    pub covers: Vec<Cover>,
    /// Who is asked when nobody is on duty.
    pub nobody: Who,
}

/// How long one turn of a roster lasts, in civil days.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Turn {
    /// Days of one turn: 1 daily, 7 weekly.
    pub days: u16,
}

/// Hours of a roster that somebody else has.
#[derive(Clone, PartialEq, Debug)]
pub struct Night {
    /// Bit 0 is Monday; the hours belong to the day they begin on.
    pub days: u8,
    /// Begin.
    pub from: TimeOfDay,
    /// End; not after `from` means the next day.
    pub to: TimeOfDay,
    /// Who has them.
    pub who: Who,
}

/// Who stands in for whom, half-open [WHO-3].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cover {
    /// Who stands in.
    pub by: PersonId,
    /// For whom.
    pub absent: PersonId,
    /// Begin, in the roster's zone.
    pub from: CivilTime,
    /// End.
    pub to: CivilTime,
}
