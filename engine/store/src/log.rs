//! Log: what happened, in which order, and what of it is durable?
//!
//! ```text
//!  append ─► pending ─ flush: pad to 4,096, pwrite, one fdatasync ─► durable ─► step, ack, send
//!  log/p000/…0001.wlog  …4711.wlog  …9020.wlog (last)   next-0.prep  next-1.prep  reserve-0.prep …
//! ```
//! Records are numbered without gaps and each names the hash of the one before. Segments are prepared ahead, so an append
//! never asks for space, and a flush never spans two of them.
//! - **How it fits**: [`Store::open`](crate::store::Store::open) gives the records to replay and then the [`LogWriter`].
//! - INVARIANT: after a failed write or sync nothing more is written and nothing more is called durable, until a new process
//!   has judged what is there.
//! - **Not here**: when to flush (the log thread knows the time), what a payload means.

mod cursor;
mod cut;
mod flush;
mod gap;
mod inventory;
mod prepare;
mod reader;
mod recover;
mod scan;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

use crate::codes::Code;
use crate::disk;
use crate::finding::Finding;
use crate::record::Chain;

pub use cut::{CutBounds, CutReport, cut, through_before};
pub use flush::{Flush, FlushDone};
pub use gap::Gap;
pub(crate) use inventory::{Inventory, Segment};
pub use prepare::{Preparation, PrepareOrder, Prepared};
pub use reader::LogReader;
pub(crate) use reader::{Bookmark, Stop, bookmark_at};
pub use recover::Exclusion;
pub(crate) use recover::{End, Known, Recovered, Recovery, Tail, Verdict, Walk, misplaced_header};

pub use writer::{Entry, LogOptions, LogWriter, Supply};

/// A place in the log: everything up to and including record `sequence`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Number of the last record; 0 before the first.
    pub sequence: u64,
    /// Its log time, microseconds since 1970 UTC.
    pub at: u64,
    /// Its hash, by which a checkpoint and the log recognise each other.
    pub chain: Chain,
}

/// Why the log did not take, or did not give, a record.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk failed; the log is poisoned.
    #[error("{}: {}", Code::DiskFailed, Code::DiskFailed.headline())]
    Disk(#[from] disk::Error),
    /// An earlier write or sync failed; nothing more is written by this process.
    #[error("{}: {}", Code::DiskFailed, "the log is closed after a failed write")]
    Poisoned,
    /// What is on disk is not what was written.
    #[error("{0}")]
    Damaged(Finding),
    /// The payload is larger than a record, or than a segment has room for.
    #[error("{}: a payload of {length} bytes; at most {limit} fit", Code::Refused)]
    TooLarge {
        /// Length of the payload.
        length: usize,
        /// What would have fitted.
        limit: usize,
    },
    /// Log time went back, or a batch repeats the time of the batch before.
    #[error("{}: log time {at} follows {last}", Code::Refused)]
    Backwards {
        /// Time of the record refused.
        at: u64,
        /// Time of the record before.
        last: u64,
    },
    /// The first record of an epoch is `open`, and only that.
    #[error("{}: an epoch begins with one `open` record", Code::Refused)]
    OpenFirst,
    /// `PENDING_BYTES_MAX` wait for the disk.
    #[error("{}: {}", Code::Behind, Code::Behind.headline())]
    Behind,
    /// A flush was begun and not completed.
    #[error("{}: one flush at a time", Code::Refused)]
    FlushUnderWay,
    /// No prepared segment is left and none can be made.
    #[error("{}: {}", Code::NoRoom, Code::NoRoom.headline())]
    NoRoom,
}

impl Error {
    /// The code of the page that tells more.
    pub fn code(&self) -> Code {
        match self {
            Self::Disk(_) | Self::Poisoned => Code::DiskFailed,
            Self::Damaged(finding) => finding.code,
            Self::TooLarge { .. } | Self::Backwards { .. } | Self::OpenFirst | Self::FlushUnderWay => Code::Refused,
            Self::Behind => Code::Behind,
            Self::NoRoom => Code::NoRoom,
        }
    }
}

/// Result of a call on the log.
pub type Result<T> = std::result::Result<T, Error>;
