//! Checkpoint: how is the state at one position kept so that it can be trusted later?
//!
//! ```text
//!  header 8,192: which log, which position and its hash, versions, state hash, table of sections, CRC
//!  section │ section │ section …         opaque bytes, back to back; each has length, CRC32C and BLAKE3 in the table
//!  footer 40: length of the file, BLAKE3 of everything before it (sections first, then the header)
//! ```
//! A file is complete in itself. It is written under `tmp/`, synced, read back from the disk, and only then given its name;
//! two generations stay. It fits a log if the log has the same hash at its last sequence.
//! - **How it fits**: the core hands over sections chunk by chunk, at the caller's pace; [`Store::open`](crate::store::Store::open) chooses one.
//! - LIMIT: `SECTIONS_MAX`, `SECTION_NAME_MAX`, `GENERATIONS` in [`limits`](crate::limits).
//! - **Not here**: what sections contain, when one is due, the `mark` record that follows (the log thread appends it).

mod format;
mod reader;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

use crate::codes::Code;
use crate::disk::{self, Disk};
use crate::finding::Finding;
use crate::limits::GENERATIONS;
use crate::log::Position;
use crate::segment::{Identity, numbered};

pub use format::{HEADER_BYTES, Header, Section};
pub use reader::{Check, CheckpointReader, SectionReader};
pub use writer::{CheckpointWriter, Sealed, Verified};

/// Why a checkpoint was not written or not read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk failed.
    #[error("{}: {}", Code::DiskFailed, Code::DiskFailed.headline())]
    Disk(#[from] disk::Error),
    /// The file is not what was written.
    #[error("{0}")]
    Damaged(Finding),
    /// More sections than a checkpoint has room for.
    #[error("{}: more than {limit} sections", Code::Refused)]
    TooManySections {
        /// How many fit.
        limit: usize,
    },
    /// A section name is empty, too long, or was given before.
    #[error("{}: no section can have this name: `{name}`", Code::Refused)]
    BadName {
        /// The name.
        name: String,
    },
    /// A chunk came before the first section.
    #[error("{}: a chunk belongs to a section", Code::Refused)]
    NoSection,
}

impl Error {
    /// The code of the page that tells more.
    pub fn code(&self) -> Code {
        match self {
            Self::Disk(_) => Code::DiskFailed,
            Self::Damaged(finding) => finding.code,
            Self::TooManySections { .. } | Self::BadName { .. } | Self::NoSection => Code::Refused,
        }
    }
}

/// Result of a call on a checkpoint.
pub type Result<T> = std::result::Result<T, Error>;

/// What a checkpoint says of the state in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Epoch of the owner who wrote it.
    pub epoch: u32,
    /// Last record the state contains.
    pub position: Position,
    /// Version of the logic that made the state.
    pub logic_version: u32,
    /// Hash of the active ward.
    pub ward: [u8; 32],
}

/// Payload of a `mark` record: which checkpoint is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Last sequence in it.
    pub sequence: u64,
    /// Its state hash.
    pub state_hash: [u8; 32],
}

/// The state hash of a checkpoint with these sections, in the order of its table.
pub fn state_hash_of<'a>(sections: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for section in sections {
        hasher.update(blake3::hash(section).as_bytes());
    }
    *hasher.finalize().as_bytes()
}

impl Mark {
    /// The 40 bytes of the payload.
    pub fn encode(&self) -> [u8; 40] {
        let mut bytes = [0; 40];
        bytes[..8].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[8..].copy_from_slice(&self.state_hash);
        bytes
    }

    /// Reads a payload; `None` if it is none.
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let mut fields = crate::fields::Fields::new(payload);
        Some(Self { sequence: fields.u64()?, state_hash: fields.array()? })
    }
}

/// One file in the directory of checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Last sequence in it, by its name.
    pub sequence: u64,
    /// Its path.
    pub path: String,
}

/// The checkpoints of one partition; a clone is another handle, for the thread that writes them.
#[derive(Clone, Debug)]
pub struct Checkpoints<D: Disk> {
    disk: D,
    identity: Identity,
}

impl<D: Disk> Checkpoints<D> {
    /// Those of this log.
    pub fn new(disk: D, identity: Identity) -> Self {
        Self { disk, identity }
    }

    /// Begins a checkpoint. One at a time: an unfinished one is discarded.
    pub fn begin(&self, summary: Summary) -> Result<CheckpointWriter<D>> {
        CheckpointWriter::begin(self.disk.clone(), self.identity, summary)
    }

    /// The files there are, newest first.
    pub fn generations(&self) -> disk::Result<Vec<Generation>> {
        let directory = self.identity.checkpoint_directory();
        let entries = disk::list(&self.disk, &directory)?;
        let numbered = entries.iter().rev().filter_map(|entry| {
            let sequence = numbered(&entry.name, ".ckpt")?;
            let path = format!("{directory}/{}", entry.name);
            Some(Generation { sequence, path })
        });
        Ok(numbered.collect())
    }

    /// Opens one and reads its header; nothing else is checked yet.
    pub fn open(&self, generation: &Generation) -> Result<CheckpointReader<D>> {
        CheckpointReader::open(&self.disk, self.identity, generation)
    }

    /// Removes all but the two newest. Call it when the `mark` of the newest is durable.
    ///
    /// - **Output**: how many were removed.
    pub fn retire(&self) -> Result<usize> {
        let generations = self.generations()?;
        let old = generations.get(GENERATIONS..).unwrap_or_default();
        for generation in old.iter().rev() {
            self.disk.unlink(&generation.path)?;
        }
        if !old.is_empty() {
            self.disk.sync_directory(&self.identity.checkpoint_directory())?;
        }
        Ok(old.len())
    }

    /// Last sequence of the older of two generations: the log may be cut behind it. `None` while there are not two.
    pub fn cut_bound(&self) -> disk::Result<Option<u64>> {
        let generations = self.generations()?;
        Ok(generations.get(GENERATIONS - 1).map(|generation| generation.sequence))
    }
}
