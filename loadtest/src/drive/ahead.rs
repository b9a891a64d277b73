//! Ahead: which lines does a run send?
//!
//! Those of a generator that began before the run, so that it begins among reports of every age.
//! - **How it fits**: `run` and the live runs of TATmark take their lines here.
//! - LIMIT: `WARM_EVENTS_MAX`, `WARM_MICROS_MAX` in [`limits`](crate::limits).
//! - **Not here**: when they are sent ([`pace`](super::pace)).

use super::Lines;
use crate::draw::whole;
use crate::error::Error;
use crate::generator::{Generator, Order};
use crate::limits::{WARM_EVENTS_MAX, WARM_MICROS_MAX};
use crate::plan::INPUTS_PER_REPORT;
use crate::profile::{PathShape, Profile};

/// Lines from `begin` on, UTC microseconds. The volume is such that events come with `per_second`; without it, as the profile has them.
///
/// **Errors**: those of the generator.
pub fn lines(profile: Profile, seed: u64, begin: i64, per_second: Option<f64>, order: Order) -> Result<Lines, Error> {
    let events = if profile.path == PathShape::Minimal { 5.0 } else { INPUTS_PER_REPORT };
    let mean = profile.reports_per_year * events / (365.25 * 86_400.0);
    let rate = per_second.map_or(1.0, |per_second| per_second / mean);
    let warm = whole(WARM_EVENTS_MAX / (mean * rate) * 1e6).min(WARM_MICROS_MAX);
    let mut generator = Generator::new(profile, seed, begin - warm, Order { rate: Some(rate), ..order })?;
    let mut first = first_from(&mut generator, begin);
    Ok(Box::new(move |line| match first.take() {
        Some((at, text)) => {
            line.extend_from_slice(&text);
            Some(at)
        }
        None => generator.next_into(line),
    }))
}

/// The same lines as told by one feed: a feed of files or of a stream takes only what names it as its source.
///
/// **Errors**: `source` is no plain name.
pub fn told_by(mut lines: Lines, source: &str) -> Result<Lines, Error> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if source.is_empty() || !source.bytes().all(is_plain) {
        return Err(Error::Argument { text: source.to_owned(), wanted: "name of a feed", example: "--source lis" });
    }
    let (source, mut line) = (source.as_bytes().to_vec(), Vec::new());
    Ok(Box::new(move |into| {
        line.clear();
        let at = lines(&mut line)?;
        let mark = b"\"source\":\"";
        let begin = line.windows(mark.len()).position(|bytes| bytes == mark).map(|begin| begin + mark.len());
        let end = begin.and_then(|begin| Some(begin + line.get(begin..)?.iter().position(|byte| *byte == b'"')?));
        // A line that is spoilt before its source stays as it is.
        if let (Some(begin), Some(end)) = (begin, end) {
            line.splice(begin..end, source.iter().copied());
        }
        into.extend_from_slice(&line);
        Some(at)
    }))
}

/// Drops what arrived before `begin`; the first line after it.
fn first_from(generator: &mut Generator, begin: i64) -> Option<(i64, Vec<u8>)> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let at = generator.next_into(&mut line)?;
        if at >= begin {
            return Some((at, line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_by_the_feed_that_is_named() {
        let told = ["{\"v\":1,\"source\":\"his\",\"x\":\"source\"}\n", "{\"v\":9\n"];
        let lines = |told: [&'static str; 2]| -> Lines {
            let mut told = told.into_iter();
            Box::new(move |into| {
                into.extend_from_slice(told.next()?.as_bytes());
                Some(7)
            })
        };
        let mut renamed = told_by(lines(told), "lis-2").unwrap();
        let mut text = Vec::new();
        assert_eq!([renamed(&mut text), renamed(&mut text), renamed(&mut text)], [Some(7), Some(7), None]);
        assert_eq!(text, b"{\"v\":1,\"source\":\"lis-2\",\"x\":\"source\"}\n{\"v\":9\n");
        assert!(told_by(lines(told), "a\"b").is_err() && told_by(lines(told), "").is_err());
    }

    #[test]
    fn a_run_begins_now_and_among_older_reports() {
        let begin = 1_767_628_800_000_000;
        let profile = Profile::load("tatmark").unwrap();
        let mut lines = lines(profile, 3, begin, Some(50.0), Order::default()).unwrap();
        let (mut text, mut at) = (Vec::new(), begin);
        for _ in 0..2_000 {
            let next = lines(&mut text).unwrap();
            assert!(next >= at);
            at = next;
        }
        // 2,000 events at 50 a second, in the rhythm of the day: within a few minutes.
        assert!((at - begin) < 300_000_000, "{}", at - begin);
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("\"step\":\"acknowledged\"") && text.contains("\"step\":\"ordered\""));
    }
}
