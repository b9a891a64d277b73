//! Sent: which messages of the shell's own may have left already?
//!
//! What the core asks for is a notice, and its attempts stand in the log. What the shell says by itself, that a desk has a task
//! or that the engine died, is none; so this file keeps for it what the log keeps for a notice.
//! ```text
//!        begin, durable             Taken    it is not said again
//!  none ───────────────► Begun ─┬─► none     it was refused: as if it had never been tried
//!                               └─► Doubt    nobody knows, or the process died: the next try is marked
//! ```
//! - **How it fits**: the shell begins a message before its first byte leaves, and ends it when its outcome is known.
//! - INVARIANT: a message whose `begin` returned is known after any crash. A file that is lost or damaged says that nothing is
//!   known, see [`Sent::is_anew`]; it never says that a message had not left.
//! - LIMIT: `SENT_KEYS_MAX`; beyond it the oldest that was taken is forgotten, else the oldest.
//! - **Not here**: sending, what keys mean, notices of the core.
//! - **Source**: guarantees page, G6 and section 3.1.

use std::collections::BTreeMap;
use std::fmt;

use crate::disk::{self, Disk};
use crate::fields::{self, Fields};
use crate::limits::{SENT_KEY_BYTES_MAX, SENT_KEYS_MAX};

/// Path of the file.
pub const SENT: &str = "SENT";
const MAGIC: [u8; 8] = *b"WARDSENT";
const FORMAT: u16 = 1;
/// State, tries, length of the key.
const ENTRY_BYTES: usize = 6;
const FILE_BYTES_MAX: usize = SENT_KEYS_MAX * (ENTRY_BYTES + SENT_KEY_BYTES_MAX) + 64;

/// What is known of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is under way, and was not in doubt before.
    Begun,
    /// It may have arrived.
    Doubt,
    /// It arrived.
    Taken,
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The receiver has it.
    Taken,
    /// It certainly did not arrive.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// A try that may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    /// Which it is, from 1.
    pub number: u32,
    /// Whether one before it may have arrived.
    pub is_repeat: bool,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Ascending with each message that was new.
    born: u64,
    state: State,
    tries: u32,
}

type Write = Box<dyn Fn(&[u8]) -> disk::Result<()> + Send>;

/// What is known of all of them.
pub struct Sent {
    entries: BTreeMap<String, Entry>,
    born: u64,
    is_anew: bool,
    write: Write,
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent").field("entries", &self.entries).finish_non_exhaustive()
    }
}

impl Default for Sent {
    /// Remembers nothing beyond the process: for a directory that does not outlive it.
    fn default() -> Self {
        Self { entries: BTreeMap::new(), born: 0, is_anew: false, write: Box::new(|_| Ok(())) }
    }
}

impl Sent {
    /// Reads the file of a data directory; what a process left under way is in doubt.
    ///
    /// - **Errors**: those of the disk. A file that is not there, or not whole, is no error.
    pub fn open<D: Disk + Send + 'static>(disk: D) -> disk::Result<Self> {
        let bytes = disk::read_small(&disk, SENT, FILE_BYTES_MAX)?;
        let read = bytes.and_then(|bytes| decode(&bytes));
        let mut sent = Self { is_anew: read.is_none(), ..Self::default() };
        for (key, state, tries) in read.unwrap_or_default() {
            let state = if state == State::Begun { State::Doubt } else { state };
            sent.put(key, state, tries);
        }
        sent.write = Box::new(move |bytes| disk::replace_small(&disk, SENT, bytes));
        Ok(sent)
    }

    /// Whether nothing is known of what an earlier process sent: no whole file was found.
    #[must_use]
    pub fn is_anew(&self) -> bool {
        self.is_anew
    }

    /// Whether the receiver has it.
    #[must_use]
    pub fn is_taken(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.state == State::Taken)
    }

    /// Writes down that these leave now.
    ///
    /// - **Output**: what each try is, in the same order.
    /// - **Errors**: it is not durable. Whoever sends all the same must say that it may be a repeat.
    pub fn begin(&mut self, keys: &[&str]) -> (Vec<Try>, disk::Result<()>) {
        let mut tries = Vec::with_capacity(keys.len());
        for key in keys {
            let (state, before) = self.entries.get(*key).map_or((State::Begun, 0), |entry| (State::Doubt, entry.tries));
            let number = before.saturating_add(1);
            self.put((*key).to_owned(), state, number);
            tries.push(Try { number, is_repeat: state == State::Doubt });
        }
        (tries, self.save())
    }

    /// Writes down how tries ended.
    ///
    /// - **Errors**: it is not durable; after a crash they are in doubt.
    pub fn end(&mut self, ends: &[(&str, End)]) -> disk::Result<()> {
        for (key, end) in ends {
            let Some(entry) = self.entries.get_mut(*key) else { continue };
            match (end, entry.state) {
                (End::Taken, _) => entry.state = State::Taken,
                (End::Unknown, State::Begun) => entry.state = State::Doubt,
                (End::Refused, State::Begun) => _ = self.entries.remove(*key),
                // An earlier try stays in doubt.
                (End::Unknown | End::Refused, State::Doubt | State::Taken) => {}
            }
        }
        self.save()
    }

    /// Takes these for messages that an earlier process may have sent.
    ///
    /// - **Errors**: it is not durable.
    pub fn doubt(&mut self, keys: &[&str]) -> disk::Result<()> {
        for key in keys {
            self.put((*key).to_owned(), State::Doubt, 1);
        }
        self.is_anew = false;
        self.save()
    }

    /// Forgets what nobody will say again.
    ///
    /// - **Errors**: it is not durable.
    pub fn keep(&mut self, is_kept: impl Fn(&str) -> bool) -> disk::Result<()> {
        let before = self.entries.len();
        self.entries.retain(|key, _| is_kept(key));
        if self.entries.len() == before { Ok(()) } else { self.save() }
    }

    fn put(&mut self, key: String, state: State, tries: u32) {
        let born = self.entries.get(&key).map_or(self.born, |entry| entry.born);
        self.born += 1;
        self.entries.insert(key, Entry { born, state, tries });
        if self.entries.len() > SENT_KEYS_MAX {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| (entry.state != State::Taken, entry.born));
            let oldest = oldest.map(|(key, _)| key.clone());
            oldest.and_then(|key| self.entries.remove(&key));
        }
    }

    fn save(&self) -> disk::Result<()> {
        (self.write)(&self.encode())
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_unstable_by_key(|(_, entry)| entry.born);
        bytes.extend_from_slice(&u32::try_from(entries.len()).unwrap_or(u32::MAX).to_le_bytes());
        for (key, entry) in entries {
            let state = match entry.state {
                State::Begun => 1,
                State::Doubt => 2,
                State::Taken => 3,
            };
            let (short, _) = key.as_bytes().split_at(key.len().min(SENT_KEY_BYTES_MAX));
            bytes.push(state);
            bytes.extend_from_slice(&entry.tries.to_le_bytes());
            bytes.push(u8::try_from(short.len()).unwrap_or_default());
            bytes.extend_from_slice(short);
        }
        fields::seal(&mut bytes);
        bytes
    }
}

fn decode(bytes: &[u8]) -> Option<Vec<(String, State, u32)>> {
    let mut fields = Fields::new(fields::checked(bytes)?);
    let magic: [u8; 8] = fields.array()?;
    if magic != MAGIC || fields.u16()? != FORMAT {
        return None;
    }
    let count = fields.u32()?;
    (0..count).map(|_| entry(&mut fields)).collect()
}

fn entry(fields: &mut Fields<'_>) -> Option<(String, State, u32)> {
    let state = match fields.byte()? {
        1 => State::Begun,
        2 => State::Doubt,
        3 => State::Taken,
        _ => return None,
    };
    let tries = fields.u32()?;
    let length = usize::from(fields.byte()?);
    let key = String::from_utf8(fields.bytes(length)?.to_vec()).ok()?;
    Some((key, state, tries))
}

#[cfg(test)]
mod tests;
