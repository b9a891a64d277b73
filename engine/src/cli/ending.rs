//! Ending: how did a verb end, as its exit code says?

use std::process::{ExitCode, Termination};

/// How a verb ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It did what was asked and found nothing wrong.
    Fine,
    /// It did what was asked and found something.
    Findings,
    /// It was asked for something that makes no sense, or configured so.
    Usage,
    /// Something it depends on cannot be reached.
    Unreachable,
    /// Data is damaged.
    Damaged,
    /// It was interrupted.
    Interrupted,
}

impl Ending {
    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Damaged => 4,
            Self::Interrupted => 130,
        }
    }
}

impl Termination for Ending {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

/// Writes data to stdout; a reader that went away is no fault of ours.
pub fn print(text: &str) {
    use std::io::Write;
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// Writes a message for people to stderr.
pub fn tell(text: &str) {
    use std::io::Write;
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Today's date in UTC: the check date where nobody gives one.
#[must_use]
pub fn today() -> wardline_rules::time::Date {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    wardline_rules::time::Date::from_days(i32::try_from(since.as_secs() / 86_400).unwrap_or(0))
}
