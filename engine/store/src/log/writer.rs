//! Writer: how does a record get its number, its checksums and its place?
//!
//! An append works in memory alone: it numbers, hashes and copies the record into the group of the next flush, and begins a
//! new segment when this one has no room. A flush then writes what waits. The caller decides when, and may let another
//! thread run it while further records are appended.
//! - **How it fits**: the log thread of the shell owns it; [`Store::open`](crate::store::Store::open) makes it.
//! - INVARIANT: `floor` is the highest sequence a completed flush reached, never the record's own.
//! - LIMIT: `PAYLOAD_BYTES_MAX` a record, `PENDING_BYTES_MAX` waiting; beyond them an append is refused.
//! - **Not here**: batches, time, what a payload means.
//!
//! ```
//! # use wardline_store::disk::SimDisk;
//! # use wardline_store::record::{Flags, Kind};
//! # use wardline_store::store::{Options, Store};
//! # use wardline_store::log::Entry;
//! # let options = Options { segment_bytes: 64 << 10, reserve_bytes: 64 << 10, ..Options::default() };
//! let mut opened = Store::open(SimDisk::new(1), &options).expect("an empty directory opens");
//! let log = &mut opened.writer;
//! log.append(Entry::new(Kind::Open, 10), &[b"version 1"])?;
//! log.append(Entry::new(Kind::Batch, 11), &[b"two ", b"parts"])?;
//! assert_eq!(log.durable().sequence, 0, "nothing may be acknowledged yet");
//! assert_eq!(log.flush()?.sequence, 2, "now both may");
//! # Ok::<(), wardline_store::log::Error>(())
//! ```

use super::flush::{Flush, FlushDone, FlushIo, Group, Target};
pub use super::prepare::Supply;
use super::prepare::{PrepareOrder, Prepared, Shelf};
use super::recover::NO_CHAIN;
use super::{End, Error, Position, Result, Tail};
use crate::disk::{self, Access, Disk};
use crate::limits::{BLOCK_BYTES, PAYLOAD_BYTES_MAX, PENDING_BYTES_MAX};
use crate::record::{self, Chain, Flags, HEADER_BYTES, Header, Kind, Place, footprint};
use crate::segment::{self, Identity};

/// Sizes of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// Size of new segments in bytes.
    pub segment_bytes: u64,
    /// Space kept for when the volume is full, in bytes.
    pub reserve_bytes: u64,
}

/// What is said of a record beside its payload; the log adds the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is about.
    pub kind: Kind,
    /// Version of the payload's encoding.
    pub format: u8,
    /// What is set beside the kind.
    pub flags: Flags,
    /// Log time, microseconds since 1970 UTC; never before the record before, and for a batch after the batch before.
    pub at: u64,
}

impl Entry {
    /// A record of format 1 without flags.
    pub fn new(kind: Kind, at: u64) -> Self {
        Self { kind, format: 1, flags: Flags::NONE, at }
    }
}

#[derive(Clone, Copy, Debug)]
struct Current {
    first: u64,
    place: Place,
    size: u64,
    /// First byte that no record, written or waiting, takes.
    used: u64,
}

/// Appends to one log; there is one in a process.
#[derive(Debug)]
pub struct LogWriter<D: Disk> {
    disk: D,
    identity: Identity,
    epoch: u32,
    options: LogOptions,
    last: Position,
    batch_at: Option<u64>,
    durable: Position,
    current: Option<Current>,
    groups: Vec<Group>,
    pending: usize,
    spare: Vec<Vec<u8>>,
    shelf: Shelf,
    io: Option<FlushIo<D>>,
    newest_segment: u64,
    has_opened: bool,
    is_poisoned: bool,
}

impl<D: Disk> LogWriter<D> {
    /// Goes on at `end`, in `epoch`, with the prepared files in `found`.
    pub(crate) fn new(disk: D, identity: Identity, epoch: u32, options: LogOptions, end: &End) -> Result<Self> {
        let directory = identity.log_directory();
        let mut writer = Self {
            shelf: Shelf::new(directory.clone(), options.segment_bytes, options.reserve_bytes),
            io: Some(FlushIo { disk: disk.clone(), directory, file: None }),
            disk,
            identity,
            epoch,
            options,
            last: end.position,
            batch_at: end.batch_at,
            durable: end.position,
            current: None,
            groups: Vec::new(),
            pending: 0,
            spare: Vec::new(),
            newest_segment: 0,
            has_opened: false,
            is_poisoned: false,
        };
        writer.resume(&end.tail)?;
        Ok(writer)
    }

    pub(crate) fn adopt(&mut self, found: &[(String, u64)]) -> Result<()> {
        let disk = self.disk.clone();
        self.shelf.adopt(&disk, found)
    }

    fn resume(&mut self, tail: &Tail) -> Result<()> {
        let path = match tail {
            Tail::Nothing => return Ok(()),
            Tail::Blank { path, size } => {
                self.begin_segment(Target::Current, *size);
                path
            }
            Tail::Begun { path, first, size, offset } => {
                self.newest_segment = if *first <= self.last.sequence { *first } else { 0 };
                self.current = Some(Current {
                    first: *first,
                    place: Place::new(&self.identity.instance, *first),
                    size: *size,
                    used: *offset,
                });
                path
            }
        };
        let file = disk::open(&self.disk, path, Access::Write)?;
        if let Some(io) = &mut self.io {
            io.file = Some(file);
        }
        Ok(())
    }

    /// Adds a record to the next flush.
    ///
    /// - **Input** `payload`: its parts, in order; they are copied.
    /// - **Output**: its position; durable once [`LogWriter::durable`] has reached it.
    /// - **Errors**: [`Error::Poisoned`], [`Error::OpenFirst`], [`Error::Backwards`], [`Error::TooLarge`],
    ///   [`Error::Behind`], [`Error::NoRoom`]; after each of them the log is as before.
    /// - **Cost**: one copy, one CRC32C of the payload, one BLAKE3 of the record; no allocation once the buffers have grown.
    pub fn append(&mut self, entry: Entry, payload: &[&[u8]]) -> Result<Position> {
        let length = payload.iter().map(|part| part.len()).sum();
        self.admit(&entry, length)?;
        if !self.has_room(length) {
            self.roll(length)?;
        }
        self.put(&entry, payload, length);
        self.has_opened = true;
        if entry.kind == Kind::Batch {
            self.batch_at = Some(entry.at);
        }
        Ok(self.last)
    }

    /// Begins a new segment, unless nothing is in this one yet: then no other would have room either.
    fn roll(&mut self, length: usize) -> Result<()> {
        let first = self.last.sequence + 1;
        if let Some(current) = self.current.filter(|current| current.first == first) {
            let limit = usize::try_from(current.size - current.used).unwrap_or(usize::MAX);
            return Err(Error::TooLarge { length, limit: limit.saturating_sub(HEADER_BYTES) });
        }
        let prepared = self.take_prepared()?;
        let size = prepared.size;
        let path = self.identity.segment_path(first);
        self.begin_segment(Target::Roll { prepared, path }, size);
        Ok(())
    }

    fn admit(&self, entry: &Entry, length: usize) -> Result<()> {
        if self.is_poisoned {
            return Err(Error::Poisoned);
        }
        if (entry.kind == Kind::Open) == self.has_opened {
            return Err(Error::OpenFirst);
        }
        let repeats = self.batch_at.filter(|&at| entry.kind == Kind::Batch && entry.at <= at);
        if entry.at < self.last.at || repeats.is_some() {
            return Err(Error::Backwards { at: entry.at, last: repeats.unwrap_or(self.last.at) });
        }
        let limit = self.payload_max();
        if length > limit {
            return Err(Error::TooLarge { length, limit });
        }
        if self.pending > 0 && self.pending + footprint(length) > PENDING_BYTES_MAX {
            return Err(Error::Behind);
        }
        Ok(())
    }

    /// Largest payload this log takes, in bytes.
    pub fn payload_max(&self) -> usize {
        let room = usize::try_from(self.options.segment_bytes).unwrap_or(usize::MAX);
        PAYLOAD_BYTES_MAX.min(room.saturating_sub(segment::HEADER_BYTES + HEADER_BYTES))
    }

    fn has_room(&self, length: usize) -> bool {
        self.current.is_some_and(|current| current.used + footprint(length) as u64 <= current.size)
    }

    /// A prepared file, made here and now if none waits.
    fn take_prepared(&mut self) -> Result<Prepared> {
        if let Some(prepared) = self.shelf.take() {
            return Ok(prepared);
        }
        self.prepare()?;
        self.shelf.take().ok_or(Error::NoRoom)
    }

    fn begin_segment(&mut self, target: Target, size: u64) {
        let first = self.last.sequence + 1;
        let header = segment::Header {
            identity: self.identity,
            first,
            chain: if first == 1 { NO_CHAIN } else { self.last.chain },
            epoch: self.epoch,
            size,
        };
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.extend_from_slice(&header.encode());
        if first == 1 {
            self.last.chain = Chain::of(&bytes);
        }
        self.pending += bytes.len();
        self.current =
            Some(Current { first, place: Place::new(&self.identity.instance, first), size, used: bytes.len() as u64 });
        self.groups.push(Group { target, segment: first, offset: 0, bytes, last: self.last });
    }

    fn put(&mut self, entry: &Entry, payload: &[&[u8]], length: usize) {
        let Some(current) = &mut self.current else {
            return;
        };
        if self.groups.is_empty() {
            self.groups.push(Group {
                target: Target::Current,
                segment: current.first,
                offset: current.used,
                bytes: self.spare.pop().unwrap_or_default(),
                last: self.last,
            });
        }
        let Some(group) = self.groups.last_mut() else {
            return;
        };
        let header = Header {
            kind: entry.kind,
            format: entry.format,
            flags: entry.flags,
            length: u32::try_from(length).unwrap_or(u32::MAX),
            payload_crc: 0,
            sequence: self.last.sequence + 1,
            at: entry.at,
            floor: self.durable.sequence,
            epoch: self.epoch,
            prev: self.last.chain,
        };
        let chain = record::write(&mut group.bytes, header, payload, current.place);
        self.last = Position { sequence: header.sequence, at: entry.at, chain };
        group.last = self.last;
        current.used += footprint(length) as u64;
        self.pending += footprint(length);
    }

    /// Takes what waits, so that it can be written; `None` if nothing does.
    ///
    /// - **Errors**: [`Error::Poisoned`]; [`Error::FlushUnderWay`] until the flush before was completed.
    pub fn begin_flush(&mut self) -> Result<Option<Flush<D>>> {
        if self.is_poisoned {
            return Err(Error::Poisoned);
        }
        if self.io.is_none() {
            return Err(Error::FlushUnderWay);
        }
        if self.durable.sequence == self.last.sequence {
            return Ok(None);
        }
        for group in &mut self.groups {
            group.bytes.resize(group.bytes.len().next_multiple_of(BLOCK_BYTES), 0);
        }
        if let Some(current) = &mut self.current {
            current.used = current.used.next_multiple_of(BLOCK_BYTES as u64);
        }
        self.pending = 0;
        let groups = std::mem::take(&mut self.groups);
        Ok(self.io.take().map(|io| Flush { io, groups }))
    }

    /// Takes note of how a flush ended.
    ///
    /// - **Output**: the last durable position: everything up to it may be acknowledged and applied.
    /// - **Errors**: [`Error::Disk`]; from then on every call is [`Error::Poisoned`], and the process should end.
    pub fn complete(&mut self, done: FlushDone<D>) -> Result<Position> {
        if let Err(error) = done.outcome {
            self.is_poisoned = true;
            return Err(Error::Disk(error));
        }
        self.io = Some(done.io);
        for mut group in done.groups {
            self.durable = group.last;
            if let Target::Roll { prepared, .. } = &group.target {
                self.shelf.release(&prepared.name);
            }
            // Only now does it hold a record that nobody may lose.
            self.newest_segment = self.newest_segment.max(group.segment);
            group.bytes.clear();
            self.spare.push(group.bytes);
        }
        Ok(self.durable)
    }

    /// Writes and syncs what waits, here and now; see [`LogWriter::complete`].
    pub fn flush(&mut self) -> Result<Position> {
        match self.begin_flush()? {
            Some(flush) => self.complete(flush.run()),
            None => Ok(self.durable),
        }
    }

    /// Last position known durable.
    pub fn durable(&self) -> Position {
        self.durable
    }

    /// Last position appended.
    pub fn last(&self) -> Position {
        self.last
    }

    /// Epoch of this writer.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Bytes that wait for the next flush.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// First sequence of the newest segment whose first record is durable; 0 before this writer knows of one. Worth noting in `EPOCH` after each roll,
    /// with [`Ownership::note_newest_segment`](crate::store::Ownership::note_newest_segment).
    pub fn newest_segment(&self) -> u64 {
        self.newest_segment
    }

    /// Closes the log for this process, as after a failed write.
    pub fn poison(&mut self) {
        self.is_poisoned = true;
    }

    /// Whether the log is closed for this process.
    pub fn is_poisoned(&self) -> bool {
        self.is_poisoned
    }

    /// The next file to prepare, off the hot path; `None` when all are there.
    pub fn wanted(&self) -> Option<PrepareOrder> {
        self.shelf.wanted()
    }

    /// Takes a file that was prepared.
    pub fn accept(&mut self, prepared: &Prepared) {
        self.shelf.accept(prepared);
    }

    /// Takes note that the volume had no room for a file.
    pub fn note_full(&mut self) {
        self.shelf.note_full();
    }

    /// Prepares the next file here and now.
    ///
    /// - **Output**: whether one was made; not, if none is wanted or the volume is full.
    /// - **Errors**: [`Error::Disk`], which poisons.
    pub fn prepare(&mut self) -> Result<bool> {
        let Some(order) = self.wanted() else {
            return Ok(false);
        };
        match prepare_whole(&self.disk, order) {
            Ok(prepared) => {
                self.accept(&prepared);
                Ok(true)
            }
            Err(error) if error.is_full() => {
                self.note_full();
                Ok(false)
            }
            Err(error) => {
                self.is_poisoned = true;
                Err(Error::Disk(error))
            }
        }
    }

    /// How much room the log has.
    ///
    /// - **Errors**: [`Error::Disk`] if the volume cannot be asked; this does not poison.
    pub fn supply(&self) -> Result<Supply> {
        Ok(self.shelf.supply(self.disk.space()?))
    }
}

fn prepare_whole<D: Disk>(disk: &D, order: PrepareOrder) -> disk::Result<Prepared> {
    let mut preparation = order.start(disk)?;
    loop {
        if let Some(prepared) = preparation.step()? {
            return Ok(prepared);
        }
    }
}
