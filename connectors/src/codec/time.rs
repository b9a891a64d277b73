//! Time: which instants may a written time mean?
//!
//! A time says as much as was written: `09:14` is the minute `[09:14:00, 09:15:00)`. Its zone is its own offset, else
//! that of the message, of the source, of the site, and at last UTC with a note. Nothing malformed refuses a message:
//! the time is absent and a note says so.
//!
//! ```text
//!  text ──► Written (civil fields, precision, offset) ──► placed in a zone ──► EventTime [lo, hi)
//! ```
//! - **How it fits**: JSON and FHIR write RFC 3339 or a prefix of it, HL7 writes DTM; both end in [`Zones::place`].
//! - **Not here**: times too far ahead of the log ([`settle`](super::settle) knows the log's time), skew.
//! - **Source**: domain page [TIM-1] to [TIM-7]; HL7 v2.9 2.A.22 (DTM); RFC 3339.

mod written;

use wardline_rules::{
    quality::Fault,
    time::{DAY, Date, EventTime, HOUR, MINUTE, Repair, SECOND, Span, Timestamp, Zone, ZoneOrigin},
};
pub use written::{Offset, Precision, Written};

use super::{
    notes::Notes,
    profile::{Profile, ZoneRule},
};
use crate::limits::YEAR_MIN;

/// Microseconds from 1970 to the first year that is believed.
pub(crate) const EARLIEST: i64 = written::days_before_year(YEAR_MIN) * DAY;

/// The zones that a message offers for times without an offset of their own.
#[derive(Clone, Copy, Debug)]
pub struct Zones<'p> {
    profile: &'p Profile,
    /// Offset of the header in minutes, east positive.
    message: Option<i32>,
}

/// What a time is read in.
enum Place<'p> {
    Offset(i32),
    Zone(&'p Zone),
}

impl<'p> Zones<'p> {
    /// Those of a source whose messages have no header.
    #[must_use]
    pub const fn new(profile: &'p Profile) -> Self {
        Self { profile, message: None }
    }

    /// With the offset of the message's header, in minutes.
    #[must_use]
    pub const fn with_message(self, message: Option<i32>) -> Self {
        Self { profile: self.profile, message }
    }

    /// Reads RFC 3339 or a prefix of it; absent with a note in `field` if it means nothing.
    pub(crate) fn rfc3339(&self, text: &str, field: &str, notes: &mut Notes) -> Option<EventTime> {
        self.read(Written::rfc3339(text), field, notes)
    }

    /// Reads an HL7 DTM; absent with a note in `field` if it means nothing. Empty and all zeros are absent in silence.
    pub(crate) fn dtm(&self, text: &str, field: &str, notes: &mut Notes) -> Option<EventTime> {
        let text = text.trim();
        if text.bytes().all(|byte| byte == b'0') {
            return None;
        }
        self.read(Written::dtm(text), field, notes)
    }

    fn read(&self, written: Option<Written>, field: &str, notes: &mut Notes) -> Option<EventTime> {
        let mut written = notes.expect(written, Fault::TimeMalformed, field)?;
        if self.profile.midnight_is_date {
            written.take_midnight_for_a_date();
        }
        let time = self.place(&written, &mut |fault| notes.add(fault, field));
        let believed = Some(time).filter(|time| time.lo.micros() >= EARLIEST);
        notes.expect(believed, Fault::ImplausibleTime, field)
    }

    /// The instants that `written` may mean; what had to be done for it is told to `fault`.
    pub fn place(&self, written: &Written, fault: &mut dyn FnMut(Fault)) -> EventTime {
        let (place, origin) = self.choose(written.offset);
        let (lo, hi, found) = span(&place, written);
        let repair = match (found, written.offset) {
            (Repair::None, _) if written.is_truncated => Repair::Truncated,
            (Repair::None, Offset::Unreadable) => Repair::Offset,
            (found, _) => found,
        };
        let faults = [
            (origin == ZoneOrigin::None, Fault::ZoneMissing),
            (written.is_truncated, Fault::TimeTruncated),
            (written.offset == Offset::Unreadable, Fault::BadOffset),
            (found == Repair::Ambiguous, Fault::TimeAmbiguous),
            (found == Repair::Gap, Fault::TimeGap),
        ];
        faults.into_iter().filter(|(is_so, _)| *is_so).for_each(|(_, kind)| fault(kind));
        EventTime { lo, hi, origin, repair }
    }

    /// [TIM-2]
    fn choose(&self, offset: Offset) -> (Place<'p>, ZoneOrigin) {
        if let Offset::Minutes(minutes) = offset {
            return (Place::Offset(minutes), ZoneOrigin::Field);
        }
        let message = self.message.map(|minutes| (Place::Offset(minutes), ZoneOrigin::Message));
        let source = self.profile.zone.as_ref().map(|zone| (Place::Zone(zone), ZoneOrigin::Source));
        let site = self.profile.site_zone.as_ref().map(|zone| (Place::Zone(zone), ZoneOrigin::Site));
        let first = match self.profile.zone_rule {
            ZoneRule::MessageFirst => message.or(source),
            ZoneRule::SourceFirst => source.or(message),
        };
        first.or(site).unwrap_or((Place::Offset(0), ZoneOrigin::None))
    }
}

/// Both ends in UTC, and whether the local time occurs twice or never.
fn span(place: &Place<'_>, written: &Written) -> (Timestamp, Timestamp, Repair) {
    let micros = written.micros_of_day;
    match written.precision {
        Precision::Year | Precision::Month | Precision::Day => {
            let (lo, hi) = (midnight(place, written.days), midnight(place, written.next_period()));
            (lo, hi, Repair::None)
        }
        Precision::Hour => within(place, written.days, micros, HOUR),
        Precision::Minute => within(place, written.days, micros, MINUTE),
        Precision::Second => within(place, written.days, micros, SECOND),
        Precision::Fraction(digits) => {
            within(place, written.days, micros, SECOND / 10_i64.pow(u32::from(digits.min(6))))
        }
    }
}

fn naive(days: i32, micros: i64) -> i64 {
    i64::from(days).saturating_mul(DAY).saturating_add(micros)
}

fn midnight(place: &Place<'_>, days: i32) -> Timestamp {
    match place {
        Place::Offset(minutes) => Timestamp::from_micros(naive(days, 0) - i64::from(*minutes) * MINUTE),
        Place::Zone(zone) => zone.midnight(Date::from_days(days)),
    }
}

fn within(place: &Place<'_>, days: i32, micros: i64, width: i64) -> (Timestamp, Timestamp, Repair) {
    let (lo, repair) = match place {
        Place::Offset(minutes) => {
            (Timestamp::from_micros(naive(days, micros) - i64::from(*minutes) * MINUTE), Repair::None)
        }
        Place::Zone(zone) => in_zone(zone, days, micros),
    };
    (lo, lo.plus(Span::from_micros(width)), repair)
}

/// [TIM-4]: the earlier of two; a time that never occurs is read with the offset before the gap.
fn in_zone(zone: &Zone, days: i32, micros: i64) -> (Timestamp, Repair) {
    let date = Date::from_days(days);
    let lo = zone.instant_at(date, micros);
    match zone.occurrences(date, micros) {
        1 => (lo, Repair::None),
        0 => {
            let before = zone.offset_seconds(lo.plus(Span::from_micros(-1)));
            (Timestamp::from_micros(naive(days, micros) - i64::from(before) * SECOND), Repair::Gap)
        }
        _ => (lo, Repair::Ambiguous),
    }
}

#[cfg(test)]
mod tests;
