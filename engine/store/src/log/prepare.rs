//! Preparation: how is space for the log found before it is needed?
//!
//! ```text
//!  next-0  next-1      two segments always wait; a roll takes one
//!  reserve-0 … n       kept for the hours when the volume is full: then nothing needs to be allocated
//! ```
//! A prepared file is reserved, filled with zeros and synced, name and all. The zeros matter: a sync into allocated but
//! unwritten space has to change the file's map as well, which costs tens of milliseconds at worst instead of one.
//! - **How it fits**: the shell asks [`LogWriter::wanted`](super::LogWriter::wanted), lets another thread carry the order out,
//!   and hands the result back; a roll takes what is ready.
//! - LIMIT: `PREPARED_SEGMENTS` and `RESERVE_BYTES`; with none left the log takes nothing.
//! - **Not here**: deciding what is refused while the volume is full (admission), the time.

use super::Result;
use crate::disk::{self, Disk, DiskFile, Space};
use crate::limits::{CHUNK_BYTES, PREPARED_SEGMENTS};

/// A file to be prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrepareOrder {
    /// Directory of the log.
    pub directory: String,
    /// Name in it.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
}

impl PrepareOrder {
    fn path(&self) -> String {
        format!("{}/{}", self.directory, self.name)
    }

    /// Makes the file and reserves its space; a lack of it is met here.
    ///
    /// - **Errors**: [`disk::Error::Full`], and then no file is left behind.
    pub fn start<D: Disk>(self, disk: &D) -> disk::Result<Preparation<D>> {
        let path = self.path();
        if let Err(error) = disk.unlink(&path)
            && !error.is_missing()
        {
            return Err(error);
        }
        let file = disk.create(&path)?;
        if let Err(error) = file.reserve(self.size) {
            disk.unlink(&path)?;
            return Err(error);
        }
        Ok(Preparation { disk: disk.clone(), file, order: self, written: 0 })
    }
}

/// A file that is being prepared.
#[derive(Debug)]
pub struct Preparation<D: Disk> {
    disk: D,
    file: D::File,
    order: PrepareOrder,
    written: u64,
}

impl<D: Disk> Preparation<D> {
    /// Writes the next zeros, at most `CHUNK_BYTES`; syncs after the last and gives the file.
    pub fn step(&mut self) -> disk::Result<Option<Prepared>> {
        let left = self.order.size - self.written;
        let zeros = [0; 64 << 10];
        let mut chunk = left.min(CHUNK_BYTES as u64);
        while chunk > 0 {
            let length = usize::try_from(chunk).unwrap_or(usize::MAX).min(zeros.len());
            let part = zeros.get(..length).unwrap_or(&zeros);
            if let Err(error) = self.file.write_all(part, self.written) {
                return Err(self.abandon(error));
            }
            self.written += length as u64;
            chunk -= length as u64;
        }
        if self.written < self.order.size {
            return Ok(None);
        }
        self.file.fsync()?;
        self.disk.sync_directory(&self.order.directory)?;
        Ok(Some(Prepared { name: self.order.name.clone(), size: self.order.size }))
    }

    /// Gives the space back when there is not enough of it.
    fn abandon(&self, error: disk::Error) -> disk::Error {
        match self.disk.unlink(&self.order.path()) {
            Err(worse) if error.is_full() => worse,
            Ok(()) | Err(_) => error,
        }
    }
}

/// A file that is ready to become a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Its name in the directory of the log.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
}

/// How much room the log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Supply {
    /// All is well.
    Normal,
    /// Less than twice the reserve is free on the volume.
    Low,
    /// A segment could not be prepared; the log goes on in the reserve.
    Full,
    /// The reserve is used up: the log takes nothing.
    Exhausted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SlotState {
    Missing,
    Ready,
    /// Taken by a roll that has not reached the disk: its name is not free yet.
    Claimed,
}

#[derive(Clone, Debug)]
struct Slot {
    name: String,
    state: SlotState,
}

/// Which prepared files there are.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    directory: String,
    size: u64,
    reserve_bytes: u64,
    slots: Vec<Slot>,
    is_full: bool,
}

impl Shelf {
    pub(super) fn new(directory: String, size: u64, reserve_bytes: u64) -> Self {
        let reserves = reserve_bytes.div_ceil(size.max(1)).max(1);
        let next = (0..PREPARED_SEGMENTS).map(|number| format!("next-{number}.prep"));
        let reserve = (0..reserves).map(|number| format!("reserve-{number}.prep"));
        let slots = next.chain(reserve).map(|name| Slot { name, state: SlotState::Missing });
        Self { directory, size, reserve_bytes, slots: slots.collect(), is_full: false }
    }

    /// Takes over what an earlier process prepared, after syncing it again; removes what does not fit.
    pub(super) fn adopt<D: Disk>(&mut self, disk: &D, found: &[(String, u64)]) -> Result<()> {
        for (name, length) in found {
            let path = format!("{}/{name}", self.directory);
            let size = self.size;
            match self.slots.iter_mut().find(|slot| slot.name == *name && *length == size) {
                Some(slot) => {
                    disk::open(disk, &path, disk::Access::Write)?.fsync()?;
                    slot.state = SlotState::Ready;
                }
                None => disk.unlink(&path)?,
            }
        }
        Ok(disk.sync_directory(&self.directory)?)
    }

    pub(super) fn wanted(&self) -> Option<PrepareOrder> {
        let slot = self.slots.iter().find(|slot| slot.state == SlotState::Missing)?;
        Some(PrepareOrder { directory: self.directory.clone(), name: slot.name.clone(), size: self.size })
    }

    pub(super) fn accept(&mut self, prepared: &Prepared) {
        self.is_full = false;
        let size = self.size;
        let slot = self.slots.iter_mut().find(|slot| slot.name == prepared.name && prepared.size == size);
        if let Some(slot) = slot {
            slot.state = SlotState::Ready;
        }
    }

    pub(super) fn note_full(&mut self) {
        self.is_full = true;
    }

    /// Takes the next ready file, the reserve last.
    pub(super) fn take(&mut self) -> Option<Prepared> {
        let slot = self.slots.iter_mut().find(|slot| slot.state == SlotState::Ready)?;
        slot.state = SlotState::Claimed;
        Some(Prepared { name: slot.name.clone(), size: self.size })
    }

    /// The file has its final name; its place on the shelf is free.
    pub(super) fn release(&mut self, name: &str) {
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.name == name) {
            slot.state = SlotState::Missing;
        }
    }

    pub(super) fn supply(&self, space: Space) -> Supply {
        let has_ready = self.slots.iter().any(|slot| slot.state == SlotState::Ready);
        match (self.is_full, has_ready) {
            (true, false) => Supply::Exhausted,
            (true, true) => Supply::Full,
            (false, _) if space.free < self.reserve_bytes.saturating_mul(2) => Supply::Low,
            (false, _) => Supply::Normal,
        }
    }
}
