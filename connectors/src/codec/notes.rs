//! Notes: what was wrong with a message, gathered while it is read?
//!
//! - LIMIT: `NOTES_PER_EVENT_MAX`; what comes after it is not noted.

use wardline_rules::{
    limits::NOTES_PER_EVENT_MAX,
    quality::{Fault, Note},
};

/// Faults found so far.
#[derive(Default)]
pub(crate) struct Notes {
    list: Vec<Note>,
}

impl Notes {
    /// Notes a fault in `field`; the same fault in the same field is noted once.
    pub(crate) fn add(&mut self, fault: Fault, field: &str) {
        let known = self.list.iter().any(|note| note.fault == fault && note.field == field);
        if !known && self.list.len() < NOTES_PER_EVENT_MAX {
            self.list.push(Note::new(fault, field));
        }
    }

    /// Notes `fault` if there is none of `field`'s value to return.
    pub(crate) fn expect<T>(&mut self, value: Option<T>, fault: Fault, field: &str) -> Option<T> {
        if value.is_none() {
            self.add(fault, field);
        }
        value
    }

    /// All notes, first found first.
    pub(crate) fn into_list(self) -> Vec<Note> {
        self.list
    }
}
