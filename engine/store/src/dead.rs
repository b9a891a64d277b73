//! Dead letters: where do bytes that nobody could read go when the log is cut?
//!
//! Records whose flags say that they carry such bytes are copied as they are, one file for each segment that goes:
//! ```text
//!  dead/p000/<first sequence of the segment>.wlog
//!  header of the segment 4,096 │ record │ record … │ WARDDEAD, last log time, count, length, BLAKE3 of all before
//! ```
//! The segment's header comes along because the checksums of its records cover it.
//! - **How it fits**: [`cut`](crate::log::cut) copies before it removes; `export --dead` and `import --dead` read.
//! - **Not here**: which messages are dead letters (the codecs say so), what the records mean, the reason to expire one.

use std::sync::Arc;

use crate::codes::Code;
use crate::disk::{self, Access, Disk, DiskFile, Draft};
use crate::fields::Fields;
use crate::finding::Finding;
use crate::limits::CHUNK_BYTES;
use crate::log::{Bookmark, Error, LogReader, Position, Result, Segment, bookmark_at};
use crate::record::{Flags, HEADER_BYTES, Header, Place, Record, footprint};
use crate::segment::{self, Identity, first_of_name};

const MAGIC: [u8; 8] = *b"WARDDEAD";
const FOOTER_BYTES: usize = 64;

/// Copies the dead letters of one segment; writes no file if it has none.
///
/// - **Input** `last`: last sequence the segment must hold.
/// - **Output**: how many records were copied.
/// - **Errors**: [`Error::Damaged`] if the segment is not sound up to there.
pub(crate) fn copy<D: Disk>(disk: &D, identity: Identity, segment: &Segment, last: u64) -> Result<u64> {
    let Some((header, _)) = segment.valid() else {
        let cause = "it is to be cut, and its header is not sound";
        return Err(Error::Damaged(Finding::new(Code::SegmentDamaged, &segment.path, cause)));
    };
    let mark: Bookmark = bookmark_at(Position { sequence: header.first - 1, at: 0, chain: header.chain });
    let mut reader = LogReader::new(disk.clone(), identity, Arc::from([segment.clone()]), mark).through(last);
    let mut copy: Option<Copy<D>> = None;
    let mut reached = header.first - 1;
    while let Some(record) = reader.next_record()? {
        reached = record.header.sequence;
        if record.header.flags.has(Flags::DEAD_LETTERS) {
            let copy = match &mut copy {
                Some(copy) => copy,
                None => copy.insert(Copy::begin(disk, identity, &header)?),
            };
            copy.add(&record)?;
        }
    }
    reached = reader.reached().max(reached);
    if reached < last {
        let cause = format!("it is to be cut, and holds sound records up to {reached} only, not {last}");
        return Err(Error::Damaged(Finding::new(Code::RecordDamaged, &segment.path, cause)));
    }
    copy.map_or(Ok(0), Copy::finish)
}

struct Copy<D: Disk> {
    disk: D,
    identity: Identity,
    draft: Draft<D>,
    file: D::File,
    place: Place,
    path: String,
    hasher: blake3::Hasher,
    written: u64,
    count: u64,
    last_at: u64,
}

impl<D: Disk> Copy<D> {
    fn begin(disk: &D, identity: Identity, header: &segment::Header) -> Result<Self> {
        let (draft, file) = Draft::begin(disk.clone(), format!("tmp/p{:03}.dead", identity.partition))?;
        let mut copy = Self {
            draft,
            file,
            disk: disk.clone(),
            identity,
            place: Place::new(&identity.instance, header.first),
            path: format!("{}/{:020}.wlog", identity.dead_directory(), header.first),
            hasher: blake3::Hasher::new(),
            written: 0,
            count: 0,
            last_at: 0,
        };
        copy.write(&header.encode())?;
        Ok(copy)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.file.write_all(bytes, self.written)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    fn add(&mut self, record: &Record<'_>) -> Result<()> {
        let mut bytes = record.header.encode(self.place).to_vec();
        bytes.extend_from_slice(record.payload);
        bytes.resize(footprint(record.payload.len()), 0);
        self.count += 1;
        self.last_at = record.header.at;
        self.write(&bytes)
    }

    fn finish(mut self) -> Result<u64> {
        let mut footer = MAGIC.to_vec();
        footer.extend_from_slice(&self.last_at.to_le_bytes());
        footer.extend_from_slice(&self.count.to_le_bytes());
        footer.extend_from_slice(&(self.written + FOOTER_BYTES as u64).to_le_bytes());
        self.write(&footer)?;
        let hash = *self.hasher.finalize().as_bytes();
        self.write(&hash)?;
        self.file.fsync()?;
        self.draft.name(&self.path)?;
        self.disk.sync_directory(&self.identity.dead_directory())?;
        Ok(self.count)
    }
}

/// One file of dead letters.
#[derive(Debug)]
pub struct DeadLetters<F> {
    file: F,
    place: Place,
    at: u64,
    end: u64,
    /// Log time of the last record in it, microseconds since 1970 UTC.
    pub last_at: u64,
    /// How many records it holds.
    pub count: u64,
}

/// Paths of the files, oldest first.
pub fn list<D: Disk>(disk: &D, identity: &Identity) -> disk::Result<Vec<String>> {
    let directory = identity.dead_directory();
    let entries = disk::list(disk, &directory)?;
    let named = entries.iter().filter(|entry| first_of_name(&entry.name).is_some());
    Ok(named.map(|entry| format!("{directory}/{}", entry.name)).collect())
}

/// Removes the files whose last record is older than `before`, log time in microseconds.
///
/// - **Output**: how many were removed.
pub fn expire<D: Disk>(disk: &D, identity: &Identity, before: u64) -> Result<u64> {
    let mut removed = 0;
    for path in list(disk, identity)? {
        if DeadLetters::open(disk, identity, &path)?.last_at < before {
            disk.unlink(&path)?;
            removed += 1;
        }
    }
    if removed > 0 {
        disk.sync_directory(&identity.dead_directory())?;
    }
    Ok(removed)
}

impl<F: DiskFile> DeadLetters<F> {
    /// Opens a file and compares it with its hash.
    ///
    /// - **Errors**: [`Error::Damaged`], [`Error::Disk`].
    pub fn open<D: Disk<File = F>>(disk: &D, identity: &Identity, path: &str) -> Result<Self> {
        let bad = |cause: &str| Error::Damaged(Finding::new(Code::DeadLetterDamaged, path, cause));
        let file = disk::open(disk, path, Access::Read)?;
        let total = file.length()?;
        let body = total.checked_sub(32).ok_or_else(|| bad("it is too short"))?;
        let (hash, tail) = hash_through(&file, body)?;
        let mut found = [0; 32];
        file.read_full(&mut found, body)?;
        if hash != found {
            return Err(bad("its hash does not fit"));
        }
        let header = read_header(&file)?.filter(|header| header.identity == *identity);
        let header = header.ok_or_else(|| bad("its header is not one of this log"))?;
        let named = path.rsplit_once('/').and_then(|(_, name)| first_of_name(name));
        if named != Some(header.first) {
            return Err(bad("its header names another segment than its name"));
        }
        let (last_at, count) = footer(&tail, total).ok_or_else(|| bad("its footer is not one"))?;
        Ok(Self {
            file,
            place: Place::new(&identity.instance, header.first),
            at: segment::HEADER_BYTES as u64,
            end: total - FOOTER_BYTES as u64,
            last_at,
            count,
        })
    }

    /// The next record with its payload; `None` at the end.
    ///
    /// - **Errors**: [`Error::Damaged`] if the bytes changed since the file was opened.
    pub fn next_record(&mut self) -> Result<Option<(Header, Vec<u8>)>> {
        if self.at >= self.end {
            return Ok(None);
        }
        let cause = "a record in it is not sound";
        let bad = || Error::Damaged(Finding::new(Code::DeadLetterDamaged, self.file.path(), cause));
        let mut head = [0; HEADER_BYTES];
        self.file.read_full(&mut head, self.at)?;
        let header = Header::decode(&head, self.place).map_err(|_| bad())?;
        let mut payload = vec![0; header.payload_length()];
        let read = self.file.read_full(&mut payload, self.at + HEADER_BYTES as u64)?;
        if read < payload.len() || crc32c::crc32c(&payload) != header.payload_crc {
            return Err(bad());
        }
        self.at += footprint(payload.len()) as u64;
        Ok(Some((header, payload)))
    }
}

/// Hash of the first `length` bytes, and the last of them.
fn hash_through<F: DiskFile>(file: &F, length: u64) -> Result<([u8; 32], Vec<u8>)> {
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut at = 0;
    while at < length {
        let wanted = usize::try_from(length - at).unwrap_or(usize::MAX).min(CHUNK_BYTES);
        let read = file.read_full(&mut chunk[..wanted], at)?;
        hasher.update(&chunk[..read]);
        if read < wanted {
            break;
        }
        at += read as u64;
    }
    let mut tail = vec![0; FOOTER_BYTES - 32];
    let start = length.saturating_sub(tail.len() as u64);
    file.read_full(&mut tail, start)?;
    Ok((*hasher.finalize().as_bytes(), tail))
}

fn read_header<F: DiskFile>(file: &F) -> Result<Option<segment::Header>> {
    let mut head = vec![0; segment::HEADER_BYTES];
    file.read_full(&mut head, 0)?;
    Ok(segment::Header::decode(&head).ok())
}

fn footer(tail: &[u8], total: u64) -> Option<(u64, u64)> {
    let mut fields = Fields::new(tail);
    let magic: [u8; 8] = fields.array()?;
    let last_at = fields.u64()?;
    let count = fields.u64()?;
    let length = fields.u64()?;
    (magic == MAGIC && length == total).then_some((last_at, count))
}
