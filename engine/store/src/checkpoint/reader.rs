//! Reader: is this checkpoint what was written, and what is in it?
//!
//! - **How it fits**: recovery checks a file whole before it believes it, and then takes the sections out one by one;
//!   the writer reads its own file back the same way.
//! - LIMIT: `CHUNK_BYTES` in memory.
//! - **Not here**: whether it fits the log.

use super::format::{self, FOOTER_BYTES, HEADER_BYTES, Header, Refusal, Section};
use super::{Error, Generation, Result};
use crate::codes::Code;
use crate::disk::{self, Access, Disk, DiskFile};
use crate::finding::Finding;
use crate::limits::CHUNK_BYTES;
use crate::segment::Identity;

/// One checkpoint file, its header read.
#[derive(Debug)]
pub struct CheckpointReader<D: Disk> {
    file: D::File,
    header: Header,
    head: Vec<u8>,
}

impl<D: Disk> CheckpointReader<D> {
    pub(super) fn open(disk: &D, identity: Identity, generation: &Generation) -> Result<Self> {
        let file = disk::open(disk, &generation.path, Access::Read)?;
        let reader = Self::of(file)?;
        if reader.header.identity != identity {
            return Err(damaged(
                &reader.file,
                Code::CheckpointForeign,
                "its header names another instance or partition",
            ));
        }
        if reader.header.summary.position.sequence != generation.sequence {
            let cause = "its header names another last sequence than its name";
            return Err(damaged(&reader.file, Code::CheckpointForeign, cause));
        }
        Ok(reader)
    }

    pub(super) fn of(file: D::File) -> Result<Self> {
        let mut head = vec![0; HEADER_BYTES];
        let read = file.read_full(&mut head, 0)?;
        head.truncate(read);
        let header = match Header::decode(&head) {
            Ok(header) => header,
            Err(Refusal::Damaged) => {
                return Err(damaged(&file, Code::CheckpointDamaged, "its header is not sound"));
            }
            Err(Refusal::TooNew(format)) => {
                let cause = format!("checkpoint format {format}; this release understands {}", format::FORMAT);
                return Err(damaged(&file, Code::TooNew, cause));
            }
        };
        let length = file.length()?;
        if length != header.total() {
            let cause = format!("it has {length} bytes, its header speaks of {}", header.total());
            return Err(damaged(&file, Code::CheckpointDamaged, cause));
        }
        Ok(Self { file, header, head })
    }

    /// What it says about itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Its path.
    pub fn path(&self) -> &str {
        self.file.path()
    }

    /// Begins to compare every byte with its hash.
    pub fn check(&self) -> Check<'_, D> {
        Check {
            reader: self,
            section: 0,
            done: 0,
            crc: 0,
            own: blake3::Hasher::new(),
            whole: blake3::Hasher::new(),
            chunk: Vec::new(),
        }
    }

    /// Compares every byte with its hash.
    ///
    /// - **Errors**: [`Error::Damaged`] names the section.
    pub fn check_all(&self) -> Result<()> {
        let mut check = self.check();
        while !check.step()? {}
        Ok(())
    }

    /// The section of this name, from its beginning.
    pub fn section(&self, name: &str) -> Option<SectionReader<'_, D>> {
        let section = self.header.sections.iter().find(|section| section.name == name)?;
        Some(SectionReader { reader: self, section, done: 0, crc: 0, chunk: Vec::new() })
    }

    fn read(&self, section: &Section, done: u64, chunk: &mut Vec<u8>) -> Result<()> {
        let length = (section.length - done).min(CHUNK_BYTES as u64);
        chunk.resize(usize::try_from(length).unwrap_or_default(), 0);
        let read = self.file.read_full(chunk, section.offset + done)?;
        if read < chunk.len() {
            return Err(self.bad(section));
        }
        Ok(())
    }

    fn bad(&self, section: &Section) -> Error {
        let cause = format!("section `{}` is not what was written", section.name);
        damaged(&self.file, Code::CheckpointDamaged, cause)
    }
}

fn damaged<F: DiskFile>(file: &F, code: Code, cause: impl Into<String>) -> Error {
    Error::Damaged(Finding::new(code, file.path(), cause))
}

/// A comparison of a whole checkpoint with its hashes, one chunk at a time.
#[derive(Debug)]
pub struct Check<'a, D: Disk> {
    reader: &'a CheckpointReader<D>,
    section: usize,
    done: u64,
    crc: u32,
    own: blake3::Hasher,
    whole: blake3::Hasher,
    chunk: Vec<u8>,
}

impl<D: Disk> Check<'_, D> {
    /// Looks at the next `CHUNK_BYTES`; true when all of the file was looked at and is sound.
    ///
    /// - **Errors**: [`Error::Damaged`], [`Error::Disk`].
    pub fn step(&mut self) -> Result<bool> {
        let Some(section) = self.reader.header.sections.get(self.section) else {
            self.footer()?;
            return Ok(true);
        };
        self.reader.read(section, self.done, &mut self.chunk)?;
        self.own.update(&self.chunk);
        self.whole.update(&self.chunk);
        self.crc = crc32c::crc32c_append(self.crc, &self.chunk);
        self.done += self.chunk.len() as u64;
        if self.done == section.length {
            if self.crc != section.crc || self.own.finalize() != section.hash {
                return Err(self.reader.bad(section));
            }
            self.own.reset();
            self.crc = 0;
            self.done = 0;
            self.section += 1;
        }
        Ok(false)
    }

    fn footer(&mut self) -> Result<()> {
        let total = self.reader.header.total();
        self.whole.update(&self.reader.head);
        let expected = format::footer(total, self.whole.finalize().as_bytes());
        let mut found = [0; FOOTER_BYTES];
        self.reader.file.read_full(&mut found, total - FOOTER_BYTES as u64)?;
        if found == expected {
            return Ok(());
        }
        Err(damaged(&self.reader.file, Code::CheckpointDamaged, "its footer does not fit"))
    }
}

/// The bytes of one section.
#[derive(Debug)]
pub struct SectionReader<'a, D: Disk> {
    reader: &'a CheckpointReader<D>,
    section: &'a Section,
    done: u64,
    crc: u32,
    chunk: Vec<u8>,
}

impl<D: Disk> SectionReader<'_, D> {
    /// Length of the section in bytes.
    pub fn length(&self) -> u64 {
        self.section.length
    }

    /// The next chunk, borrowed until the next call; `None` at the end.
    ///
    /// - **Errors**: [`Error::Damaged`] with the last chunk, if the bytes changed since the file was checked.
    pub fn next_chunk(&mut self) -> Result<Option<&[u8]>> {
        if self.done == self.section.length {
            return Ok(None);
        }
        self.reader.read(self.section, self.done, &mut self.chunk)?;
        self.done += self.chunk.len() as u64;
        self.crc = crc32c::crc32c_append(self.crc, &self.chunk);
        if self.done == self.section.length && self.crc != self.section.crc {
            return Err(self.reader.bad(self.section));
        }
        Ok(Some(&self.chunk))
    }

    /// The whole section.
    ///
    /// - **Errors**: as [`SectionReader::next_chunk`].
    pub fn read_all(mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.next_chunk()? {
            bytes.extend_from_slice(chunk);
        }
        Ok(bytes)
    }
}
