//! Unreadable: what do we say about bytes that nobody could read?
//!
//! Enough to count, to find and to mend them, and nothing of what they say: a code, the place in the form of the
//! message (`MSH-12`, `results.num`), the size and a hash. The bytes themselves are kept by the log as a dead letter.
//!
//! - **Source**: domain page [EVT-1]; guarantees page 5.5.

use wardline_rules::{
    Text,
    event::{Event, Fact},
    quality::{Fault, Note},
};

use super::digest;
use crate::codes::Code;

/// A message, or a line, that is kept as a dead letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreadable {
    /// Why.
    pub code: Code,
    /// Where in the message: a segment and field or a path of names; never a value. Empty if the whole is at fault.
    pub place: Text,
    /// Length in bytes.
    pub size: u32,
    /// First 16 bytes of the SHA-256 of the bytes; equal bytes that come a third time are answered positively.
    pub sha: [u8; 16],
}

impl Unreadable {
    /// What is said about `bytes` that were refused for `code` at `place`.
    #[must_use]
    pub fn new(code: Code, place: &str, bytes: &[u8]) -> Self {
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Self { code, place: Text::from(place), size, sha: digest::sha16(bytes) }
    }

    /// The closed word for the reason.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.code.word()
    }

    /// The event that stands for the dead letter in the log.
    #[must_use]
    pub fn event(&self, source: &str) -> Event {
        let fact = Fact::Unreadable { size: self.size, sha: self.sha };
        let mut event = Event::new(source, &digest::name("x-", self.sha), fact);
        event.reason = Some(Text::from(self.reason()));
        event.msg.sha = Some(self.sha);
        event.notes.push(Note::new(Fault::Unreadable, &self.place));
        event
    }
}
