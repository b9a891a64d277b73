//! Cut: which old segments may go, and in which order?
//!
//! A segment goes when its last record is in the *older* checkpoint, so that either of the two can still be replayed from,
//! and when everybody else who needs its records has them. Its dead letters are copied and synced first. The oldest goes
//! first and each removal is made durable, so that a crash leaves a log that begins later, never one with a hole.
//! - **How it fits**: the shell calls it after a checkpoint was retired.
//! - **Not here**: who else needs the records (the caller brings the bound).

use super::inventory::Inventory;
use super::{Error, LogReader, Result};
use crate::dead;
use crate::disk::Disk;
use crate::segment::Identity;

/// Up to where each keeper has what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutBounds {
    /// Last sequence of the older checkpoint.
    pub checkpoint: u64,
    /// Last sequence whose rows are in the archive's manifest.
    pub archive: u64,
}

impl CutBounds {
    fn through(self) -> u64 {
        self.checkpoint.min(self.archive)
    }
}

/// What a cut did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CutReport {
    /// Segments removed.
    pub segments: u64,
    /// Bytes given back.
    pub bytes: u64,
    /// Records with dead letters copied.
    pub dead_letters: u64,
}

/// Last sequence up to which whole segments hold nothing that was written at `before` or later, log time in microseconds.
///
/// - **Output**: 0 if not even the oldest segment is that old.
/// - **Cost**: reads the first record of each segment.
pub fn through_before<D: Disk>(disk: &D, identity: Identity, before: u64) -> Result<u64> {
    let inventory = Inventory::read(disk, &identity)?;
    let mut through = 0;
    for next in inventory.segments.iter().skip(1) {
        let mut reader = LogReader::between(disk, identity, next.first, next.first)?;
        match reader.next_record()? {
            // Log time does not fall, so all before this record is at least as old.
            Some(record) if record.header.at < before => through = next.first - 1,
            Some(_) | None => break,
        }
    }
    Ok(through)
}

/// Removes the segments nobody needs.
///
/// - **Errors**: [`Error::Damaged`] if a segment to be removed is not sound: it stays, with all after it.
pub fn cut<D: Disk>(disk: &D, identity: Identity, bounds: CutBounds) -> Result<CutReport> {
    let inventory = Inventory::read(disk, &identity)?;
    if let Some(finding) = inventory.findings.into_iter().next() {
        return Err(Error::Damaged(finding));
    }
    let mut report = CutReport::default();
    for pair in inventory.segments.windows(2) {
        let [segment, next] = pair else { break };
        if next.first - 1 > bounds.through() {
            break;
        }
        report.dead_letters += dead::copy(disk, identity, segment, next.first - 1)?;
        disk.unlink(&segment.path)?;
        disk.sync_directory(&identity.log_directory())?;
        report.segments += 1;
        report.bytes += segment.length;
    }
    Ok(report)
}
