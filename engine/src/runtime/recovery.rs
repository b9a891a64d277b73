//! Recovery: which state did this installation have, and where does its log go on?
//!
//! ```text
//!  open store ─► newest sound checkpoint ─► every batch behind it through the same `step` ─► ready
//! ```
//! What the core says on the way was said before and is dropped, but for rows that the tables may lack; what was started and has no result becomes `ambiguous`
//! with the first batch of this epoch.
//!
//! - **How it fits**: [`start`](super::start) calls it before any thread runs.
//! - **Not here**: judging the log's end (`wardline_store`), what becomes of an input that panics ([`poison`](super::poison)).

use wardline_core::{Input, Output};
use wardline_rules::time::{Span, Timestamp};
use wardline_store::{
    checkpoint::CheckpointReader,
    disk::Disk,
    log::Position,
    record::Kind,
    store::{self, Opened, Options, Store},
};

use super::{
    clock::WallClock,
    kernel::Bootable,
    poison::{self, Death, Exclusions},
    rows::{RowSink, Taken},
    wire,
};
use crate::history::History;

/// What was found.
pub(crate) struct Recovered<D: Disk, K> {
    pub(crate) opened: Opened<D>,
    pub(crate) kernel: K,
    /// The last batch that the state contains.
    pub(crate) position: Position,
    /// Log time of the last batch; `None` in an empty log.
    pub(crate) last: Option<Timestamp>,
    pub(crate) batches: u64,
    pub(crate) took: Span,
    /// Inputs that are left out, known since the checkpoint.
    pub(crate) excluded: usize,
    /// Records that an operator gave up.
    pub(crate) lost: Option<u64>,
    /// What operations must hear about an earlier death.
    pub(crate) death: Option<Death>,
    pub(crate) behind: Behind,
}

/// What the log holds behind the checkpoint that was begun with: every process would read it again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Behind {
    pub(crate) bytes: u64,
    /// Batches with more in them than time.
    pub(crate) inputs: u64,
    /// Log time of the checkpoint, or of the first record; `None` in an empty log.
    pub(crate) since: Option<Timestamp>,
    /// Whether there was a checkpoint.
    pub(crate) has_checkpoint: bool,
}

/// Why there is no state to go on with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store did not open.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The log could not be read to its end.
    #[error(transparent)]
    Log(#[from] wardline_store::log::Error),
    /// The checkpoint could not be read.
    #[error(transparent)]
    Checkpoint(#[from] wardline_store::checkpoint::Error),
    /// The checkpoint is whole and does not fit this program.
    #[error("the checkpoint of record {sequence} does not fit this program: {cause}")]
    State {
        /// Its last record.
        sequence: u64,
        /// What does not fit.
        cause: String,
    },
    /// A checkpoint of other decisions.
    #[error("the log was written by logic version {found}; this program decides by version {ours}")]
    Logic {
        /// What wrote it.
        found: u32,
        /// Ours.
        ours: u32,
    },
    /// A batch that is whole and cannot be read.
    #[error("record {sequence} cannot be read: {cause}")]
    Batch {
        /// Which record.
        sequence: u64,
        /// What does not fit.
        cause: wardline_core::wire::Error,
    },
    /// The core panicked on an input that it had survived to write down; noted, so that the next start may leave it out.
    #[error("the core stopped at record {sequence} again; start once more to go on without the input")]
    Panic {
        /// Which record.
        sequence: u64,
    },
    /// An `exclude` record, or a note, that names no input.
    #[error("record {sequence} names no input that could be left out")]
    Exclusion {
        /// Which record.
        sequence: u64,
    },
    /// The note of a panic could not be read or written.
    #[error(transparent)]
    Disk(#[from] wardline_store::disk::Error),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] std::io::Error),
}

/// Opens the store and brings the state to the end of its log.
pub(crate) fn recover<D: Disk, K: Bootable>(
    disk: D,
    options: &Options,
    clock: &dyn WallClock,
    mut rows: Option<&mut dyn RowSink>,
) -> Result<Recovered<D, K>, Error> {
    let begun = clock.read().boot;
    let death = poison::exclude_noted(&disk, options, (clock, K::LOGIC))?;
    let mut opened = Store::open(disk.clone(), options)?;
    for finding in &opened.findings {
        tracing::warn!(%finding, "store.open");
    }
    let (mut kernel, mut position) = match &opened.checkpoint {
        Some(reader) => restore::<D, K>(opened.instance.id, reader)?,
        None => (K::fresh(opened.instance.id), Position::default()),
    };
    let mut last = (position.sequence > 0).then(|| time(position.at));
    let mut behind = Behind { since: last, has_checkpoint: last.is_some(), ..Behind::default() };
    let exclusions = Exclusions::of(&opened.exclusions)?;
    let mut output = Output::default();
    if let Some(sink) = rows.as_deref_mut() {
        kernel.watch_rows();
        sink.begin(position.sequence, time(position.at));
    }
    let mut batches = 0;
    while let Some(record) = opened.suffix.next_record()? {
        let header = record.header;
        last = Some(time(header.at));
        behind.since = behind.since.or(last);
        behind.bytes += u64::try_from(record.payload.len()).unwrap_or(u64::MAX);
        if header.kind == Kind::Batch {
            let read = wire::decode(time(header.at), record.payload);
            let mut batch = read.map_err(|cause| Error::Batch { sequence: header.sequence, cause })?;
            exclusions.apply(header.sequence, &mut batch);
            position = Position { sequence: header.sequence, at: header.at, chain: record.chain };
            output.clear();
            if let Err(died) = poison::step(&mut kernel, &batch, &mut output) {
                died.note(&disk, header.sequence)?;
                return Err(Error::Panic { sequence: header.sequence });
            }
            batches += 1;
            behind.inputs += u64::from(batch.inputs.iter().any(|input| !matches!(input, Input::Tick)));
            if let Some(sink) = rows.as_deref_mut() {
                let mut rows = Vec::new();
                kernel.rows(&batch, &output, &mut rows);
                let ward = kernel.ward().map(|(_, version)| version);
                let (text, heard) = (super::rows::activated(&batch), super::rows::heard(&batch));
                sink.replayed(Taken { epoch: header.sequence, at: batch.at, rows, ward, text, heard });
            }
        }
    }
    // What was replayed is not counted.
    kernel.watch_passages();
    let lost = lost(&disk);
    let took = clock.read().boot.minus(begun);
    Ok(Recovered { opened, kernel, position, last, batches, took, excluded: exclusions.len(), lost, death, behind })
}

/// How many records were given up, as the whole log says. It is read only where a loss was accepted: then there is a
/// `quarantine/`. `None` if it does not say.
fn lost<D: Disk>(disk: &D) -> Option<u64> {
    match disk.list("quarantine") {
        Ok(files) if files.is_empty() => return Some(0),
        Err(error) if error.is_missing() => return Some(0),
        Ok(_) | Err(_) => {}
    }
    let survey = History::open(disk.clone()).and_then(|history| history.survey(u64::MAX));
    survey.inspect_err(|error| tracing::warn!(%error, "log.survey")).ok().map(|survey| survey.lost)
}

pub(crate) fn restore<D: Disk, K: Bootable>(
    instance: [u8; 16],
    reader: &CheckpointReader<D>,
) -> Result<(K, Position), Error> {
    let summary = reader.header().summary;
    if summary.logic_version != K::LOGIC {
        return Err(Error::Logic { found: summary.logic_version, ours: K::LOGIC });
    }
    let mut sections = Vec::new();
    for section in &reader.header().sections {
        let bytes = match reader.section(&section.name) {
            Some(section) => section.read_all()?,
            None => Vec::new(),
        };
        sections.push((section.name.clone(), bytes));
    }
    let sequence = summary.position.sequence;
    let kernel = K::restore(instance, &sections).map_err(|cause| Error::State { sequence, cause })?;
    Ok((kernel, summary.position))
}

fn time(micros: u64) -> Timestamp {
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}
