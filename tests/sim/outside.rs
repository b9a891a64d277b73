//! Outside: what does the log say to somebody who shares nothing with the engine but its files?
//!
//! Reads every durable record once, in order, and applies it to a state of its own that never saw a checkpoint, a crash or
//! a queue. That state is what the engine's must equal; what it says on the way is what may be sent; what stands in the log
//! is what may have been acknowledged.
//!
//! - **Not here**: whether a record is durable (the simulated disk knows), what the outside world did.

use std::collections::{BTreeMap, BTreeSet};

use wardline::{
    runtime::{kernel::Kernel, records::decode_letters},
    ward,
};
use wardline_core::{
    Batch, Input, Output, Partition, Settings,
    disposition::Disposition,
    ids::Nid,
    input::{Attempt, Outcome},
    output::{Change, ClockState},
    step, wire,
};
use wardline_rules::{
    Text,
    event::{Event, Fact},
    time::{Span, Timestamp},
};
use wardline_store::{
    disk::SimDisk,
    log::{LogReader, Position},
    record::{Flags, Kind, Record},
    segment::Identity,
};

use super::trace::{Held, broken, hold};

/// Log time may follow a wall that is an hour wrong and was believed, never one that is further off.
const AHEAD_MAX: Span = Span::from_minutes(61);

/// Identity of an attempt.
pub(crate) type Try = (Nid, u32, u32);

/// A reader of the log with a state of its own.
#[derive(Debug)]
pub(crate) struct Outside {
    identity: Identity,
    pub(crate) replica: Partition,
    /// Last record read.
    pub(crate) position: Position,
    /// Last batch applied.
    pub(crate) applied: u64,
    /// Highest sequence that some record proves durable.
    floor: u64,
    /// The same as of the newest `open`: what a start found proven.
    proven: u64,
    batches: Vec<u64>,
    /// What was said under each source and id.
    said: BTreeMap<(Text, Text), BTreeSet<String>>,
    /// What was said under any id.
    facts: BTreeSet<String>,
    pub(crate) letters: BTreeSet<Vec<u8>>,
    accesses: BTreeSet<Vec<u8>>,
    started: BTreeSet<Try>,
    gone: BTreeSet<Try>,
    results: BTreeMap<Try, Outcome>,
    events: u64,
    repeats: u64,
    unreadable: u64,
    out: Output,
}

impl Outside {
    pub(crate) fn new(instance: [u8; 16]) -> Self {
        Self {
            identity: Identity { instance, partition: 0 },
            replica: Partition::new(Settings { instance }),
            position: Position::default(),
            applied: 0,
            floor: 0,
            proven: 0,
            batches: Vec::new(),
            said: BTreeMap::new(),
            facts: BTreeSet::new(),
            letters: BTreeSet::new(),
            accesses: BTreeSet::new(),
            started: BTreeSet::new(),
            gone: BTreeSet::new(),
            results: BTreeMap::new(),
            events: 0,
            repeats: 0,
            unreadable: 0,
            out: Output::default(),
        }
    }

    /// Reads what was written since the last look.
    ///
    /// - **Input** `disk`: a fork, so that a look is no call of the engine's.
    pub(crate) fn read(&mut self, disk: &SimDisk, now: Timestamp) -> Held {
        let from = self.position.sequence.max(1);
        let mut reader = match LogReader::between(disk, self.identity, from, u64::MAX) {
            Ok(reader) => reader,
            Err(error) => return broken("O3", format!("record {from} was durable and cannot be read: {error}")),
        };
        let known = self.position;
        loop {
            let record = match reader.next_record() {
                Ok(Some(record)) => record,
                Ok(None) => break,
                Err(error) => return broken("O17", format!("the log cannot be read to its end: {error}")),
            };
            if record.header.sequence == known.sequence {
                hold(record.chain == known.chain, "O3", || {
                    format!("record {} is another than before", known.sequence)
                })?;
                continue;
            }
            self.take(&record)?;
        }
        let ahead = Timestamp::from_micros(i64::try_from(self.position.at).unwrap_or(i64::MAX)).since(now);
        hold(ahead <= AHEAD_MAX, "O23", || format!("log time is {} s ahead", ahead.micros() / 1_000_000))?;
        hold(reader.reached() >= known.sequence, "O3", || {
            format!("the log ends at record {}, and {} was durable", reader.reached(), known.sequence)
        })
    }

    fn take(&mut self, record: &Record<'_>) -> Held {
        let header = record.header;
        self.position = Position { sequence: header.sequence, at: header.at, chain: record.chain };
        if header.kind == Kind::Open {
            self.proven = self.floor;
        }
        self.floor = self.floor.max(header.floor);
        match header.kind {
            Kind::Access => _ = self.accesses.insert(record.payload.to_vec()),
            Kind::Batch => {
                let at = Timestamp::from_micros(i64::try_from(header.at).unwrap_or(i64::MAX));
                if header.flags.has(Flags::DEAD_LETTERS) {
                    self.keep_letters(record.payload)?;
                }
                let batch = wire::decode_batch(at, record.payload, &mut |packed| ward::compile(packed));
                match batch {
                    Ok(batch) => self.apply(&batch)?,
                    Err(error) => return broken("O17", format!("batch {} cannot be read: {error}", header.sequence)),
                }
                self.applied = header.sequence;
                self.batches.push(header.sequence);
            }
            Kind::Open | Kind::Time | Kind::Mark | Kind::Exclude | Kind::Gap | Kind::Close => {}
        }
        Ok(())
    }

    /// Keeps the raw section behind the inputs.
    fn keep_letters(&mut self, payload: &[u8]) -> Held {
        let letters = inputs_end(payload).and_then(|end| decode_letters(payload.get(end..)?));
        let Some(letters) = letters else { return broken("O21", "a raw section cannot be read") };
        self.letters.extend(letters.into_iter().map(|(_, letter)| letter.to_vec()));
        Ok(())
    }

    fn apply(&mut self, batch: &Batch) -> Held {
        let due = self.replica.next_due();
        let fired = self.replica.counters().timers_fired;
        self.out.clear();
        step(&mut self.replica, batch, &mut self.out);
        batch.inputs.iter().for_each(|input| self.note(input));
        self.check_ends(batch)?;
        self.check_timers(batch, due, fired)?;
        self.check_counters()
    }

    fn note(&mut self, input: &Input) {
        match input {
            Input::Attempt(Attempt { nid, number, epoch, outcome }) => {
                let attempt = (*nid, *number, *epoch);
                if *outcome == Outcome::Started {
                    self.started.insert(attempt);
                    let is_gone = self.out.go.iter().any(|go| (go.nid, go.number) == (*nid, *number));
                    if is_gone {
                        self.gone.insert(attempt);
                    }
                } else {
                    self.results.insert(attempt, *outcome);
                }
            }
            Input::Event(_)
            | Input::Activate(_)
            | Input::Silence(_)
            | Input::Lift(_)
            | Input::Feed(_)
            | Input::Tick => {}
        }
    }

    /// Every event has an end; what was said before ends as a duplicate, what was not does not for its id alone [O1].
    fn check_ends(&mut self, batch: &Batch) -> Held {
        for (place, input) in batch.inputs.iter().enumerate() {
            let Input::Event(event) = input else { continue };
            self.events += 1;
            let ends: Vec<_> = self.out.events.iter().filter(|end| end.place == place).collect();
            let [end] = ends.as_slice() else {
                return broken("O1", format!("{} has {} ends", event.event_id, ends.len()));
            };
            let is_duplicate = matches!(end.disposition, Disposition::Duplicate { .. });
            if matches!(event.fact, Fact::Unreadable { .. }) {
                self.unreadable += 1;
                hold(end.disposition == Disposition::DeadLettered, "O1", || {
                    format!("{} is unreadable", event.event_id)
                })?;
                continue;
            }
            let said = self.said.entry((event.source.clone(), event.event_id.clone())).or_default();
            let is_used = !said.is_empty();
            let is_repeat = !said.insert(content(event));
            hold(!is_repeat || is_duplicate, "O1", || {
                format!("{} was said before and ended {:?}", event.event_id, end.disposition)
            })?;
            // The same fact under another id is a repetition of the fact, whatever its own id was used for.
            let is_known = !self.facts.insert(content(&Event { event_id: Text::default(), ..Event::clone(event) }));
            hold(is_repeat || is_known || !is_used || !is_duplicate, "O1", || {
                format!("{} says something else than before and ended {:?}", event.event_id, end.disposition)
            })?;
            self.repeats += u64::from(is_duplicate);
        }
        Ok(())
    }

    fn check_timers(&self, batch: &Batch, due: Option<Timestamp>, fired: u64) -> Held {
        let now_fired = self.replica.counters().timers_fired;
        let is_due = due.is_some_and(|due| due <= batch.at);
        let only_time = batch.inputs.iter().all(|input| matches!(input, Input::Tick));
        // Inputs apply before the timers of their own instant [TIME-3]: an answer may come just in time.
        let may_be_saved = due == Some(batch.at) && !only_time;
        hold(!is_due || may_be_saved || now_fired > fired, "O6", || {
            format!("nothing fired at {}, and {due:?} was due", batch.at)
        })?;
        hold(is_due || !only_time || now_fired == fired, "O5", || format!("fired at {}, due {due:?}", batch.at))?;
        let left = self.replica.next_due();
        hold(left.is_none_or(|left| left > batch.at), "O6", || format!("{left:?} is still due after {}", batch.at))?;
        for transition in &self.out.transitions {
            // A stop may say that it came too late before log time has reached the due time.
            if let Change::Clock(ClockState::Breached, reading) = &transition.change {
                let is_stopped = reading.ended != Timestamp::MAX;
                hold(is_stopped || reading.due <= transition.at, "O5", || {
                    format!("{} breached at {} before its due time {}", transition.rule, transition.at, reading.due)
                })?;
            }
        }
        Ok(())
    }

    fn check_counters(&self) -> Held {
        let counters = self.replica.counters();
        let expected = (self.events, self.repeats, self.unreadable, self.events - self.repeats - self.unreadable);
        let found = (counters.received, counters.duplicate, counters.dead_lettered, counters.applied);
        hold(expected == found, "O1", || {
            format!("received, duplicate, dead-lettered, applied are {found:?}, by count of the log {expected:?}")
        })?;
        let open = counters.notices_created - counters.notices_ended;
        let gauges = Kernel::gauges(&self.replica);
        let known: usize = gauges.notices.iter().take(5).sum();
        hold(u64::try_from(known).is_ok_and(|known| known == open), "10.3", || {
            format!("{open} notices are open by the counters, {known} by looking")
        })
    }

    /// The last batch among the records that the newest start found proven.
    pub(crate) fn last_proven_batch(&self) -> u64 {
        self.batches.iter().rev().find(|batch| **batch <= self.proven).copied().unwrap_or(0)
    }

    /// Whether a message stands in the log with exactly this content.
    pub(crate) fn has(&self, event: &Event) -> bool {
        let key = (event.source.clone(), event.event_id.clone());
        self.said.get(&key).is_some_and(|said| said.contains(&content(event)))
    }

    pub(crate) fn has_access(&self, record: &[u8]) -> bool {
        self.accesses.contains(record)
    }

    /// Whether the start of an attempt is in the log, and the state took it.
    pub(crate) fn may_leave(&self, attempt: Try) -> bool {
        self.started.contains(&attempt) && self.gone.contains(&attempt)
    }

    /// What the log says became of an attempt.
    pub(crate) fn result(&self, attempt: Try) -> Option<Outcome> {
        self.results.get(&attempt).copied()
    }

    /// Hash of the state that follows from the log alone.
    pub(crate) fn state_hash(&self) -> String {
        state_hash(&self.replica)
    }
}

/// Hash of everything a checkpoint would hold.
pub(crate) fn state_hash(kernel: &impl Kernel) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, bytes) in kernel.checkpoint() {
        hasher.update(name.as_bytes());
        hasher.update(&bytes);
    }
    hasher.finalize().to_hex().chars().take(16).collect()
}

/// All that an event says, but not when it came.
fn content(event: &Event) -> String {
    format!("{:?}", Event { received_at: None, ..event.clone() })
}

/// Where the inputs of a batch end: a count, then per input three bytes, a length and a body.
fn inputs_end(payload: &[u8]) -> Option<usize> {
    let number = |at: usize| Some(u32::from_le_bytes(payload.get(at..at + 4)?.try_into().ok()?));
    let mut at = 4;
    for _ in 0..number(0)? {
        at += 7 + usize::try_from(number(at + 3)?).ok()?;
    }
    Some(at)
}
