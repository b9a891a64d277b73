//! Time: when did it happen, how exactly do we know, and what is that in civil time?
//!
//! Instants are whole microseconds since 1970 UTC, spans are whole microseconds, and all arithmetic is integer and
//! saturating. A source's time is an interval `[lo, hi)` of the precision it was written with ([`EventTime`]).
//! Civil time goes through the bundled zone data only, so that a replay never depends on the machine's copy.
//!
//! - **How it fits**: everything that carries a time uses [`Timestamp`]; calendars and rosters use [`Zone`].
//! - **Not here**: reading the time. It comes with the batch.

mod zone;

use core::fmt;

pub use zone::{Zone, zone, zone_data_version};

/// Microseconds of one second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds of one minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds of one hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds of 24 hours.
pub const DAY: i64 = 24 * HOUR;

/// An instant: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A length of time in microseconds; never a date difference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(i64);

impl Timestamp {
    /// The earliest instant there is.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant there is; used as "never".
    pub const MAX: Self = Self(i64::MAX);

    /// From microseconds since 1970 UTC.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970 UTC.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This instant and `span` later, saturating at the ends of time.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The length from `earlier` to this instant; negative if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Reads RFC 3339 with an offset or `Z`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(Self::from_jiff)
    }

    pub(crate) fn from_jiff(at: jiff::Timestamp) -> Self {
        Self(at.as_microsecond())
    }

    pub(crate) fn to_jiff(self) -> jiff::Timestamp {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => at,
            Err(_) if self.0 < 0 => jiff::Timestamp::MIN,
            Err(_) => jiff::Timestamp::MAX,
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.to_jiff();
        if self.0 % SECOND == 0 { write!(f, "{at:.0}") } else { write!(f, "{at:.6}") }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than anything; used as "for ever".
    pub const MAX: Self = Self(i64::MAX);

    /// From microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(SECOND))
    }

    /// From whole minutes.
    #[must_use]
    pub const fn from_minutes(minutes: i64) -> Self {
        Self(minutes.saturating_mul(MINUTE))
    }

    /// Microseconds of this span.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Both spans together, saturating.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of this span after `other`; may be negative.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match self.0 {
            n if n != 0 && n % HOUR == 0 => (n / HOUR, "hour"),
            n if n != 0 && n % MINUTE == 0 => (n / MINUTE, "minute"),
            n if n % SECOND == 0 => (n / SECOND, "second"),
            n => (n, "microsecond"),
        };
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A time of day, as minutes after midnight: 0 to 1,440 (24:00).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// `None` beyond 24:00.
    #[must_use]
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes <= 1_440 { Some(Self(minutes)) } else { None }
    }

    /// Minutes after midnight, 0 to 1,440.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A civil date, as days since 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

/// A civil date and a time of day, without a zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CivilTime {
    /// The day.
    pub date: Date,
    /// The time of that day; 24:00 is midnight of the next.
    pub time: TimeOfDay,
}

impl Date {
    /// `None` for a date that does not exist or lies outside the years 1 to 9999.
    #[must_use]
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        jiff::civil::Date::new(year, month, day).ok().and_then(Self::from_jiff)
    }

    /// From days since 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn days(self) -> i32 {
        self.0
    }

    /// `n` days later.
    #[must_use]
    pub const fn plus_days(self, n: i32) -> Self {
        Self(self.0.saturating_add(n))
    }

    /// 0 for Monday to 6 for Sunday.
    #[must_use]
    pub const fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday, number 3.
        match (self.0 as i64 + 3).rem_euclid(7) {
            0 => 0,
            1 => 1,
            2 => 2,
            3 => 3,
            4 => 4,
            5 => 5,
            _ => 6,
        }
    }

    /// Year, month 1 to 12, day 1 to 31.
    #[must_use]
    pub fn ymd(self) -> (i16, i8, i8) {
        let date = self.to_jiff();
        (date.year(), date.month(), date.day())
    }

    pub(crate) fn from_jiff(date: jiff::civil::Date) -> Option<Self> {
        let midnight = date.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        i32::try_from(midnight.timestamp().as_second().div_euclid(86_400)).ok().map(Self)
    }

    pub(crate) fn to_jiff(self) -> jiff::civil::Date {
        let at = Timestamp(i64::from(self.0).saturating_mul(DAY)).to_jiff();
        jiff::tz::TimeZone::UTC.to_datetime(at).date()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A source's time: some instant in `[lo, hi)` [TIM-1].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct EventTime {
    /// The first instant it may mean.
    pub lo: Timestamp,
    /// The first instant it cannot mean any more.
    pub hi: Timestamp,
    /// Where its zone came from.
    pub origin: ZoneOrigin,
    /// What was done to read it.
    pub repair: Repair,
}

/// Where the zone of a source's time came from [TIM-2].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum ZoneOrigin {
    /// The field's own offset.
    #[default]
    Field,
    /// The message's header.
    Message,
    /// The zone configured for the source.
    Source,
    /// The zone of the site.
    Site,
    /// None was known: read as UTC.
    None,
}

/// What had to be done to read a source's time [TIM-4] [TIM-5].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Repair {
    /// Nothing.
    #[default]
    None,
    /// The local time occurs twice; the first was taken.
    Ambiguous,
    /// The local time does not occur; it was moved forward by the gap.
    Gap,
    /// A cut second was dropped.
    Truncated,
    /// An unreadable offset was dropped.
    Offset,
}

impl EventTime {
    /// A time known to the microsecond.
    #[must_use]
    pub const fn exact(at: Timestamp) -> Self {
        Self { lo: at, hi: at.plus(Span::from_micros(1)), origin: ZoneOrigin::Field, repair: Repair::None }
    }

    /// A time known to the span `width`, from `lo` on.
    #[must_use]
    pub const fn within(lo: Timestamp, width: Span) -> Self {
        Self { lo, hi: lo.plus(width), origin: ZoneOrigin::Field, repair: Repair::None }
    }

    /// How wide the interval is.
    #[must_use]
    pub const fn width(&self) -> Span {
        self.hi.since(self.lo)
    }

    /// The instant from which deadlines count: the first if the interval is at most a minute wide, else its end [TIM-8].
    #[must_use]
    pub const fn base(&self) -> Timestamp {
        if self.width().micros() <= MINUTE { self.lo } else { self.hi }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_print_as_they_are_read() {
        let at = Timestamp::parse("2026-01-14T07:52:10Z").unwrap();
        assert_eq!(at.to_string(), "2026-01-14T07:52:10Z");
        assert_eq!(at.plus(Span::from_micros(5)).to_string(), "2026-01-14T07:52:10.000005Z");
        assert_eq!(Timestamp::parse("2026-01-14"), None);
    }

    #[test]
    fn dates_know_their_weekday() {
        let date = Date::new(2026, 7, 4).unwrap();
        assert_eq!((date.weekday(), date.to_string()), (5, "2026-07-04".to_owned()));
        assert_eq!(date.plus_days(2).weekday(), 0);
        assert_eq!(Date::new(2026, 2, 30), None);
    }

    #[test]
    fn wide_times_count_from_their_end() {
        // [TIM-8]
        let lo = Timestamp::parse("2026-01-14T09:14:00Z").unwrap();
        assert_eq!(EventTime::within(lo, Span::from_minutes(1)).base(), lo);
        let hour = EventTime::within(lo, Span::from_minutes(60));
        assert_eq!(hour.base(), hour.hi);
    }
}
