//! Calendar declarations: when is work time, as the ward wrote it?
//!
//! Holiday files are already resolved to dates. What the set of instants is, and how working time adds up, is
//! [`crate::calendar`].

use crate::{
    Text,
    time::{Date, TimeOfDay, Zone},
};

/// A calendar of a ward.
#[derive(Clone, PartialEq, Debug)]
pub struct Calendar {
    /// Its name.
    pub name: Text,
    /// Its zone.
    pub zone: Zone,
    /// Weekly hours.
    pub open: Opening,
    /// Dates, or parts of dates, taken out.
    pub closed: Vec<Closed>,
    /// Ranges put in: date, begin, end; an end not after its begin lies on the next day.
    pub extra: Vec<(Date, TimeOfDay, TimeOfDay)>,
}

/// Weekly hours.
#[derive(Clone, PartialEq, Debug)]
pub enum Opening {
    /// Day and night.
    Always,
    /// These ranges.
    Weekly(Vec<WeeklyRange>),
}

/// A range of clock time on certain days of the week.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WeeklyRange {
    /// Bit 0 is Monday; the range belongs to the day it begins on [CAL-2].
    pub days: u8,
    /// Begin.
    pub from: TimeOfDay,
    /// End; one that is not after `from` lies on the next day.
    pub to: TimeOfDay,
}

/// A date or part of a date without work time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Closed {
    /// Which day.
    pub day: ClosedDay,
    /// From when on that day; 00:00 for all of it.
    pub from: TimeOfDay,
    /// Until when on that day; 24:00 for all of it.
    pub to: TimeOfDay,
}

/// A day, once or every year.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClosedDay {
    /// From this date to that, both included.
    Dates(Date, Date),
    /// Month 1 to 12 and day 1 to 31 of every year.
    Yearly(u8, u8),
}
