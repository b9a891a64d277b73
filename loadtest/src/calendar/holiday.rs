//! Holiday: on which day does a yearly holiday fall?
//!
//! Written in a profile as `12-25`, `11-4th-thu` (the fourth Thursday of November), `05-last-mon`, or `easter-2` (Good Friday).
//! - **How it fits**: [`Calendar`](super::Calendar) works out all of them once.
//! - **Not here**: days taken instead of a holiday that falls on a weekend.
//! - **Source**: Easter by the anonymous Gregorian method (*Nature*, 1876).

use jiff::civil::{Date, Weekday};

use super::day_number;

/// A rule that names one day of each year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holiday {
    /// The same date each year.
    Fixed {
        /// 1 to 12.
        month: i8,
        /// 1 to 31.
        day: i8,
    },
    /// The n-th such weekday of a month; −1 is the last.
    Nth {
        /// 1 to 12.
        month: i8,
        /// 1 to 5, or −1.
        nth: i8,
        /// Which weekday.
        weekday: Weekday,
    },
    /// Days after Easter Sunday, negative before it.
    Easter(i64),
}

impl Holiday {
    /// Reads the spelling of a profile.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(days) = text.strip_prefix("easter") {
            return Some(Self::Easter(if days.is_empty() { 0 } else { days.parse().ok()? }));
        }
        let (month, rest) = text.split_once('-')?;
        let month: i8 = month.parse().ok().filter(|month| (1..=12).contains(month))?;
        match rest.split_once('-') {
            None => Some(Self::Fixed { month, day: rest.parse().ok().filter(|day| (1..=31).contains(day))? }),
            Some((nth, weekday)) => Some(Self::Nth { month, nth: parse_nth(nth)?, weekday: parse_weekday(weekday)? }),
        }
    }

    /// Its day in a year, as days since 1970-01-01; `None` when that year has none.
    #[must_use]
    pub fn day(self, year: i16) -> Option<i64> {
        match self {
            Self::Fixed { month, day } => Date::new(year, month, day).ok().map(day_number),
            Self::Nth { month, nth, weekday } => {
                let first = Date::new(year, month, 1).ok()?;
                first.nth_weekday_of_month(nth, weekday).ok().map(day_number)
            }
            Self::Easter(days) => easter(year).map(|date| day_number(date) + days),
        }
    }
}

fn parse_nth(text: &str) -> Option<i8> {
    match text {
        "1st" => Some(1),
        "2nd" => Some(2),
        "3rd" => Some(3),
        "4th" => Some(4),
        "5th" => Some(5),
        "last" => Some(-1),
        _ => None,
    }
}

fn parse_weekday(text: &str) -> Option<Weekday> {
    match text {
        "mon" => Some(Weekday::Monday),
        "tue" => Some(Weekday::Tuesday),
        "wed" => Some(Weekday::Wednesday),
        "thu" => Some(Weekday::Thursday),
        "fri" => Some(Weekday::Friday),
        "sat" => Some(Weekday::Saturday),
        "sun" => Some(Weekday::Sunday),
        _ => None,
    }
}

fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let moon = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let week = (32 + 2 * (b % 4) + 2 * (c / 4) - moon - c % 4) % 7;
    let shift = (a + 11 * moon + 22 * week) / 451;
    let month_and_day = moon + week - 7 * shift + 114;
    Date::new(year, i8::try_from(month_and_day / 31).ok()?, i8::try_from(month_and_day % 31 + 1).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(rule: &str, year: i16) -> String {
        let day = Holiday::parse(rule).and_then(|holiday| holiday.day(year));
        day.and_then(super::super::date_of).map_or_else(|| "none".to_owned(), |date| date.to_string())
    }

    #[test]
    fn holidays_fall_where_the_calendar_says() {
        assert_eq!(date("07-04", 2026), "2026-07-04");
        assert_eq!(date("11-4th-thu", 2026), "2026-11-26");
        assert_eq!(date("05-last-mon", 2026), "2026-05-25");
        assert_eq!(date("09-1st-mon", 2026), "2026-09-07");
        assert_eq!(date("easter-2", 2026), "2026-04-03");
        assert_eq!(date("easter+1", 2027), "2027-03-29");
        assert_eq!(date("easter", 2000), "2000-04-23");
    }

    #[test]
    fn nonsense_is_no_holiday() {
        for text in ["", "13-01", "02", "05-6th-mon", "05-last-moon", "easter?", "1-99"] {
            assert_eq!(Holiday::parse(text), None, "{text}");
        }
        assert_eq!(date("02-29", 2027), "none");
    }
}
