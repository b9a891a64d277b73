//! Argument: what does `4h`, `5x` or `1M` mean?
//!
//! The small spellings of the command line, each refused with an example of how it is written.
//! - **How it fits**: `main` reads arguments with these; a test reads them without a process.
//! - **Not here**: which arguments a verb has.

use jiff::civil::Date;

use crate::calendar::{DAY, HOUR, MINUTE};
use crate::draw::whole;
use crate::error::Error;

fn wrong(text: &str, wanted: &'static str, example: &'static str) -> Error {
    Error::Argument { text: text.to_owned(), wanted, example }
}

/// A span in microseconds: a number and `s`, `min`, `h`, `d` or `w`.
///
/// **Errors**: no number above 0, no unit, or more than a thousand years.
/// ```
/// # use wardline_loadtest::argument::span;
/// assert_eq!(span("90s")?, 90_000_000);
/// assert_eq!(span("1.5h")?, span("90min")?);
/// # Ok::<(), wardline_loadtest::error::Error>(())
/// ```
pub fn span(text: &str) -> Result<i64, Error> {
    let refused = || wrong(text, "span of time", "60s, 45min, 4h, 7d or 2w");
    let digits = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(refused)?;
    let (number, unit) = text.split_at_checked(digits).ok_or_else(refused)?;
    let unit = match unit {
        "s" => 1_000_000,
        "min" | "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        _ => return Err(refused()),
    };
    let number: f64 = number.trim().parse().map_err(|_| refused())?;
    let micros = number * unit as f64;
    if micros >= 1.0 && micros < 1000.0 * 366.0 * DAY as f64 { Ok(whole(micros)) } else { Err(refused()) }
}

/// A factor: `5x`, or `5`.
///
/// **Errors**: no number above 0.
pub fn rate(text: &str) -> Result<f64, Error> {
    let number = text.strip_suffix('x').unwrap_or(text).parse::<f64>();
    let sound = number.ok().filter(|rate| rate.is_finite() && *rate > 0.0);
    sound.ok_or_else(|| wrong(text, "rate", "5x"))
}

/// A load: `5x` is a factor on the busiest hour of a profile, `50k/s` so many events a second.
///
/// **Errors**: neither.
/// ```
/// # use wardline_loadtest::argument::{LoadRate, load};
/// assert_eq!(load("5x")?, LoadRate::Peaks(5.0));
/// assert_eq!(load("50k/s")?, LoadRate::PerSecond(50_000.0));
/// # Ok::<(), wardline_loadtest::error::Error>(())
/// ```
pub fn load(text: &str) -> Result<LoadRate, Error> {
    let refused = || wrong(text, "rate", "5x or 50k/s");
    match text.strip_suffix("/s") {
        Some(number) => count(number).map(|count| LoadRate::PerSecond(count as f64)).map_err(|_| refused()),
        None => rate(text).map(LoadRate::Peaks).map_err(|_| refused()),
    }
}

/// How much is sent in a throughput run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LoadRate {
    /// So many times the busiest hour of the profile.
    Peaks(f64),
    /// Events per second.
    PerSecond(f64),
}

/// A count: digits, `_` or `,` between them, and `k` or `M` behind.
///
/// **Errors**: no whole number above 0.
pub fn count(text: &str) -> Result<u64, Error> {
    let refused = || wrong(text, "count", "1000000, 1_000_000 or 1M");
    let (digits, factor) = match text.as_bytes().last() {
        Some(b'k') => (text.trim_end_matches('k'), 1_000),
        Some(b'M') => (text.trim_end_matches('M'), 1_000_000),
        Some(_) | None => (text, 1),
    };
    let number: u64 = digits.replace(['_', ','], "").parse().map_err(|_| refused())?;
    number.checked_mul(factor).filter(|count| *count > 0).ok_or_else(refused)
}

/// A date of the calendar.
///
/// **Errors**: no date between 1990 and 2100.
pub fn date(text: &str) -> Result<Date, Error> {
    let date = text.parse::<Date>().ok().filter(|date| crate::limits::YEARS.contains(&date.year()));
    date.ok_or_else(|| wrong(text, "date", "2026-01-05"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_counts_rates_and_dates_are_read() {
        assert_eq!(span("45min").unwrap(), 45 * MINUTE);
        assert_eq!(span("2w").unwrap(), 14 * DAY);
        assert_eq!([count("1_000").unwrap(), count("5M").unwrap(), count("20k").unwrap()], [1_000, 5_000_000, 20_000]);
        assert_eq!([rate("5x").unwrap(), rate("0.5").unwrap()], [5.0, 0.5]);
        assert_eq!(date("2026-01-05").unwrap(), jiff::civil::date(2026, 1, 5));
    }

    #[test]
    fn nonsense_is_refused_with_an_example() {
        for text in ["", "5", "h", "-3h", "0s", "3 parsecs", "9999999999w", "é"] {
            let error = span(text).unwrap_err();
            assert_eq!((error.code(), error.exit_code()), ("WL1805", 2), "{text}");
            assert!(error.help().contains("45min"));
        }
        assert!(count("0").is_err() && count("many").is_err() && count("99999999999999M").is_err());
        assert!(rate("-1x").is_err() && rate("fast").is_err());
        assert!(date("2026-02-30").is_err() && date("1066-10-14").is_err());
    }
}
