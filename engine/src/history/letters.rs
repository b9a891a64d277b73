//! Letters: which messages could nobody read, and what were their exact bytes?
//!
//! - **LIMIT**: a list holds the newest, without their bytes; bytes are read for one letter at a time.
//! - **Not here**: reading them again ([`http`](crate::http)), why they could not be read (the codecs).

use std::collections::VecDeque;

use wardline_core::Input;
use wardline_rules::{Text, event::Fact, time::Timestamp};
use wardline_store::{
    dead::{self, DeadLetters},
    disk::Disk,
    log::LogReader,
    record::{Flags, Kind},
};

use super::{Error, History, time};
use crate::runtime::{records::decode_letters, wire};

/// Which dead letter: the record that holds it and its place among the inputs of that record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LetterId {
    /// The record.
    pub sequence: u64,
    /// The input, from 0.
    pub input: u32,
}

impl LetterId {
    /// Reads `4711-3`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (sequence, input) = text.split_once('-')?;
        Some(Self { sequence: sequence.parse().ok()?, input: input.parse().ok()? })
    }
}

impl core::fmt::Display for LetterId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}-{}", self.sequence, self.input)
    }
}

/// A message that nobody could read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// Which.
    pub id: LetterId,
    /// When it was written down.
    pub at: Timestamp,
    /// The feed.
    pub source: Text,
    /// Why nobody could read it, as a closed word.
    pub reason: Text,
    /// The id of the event that stands for it.
    pub event_id: Text,
    /// How many bytes it has.
    pub size: usize,
    /// Its bytes; empty in a list.
    pub bytes: Vec<u8>,
}

impl<D: Disk> History<D> {
    /// The newest dead letters, newest first, without their bytes.
    ///
    /// # Errors
    /// [`Error`].
    pub fn newest(&self, through: u64, limit: usize) -> Result<Vec<Letter>, Error> {
        let mut newest = VecDeque::new();
        self.letters(through, |mut letter| {
            letter.bytes = Vec::new();
            if newest.len() == limit {
                newest.pop_front();
            }
            newest.push_back(letter);
        })?;
        Ok(newest.into_iter().rev().collect())
    }

    /// One dead letter with its bytes.
    ///
    /// # Errors
    /// [`Error`].
    pub fn letter(&self, through: u64, id: LetterId) -> Result<Option<Letter>, Error> {
        let mut found = None;
        if id.sequence <= through
            && id.sequence >= self.first()?
            && let Some(record) =
                LogReader::between(&self.disk, self.identity, id.sequence, id.sequence)?.next_record()?
            && record.header.kind == Kind::Batch
        {
            of_record((id.sequence, record.header.at), record.payload, &mut |letter| {
                found = (letter.id == id).then_some(letter).or(found.take());
            })?;
            return Ok(found);
        }
        self.cut_letters(u64::MAX, &mut |letter| found = (letter.id == id).then_some(letter).or(found.take()))?;
        Ok(found)
    }

    /// Shows every dead letter, oldest first.
    ///
    /// # Errors
    /// [`Error`].
    pub fn letters(&self, through: u64, mut see: impl FnMut(Letter)) -> Result<(), Error> {
        self.cut_letters(self.first()?, &mut see)?;
        self.records(through, |record| {
            if record.header.flags.has(Flags::DEAD_LETTERS) {
                of_record((record.header.sequence, record.header.at), record.payload, &mut see)?;
            }
            Ok(true)
        })
    }

    /// The first record of the log.
    fn first(&self) -> Result<u64, Error> {
        let mut first = u64::MAX;
        self.records(u64::MAX, |record| {
            first = record.header.sequence;
            Ok(false)
        })?;
        Ok(first)
    }

    /// Those whose segments are gone.
    fn cut_letters(&self, before: u64, see: &mut dyn FnMut(Letter)) -> Result<(), Error> {
        for path in dead::list(&self.disk, &self.identity)? {
            let mut file = DeadLetters::open(&self.disk, &self.identity, &path)?;
            while let Some((header, payload)) = file.next_record()? {
                if header.sequence < before {
                    of_record((header.sequence, header.at), &payload, see)?;
                }
            }
        }
        Ok(())
    }
}

/// The letters of one batch record.
fn of_record((sequence, at): (u64, u64), payload: &[u8], see: &mut dyn FnMut(Letter)) -> Result<(), Error> {
    let batch = wire::decode(time(at), payload).map_err(|cause| Error::Batch { sequence, cause })?;
    let letters = decode_letters(wire::raw_section(payload));
    for (input, bytes) in letters.ok_or(Error::Foreign { sequence, kind: "batch with dead letters" })? {
        let stands_for_it = usize::try_from(input).ok().and_then(|index| batch.inputs.get(index));
        if let Some(Input::Event(event)) = stands_for_it
            && matches!(event.fact, Fact::Unreadable { .. })
        {
            see(Letter {
                id: LetterId { sequence, input },
                at: batch.at,
                source: event.source.clone(),
                reason: event.reason.clone().unwrap_or_default(),
                event_id: event.event_id.clone(),
                size: bytes.len(),
                bytes: bytes.to_vec(),
            });
        }
    }
    Ok(())
}
