//! JSON: what does one line of the canonical event format say?
//!
//! ```text
//!  line ──► scanned, typed, borrowed: the common, clean shape ───────────────┐
//!    └───► anything else: a tree by serde_json, read key by key, leniently ─┴─► Wire ──► Event
//! ```
//! The fast way accepts only what needs no judgement: known keys, each once, of the right type, strings without
//! escapes. Whatever it does not like it leaves to the slow way, which alone decides what is dropped with a note and
//! what is unreadable. So there is one rule book, and speed cannot change an answer.
//!
//! - **How it fits**: decode workers call [`Decoder::line`]; `wardline export` and tests call [`encode`](fn@encode).
//! - LIMIT: `JSON_DEPTH_MAX`, `JSON_KEYS_MAX`, `JSON_ARRAY_MAX`, `LINE_BYTES_MAX`, `EVENT_BYTES_MAX`.
//! - **Not here**: splitting a body into lines or array elements, CloudEvents ([`cloudevents`](super::cloudevents)).
//! - **Source**: domain page section 2; RFC 8259.
//!
//! ```
//! # use wardline_connectors::codec::{json::Decoder, profile::Profile, token::Tokeniser};
//! let (profile, tokeniser) = (Profile::new("courier"), Tokeniser::new(&[7; 32]));
//! let line = br#"{"v":1,"source":"courier","report":{"placer":"900412"},"step":"received","occurred_at":"2026-01-14T07:52Z"}"#;
//! let event = Decoder::new(&profile, &tokeniser).line(line).unwrap();
//! assert_eq!(event.report.placer.unwrap().id, "900412");
//! ```

pub mod canonical;
mod convert;
mod encode;
mod num;
mod read;
mod scan;
pub(super) mod tree;
mod wire;

pub use encode::{Encoding, encode};
use scan::Scan;
use wardline_rules::{
    Text,
    event::Event,
    limits::{EVENT_BYTES_MAX, LINE_BYTES_MAX},
};
use wire::{Places as _, Wire};

use super::{Unreadable, cloudevents::Envelope, notes::Notes, profile::Profile, token::Tokeniser};
use crate::codes::Code;

/// Why a line is refused, and where.
pub(super) type Refusal = (Code, Text);

const fn refusal(code: Code, place: &'static str) -> Refusal {
    (code, Text::const_new(place))
}

/// Reads events of one feed.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "it lends the key, which no log may print")]
pub struct Decoder<'p> {
    profile: &'p Profile,
    tokeniser: &'p Tokeniser,
}

impl<'p> Decoder<'p> {
    /// A decoder for the feed of `profile`.
    #[must_use]
    pub const fn new(profile: &'p Profile, tokeniser: &'p Tokeniser) -> Self {
        Self { profile, tokeniser }
    }

    /// Reads one line; a line break at its end is ignored.
    ///
    /// - **Output**: the event, with notes on what was dropped. Its `received_at` is that of an import, else absent;
    ///   [`settle::arrive`](super::settle::arrive) completes it.
    ///
    /// # Errors
    /// The line as a dead letter, if it is no event at all.
    pub fn line(&self, line: &[u8]) -> Result<Event, Unreadable> {
        self.enveloped(line, &Envelope::default())
    }

    /// Reads one event that travelled in a CloudEvent: the envelope fills what the event leaves out [EVT-11].
    ///
    /// # Errors
    /// As [`Self::line`].
    pub fn enveloped(&self, line: &[u8], envelope: &Envelope) -> Result<Event, Unreadable> {
        let line = line.trim_ascii();
        if line.len() > EVENT_BYTES_MAX {
            return self.read_long(line, envelope);
        }
        // A short line cannot break a bound on lists, so the fast way need not count.
        let mut wire = Wire::default();
        if read_fast(line, &mut wire) {
            convert::event(&wire, Notes::default(), &self.context(line, envelope))
        } else {
            self.read_slowly(line, envelope)
        }
    }

    fn read_long(&self, line: &[u8], envelope: &Envelope) -> Result<Event, Unreadable> {
        if line.len() > LINE_BYTES_MAX {
            return Err(Unreadable::new(Code::LineTooLong, "", line));
        }
        let event = self.read_slowly(line, envelope)?;
        let mut text = String::with_capacity(line.len());
        let _ = encode(&event, &mut text);
        if text.len() > EVENT_BYTES_MAX { Err(Unreadable::new(Code::EventTooLarge, "", line)) } else { Ok(event) }
    }

    /// The reference: reads everything that may be read, and says why the rest may not.
    fn read_slowly(&self, line: &[u8], envelope: &Envelope) -> Result<Event, Unreadable> {
        let refuse = |(code, place): Refusal| Unreadable::new(code, &place, line);
        let tree = tree::parse(line).map_err(refuse)?;
        let mut notes = Notes::default();
        let wire = read::wire(&tree, self.profile.strict, &mut notes).map_err(refuse)?;
        convert::event(&wire, notes, &self.context(line, envelope))
    }

    const fn context<'c>(&self, line: &'c [u8], envelope: &'c Envelope) -> convert::Context<'c>
    where
        'p: 'c,
    {
        convert::Context { profile: self.profile, tokeniser: self.tokeniser, line, envelope }
    }
}

/// Reads a clean line into `wire`; `false` if it needs judgement, whatever `wire` holds then.
fn read_fast<'t>(line: &'t [u8], wire: &mut Wire<'t>) -> bool {
    let Ok(text) = core::str::from_utf8(line) else { return false };
    let mut scan = Scan::new(text);
    wire.fill(&mut scan).is_some() && scan.is_at_end()
}

#[cfg(test)]
mod tests;
