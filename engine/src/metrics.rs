//! Metrics: how are the figures of the engine kept and written out?
//!
//! - **How it fits**: the parts count through the methods of [`Metrics`]; a scrape fills in what the core knows
//!   ([`scrape`]) and `GET /metrics` on the admin listener writes it out, as OpenMetrics if asked to ([`openmetrics`]).
//! - INVARIANT: counters count what happened in this process and never what was replayed.
//! - LIMIT: the caps of [`table`]; a value beyond a label's cap becomes `other`.
//! - **Not here**: names and meanings ([`table`]); the query process's own.
//! - **Source**: analytics page, section 6.

mod openmetrics;
mod rhythm;
pub mod scrape;
pub mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use prometheus::{Encoder as _, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};
use wardline_connectors::adapters::Reply;
use wardline_core::views::{FeedRhythm, Leaving};
use wardline_rules::{
    program::Level,
    time::{Span, Timestamp},
    words::Kind,
};

use crate::{limits::METRIC_SERIES_MAX, runtime::admission::Lane};
use openmetrics::Exemplar;
use rhythm::Rhythm;
pub use table::{Entry, Metric, PLANNED, QUERY, Sort};

/// The words of levels, as labels spell them.
pub(crate) const LEVELS: [(Level, &str); 3] =
    [(Level::Red, "red"), (Level::Orange, "orange"), (Level::Yellow, "yellow")];

/// What is there only where tables are kept: an engine without SQL has no archive that could be behind.
const TABLES: [Metric; 7] = [
    Metric::FlushDuration,
    Metric::FlushFailures,
    Metric::HotBytes,
    Metric::CoveredAt,
    Metric::RederivedRows,
    Metric::FollowersConnected,
    Metric::FollowerRestarts,
];

/// What comes from no feed, such as answers on a page.
pub(crate) const NO_FEED: &str = "none";

/// One registered metric.
#[derive(Clone)]
enum Family {
    Counter(IntCounterVec),
    Gauge(GaugeVec),
    Histogram(HistogramVec),
}

/// The registry.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    families: Vec<Family>,
    kept: Arc<Mutex<Kept>>,
}

/// What the registry itself does not keep.
#[derive(Default)]
struct Kept {
    /// Values seen of labels that come from the ward or the configuration.
    names: BTreeMap<Metric, BTreeSet<String>>,
    /// The newest observation of each bucket that names a report.
    exemplars: openmetrics::Exemplars,
    /// By feed, how far its clock was ahead at most: in the minutes that run, and in those before.
    skew: BTreeMap<String, Skew>,
    /// By feed, as it may be shown, when it was heard.
    rhythms: BTreeMap<String, Rhythm>,
    /// Channels whose results stand at 0 or above.
    channels: BTreeSet<&'static str>,
}

/// How far a clock is ahead of ours. Waiting on the way only makes it look slower, so the largest difference of some time is
/// nearest to the truth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Skew {
    since: Timestamp,
    now: i64,
    before: Option<i64>,
}

impl core::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Metrics").field("families", &self.families.len()).finish()
    }
}

impl Metrics {
    /// All metrics at 0.
    ///
    /// # Errors
    /// A name or label that the registry refuses: a mistake in the table.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let mut families = Vec::new();
        for metric in Metric::ALL {
            let entry = metric.entry();
            let labels: Vec<&str> = entry.labels.iter().map(|(label, _)| *label).collect();
            let opts = Opts::new(entry.name, entry.help);
            let family = match entry.sort {
                Sort::Counter => Family::Counter(IntCounterVec::new(opts, &labels)?),
                Sort::Gauge => Family::Gauge(GaugeVec::new(opts, &labels)?),
                Sort::Histogram(bounds) => {
                    Family::Histogram(HistogramVec::new(HistogramOpts::from(opts).buckets(bounds.to_vec()), &labels)?)
                }
            };
            registry.register(match &family {
                Family::Counter(counter) => Box::new(counter.clone()),
                Family::Gauge(gauge) => Box::new(gauge.clone()),
                Family::Histogram(histogram) => Box::new(histogram.clone()),
            })?;
            families.push(family);
        }
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        let metrics = Self { registry, families, kept: Arc::default() };
        metrics.begin();
        Ok(metrics)
    }

    /// Children of closed labels exist from the start, so that the first increase is seen.
    fn begin(&self) {
        let is_there = |metric: &&Metric| metric.entry().labels.is_empty() && !TABLES.contains(metric);
        for metric in Metric::ALL.iter().filter(is_there) {
            self.touch(*metric);
        }
        for lane in ["critical", "routine", "bulk"] {
            self.count(Metric::Shed, &[lane], 0);
        }
        for kind in Kind::ALL {
            for leaving in Leaving::ALL {
                self.count(Metric::ReportsClosed, &[kind.name(), leaving.word()], 0);
            }
        }
        for (_, level) in LEVELS {
            for outcome in ["answered", "closed", "withdrawn", "cleared", "unresolved"] {
                self.count(Metric::AlertsClosed, &[level, outcome], 0);
            }
            if let Some(Family::Histogram(answer)) = self.family(Metric::AlertAnswer) {
                drop(answer.get_metric_with_label_values(&[level]));
            }
        }
        for label in ["clock", "kind", "rule", "channel", "feed", "code", "reason", "interval"] {
            self.count(Metric::LabelOverflow, &[label], 0);
        }
        self.set(Metric::BuildInfo, &[env!("CARGO_PKG_VERSION"), "", "engine"], 1);
        self.set(Metric::SeriesLimit, &[], i64::try_from(METRIC_SERIES_MAX).unwrap_or(i64::MAX));
    }

    /// Tables are kept: what is counted of them is there from now on.
    pub fn begin_tables(&self) {
        TABLES.iter().for_each(|metric| self.touch(*metric));
    }

    /// All outcomes of a clock at 0, so that its first breach is an increase.
    pub(crate) fn begin_clock(&self, clock: &str) {
        for outcome in ["met", "breached"] {
            self.count_named(Metric::ClockOutcomes, &[clock, outcome], 0);
        }
    }

    /// All results of a channel at 0, once.
    pub(crate) fn begin_channel(&self, channel: &'static str) {
        if !self.kept().channels.insert(channel) {
            return;
        }
        for result in ["delivered", "failed_soft", "failed_hard", "ambiguous", "expired"] {
            self.count(Metric::Notices, &[channel, result], 0);
        }
        self.count(Metric::NoticesOpened, &[channel], 0);
        self.count(Metric::NoticesRepeated, &[channel], 0);
    }

    fn touch(&self, metric: Metric) {
        match self.family(metric) {
            Some(Family::Counter(counter)) => _ = counter.with_label_values::<&str>(&[]),
            Some(Family::Gauge(gauge)) => _ = gauge.with_label_values::<&str>(&[]),
            Some(Family::Histogram(histogram)) => _ = histogram.with_label_values::<&str>(&[]),
            None => {}
        }
    }

    fn family(&self, metric: Metric) -> Option<&Family> {
        self.families.get(metric as usize)
    }

    /// No code panics while it holds the lock, so a poisoned one is as good as a sound one.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Labels as they may be shown: as they are, or the first and those that come in sets with it `other` once its cap is
    /// reached.
    fn shown<'a>(&self, metric: Metric, labels: &[&'a str]) -> Vec<&'a str> {
        let mut shown = labels.to_vec();
        let told = metric.entry().labels;
        let Some((name, cap)) = told.first().copied() else { return shown };
        let in_set = 1 + told.iter().skip(1).take_while(|(_, cap)| *cap == 0).count();
        let set = labels.get(..in_set).unwrap_or(labels).join("\u{1f}");
        let mut kept = self.kept();
        let names = kept.names.entry(metric).or_default();
        if !names.contains(&set) {
            if names.len() >= cap {
                drop(kept);
                shown.iter_mut().take(in_set).for_each(|label| *label = "other");
                self.count(Metric::LabelOverflow, &[name], 1);
            } else {
                names.insert(set);
            }
        }
        shown
    }

    /// Adds to a counter.
    pub fn count(&self, metric: Metric, labels: &[&str], by: u64) {
        if let Some(Family::Counter(counter)) = self.family(metric)
            && let Ok(child) = counter.get_metric_with_label_values(labels)
        {
            child.inc_by(by);
        }
    }

    /// Adds to a counter whose first label comes from the ward or the configuration; beyond its cap it is `other`.
    pub fn count_named(&self, metric: Metric, labels: &[&str], by: u64) {
        self.count(metric, &self.shown(metric, labels), by);
    }

    /// Sets a gauge of whole numbers.
    #[expect(clippy::cast_precision_loss, reason = "a gauge beyond 2^53 is no figure anybody reads")]
    pub fn set(&self, metric: Metric, labels: &[&str], to: i64) {
        self.set_number(metric, labels, to as f64);
    }

    /// Sets a gauge whose first label comes from the configuration; beyond its cap it is `other`.
    pub(crate) fn set_named(&self, metric: Metric, labels: &[&str], to: i64) {
        self.set(metric, &self.shown(metric, labels), to);
    }

    /// Sets a gauge of seconds.
    pub fn set_seconds(&self, metric: Metric, labels: &[&str], to: Span) {
        self.set_number(metric, labels, seconds(to));
    }

    /// Sets a gauge to an instant, in seconds since 1970.
    pub fn set_instant(&self, metric: Metric, labels: &[&str], to: Timestamp) {
        self.set_seconds(metric, labels, to.since(Timestamp::from_micros(0)));
    }

    fn set_number(&self, metric: Metric, labels: &[&str], to: f64) {
        if let Some(Family::Gauge(gauge)) = self.family(metric)
            && let Ok(child) = gauge.get_metric_with_label_values(labels)
        {
            child.set(to);
        }
    }

    /// Sets all children of a gauge whose first label comes from the ward or the configuration; those not named go.
    pub(crate) fn set_all<const N: usize>(&self, metric: Metric, children: &[([&str; N], f64)]) {
        let Some(Family::Gauge(gauge)) = self.family(metric) else { return };
        gauge.reset();
        // Names that went make room for those that came.
        self.kept().names.remove(&metric);
        for (labels, to) in children {
            self.set_number(metric, &self.shown(metric, labels), *to);
        }
    }

    /// Adds an observation of a length of time.
    pub fn observe(&self, metric: Metric, labels: &[&str], span: Span) {
        self.observe_number(metric, labels, seconds(span));
    }

    /// Adds an observation of a length of time that is about a report.
    pub(crate) fn observe_about(&self, metric: Metric, labels: &[&str], span: Span, (report, at): (&str, Timestamp)) {
        let Sort::Histogram(bounds) = metric.entry().sort else { return };
        let labels = &self.shown(metric, labels);
        self.observe(metric, labels, span);
        let value = seconds(span);
        let bucket = bounds.iter().position(|bound| value <= *bound).unwrap_or(bounds.len());
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        let at = seconds(at.since(Timestamp::from_micros(0)));
        let exemplar = Exemplar { report: report.to_owned(), value, at };
        self.kept().exemplars.insert((metric.entry().name.to_owned(), labels, bucket), exemplar);
    }

    /// Adds an observation of a count.
    pub fn observe_number(&self, metric: Metric, labels: &[&str], number: f64) {
        if let Some(Family::Histogram(histogram)) = self.family(metric)
            && let Ok(child) = histogram.get_metric_with_label_values(labels)
        {
            child.observe(number);
        }
    }

    /// Counts a message that was refused.
    pub fn shed(&self, lane: Lane) {
        let word = match lane {
            Lane::Control => return,
            Lane::Critical => "critical",
            Lane::Routine => "routine",
            Lane::Bulk => "bulk",
        };
        self.count(Metric::Shed, &[word], 1);
    }

    /// Counts an attempt that ended.
    pub fn attempt_ended(&self, channel: &'static str, reply: &Reply) {
        let result = match reply {
            Reply::Delivered => "delivered",
            Reply::FailedSoft { .. } => "failed_soft",
            Reply::FailedHard { .. } => "failed_hard",
            Reply::Ambiguous { .. } => "ambiguous",
        };
        self.begin_channel(channel);
        self.count(Metric::Notices, &[channel, result], 1);
    }

    /// Takes note of how far the clock of a feed is ahead of ours, as the messages say that arrived up to `arrived`.
    pub(crate) fn clock_of_feed(&self, feed: &str, ahead: Span, arrived: Timestamp) {
        const KEPT_FOR: Span = Span::from_minutes(10);
        let ahead = ahead.micros();
        let mut kept = self.kept();
        let skew = kept.skew.entry(feed.to_owned()).or_insert(Skew { since: arrived, now: ahead, before: None });
        if arrived.since(skew.since) > KEPT_FOR {
            *skew = Skew { since: arrived, now: ahead, before: Some(skew.now) };
        }
        skew.now = skew.now.max(ahead);
        let most = skew.before.map_or(skew.now, |before| before.max(skew.now));
        drop(kept);
        if let [feed] = self.shown(Metric::FeedSkew, &[feed]).as_slice() {
            self.set_seconds(Metric::FeedSkew, &[feed], Span::from_micros(most));
        }
    }

    /// Takes note of when a feed was heard.
    pub(crate) fn feed_heard(&self, feed: &str, at: Timestamp) {
        let shown = self.shown(Metric::FeedLastEvent, &[feed]);
        self.set_instant(Metric::FeedLastEvent, &shown, at);
        self.kept().rhythms.entry(shown.concat()).or_default().heard(at);
    }

    /// Takes note of when a feed was heard before this process, as its source says in the core's words.
    pub(crate) fn feed_remembered(&self, feed: &str, was: &FeedRhythm) {
        let Some(last) = was.heard else { return };
        let shown = self.shown(Metric::FeedLastEvent, &[feed]);
        let mut kept = self.kept();
        let rhythm = kept.rhythms.entry(shown.concat()).or_default();
        rhythm.remember(last, &was.longest);
        let last = rhythm.last();
        drop(kept);
        if let Some(last) = last {
            self.set_instant(Metric::FeedLastEvent, &shown, last);
        }
    }

    /// Shows how long feeds are usually silent.
    pub(crate) fn show_rhythms(&self) {
        let usual = |(feed, rhythm): (&String, &Rhythm)| rhythm.usual_gap().map(|gap| (feed.clone(), gap));
        let gaps: Vec<(String, Span)> = self.kept().rhythms.iter().filter_map(usual).collect();
        for (feed, gap) in gaps {
            self.set_seconds(Metric::FeedUsualGap, &[&feed], gap);
        }
    }

    /// Feeds without a connection of which an event came in this process: they count as heard.
    pub(crate) fn feeds_without_connection(&self) -> Vec<String> {
        let kept = self.kept();
        let names = |metric: Metric| kept.names.get(&metric).into_iter().flatten();
        let named = names(Metric::Events).filter(|feed| *feed != NO_FEED);
        named.filter(|feed| !names(Metric::FeedUp).any(|known| known == *feed)).cloned().collect()
    }

    /// All of it in the text format of Prometheus, version 0.0.4.
    #[must_use]
    pub fn text(&self) -> String {
        let mut bytes = Vec::new();
        match TextEncoder::new().encode(&self.gathered(), &mut bytes) {
            Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => String::new(),
        }
    }

    /// All of it as OpenMetrics 1.0, with exemplars.
    #[must_use]
    pub fn open_metrics(&self) -> String {
        openmetrics::encode(&self.gathered(), &self.kept().exemplars)
    }

    fn gathered(&self) -> Vec<prometheus::proto::MetricFamily> {
        let series = openmetrics::series(&self.told());
        self.set(Metric::Series, &[], i64::try_from(series).unwrap_or(i64::MAX));
        self.told()
    }

    /// What the table names: the library says more of the process than anybody looks at.
    fn told(&self) -> Vec<prometheus::proto::MetricFamily> {
        let is_told =
            |name: &str| !name.starts_with("process_") || table::PROCESS.iter().any(|entry| entry.name == name);
        self.registry.gather().into_iter().filter(|family| is_told(family.name())).collect()
    }
}

/// Seconds as Prometheus takes them; the only place where a time becomes a float.
#[expect(clippy::cast_precision_loss, reason = "a metric shows microseconds of the next 285 years exactly")]
pub(crate) fn seconds(span: Span) -> f64 {
    span.micros() as f64 / 1e6
}

#[cfg(test)]
mod tests;
