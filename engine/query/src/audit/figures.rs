//! Figures: how many statements, how long did they take, and how fresh is what they read?
//!
//! In the text format of Prometheus; names are a contract.
//!
//! - **Source**: analytics page 6.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use super::Entry;

/// Upper bounds in seconds.
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// What is counted from the start of this process.
#[derive(Debug, Default)]
pub(super) struct Figures {
    running: AtomicI64,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    outcomes: BTreeMap<(String, String), u64>,
    times: BTreeMap<String, ([u64; BUCKETS.len()], u64, f64)>,
}

/// What is a level and not counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Levels {
    /// Statements that wait for a turn.
    pub(crate) waiting: usize,
    /// Bytes that statements hold.
    pub(crate) memory: usize,
    /// Log time of the newest snapshot, microseconds; 0 before the first.
    pub(crate) at: i64,
}

impl Figures {
    pub(super) fn begin(&self) {
        self.running.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn end(&self, entry: &Entry, took: Duration) {
        self.running.fetch_sub(1, Ordering::AcqRel);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        *counted.outcomes.entry((entry.interface.clone(), entry.outcome.clone())).or_default() += 1;
        let (buckets, count, sum) = counted.times.entry(entry.interface.clone()).or_default();
        let seconds = took.as_secs_f64();
        buckets.iter_mut().zip(BUCKETS).filter(|(_, bound)| seconds <= *bound).for_each(|(bucket, _)| *bucket += 1);
        *count += 1;
        *sum += seconds;
    }

    #[expect(clippy::cast_precision_loss, reason = "an instant in seconds for Prometheus, whose numbers are floats")]
    pub(super) fn text(&self, levels: Levels) -> String {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut page = Page::default();
        page.head("wardline_queries_total", "counter", "Statements by how they ended.");
        for ((endpoint, outcome), count) in &counted.outcomes {
            page.line(&format!("wardline_queries_total{{endpoint=\"{endpoint}\",outcome=\"{outcome}\"}} {count}"));
        }
        page.head("wardline_query_duration_seconds", "histogram", "From the statement to its last row.");
        for (endpoint, (buckets, count, sum)) in &counted.times {
            for (bound, below) in BUCKETS.iter().zip(buckets) {
                let labels = format!("endpoint=\"{endpoint}\",le=\"{bound}\"");
                page.line(&format!("wardline_query_duration_seconds_bucket{{{labels}}} {below}"));
            }
            let labels = format!("endpoint=\"{endpoint}\"");
            page.line(&format!("wardline_query_duration_seconds_bucket{{{labels},le=\"+Inf\"}} {count}"));
            page.line(&format!("wardline_query_duration_seconds_sum{{{labels}}} {sum}"));
            page.line(&format!("wardline_query_duration_seconds_count{{{labels}}} {count}"));
        }
        let running = self.running.load(Ordering::Acquire).saturating_sub(i64::try_from(levels.waiting).unwrap_or(0));
        page.gauge("wardline_queries_running", "Statements that run.", running.max(0) as f64);
        page.gauge("wardline_queries_waiting", "Statements that wait for a turn.", levels.waiting as f64);
        page.gauge("wardline_query_memory_bytes", "Bytes that statements hold.", levels.memory as f64);
        page.gauge("wardline_snapshot_timestamp_seconds", "Log time of the served snapshot.", levels.at as f64 / 1e6);
        page.0
    }
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn head(&mut self, name: &str, sort: &str, help: &str) {
        self.line(&format!("# HELP {name} {help}"));
        self.line(&format!("# TYPE {name} {sort}"));
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.head(name, "gauge", help);
        self.line(&format!("{name} {value}"));
    }
}
