//! Figures: how many statements, how long did they take, and how fresh is what they read?
//!
//! Counted from the start of this process and written in the text format of Prometheus, version 0.0.4; levels are filled in
//! when somebody looks. Names are a contract: the table of metrics in the program lists them, and a test compares.
//!
//! - **How it fits**: the audit counts statements, the follower what becomes visible, `GET /metrics` writes it out.
//! - **Source**: analytics page, section 6.

use std::time::Duration;

use prometheus::{
    Encoder as _, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
    process_collector::ProcessCollector,
};

use crate::error::Error;

/// Upper bounds in seconds.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
/// Ways to ask, and ways in which a statement ends: each is there from the start, so that its first one is an increase.
const ENDPOINTS: [&str; 2] = ["http", "postgres"];
const OUTCOMES: [&str; 6] = ["ok", "error", "denied", "cancelled", "timeout", "limit"];

/// What is shown of the process itself; the library says more.
const PROCESS: [&str; 5] = [
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
    "process_max_fds",
    "process_start_time_seconds",
];

/// What this process counts.
#[derive(Debug)]
pub struct Figures {
    registry: Registry,
    queries: IntCounterVec,
    durations: HistogramVec,
    visible: Histogram,
    /// Statements that were begun and have not ended, those that wait among them.
    begun: IntGauge,
    running: IntGauge,
    waiting: IntGauge,
    memory: IntGauge,
    pinned: IntGauge,
    snapshot_at: Gauge,
}

/// What is a level and not counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Levels {
    /// Statements that wait for a turn.
    pub(crate) waiting: usize,
    /// Bytes that statements hold.
    pub(crate) memory: usize,
    /// Snapshots that are kept though a newer one is served.
    pub(crate) pinned: usize,
    /// Log time of the newest snapshot, microseconds; 0 before the first.
    pub(crate) at: i64,
}

impl Figures {
    /// All at 0.
    ///
    /// # Errors
    /// WL1515 for a name that the registry refuses: a mistake of ours.
    pub fn new() -> Result<Self, Error> {
        Self::registered().map_err(|error| Error::new(crate::codes::Code::Failed, error.to_string()))
    }

    fn registered() -> Result<Self, prometheus::Error> {
        let histogram = |name: &str, help: &str| HistogramOpts::new(name, help).buckets(BUCKETS.to_vec());
        let figures = Self {
            registry: Registry::new(),
            queries: IntCounterVec::new(
                Opts::new("wardline_queries_total", "Statements, by how they ended."),
                &["endpoint", "outcome"],
            )?,
            durations: HistogramVec::new(
                histogram("wardline_query_duration_seconds", "From a planned statement to the end of its answer."),
                &["endpoint"],
            )?,
            visible: Histogram::with_opts(histogram(
                "wardline_visible_delay_seconds",
                "From the log time of rows to when statements see them.",
            ))?,
            begun: IntGauge::new("begun", "Not shown.")?,
            running: IntGauge::new("wardline_queries_running", "Statements that run.")?,
            waiting: IntGauge::new("wardline_queries_waiting", "Statements that wait for a turn.")?,
            memory: IntGauge::new("wardline_query_memory_bytes", "Bytes that statements hold.")?,
            pinned: IntGauge::new(
                "wardline_snapshots_pinned",
                "Snapshots that statements and transactions keep though a newer one is served.",
            )?,
            snapshot_at: Gauge::new(
                "wardline_snapshot_timestamp_seconds",
                "Log time of the served snapshot; 0 before the first.",
            )?,
        };
        for level in [&figures.running, &figures.waiting, &figures.memory, &figures.pinned] {
            figures.registry.register(Box::new(level.clone()))?;
        }
        figures.registry.register(Box::new(figures.queries.clone()))?;
        figures.registry.register(Box::new(figures.durations.clone()))?;
        figures.registry.register(Box::new(figures.visible.clone()))?;
        figures.registry.register(Box::new(figures.snapshot_at.clone()))?;
        figures.registry.register(Box::new(ProcessCollector::for_self()))?;
        let build = IntGauge::with_opts(
            Opts::new("wardline_build_info", "What runs; always 1.")
                .const_label("version", env!("CARGO_PKG_VERSION"))
                .const_label("commit", "")
                .const_label("process", "query"),
        )?;
        build.set(1);
        figures.registry.register(Box::new(build))?;
        for endpoint in ENDPOINTS {
            for outcome in OUTCOMES {
                figures.queries.get_metric_with_label_values(&[endpoint, outcome])?;
            }
            figures.durations.get_metric_with_label_values(&[endpoint])?;
        }
        Ok(figures)
    }

    /// A statement begins.
    pub(crate) fn begin(&self) {
        self.begun.inc();
    }

    /// It ended so, after this time.
    pub(crate) fn end(&self, endpoint: &str, outcome: &str, took: Duration) {
        self.begun.dec();
        // Both labels come from closed lists of this program.
        self.queries.with_label_values(&[endpoint, outcome]).inc();
        self.durations.with_label_values(&[endpoint]).observe(took.as_secs_f64());
    }

    /// Rows of this log time are visible now, both in microseconds since 1970.
    pub(crate) fn visible(&self, at: i64, now: i64) {
        let delay = u64::try_from(now.saturating_sub(at)).unwrap_or(0);
        self.visible.observe(Duration::from_micros(delay).as_secs_f64());
    }

    /// As Prometheus reads them.
    #[expect(clippy::cast_precision_loss, reason = "an instant in seconds for Prometheus, whose numbers are floats")]
    pub(crate) fn text(&self, levels: Levels) -> String {
        let number = |level: usize| i64::try_from(level).unwrap_or(i64::MAX);
        self.waiting.set(number(levels.waiting));
        self.running.set(self.begun.get().saturating_sub(number(levels.waiting)).max(0));
        self.memory.set(number(levels.memory));
        self.pinned.set(number(levels.pinned));
        self.snapshot_at.set(levels.at as f64 / 1e6);
        let mut families = self.registry.gather();
        families.retain(|family| !family.name().starts_with("process_") || PROCESS.contains(&family.name()));
        let mut bytes = Vec::new();
        match TextEncoder::new().encode(&families, &mut bytes) {
            Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => String::new(),
        }
    }

    /// As a new process shows them.
    #[must_use]
    pub fn at_first(&self) -> String {
        self.text(Levels::default())
    }
}
