//! Metrics: which figures does the engine show, under which names?
//!
//! Every name stands here once, with its meaning, its labels and their cap; nothing else in the program spells one.
//!
//! - **How it fits**: the parts count through the methods of [`Metrics`]; `GET /metrics` on the admin listener writes it out.
//! - INVARIANT: label values come from closed lists, from the ward or the configuration, never from a message.
//! - LIMIT: `METRIC_CHILDREN_MAX`; a value beyond a label's cap becomes `other`.
//! - **Not here**: figures that the core counts by itself as rows; the query process's own.
//! - **Source**: analytics page, section 6.

use prometheus::{Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder};
use wardline_connectors::adapters::Reply;
use wardline_rules::{time::Span, words::Channel};

use crate::{limits::METRIC_CHILDREN_MAX, runtime::admission::Lane};

const SEND: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];
const FAST: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
const BATCH: &[f64] = &[1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0, 16_384.0];

/// What sort of figure it is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Sort {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size, with these upper bounds.
    Histogram(&'static [f64]),
}

/// Declares the metrics.
macro_rules! metrics {
    ($($name:ident = $text:literal, $sort:expr, [$($label:literal),*], $help:literal;)+) => {
        /// A metric of the engine.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Metric { $(#[doc = $help] $name,)+ }

        impl Metric {
            /// All, in the order of the page that names them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// What it means.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$name => $help,)+ }
            }

            /// Its labels.
            #[must_use]
            pub const fn labels(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($label),*],)+ }
            }

            /// What sort of figure it is.
            #[must_use]
            pub const fn sort(self) -> Sort {
                match self { $(Self::$name => $sort,)+ }
            }
        }
    };
}

metrics! {
    AlertsRaised = "wardline_alerts_raised_total", Sort::Counter, ["rule"], "Alerts raised.";
    AlertsClosed = "wardline_alerts_closed_total", Sort::Counter, ["level", "outcome"], "How alerts ended.";
    ClockOutcomes = "wardline_clock_outcomes_total", Sort::Counter, ["clock", "outcome"], "Clocks that were met or breached.";
    Notices = "wardline_notices_total", Sort::Counter, ["channel", "result"], "Attempts that ended, by how.";
    NoticesOpened = "wardline_notices_opened_total", Sort::Counter, ["channel"], "Notices whose answer page was opened.";
    NoticesRepeated = "wardline_notices_repeated_total", Sort::Counter, ["channel"], "Notices sent with the words possible repeat.";
    NoticeSend = "wardline_notice_send_seconds", Sort::Histogram(SEND), ["channel"], "From the start of an attempt to its reply.";
    WardActivated = "wardline_ward_activated_timestamp_seconds", Sort::Gauge, [], "Since when the active ward rules.";
    Events = "wardline_events_total", Sort::Counter, ["feed", "disposition"], "Input events, by what became of them.";
    FeedUp = "wardline_feed_up", Sort::Gauge, ["feed"], "1 while a feed is connected or idle, 0 when it is lost.";
    FeedLastEvent = "wardline_feed_last_event_timestamp_seconds", Sort::Gauge, ["feed"], "Arrival of the newest event.";
    FeedRefusals = "wardline_feed_refusals_total", Sort::Counter, ["feed", "reason"], "Connections of a feed that were refused or cut, by why.";
    FeedGaps = "wardline_feed_gaps_total", Sort::Counter, ["feed"], "Gaps in the numbers of a feed's messages.";
    DataQuality = "wardline_data_quality_total", Sort::Counter, ["code"], "Findings about data, by kind.";
    DeadLetters = "wardline_dead_letters_total", Sort::Counter, ["reason"], "Messages nobody could read, kept for replay.";
    Shed = "wardline_shed_total", Sort::Counter, ["lane"], "Messages refused under overload, never acknowledged.";
    LedgerImbalance = "wardline_ledger_imbalance", Sort::Gauge, ["equation"], "Left minus right side of each line of the ledger: always 0.";
    StorageFailed = "wardline_storage_failed", Sort::Gauge, [], "1 after a failed write or sync.";
    ExcludedInputs = "wardline_excluded_inputs", Sort::Gauge, [], "Inputs left out because the core stopped at them twice: always 0.";
    LostRecords = "wardline_lost_records", Sort::Gauge, [], "Log records given up by verify --accept-loss: always 0.";
    AckDuration = "wardline_ack_duration_seconds", Sort::Histogram(FAST), ["adapter"], "From the last byte in to the acknowledgement.";
    LogBatches = "wardline_log_batches_total", Sort::Counter, [], "Batches written.";
    LogBytes = "wardline_log_bytes_total", Sort::Counter, [], "Bytes written to the log.";
    LogBatchEvents = "wardline_log_batch_events", Sort::Histogram(BATCH), [], "Inputs of one batch.";
    LogFsync = "wardline_log_fsync_duration_seconds", Sort::Histogram(FAST), [], "One write with its fdatasync.";
    TimerLateness = "wardline_timer_lateness_seconds", Sort::Histogram(FAST), [], "From a due time to the batch in which it fired.";
    StepDuration = "wardline_step_duration_seconds", Sort::Histogram(FAST), [], "One batch through the core.";
    CoreTick = "wardline_core_tick_timestamp_seconds", Sort::Gauge, [], "Last turn of the core thread.";
    QueueDepth = "wardline_queue_depth", Sort::Gauge, ["queue"], "What waits, by queue.";
    QueueCapacity = "wardline_queue_capacity", Sort::Gauge, ["queue"], "How much may wait, by queue.";
    CheckpointAt = "wardline_checkpoint_timestamp_seconds", Sort::Gauge, [], "Newest usable checkpoint.";
    CheckpointDuration = "wardline_checkpoint_duration_seconds", Sort::Gauge, [], "How long the last checkpoint took.";
    RecoveryDuration = "wardline_recovery_duration_seconds", Sort::Gauge, [], "How long the last recovery took.";
    WallClockSteps = "wardline_wall_clock_steps_total", Sort::Counter, [], "Jumps of the wall that were seen.";
    LabelOverflow = "wardline_label_overflow_total", Sort::Counter, ["label"], "Label values that became other.";
    BuildInfo = "wardline_build_info", Sort::Gauge, ["version", "commit", "process"], "What runs; always 1.";
    WardInfo = "wardline_ward_info", Sort::Gauge, ["ward"], "The active ward's version; always 1.";
}

/// One registered metric.
#[derive(Clone)]
enum Family {
    Counter(IntCounterVec),
    Gauge(IntGaugeVec),
    FloatGauge(prometheus::GaugeVec),
    Histogram(HistogramVec),
}

/// The registry.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    families: Vec<Family>,
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
    /// A name or label that the registry refuses: a mistake in this file.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let mut families = Vec::new();
        for metric in Metric::ALL {
            let opts = Opts::new(metric.name(), metric.help());
            let family = match metric.sort() {
                Sort::Counter => Family::Counter(IntCounterVec::new(opts, metric.labels())?),
                Sort::Gauge if metric.name().ends_with("_seconds") => {
                    Family::FloatGauge(prometheus::GaugeVec::new(opts, metric.labels())?)
                }
                Sort::Gauge => Family::Gauge(IntGaugeVec::new(opts, metric.labels())?),
                Sort::Histogram(bounds) => {
                    let opts = HistogramOpts::from(opts).buckets(bounds.to_vec());
                    Family::Histogram(HistogramVec::new(opts, metric.labels())?)
                }
            };
            registry.register(match &family {
                Family::Counter(counter) => Box::new(counter.clone()),
                Family::Gauge(gauge) => Box::new(gauge.clone()),
                Family::FloatGauge(gauge) => Box::new(gauge.clone()),
                Family::Histogram(histogram) => Box::new(histogram.clone()),
            })?;
            families.push(family);
        }
        let metrics = Self { registry, families };
        metrics.begin();
        Ok(metrics)
    }

    /// Children of closed labels exist from the start, so that the first increase is seen.
    fn begin(&self) {
        for metric in Metric::ALL.iter().filter(|metric| metric.labels().is_empty()) {
            self.touch(*metric);
        }
        for lane in ["critical", "routine", "bulk"] {
            self.count(Metric::Shed, &[lane], 0);
        }
        for level in ["red", "orange", "yellow"] {
            for outcome in ["answered", "closed", "withdrawn", "cleared", "unresolved"] {
                self.count(Metric::AlertsClosed, &[level, outcome], 0);
            }
        }
        self.set(Metric::BuildInfo, &[env!("CARGO_PKG_VERSION"), "", "engine"], 1);
    }

    fn touch(&self, metric: Metric) {
        match self.family(metric) {
            Some(Family::Counter(counter)) => _ = counter.with_label_values::<&str>(&[]),
            Some(Family::Gauge(gauge)) => _ = gauge.with_label_values::<&str>(&[]),
            Some(Family::FloatGauge(gauge)) => _ = gauge.with_label_values::<&str>(&[]),
            Some(Family::Histogram(histogram)) => _ = histogram.with_label_values::<&str>(&[]),
            None => {}
        }
    }

    fn family(&self, metric: Metric) -> Option<&Family> {
        self.families.get(metric as usize)
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
        let Some(Family::Counter(counter)) = self.family(metric) else { return };
        let children = prometheus::core::Collector::collect(counter);
        let metrics = children.first().map_or(&[][..], |family| family.get_metric());
        let is_known = |child: &prometheus::proto::Metric| {
            child.get_label().iter().any(|pair| Some(&pair.value()) == labels.first())
        };
        if metrics.len() < METRIC_CHILDREN_MAX || metrics.iter().any(is_known) {
            return self.count(metric, labels, by);
        }
        let mut labels = labels.to_vec();
        if let Some(first) = labels.first_mut() {
            *first = "other";
        }
        self.count(Metric::LabelOverflow, &[metric.labels().first().copied().unwrap_or("")], 1);
        self.count(metric, &labels, by);
    }

    /// Sets a gauge of whole numbers.
    pub fn set(&self, metric: Metric, labels: &[&str], to: i64) {
        if let Some(Family::Gauge(gauge)) = self.family(metric)
            && let Ok(child) = gauge.get_metric_with_label_values(labels)
        {
            child.set(to);
        }
    }

    /// Sets a gauge of seconds.
    pub fn set_seconds(&self, metric: Metric, labels: &[&str], to: Span) {
        if let Some(Family::FloatGauge(gauge)) = self.family(metric)
            && let Ok(child) = gauge.get_metric_with_label_values(labels)
        {
            child.set(seconds(to));
        }
    }

    /// Adds an observation of a length of time.
    pub fn observe(&self, metric: Metric, labels: &[&str], span: Span) {
        self.observe_number(metric, labels, seconds(span));
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
    pub fn attempt_ended(&self, channel: Channel, reply: &Reply, took: Span) {
        let result = match reply {
            Reply::Delivered => "delivered",
            Reply::FailedSoft { .. } => "failed_soft",
            Reply::FailedHard { .. } => "failed_hard",
            Reply::Ambiguous { .. } => "ambiguous",
        };
        self.count(Metric::Notices, &[channel.name(), result], 1);
        self.observe(Metric::NoticeSend, &[channel.name()], took);
    }

    /// All of it in the text format of Prometheus.
    #[must_use]
    pub fn text(&self) -> String {
        let mut bytes = Vec::new();
        match TextEncoder::new().encode(&self.registry.gather(), &mut bytes) {
            Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => String::new(),
        }
    }
}

/// Seconds as Prometheus takes them; the only place where a time becomes a float.
#[expect(clippy::cast_precision_loss, reason = "a metric shows microseconds of the next 285 years exactly")]
fn seconds(span: Span) -> f64 {
    span.micros() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_contract() {
        for metric in Metric::ALL {
            let name = metric.name();
            assert!(name.starts_with("wardline_") && !name.contains("__"), "{name}");
            assert_eq!(name.ends_with("_total"), metric.sort() == Sort::Counter, "{name}");
            assert!(metric.help().ends_with('.'), "{name}");
            for label in metric.labels() {
                assert!(!["le", "quantile", "job", "instance", "severity"].contains(label), "{name}");
            }
        }
        assert!(Metric::ALL.iter().enumerate().all(|(index, metric)| *metric as usize == index));
    }

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::new().unwrap();
        metrics.count(Metric::LogBatches, &[], 3);
        metrics.set(Metric::StorageFailed, &[], 1);
        metrics.observe(Metric::LogFsync, &[], Span::from_micros(900));
        metrics.set_seconds(Metric::CoreTick, &[], Span::from_micros(1_500_000));
        let text = metrics.text();
        for line in [
            "wardline_log_batches_total 3",
            "wardline_storage_failed 1",
            "wardline_log_fsync_duration_seconds_bucket{le=\"0.001\"} 1",
            "wardline_core_tick_timestamp_seconds 1.5",
            "wardline_shed_total{lane=\"routine\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }

    #[test]
    fn a_label_beyond_its_cap_becomes_other() {
        let metrics = Metrics::new().unwrap();
        for number in 0..=METRIC_CHILDREN_MAX {
            metrics.count_named(Metric::AlertsRaised, &[&format!("rule-{number}")], 1);
        }
        metrics.count_named(Metric::AlertsRaised, &["rule-7"], 1);
        let text = metrics.text();
        assert!(text.contains("wardline_alerts_raised_total{rule=\"other\"} 1\n"), "{text}");
        assert!(text.contains("wardline_alerts_raised_total{rule=\"rule-7\"} 2\n"));
        assert!(text.contains("wardline_label_overflow_total{label=\"rule\"} 1\n"));
    }
}
