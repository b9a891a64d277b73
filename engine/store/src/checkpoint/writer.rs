//! Writer: in which order does a checkpoint come into being, so that a crash never leaves half of one?
//!
//! ```text
//!  tmp/p000.ckpt   sections, footer, header ─ fsync ─ drop cached pages, read back, compare ─ rename ─ fsync directory
//! ```
//! The caller brings each section in chunks of any size and decides how fast; nothing is held but one chunk.
//! - **How it fits**: a thread of the shell drives it with what the core hands over, then the log thread appends the `mark`.
//! - LIMIT: `CHUNK_BYTES` buffered, `SECTIONS_MAX` sections.
//! - **Not here**: pacing, removing old generations ([`Checkpoints::retire`](super::Checkpoints::retire)).

use super::format::{self, HEADER_BYTES, Header, Section};
use super::reader::CheckpointReader;
use super::{Error, Mark, Result, Summary};
use crate::codes::Code;
use crate::disk::{self, Access, Disk, DiskFile, Draft};
use crate::limits::{CHUNK_BYTES, SECTION_NAME_MAX, SECTIONS_MAX};
use crate::segment::Identity;

/// A checkpoint being written.
#[derive(Debug)]
pub struct CheckpointWriter<D: Disk> {
    disk: D,
    draft: Draft<D>,
    file: D::File,
    header: Header,
    own: blake3::Hasher,
    whole: blake3::Hasher,
    buffer: Vec<u8>,
    written: u64,
}

impl<D: Disk> CheckpointWriter<D> {
    pub(super) fn begin(disk: D, identity: Identity, summary: Summary) -> Result<Self> {
        let (draft, file) = Draft::begin(disk.clone(), format!("tmp/p{:03}.ckpt", identity.partition))?;
        Ok(Self {
            disk,
            draft,
            file,
            header: Header { identity, summary, state_hash: [0; 32], sections: Vec::new() },
            own: blake3::Hasher::new(),
            whole: blake3::Hasher::new(),
            buffer: Vec::with_capacity(CHUNK_BYTES),
            written: HEADER_BYTES as u64,
        })
    }

    /// Ends the section before and begins one of this name.
    ///
    /// - **Errors**: [`Error::BadName`], [`Error::TooManySections`].
    pub fn begin_section(&mut self, name: &str) -> Result<()> {
        self.end_section();
        let sections = &self.header.sections;
        let is_taken = sections.iter().any(|section| section.name == name);
        if is_taken || name.is_empty() || name.len() > SECTION_NAME_MAX || name.contains('\0') {
            return Err(Error::BadName { name: name.to_owned() });
        }
        if sections.len() == SECTIONS_MAX {
            return Err(Error::TooManySections { limit: SECTIONS_MAX });
        }
        self.header.sections.push(Section {
            name: name.to_owned(),
            offset: self.written + self.buffer.len() as u64,
            length: 0,
            crc: 0,
            hash: [0; 32],
        });
        Ok(())
    }

    /// Adds bytes to the section.
    ///
    /// - **Errors**: [`Error::NoSection`], [`Error::Disk`].
    pub fn write_chunk(&mut self, chunk: &[u8]) -> Result<()> {
        let section = self.header.sections.last_mut().ok_or(Error::NoSection)?;
        section.length += chunk.len() as u64;
        section.crc = crc32c::crc32c_append(section.crc, chunk);
        self.own.update(chunk);
        self.whole.update(chunk);
        self.buffer.extend_from_slice(chunk);
        if self.buffer.len() >= CHUNK_BYTES {
            self.write_buffer()?;
        }
        Ok(())
    }

    /// A whole section at once, from an iterator of chunks.
    ///
    /// - **Errors**: those of [`CheckpointWriter::begin_section`] and [`CheckpointWriter::write_chunk`].
    pub fn section<'a>(&mut self, name: &str, chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<()> {
        self.begin_section(name)?;
        for chunk in chunks {
            self.write_chunk(chunk)?;
        }
        Ok(())
    }

    /// Bytes handed over so far.
    pub fn bytes(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    fn end_section(&mut self) {
        if let Some(section) = self.header.sections.last_mut() {
            section.hash = *self.own.finalize().as_bytes();
            self.own.reset();
        }
    }

    fn write_buffer(&mut self) -> Result<()> {
        self.file.write_all(&self.buffer, self.written)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Writes footer and header and syncs the file.
    ///
    /// - **Output**: a file that is complete and has no name yet; read it back, then publish it.
    pub fn seal(mut self) -> Result<Sealed<D>> {
        self.end_section();
        self.header.state_hash = format::state_hash(&self.header.sections);
        let head = self.header.encode();
        self.whole.update(&head);
        let footer = format::footer(self.header.total(), self.whole.finalize().as_bytes());
        self.buffer.extend_from_slice(&footer);
        self.write_buffer()?;
        self.file.write_all(&head, 0)?;
        self.file.fsync()?;
        self.file.drop_cache()?;
        Sealed::new(self.disk, self.draft, self.file.path(), &self.header)
    }

    /// Seals, reads back and publishes, here and now.
    pub fn finish(self) -> Result<Mark> {
        self.seal()?.read_back(&mut |_| {})?.publish()
    }
}

/// A checkpoint that is complete and not yet named.
#[derive(Debug)]
pub struct Sealed<D: Disk> {
    disk: D,
    draft: Draft<D>,
    reader: CheckpointReader<D>,
}

impl<D: Disk> Sealed<D> {
    fn new(disk: D, draft: Draft<D>, path: &str, written: &Header) -> Result<Self> {
        let file = disk::open(&disk, path, Access::Read)?;
        let reader = CheckpointReader::of(file).map_err(refused)?;
        if reader.header() != written {
            let cause = "its header reads back as another";
            let finding = crate::finding::Finding::new(Code::CheckpointRefused, path, cause);
            return Err(Error::Damaged(finding));
        }
        Ok(Self { disk, draft, reader })
    }

    /// Compares every byte on the disk with its hash.
    ///
    /// - **Input** `pace`: told the number of bytes after each chunk; it may wait.
    /// - **Errors**: [`Error::Damaged`]: the disk did not keep what it was given; the older checkpoints are untouched.
    pub fn read_back(self, pace: &mut dyn FnMut(u64)) -> Result<Verified<D>> {
        let mut check = self.reader.check();
        while !check.step().map_err(refused)? {
            pace(CHUNK_BYTES as u64);
        }
        drop(check);
        Ok(Verified { disk: self.disk, draft: self.draft, reader: self.reader })
    }
}

/// A checkpoint that read back as it was written.
#[derive(Debug)]
pub struct Verified<D: Disk> {
    disk: D,
    draft: Draft<D>,
    reader: CheckpointReader<D>,
}

impl<D: Disk> Verified<D> {
    /// Gives the file its name, durably.
    ///
    /// - **Output**: payload of the `mark` record to append now.
    pub fn publish(self) -> Result<Mark> {
        let header = self.reader.header();
        let directory = header.identity.checkpoint_directory();
        let sequence = header.summary.position.sequence;
        let path = format!("{directory}/{sequence:020}.ckpt");
        let mark = Mark { sequence, state_hash: header.state_hash };
        self.draft.name(&path)?;
        self.disk.sync_directory(&directory)?;
        Ok(mark)
    }
}

/// What does not read back was never a checkpoint: no finding about an old one, but a refusal of this one.
fn refused(error: Error) -> Error {
    match error {
        Error::Damaged(finding) => Error::Damaged(crate::finding::Finding { code: Code::CheckpointRefused, ..finding }),
        other => other,
    }
}
