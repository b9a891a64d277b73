//! Intake: what does one request or one piece of a file bring, and what will its sender be told?
//!
//! ```text
//!  bytes ─► lines, elements, messages ─► codec of the feed ─► Parcel: inputs, dead letters ─► log
//!                                                     └──► one Line each, for the receipt
//! ```
//! - **How it fits**: the API and the file feeds read with it; both submit the parcel and answer when it is durable.
//! - LIMIT: `LINES_PER_REQUEST_MAX` here, the bounds of a message in the codecs.
//! - **Not here**: sockets and files, durability.

mod parts;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use wardline_connectors::codec::{
    Unreadable, cloudevents, digest, fhir,
    hl7::{self, Found, ack},
    json,
    profile::Profile,
    settle::arrive,
    token::Tokeniser,
};
use wardline_connectors::codes::Code as CodecCode;
use wardline_core::{Input, wire};
use wardline_rules::{
    Text,
    event::{Event, Fact},
    quality::{Fault, Note},
    time::Timestamp,
};

use crate::{
    config::Feed,
    engine::Parcel,
    limits::{ARRIVALS_MAX, LINES_PER_REQUEST_MAX},
    runtime::admission::Lane,
};

/// At which arrival of the same unreadable bytes their sender is told that they were taken.
const TAKEN_AT_ARRIVAL: u32 = 3;

/// Reads the messages of every feed.
#[derive(Clone)]
pub struct Intake {
    tokeniser: Tokeniser,
    feeds: BTreeMap<Text, (Profile, bool)>,
    /// Of no feed: speaks for all.
    open: Profile,
    /// How many HL7 messages were answered.
    answered: Arc<AtomicU64>,
    /// How often each unreadable message was kept and answered.
    arrivals: Arc<Mutex<Arrivals>>,
}

/// Unreadable messages that came lately, by feed and content.
#[derive(Debug, Default)]
struct Arrivals {
    counts: BTreeMap<(Text, Text), u32>,
    /// In the order of their first arrival.
    order: VecDeque<(Text, Text)>,
}

impl Arrivals {
    /// Counts one more; how often it came, this one included.
    fn count(&mut self, feed: &str, id: &str) -> u32 {
        let key = (Text::from(feed), Text::from(id));
        if !self.counts.contains_key(&key) {
            if self.order.len() >= ARRIVALS_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.counts.remove(&oldest);
            }
            self.order.push_back(key.clone());
        }
        let count = self.counts.entry(key).or_default();
        *count = count.saturating_add(1);
        *count
    }
}

impl core::fmt::Debug for Intake {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Intake").field("feeds", &self.feeds.keys()).finish_non_exhaustive()
    }
}

/// How a body is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// One event per line.
    Lines,
    /// One event, or a list of events.
    Json,
    /// One CloudEvent.
    CloudEvent,
    /// A list of CloudEvents.
    CloudEvents,
    /// Messages of another format, read already.
    Parts,
    /// Rows of an Arrow stream.
    #[cfg(feature = "arrow")]
    Columns,
}

/// How a message of a stream or a folder is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Events as JSON: one, or a list.
    Json,
    /// One event per line.
    Lines,
    /// HL7 version 2.
    Hl7,
    /// FHIR R4.
    Fhir,
}

impl Format {
    /// All, with their words.
    pub const ALL: &[(Self, &str)] =
        &[(Self::Json, "json"), (Self::Lines, "ndjson"), (Self::Hl7, "hl7"), (Self::Fhir, "fhir")];

    /// By the content type of a message; `None` if it says nothing we know.
    #[must_use]
    pub fn of_content_type(kind: &str) -> Option<Self> {
        match kind {
            "application/json" => Some(Self::Json),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Some(Self::Lines),
            "application/hl7-v2" | "x-application/hl7-v2+er7" | "application/edi-hl7" => Some(Self::Hl7),
            "application/fhir+json" => Some(Self::Fhir),
            _ => None,
        }
    }
}

/// What a request brings.
#[derive(Debug, Default)]
pub struct Reading {
    /// For the log.
    pub parcel: Parcel,
    /// What became of each part, in order.
    pub lines: Vec<Line>,
}

/// What became of one line, element or message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Its number, from 1; blank lines count.
    pub n: u32,
    /// The id of its event; that of the dead letter if nobody could read it.
    pub event_id: Text,
    /// Why nobody could read it, and where.
    pub refused: Option<(CodecCode, Text)>,
}

/// The body has more parts than one request may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("more than {LINES_PER_REQUEST_MAX} lines")]
pub struct TooManyLines;

impl Intake {
    /// For the configured feeds.
    #[must_use]
    pub fn new(feeds: &[Feed], tokeniser: Tokeniser) -> Self {
        let profile = |feed: &Feed| (feed.name.clone(), (feed.profile.clone(), feed.critical));
        Self {
            tokeniser,
            feeds: feeds.iter().map(profile).collect(),
            open: Profile::default(),
            answered: Arc::default(),
            arrivals: Arc::default(),
        }
    }

    /// Whether a feed of this name is configured.
    #[must_use]
    pub fn knows(&self, feed: &str) -> bool {
        self.feeds.contains_key(feed)
    }

    fn profile(&self, feed: &str) -> (&Profile, bool) {
        self.feeds.get(feed).map_or((&self.open, false), |(profile, critical)| (profile, *critical))
    }

    /// Reads events as JSON.
    ///
    /// - **Input** `feed`: the authenticated one; empty for none. `at`: when it arrived.
    ///
    /// # Errors
    /// [`TooManyLines`]: nothing of it is taken.
    pub fn events(&self, feed: &str, shape: Shape, body: &[u8], at: Timestamp) -> Result<Reading, TooManyLines> {
        let mut reading = Reading::default();
        let decoder = json::Decoder::new(self.profile(feed).0, &self.tokeniser);
        match shape {
            Shape::Lines => reading.take_lines(&decoder, body, (feed, at))?,
            #[cfg(feature = "arrow")]
            Shape::Columns => reading.take_columns(&decoder, body, (feed, at))?,
            Shape::Json if body.trim_ascii_start().starts_with(b"[") => {
                for (n, element) in elements(body).iter().enumerate() {
                    reading.take(n, decoder.line(element.as_bytes()), (element.as_bytes(), feed, at))?;
                }
                if reading.lines.is_empty() {
                    reading.take(0, decoder.line(body), (body, feed, at))?;
                }
            }
            Shape::Json => reading.take(0, decoder.line(body), (body, feed, at))?,
            Shape::CloudEvents if body.trim_ascii_start().starts_with(b"[") => {
                for (n, element) in elements(body).iter().enumerate() {
                    reading.take(n, enveloped(&decoder, element.as_bytes()), (element.as_bytes(), feed, at))?;
                }
                if reading.lines.is_empty() {
                    reading.take(0, enveloped(&decoder, body), (body, feed, at))?;
                }
            }
            Shape::CloudEvent | Shape::CloudEvents | Shape::Parts => {
                reading.take(0, enveloped(&decoder, body), (body, feed, at))?;
            }
        }
        Ok(self.finished(reading, feed, body.len()))
    }

    /// Reads HL7 messages; the answers to send once they are durable come beside them.
    ///
    /// # Errors
    /// [`TooManyLines`]: nothing of it is taken.
    pub fn hl7(&self, feed: &str, body: &[u8], at: Timestamp) -> Result<(Reading, Vec<hl7::Reading>), TooManyLines> {
        let decoder = hl7::Decoder::new(self.profile(feed).0, &self.tokeniser);
        let split = hl7::batch::split(body);
        let mut reading = Reading::default();
        let mut messages = Vec::new();
        for (n, bytes) in split.messages.iter().enumerate() {
            let mut message = decoder.message(bytes);
            match &mut message.found {
                // They move into the parcel: an answer asks only which sort of message it was.
                Found::Events(events) => {
                    for event in core::mem::take(events) {
                        reading.take(n, Ok(event), (bytes, feed, at))?;
                    }
                }
                Found::Answer => {}
                Found::Unreadable(unreadable) => reading.take(n, Err(unreadable.clone()), (bytes, feed, at))?,
            }
            messages.push(message);
        }
        reading.note(split.notes);
        Ok((self.finished(reading, feed, body.len()), messages))
    }

    /// Reads FHIR; what to answer once it is durable comes beside it.
    ///
    /// # Errors
    /// [`TooManyLines`]: nothing of it is taken.
    pub fn fhir(&self, feed: &str, body: &[u8], at: Timestamp) -> Result<(Reading, fhir::Reading), TooManyLines> {
        let said = fhir::Decoder::new(self.profile(feed).0, &self.tokeniser).body(body);
        let mut reading = Reading::default();
        match &said.found {
            fhir::Found::Unreadable(unreadable) => reading.take(0, Err(unreadable.clone()), (body, feed, at))?,
            fhir::Found::Entries(entries) => {
                let mut whole = None;
                for (n, entry) in entries.iter().enumerate() {
                    reading.take_entry(n, &entry.outcome, &mut whole, (body, feed, at))?;
                }
            }
        }
        Ok((self.finished(reading, feed, body.len()), said))
    }

    /// Reads one message of a stream or a folder. One that has more parts than may be is one nobody can read.
    #[must_use]
    pub fn message(&self, feed: &str, format: Format, body: &[u8], at: Timestamp) -> Reading {
        let read = match format {
            Format::Json => self.events(feed, Shape::Json, body, at),
            Format::Lines => self.events(feed, Shape::Lines, body, at),
            Format::Hl7 => self.frame(feed, body, None, at).map(|(reading, _)| reading),
            Format::Fhir => self.fhir(feed, body, at).map(|(reading, _)| reading),
        };
        read.unwrap_or_else(|TooManyLines| self.unread(feed, body, at))
    }

    /// All of it is one dead letter: it is larger than anything that is read.
    #[must_use]
    pub fn unread(&self, feed: &str, body: &[u8], at: Timestamp) -> Reading {
        let unreadable = Unreadable::new(CodecCode::InnerLimit, "", body);
        let mut reading = Reading::default();
        // One part is never too many.
        let _ = reading.take(0, Err(unreadable), (body, feed, at));
        self.finished(reading, feed, body.len())
    }

    /// Reads one frame of HL7: a message, or several with or without an envelope. What has no message in it is one that
    /// nobody can read, and with `flaw` all of it is.
    ///
    /// # Errors
    /// [`TooManyLines`]: nothing of it is taken.
    pub fn frame(
        &self,
        feed: &str,
        body: &[u8],
        flaw: Option<CodecCode>,
        at: Timestamp,
    ) -> Result<(Reading, Vec<hl7::Reading>), TooManyLines> {
        let split = self.hl7(feed, body, at)?;
        if flaw.is_none() && !split.1.is_empty() {
            return Ok(split);
        }
        let message = hl7::Decoder::new(self.profile(feed).0, &self.tokeniser).message(body);
        let unreadable = Unreadable::new(flaw.unwrap_or(CodecCode::NoHeader), "", body);
        let mut reading = Reading::default();
        reading.take(0, Err(unreadable.clone()), (body, feed, at))?;
        let message = hl7::Reading { found: Found::Unreadable(unreadable), ..message };
        Ok((self.finished(reading, feed, body.len()), vec![message]))
    }

    /// What is written down about a message of `feed` that was too long to be read: that the feed lives, and its fault.
    #[must_use]
    pub fn oversize(&self, feed: &str, head: &[u8], at: Timestamp) -> (Reading, hl7::Reading) {
        let message = hl7::Decoder::new(self.profile(feed).0, &self.tokeniser).message(head);
        let mut event = Event::new(feed, &digest::name("x-", digest::sha16(head)), Fact::Heartbeat);
        event.notes.push(Note::new(Fault::Oversize, ""));
        arrive(&mut event, at);
        let mut reading = Reading::default();
        reading.lines.push(Line { n: 1, event_id: event.event_id.clone(), refused: None });
        reading.parcel.inputs.push(Input::Event(Box::new(event)));
        (self.finished(reading, feed, 1), message)
    }

    /// The answers to one message of `feed`, to be sent once it is durable.
    ///
    /// - **Input** `at`: log time of the answer.
    #[must_use]
    pub fn answers(&self, feed: &str, message: &hl7::Reading, at: Timestamp) -> Vec<Vec<u8>> {
        self.answers_to_all(feed, message.header.as_ref(), &[self.verdict(feed, message)], at)
    }

    /// What to answer to a message that is durable.
    ///
    /// - **Output**: a positive one for what nobody could read, from its third arrival on [ACK-4]: asked for once a message.
    #[must_use]
    pub fn verdict(&self, feed: &str, message: &hl7::Reading) -> ack::Verdict {
        let is_known = match &message.found {
            Found::Unreadable(unreadable) => self.arrived(feed, &unreadable.event(feed).event_id),
            Found::Events(_) | Found::Answer => false,
        };
        if is_known { ack::Verdict::Kept } else { message.verdict() }
    }

    /// The answers to all messages of one frame of `feed`.
    #[must_use]
    pub fn answers_to_all(
        &self,
        feed: &str,
        header: Option<&hl7::Header>,
        verdicts: &[ack::Verdict],
        at: Timestamp,
    ) -> Vec<Vec<u8>> {
        // INVARIANT: log time never falls from one process to the next, and a number is given once in a process.
        let number = self.answered.fetch_add(1, Ordering::Relaxed);
        let control_id = format!("WL{}{number}", at.micros());
        let stamp = ack::Stamp { control_id: &control_id, at: &hl7_time(at) };
        ack::answers_to_all(header, verdicts, self.profile(feed).0.ack_mode, stamp)
    }

    /// Takes note that something unreadable of `feed` was kept.
    ///
    /// - **Input** `id`: that of its dead letter, which is made of its bytes.
    /// - **Output**: whether it came so often that its sender is told yes, so that it goes on to its next message.
    #[must_use]
    pub fn arrived(&self, feed: &str, id: &str) -> bool {
        // No code panics while it holds the lock.
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).count(feed, id) >= TAKEN_AT_ARRIVAL
    }

    fn finished(&self, mut reading: Reading, feed: &str, bytes: usize) -> Reading {
        reading.parcel.feed = Text::from(feed);
        reading.parcel.bytes = bytes.max(1);
        reading.parcel.is_urgent = self.lane(feed, &reading.parcel.inputs) == Lane::Critical;
        reading
    }

    /// How important the parcel of a feed is: as its most important input; answers alone are control.
    #[must_use]
    pub fn lane(&self, feed: &str, inputs: &[Input]) -> Lane {
        let lanes = || inputs.iter().map(wire::lane);
        match (self.profile(feed).1, lanes().min()) {
            (_, Some(0)) if lanes().all(|lane| lane == 0) => Lane::Control,
            (true, _) => Lane::Critical,
            (false, _) if lanes().any(|lane| lane == 1) => Lane::Critical,
            (false, _) => Lane::Routine,
        }
    }
}

/// Where a part stood, which feed it came by, and when.
type Origin<'a> = (&'a [u8], &'a str, Timestamp);

impl Reading {
    /// Takes what one entry of a bundle says.
    ///
    /// - **Input** `whole`: what was said about the whole bundle when its first entry was refused.
    fn take_entry(
        &mut self,
        n: usize,
        outcome: &fhir::Outcome,
        whole: &mut Option<Unreadable>,
        (body, feed, at): Origin<'_>,
    ) -> Result<(), TooManyLines> {
        match outcome {
            fhir::Outcome::Nothing => Ok(()),
            fhir::Outcome::Events(events) => {
                events.iter().try_for_each(|event| self.take(n, Ok(event.clone()), (body, feed, at)))
            }
            // The whole bundle is kept, for an entry means little without what it points to: once, however many are refused.
            fhir::Outcome::Refused(code) => match whole {
                None => {
                    let unreadable = whole.insert(Unreadable::new(*code, "Bundle.entry", body));
                    self.take(n, Err(unreadable.clone()), (body, feed, at))
                }
                Some(kept) => self.refuse(n, Unreadable { code: *code, ..kept.clone() }, (feed, at)),
            },
        }
    }

    /// Takes one part in: its event, or a dead letter with its exact bytes.
    fn take(
        &mut self,
        n: usize,
        part: Result<Event, Unreadable>,
        (bytes, feed, at): Origin<'_>,
    ) -> Result<(), TooManyLines> {
        match part {
            Ok(event) => self.push(n, event, None, at),
            Err(unreadable) => {
                let input = u32::try_from(self.parcel.inputs.len()).unwrap_or(u32::MAX);
                self.refuse(n, unreadable, (feed, at))?;
                self.parcel.letters.push((input, bytes.to_vec()));
                Ok(())
            }
        }
    }

    fn refuse(&mut self, n: usize, unreadable: Unreadable, (feed, at): (&str, Timestamp)) -> Result<(), TooManyLines> {
        let event = unreadable.event(if feed.is_empty() { "api" } else { feed });
        self.push(n, event, Some((unreadable.code, unreadable.place)), at)
    }

    fn push(
        &mut self,
        n: usize,
        mut event: Event,
        refused: Option<(CodecCode, Text)>,
        at: Timestamp,
    ) -> Result<(), TooManyLines> {
        if self.lines.len() >= LINES_PER_REQUEST_MAX {
            return Err(TooManyLines);
        }
        arrive(&mut event, at);
        let n = u32::try_from(n).unwrap_or(u32::MAX).saturating_add(1);
        self.lines.push(Line { n, event_id: event.event_id.clone(), refused });
        self.parcel.inputs.push(Input::Event(Box::new(event)));
        Ok(())
    }
}

/// Reads one envelope; what is refused is the envelope, whole.
fn enveloped(decoder: &json::Decoder<'_>, bytes: &[u8]) -> Result<Event, Unreadable> {
    match cloudevents::structured(bytes) {
        Ok(unwrapped) => decoder
            .enveloped(&unwrapped.line, &unwrapped.envelope)
            .map_err(|inside| Unreadable::new(inside.code, &inside.place, bytes)),
        Err(code) => Err(Unreadable::new(code, "", bytes)),
    }
}

/// The elements of a JSON list as they are written; empty if it is none.
fn elements(body: &[u8]) -> Vec<&str> {
    let list: Result<Vec<&serde_json::value::RawValue>, _> = serde_json::from_slice(body);
    list.map(|list| list.into_iter().map(|raw| raw.get()).collect()).unwrap_or_default()
}

/// `20260114081500+0000`.
fn hl7_time(at: Timestamp) -> String {
    let digits: String = at.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    format!("{digits}+0000")
}

#[cfg(test)]
mod tests;
