//! Result: what did a run show?
//!
//! Everything a run measured, as one JSON file that `compare` and `--fail-if` read and a report draws.
//! Latencies come twice: *corrected* from the moment a request should have been sent, *uncorrected* from the moment it was.
//! The first is what a sender feels; the second hides every stall in which nothing could be sent.
//!
//! - **How it fits**: [`drive`](crate::drive) fills a [`Tally`], which becomes an [`Outcome`].
//! - LIMIT: `LATENCY_MICROS_MAX`, `RESULT_BYTES_MAX` in [`limits`](crate::limits).
//! - **Not here**: sending; drawing.

use std::path::Path;

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2Serializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::error::Error;
use crate::limits::{LATENCY_MICROS_MAX, RESULT_BYTES_MAX};

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// 2xx: on disk.
    Accepted,
    /// 429 or 503: busy, nothing kept.
    Refused,
    /// Any other answer, or none.
    Failed,
}

/// One request, in microseconds since the run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When it should have been sent.
    pub intended: u64,
    /// When it was.
    pub sent: u64,
    /// When the answer was there.
    pub done: u64,
    /// Events in it.
    pub events: u32,
    /// How it ended.
    pub ending: Ending,
}

/// Requests and events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Requests.
    pub requests: u64,
    /// Events in them.
    pub events: u64,
}

impl Flow {
    fn add(&mut self, events: u32) {
        self.requests += 1;
        self.events += u64::from(events);
    }
}

/// One second of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Events that should have been sent in it.
    pub offered: u64,
    /// Events whose positive answer came in it.
    pub accepted: u64,
    /// Events refused or failed in it.
    pub rejected: u64,
    /// Corrected 99th percentile of the answers that came in it, in microseconds.
    pub p99_us: u64,
}

/// A distribution of latencies, in microseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half are faster.
    pub p50_us: u64,
    /// Nine of ten are faster.
    pub p90_us: u64,
    /// 99 of 100.
    pub p99_us: u64,
    /// 999 of 1,000.
    pub p999_us: u64,
    /// 9,999 of 10,000.
    pub p9999_us: u64,
    /// The slowest.
    pub max_us: u64,
    /// The mean.
    pub mean_us: f64,
    /// Quantile and latency, from the median to the slowest.
    pub spectrum: Vec<(f64, u64)>,
}

/// What a run was asked to do, and where.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The profile.
    pub profile: String,
    /// Where events went.
    pub url: String,
    /// Seed of the events and of their send times.
    pub seed: u64,
    /// Begin, RFC 3339.
    pub started: String,
    /// Events per second that were asked for; absent when the profile's own rhythm was followed.
    pub rate: Option<f64>,
    /// Events in a request.
    pub batch: u32,
    /// Connections.
    pub connections: usize,
    /// Cores of the machine that sent.
    pub cores: usize,
    /// Version of the load tool.
    pub version: String,
    /// Scenarios, and how long after the beginning their hour came.
    #[serde(default)]
    pub scenarios: Vec<String>,
}

/// What a run showed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Version of this file's shape: 1.
    pub schema_version: u32,
    /// What was asked.
    pub setup: Setup,
    /// Length of sending, in seconds.
    pub seconds: f64,
    /// What should have been sent.
    pub offered: Flow,
    /// What was answered positively.
    pub accepted: Flow,
    /// What was refused as too much.
    pub refused: Flow,
    /// What failed.
    pub failed: Flow,
    /// What was never answered.
    pub unanswered: Flow,
    /// Most requests that waited for a connection.
    pub backlog_max: usize,
    /// From the intended send time.
    pub corrected: Latency,
    /// From the actual send time.
    pub uncorrected: Latency,
    /// Second by second.
    pub series: Vec<Second>,
    /// Why the run failed, one sentence for each condition of `--fail-if` that applied.
    #[serde(default)]
    pub verdicts: Vec<String>,
}

impl Outcome {
    /// Events per second that should have been sent.
    #[must_use]
    pub fn offered_per_second(&self) -> f64 {
        self.offered.events as f64 / self.seconds.max(1e-9)
    }

    /// Events per second that were accepted.
    #[must_use]
    pub fn accepted_per_second(&self) -> f64 {
        self.accepted.events as f64 / self.seconds.max(1e-9)
    }

    /// Reads the file of an earlier run.
    ///
    /// **Errors**: unreadable, too long, or no result of ours.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |problem: String| Error::ResultUnreadable { path: path.to_owned(), problem };
        let length = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
        if length > RESULT_BYTES_MAX {
            return Err(wrong(format!("it is longer than {RESULT_BYTES_MAX} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let outcome: Self = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if outcome.schema_version == 1 {
            Ok(outcome)
        } else {
            Err(wrong(format!("its version is {}, not 1", outcome.schema_version)))
        }
    }

    /// The JSON text of the result file.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// Counts and histograms of a run under way.
#[derive(Debug)]
pub struct Tally {
    corrected: Histogram<u64>,
    uncorrected: Histogram<u64>,
    intervals: Vec<Histogram<u64>>,
    series: Vec<Second>,
    flows: [Flow; 3],
    offered: Flow,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            corrected: histogram(),
            uncorrected: histogram(),
            intervals: Vec::new(),
            series: Vec::new(),
            flows: [Flow::default(); 3],
            offered: Flow::default(),
        }
    }
}

/// Three significant digits from a microsecond to an hour; these bounds are sound, so the fallback is never taken.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_MICROS_MAX, 3).unwrap_or_else(|_| {
        // Two significant digits without bounds is the crate's own default shape.
        Histogram::new(2).expect("two significant digits are allowed")
    })
}

impl Tally {
    /// Counts a request that should be sent at `intended`.
    pub fn offer(&mut self, intended: u64, events: u32) {
        self.offered.add(events);
        self.second(intended).offered += u64::from(events);
    }

    /// Counts an answer.
    pub fn add(&mut self, sample: Sample) {
        let latency = sample.done.saturating_sub(sample.intended).max(1);
        let events = u64::from(sample.events);
        let at = usize::try_from(sample.done / 1_000_000).unwrap_or(usize::MAX);
        match sample.ending {
            Ending::Accepted => {
                self.corrected.saturating_record(latency);
                self.uncorrected.saturating_record(sample.done.saturating_sub(sample.sent).max(1));
                self.second(sample.done).accepted += events;
                self.interval(at).saturating_record(latency);
                self.flows[0].add(sample.events);
            }
            Ending::Refused => {
                self.second(sample.done).rejected += events;
                self.flows[1].add(sample.events);
            }
            Ending::Failed => {
                self.second(sample.done).rejected += events;
                self.flows[2].add(sample.events);
            }
        }
    }

    fn second(&mut self, micros: u64) -> &mut Second {
        let at = usize::try_from(micros / 1_000_000).unwrap_or(usize::MAX).min(1 << 20);
        if at >= self.series.len() {
            self.series.resize(at + 1, Second::default());
        }
        &mut self.series[at]
    }

    fn interval(&mut self, at: usize) -> &mut Histogram<u64> {
        let at = at.min(1 << 20);
        while self.intervals.len() <= at {
            self.intervals.push(histogram());
        }
        &mut self.intervals[at]
    }

    /// Events offered and accepted so far, and the corrected 99th percentile in microseconds.
    #[must_use]
    pub fn now(&self) -> (u64, u64, u64) {
        (self.offered.events, self.flows[0].events, self.corrected.value_at_quantile(0.99))
    }

    /// Closes the books.
    #[must_use]
    pub fn outcome(&self, setup: Setup, seconds: f64, backlog_max: usize) -> Outcome {
        let [accepted, refused, failed] = self.flows;
        let answered = [accepted, refused, failed];
        let left = |all: u64, part: fn(&Flow) -> u64| all.saturating_sub(answered.iter().map(part).sum());
        let mut series = self.series.clone();
        for (second, interval) in series.iter_mut().zip(&self.intervals) {
            second.p99_us = interval.value_at_quantile(0.99);
        }
        Outcome {
            schema_version: 1,
            setup,
            seconds,
            offered: self.offered,
            accepted,
            refused,
            failed,
            unanswered: Flow {
                requests: left(self.offered.requests, |flow| flow.requests),
                events: left(self.offered.events, |flow| flow.events),
            },
            backlog_max,
            corrected: latency(&self.corrected),
            uncorrected: latency(&self.uncorrected),
            series,
            verdicts: Vec::new(),
        }
    }

    /// The histogram log of the run: one interval per second, then the whole run, corrected and uncorrected.
    ///
    /// **Errors**: none but those of the buffer, which has none.
    pub fn log(&self, seconds: f64) -> std::io::Result<Vec<u8>> {
        let mut buffer = Vec::new();
        let mut serializer = V2Serializer::new();
        let failed = |error: String| std::io::Error::other(error);
        let mut log = IntervalLogWriterBuilder::new()
            .add_comment("wardline-loadtest; latencies in microseconds, maxima in milliseconds")
            .with_max_value_divisor(1000.0)
            .begin_log_with(&mut buffer, &mut serializer)?;
        for (second, interval) in (0_u32..).zip(&self.intervals) {
            let at = Duration::from_secs(second.into());
            log.write_histogram(interval, at, Duration::from_secs(1), Tag::new("corrected-second"))
                .map_err(|error| failed(error.to_string()))?;
        }
        let whole = Duration::from_secs_f64(seconds.max(0.0));
        for (tag, histogram) in [("corrected", &self.corrected), ("uncorrected", &self.uncorrected)] {
            log.write_histogram(histogram, Duration::ZERO, whole, Tag::new(tag))
                .map_err(|error| failed(error.to_string()))?;
        }
        Ok(buffer)
    }
}

fn latency(histogram: &Histogram<u64>) -> Latency {
    let at = |quantile: f64| histogram.value_at_quantile(quantile);
    let mut spectrum: Vec<(f64, u64)> = Vec::new();
    for value in histogram.iter_quantiles(4) {
        if value.quantile_iterated_to() >= 0.5
            && spectrum.last().is_none_or(|(_, last)| *last < value.value_iterated_to())
        {
            spectrum.push((value.quantile_iterated_to(), value.value_iterated_to()));
        }
    }
    Latency {
        p50_us: at(0.5),
        p90_us: at(0.9),
        p99_us: at(0.99),
        p999_us: at(0.999),
        p9999_us: at(0.9999),
        max_us: histogram.max(),
        mean_us: if histogram.is_empty() { 0.0 } else { histogram.mean() },
        spectrum,
    }
}

#[cfg(test)]
pub(crate) mod tests;
