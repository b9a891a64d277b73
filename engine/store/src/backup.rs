//! Backup: how is a data directory copied while the engine writes into it?
//!
//! The sound checkpoints first, then the log from the oldest segment on, then dead letters; then the copy is verified.
//! The last segment is copied only as far as its records are whole at that moment: what the engine adds meanwhile could
//! reach the copy in another order than it reached the disk, and would look like damage.
//! - **How it fits**: `wardline export --backup`; `run --restored` opens the copy.
//! - **Not here**: the archive's Parquet files, which are immutable and copied by any tool; deciding that the old node is gone.

use std::sync::Arc;

use crate::checkpoint::{self, Checkpoints, Generation};
use crate::codes::Code;
use crate::dead;
use crate::disk::{self, Access, Disk, DiskFile};
use crate::finding::Finding;
use crate::instance::{EPOCH, INSTANCE, Instance};
use crate::limits::{CHUNK_BYTES, GENERATIONS};
use crate::log::{self, Inventory, LogReader, Position, Segment, bookmark_at};
use crate::segment::Identity;
use crate::verify::{Report, verify};

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// One of the two disks failed.
    #[error("{}: {}", Code::DiskFailed, Code::DiskFailed.headline())]
    Disk(#[from] disk::Error),
    /// The source is damaged, or the target is in use.
    #[error("{0}")]
    Refused(Finding),
    /// The source could not be read.
    #[error(transparent)]
    Log(log::Error),
}

/// Copies the data directory `from` into the empty directory `to` and verifies the copy.
///
/// - **Input** `pace`: told how many bytes were copied; it may wait.
/// - **Output**: the report on the copy.
/// - **Errors**: [`Error`]; the copy is then not to be used.
pub fn backup<D: Disk, E: Disk>(from: &D, to: &E, pace: &mut dyn FnMut(u64)) -> Result<Report, Error> {
    let refused = |path: &str, cause: &str| Error::Refused(Finding::new(Code::InstanceDamaged, path, cause));
    let instance =
        Instance::read(from)?.ok_or_else(|| refused(INSTANCE, "it is not there"))?.map_err(Error::Refused)?;
    if !to.list("")?.is_empty() {
        return Err(refused(".", "the target of a backup must be empty"));
    }
    let identity = Identity { instance: instance.id, partition: 0 };
    for path in
        ["log", "ckpt", "dead", &identity.log_directory(), &identity.checkpoint_directory(), &identity.dead_directory()]
    {
        disk::ensure_directory(to, path)?;
    }
    let mut copier = Copier { from, to, pace };
    // Before the log: it must not speak of a segment that is begun behind the one copied last.
    copier.file(EPOCH)?;
    copier.checkpoints(identity)?;
    copier.log(identity)?;
    drop_outrun(to, identity)?;
    for path in dead::list(from, &identity)? {
        copier.file(&path)?;
    }
    copier.file(INSTANCE)?;
    for path in [
        &identity.log_directory(),
        &identity.checkpoint_directory(),
        &identity.dead_directory(),
        "log",
        "ckpt",
        "dead",
        "",
    ] {
        to.sync_directory(path)?;
    }
    let report = verify(to)?;
    // The log may say of a newer checkpoint that was completed meanwhile.
    let is_right = |finding: &&Finding| matches!(finding.code, Code::TornTail | Code::CheckpointMissing);
    match report.findings.iter().find(|finding| !is_right(finding)) {
        Some(finding) => Err(Error::Refused(finding.clone())),
        None => Ok(report),
    }
}

/// Removes checkpoints from the copy whose log was cut while it was made.
fn drop_outrun<E: Disk>(to: &E, identity: Identity) -> Result<(), Error> {
    let first = Inventory::read(to, &identity)?.segments.first().map_or(1, |segment| segment.first);
    let generations = Checkpoints::new(to.clone(), identity).generations()?;
    for generation in generations.iter().filter(|generation| generation.sequence + 1 < first) {
        to.unlink(&generation.path)?;
    }
    Ok(())
}

struct Copier<'a, D, E> {
    from: &'a D,
    to: &'a E,
    pace: &'a mut dyn FnMut(u64),
}

impl<D: Disk, E: Disk> Copier<'_, D, E> {
    /// The checkpoints that are sound: the copy falls back on as much as the original.
    fn checkpoints(&mut self, identity: Identity) -> Result<(), Error> {
        let checkpoints = Checkpoints::new(self.from.clone(), identity);
        for generation in checkpoints.generations()?.iter().take(GENERATIONS) {
            let copied = match is_sound(&checkpoints, generation) {
                Ok(()) => self.file(&generation.path),
                Err(checkpoint::Error::Disk(error)) => Err(Error::Disk(error)),
                Err(_) => Ok(()),
            };
            match copied {
                // Retired meanwhile.
                Err(Error::Disk(error)) if error.is_missing() => {}
                other => other?,
            }
        }
        Ok(())
    }

    fn log(&mut self, identity: Identity) -> Result<(), Error> {
        let inventory = Inventory::read(self.from, &identity)?;
        let Some((last, closed)) = inventory.segments.split_last() else {
            return Ok(());
        };
        for segment in closed {
            match self.file(&segment.path) {
                // Cut meanwhile: the checkpoint that was copied does not need it.
                Err(Error::Disk(error)) if error.is_missing() => {}
                other => other?,
            }
        }
        let Some((header, _)) = last.valid() else {
            return Ok(());
        };
        let segments: Arc<[Segment]> = Arc::from([last.clone()]);
        let mark = bookmark_at(Position { sequence: header.first - 1, at: 0, chain: header.chain });
        let mut reader = LogReader::new(self.from.clone(), identity, segments, mark);
        while reader.next_record().map_err(Error::Log)?.is_some() {}
        self.part(&last.path, reader.stop().offset, last.length)
    }

    fn file(&mut self, path: &str) -> Result<(), Error> {
        let length = disk::open(self.from, path, Access::Read)?.length()?;
        self.part(path, length, length)
    }

    /// Copies the first `sound` bytes and writes zeros up to `length`.
    fn part(&mut self, path: &str, sound: u64, length: u64) -> Result<(), Error> {
        let source = disk::open(self.from, path, Access::Read)?;
        let copy = self.to.create(path)?;
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut at = 0;
        while at < length {
            let size = usize::try_from(length - at).unwrap_or(usize::MAX).min(CHUNK_BYTES);
            let bytes = &mut chunk[..size];
            let keep = usize::try_from(sound.saturating_sub(at)).unwrap_or(usize::MAX).min(size);
            let read = source.read_full(&mut bytes[..keep], at)?;
            bytes[read..].fill(0);
            copy.write_all(bytes, at)?;
            at += size as u64;
            (self.pace)(size as u64);
        }
        Ok(copy.fsync()?)
    }
}

fn is_sound<D: Disk>(checkpoints: &Checkpoints<D>, generation: &Generation) -> checkpoint::Result<()> {
    checkpoints.open(generation)?.check_all()
}

#[cfg(test)]
mod tests;
