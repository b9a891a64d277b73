//! Parts: what is its sender told about each part, and how do several readings become one?
//!
//! - **How it fits**: `POST /v1/events` answers with these receipts, a folder feed keeps them beside the file.
//! - **Not here**: reading ([`super`]).

use serde_json::{Value, json};
use wardline_connectors::codec::json;
use wardline_core::{Disposition, Input};
use wardline_rules::{quality::Note, time::Timestamp};

use super::{Line, Reading, TooManyLines};

impl Line {
    /// What became of this part, as its sender reads it.
    ///
    /// - **Input** `position`: the log record that holds it. `made`: what the core made of it, if it said so in time.
    #[must_use]
    pub fn receipt(&self, position: u64, made: Option<Disposition>) -> Value {
        let (n, id) = (self.n, self.event_id.as_str());
        match &self.refused {
            None => {
                let result = made.map_or("stored", Disposition::word);
                let mut shown = json!({ "n": n, "event_id": id, "result": result, "position": position });
                if let (Some(Disposition::Duplicate { first }), Some(fields)) = (made, shown.as_object_mut()) {
                    fields.insert("first".to_owned(), Value::from(first.to_string()));
                }
                shown
            }
            Some((code, place)) => json!({
                "n": n,
                "event_id": id,
                "result": "unreadable",
                "position": position,
                "code": code.number(),
                "place": place.as_str(),
                "detail": code.headline(),
            }),
        }
    }
}

impl Reading {
    /// Takes one event from each line that is not blank.
    pub(super) fn take_lines(
        &mut self,
        decoder: &json::Decoder<'_>,
        body: &[u8],
        (feed, at): (&str, Timestamp),
    ) -> Result<(), TooManyLines> {
        for (n, line) in body.split(|byte| *byte == b'\n').enumerate() {
            if !line.trim_ascii().is_empty() {
                self.take(n, decoder.line(line), (line, feed, at))?;
            }
        }
        Ok(())
    }

    /// Takes one event from each row of an Arrow stream; one that is no whole stream is one message nobody can read.
    #[cfg(feature = "arrow")]
    pub(super) fn take_columns(
        &mut self,
        decoder: &json::Decoder<'_>,
        body: &[u8],
        origin: (&str, Timestamp),
    ) -> Result<(), TooManyLines> {
        use wardline_connectors::codec::{
            Unreadable,
            arrow::{self, Flaw},
        };
        let place = match arrow::lines(body) {
            Ok(lines) => return self.take_lines(decoder, &lines, origin),
            Err(Flaw::TooLarge) => return Err(TooManyLines),
            Err(Flaw::Malformed) => String::new(),
            Err(Flaw::Column(name)) => name,
        };
        let unreadable = Unreadable::new(wardline_connectors::codes::Code::NotArrow, &place, body);
        self.take(0, Err(unreadable), (body, origin.0, origin.1))
    }

    /// Takes another reading of the same feed behind this one.
    pub fn append(&mut self, other: Self) {
        let before = u32::try_from(self.parcel.inputs.len()).unwrap_or(u32::MAX);
        let letters = other.parcel.letters.into_iter().map(|(input, bytes)| (input.saturating_add(before), bytes));
        self.parcel.letters.extend(letters);
        self.parcel.inputs.extend(other.parcel.inputs);
        self.parcel.feed = other.parcel.feed;
        self.parcel.bytes += other.parcel.bytes;
        self.parcel.is_urgent |= other.parcel.is_urgent;
        self.lines.extend(other.lines);
    }

    /// Says with its last event what was wrong with the envelope of all; without an event nobody is there to say it.
    pub fn note(&mut self, notes: Vec<Note>) {
        let last = self.parcel.inputs.iter_mut().rev().find_map(|input| match input {
            Input::Event(event) => Some(event),
            _ => None,
        });
        if let Some(event) = last {
            event.notes.extend(notes);
        }
    }
}
