//! Records: what does the shell write into the log beside the inputs of the core?
//!
//! ```text
//!  open    text version │ u32 logic version │ 32 ward hash │ text zone data │ i64 anchor wall │ i64 anchor boot
//!  time    u8 doubted, settled or accepted │ i64 offset in microseconds
//!  access  text principal │ u8 action │ text object │ text purpose │ text interface
//!  letters u32 count │ per letter u32 input │ u32 length │ bytes        (raw section behind a batch's inputs)
//! ```
//! Numbers are little-endian, a text is a u16 length and UTF-8. An access record names objects by id, never by a patient.
//!
//! - **How it fits**: the log thread writes them; audits and `verify` read them; `step` never sees them.
//! - LIMIT: texts of 65,535 bytes; what is longer is cut at a character.
//! - **Not here**: records of the store itself (`mark`), inputs (`wardline_core`).
//! - **Source**: guarantees page, section 2.3.

use wardline_rules::time::{Span, Timestamp};

use super::anchor::TimeChange;

/// What an `open` record says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Open {
    /// Version of the program.
    pub version: String,
    /// Version of its decisions.
    pub logic: u32,
    /// Hash of the active ward; zeros if none was activated.
    pub ward: [u8; 32],
    /// Release of the zone data.
    pub zones: String,
    /// The wall at the anchor.
    pub wall: Timestamp,
    /// The boot clock at the anchor.
    pub boot: Span,
}

/// Who was shown what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Access {
    /// Whose key was used; `loopback` if keys are off.
    pub principal: String,
    /// What was done.
    pub action: Action,
    /// The object, by its id.
    pub object: String,
    /// Why, as the caller says.
    pub purpose: String,
    /// By which way.
    pub interface: String,
}

/// What was done with patient data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// One report was shown.
    Report,
    /// A list of alerts was shown.
    Alerts,
    /// An answer page was shown.
    AnswerPage,
    /// The bytes of a dead letter were shown.
    DeadLetter,
}

impl Action {
    const ALL: [Self; 4] = [Self::Report, Self::Alerts, Self::AnswerPage, Self::DeadLetter];

    const fn number(self) -> u8 {
        match self {
            Self::Report => 1,
            Self::Alerts => 2,
            Self::AnswerPage => 3,
            Self::DeadLetter => 4,
        }
    }
}

impl Open {
    /// The payload.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_text(&mut bytes, &self.version);
        bytes.extend_from_slice(&self.logic.to_le_bytes());
        bytes.extend_from_slice(&self.ward);
        put_text(&mut bytes, &self.zones);
        bytes.extend_from_slice(&self.wall.micros().to_le_bytes());
        bytes.extend_from_slice(&self.boot.micros().to_le_bytes());
        bytes
    }

    /// Reads a payload; `None` if it is none.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        Some(Self {
            version: fields.text()?,
            logic: u32::from_le_bytes(fields.array()?),
            ward: fields.array()?,
            zones: fields.text()?,
            wall: Timestamp::from_micros(i64::from_le_bytes(fields.array()?)),
            boot: Span::from_micros(i64::from_le_bytes(fields.array()?)),
        })
    }
}

impl Access {
    /// The payload.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_text(&mut bytes, &self.principal);
        bytes.push(self.action.number());
        for text in [&self.object, &self.purpose, &self.interface] {
            put_text(&mut bytes, text);
        }
        bytes
    }

    /// Reads a payload; `None` if it is none.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let principal = fields.text()?;
        let [number] = fields.array()?;
        let action = Action::ALL.into_iter().find(|action| action.number() == number)?;
        Some(Self { principal, action, object: fields.text()?, purpose: fields.text()?, interface: fields.text()? })
    }
}

/// The payload of a `time` record.
#[must_use]
pub fn encode_time(change: TimeChange) -> Vec<u8> {
    let (kind, offset) = match change {
        TimeChange::Doubted(offset) => (1, offset),
        TimeChange::Settled => (2, Span::ZERO),
        TimeChange::Accepted(offset) => (3, offset),
    };
    let mut bytes = vec![kind];
    bytes.extend_from_slice(&offset.micros().to_le_bytes());
    bytes
}

/// The raw section of a batch: the exact bytes of its unreadable messages.
///
/// - **Input** `letters`: for each, the index of its input in the batch, ascending.
#[must_use]
pub fn encode_letters(letters: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&small(letters.len()).to_le_bytes());
    for (input, letter) in letters {
        bytes.extend_from_slice(&input.to_le_bytes());
        bytes.extend_from_slice(&small(letter.len()).to_le_bytes());
        bytes.extend_from_slice(letter);
    }
    bytes
}

/// Reads a raw section; `None` if it is none.
#[must_use]
pub fn decode_letters(bytes: &[u8]) -> Option<Vec<(u32, &[u8])>> {
    let mut fields = Fields(bytes);
    let count = u32::from_le_bytes(fields.array()?);
    let mut letters = Vec::new();
    for _ in 0..count {
        let input = u32::from_le_bytes(fields.array()?);
        let length = usize::try_from(u32::from_le_bytes(fields.array()?)).ok()?;
        letters.push((input, fields.take(length)?));
    }
    fields.0.is_empty().then_some(letters)
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    let mut end = text.len().min(usize::from(u16::MAX));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let cut = text.get(..end).unwrap_or("");
    bytes.extend_from_slice(&u16::try_from(cut.len()).unwrap_or(0).to_le_bytes());
    bytes.extend_from_slice(cut.as_bytes());
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What is left to read.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::from(u16::from_le_bytes(self.array()?));
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_are_written() {
        let open = Open {
            version: "0.1.0".to_owned(),
            logic: 7,
            ward: [3; 32],
            zones: "2026a".to_owned(),
            wall: Timestamp::from_micros(1_768_377_130_000_000),
            boot: Span::from_seconds(12),
        };
        assert_eq!(Open::decode(&open.encode()), Some(open.clone()));
        assert_eq!(Open::decode(&open.encode()[..20]), None);
        let access = Access {
            principal: "ward-board".to_owned(),
            action: Action::Alerts,
            object: "alerts".to_owned(),
            purpose: "treatment".to_owned(),
            interface: "GET /v1/alerts".to_owned(),
        };
        assert_eq!(Access::decode(&access.encode()), Some(access));
    }

    #[test]
    fn letters_keep_their_bytes_and_their_input() {
        let letters = vec![(0, b"{broken".to_vec()), (7, vec![0xff, 0, 1])];
        let bytes = encode_letters(&letters);
        let read = decode_letters(&bytes).unwrap();
        assert_eq!(read, [(0, &b"{broken"[..]), (7, &[0xff, 0, 1][..])]);
        assert_eq!(decode_letters(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let access = Access {
            principal: "é".repeat(40_000),
            action: Action::Report,
            object: String::new(),
            purpose: String::new(),
            interface: String::new(),
        };
        let read = Access::decode(&access.encode()).unwrap();
        assert_eq!(read.principal.chars().count(), 32_767);
    }
}
