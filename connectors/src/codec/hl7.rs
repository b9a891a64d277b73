//! HL7: what does one message of version 2 say about reports, patients and stays?
//!
//! ```text
//!  bytes ─ charset ─ segments ─ header ─ family ─► orders · results · documents · appointments · stays · merges
//!                        └─ no MSH, no type, wrong version … ─► Unreadable
//! ```
//! Versions 2.1 to 2.9, and senders who do not keep to them: mixed line ends, odd delimiters, missing statuses, times to
//! the minute. What can be read becomes events with notes; what makes a message useless as a whole is refused with the
//! segment and field at fault.
//!
//! - **How it fits**: adapters split frames and files ([`batch`]), call [`Decoder::message`], put the events on the log
//!   and then send what [`ack::answers`] says.
//! - LIMIT: `MESSAGE_BYTES_MAX`, `HL7_SEGMENTS_MAX`, `HL7_FIELDS_MAX`, `HL7_REPETITIONS_MAX`.
//! - **Not here**: MLLP frames, duplicates by content (the engine remembers [`Reading::content`]).
//! - **Source**: domain page 5.1 to 5.4, 5.7, 5.8; HL7 v2.9.

pub mod ack;
mod admission;
mod appointment;
pub mod batch;
mod charset;
mod document;
mod escape;
mod header;
mod kinds;
mod lexer;
mod observation;
mod order;
mod patient;
mod reader;
pub(in crate::codec) mod share;
mod tables;

pub use header::Header;
use kinds::Family;
pub use lexer::Delimiters;
use lexer::{Message, Part};
use reader::Reader;
pub(in crate::codec) use tables::{result_word, service_kind};
use wardline_rules::{
    Text,
    event::{Event, Fact, Given, Msg, ReportFlag, Scalar},
    limits::{ATTRIBUTES_PER_EVENT_MAX, FLAGS_PER_EVENT_MAX},
    quality::Fault,
    words::{Evidence, Format},
};

use super::{
    Unreadable, clean, digest,
    notes::Notes,
    profile::Profile,
    time::{Offset, Written, Zones},
    token::Tokeniser,
};
use crate::{
    codes::Code,
    limits::{APPLICATION_CHARS_MAX, ATTRIBUTE_CHARS_MAX, MESSAGE_BYTES_MAX, TRIGGER_CHARS_MAX},
};

/// What one message was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// Its header, for the answer; `None` if it has none that can be read.
    pub header: Option<Header>,
    /// What it says.
    pub found: Found,
    /// Hash of the message without its MSH segment: what makes it the same message as before [DUP-1].
    pub content: [u8; 16],
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// Facts, in the order of the message. A message of a type that is not ours is a heartbeat with a note.
    Events(Vec<Event>),
    /// An answer to one of ours, or to a query: nothing to keep and nothing to answer.
    Answer,
    /// Nobody can read it.
    Unreadable(Unreadable),
}

impl Reading {
    /// What to answer once it is on disk.
    #[must_use]
    pub fn verdict(&self) -> ack::Verdict {
        match &self.found {
            Found::Events(_) | Found::Answer => ack::Verdict::Kept,
            Found::Unreadable(unreadable) => ack::Verdict::Refused(unreadable.code, unreadable.place.to_string()),
        }
    }
}

/// Reads messages of one feed.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "it lends the key, which no log may print")]
pub struct Decoder<'p> {
    profile: &'p Profile,
    tokeniser: &'p Tokeniser,
}

/// Why a message is refused, and where.
type Refusal = (Code, &'static str);

impl<'p> Decoder<'p> {
    /// A decoder for the feed of `profile`.
    #[must_use]
    pub const fn new(profile: &'p Profile, tokeniser: &'p Tokeniser) -> Self {
        Self { profile, tokeniser }
    }

    /// Reads one message.
    ///
    /// - **Output**: events without `received_at`; [`settle::arrive`](super::settle::arrive) completes them.
    /// - **Errors**: none; what cannot be read is [`Found::Unreadable`].
    #[must_use]
    pub fn message(&self, bytes: &[u8]) -> Reading {
        let body = trimmed(bytes);
        let mut header = None;
        let found = match self.read(body, &mut header) {
            Ok(found) => found,
            Err((code, place)) => Found::Unreadable(Unreadable::new(code, place, bytes)),
        };
        Reading { header, found, content: content(body) }
    }

    fn read(&self, body: &[u8], header: &mut Option<Header>) -> Result<Found, Refusal> {
        let starts_well = body.starts_with(b"MSH");
        let (delimiters, is_mended) = Delimiters::read(body).filter(|_| starts_well).ok_or((Code::NoHeader, ""))?;
        let mut notes = Notes::default();
        if is_mended {
            notes.add(Fault::EncodingChars, "MSH-2");
        }
        // The header first: an answer must find its way even if the rest is refused.
        let first = body.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let default = self.profile.charset.as_deref();
        let first = charset::decode(first, delimiters, default, &mut Notes::default());
        let cut = Message::cut(&first, delimiters).map_err(|code| (code, "MSH"))?;
        let msh = cut.first("MSH").ok_or((Code::NoHeader, ""))?;
        let header = &*header.insert(Header::read(msh, delimiters));
        if body.len() > MESSAGE_BYTES_MAX {
            return Err((Code::MessageTooLarge, ""));
        }
        let family = self.admit(header)?;
        if family == Family::Answer {
            return Ok(Found::Answer);
        }
        let text = charset::decode(body, delimiters, default, &mut notes);
        let text = lexer::whole_lines(&text, delimiters.field, &mut notes);
        let message = Message::cut(&text, delimiters).map_err(|code| (code, ""))?;
        self.events(body, &message, header, (family, notes)).map(Found::Events)
    }

    /// What the message is to us, if it is for us at all.
    fn admit(&self, header: &Header) -> Result<Family, Refusal> {
        if header.message_type.is_empty() {
            return Err((Code::NoMessageType, "MSH-9"));
        }
        let family = kinds::family(header);
        if family == Ok(Family::Answer) {
            return Ok(Family::Answer);
        }
        let version = header.version.as_str();
        if !(version.is_empty() || version == "2" || version.starts_with("2.")) {
            return Err((Code::Hl7Version, "MSH-12"));
        }
        let component = char::from(header.delimiters.component);
        let processing = header.processing.split(component).next().unwrap_or_default();
        if !self.profile.accepts_processing(processing.trim_ascii()) {
            return Err((Code::WrongEnvironment, "MSH-11"));
        }
        family.map_err(|code| (code, "MSH-9"))
    }

    fn events(
        &self,
        body: &[u8],
        message: &Message<'_>,
        header: &Header,
        (family, mut notes): (Family, Notes),
    ) -> Result<Vec<Event>, Refusal> {
        let draft = self.draft(body, message, header, (family, &mut notes));
        let mut facts = Facts { decoder: self, draft, events: Vec::new(), notes: Some(notes) };
        match family {
            Family::Results => {
                let orders = order::groups(message, header, family);
                facts.orders(orders.iter().filter(|order| order.obr.is_some()), message);
                facts.require("OBR")
            }
            Family::Order => {
                let orders = order::groups(message, header, family);
                facts.orders(orders.iter().filter(|order| order.orc.is_some()), message);
                facts.require("ORC")
            }
            Family::OrderAnswer => {
                let orders = order::groups(message, header, family);
                facts.orders(orders.iter().filter(|order| order.orc.is_some()), message);
                Ok(facts.or_heartbeat(None))
            }
            Family::Document => {
                facts.each(message, "TXA", |reader, draft, txa| reader.document(draft, message, txa));
                facts.require("TXA")
            }
            Family::Appointment => {
                facts.each(message, "SCH", |reader, draft, sch| reader.appointment(draft, message, sch));
                facts.require("SCH")
            }
            Family::Encounter => {
                facts.add(message, |reader, draft| reader.encounter(draft, message));
                Ok(facts.events)
            }
            Family::PatientMerge | Family::EncounterMerge | Family::Move => {
                facts.merges(message);
                facts.require("MRG")
            }
            Family::Ignored | Family::Answer => Ok(facts.or_heartbeat(Some(Fault::IgnoredType))),
        }
    }

    fn draft<'m>(
        &self,
        body: &[u8],
        message: &'m Message<'m>,
        header: &'m Header,
        (family, notes): (Family, &mut Notes),
    ) -> Draft<'m> {
        let made = message.first("MSH").map(|msh| msh.field(7).component(1).raw()).unwrap_or_default();
        let zones = Zones::new(self.profile);
        let made_at = zones.dtm(made, "MSH-7", notes);
        let offset = match Written::dtm(made.trim_ascii()).map(|written| written.offset) {
            Some(Offset::Minutes(minutes)) => Some(minutes),
            Some(Offset::Absent | Offset::Unreadable) | None => None,
        };
        let sha = digest::sha16(body);
        let mut label = |text: &str, chars_max| {
            let component = text.split(char::from(header.delimiters.component)).next().unwrap_or_default();
            clean::label(&escape::decode(component, header.delimiters, notes), chars_max)
        };
        let facility = label(&header.sender.1, APPLICATION_CHARS_MAX);
        let msg = Msg {
            id: None,
            made_at,
            app: label(&header.sender.0, APPLICATION_CHARS_MAX),
            facility: facility.clone(),
            format: Some(Format::Hl7v2),
            trigger: clean::label(&header.event_trigger(), TRIGGER_CHARS_MAX),
            sha: Some(sha),
        };
        let msg = Msg { id: clean::message_id(&header.control_id, "MSH-10", notes), ..msg };
        let name = msg.id.clone().unwrap_or_else(|| digest::name("x-", sha));
        let site = facility.and_then(|facility| self.profile.sites.get(&facility).cloned());
        Draft { source: self.profile.source.clone(), family, header, msg, name, site, offset, number: 0 }
    }
}

/// What all events of a message share.
pub(super) struct Draft<'m> {
    source: Text,
    family: Family,
    header: &'m Header,
    msg: Msg,
    /// The message's id, before the number of the event.
    name: Text,
    site: Option<Text>,
    /// Offset of MSH-7 in minutes.
    offset: Option<i32>,
    /// Of the event that is being made, from 1.
    number: usize,
}

impl Draft<'_> {
    /// An event with what the header says.
    fn event(&self) -> Event {
        let name = format!("{}.{}", self.name, self.number);
        let event_id = clean::event_id(&name, "MSH-10", &mut Notes::default());
        let mut event = Event::new(&self.source, &event_id, Fact::Update);
        event.msg = self.msg.clone();
        event.site = self.site.clone();
        event
    }

    /// An event that only shows that the feed is alive.
    fn heartbeat(&self) -> Event {
        Event { fact: Fact::Heartbeat, site: None, evidence: Evidence::Message, ..self.event() }
    }
}

/// The events of a message, as they are made.
struct Facts<'d, 'p, 'm> {
    decoder: &'d Decoder<'p>,
    draft: Draft<'m>,
    events: Vec<Event>,
    /// Notes on the message as a whole, until its first event takes them.
    notes: Option<Notes>,
}

impl Facts<'_, '_, '_> {
    fn add(&mut self, message: &Message<'_>, read: impl FnOnce(&mut Reader<'_>, &Draft<'_>) -> Event) {
        self.draft.number += 1;
        let Decoder { profile, tokeniser } = *self.decoder;
        let zones = Zones::new(profile).with_message(self.draft.offset);
        let mut reader = Reader { profile, tokeniser, zones, notes: self.notes.take().unwrap_or_default() };
        let mut event = read(&mut reader, &self.draft);
        if !matches!(event.fact, Fact::Heartbeat) {
            reader.extras(&mut event, |name| order::named_part(message.segments.iter(), name));
        }
        event.flags.truncate(FLAGS_PER_EVENT_MAX);
        event.notes = reader.notes.into_list();
        share::push(event, &mut self.events);
    }

    fn orders<'o, 'm: 'o>(&mut self, orders: impl Iterator<Item = &'o order::Order<'m>>, message: &Message<'_>) {
        for order in orders {
            self.add(message, |reader, draft| {
                let mut event = reader.order(draft, order);
                reader.extras(&mut event, |name| order.part(name));
                event
            });
        }
    }

    fn each<'s>(
        &mut self,
        message: &'s Message<'s>,
        id: &str,
        mut read: impl FnMut(&mut Reader<'_>, &Draft<'_>, &lexer::Segment<'s>) -> Event,
    ) {
        for segment in message.segments.iter().filter(|segment| segment.id == id) {
            self.add(message, |reader, draft| read(reader, draft, segment));
        }
    }

    fn merges(&mut self, message: &Message<'_>) {
        let mut now = patient::Who::default();
        for segment in &message.segments {
            match segment.id {
                "PID" => now = patient::Who { pid: Some(segment), pv1: None },
                "PV1" => now.pv1 = Some(segment),
                _ => {}
            }
        }
        // In a message that joins several, each MRG stands behind its PID; a PV1 may stand behind both.
        let mut pid = None;
        for segment in &message.segments {
            match segment.id {
                "PID" => pid = Some(segment),
                "MRG" => {
                    let who = patient::Who { pid: pid.or(now.pid), pv1: now.pv1 };
                    self.add(message, |reader, draft| reader.merge(draft, message, segment, who));
                }
                _ => {}
            }
        }
    }

    /// The events; a message of this type without a segment `id` cannot be read.
    fn require(self, id: &'static str) -> Result<Vec<Event>, Refusal> {
        if self.events.is_empty() { Err((Code::SegmentMissing, id)) } else { Ok(self.events) }
    }

    /// The events, or the sign that the feed is alive.
    fn or_heartbeat(mut self, fault: Option<Fault>) -> Vec<Event> {
        if self.events.is_empty() {
            self.draft.number += 1;
            let mut event = self.draft.heartbeat();
            let mut notes = self.notes.take().unwrap_or_default();
            if let Some(fault) = fault {
                notes.add(fault, "MSH-9");
            }
            event.notes = notes.into_list();
            self.events.push(event);
        }
        self.events
    }
}

impl Reader<'_> {
    /// The attributes and flags that only this source's profile knows.
    fn extras<'t>(&mut self, event: &mut Event, part: impl Fn(&str) -> Option<Part<'t>>) {
        let profile = self.profile;
        for (field, key) in &profile.attribute_fields {
            let known = event.attributes.iter().any(|(name, _)| name == key);
            let Some(part) = part(field).filter(|part| !part.is_empty() && !known) else { continue };
            let text = part.component(1).text(&mut self.notes);
            let fits = text.chars().count() <= ATTRIBUTE_CHARS_MAX && clean::is_key(key);
            if !fits || event.attributes.len() >= ATTRIBUTES_PER_EVENT_MAX {
                self.notes.add(Fault::AttributeDropped, key);
                continue;
            }
            let scalar =
                if part.is_null() { Given::Cleared } else { Given::Value(Scalar::Text(Text::from(text.trim_ascii()))) };
            event.attributes.push((key.clone(), scalar));
        }
        for (field, flag) in &profile.flag_fields {
            let flag = ReportFlag::Known(*flag);
            if part(field).is_some_and(Part::is_valued) && !event.flags.contains(&flag) {
                event.flags.push(flag);
            }
        }
    }
}

/// Without what frames and files put around a message: a byte-order mark, blanks, line ends, frame characters.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let outside = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0x0b | 0x1c);
    let start = bytes.iter().position(|byte| !outside(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !outside(byte)).map_or(start, |last| last + 1);
    bytes.get(start..end).unwrap_or_default()
}

/// The hash of everything behind the MSH segment.
fn content(body: &[u8]) -> [u8; 16] {
    let header = body.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(body.len());
    digest::sha16(body.get(header..).unwrap_or_default().trim_ascii())
}

#[cfg(test)]
#[expect(clippy::panic, clippy::wildcard_enum_match_arm, reason = "a test fails by panicking")]
mod tests;
