//! Poison: what happens when one input kills the state machine?
//!
//! ```text
//!  panic in step ─► CRASH names record and input ─► the process ends ─► start: panics again ─► CRASH: twice ─► ends
//!    ─► start: `exclude` record and a dead letter with its bytes, in one flush ─► replay without it ─► operations are paged
//! ```
//! A panic is a fault of ours; the guard is there so that one message cannot silence all others for longer than two starts.
//!
//! - **How it fits**: the core thread and recovery step through [`step`]; recovery asks [`exclude_noted`] before it opens;
//!   every other replay leaves out what [`Exclusions`] names.
//! - INVARIANT: an excluded input stays excluded on every replay, in its place: the inputs around it keep their indexes.
//! - LIMIT: a panic while timers fire belongs to no input and cannot be excluded; the process ends at each start and says so.
//! - **Not here**: the note's file (`wardline_store`), the page ([`operations`](crate::operations)).
//! - **Source**: guarantees page, section 5.5.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
};

use wardline_connectors::{
    codec::{
        Unreadable,
        json::{Encoding, encode},
    },
    codes::Code,
};
use wardline_core::{Batch, Input, Output};
use wardline_rules::time::Timestamp;
use wardline_store::{
    crash_note::CrashNote,
    disk::{self, Disk},
    log::{Entry, Exclusion},
    record::{Flags, Kind},
    store::{Opened, Options, Store},
};

use super::{
    clock::WallClock,
    kernel::Kernel,
    records::{Open, decode_letters, encode_letters},
    recovery::Error,
    wire,
};

/// How many deaths at one input are enough to go on without it.
const DEATHS: u32 = 2;
/// What the note says when the core died while no input was being applied.
const NO_INPUT: u32 = u32::MAX;
/// Bytes of an `exclude` record: sequence u64, input u32, deaths u32.
const EXCLUDE_BYTES: usize = 16;

/// The state machine panicked; it must not be used again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Died {
    /// Index of the input it was at; `None` if a timer was firing.
    input: Option<u32>,
}

/// What operations must hear about a death.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Death {
    /// The record the core was at.
    pub sequence: u64,
    /// Index of the input in it, from 0; `None` if a timer was firing.
    pub input: Option<u32>,
    /// How often in a row.
    pub times: u32,
    /// Whether the input is left out from now on.
    pub is_excluded: bool,
}

impl Death {
    /// What a note says that was written before.
    #[must_use]
    pub fn of(note: CrashNote, is_excluded: bool) -> Self {
        let input = (note.input != NO_INPUT).then_some(note.input);
        Self { sequence: note.sequence, input, times: note.times, is_excluded }
    }
}

impl Died {
    /// Writes down where.
    pub(crate) fn note<D: Disk>(self, disk: &D, sequence: u64) -> disk::Result<()> {
        let note = CrashNote::write(disk, sequence, self.input.unwrap_or(NO_INPUT))?;
        tracing::error!(record = sequence, input = ?self.input, times = note.times, "core.panic");
        Ok(())
    }
}

/// Steps, and says where it died if it did.
pub(crate) fn step(kernel: &mut dyn Kernel, batch: &Batch, output: &mut Output) -> Result<(), Died> {
    // What is left behind half done is dropped with the process and never looked at, but for the index.
    catch_unwind(AssertUnwindSafe(|| kernel.step(batch, output))).map_err(|_| Died { input: output.at_input })
}

/// Inputs that every replay leaves out, by record.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Exclusions(BTreeMap<u64, BTreeSet<u32>>);

impl Exclusions {
    /// Reads the `exclude` records of a log.
    ///
    /// # Errors
    /// [`Error::Exclusion`]: one that cannot be read.
    pub fn of(records: &[Exclusion]) -> Result<Self, Error> {
        let mut all = Self::default();
        for record in records {
            let (sequence, input) = decode(&record.payload).ok_or(Error::Exclusion { sequence: record.sequence })?;
            all.0.entry(sequence).or_default().insert(input);
        }
        Ok(all)
    }

    /// Puts a tick in place of each input of the record that is left out.
    pub fn apply(&self, sequence: u64, batch: &mut Batch) {
        for index in self.0.get(&sequence).into_iter().flatten() {
            let input = usize::try_from(*index).ok().and_then(|index| batch.inputs.get_mut(index));
            if let Some(input) = input {
                *input = Input::Tick;
            }
        }
    }

    /// How many inputs are left out.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.values().map(BTreeSet::len).sum()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has(&self, note: CrashNote) -> bool {
        self.0.get(&note.sequence).is_some_and(|inputs| inputs.contains(&note.input))
    }
}

fn payload(note: CrashNote) -> Vec<u8> {
    let mut bytes = note.sequence.to_le_bytes().to_vec();
    bytes.extend_from_slice(&note.input.to_le_bytes());
    bytes.extend_from_slice(&note.times.to_le_bytes());
    bytes
}

fn decode(payload: &[u8]) -> Option<(u64, u32)> {
    let (sequence, rest) = payload.split_first_chunk::<8>()?;
    let input = rest.first_chunk::<4>()?;
    (payload.len() == EXCLUDE_BYTES).then_some((u64::from_le_bytes(*sequence), u32::from_le_bytes(*input)))
}

/// Looks at the note of the last owner; leaves an input out that it and its predecessor died of.
///
/// Done in an epoch of its own, before anything is replayed: whatever comes after, this stays.
///
/// - **Output**: what operations must hear, if there is a note. It stays until they were told.
pub(crate) fn exclude_noted<D: Disk>(
    disk: &D,
    options: &Options,
    (clock, logic): (&dyn WallClock, u32),
) -> Result<Option<Death>, Error> {
    let Some(note) = CrashNote::read(disk)? else { return Ok(None) };
    if note.times < DEATHS || note.input == NO_INPUT {
        return Ok(Some(Death::of(note, false)));
    }
    let mut opened = Store::open(disk.clone(), options)?;
    let reached = opened.checkpoint.as_ref().map_or(0, |reader| reader.header().summary.position.sequence);
    // A checkpoint behind the record was made without the input: nobody replays it any more.
    if reached < note.sequence && !Exclusions::of(&opened.exclusions)?.has(note) {
        let poison = find(&mut opened, note)?;
        write(&mut opened, note, &poison, (clock, logic))?;
        tracing::error!(record = note.sequence, input = note.input, "core.exclude");
    }
    Ok(Some(Death::of(note, true)))
}

/// An input that is to be left out, and its exact bytes if its record keeps them.
struct Poison {
    input: Input,
    raw: Option<Vec<u8>>,
    /// The last record of the log is of this log time.
    last: u64,
}

fn find<D: Disk>(opened: &mut Opened<D>, note: CrashNote) -> Result<Poison, Error> {
    let mut found = None;
    let mut last = 0;
    while let Some(record) = opened.suffix.next_record()? {
        last = record.header.at;
        if record.header.sequence != note.sequence || record.header.kind != Kind::Batch {
            continue;
        }
        let read = wire::decode(time(record.header.at), record.payload);
        let batch = read.map_err(|cause| Error::Batch { sequence: note.sequence, cause })?;
        let letters = decode_letters(wire::raw_section(record.payload)).unwrap_or_else(|| {
            tracing::warn!(sequence = note.sequence, "core.exclude: its dead letters cannot be read; written anew");
            Vec::new()
        });
        let raw = letters.iter().find(|(input, _)| *input == note.input).map(|(_, bytes)| bytes.to_vec());
        let input = usize::try_from(note.input).ok().and_then(|index| batch.inputs.into_iter().nth(index));
        found = input.map(|input| (input, raw));
    }
    let (input, raw) = found.ok_or(Error::Exclusion { sequence: note.sequence })?;
    Ok(Poison { input, raw, last })
}

/// `open`, `exclude` and the dead letter, in one flush.
fn write<D: Disk>(
    opened: &mut Opened<D>,
    note: CrashNote,
    poison: &Poison,
    (clock, logic): (&dyn WallClock, u32),
) -> Result<(), Error> {
    let reading = clock.read();
    // The wall may be wrong and nobody has judged it yet: the next moment of the log will do.
    let at = poison.last.saturating_add(1);
    let ward = opened.checkpoint.as_ref().map_or([0; 32], |reader| reader.header().summary.ward);
    let open = Open {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        logic,
        ward,
        zones: wardline_rules::time::zone_data_version().to_owned(),
        wall: reading.wall,
        boot: reading.boot,
    };
    let (letter, bytes) = dead_letter(poison, at);
    let mut batch = Vec::new();
    wire::encode(&[letter], &mut batch);
    let letters = encode_letters(&[(0, bytes)]);
    let mut entry = Entry::new(Kind::Batch, at);
    entry.flags = Flags::DEAD_LETTERS;
    let writer = &mut opened.writer;
    writer.prepare()?;
    writer.append(Entry::new(Kind::Open, at), &[&open.encode()])?;
    writer.append(Entry::new(Kind::Exclude, at), &[&payload(note)])?;
    writer.append(entry, &[&batch, &letters])?;
    writer.flush()?;
    Ok(())
}

/// What stands for the input from now on: its bytes as they came if they were kept, else as one line of an export.
fn dead_letter(poison: &Poison, at: u64) -> (Input, Vec<u8>) {
    let (source, bytes) = match (&poison.input, &poison.raw) {
        (Input::Event(event), Some(raw)) => (event.source.as_str(), raw.clone()),
        (Input::Event(event), None) => {
            let mut line = String::new();
            match encode(event, &mut line) {
                Encoding::Written => (event.source.as_str(), line.into_bytes()),
                Encoding::DeadLetter => (event.source.as_str(), encoded(&poison.input)),
            }
        }
        (other, _) => ("engine", encoded(other)),
    };
    let mut event = Unreadable::new(Code::Excluded, "", &bytes).event(source);
    event.received_at = Some(time(at));
    (Input::Event(Box::new(event)), bytes)
}

fn time(micros: u64) -> Timestamp {
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

fn encoded(input: &Input) -> Vec<u8> {
    let mut bytes = Vec::new();
    wire::encode(core::slice::from_ref(input), &mut bytes);
    bytes
}
