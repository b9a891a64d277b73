//! Ledger: what was acknowledged, as those outside remember it?

use wardline_connectors::codec::{json::Decoder, profile::Profile, token::Tokeniser};
use wardline_rules::event::Event;

use super::{
    outside::Outside,
    trace::{Held, hold},
};

/// One thing somebody was told is safe.
#[derive(Clone, PartialEq, Debug)]
enum Entry {
    Event(Box<Event>),
    Letter(Vec<u8>),
    Access(Vec<u8>),
}

/// Everything acknowledged since the beginning.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: Vec<Entry>,
}

impl Ledger {
    /// A request was acknowledged.
    pub(crate) fn acknowledge(&mut self, lines: &[String]) {
        let (profile, tokeniser) = (Profile::default(), Tokeniser::new(&[7; 32]));
        let decoder = Decoder::new(&profile, &tokeniser);
        self.entries.extend(lines.iter().map(|line| match decoder.line(line.as_bytes()) {
            Ok(event) => Entry::Event(Box::new(event)),
            Err(_) => Entry::Letter(line.clone().into_bytes()),
        }));
    }

    /// Something was shown on the word that this record is written.
    pub(crate) fn show(&mut self, record: Vec<u8>) {
        self.entries.push(Entry::Access(record));
    }

    /// Everything in it must be in the log.
    pub(crate) fn check(&self, outside: &Outside) -> Held {
        for entry in &self.entries {
            match entry {
                Entry::Event(event) => hold(outside.has(event), "O1", || {
                    format!("{} of {} was acknowledged and is not in the log", event.event_id, event.source)
                })?,
                Entry::Letter(line) => hold(outside.letters.contains(line), "O21", || {
                    format!(
                        "an unreadable line was acknowledged and is not in the log: {:?}",
                        String::from_utf8_lossy(line)
                    )
                })?,
                Entry::Access(record) => {
                    hold(outside.has_access(record), "O15", || "something was shown, and no record says so".to_owned())?
                }
            }
        }
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
