//! Codes: which number does each refusal of the load tool carry?
//!
//! WL18xx is the load tool's range; each code has a page in `docs/errors/`, and a code once released is never given to anything else.
//! - **Not here**: the refusals themselves ([`error`](crate::error)).

/// The profile is neither built in nor a file.
pub const PROFILE_UNKNOWN: &str = "WL1801";
/// The profile file cannot be read or is no TOML of ours.
pub const PROFILE_UNREADABLE: &str = "WL1802";
/// A figure of the profile makes no sense.
pub const PROFILE_FIGURE: &str = "WL1803";
/// The output cannot be written.
pub const OUTPUT: &str = "WL1804";
/// A date, span, rate or count on the command line cannot be read.
pub const ARGUMENT: &str = "WL1805";
/// A gate of `--fail-if` cannot be read.
pub const GATE_UNREADABLE: &str = "WL1806";
/// A gate did not hold.
pub const GATE_FAILED: &str = "WL1807";
/// The engine cannot be reached.
pub const UNREACHABLE: &str = "WL1808";
/// A result file of an earlier run cannot be read.
pub const RESULT_UNREADABLE: &str = "WL1809";
/// A figure lies outside its band.
pub const OUTSIDE_BAND: &str = "WL1810";
/// The key file or the file of events cannot be read.
pub const INPUT_FILE: &str = "WL1811";
/// The engine could not be run, or refused.
pub const ENGINE: &str = "WL1812";
/// The engine's answers are not those of the slow reference.
pub const ANSWERS_DIFFER: &str = "WL1813";
