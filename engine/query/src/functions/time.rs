//! Time: how are instants put into buckets, and how much of a time was work time?
//!
//! Zones and calendars are those of the ward that decides at the newest snapshot.
//!
//! - **Source**: analytics page 4.
//! - **Not here**: how a calendar counts (`wardline-rules`).

use std::sync::Arc;

use arrow::{
    array::{Array as _, ArrayRef, BooleanArray, Int64Array, StringArray, TimestampMicrosecondArray},
    datatypes::{DataType, Int64Type, IntervalMonthDayNanoType, IntervalUnit, TimeUnit, TimestampMicrosecondType},
};
use datafusion::logical_expr::{ScalarUDF, Volatility};
use wardline_tables::{
    Calendar,
    time::{DAY, Date, HOUR, MINUTE, SECOND, Span, Timestamp, Zone, zone},
};

use super::scalar::{instant, numbers, rows, scalar, texts};
use crate::{
    codes::Code,
    error::Error,
    times::{Times, Wards},
};

/// Buckets are counted from this Monday, 2000-01-03T00:00Z.
const ORIGIN: i64 = 10_959 * DAY;
/// How far an opening is looked for.
const SEARCH_MAX: i64 = 400 * DAY;

/// The functions.
pub(super) fn scalars(wards: &Wards) -> Vec<ScalarUDF> {
    let civil = DataType::Timestamp(TimeUnit::Microsecond, None);
    let of = |work: fn(&Times, &[ArrayRef]) -> Result<ArrayRef, Error>| {
        let wards = wards.clone();
        move |given: &[ArrayRef]| work(&wards.newest(), given)
    };
    let (pure, stable) = (Volatility::Immutable, Volatility::Stable);
    vec![
        scalar("time_bucket", &[2, 3], instant(), pure, time_bucket),
        scalar("duration_text", &[1], DataType::Utf8, pure, duration_texts),
        scalar("site_time", &[2], civil, stable, of(site_time)),
        scalar("working_seconds", &[3], DataType::Int64, stable, of(working_seconds)),
        scalar("working_add", &[3], instant(), stable, of(working_add)),
        scalar("is_open_at", &[2], DataType::Boolean, stable, of(is_open_at)),
    ]
}

fn instants(given: &[ArrayRef], place: usize) -> Result<TimestampMicrosecondArray, Error> {
    numbers::<TimestampMicrosecondType>(given, place, &instant())
}

/// A column of instants.
fn told(found: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(found.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}

// ---- buckets ---------------------------------------------------------------------------------------------------------

fn time_bucket(given: &[ArrayRef]) -> Result<ArrayRef, Error> {
    let count = rows(given);
    let widths = widths(given, count)?;
    let at = instants(given, 1)?;
    let zones = if given.len() > 2 { Some(texts(given, 2)?) } else { None };
    let mut last: Option<(String, Zone)> = None;
    let mut found = Vec::with_capacity(count);
    for row in 0..count {
        let is_unknown = at.is_null(row) || zones.as_ref().is_some_and(|zones| zones.is_null(row));
        let Some(width) = widths.get(row).copied().flatten().filter(|_| !is_unknown) else {
            found.push(None);
            continue;
        };
        let bucket = match &zones {
            None => floor(at.value(row), width),
            Some(zones) => {
                let name = zones.value(row);
                if last.as_ref().is_none_or(|(known, _)| known != name) {
                    last = Some((name.to_owned(), zone(name).ok_or_else(|| unknown_zone(name))?));
                }
                last.as_ref().map_or(0, |(_, zone)| floor_in(zone, at.value(row), width))
            }
        };
        found.push(Some(bucket));
    }
    Ok(told(found.into_iter()))
}

fn unknown_zone(name: &str) -> Error {
    let name: String = name.chars().take(60).collect();
    Error::new(Code::Zone, format!("`{name}` is no zone: one is called like `America/Chicago`"))
}

fn floor(at: i64, width: i64) -> i64 {
    at - (at - ORIGIN).rem_euclid(width)
}

/// The beginning of a bucket as the clocks of a zone show it.
fn floor_in(zone: &Zone, at: i64, width: i64) -> i64 {
    let offset = |at: i64| i64::from(zone.offset_seconds(Timestamp::from_micros(at))) * SECOND;
    let shown = floor(at + offset(at), width);
    let begin = shown - offset(at);
    // The clocks were changed since then: the wall says when the bucket began.
    if offset(begin) == offset(at) {
        return begin;
    }
    let days = shown.div_euclid(DAY);
    let date = Date::from_days(i32::try_from(days).unwrap_or_default());
    zone.instant_at(date, shown - days * DAY).micros().min(at)
}

/// The width of the buckets of each row, microseconds.
fn widths(given: &[ArrayRef], count: usize) -> Result<Vec<Option<i64>>, Error> {
    let refused = |text: &str| Error::new(Code::Width, format!("`{text}` is no width of a bucket"));
    let first = given.first().ok_or_else(|| refused(""))?;
    if let DataType::Interval(_) = first.data_type() {
        let kind = DataType::Interval(IntervalUnit::MonthDayNano);
        let intervals = numbers::<IntervalMonthDayNanoType>(given, 0, &kind)?;
        let width = |row| {
            if intervals.is_null(row) {
                return Ok(None);
            }
            let one = intervals.value(row);
            let micros = i64::from(one.days) * DAY + one.nanoseconds / 1_000;
            let fits = one.months == 0 && micros > 0;
            fits.then_some(Some(micros)).ok_or_else(|| refused("an interval of months, or not above zero"))
        };
        return (0..count).map(width).collect();
    }
    let texts = texts(given, 0)?;
    let width = |text: Option<&str>| text.map(|text| parse_width(text).ok_or_else(|| refused(text))).transpose();
    texts.iter().map(width).collect()
}

/// `'300.000s'` as Grafana writes it, `'5 minutes'`, `'1 hour 30 minutes'`.
fn parse_width(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut total = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(digits)?;
        let tail = tail.trim_start();
        let letters = tail.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters)?;
        let unit = match unit {
            "ms" | "millisecond" | "milliseconds" => SECOND / 1_000,
            "s" | "sec" | "second" | "seconds" => SECOND,
            "m" | "min" | "minute" | "minutes" => MINUTE,
            "h" | "hour" | "hours" => HOUR,
            "d" | "day" | "days" => DAY,
            "w" | "week" | "weeks" => 7 * DAY,
            _ => return None,
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let whole: i64 = whole.parse().ok()?;
        let part = format!("{part:0<6}");
        let millionths: i64 = part.get(..6)?.parse().ok()?;
        let micros = whole.checked_mul(unit)?.checked_add(millionths.checked_mul(unit)? / 1_000_000)?;
        total = total.checked_add(micros)?;
        rest = tail.trim_start();
    }
    (total > 0).then_some(total)
}

// ---- durations -------------------------------------------------------------------------------------------------------

fn duration_texts(given: &[ArrayRef]) -> Result<ArrayRef, Error> {
    let seconds = numbers::<Int64Type>(given, 0, &DataType::Int64)?;
    let texts = seconds.iter().map(|seconds| seconds.map(duration_text));
    Ok(Arc::new(texts.collect::<StringArray>()))
}

/// `45 s`, `12 min`, `1 h 02 min`, `3 d 04 h`.
fn duration_text(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let s = seconds.unsigned_abs();
    let text = match s {
        0..60 => format!("{s} s"),
        60..3_600 => format!("{} min", s / 60),
        3_600..172_800 => format!("{} h {:02} min", s / 3_600, s / 60 % 60),
        _ => format!("{} d {:02} h", s / 86_400, s / 3_600 % 24),
    };
    format!("{sign}{text}")
}

// ---- the ward's ------------------------------------------------------------------------------------------------------

fn site_time(times: &Times, given: &[ArrayRef]) -> Result<ArrayRef, Error> {
    let (at, sites) = (instants(given, 0)?, texts(given, 1)?);
    let found = at.iter().zip(sites.iter()).map(|(at, site)| {
        let at = at?;
        Some(at + i64::from(times.zone_of(site).offset_seconds(Timestamp::from_micros(at))) * SECOND)
    });
    Ok(Arc::new(found.collect::<TimestampMicrosecondArray>()))
}

fn calendar<'a>(times: &'a Times, name: &str) -> Result<&'a Calendar, Error> {
    times.calendar(name).ok_or_else(|| {
        let known: Vec<&str> = times.calendars.iter().map(|calendar| calendar.name.as_str()).collect();
        let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        let name: String = name.chars().take(60).collect();
        Error::new(Code::Calendar, format!("the ward has no calendar `{name}`: {known}"))
    })
}

fn working_seconds(times: &Times, given: &[ArrayRef]) -> Result<ArrayRef, Error> {
    let (names, from, to) = (texts(given, 0)?, instants(given, 1)?, instants(given, 2)?);
    let found = names.iter().zip(from.iter()).zip(to.iter()).map(|((name, from), to)| {
        let (Some(name), Some(from), Some(to)) = (name, from, to) else { return Ok(None) };
        let calendar = calendar(times, name)?;
        let (from, to) = (Timestamp::from_micros(from), Timestamp::from_micros(to));
        let used = calendar.used(from.min(to), from.max(to)).micros() / SECOND;
        Ok(Some(if to < from { -used } else { used }))
    });
    Ok(Arc::new(found.collect::<Result<Int64Array, Error>>()?))
}

fn working_add(times: &Times, given: &[ArrayRef]) -> Result<ArrayRef, Error> {
    let (names, from) = (texts(given, 0)?, instants(given, 1)?);
    let spans = numbers::<Int64Type>(given, 2, &DataType::Int64)?;
    let found = names.iter().zip(from.iter()).zip(spans.iter()).map(|((name, from), seconds)| {
        let (Some(name), Some(from), Some(seconds)) = (name, from, seconds) else { return Ok(None) };
        let calendar = calendar(times, name)?;
        if seconds < 0 {
            return Err(Error::new(Code::Range, format!("{seconds} s of work time cannot be added")));
        }
        let at = Timestamp::from_micros(from);
        let due = calendar.due(at, Span::from_micros(seconds.saturating_mul(SECOND)));
        if due == Timestamp::MAX {
            let days = SEARCH_MAX / DAY;
            return Err(Error::new(Code::NoOpening, format!("`{name}` does not open for {days} days")));
        }
        Ok(Some(due.micros()))
    });
    Ok(told(found.collect::<Result<Vec<_>, Error>>()?.into_iter()))
}

fn is_open_at(times: &Times, given: &[ArrayRef]) -> Result<ArrayRef, Error> {
    let (names, at) = (texts(given, 0)?, instants(given, 1)?);
    let found = names.iter().zip(at.iter()).map(|(name, at)| {
        let (Some(name), Some(at)) = (name, at) else { return Ok(None) };
        Ok(Some(calendar(times, name)?.is_open(Timestamp::from_micros(at))))
    });
    Ok(Arc::new(found.collect::<Result<BooleanArray, Error>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_is_read_as_grafana_and_people_write_it() {
        assert_eq!(parse_width("300.000s"), Some(300 * SECOND));
        assert_eq!(parse_width("0.5s"), Some(SECOND / 2));
        assert_eq!(parse_width("5 minutes"), Some(5 * MINUTE));
        assert_eq!(parse_width("1 hour 30 minutes"), Some(90 * MINUTE));
        for text in ["", "0s", "-5 minutes", "5", "minutes", "1 month", "9223372036854775807 weeks", "1.s.2"] {
            assert_eq!(parse_width(text), None, "{text}");
        }
    }

    #[test]
    fn buckets_of_a_zone_follow_its_clocks() {
        let chicago = zone("America/Chicago").unwrap();
        let at = |text: &str| Timestamp::parse(text).unwrap().micros();
        // 2026-03-08: at 02:00 the clocks go to 03:00.
        assert_eq!(floor_in(&chicago, at("2026-03-08T20:00:00Z"), DAY), at("2026-03-08T06:00:00Z"));
        assert_eq!(floor_in(&chicago, at("2026-03-09T04:30:00Z"), DAY), at("2026-03-08T06:00:00Z"));
        assert_eq!(floor_in(&chicago, at("2026-03-09T05:00:00Z"), DAY), at("2026-03-09T05:00:00Z"));
        assert_eq!(floor_in(&chicago, at("2026-03-08T09:30:00Z"), 6 * HOUR), at("2026-03-08T06:00:00Z"));
        // 2026-11-01: 01:30 comes twice, and each has an hour of its own.
        assert_eq!(floor_in(&chicago, at("2026-11-01T06:30:00Z"), HOUR), at("2026-11-01T06:00:00Z"));
        assert_eq!(floor_in(&chicago, at("2026-11-01T07:30:00Z"), HOUR), at("2026-11-01T07:00:00Z"));
        assert_eq!(floor(at("2026-01-14T09:00:30Z"), 7 * DAY), at("2026-01-12T00:00:00Z"), "weeks begin on Monday");
    }

    #[test]
    fn a_duration_is_told_in_its_two_largest_units() {
        let told: Vec<String> = [0, 59, 60, 3_599, 3_720, 172_799, 273_600, -90].map(duration_text).to_vec();
        assert_eq!(told, ["0 s", "59 s", "1 min", "59 min", "1 h 02 min", "47 h 59 min", "3 d 04 h", "-1 min"]);
    }
}
