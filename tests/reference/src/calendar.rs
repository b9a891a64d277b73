//! Calendar: when is a clock's time running, found by walking minute by minute?
//!
//! - LIMIT: `SEARCH`: a calendar that has not given the time asked for by then never will.
//! - **Not here**: holidays, closures, extra hours; opening hours whose ends fall into a repeated local hour.

use wardline_rules::time::{DAY, MINUTE, Span, Timestamp, Zone};

use crate::rule::Hours;

/// How far ahead is looked.
const SEARCH: i64 = 500 * DAY;
/// Times beyond this are no times of reports.
const FAR: i64 = 100_000 * DAY;
const WEEK_MINUTES: i64 = 7 * 1_440;

/// The time that a clock counts: all of it, or the open hours of a calendar.
pub(crate) struct Open<'a> {
    /// Zone and weekly hours; `None` counts all time.
    pub(crate) hours: Option<(Zone, &'a [Hours])>,
}

impl Open<'_> {
    /// The open time from `from` to before `to`.
    pub(crate) fn between(&self, from: Timestamp, to: Timestamp) -> Span {
        match self.reach(from, to, Span::MAX) {
            Ok(_) => Span::MAX,
            Err(spent) => spent,
        }
    }

    /// The earliest instant up to `to` at which `need` of open time has been used since `from`; else how much has.
    pub(crate) fn reach(&self, from: Timestamp, to: Timestamp, need: Span) -> Result<Timestamp, Span> {
        let Some((zone, hours)) = &self.hours else {
            let due = from.plus(need);
            return if due <= to { Ok(due) } else { Err(Span::from_micros(to.since(from).micros().max(0))) };
        };
        let mut spent = 0;
        for (begin, end) in open_minutes(zone, hours, from.micros(), to.micros()) {
            if end - begin >= need.micros() - spent {
                return Ok(Timestamp::from_micros(begin + need.micros() - spent));
            }
            spent += end - begin;
        }
        Err(Span::from_micros(spent))
    }
}

/// Every open minute from `from` to before `to`, the first and the last perhaps in part.
fn open_minutes(zone: &Zone, hours: &[Hours], from: i64, to: i64) -> impl Iterator<Item = (i64, i64)> {
    let from = from.clamp(-FAR, FAR);
    let limit = to.min(from + SEARCH);
    let (mut at, mut quarter, mut ahead) = (from, from, 0);
    let minutes = core::iter::from_fn(move || {
        if at >= quarter {
            // Offsets from UTC change on quarters of an hour only.
            quarter = (at.div_euclid(15 * MINUTE) + 1) * 15 * MINUTE;
            ahead = week_minute(zone, Timestamp::from_micros(at)) - at.div_euclid(MINUTE);
        }
        let minute = at.div_euclid(MINUTE);
        let (begin, end) = (at, ((minute + 1) * MINUTE).min(limit));
        at = end;
        (begin < limit).then_some((begin, end, minute + ahead))
    });
    minutes.filter(|(_, _, minute)| is_open(hours, minute.rem_euclid(WEEK_MINUTES))).map(|(begin, end, _)| (begin, end))
}

/// Minutes since Monday 00:00, local time.
fn week_minute(zone: &Zone, at: Timestamp) -> i64 {
    let (date, micros) = zone.civil(at);
    i64::from(date.weekday()) * 1_440 + micros / MINUTE
}

fn is_open(hours: &[Hours], minute: i64) -> bool {
    hours.iter().any(|range| {
        let (from, to) = (i64::from(range.from.minutes()), i64::from(range.to.minutes()));
        let length = if to > from { to - from } else { to + 1_440 - from };
        (range.first..=range.last).any(|day| {
            let since = minute - (i64::from(day) * 1_440 + from);
            since.rem_euclid(WEEK_MINUTES) < length
        })
    })
}

#[cfg(test)]
mod tests {
    use wardline_rules::time::{TimeOfDay, zone};

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn hours(first: u8, last: u8, from: u16, to: u16) -> Hours {
        let time = |hour: u16| TimeOfDay::from_minutes(hour * 60).unwrap();
        Hours { first, last, from: time(from), to: time(to) }
    }

    #[test]
    fn working_hours_skip_the_weekend_and_end_at_closing_time() {
        // Friday 10 July 2026, 16:00 in UTC: four hours to closing, four of Saturday morning, eight more from Monday 06:00.
        let bench = [hours(0, 4, 6, 20), hours(5, 5, 8, 12)];
        let open = Open { hours: Some((Zone::utc(), &bench)) };
        let due = |hours: i64| open.reach(at("2026-07-10T16:00:00Z"), Timestamp::MAX, Span::from_minutes(hours * 60));
        assert_eq!(due(4), Ok(at("2026-07-10T20:00:00Z")), "[CAL-6]: not the next opening");
        assert_eq!(due(8), Ok(at("2026-07-11T12:00:00Z")));
        assert_eq!(due(16), Ok(at("2026-07-13T14:00:00Z")));
    }

    #[test]
    fn a_night_gains_and_loses_an_hour_with_the_clock() {
        // Example 2 of the language: seven working hours from 22:30 local time, in Chicago.
        let bench = [hours(0, 6, 22, 6)];
        let open = Open { hours: Some((zone("America/Chicago").unwrap(), &bench)) };
        let due = |from| open.reach(at(from), Timestamp::MAX, Span::from_minutes(420));
        assert_eq!(due("2026-11-01T03:30:00Z"), Ok(at("2026-11-01T10:30:00Z")), "04:30 CST");
        assert_eq!(due("2026-03-08T04:30:00Z"), Ok(at("2026-03-09T03:30:00Z")), "22:30 CDT of the next evening");
        let spent = open.between(at("2026-11-01T03:30:00Z"), at("2026-11-01T07:30:00Z"));
        assert_eq!(spent, Span::from_minutes(240));
    }

    #[test]
    fn what_is_never_open_is_never_due() {
        let open = Open { hours: Some((Zone::utc(), &[])) };
        assert_eq!(open.reach(at("2026-01-01T00:00:00Z"), Timestamp::MAX, Span::from_minutes(1)), Err(Span::ZERO));
    }
}
