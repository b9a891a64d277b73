//! Calendar: what time is it where the report is made, and who is at work then?
//!
//! All instants are UTC microseconds; a calendar turns them into local days and hours of one zone, knows its holidays,
//! and does the three sums of the profiles: opening hours, weekday time, and the next draw round.
//! Zone changes come from the bundled zone files and are laid out once, so that a look-up is a search in a short list.
//!
//! - **How it fits**: [`arrivals`](crate::arrivals) asks for hour, weekday and season; [`wait`](crate::wait) for opening hours.
//! - LIMIT: `YEARS` in [`limits`](crate::limits); outside it the first or last offset holds and there are no holidays.
//! - **Not here**: reading the machine's clock or zone files.

mod holiday;

pub use holiday::Holiday;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

use crate::limits::YEARS;

/// Microseconds of a minute, an hour and a day.
pub const MINUTE: i64 = 60_000_000;
/// Microseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds of a day.
pub const DAY: i64 = 24 * HOUR;

/// Which of the yearly shapes are left out; both only for comparing figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flat {
    /// No difference between winter and summer.
    pub season: bool,
    /// Holidays are working days.
    pub holidays: bool,
}

/// A local instant: day since 1970-01-01 and microseconds since its midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local {
    /// Day since 1970-01-01 on the wall calendar.
    pub day: i64,
    /// Microseconds since local midnight.
    pub of_day: i64,
}

impl Local {
    const fn from_micros(micros: i64) -> Self {
        Self { day: micros.div_euclid(DAY), of_day: micros.rem_euclid(DAY) }
    }

    /// 0 is Monday.
    #[must_use]
    pub fn weekday(self) -> usize {
        weekday(self.day)
    }

    /// 0 to 23.
    #[must_use]
    pub fn hour(self) -> usize {
        usize::try_from(self.of_day / HOUR).unwrap_or(0).min(23)
    }
}

fn weekday(day: i64) -> usize {
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// One zone with its holidays.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// (from this instant on, offset from UTC), ascending.
    offsets: Vec<(i64, i64)>,
    holidays: Vec<i64>,
    flat: Flat,
}

impl Calendar {
    /// **Input** `zone`: an IANA name. **Errors**: `None` when the bundled list does not know it.
    #[must_use]
    pub fn new(zone: &str, holidays: &[Holiday], flat: Flat) -> Option<Self> {
        let zone = TimeZoneDatabase::bundled().get(zone).ok()?;
        let mut days: Vec<i64> = Vec::new();
        if !flat.holidays {
            days = YEARS.flat_map(|year| holidays.iter().filter_map(move |holiday| holiday.day(year))).collect();
            days.sort_unstable();
        }
        Some(Self { offsets: offsets(&zone), holidays: days, flat })
    }

    /// Which of the yearly shapes are left out.
    #[must_use]
    pub const fn flat(&self) -> Flat {
        self.flat
    }

    /// The wall time at `at`.
    #[must_use]
    pub fn local(&self, at: i64) -> Local {
        Local::from_micros(at + self.offset(at))
    }

    /// The instant of a wall time; of two, the earlier; of none, as if the clock had not moved.
    #[must_use]
    pub fn instant(&self, local: Local) -> i64 {
        let wall = local.day * DAY + local.of_day;
        let early = wall - self.offset(wall - DAY);
        if early + self.offset(early) == wall { early } else { wall - self.offset(wall) }
    }

    fn offset(&self, at: i64) -> i64 {
        let next = self.offsets.partition_point(|(from, _)| *from <= at);
        self.offsets.get(next.saturating_sub(1)).map_or(0, |(_, offset)| *offset)
    }

    /// Whether a day is neither weekend nor holiday.
    #[must_use]
    pub fn is_working(&self, day: i64) -> bool {
        weekday(day) < 5 && !self.is_holiday(day)
    }

    /// Whether a day is a public holiday.
    #[must_use]
    pub fn is_holiday(&self, day: i64) -> bool {
        self.holidays.binary_search(&day).is_ok()
    }

    /// Whether `at` lies inside the opening hours `[open, close)` of a working day.
    #[must_use]
    pub fn is_open(&self, at: i64, hours: [i64; 2]) -> bool {
        let local = self.local(at);
        self.is_working(local.day) && (hours[0] * HOUR..hours[1] * HOUR).contains(&local.of_day)
    }

    /// The next opening at or after `at`.
    #[must_use]
    pub fn next_opening(&self, at: i64, hours: [i64; 2]) -> i64 {
        let local = self.local(at);
        let mut day = if local.of_day < hours[0] * HOUR { local.day } else { local.day + 1 };
        while !self.is_working(day) {
            day += 1;
        }
        self.instant(Local { day, of_day: hours[0] * HOUR })
    }

    /// `at` plus `span` of weekday time: only working days count, each for 24 hours.
    #[must_use]
    pub fn after_weekday_time(&self, at: i64, span: i64) -> i64 {
        let (mut local, mut left) = (self.local(at), span);
        loop {
            if !self.is_working(local.day) {
                local = Local { day: local.day + 1, of_day: 0 };
                continue;
            }
            let today = DAY - local.of_day;
            if left < today {
                return self.instant(Local { day: local.day, of_day: local.of_day + left });
            }
            left -= today;
            local = Local { day: local.day + 1, of_day: 0 };
        }
    }

    /// Weekday time between two instants, the inverse of [`Calendar::after_weekday_time`].
    #[must_use]
    pub fn weekday_time(&self, from: i64, to: i64) -> i64 {
        let (from, to) = (self.local(from), self.local(to));
        (from.day..=to.day).filter(|day| self.is_working(*day)).map(|day| share_of(day, from, to)).sum()
    }

    /// Midnight at which a date begins.
    #[must_use]
    pub fn midnight(&self, date: Date) -> i64 {
        self.instant(Local { day: day_number(date), of_day: 0 })
    }

    /// Factor of the season: 1 + amplitude × cos(2π(n − 15) ÷ 365), n the day of the year.
    #[must_use]
    pub fn season(day: i64, amplitude: f64) -> f64 {
        let of_year = date_of(day).map_or(1, Date::day_of_year);
        let angle = std::f64::consts::TAU * (f64::from(of_year) - 15.0) / 365.0;
        1.0 + amplitude * libm::cos(angle)
    }
}

/// How much of `day` lies between two wall times.
fn share_of(day: i64, from: Local, to: Local) -> i64 {
    let start = if day == from.day { from.of_day } else { 0 };
    let end = if day == to.day { to.of_day } else { DAY };
    (end - start).max(0)
}

/// Day since 1970-01-01.
#[must_use]
pub fn day_number(date: Date) -> i64 {
    let since = date.duration_since(Date::constant(1970, 1, 1));
    since.as_hours() / 24
}

/// The date of a day since 1970-01-01; `None` beyond the years a date can hold.
#[must_use]
pub fn date_of(day: i64) -> Option<Date> {
    Date::constant(1970, 1, 1).checked_add(SignedDuration::from_hours(day.checked_mul(24)?)).ok()
}

fn offsets(zone: &TimeZone) -> Vec<(i64, i64)> {
    let start = day_number(Date::constant(*YEARS.start(), 1, 1)) * DAY;
    let end = day_number(Date::constant(*YEARS.end(), 12, 31)) * DAY;
    let Ok(first) = Timestamp::from_microsecond(start) else {
        return Vec::new();
    };
    let mut offsets = vec![(i64::MIN, i64::from(zone.to_offset(first).seconds()) * 1_000_000)];
    for change in zone.following(first) {
        let at = change.timestamp().as_microsecond();
        if at > end {
            break;
        }
        offsets.push((at, i64::from(change.offset().seconds()) * 1_000_000));
    }
    offsets
}

#[cfg(test)]
mod tests;
