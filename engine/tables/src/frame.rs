//! Frame: how do frozen batches travel to a follower?
//!
//! ```text
//!  "WLF1" · kind u8 · flags u8 · table u16 · first_epoch u64 · last_epoch u64 · len u32 · crc32c u32 · payload
//! ```
//! 32 bytes, little endian, then the payload: JSON for `Hello`, `Commit` and `Manifest`, one Arrow IPC stream for `Batch`.
//!
//! - INVARIANT: all rows of an epoch are sent before the commit that covers it; a follower shows nothing else.
//! - **Not here**: sockets.

use arrow::{
    array::RecordBatch,
    error::ArrowError,
    ipc::{reader::StreamReader, writer::StreamWriter},
};
use serde::{Deserialize, Serialize};
use wardline_rules::row::Table;

use crate::limits::FRAME_BYTES_MAX;

/// Bytes of a header.
pub const HEADER_BYTES: usize = 32;
/// The version of what follows `Hello`.
pub const PROTOCOL: u32 = 1;

/// What an engine says to a follower.
#[derive(Clone, Debug)]
pub enum Frame {
    /// First of all.
    Hello(Hello),
    /// Frozen rows of one table.
    Batch {
        /// Which table.
        table: Table,
        /// Its rows.
        batch: RecordBatch,
    },
    /// Everything up to this epoch was sent.
    Commit(Commit),
    /// A newer version of the manifest counts.
    Manifest {
        /// Which.
        version: u64,
    },
}

/// Who speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hello {
    /// Of the frames.
    pub protocol: u32,
    /// Of the tables.
    pub schema_version: u32,
}

/// What a follower may show now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Commit {
    /// The newest epoch.
    pub epoch: u64,
    /// Its log time, microseconds.
    pub at: i64,
    /// Log time up to which all feeds that are not lost were heard.
    pub watermark_at: Option<i64>,
    /// Twelve digits of the ward that decides.
    pub ward: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Version {
    version: u64,
}

/// Why bytes are no frame.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// They begin otherwise, or are longer than any of ours.
    #[error("not a frame")]
    Foreign,
    /// The checksum does not fit.
    #[error("a frame is damaged")]
    Damaged,
    /// A table or kind of a newer release.
    #[error("a frame of a newer release")]
    Newer,
    /// Arrow refused the payload.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// JSON refused the payload.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// A header that was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    kind: u8,
    table: u16,
    /// Bytes of the payload that follows.
    pub len: usize,
    crc: u32,
}

const HELLO: u8 = 1;
const BATCH: u8 = 4;
const COMMIT: u8 = 5;
const MANIFEST: u8 = 6;

impl Frame {
    /// Its bytes.
    ///
    /// # Errors
    /// What Arrow refuses, or a payload beyond the limit.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let (kind, table, payload, epochs) = match self {
            Self::Hello(hello) => (HELLO, 0, serde_json::to_vec(hello)?, (0, 0)),
            Self::Batch { table, batch } => (BATCH, u16::from(table.index()), ipc(batch)?, epochs(batch)),
            Self::Commit(commit) => (COMMIT, 0, serde_json::to_vec(commit)?, (commit.epoch, commit.epoch)),
            Self::Manifest { version } => (MANIFEST, 0, serde_json::to_vec(&Version { version: *version })?, (0, 0)),
        };
        let len = u32::try_from(payload.len()).ok().filter(|len| *len <= FRAME_BYTES_MAX).ok_or(Error::Foreign)?;
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
        bytes.extend_from_slice(b"WLF1");
        bytes.extend_from_slice(&[kind, 0]);
        bytes.extend_from_slice(&table.to_le_bytes());
        bytes.extend_from_slice(&epochs.0.to_le_bytes());
        bytes.extend_from_slice(&epochs.1.to_le_bytes());
        bytes.extend_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(&payload).to_le_bytes());
        bytes.extend_from_slice(&payload);
        Ok(bytes)
    }

    /// Reads a header.
    ///
    /// # Errors
    /// [`Error::Foreign`].
    pub fn header(bytes: &[u8; HEADER_BYTES]) -> Result<Header, Error> {
        let (magic, rest) = bytes.split_at(4);
        let [kind, _, low, high, ..] = *rest else { return Err(Error::Foreign) };
        let word =
            |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes);
        let len = word(24);
        if magic != b"WLF1" || len > FRAME_BYTES_MAX {
            return Err(Error::Foreign);
        }
        let len = usize::try_from(len).map_err(|_| Error::Foreign)?;
        Ok(Header { kind, table: u16::from_le_bytes([low, high]), len, crc: word(28) })
    }

    /// The frame of a header and its payload.
    ///
    /// # Errors
    /// [`Error`].
    pub fn decode(header: Header, payload: &[u8]) -> Result<Self, Error> {
        if payload.len() != header.len || crc32c::crc32c(payload) != header.crc {
            return Err(Error::Damaged);
        }
        match header.kind {
            HELLO => Ok(Self::Hello(serde_json::from_slice(payload)?)),
            COMMIT => Ok(Self::Commit(serde_json::from_slice(payload)?)),
            MANIFEST => Ok(Self::Manifest { version: serde_json::from_slice::<Version>(payload)?.version }),
            BATCH => {
                let table = u8::try_from(header.table).ok().and_then(Table::from_index).ok_or(Error::Newer)?;
                let batch = StreamReader::try_new(payload, None)?.next().ok_or(Error::Damaged)??;
                // Comments do not travel: both sides have them.
                let batch =
                    RecordBatch::try_new(crate::schema::Definition::of(table).schema(), batch.columns().to_vec())?;
                Ok(Self::Batch { table, batch })
            }
            _ => Err(Error::Newer),
        }
    }
}

fn ipc(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let schema = batch.schema();
    let bare = schema.fields().iter().map(|field| field.as_ref().clone().with_metadata(Default::default()));
    let schema = arrow::datatypes::Schema::new(bare.collect::<Vec<_>>());
    let batch = RecordBatch::try_new(schema.into(), batch.columns().to_vec())?;
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(&batch)?;
    writer.finish()?;
    writer.into_inner()
}

/// First and last epoch of a batch; its rows are in order of epoch.
#[must_use]
pub fn epochs(batch: &RecordBatch) -> (u64, u64) {
    use arrow::array::{Array as _, AsArray as _};
    let column = batch.column_by_name("epoch").map(|column| column.as_primitive::<arrow::datatypes::Int64Type>());
    let Some(column) = column.filter(|column| !column.is_empty()) else { return (0, 0) };
    let number = |place: usize| u64::try_from(column.value(place)).unwrap_or(0);
    (number(0), number(column.len() - 1))
}
