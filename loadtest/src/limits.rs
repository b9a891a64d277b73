//! Limits: how far does anything in the load tool go?
//!
//! Every bound has its number and the arithmetic behind it here.
//! - **Not here**: limits of the engine; what a profile says.

/// A lognormal span above a year is drawn again (365 × 24 × 60 minutes).
///
/// A cut at sixty days would take two days off the mean wait for outpatient imaging, and with it two hours off the mean open time
/// of a hospital's reports, out of the band its profile promises.
pub const SPAN_MINUTES_MAX: f64 = 525_600.0;

/// Longest profile file: ours are below 20 kB, so 1 MiB leaves fifty times that.
pub const PROFILE_BYTES_MAX: u64 = 1 << 20;

/// Reports in one requisition, so that the number inside it has two digits.
pub const GROUP_REPORTS_MAX: u32 = 99;

/// Sites of one profile: the whole United States has 6,000.
pub const SITES_MAX: u32 = 100_000;

/// Feeds of one profile: the whole United States has 20,000.
pub const FEEDS_MAX: u32 = 100_000;

/// Years for which zone changes and holidays are worked out in advance.
pub const YEARS: std::ops::RangeInclusive<i16> = 1990..=2100;

/// Pending events are kept in boxes of so many events, as far as a box of a second to a minute allows: twenty milliseconds of work.
pub const BOX_EVENTS: f64 = 20_000.0;

/// Bytes gathered before a write to the output file: 1 MiB, about 3,500 short lines.
pub const WRITE_BYTES: usize = 1 << 20;

/// Batches written ahead of their send time at least: 256 of 100 short lines are 7 MB.
pub const BATCHES_AHEAD: usize = 256;

/// Batches written ahead at most: 4,096 of 150 short lines are 180 MB, a second and a half at 400,000 events a second.
pub const BATCHES_AHEAD_MAX: usize = 4_096;

/// Batches that wait for a free connection before the run is called overloaded: at 100 short lines each, 2.8 GB of a day's backlog is too much, 280 MB is not.
pub const BACKLOG_MAX: usize = 10_000;

/// Longest latency a histogram holds, in microseconds: one hour; longer ones count as an hour.
pub const LATENCY_MICROS_MAX: u64 = 3_600_000_000;

/// Seconds that late answers are waited for after the last send.
pub const GRACE_SECONDS: u64 = 10;

/// Longest answer that is read, in bytes: a receipt of 100 bytes for each of 4,096 lines; more is not read to its end.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Events told and dropped before a run, so that it begins among reports of every age: about two seconds of work.
pub const WARM_EVENTS_MAX: f64 = 2_000_000.0;

/// Longest time told and dropped before a run, in microseconds: six hours, by when most reports of beds are final.
pub const WARM_MICROS_MAX: i64 = 6 * 3_600_000_000;

/// Requests per second above which batches become larger.
pub const REQUESTS_PER_SECOND: f64 = 2_000.0;

/// Events in one batch at most: at 290 bytes 290 kB.
pub const BATCH_EVENTS_MAX: u32 = 1_000;

/// Longest result file that `compare` reads: an hour of seconds is below 1 MB.
pub const RESULT_BYTES_MAX: u64 = 64 << 20;

/// Bytes of events that are compared with the reference at a time: 128 MiB are half a million short events, 300 MB when they are read.
pub const ANSWER_EVENT_BYTES: u64 = 128 << 20;

/// Longest notice, and longest line of its header, that the receiver reads: a message has a few hundred letters, a digest of a thousand lines 100 kB.
pub const NOTICE_BYTES_MAX: u64 = 1 << 20;

/// Seconds that a receiver which came back is given until it has every page.
pub const CATCH_UP_SECONDS: u64 = 120;
