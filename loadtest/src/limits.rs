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

/// Pending events are kept in boxes of one simulated minute, in microseconds.
pub const BOX_MICROS: i64 = 60_000_000;

/// Bytes gathered before a write to the output file: 1 MiB, about 3,500 short lines.
pub const WRITE_BYTES: usize = 1 << 20;
