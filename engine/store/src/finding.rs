//! Finding: what is wrong, where, and how bad is it?
//!
//! - **How it fits**: opening a store and `verify` both report what they see as findings; the shell prints them as text or JSON.
//! - **Not here**: what to do in general ([`Code::help`]).

use std::fmt;

use crate::codes::{Code, Exit};

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub code: Code,
    /// File, relative to the data directory.
    pub path: String,
    /// Byte in the file, where one can be named.
    pub offset: Option<u64>,
    /// Record, where one can be named.
    pub sequence: Option<u64>,
    /// What was seen, in plain words, without any content of the file.
    pub cause: String,
}

impl Finding {
    /// A finding about a whole file.
    pub fn new(code: Code, path: &str, cause: impl Into<String>) -> Self {
        Self { code, path: path.to_owned(), offset: None, sequence: None, cause: cause.into() }
    }

    /// The same, at a byte and a record.
    #[must_use]
    pub fn at(mut self, offset: u64, sequence: u64) -> Self {
        self.offset = Some(offset);
        self.sequence = Some(sequence);
        self
    }

    /// How bad it is.
    pub fn exit(&self) -> Exit {
        self.code.exit()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: `{}`", self.code, self.code.headline(), self.path)?;
        if let Some(offset) = self.offset {
            write!(f, " at byte {offset}")?;
        }
        if let Some(sequence) = self.sequence {
            write!(f, ", record {sequence}")?;
        }
        write!(f, ": {}", self.cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_code_place_and_cause() {
        let finding = Finding::new(Code::RecordDamaged, "log/p000/1.wlog", "its checksum does not fit").at(8192, 7);
        assert_eq!(
            finding.to_string(),
            "WL1411 a log record that had been durable is damaged: `log/p000/1.wlog` at byte 8192, record 7: its checksum does not fit"
        );
        assert_eq!(finding.exit().number(), 4);
    }
}
