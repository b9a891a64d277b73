//! Reader: which records follow, and where do they end?
//!
//! It walks from record to record and from segment to segment. A record counts only if its checksums fit, its number is the
//! next, it names the hash of the one before, and epoch, log time and `floor` do not fall. The first place where none
//! follows is the *stop*; whether that is the end, an interrupted write or damage is judged elsewhere.
//! - **How it fits**: recovery walks the log with it, the core replays from it, followers and `verify` read with it.
//! - LIMIT: one record in memory, at most `PAYLOAD_BYTES_MAX`.
//! - **Not here**: judging the stop (`recover`), mending anything.

use std::sync::Arc;

use super::cursor::Cursor;
use super::inventory::{Inventory, Segment};
use super::{Error, Gap, Position, Result};
use crate::codes::Code;
use crate::disk::{self, Access, Disk};
use crate::finding::Finding;
use crate::limits::BLOCK_BYTES;
use crate::record::{ALIGNMENT, Chain, HEADER_BYTES, Header, Kind, Place, Record, Refusal};
use crate::segment::{self, Identity};

/// What the next record must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expect {
    pub(crate) sequence: u64,
    pub(crate) chain: Chain,
    pub(crate) epoch: u32,
    pub(crate) at: u64,
    pub(crate) batch_at: Option<u64>,
    pub(crate) floor: u64,
}

impl Expect {
    pub(crate) fn after(position: Position) -> Self {
        Self {
            sequence: position.sequence + 1,
            chain: position.chain,
            epoch: 0,
            at: position.at,
            batch_at: None,
            floor: 0,
        }
    }

    /// The position before the record expected.
    pub(crate) fn position(&self) -> Position {
        Position { sequence: self.sequence - 1, at: self.at, chain: self.chain }
    }

    fn admits(&self, header: &Header) -> bool {
        header.sequence == self.sequence
            && header.prev == self.chain
            && header.at >= self.at
            && header.floor >= self.floor
            && header.floor < header.sequence
            && self.admits_epoch(header)
            && self.admits_batch(header)
    }

    fn admits_epoch(&self, header: &Header) -> bool {
        header.epoch == self.epoch || (header.epoch > self.epoch && header.kind == Kind::Open)
    }

    fn admits_batch(&self, header: &Header) -> bool {
        header.kind != Kind::Batch || self.batch_at.is_none_or(|last| header.at > last)
    }
}

/// A place to go on from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bookmark {
    /// The segment that is being read; `None` before the first.
    pub(crate) segment: Option<usize>,
    /// The one that comes then.
    pub(crate) next: usize,
    /// First byte behind the last record, zeros not counted.
    pub(crate) offset: u64,
    pub(crate) expect: Expect,
}

/// Where no record follows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    pub(crate) segment: Option<usize>,
    pub(crate) next: usize,
    pub(crate) offset: u64,
    pub(crate) expect: Expect,
}

#[derive(Clone, Copy, Debug)]
struct Found {
    offset: u64,
    header: Header,
    chain: Chain,
}

/// Reads records in order.
#[derive(Debug)]
pub struct LogReader<D: Disk> {
    disk: D,
    identity: Identity,
    segments: Arc<[Segment]>,
    mark: Bookmark,
    cursor: Option<Cursor<D::File>>,
    place: Place,
    through: u64,
    padding: Option<Vec<Finding>>,
    last_offset: u64,
}

impl<D: Disk> LogReader<D> {
    pub(crate) fn new(disk: D, identity: Identity, segments: Arc<[Segment]>, mark: Bookmark) -> Self {
        Self {
            disk,
            identity,
            segments,
            mark: Bookmark { segment: None, ..mark },
            cursor: None,
            place: Place::new(&identity.instance, 0),
            through: u64::MAX,
            padding: None,
            last_offset: 0,
        }
        .resumed(mark)
    }

    fn resumed(mut self, mark: Bookmark) -> Self {
        self.mark = mark;
        if let Some(segment) = mark.segment.and_then(|index| self.segments.get(index)) {
            self.place = Place::new(&self.identity.instance, segment.first);
        }
        self
    }

    /// Ends after record `through`.
    #[must_use]
    pub fn through(mut self, through: u64) -> Self {
        self.through = through;
        self
    }

    /// Also looks at the zeros between records.
    #[must_use]
    pub(crate) fn thorough(mut self) -> Self {
        self.padding = Some(Vec::new());
        self
    }

    pub(crate) fn take_padding(&mut self) -> Vec<Finding> {
        self.padding.replace(Vec::new()).unwrap_or_default()
    }

    /// The next record; `None` at the end.
    ///
    /// - **Output**: records by ascending sequence, each borrowed until the next call.
    /// - **Errors**: [`Error::Disk`], [`Error::Damaged`] for what a newer release wrote.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>> {
        if self.mark.expect.sequence > self.through {
            return Ok(None);
        }
        let Some(found) = self.find()? else {
            return Ok(None);
        };
        self.pass(&found)?;
        let length = found.header.payload_length();
        let cursor = self.cursor.as_mut().ok_or(Error::Poisoned)?;
        let payload = cursor.slice(found.offset + HEADER_BYTES as u64, length)?;
        Ok(Some(Record { header: found.header, payload, chain: found.chain }))
    }

    /// Reads the log again from record `from` to record `through`, both included; beside a writer, `through` must be durable.
    ///
    /// - **Errors**: [`Error::Damaged`] if no sound row of records leads to `from`.
    /// - **Cost**: reads the segment of `from` from its beginning.
    pub fn between(disk: &D, identity: Identity, from: u64, through: u64) -> Result<Self> {
        let segments: Arc<[Segment]> = Inventory::read(disk, &identity)?.segments.into();
        let holds = |segment: &Segment| segment.first <= from && segment.valid().is_some();
        let index = segments.iter().rposition(holds);
        let gone = |cause: String| Error::Damaged(Finding::new(Code::SegmentMissing, &identity.log_directory(), cause));
        let found = index.and_then(|index| segments.get(index)?.valid().map(|valid| (index, valid)));
        let (next, (header, _)) = found.ok_or_else(|| gone(format!("no segment holds record {from}")))?;
        let mut mark = bookmark_at(Position { sequence: header.first - 1, at: 0, chain: header.chain });
        mark.next = next;
        let mut reader = Self::new(disk.clone(), identity, segments, mark).through(from - 1);
        while reader.next_record()?.is_some() {}
        if reader.reached() + 1 < from {
            return Err(gone(format!("no sound record {} leads to {from}", reader.reached() + 1)));
        }
        Ok(reader.through(through))
    }

    /// Reads the log again from its oldest record to record `through`; beside a writer, `through` must be durable.
    ///
    /// - **Output**: nothing for an empty log. Where no sound record follows, it ends: whether that is damage, `verify` says.
    /// - **Errors**: [`Error::Disk`].
    pub fn whole(disk: &D, identity: Identity, through: u64) -> Result<Self> {
        let segments: Arc<[Segment]> = Inventory::read(disk, &identity)?.segments.into();
        let header = segments.first().and_then(Segment::valid).map(|(header, _)| header);
        let (sequence, chain) = header.map_or((0, Chain::default()), |header| (header.first - 1, header.chain));
        let mark = bookmark_at(Position { sequence, at: 0, chain });
        Ok(Self::new(disk.clone(), identity, segments, mark).through(through))
    }

    /// Last sequence passed, accepted losses included.
    pub fn reached(&self) -> u64 {
        self.mark.expect.sequence - 1
    }

    /// Where the last record given begins in its segment.
    pub(crate) fn last_offset(&self) -> u64 {
        self.last_offset
    }

    pub(crate) fn bookmark(&self) -> Bookmark {
        self.mark
    }

    /// Where the last call ended with `None`.
    pub(crate) fn stop(&self) -> Stop {
        Stop {
            segment: self.mark.segment,
            next: self.mark.next,
            offset: self.mark.offset.next_multiple_of(ALIGNMENT as u64),
            expect: self.mark.expect,
        }
    }

    /// Reads on from the file instead of from what was read before.
    pub(crate) fn forget(&mut self) {
        if let Some(cursor) = &mut self.cursor {
            cursor.forget();
        }
    }

    fn find(&mut self) -> Result<Option<Found>> {
        loop {
            if let Some(found) = self.find_here()? {
                return Ok(Some(found));
            }
            if !self.enter_next()? {
                return Ok(None);
            }
        }
    }

    /// In this segment a record follows at once or, after a flush, at the next boundary.
    fn find_here(&mut self) -> Result<Option<Found>> {
        if self.mark.segment.is_none() {
            return Ok(None);
        }
        let near = self.mark.offset.next_multiple_of(ALIGNMENT as u64);
        let far = self.mark.offset.next_multiple_of(BLOCK_BYTES as u64);
        match self.record_at(near)? {
            None if far > near => self.record_at(far),
            found => Ok(found),
        }
    }

    fn record_at(&mut self, offset: u64) -> Result<Option<Found>> {
        let place = self.place;
        let expect = self.mark.expect;
        let cursor = self.cursor()?;
        let header = match Header::decode(cursor.slice(offset, HEADER_BYTES)?, place) {
            Ok(header) if expect.admits(&header) => header,
            Ok(_) | Err(Refusal::NotARecord) => return Ok(None),
            Err(refusal) => return Err(self.too_new(refusal, offset)),
        };
        let length = HEADER_BYTES + header.payload_length();
        let bytes = self.cursor()?.slice(offset, length)?;
        let payload = bytes.get(HEADER_BYTES..).unwrap_or_default();
        if bytes.len() < length || crc32c::crc32c(payload) != header.payload_crc {
            return Ok(None);
        }
        Ok(Some(Found { offset, header, chain: Chain::of(bytes) }))
    }

    fn too_new(&self, refusal: Refusal, offset: u64) -> Error {
        let path = self.path();
        let cause = match refusal {
            Refusal::UnknownKind(kind) => {
                format!("record kind {kind}; this release understands 1 to 8")
            }
            Refusal::UnknownFlags(flags) => {
                format!("record flags {flags:#06x}; this release understands 0x0001")
            }
            Refusal::NotARecord => "no record".to_owned(),
        };
        Error::Damaged(Finding::new(Code::TooNew, path, cause).at(offset, self.mark.expect.sequence))
    }

    fn path(&self) -> &str {
        let segment = self.mark.segment.and_then(|index| self.segments.get(index));
        segment.map_or("log", |segment| segment.path.as_str())
    }

    /// Takes a record as read: the next must follow it.
    fn pass(&mut self, found: &Found) -> Result<()> {
        self.look_at_padding(self.mark.offset, found.offset)?;
        self.last_offset = found.offset;
        let header = &found.header;
        let expect = &mut self.mark.expect;
        expect.sequence = header.sequence + 1;
        expect.chain = found.chain;
        expect.epoch = header.epoch;
        expect.at = header.at;
        expect.floor = header.floor;
        if header.kind == Kind::Batch {
            expect.batch_at = Some(header.at);
        }
        self.mark.offset = found.offset + (HEADER_BYTES + header.payload_length()) as u64;
        if header.kind == Kind::Gap {
            self.jump(found)?;
        }
        Ok(())
    }

    /// An accepted loss: the log goes on behind it, with the hash the gap record names.
    fn jump(&mut self, found: &Found) -> Result<()> {
        let length = found.header.payload_length();
        let payload = self.cursor()?.slice(found.offset + HEADER_BYTES as u64, length)?;
        if let Some(gap) = Gap::decode(payload) {
            self.mark.expect.sequence = gap.last + 1;
            self.mark.expect.chain = gap.chain;
        }
        Ok(())
    }

    fn look_at_padding(&mut self, from: u64, to: u64) -> Result<()> {
        if self.padding.is_none() || from >= to {
            return Ok(());
        }
        let length = usize::try_from(to - from).unwrap_or(usize::MAX);
        let dirty = self.cursor()?.slice(from, length)?.iter().position(|&byte| byte != 0);
        let sequence = self.mark.expect.sequence;
        let finding = dirty.map(|index| {
            let cause = "a byte before this record is not zero";
            Finding::new(Code::PaddingDamaged, self.path(), cause).at(from + index as u64, sequence)
        });
        if let (Some(padding), Some(finding)) = (&mut self.padding, finding) {
            padding.push(finding);
        }
        Ok(())
    }

    /// Goes on to the next segment if it continues this one.
    fn enter_next(&mut self) -> Result<bool> {
        let Some(segment) = self.segments.get(self.mark.next) else {
            return Ok(false);
        };
        let Some((header, own)) = segment.valid() else {
            return Ok(false);
        };
        let continues = segment.first == self.mark.expect.sequence && header.chain == self.mark.expect.chain;
        if !continues {
            return Ok(false);
        }
        let first = segment.first;
        let size = header.size;
        if let Some(cursor) = &self.cursor {
            let end = cursor.size();
            self.look_at_rest(end)?;
        }
        self.place = Place::new(&self.identity.instance, first);
        self.mark.segment = Some(self.mark.next);
        self.mark.next += 1;
        self.mark.offset = segment::HEADER_BYTES as u64;
        self.mark.expect.epoch = self.mark.expect.epoch.max(header.epoch);
        if first == 1 {
            self.mark.expect.chain = own;
        }
        self.open(size)?;
        Ok(true)
    }

    /// Behind the last record of a closed segment there is nothing.
    fn look_at_rest(&mut self, end: u64) -> Result<()> {
        let mut from = self.mark.offset;
        while self.padding.is_some() && from < end {
            let to = end.min(from + crate::limits::CHUNK_BYTES as u64);
            self.look_at_padding(from, to)?;
            from = to;
        }
        Ok(())
    }

    fn cursor(&mut self) -> Result<&mut Cursor<D::File>> {
        if self.cursor.is_none() {
            let index = self.mark.segment.unwrap_or_default();
            let size = self.segments.get(index).map_or(0, |segment| segment.length);
            self.open(size)?;
        }
        self.cursor.as_mut().ok_or(Error::Poisoned)
    }

    fn open(&mut self, size: u64) -> Result<()> {
        let file = disk::open(&self.disk, self.path(), Access::Read)?;
        self.cursor = Some(Cursor::new(file, size));
        Ok(())
    }
}

/// The place before everything, to read on behind `position` in the first segment that continues it.
pub(crate) fn bookmark_at(position: Position) -> Bookmark {
    Bookmark { segment: None, next: 0, offset: 0, expect: Expect::after(position) }
}
