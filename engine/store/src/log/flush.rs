//! Flush: in which order do records reach the disk?
//!
//! ```text
//!  group 1, rest of the segment      pwrite, fdatasync
//!  group 2, a new segment            rename, fsync directory, then header and records: pwrite, fdatasync
//! ```
//! Each group ends on a 4,096 boundary and lies in one segment, so the older one is durable before the newer is written.
//! - **How it fits**: [`LogWriter::begin_flush`](super::LogWriter::begin_flush) hands one out; the shell may run it on another
//!   thread while the next records are appended, and gives the outcome back.
//! - INVARIANT: one sync for each group, never repeated.
//! - **Not here**: what is in the records, when to flush.

use super::Position;
use super::prepare::Prepared;
use crate::disk::{self, Access, Disk, DiskFile};

/// Where a group goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The segment that is open.
    Current,
    /// A new one.
    Roll {
        /// The prepared file.
        prepared: Prepared,
        /// Its final path.
        path: String,
    },
}

/// Bytes for one place in one segment.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) target: Target,
    /// First sequence of its segment.
    pub(super) segment: u64,
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) last: Position,
}

/// What a flush needs to do its work.
#[derive(Debug)]
pub(super) struct FlushIo<D: Disk> {
    pub(super) disk: D,
    pub(super) directory: String,
    pub(super) file: Option<D::File>,
}

/// Records on their way to the disk.
#[derive(Debug)]
pub struct Flush<D: Disk> {
    pub(super) io: FlushIo<D>,
    pub(super) groups: Vec<Group>,
}

/// How a flush ended.
#[derive(Debug)]
pub struct FlushDone<D: Disk> {
    pub(super) io: FlushIo<D>,
    pub(super) groups: Vec<Group>,
    pub(super) outcome: disk::Result<()>,
}

impl<D: Disk> Flush<D> {
    /// Bytes it will write.
    pub fn bytes(&self) -> u64 {
        self.groups.iter().map(|group| group.bytes.len() as u64).sum()
    }

    /// Writes and syncs every group; blocks until the disk has answered.
    ///
    /// - **Output**: to be given to [`LogWriter::complete`](super::LogWriter::complete), whatever the outcome.
    pub fn run(mut self) -> FlushDone<D> {
        let mut outcome = Ok(());
        for group in &self.groups {
            outcome = self.io.write(group);
            if outcome.is_err() {
                break;
            }
        }
        FlushDone { io: self.io, groups: std::mem::take(&mut self.groups), outcome }
    }
}

impl<D: Disk> FlushIo<D> {
    fn write(&mut self, group: &Group) -> disk::Result<()> {
        if let Target::Roll { prepared, path, .. } = &group.target {
            let from = format!("{}/{}", self.directory, prepared.name);
            self.disk.rename(&from, path)?;
            self.disk.sync_directory(&self.directory)?;
            self.file = Some(disk::open(&self.disk, path, Access::Write)?);
        }
        if let Some(file) = &self.file {
            file.write_all(&group.bytes, group.offset)?;
            file.fdatasync()?;
        }
        Ok(())
    }
}
