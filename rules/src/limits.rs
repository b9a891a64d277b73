//! Limits: how much of anything may an event, a report or a ward hold?
//!
//! Each bound stands here once, with its arithmetic and what happens at it. Nothing in this crate grows without one.

/// Codes of one event's `test` field, primary first.
pub const TESTS_PER_EVENT_MAX: usize = 4;
/// Milestones that one message may prove besides its own step.
pub const MILESTONES_PER_EVENT_MAX: usize = 16;
/// People named in one event.
pub const PEOPLE_PER_EVENT_MAX: usize = 16;
/// Flags set, and flags cleared, by one event.
pub const FLAGS_PER_EVENT_MAX: usize = 16;
/// Results in one event and in one report.
pub const RESULTS_MAX: usize = 4_096;
/// Attributes of one event.
pub const ATTRIBUTES_PER_EVENT_MAX: usize = 32;
/// Codes of HL7 table 0078 that one result may carry.
pub const ABNORMAL_PER_RESULT_MAX: usize = 4;
/// Bytes of an encoded event: 4,096 results of 16 bytes fill it.
pub const EVENT_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one NDJSON line.
pub const LINE_BYTES_MAX: usize = 256 * 1024;
/// Characters of an identifier; a longer one is replaced by its hash.
pub const ID_CHARS_MAX: usize = 64;
/// Characters of a namespace, a code system or a display text.
pub const NAMESPACE_CHARS_MAX: usize = 128;
/// Characters of an event or message id; a longer one is replaced by its hash.
pub const EVENT_ID_CHARS_MAX: usize = 128;
/// Data-quality notes one event may carry; more are counted in the last.
pub const NOTES_PER_EVENT_MAX: usize = 64;

/// Versions of one report; beyond it version 1 and the newest are kept.
pub const VERSIONS_PER_REPORT_MAX: usize = 64;
/// Milestone times kept for one report.
pub const MILESTONES_PER_REPORT_MAX: usize = 256;
/// Distinct times kept for one step that follows a version: the 8 earliest and the 8 latest.
pub const TIMES_PER_AFTER_STEP_MAX: usize = 16;
/// Times of `recollect` kept.
pub const RECOLLECTS_MAX: usize = 8;
/// Flags of one report.
pub const FLAGS_PER_REPORT_MAX: usize = 32;

/// Digits before the point of an event's number.
pub const INTEGER_DIGITS_MAX: u32 = 18;
/// Digits after the point of an event's number.
pub const FRACTION_DIGITS_MAX: u32 = 9;

/// Rules of a ward.
pub const RULES_MAX: usize = 100_000;
/// Steps of an escalation.
pub const ESCALATION_STEPS_MAX: usize = 10;
/// Recipients of one escalation step.
pub const RECIPIENTS_PER_STEP_MAX: usize = 8;
/// Reminders of one escalation step.
pub const REMINDERS_PER_STEP_MAX: usize = 3;
/// Repetitions of an escalation's last steps.
pub const REPEATS_MAX: u32 = 5;
/// Warnings of one clock.
pub const WARNINGS_MAX: usize = 4;
/// Days a target or a `within` may last.
pub const TARGET_DAYS_MAX: i64 = 400;
/// Days a working-time search looks ahead before it gives up: a calendar closed for that long never opens.
pub const CALENDAR_SEARCH_DAYS_MAX: i64 = 2 * TARGET_DAYS_MAX;

/// Operations of one run of a script where its block says nothing; about as many words and signs.
pub const SCRIPT_STEPS: u32 = 2_000;
/// Operations that `steps` may allow one run.
pub const SCRIPT_STEPS_MAX: u32 = 10_000;
/// Functions of a script inside one another while it runs.
pub const SCRIPT_CALLS_MAX: usize = 16;
/// Expressions and blocks of a script inside one another.
pub const SCRIPT_DEPTH_MAX: usize = 32;
/// The same inside one of its functions.
pub const SCRIPT_FUNCTION_DEPTH_MAX: usize = 16;
/// Bytes of a text in a script, and of all texts of one list or map together.
pub const SCRIPT_TEXT_BYTES_MAX: usize = 1_024;
/// Elements of a list in a script, those of lists inside it included. Joining two lists is checked before, so that one may
/// hold twice as many for a moment.
pub const SCRIPT_ARRAY_MAX: usize = 64;
/// Entries of a map in a script, those of maps inside it included.
pub const SCRIPT_MAP_MAX: usize = 64;
/// Variables of a script that exist at one time in one of its functions. All 64 in each of 16 calls, every one a list of 128
/// numbers of 32 bytes: 4 MiB; with texts and what is on the way, less than the 10 MiB allowed.
pub const SCRIPT_VARIABLES_MAX: usize = 64;
/// Earlier results of one test that a script is shown, newest first.
pub const SCRIPT_EARLIER_MAX: usize = 16;
/// Hours that a script may look back: 30 days.
pub const SCRIPT_EARLIER_HOURS_MAX: i64 = 720;
/// Private clocks of one rule on one report that come due: a script that starts one each time it is asked ends there.
pub const SCRIPT_CLOCKS_MAX: usize = 16;
/// Effects of one run of a script.
pub const SCRIPT_EFFECTS_MAX: usize = 8;
/// Functions of one script.
pub const SCRIPT_FUNCTIONS_MAX: usize = 32;
/// Critical limits of an installation: beyond it `site.toml` is refused.
pub const CRITICAL_LIMITS_MAX: usize = 4_096;
/// Objectives of an installation, and parts of its day: beyond it `site.toml` is refused.
pub const SITE_NAMES_MAX: usize = 4_096;
