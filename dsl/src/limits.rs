//! Limits of the ward language: how much text is one ward allowed to be?
//!
//! Every number is reached by nobody who writes policy by hand, and keeps one bad file from costing the machine its memory.
//! What happens at each is the same: diagnostic WL0107 at the place, and the ward is not loaded.
//! - **Not here**: bounds of a running program (`wardline_rules::limits`, `wardline_core::limits`).

/// Bytes of one file: 1 MiB, about 25,000 lines.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// Characters of one line, scripts included.
pub const LINE_CHARS_MAX: usize = 400;
/// Bytes of one clause after its lines are joined; a script counts on its own.
pub const CLAUSE_BYTES_MAX: usize = 4 << 10;
/// Bytes of one block, header, clauses and scripts together.
pub const BLOCK_BYTES_MAX: usize = 64 << 10;
/// Blocks of one file.
pub const BLOCKS_PER_FILE_MAX: usize = 2_000;
/// Files of one ward.
pub const FILES_MAX: usize = 500;
/// Bytes of one ward: 64 MiB, a ninth of what its files alone would allow, since most are small.
pub const WARD_BYTES_MAX: usize = 64 << 20;
/// Bytes of one script: 8 KiB.
pub const SCRIPT_BYTES_MAX: usize = 8 << 10;
/// Atoms of one condition, bullets included.
pub const ATOMS_MAX: usize = 32;
/// Bullets of one `any of` or `all of`.
pub const BULLETS_MAX: usize = 16;
/// Digits of a number before its point.
pub const NUMBER_DIGITS_MAX: usize = 12;
/// Digits of a number behind its point.
pub const FRACTION_DIGITS_MAX: usize = 6;
/// Characters of a name between quotes.
pub const NAME_CHARS_MAX: usize = 80;
/// Characters of a message text or template.
pub const TEXT_CHARS_MAX: usize = 320;
/// Rules of one ward: sla, exception, alert, notice, suppress.
pub const RULES_MAX: usize = 100_000;
/// Steps of one escalation.
pub const STEPS_MAX: usize = 10;
/// Recipients of one step.
pub const RECIPIENTS_MAX: usize = 8;
/// Reminders of one step.
pub const REMINDERS_MAX: usize = 3;
/// Repeats of an escalation after its first pass.
pub const REPEATS_MAX: u64 = 5;
/// `warn` clauses of one sla.
pub const WARNS_MAX: usize = 4;
/// Days of a target or a `within`.
pub const TARGET_DAYS_MAX: u64 = 400;
/// Hours of a `hold` or a `suppress`.
pub const HOLD_HOURS_MAX: u64 = 24;
/// Hours of the period a window looks back.
pub const WINDOW_HOURS_MAX: u64 = 24;
/// Messages that a `limit` lets through.
pub const LIMIT_COUNT_MAX: u64 = 100;
/// Cells that an exact analysis of conditions may visit before it gives up with WL0903.
pub const CELLS_MAX: u64 = 1_000_000;
/// Offers for one place of a ward that is being typed: more than anybody reads, and what an editor filters at once.
pub const OFFERS_MAX: usize = 1_000;
/// Diagnostics kept of one run, errors first; the rest is counted.
pub const DIAGNOSTICS_MAX: usize = 10_000;
