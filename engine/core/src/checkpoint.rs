//! Checkpoint: how does the whole state of a partition become bytes, and the same state again?
//!
//! ```text
//!  partition ──► section │ section │ …     each: format u8, then what it holds in the order of its layout
//!  sections  ──► owners ──► what follows from them: indices, memos, the outbox's queue, timers
//! ```
//! A restored partition goes on exactly as the one that was written would have: the same places and free lists, the same
//! outputs, the same bytes at the next checkpoint. What follows from something else is not written but made again, so that
//! it cannot disagree with it; timers are armed again by their owners ([`rebuild`]).
//!
//! - **How it fits**: the store keeps sections and proves them by hash; recovery restores and replays what came later.
//! - LIMIT: none of its own; what may be in a state is bounded where it is made.
//! - **Not here**: files, hashes of files, when a checkpoint is due.

mod layouts;
mod rebuild;
mod stored;
mod wards;

use wardline_rules::time::Timestamp;

use crate::{
    departed::Departed,
    partition::{Partition, Seen},
    wire::{
        Compile,
        bytes::{Put, Take},
    },
};
use stored::Stored;
use wards::Kept;

/// The format that this build writes in front of every section, and the only one it reads.
const FORMAT: u8 = 10;

/// The names of all sections, in the order of the table.
pub const SECTIONS: [&str; 15] = [
    "partition",
    "dictionary",
    "tuples",
    "wards",
    "reports",
    "alerts",
    "notices",
    "silences",
    "feeds",
    "watch",
    "gathers",
    "people",
    "duplicates",
    "leaving",
    "counters",
];

/// Why sections are no state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// A section is not there, or there twice.
    Missing(&'static str),
    /// There is a section that this build does not know.
    Unknown,
    /// A section is written in a format that this build does not read.
    Format(&'static str, u8),
    /// The bytes of a section end too early, or hold something impossible, at this place.
    Malformed(&'static str, usize),
    /// The text of a ward no longer compiles to the version that decided.
    Ward,
    /// A section contradicts itself or another.
    Inconsistent(&'static str),
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "section `{name}` is not there exactly once"),
            Self::Unknown => f.write_str("a section is of a newer release"),
            Self::Format(name, format) => write!(f, "section `{name}` has format {format}, this build reads {FORMAT}"),
            Self::Malformed(name, at) => write!(f, "section `{name}` is malformed at byte {at}"),
            Self::Ward => f.write_str("a ward of the checkpoint does not compile to what it was"),
            Self::Inconsistent(name) => write!(f, "section `{name}` contradicts itself or another"),
        }
    }
}

impl core::error::Error for Error {}

impl Partition {
    /// The whole state in named sections, in the order of [`SECTIONS`].
    ///
    /// - **Time**: as of the last batch; call it between batches only.
    /// - **Cost**: every byte of the state is written once.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<(&'static str, Vec<u8>)> {
        SECTIONS.iter().map(|name| (*name, self.section(name))).collect()
    }

    /// The state as it is now, to be written by somebody else while this one goes on.
    ///
    /// - **Time**: as of the last batch; call it between batches only.
    /// - **Cost**: pages of reports, alerts and notices are shared and copied when they change; the rest, which is small or
    ///   lies in one piece, is copied now.
    #[must_use]
    pub fn freeze(&mut self) -> Frozen {
        let mut state = Self::new(self.settings);
        (state.at, state.born, state.active) = (self.at, self.born, self.active);
        state.site = self.site.clone();
        state.dictionary = self.dictionary.clone();
        state.tuples = self.tuples.clone();
        state.wards = self.wards.clone();
        state.reports = self.reports.share();
        state.alerts = self.alerts.share();
        state.notices = self.notices.share();
        state.feed_alerts = self.feed_alerts.clone();
        state.silences = self.silences.clone();
        state.feeds = self.feeds.clone();
        state.feed_waits = self.feed_waits.clone();
        state.watching = self.watching.clone();
        state.gathers.all = self.gathers.all.share();
        state.aliases = self.aliases.clone();
        state.once = self.once.clone();
        (state.seen, state.seen_order) = (self.seen.clone(), self.seen_order.clone());
        (state.leaving, state.departed) = (self.leaving.clone(), self.departed.clone());
        state.counters = self.counters;
        state.timers.recount(self.timers.counts());
        Frozen(Box::new(state))
    }

    /// BLAKE3 over the BLAKE3 hashes of all sections in the order of the table: equal states, equal hash.
    #[must_use]
    pub fn state_hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for (_, bytes) in self.checkpoint() {
            hasher.update(blake3::hash(&bytes).as_bytes());
        }
        *hasher.finalize().as_bytes()
    }

    fn section(&self, name: &str) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        let put = &mut Put(&mut bytes);
        match name {
            "partition" => {
                self.settings.put(put);
                (self.at, self.born, self.active).put(put);
                self.site.put(put);
            }
            "dictionary" => put.list(self.dictionary.texts(), |put, text| text.put(put)),
            "tuples" => put.list(self.tuples.all(), |put, tuple| tuple.put(put)),
            "wards" => put.list(&self.wards, |put, ward| Kept::from(ward).put(put)),
            "reports" => self.reports.put(put),
            "alerts" => {
                self.alerts.put(put);
                self.feed_alerts.put(put);
            }
            "notices" => self.notices.put(put),
            "silences" => self.silences.put(put),
            "feeds" => {
                self.feeds.put(put);
                self.feed_waits.put(put);
            }
            "watch" => {
                self.watching.gauges.put(put);
                self.watching.standing.put(put);
                self.watching.windows.put(put);
            }
            "gathers" => self.gathers.all.put(put),
            "people" => {
                self.aliases.put(put);
                self.once.put(put);
            }
            "duplicates" => self.put_duplicates(put),
            "leaving" => {
                self.leaving.put(put);
                self.departed.order().put(put);
            }
            "counters" => self.counters().put(put),
            // INVARIANT: `SECTIONS` holds no other name.
            _ => {}
        }
        bytes
    }

    fn put_duplicates(&self, put: &mut Put<'_>) {
        put.count(self.seen_order.len());
        for (at, id) in &self.seen_order {
            (*at, *id).put(put);
            if let Some(Seen { content, at }) = self.seen.get(id) {
                (*content, *at).put(put);
            }
        }
    }

    /// The state that these sections hold.
    ///
    /// - **Input** `sections`: all of [`SECTIONS`], in any order; `compile`: makes the program of a ward's packed text.
    /// - **Output**: a partition that goes on exactly as the one written would have.
    /// - **Errors**: [`Error`]; nothing is guessed and damaged bytes never panic.
    pub fn restore(sections: &[(&str, &[u8])], compile: Compile<'_>) -> Result<Self, Error> {
        if sections.iter().any(|(name, _)| !SECTIONS.contains(name)) {
            return Err(Error::Unknown);
        }
        let from = Sections(sections);
        let (settings, ((at, born, active), site)) = from.read("partition")?;
        let mut partition = Self::new(settings);
        (partition.at, partition.born, partition.active) = (at, born, active);
        partition.site = site;
        partition.take_words(from)?;
        partition.wards = wards::restore(from.read("wards")?, &mut partition.dictionary, compile)?;
        partition.reports = from.read("reports")?;
        (partition.alerts, partition.feed_alerts) = from.read("alerts")?;
        partition.notices = from.read("notices")?;
        partition.silences = from.read("silences")?;
        (partition.feeds, partition.feed_waits) = from.read("feeds")?;
        (partition.watching.gauges, partition.watching.standing, partition.watching.windows) = from.read("watch")?;
        partition.gathers.all = from.read("gathers")?;
        (partition.aliases, partition.once) = from.read("people")?;
        partition.take_duplicates(from)?;
        let departed;
        (partition.leaving, departed) = from.read("leaving")?;
        partition.departed = Departed::restore(departed);
        partition.counters = from.read("counters")?;
        partition.check()?;
        partition.rebuild();
        let counted = (partition.counters.timers_armed, partition.counters.timers_cancelled);
        partition.timers.recount(counted);
        Ok(partition)
    }

    fn take_words(&mut self, from: Sections<'_>) -> Result<(), Error> {
        use crate::{dictionary::Dictionary, tuple::Tuples};
        let texts: Vec<wardline_rules::Text> = from.read("dictionary")?;
        if !texts.starts_with(self.dictionary.texts()) {
            return Err(Error::Inconsistent("dictionary"));
        }
        self.dictionary = Dictionary::restore(texts.into_iter());
        let tuples: Vec<crate::tuple::Tuple> = from.read("tuples")?;
        if !tuples.starts_with(self.tuples.all()) {
            return Err(Error::Inconsistent("tuples"));
        }
        self.tuples = Tuples::restore(tuples.into_iter());
        Ok(())
    }

    fn take_duplicates(&mut self, from: Sections<'_>) -> Result<(), Error> {
        type Known = ((Timestamp, u64), (u64, Timestamp));
        let known: Vec<Known> = from.read("duplicates")?;
        self.seen.reserve(known.len());
        for ((at, id), (content, said)) in known {
            if self.seen.insert(id, Seen { content, at: said }).is_some() {
                return Err(Error::Inconsistent("duplicates"));
            }
            self.seen_order.push_back((at, id));
        }
        Ok(())
    }
}

/// The state of a partition at one position, apart from the partition that went on.
#[derive(Debug)]
pub struct Frozen(Box<Partition>);

impl Frozen {
    /// Its sections, in the order of [`SECTIONS`], each encoded when it is asked for.
    pub fn into_sections(self) -> impl Iterator<Item = (&'static str, Vec<u8>)> + Send {
        SECTIONS.iter().map(move |name| (*name, self.0.section(name)))
    }
}

/// Sections to be read.
#[derive(Clone, Copy)]
struct Sections<'a>(&'a [(&'a str, &'a [u8])]);

impl Sections<'_> {
    /// What the section of that name holds, all of it.
    fn read<T: Stored>(self, name: &'static str) -> Result<T, Error> {
        let mut found = self.0.iter().filter(|(known, _)| *known == name);
        let (Some((_, bytes)), None) = (found.next(), found.next()) else { return Err(Error::Missing(name)) };
        let mut take = Take::new(bytes);
        match take.u8() {
            Some(FORMAT) => {}
            Some(other) => return Err(Error::Format(name, other)),
            None => return Err(Error::Malformed(name, 0)),
        }
        let stored = T::take(&mut take);
        stored.filter(|_| take.is_empty()).ok_or(Error::Malformed(name, take.place()))
    }
}
