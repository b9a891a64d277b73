//! FHIR: what do the resources and bundles of R4 say about reports, patients and stays?
//!
//! ```text
//!  bytes ─► JSON tree ─► bundle ─┬─ message: one whole ─────────────► events of each resource
//!                                ├─ transaction, batch: entry by entry ─► events, or why not
//!                                └─ history of a subscription, one resource
//!             └─ no JSON, no resource, a bundle that is not for here ─► Unreadable
//! ```
//! References are followed inside the bundle and into `contained`; what lies elsewhere is known by its identifier or its
//! address alone. Texts, names and attachments stay behind.
//!
//! - **How it fits**: `POST /fhir` calls [`Decoder::body`] and answers with [`answer`].
//! - LIMIT: `MESSAGE_BYTES_MAX`, `FHIR_ENTRIES_MAX`, those of JSON.
//! - **Not here**: fetching what a reference points to; topic-based subscriptions.
//! - **Source**: domain page 5.5 to 5.8; HL7 FHIR R4 (4.0.1).

pub mod answer;
mod context;
mod node;
mod observation;
mod order;
mod patient;
mod report;
mod tables;

use context::{Bundle, Context};
use node::Node;
use wardline_rules::{
    Text,
    event::{Event, Fact, Msg},
    quality::{Fault, Note},
    words::Format,
};

use super::{
    Unreadable, clean, digest,
    json::tree::{self, Tree},
    notes::Notes,
    profile::Profile,
    time::Zones,
    token::Tokeniser,
};
use crate::{
    codes::Code,
    limits::{APPLICATION_CHARS_MAX, FHIR_ENTRIES_MAX, MESSAGE_BYTES_MAX, TRIGGER_CHARS_MAX},
};

/// What one body was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    /// How it was wrapped, for the answer.
    pub shape: Shape,
    /// What it says.
    pub found: Found,
}

/// How resources were sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// One resource.
    Resource,
    /// A message.
    Message,
    /// All or nothing, entry by entry.
    Transaction,
    /// Each entry by itself.
    Batch,
    /// What a subscription sends.
    Subscription,
}

/// What a body says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// One for each entry, in order.
    Entries(Vec<Entry>),
    /// Nobody can read it.
    Unreadable(Unreadable),
}

/// What became of one entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The type of its resource.
    pub resource: Text,
    /// The facts in it, or why it was refused.
    pub outcome: Outcome,
}

/// What one entry says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Facts.
    Events(Vec<Event>),
    /// A resource that is read where others point to it, or that is not ours: it is taken and says nothing by itself.
    Nothing,
    /// It is refused for this reason.
    Refused(Code),
}

/// Reads bodies of one feed.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "it lends the key, which no log may print")]
pub struct Decoder<'p> {
    profile: &'p Profile,
    tokeniser: &'p Tokeniser,
}

/// Why a body is refused, and where.
type Refusal = (Code, &'static str);

impl<'p> Decoder<'p> {
    /// A decoder for the feed of `profile`.
    #[must_use]
    pub const fn new(profile: &'p Profile, tokeniser: &'p Tokeniser) -> Self {
        Self { profile, tokeniser }
    }

    /// Reads one body.
    ///
    /// - **Output**: events without `received_at`; [`settle::arrive`](super::settle::arrive) completes them.
    /// - **Errors**: none; what cannot be read is [`Found::Unreadable`].
    #[must_use]
    pub fn body(&self, bytes: &[u8]) -> Reading {
        let mut shape = Shape::Resource;
        let found = match self.read(bytes, &mut shape) {
            Ok(entries) => Found::Entries(entries),
            Err((code, place)) => Found::Unreadable(Unreadable::new(code, place, bytes)),
        };
        Reading { shape, found }
    }

    fn read(&self, bytes: &[u8], shape: &mut Shape) -> Result<Vec<Entry>, Refusal> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err((Code::MessageTooLarge, ""));
        }
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let tree =
            tree::parse(text).map_err(|(code, _)| (if code == Code::NotJson { Code::NotFhir } else { code }, ""))?;
        let root = Node::new(&tree);
        match (root.text("resourceType"), root.text("type")) {
            ("", _) => Err((Code::NotFhir, "resourceType")),
            ("Bundle", kind) => {
                *shape = match kind {
                    "message" => Shape::Message,
                    "transaction" => Shape::Transaction,
                    "batch" => Shape::Batch,
                    "history" => Shape::Subscription,
                    _ => return Err((Code::BundleType, "Bundle.type")),
                };
                self.bundle(root, digest::sha16(bytes), *shape)
            }
            (kind, _) if tables::is_resource(kind) => {
                let bundle = Bundle::of_resource(root);
                let context = self.context(&bundle, self.single_msg(root, digest::sha16(bytes)));
                Ok(self.entries(&context, Shape::Resource))
            }
            _ => Err((Code::UnknownResource, "resourceType")),
        }
    }

    fn bundle(&self, root: Node<'_>, sha: [u8; 16], shape: Shape) -> Result<Vec<Entry>, Refusal> {
        if root.list("entry").count() > FHIR_ENTRIES_MAX {
            return Err((Code::InnerLimit, "Bundle.entry"));
        }
        let bundle = Bundle::new(root);
        let header = bundle.resources().find(|resource| resource.text("resourceType") == "MessageHeader");
        if shape == Shape::Message && header.is_none() {
            return Err((Code::SegmentMissing, "MessageHeader"));
        }
        let context = self.context(&bundle, self.msg(root, header, sha));
        if shape == Shape::Subscription && !is_from_subscription(&bundle) {
            return Err((Code::BundleType, "Bundle.type"));
        }
        let entries = self.entries(&context, shape);
        let refused = entries.iter().find_map(|entry| match entry.outcome {
            Outcome::Refused(code) => Some(code),
            Outcome::Events(_) | Outcome::Nothing => None,
        });
        match (shape, refused) {
            (Shape::Transaction | Shape::Message, Some(code)) => Err((code, "Bundle.entry")),
            _ => Ok(entries),
        }
    }

    fn context<'b>(&self, bundle: &'b Bundle<'b>, msg: Msg) -> Context<'b>
    where
        'p: 'b,
    {
        let name = msg.id.clone().unwrap_or_else(|| digest::name("x-", msg.sha.unwrap_or_default()));
        Context { profile: self.profile, tokeniser: self.tokeniser, bundle, msg, name }
    }

    fn msg(&self, root: Node<'_>, header: Option<Node<'_>>, sha: [u8; 16]) -> Msg {
        let mut notes = Notes::default();
        let zones = Zones::new(self.profile);
        let stamp = root.text("timestamp");
        let made_at = (!stamp.is_empty()).then(|| zones.rfc3339(stamp, "Bundle.timestamp", &mut notes)).flatten();
        let own = root.get("identifier").map(|identifier| identifier.text("value")).unwrap_or_default();
        let id =
            [own, header.map(|header| header.text("id")).unwrap_or_default()].into_iter().find(|id| !id.is_empty());
        let source = header.and_then(|header| header.get("source"));
        let event = header.and_then(|header| header.get("eventCoding")).map(|event| event.text("code"));
        Msg {
            id: id.and_then(|id| clean::message_id(id, "Bundle.identifier", &mut notes)),
            made_at,
            app: source.and_then(|source| clean::label(source.text("name"), APPLICATION_CHARS_MAX)),
            facility: None,
            format: Some(Format::FhirR4),
            trigger: event.and_then(|event| clean::label(event, TRIGGER_CHARS_MAX)),
            sha: Some(sha),
        }
    }

    fn single_msg(&self, root: Node<'_>, sha: [u8; 16]) -> Msg {
        let mut notes = Notes::default();
        let stamp = root.get("meta").map(|meta| meta.text("lastUpdated")).unwrap_or_default();
        let zones = Zones::new(self.profile);
        let made_at = (!stamp.is_empty()).then(|| zones.rfc3339(stamp, "meta.lastUpdated", &mut notes)).flatten();
        Msg { made_at, format: Some(Format::FhirR4), sha: Some(sha), ..Msg::default() }
    }

    fn entries(&self, context: &Context<'_>, shape: Shape) -> Vec<Entry> {
        let mut numbers = 1..;
        let each = context.bundle.entries.iter().map(|entry| {
            let resource = Text::from(entry.resource.text("resourceType"));
            let outcome = match refusal_of(entry.method, resource.as_str(), shape) {
                Some(code) => Outcome::Refused(code),
                None => named(context.read(entry), context, &mut numbers),
            };
            Entry { resource, outcome }
        });
        let mut entries: Vec<Entry> = each.collect();
        let is_silent = entries.iter().all(|entry| !matches!(&entry.outcome, Outcome::Events(_)));
        // Something of ours must stand for the body, so that it is known to have come.
        if let Some(first) = entries.iter_mut().find(|entry| entry.outcome == Outcome::Nothing)
            && is_silent
        {
            first.outcome = named(vec![context.heartbeat(shape)], context, &mut numbers);
        }
        entries
    }
}

/// Gives events their ids; none of them is nothing.
fn named(events: Vec<Event>, context: &Context<'_>, numbers: &mut impl Iterator<Item = usize>) -> Outcome {
    let mut list = Vec::new();
    for mut event in events {
        let name = format!("{}.{}", context.name, numbers.next().unwrap_or_default());
        event.event_id = clean::event_id(&name, "Bundle.identifier", &mut Notes::default());
        super::hl7::share::push(event, &mut list);
    }
    if list.is_empty() { Outcome::Nothing } else { Outcome::Events(list) }
}

/// Why an entry cannot be taken, before it is read.
fn refusal_of(method: &str, resource: &str, shape: Shape) -> Option<Code> {
    let is_exchange = matches!(shape, Shape::Transaction | Shape::Batch);
    match () {
        () if is_exchange && !matches!(method, "POST" | "PUT") => Some(Code::EntryMethod),
        () if !tables::is_resource(resource) => Some(Code::UnknownResource),
        () => None,
    }
}

/// Whether a history is what a subscription of R4 sends.
fn is_from_subscription(bundle: &Bundle<'_>) -> bool {
    let first = bundle.resources().next().map(|resource| resource.text("resourceType"));
    matches!(first, Some("Parameters" | "SubscriptionStatus"))
}

impl Context<'_> {
    /// An event that only shows that the feed is alive.
    fn heartbeat(&self, shape: Shape) -> Event {
        let mut event = Event { msg: self.msg.clone(), ..Event::new(&self.profile.source, "", Fact::Heartbeat) };
        if shape != Shape::Subscription {
            event.notes.push(Note::new(Fault::IgnoredType, "resourceType"));
        }
        event
    }
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test that meets another shape says which")]
mod tests;
