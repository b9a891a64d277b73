//! Wait: how long from one step to the next?
//!
//! A wait is a lognormal span, a mixture of such spans, or the next draw round; it may count only weekday time,
//! and may have to end inside opening hours. Profiles write it as `[m, q]` or as a table; see `profiles/common.toml`.
//!
//! - **How it fits**: [`profile`](crate::profile) reads it, [`life`](crate::life) asks [`Wait::end`].
//! - **Not here**: which steps a wait lies between.

use serde::Deserialize;

use crate::calendar::{Calendar, DAY, Local, MINUTE};
use crate::draw::{LogNormal, exponential, whole};
use crate::random::Stream;

/// Mean of the exponential delay after an opening, in minutes.
const AFTER_OPENING_MINUTES: f64 = 60.0;

/// Microseconds of a number of minutes.
#[must_use]
pub fn micros(minutes: f64) -> i64 {
    whole(minutes * 60_000_000.0)
}

/// A wait as a profile writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a wait: `[median, p90]` in minutes, or a table with `span` or `parts`")]
pub enum WaitText {
    /// Median and 90th percentile in minutes.
    Plain([f64; 2]),
    /// A span with opening hours or weekday time.
    Timed(TimedText),
    /// Several, by share.
    Mixed(MixedText),
}

/// A span that minds the calendar.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimedText {
    span: [f64; 2],
    open: Option<[i64; 2]>,
    #[serde(default)]
    weekday_time: bool,
}

/// A mixture.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixedText {
    parts: Vec<PartText>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartText {
    share: f64,
    span: Option<[f64; 2]>,
    round: Option<Round>,
}

/// The next draw round: a normal time of day, for orders before the cut-off on the same day.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// Minutes after midnight of the middle of the round.
    at: f64,
    /// Standard deviation in minutes.
    spread: f64,
    /// Minutes after midnight until which an order still goes the same day.
    cutoff: f64,
}

/// A wait, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "WaitText")]
pub struct Wait {
    parts: Vec<(f64, Span)>,
    open: Option<[i64; 2]>,
    weekday_time: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Span {
    Drawn(LogNormal),
    Round(Round),
}

impl WaitText {
    /// Checks the figures. **Errors**: what is wrong, in words.
    pub fn wait(&self) -> Result<Wait, &'static str> {
        match self {
            Self::Plain(span) => Ok(Wait { parts: vec![(1.0, drawn(*span)?)], open: None, weekday_time: false }),
            Self::Timed(text) => {
                let open = text.open;
                if open.is_some_and(|[from, to]| from < 0 || to > 24 || from >= to) {
                    return Err("opening hours must be two whole hours between 0 and 24");
                }
                Ok(Wait { parts: vec![(1.0, drawn(text.span)?)], open, weekday_time: text.weekday_time })
            }
            Self::Mixed(text) => text.wait(),
        }
    }
}

impl TryFrom<WaitText> for Wait {
    type Error = &'static str;
    fn try_from(text: WaitText) -> Result<Self, &'static str> {
        text.wait()
    }
}

impl MixedText {
    fn wait(&self) -> Result<Wait, &'static str> {
        let mut parts = Vec::with_capacity(self.parts.len());
        let mut upto = 0.0;
        for part in &self.parts {
            upto += part.share;
            parts.push((upto, part.span()?));
        }
        if (upto - 1.0).abs() > 1e-9 {
            return Err("the shares of a mixture must add up to 1");
        }
        Ok(Wait { parts, open: None, weekday_time: false })
    }
}

impl PartText {
    fn span(&self) -> Result<Span, &'static str> {
        match (self.span, self.round) {
            (Some(span), None) => drawn(span),
            (None, Some(round)) => Ok(Span::Round(round)),
            (Some(_), Some(_)) | (None, None) => Err("a part of a mixture has either `span` or `round`"),
        }
    }
}

fn drawn([median, p90]: [f64; 2]) -> Result<Span, &'static str> {
    if median > 0.0 && p90 >= median && p90.is_finite() {
        Ok(Span::Drawn(LogNormal::new(median, p90)))
    } else {
        Err("a span is [median, 90th percentile] in minutes, both above 0 and the second not below the first")
    }
}

impl Wait {
    /// The instant at which a wait that begins at `from` is over; never before `from`.
    pub fn end(&self, from: i64, calendar: &Calendar, stream: &mut Stream) -> i64 {
        let span = self.choose(stream);
        let end = match span {
            Span::Drawn(shape) if self.weekday_time => calendar.after_weekday_time(from, micros(shape.minutes(stream))),
            Span::Drawn(shape) => from + micros(shape.minutes(stream)),
            Span::Round(round) => round.next(from, calendar, stream),
        };
        match self.open {
            Some(hours) if !calendar.is_open(end, hours) => {
                calendar.next_opening(end, hours) + micros(exponential(stream, AFTER_OPENING_MINUTES))
            }
            Some(_) | None => end,
        }
    }

    fn choose(&self, stream: &mut Stream) -> Span {
        if let [(_, only)] = self.parts.as_slice() {
            return *only;
        }
        let unit = stream.unit();
        let chosen = self.parts.iter().find(|(upto, _)| unit < *upto).or(self.parts.last());
        chosen.map_or(Span::Round(Round { at: 0.0, spread: 0.0, cutoff: 0.0 }), |(_, span)| *span)
    }
}

impl Round {
    fn next(&self, from: i64, calendar: &Calendar, stream: &mut Stream) -> i64 {
        let local = calendar.local(from);
        let day = if local.of_day < micros(self.cutoff) { local.day } else { local.day + 1 };
        let of_day = micros(self.at + self.spread * stream.normal()).clamp(0, DAY - MINUTE);
        calendar.instant(Local { day, of_day }).max(from + MINUTE)
    }
}

#[cfg(test)]
mod tests;
