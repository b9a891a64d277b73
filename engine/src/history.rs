//! History: what does the log of a data directory hold, and what state does it lead to?
//!
//! ```text
//!  dead/ files ─┐
//!  log ─────────┴─► dead letters · events · every batch through `step` again ─► marks compared, reports explained
//! ```
//! Reads only, beside a running engine or without one. Beside one, nothing is read behind the record it has applied.
//!
//! - **How it fits**: `verify --replay`, `export`, `why` and the paths for dead letters ask here.
//! - **Cost**: whatever looks at the whole log reads all of it, one record in memory at a time.
//! - **Not here**: taking over a directory ([`recovery`](crate::runtime::recovery)), judging damage (`wardline_store::verify`).

mod letters;
mod replay;
mod story;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use wardline_core::{Batch, Input, ids::ReportId, wire as core_wire};
use wardline_rules::{event::Event, time::Timestamp};
use wardline_store::{
    checkpoint::Mark,
    disk::{self, Disk},
    finding::Finding,
    instance::{INSTANCE, Instance},
    log::{self, Exclusion, Gap, LogReader},
    record::{Kind, Record},
    segment::Identity,
};

use crate::runtime::{poison::Exclusions, records::Open, recovery, wire};

pub use letters::{Letter, LetterId};
pub use replay::{Replayed, Turn};
pub use story::{Chapter, Story};

/// Whoever asks. A long log takes minutes; for somebody who is gone nothing is read on.
#[derive(Clone, Debug, Default)]
pub struct Asker(Arc<AtomicBool>);

impl Asker {
    /// Says that nobody waits for the answer any more.
    pub fn leave(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_gone(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The history of a running engine's own directory, as its API asks for it.
pub trait Past: Send + Sync + core::fmt::Debug {
    /// The newest dead letters, newest first, without their bytes.
    ///
    /// # Errors
    /// [`Error`].
    fn letters(&self, through: u64, limit: usize, asker: &Asker) -> Result<Vec<Letter>, Error>;

    /// One dead letter with its bytes.
    ///
    /// # Errors
    /// [`Error`].
    fn letter(&self, through: u64, id: LetterId, asker: &Asker) -> Result<Option<Letter>, Error>;

    /// What happened to one report and why.
    ///
    /// # Errors
    /// [`Error`].
    fn story(&self, through: u64, report: ReportId, asker: &Asker) -> Result<Story, Error>;
}

/// A data directory, opened anew for each question: on a first start there is none yet when the API begins to listen.
#[derive(Clone, Debug)]
pub struct Directory<D>(pub D);

impl<D: Disk + Send + Sync> Past for Directory<D> {
    fn letters(&self, through: u64, limit: usize, asker: &Asker) -> Result<Vec<Letter>, Error> {
        History::open(self.0.clone())?.for_asker(asker).newest(through, limit)
    }

    fn letter(&self, through: u64, id: LetterId, asker: &Asker) -> Result<Option<Letter>, Error> {
        History::open(self.0.clone())?.for_asker(asker).letter(through, id)
    }

    fn story(&self, through: u64, report: ReportId, asker: &Asker) -> Result<Story, Error> {
        History::open(self.0.clone())?.for_asker(asker).story(through, report)
    }
}

/// Why the history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] disk::Error),
    /// A file is not what was written.
    #[error("{0}")]
    Damaged(Finding),
    /// The log cannot be read.
    #[error(transparent)]
    Log(log::Error),
    /// A record that is whole and does not fit this program.
    #[error(transparent)]
    Record(#[from] recovery::Error),
    /// A batch that is whole and cannot be read.
    #[error("record {sequence} cannot be read: {cause}")]
    Batch {
        /// Which record.
        sequence: u64,
        /// What does not fit.
        cause: core_wire::Error,
    },
    /// A record that is whole and says nothing this program can read.
    #[error("record {sequence} cannot be read: it is no {kind}")]
    Foreign {
        /// Which record.
        sequence: u64,
        /// What it should say.
        kind: &'static str,
    },
    /// Another release decided from this record on.
    #[error("the log from record {sequence} on was written by another release")]
    Release {
        /// Which record.
        sequence: u64,
    },
    /// Whoever asked is gone.
    #[error("nobody waits for the answer any more")]
    Left,
}

impl From<log::Error> for Error {
    fn from(error: log::Error) -> Self {
        match error {
            log::Error::Damaged(finding) => Self::Damaged(finding),
            log::Error::Disk(error) => Self::Disk(error),
            other => Self::Log(other),
        }
    }
}

/// The history of one data directory.
#[derive(Clone, Debug)]
pub struct History<D: Disk> {
    disk: D,
    identity: Identity,
    asker: Asker,
}

/// What the log says about itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Survey {
    /// Inputs that every replay leaves out.
    pub exclusions: Exclusions,
    /// State hashes of complete checkpoints, by the last record in each.
    pub marks: BTreeMap<u64, [u8; 32]>,
    /// Versions of the decisions that wrote it, by the record from which on.
    pub logic: BTreeMap<u64, u32>,
    /// Records that were given up.
    pub lost: u64,
    /// The first record there is; 0 for an empty log.
    pub first: u64,
    /// The last record.
    pub last: u64,
}

impl<D: Disk> History<D> {
    /// That of the data directory `disk`.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it is none.
    pub fn open(disk: D) -> Result<Self, Error> {
        let missing = || Finding::new(wardline_store::codes::Code::InstanceDamaged, INSTANCE, "it is not there");
        let instance = Instance::read(&disk)?.ok_or_else(|| Error::Damaged(missing()))?.map_err(Error::Damaged)?;
        Ok(Self { disk, identity: Identity { instance: instance.id, partition: 0 }, asker: Asker::default() })
    }

    /// The same, read for somebody who may leave: then with [`Error::Left`].
    #[must_use]
    pub fn for_asker(self, asker: &Asker) -> Self {
        Self { asker: asker.clone(), ..self }
    }

    /// Shows every record up to `through`, oldest first, until somebody has seen enough.
    fn records(&self, through: u64, mut see: impl FnMut(&Record<'_>) -> Result<bool, Error>) -> Result<(), Error> {
        let mut reader = LogReader::whole(&self.disk, self.identity, through)?;
        while let Some(record) = reader.next_record()? {
            if self.asker.is_gone() {
                return Err(Error::Left);
            }
            if !see(&record)? {
                break;
            }
        }
        Ok(())
    }

    /// Looks through the log once.
    ///
    /// # Errors
    /// [`Error`].
    pub fn survey(&self, through: u64) -> Result<Survey, Error> {
        let mut survey = Survey::default();
        let mut excluded = Vec::new();
        self.records(through, |record| {
            let sequence = record.header.sequence;
            let foreign = |kind| Error::Foreign { sequence, kind };
            survey.first = if survey.first == 0 { sequence } else { survey.first };
            survey.last = sequence;
            match record.header.kind {
                Kind::Open => {
                    let open = Open::decode(record.payload).ok_or_else(|| foreign("beginning of an epoch"))?;
                    survey.logic.insert(sequence, open.logic);
                }
                Kind::Mark => {
                    let mark = Mark::decode(record.payload).ok_or_else(|| foreign("mark of a checkpoint"))?;
                    survey.marks.insert(mark.sequence, mark.state_hash);
                }
                Kind::Exclude => excluded.push(Exclusion { sequence, payload: record.payload.to_vec() }),
                Kind::Gap => {
                    let gap = Gap::decode(record.payload).ok_or_else(|| foreign("gap"))?;
                    survey.lost = survey.lost.saturating_add(gap.last.saturating_sub(sequence).saturating_add(1));
                }
                Kind::Batch | Kind::Time | Kind::Access | Kind::Close => {}
            }
            Ok(true)
        })?;
        survey.exclusions = Exclusions::of(&excluded)?;
        Ok(survey)
    }

    /// Shows every event of the log, oldest first, with its log time; those that were left out are not among them.
    ///
    /// # Errors
    /// [`Error`].
    pub fn events(&self, through: u64, mut see: impl FnMut(Timestamp, &Event)) -> Result<(), Error> {
        let exclusions = self.survey(through)?.exclusions;
        self.records(through, |record| {
            if record.header.kind == Kind::Batch {
                let mut batch = batch(record)?;
                exclusions.apply(record.header.sequence, &mut batch);
                let events = batch.inputs.iter().filter_map(|input| match input {
                    Input::Event(event) => Some(event),
                    _ => None,
                });
                events.for_each(|event| see(batch.at, event));
            }
            Ok(true)
        })
    }
}

/// The inputs of a batch record.
fn batch(record: &Record<'_>) -> Result<Batch, Error> {
    let at = time(record.header.at);
    wire::decode(at, record.payload).map_err(|cause| Error::Batch { sequence: record.header.sequence, cause })
}

fn time(micros: u64) -> Timestamp {
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
