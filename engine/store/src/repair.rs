//! Repair: how does a log go on when durable records are lost and no copy exists?
//!
//! Only a person may say so, naming the range. The damaged files are kept under `quarantine/`, a `gap` record takes the
//! place of the first lost one, and the loss stays visible for ever.
//! ```text
//!  copy damaged files to quarantine/ ─► write the mended segment under tmp/ ─► remove what lies within the loss ─► rename
//! ```
//! A crash in between leaves the damage as it was, and the same call mends it again.
//! - **How it fits**: `wardline verify --accept-loss`, with the engine stopped.
//! - **Not here**: refetching from a copy, which is always better; asking twice (the command line does).

use std::sync::Arc;

use crate::checkpoint::Checkpoints;
use crate::codes::Code;
use crate::disk::{self, Access, Disk, DiskFile};
use crate::finding::Finding;
use crate::instance::{Epoch, INSTANCE, Instance, LOCK, Owner};
use crate::limits::CHUNK_BYTES;
use crate::log::{
    self, Gap, Inventory, Known, LogReader, Position, Recovery, Segment, Stop, Verdict, Walk, bookmark_at,
};
use crate::record::{self, Chain, Flags, Header, Kind, Place, footprint};
use crate::segment::{self, Identity};

/// Why a loss was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk failed.
    #[error("{}: {}", Code::DiskFailed, Code::DiskFailed.headline())]
    Disk(#[from] disk::Error),
    /// The log cannot be read at all.
    #[error(transparent)]
    Log(log::Error),
    /// Nothing durable is missing.
    #[error("no durable record is missing")]
    NothingLost,
    /// Another range is lost than the one that was named.
    #[error("records {first} to {last} are lost; name exactly these")]
    OtherRange {
        /// First record lost.
        first: u64,
        /// Last record lost.
        last: u64,
    },
    /// A file that is needed to go on is damaged.
    #[error("{0}")]
    Refused(Finding),
}

impl From<log::Error> for Error {
    fn from(error: log::Error) -> Self {
        match error {
            log::Error::Disk(error) => Self::Disk(error),
            log::Error::Damaged(finding) => Self::Refused(finding),
            other => Self::Log(other),
        }
    }
}

/// What was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// First record lost.
    pub first: u64,
    /// Last record lost.
    pub last: u64,
    /// Copies of the files as they were, damaged ones and the one that holds the gap record now.
    pub quarantined: Vec<String>,
}

struct Surgery<D: Disk> {
    disk: D,
    identity: Identity,
    segments: Arc<[Segment]>,
    stop: Stop,
    /// Index of the first sound segment behind the loss.
    resume: usize,
    gap: Gap,
}

/// Gives up the records `first` to `last`, which must be exactly those that are lost.
///
/// - **Errors**: [`Error::OtherRange`] names the range that is lost; with any error the log is as damaged as before.
pub fn accept_loss<D: Disk>(disk: &D, owner: &Owner, first: u64, last: u64) -> Result<Loss, Error> {
    let _lock = disk.lock(LOCK, &owner.pid.to_string())?;
    let missing = || Error::Refused(Finding::new(Code::InstanceDamaged, INSTANCE, "it is not there"));
    let instance = Instance::read(disk)?.ok_or_else(missing)?.map_err(Error::Refused)?;
    let identity = Identity { instance: instance.id, partition: 0 };
    let surgery = diagnose(disk, identity)?;
    let lost = (surgery.stop.expect.sequence, surgery.gap.last);
    if lost != (first, last) {
        return Err(Error::OtherRange { first: lost.0, last: lost.1 });
    }
    let quarantined = surgery.operate()?;
    Ok(Loss { first, last, quarantined })
}

/// Finds the first loss: from where, up to where, and what the log goes on with.
fn diagnose<D: Disk>(disk: &D, identity: Identity) -> Result<Surgery<D>, Error> {
    let segments: Arc<[Segment]> = Inventory::read(disk, &identity)?.segments.into();
    let checkpoints = Checkpoints::new(disk.clone(), identity);
    let sound = checkpoints.generations()?.into_iter().find(|generation| checkpoints.open(generation).is_ok());
    let epoch = Epoch::read(disk)?.and_then(Result::ok);
    let recovery = Recovery {
        disk: disk.clone(),
        identity,
        segments: Arc::clone(&segments),
        known: Known {
            checkpoint: sound.map_or(0, |generation| generation.sequence),
            newest_segment: epoch.map_or(0, |epoch| epoch.newest_segment),
        },
    };
    let stop = walk(&recovery)?;
    let seen = Walk::stopped(stop, recovery.known.floor());
    let Verdict::Damaged(_) = recovery.verdict(&seen)? else {
        return Err(Error::NothingLost);
    };
    let behind = segments.iter().enumerate().skip(stop.next);
    let next = behind.filter_map(|(index, segment)| Some((index, segment.valid()?.0)));
    let next = next.filter(|(_, header)| header.first > stop.expect.sequence).min_by_key(|(index, _)| *index);
    let (resume, gap) = match next {
        Some((index, header)) => (index, Gap { last: header.first - 1, chain: header.chain }),
        None => (segments.len(), Gap { last: recovery.look_behind(&seen)?.floor, chain: stop.expect.chain }),
    };
    Ok(Surgery { disk: disk.clone(), identity, segments, stop, resume, gap })
}

fn walk<D: Disk>(recovery: &Recovery<D>) -> Result<Stop, Error> {
    let first = recovery.segments.first();
    let header = first.and_then(Segment::valid).map(|(header, _)| header);
    let position = Position {
        sequence: first.map_or(0, |segment| segment.first.saturating_sub(1)),
        at: 0,
        chain: header.map_or(Chain::default(), |header| header.chain),
    };
    let segments = Arc::clone(&recovery.segments);
    let mut reader = LogReader::new(recovery.disk.clone(), recovery.identity, segments, bookmark_at(position));
    while reader.next_record()?.is_some() {}
    Ok(reader.stop())
}

impl<D: Disk> Surgery<D> {
    fn operate(&self) -> Result<Vec<String>, Error> {
        let mended = self.mended();
        let within = self.segments.get(self.stop.next..self.resume).unwrap_or_default();
        let damaged = within.iter().chain(mended.filter(|_| self.has_room()));
        let mut quarantined = Vec::new();
        disk::ensure_directory(&self.disk, "quarantine")?;
        // A restored copy has none yet.
        disk::ensure_directory(&self.disk, "tmp")?;
        for segment in damaged {
            quarantined.push(self.quarantine(segment)?);
        }
        self.disk.sync_directory("quarantine")?;
        self.disk.sync_directory("")?;
        let (path, bytes, size) = self.image()?;
        let fresh = "tmp/mended.wlog";
        self.write(fresh, &bytes, size)?;
        for segment in within {
            self.disk.unlink(&segment.path)?;
        }
        self.disk.sync_directory(&self.identity.log_directory())?;
        self.disk.rename(fresh, &path)?;
        self.disk.sync_directory(&self.identity.log_directory())?;
        Ok(quarantined)
    }

    /// The segment the log stops in.
    fn mended(&self) -> Option<&Segment> {
        self.stop.segment.and_then(|index| self.segments.get(index))
    }

    /// Whether the gap record fits behind the last sound one.
    fn has_room(&self) -> bool {
        let end = self.stop.offset + footprint(Gap::BYTES) as u64;
        self.mended().is_some_and(|segment| end <= segment.length)
    }

    fn quarantine(&self, segment: &Segment) -> Result<String, Error> {
        let name = segment.path.rsplit('/').next().unwrap_or_default();
        let path = format!("quarantine/{name}");
        let bytes = read(&self.disk, &segment.path, segment.length)?;
        self.write(&path, &bytes, segment.length)?;
        Ok(path)
    }

    /// Path, first bytes and size of the segment that holds the gap record.
    fn image(&self) -> Result<(String, Vec<u8>, u64), Error> {
        if let Some(segment) = self.mended().filter(|_| self.has_room()) {
            let mut bytes = read(&self.disk, &segment.path, self.stop.offset)?;
            self.append_gap(&mut bytes, segment.first, self.stop.expect.chain);
            return Ok((segment.path.clone(), bytes, segment.length));
        }
        let expect = self.stop.expect;
        let size = self.segments.first().map_or(segment::size_for_volume(0), |segment| segment.length);
        let header = segment::Header {
            identity: self.identity,
            first: expect.sequence,
            chain: expect.chain,
            epoch: expect.epoch,
            size,
        };
        let mut bytes = header.encode();
        let before = if expect.sequence == 1 { Chain::of(&bytes) } else { expect.chain };
        self.append_gap(&mut bytes, expect.sequence, before);
        Ok((self.identity.segment_path(expect.sequence), bytes, size))
    }

    fn append_gap(&self, bytes: &mut Vec<u8>, first: u64, prev: Chain) {
        let payload = self.gap.encode();
        let expect = self.stop.expect;
        let header = Header {
            kind: Kind::Gap,
            format: 1,
            flags: Flags::NONE,
            length: u32::try_from(payload.len()).unwrap_or_default(),
            payload_crc: crc32c::crc32c(&payload),
            sequence: expect.sequence,
            at: expect.at,
            floor: expect.floor,
            epoch: expect.epoch,
            prev,
        };
        bytes.resize(bytes.len().next_multiple_of(record::ALIGNMENT), 0);
        bytes.extend_from_slice(&header.encode(Place::new(&self.identity.instance, first)));
        bytes.extend_from_slice(&payload);
    }

    /// Writes a whole file, zeros behind `bytes`, and syncs it.
    fn write(&self, path: &str, bytes: &[u8], size: u64) -> Result<(), Error> {
        match self.disk.unlink(path) {
            Err(error) if !error.is_missing() => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        let file = self.disk.create(path)?;
        file.reserve(size)?;
        file.write_all(bytes, 0)?;
        let mut at = bytes.len() as u64;
        let zeros = vec![0; CHUNK_BYTES];
        while at < size {
            let length = usize::try_from(size - at).unwrap_or(usize::MAX).min(CHUNK_BYTES);
            file.write_all(&zeros[..length], at)?;
            at += length as u64;
        }
        Ok(file.fsync()?)
    }
}

fn read<D: Disk>(disk: &D, path: &str, length: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    let read = disk::open(disk, path, Access::Read)?.read_full(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}

#[cfg(test)]
mod tests;
