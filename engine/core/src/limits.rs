//! Limits: how much may the state of one partition hold?
//!
//! Each bound with its arithmetic and what happens at it.

/// Texts of one dictionary; a further one is told apart by a hash and shown as `other`, except the names of rules.
pub const DICTIONARY_MAX: usize = 1 << 20;
/// Names of rules beyond that.
pub const DICTIONARY_NAMES_MAX: usize = 1 << 16;
/// Generations of one alert subject kept in memory; the oldest ended ones leave first [DET-3].
pub const GENERATIONS_PER_REPORT_MAX: usize = 64;
/// Alerts about feeds kept in memory; the oldest ended ones leave first. Sixteen feeds with 64 silences each.
pub const FEED_ALERTS_MAX: usize = 16 * GENERATIONS_PER_REPORT_MAX;
/// Reports of one patient that a rule looks back at: a month in intensive care with forty orders a day, three times. With
/// more, earlier results and orders count as absent.
pub const PATIENT_REPORTS_MAX: usize = 4_096;
/// Sources whose silences are known: every interface of a large hospital, several times. A further one is not watched.
pub const FEEDS_WATCHED_MAX: usize = 1_024;
/// Groups of one count or window; reports of further ones are counted together as `other` [WHILE-2].
pub const GROUPS_PER_RULE_MAX: usize = 1_000;
/// Notices of one alert kept in memory; beyond it those that ended leave first, and one that is still to be sent never does.
pub const NOTICES_PER_ALERT_MAX: usize = 256;
/// Notices not yet ended in one partition; beyond it what can wait goes as one digest a minute for each rule and recipient.
pub const NOTICES_OPEN_MAX: usize = 1_000_000;
/// Attempts in flight in one partition.
pub const IN_FLIGHT_MAX: usize = 64;
/// Of these, kept for red notices.
pub const IN_FLIGHT_RED_RESERVE: usize = 16;
/// Entries of the duplicate index: seven days of a busy hospital. The oldest leave early beyond it.
pub const DUPLICATES_MAX: usize = 16 << 20;
/// Reports that left memory and are remembered as counted: 87 days of a hospital, in memory some 30 MB. One that left before
/// them and is heard of again counts in slices anew.
pub const DEPARTED_MAX: usize = 1 << 20;
/// Attempts of a red notice before it is exhausted.
pub const ATTEMPTS_MAX: u32 = 4_096;

/// Spellings of tuples, and sums of two, that are remembered. Beyond it all are forgotten and found again one by one.
pub const TUPLES_REMEMBERED_MAX: usize = 1 << 20;

/// Keys of slices: kind, priority, site and department as reports were said to have them. A thousand departments with four
/// priorities each, in memory some 200 kB. The department of a further key is counted as `other`.
pub const SLICE_KEYS_MAX: usize = 4_096;
/// Keys with a site and `other` beyond these; then the site is `other` too, which leaves one key for each kind and priority.
pub const SLICE_SITES_MAX: usize = 1_024;
