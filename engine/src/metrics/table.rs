//! Table: which figures are there, with which labels, how many of each, and who looks at them?
//!
//! Every name stands here once. What the engine knows is in [`Metric`]; what its query process knows is in [`QUERY`];
//! [`PLANNED`] is for what no part of a release can know yet, and is empty. Panels, rules and `docs/reference/metrics.md` are
//! compared with all three.
//!
//! - INVARIANT: label values come from closed lists, from the ward or the configuration, never from a message.
//! - LIMIT: the number beside a label is how many values it takes; 0 means that its values come in sets with the label
//!   before it. The product is the number of children, and all of them together stay within `METRIC_SERIES_MAX`.
//! - **Not here**: counting ([`Metrics`](super::Metrics)).
//! - **Source**: analytics page, section 6.

/// Bounds of durations of a whole report, in seconds: the usual targets of wards are among them.
const TURNAROUND: &[f64] = &[
    300.0, 600.0, 900.0, 1_200.0, 1_800.0, 2_700.0, 3_600.0, 5_400.0, 7_200.0, 10_800.0, 14_400.0, 21_600.0, 28_800.0,
    43_200.0, 86_400.0, 172_800.0, 259_200.0, 604_800.0,
];
const ANSWER: &[f64] =
    &[60.0, 120.0, 300.0, 600.0, 900.0, 1_200.0, 1_800.0, 2_700.0, 3_600.0, 5_400.0, 7_200.0, 14_400.0];
const SEND: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];
const DELAY: &[f64] = &[1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0, 604_800.0];
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

impl Sort {
    /// Its word in the text formats.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// One line of the table.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What sort of figure it is.
    pub sort: Sort,
    /// Its labels, each with how many values it takes.
    pub labels: &'static [(&'static str, usize)],
    /// Which dashboards show it, and `A` if an alert rule asks for it.
    pub uses: &'static str,
    /// What it means.
    pub help: &'static str,
}

impl Entry {
    /// How many children it has at most.
    #[must_use]
    pub fn children(&self) -> usize {
        self.labels.iter().map(|(_, cap)| (*cap).max(1)).product()
    }

    /// How many series more it makes where its first label comes from a ward or a configuration that has more values than
    /// it takes: the rest is one value, `other`.
    #[must_use]
    pub fn series_of_other(&self) -> usize {
        const OPEN: [(&str, usize); 5] = [("clock", 24), ("feed", 24), ("rule", 100), ("interval", 40), ("reason", 40)];
        match self.labels.first() {
            Some(first) if OPEN.contains(first) => self.series() / first.1,
            Some(_) | None => 0,
        }
    }

    /// How many series it makes at most.
    #[must_use]
    pub fn series(&self) -> usize {
        let each = match self.sort {
            Sort::Counter | Sort::Gauge => 1,
            // Buckets, the one without bound, the sum and the count.
            Sort::Histogram(bounds) => bounds.len() + 3,
        };
        self.children() * each
    }
}

/// Declares the metrics that are counted.
macro_rules! metrics {
    ($($name:ident = $text:literal, $sort:expr, [$(($label:literal, $cap:literal)),*], $uses:literal, $help:literal;)+) => {
        /// A metric of the engine.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Metric { $(#[doc = $help] $name,)+ }

        impl Metric {
            /// All, in the order of the page that names them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its line of the table.
            #[must_use]
            pub const fn entry(self) -> Entry {
                match self {
                    $(Self::$name => Entry {
                        name: $text, sort: $sort, labels: &[$(($label, $cap)),*], uses: $uses, help: $help,
                    },)+
                }
            }
        }
    };
}

metrics! {
    Turnaround = "wardline_turnaround_seconds", Sort::Histogram(TURNAROUND), [("interval", 40), ("kind", 0), ("priority", 0)], "D2", "From the order, the specimen, its receipt or the exam to the final report, once it is final.";
    ClockOutcomes = "wardline_clock_outcomes_total", Sort::Counter, [("clock", 24), ("outcome", 2)], "D1 D4 A", "Settled clocks, by how. A breach counts at its deadline.";
    ClockObjective = "wardline_clock_objective_ratio", Sort::Gauge, [("clock", 24)], "D4 A", "Share of a clock that should be met.";
    ClockTarget = "wardline_clock_target_seconds", Sort::Gauge, [("clock", 24)], "D4 A", "Target now in force; 0 if it is working time.";
    ClocksOpen = "wardline_clocks_open", Sort::Gauge, [("clock", 24), ("state", 4)], "D1 D3", "Clocks that are not settled, or overdue.";
    ClocksAtRisk = "wardline_clocks_at_risk", Sort::Gauge, [("clock", 24)], "D1 D3", "Running clocks due within the span that the site calls at risk, usually an hour.";
    OpenReports = "wardline_open_reports", Sort::Gauge, [("kind", 10), ("age_band", 7)], "D1 D3", "Open reports by age.";
    OldestOpenReport = "wardline_oldest_open_report_timestamp_seconds", Sort::Gauge, [("kind", 10), ("priority", 4)], "D1 D3 A", "Start of the oldest open report; 0 if there is none.";
    ReportsOpened = "wardline_reports_opened_total", Sort::Counter, [("kind", 10)], "D3", "Reports opened.";
    ReportsClosed = "wardline_reports_closed_total", Sort::Counter, [("kind", 10), ("reason", 3)], "D3", "Reports that ended, by how. One that opens again ends again.";
    Corrections = "wardline_corrections_total", Sort::Counter, [("kind", 10)], "D2", "New versions of reports.";
    Retractions = "wardline_window_retractions_total", Sort::Counter, [], "D2", "Lengths that were observed and hold no longer: corrected, cancelled or void.";
    AlertsRaised = "wardline_alerts_raised_total", Sort::Counter, [("rule", 100)], "D7", "Alerts raised.";
    AlertsClosed = "wardline_alerts_closed_total", Sort::Counter, [("level", 3), ("outcome", 5)], "D7 A", "How alerts ended. An unresolved one may still be answered.";
    AlertsOpen = "wardline_alerts_open", Sort::Gauge, [("level", 3)], "D1 D7", "Alerts that are not answered or closed.";
    OldestUnanswered = "wardline_oldest_unanswered_alert_timestamp_seconds", Sort::Gauge, [("level", 3)], "D1 A", "Cause of the oldest unanswered alert; 0 if there is none.";
    AlertAnswer = "wardline_alert_answer_seconds", Sort::Histogram(ANSWER), [("level", 3)], "D7", "From the cause of an alert to its answer.";
    Notices = "wardline_notices_total", Sort::Counter, [("channel", 8), ("result", 5)], "D7 A", "Attempts that ended, by how, and notices that ended unsent.";
    NoticesOpened = "wardline_notices_opened_total", Sort::Counter, [("channel", 8)], "D7", "Notices whose answer page was opened.";
    NoticesRepeated = "wardline_notices_repeated_total", Sort::Counter, [("channel", 8)], "D7", "Notices sent with the words possible repeat.";
    NoticeSend = "wardline_notice_send_seconds", Sort::Histogram(SEND), [("channel", 8)], "D7 A", "From when a notice was due to its delivery.";
    NoticesHeld = "wardline_notices_held", Sort::Gauge, [("reason", 4)], "D7", "Alerts muted, and notices held by quiet hours, a digest or a limit: delayed, not deleted.";
    OutboxDepth = "wardline_outbox_depth", Sort::Gauge, [("level", 3)], "D7", "Notices that are due and not delivered.";
    OldestOutbox = "wardline_oldest_outbox_timestamp_seconds", Sort::Gauge, [("level", 3)], "D1 D7 A", "Due time of the oldest of them; 0 if there is none.";
    Rules = "wardline_rules", Sort::Gauge, [("state", 3)], "D7 A", "Loaded rules.";
    WardActivated = "wardline_ward_activated_timestamp_seconds", Sort::Gauge, [], "D7", "Since when the active ward rules.";
    Events = "wardline_events_total", Sort::Counter, [("feed", 24), ("disposition", 6)], "D5 D6 A", "Input events, by what became of them.";
    FeedUp = "wardline_feed_up", Sort::Gauge, [("feed", 24)], "D1 D2 D3 D4 D6", "1 while a feed is connected or idle, 0 when it is lost.";
    FeedLastEvent = "wardline_feed_last_event_timestamp_seconds", Sort::Gauge, [("feed", 24)], "D1 D6 A", "Arrival of the newest event.";
    FeedUsualGap = "wardline_feed_usual_gap_seconds", Sort::Gauge, [("feed", 24)], "D1 D6", "The gap that 99 of 100 that begin at this hour of the day do not exceed; shown from the twentieth on.";
    FeedRefusals = "wardline_feed_refusals_total", Sort::Counter, [("feed", 24), ("reason", 8)], "D6", "Connections of a feed that were refused or cut, by why.";
    FeedGaps = "wardline_feed_gaps_total", Sort::Counter, [("feed", 24)], "D6", "Gaps in the numbers of a feed's messages.";
    FeedSkew = "wardline_feed_clock_skew_seconds", Sort::Gauge, [("feed", 24)], "D6 A", "How far the clock of a feed is ahead of ours at least; negative if it is behind or slow.";
    EventDelay = "wardline_event_delay_seconds", Sort::Histogram(DELAY), [], "D6", "From the time of an event to its arrival.";
    DataQuality = "wardline_data_quality_total", Sort::Counter, [("code", 54)], "D6", "Findings about data, by kind.";
    DeadLetters = "wardline_dead_letters_total", Sort::Counter, [("reason", 40)], "D6 A", "Messages nobody could read, kept for replay.";
    DeadLettersWaiting = "wardline_dead_letters", Sort::Gauge, [], "D6", "Messages that wait for replay.";
    Shed = "wardline_shed_total", Sort::Counter, [("lane", 3)], "D6 A", "Messages refused under overload, never acknowledged.";
    LedgerImbalance = "wardline_ledger_imbalance", Sort::Gauge, [("equation", 8)], "D6 A", "Left minus right side of each line of the ledger: always 0.";
    AuditMissing = "wardline_audit_missing_entries", Sort::Gauge, [], "D5 A", "Releases of which no record is in the audit: always 0.";
    StorageFailed = "wardline_storage_failed", Sort::Gauge, [], "D5 A", "1 after a failed write or sync.";
    ExcludedInputs = "wardline_excluded_inputs", Sort::Gauge, [], "D5", "Inputs left out because the core stopped at them twice: always 0.";
    LostRecords = "wardline_lost_records", Sort::Gauge, [], "D5", "Log records given up by verify --accept-loss: always 0.";
    AckDuration = "wardline_ack_duration_seconds", Sort::Histogram(FAST), [("adapter", 5)], "D5", "From the last byte in to the acknowledgement.";
    LogBatches = "wardline_log_batches_total", Sort::Counter, [], "D5", "Batches written.";
    LogBytes = "wardline_log_bytes_total", Sort::Counter, [], "D5", "Bytes written to the log.";
    LogBatchEvents = "wardline_log_batch_events", Sort::Histogram(BATCH), [], "D5", "Inputs of one batch.";
    LogFsync = "wardline_log_fsync_duration_seconds", Sort::Histogram(FAST), [], "D5 A", "One write with its fdatasync.";
    TimerLateness = "wardline_timer_lateness_seconds", Sort::Histogram(FAST), [], "D5 A", "From a due time to the batch in which it fired.";
    StepDuration = "wardline_step_duration_seconds", Sort::Histogram(FAST), [], "D5", "One batch through the core.";
    CoreTick = "wardline_core_tick_timestamp_seconds", Sort::Gauge, [], "D1 D5 A", "Last turn of the core thread.";
    TimersArmed = "wardline_timers_armed", Sort::Gauge, [], "D5", "Timers armed.";
    ReportsInMemory = "wardline_reports_in_memory", Sort::Gauge, [("state", 2)], "D5", "Reports in memory.";
    QueueDepth = "wardline_queue_depth", Sort::Gauge, [("queue", 8)], "D5", "What waits, by queue.";
    QueueCapacity = "wardline_queue_capacity", Sort::Gauge, [("queue", 8)], "D5", "How much may wait, by queue.";
    CheckpointAt = "wardline_checkpoint_timestamp_seconds", Sort::Gauge, [], "D5 A", "Newest usable checkpoint; the start of the process before its first.";
    CheckpointDuration = "wardline_checkpoint_duration_seconds", Sort::Gauge, [], "D5", "How long the last checkpoint took.";
    RecoveryDuration = "wardline_recovery_duration_seconds", Sort::Gauge, [], "D5", "How long the last recovery took.";
    WallClockSteps = "wardline_wall_clock_steps_total", Sort::Counter, [], "D5 A", "Jumps of the wall clock that were seen.";
    FlushDuration = "wardline_flush_duration_seconds", Sort::Histogram(FAST), [], "D5", "One flush of rows to the archive, whether it succeeded or not.";
    FlushFailures = "wardline_flush_failures_total", Sort::Counter, [], "D5 A", "Flushes that failed.";
    HotBytes = "wardline_hot_bytes", Sort::Gauge, [], "D5", "Memory of rows that are not in the archive yet.";
    CoveredAt = "wardline_covered_timestamp_seconds", Sort::Gauge, [], "D5 A", "Log time up to which the archive holds everything; where the tables begin before its first flush.";
    ParquetFiles = "wardline_parquet_files", Sort::Gauge, [("tier", 2)], "D5", "Files of the archive: small ones, which are merged, and large ones.";
    ParquetBytes = "wardline_parquet_bytes", Sort::Gauge, [("tier", 2)], "D5", "Bytes of the archive, in small and in large files.";
    RederivedRows = "wardline_rederived_rows", Sort::Gauge, [], "D5", "Rows that were made again from the log at the last start, because no file held them.";
    FollowersConnected = "wardline_follower_connected", Sort::Gauge, [], "D5 A", "Query processes that follow the rows.";
    FollowerRestarts = "wardline_follower_restarts_total", Sort::Counter, [], "D5", "Query processes that were started again.";
    WindowKeys = "wardline_window_keys", Sort::Gauge, [], "D5", "Combinations of routing fields that turnaround figures of SQL tell apart.";
    WindowKeysFolded = "wardline_window_keys_folded", Sort::Gauge, [], "D5", "Combinations of routing fields that turnaround figures count as other, because there are too many.";
    DiskFree = "wardline_disk_free_bytes", Sort::Gauge, [], "D5 A", "Free bytes of the volume of the data.";
    DiskSize = "wardline_disk_size_bytes", Sort::Gauge, [], "D5 A", "Size of the volume of the data.";
    LabelOverflow = "wardline_label_overflow_total", Sort::Counter, [("label", 8)], "D5", "Label values that became other.";
    Series = "wardline_metric_series", Sort::Gauge, [], "D5 A", "Own series.";
    SeriesLimit = "wardline_metric_series_limit", Sort::Gauge, [], "D5 A", "How many series there may be.";
    BuildInfo = "wardline_build_info", Sort::Gauge, [("version", 2), ("commit", 0), ("process", 0)], "D5", "What runs; always 1.";
    WardInfo = "wardline_ward_info", Sort::Gauge, [("ward", 1)], "D5", "Version of the active ward; always 1.";
}

const fn entry(
    name: &'static str,
    sort: Sort,
    labels: &'static [(&'static str, usize)],
    uses: &'static str,
    help: &'static str,
) -> Entry {
    Entry { name, sort, labels, uses, help }
}

/// What the query process counts and shows under its own `GET /metrics`; a test compares it with what that process writes.
pub const QUERY: &[Entry] = &[
    entry(
        "wardline_queries_total",
        Sort::Counter,
        &[("endpoint", 2), ("outcome", 6)],
        "D5",
        "Statements, by how they ended.",
    ),
    entry(
        "wardline_query_duration_seconds",
        Sort::Histogram(FAST),
        &[("endpoint", 2)],
        "D5",
        "From a planned statement to the end of its answer.",
    ),
    entry(
        "wardline_visible_delay_seconds",
        Sort::Histogram(FAST),
        &[],
        "D5",
        "From the log time of rows to when statements see them.",
    ),
    entry("wardline_queries_running", Sort::Gauge, &[], "D5", "Statements that run."),
    entry("wardline_queries_waiting", Sort::Gauge, &[], "D5", "Statements that wait for a turn."),
    entry("wardline_query_memory_bytes", Sort::Gauge, &[], "D5", "Bytes that statements hold."),
    entry(
        "wardline_snapshots_pinned",
        Sort::Gauge,
        &[],
        "D5",
        "Snapshots that statements and transactions keep though a newer one is served.",
    ),
    entry(
        "wardline_snapshot_timestamp_seconds",
        Sort::Gauge,
        &[],
        "D5 A",
        "Log time of the served snapshot; 0 before the first.",
    ),
];

/// What no part of this release can know yet. Panels and rules may name these; they show no data until then.
pub const PLANNED: &[Entry] = &[];

/// What every process shows of itself.
pub const PROCESS: &[Entry] = &[
    entry("process_cpu_seconds_total", Sort::Counter, &[], "D5", "Time of the processors."),
    entry("process_resident_memory_bytes", Sort::Gauge, &[], "D5", "Memory in use."),
    entry("process_open_fds", Sort::Gauge, &[], "D5", "Open file descriptors."),
    entry("process_max_fds", Sort::Gauge, &[], "D5", "File descriptors allowed."),
    entry("process_start_time_seconds", Sort::Gauge, &[], "D5", "Start of the process."),
];
