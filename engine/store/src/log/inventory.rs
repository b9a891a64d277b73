//! Inventory: which segments are there, and do their headers speak of this log?
//!
//! - **How it fits**: opening a store, cutting, copying and verifying all begin with one.
//! - **Not here**: reading records.

use crate::codes::Code;
use crate::disk::{self, Access, Disk, DiskFile};
use crate::finding::Finding;
use crate::record::Chain;
use crate::segment::{self, HEADER_BYTES, Header, Identity, Refusal, first_of_name};

/// What the first 4,096 bytes of a segment turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderState {
    /// A header of this log, and its own hash.
    Valid(Header, Chain),
    /// Zeros.
    Blank,
    /// Something else.
    Damaged,
}

/// One file of the log.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// First sequence, by its name.
    pub(crate) first: u64,
    pub(crate) path: String,
    pub(crate) length: u64,
    pub(crate) state: HeaderState,
}

impl Segment {
    /// Header and its hash, if it is sound.
    pub(crate) fn valid(&self) -> Option<(Header, Chain)> {
        match self.state {
            HeaderState::Valid(header, chain) => Some((header, chain)),
            HeaderState::Blank | HeaderState::Damaged => None,
        }
    }
}

/// All files in the directory of one log.
#[derive(Debug)]
pub(crate) struct Inventory {
    /// Ascending by first sequence.
    pub(crate) segments: Vec<Segment>,
    /// Prepared files, with their length.
    pub(crate) prepared: Vec<(String, u64)>,
    /// What is wrong, in the order of the names.
    pub(crate) findings: Vec<Finding>,
}

impl Inventory {
    /// Lists the directory and reads every header.
    ///
    /// - **Errors**: those of the disk. What is wrong with the files is among the findings.
    pub(crate) fn read<D: Disk>(disk: &D, identity: &Identity) -> disk::Result<Self> {
        let directory = identity.log_directory();
        let mut inventory = Self { segments: Vec::new(), prepared: Vec::new(), findings: Vec::new() };
        for entry in disk::list(disk, &directory)? {
            let path = format!("{directory}/{}", entry.name);
            match first_of_name(&entry.name) {
                Some(first) => inventory.add(disk, identity, first, path, entry.length)?,
                None if entry.name.ends_with(".prep") => inventory.prepared.push((entry.name, entry.length)),
                None => inventory.find(Code::SegmentMissing, &path, "no segment has such a name"),
            }
        }
        Ok(inventory)
    }

    fn add<D: Disk>(
        &mut self,
        disk: &D,
        identity: &Identity,
        first: u64,
        path: String,
        length: u64,
    ) -> disk::Result<()> {
        let mut head = vec![0; HEADER_BYTES];
        let read = disk::open(disk, &path, Access::Read)?.read_full(&mut head, 0)?;
        let state = match Header::decode(head.get(..read).unwrap_or_default()) {
            Ok(header) => {
                self.compare(identity, first, &path, length, &header);
                HeaderState::Valid(header, Chain::of(&head))
            }
            Err(Refusal::Blank) => HeaderState::Blank,
            Err(Refusal::Damaged) => HeaderState::Damaged,
            Err(Refusal::TooNew(format)) => {
                let cause = format!("segment format {format}; this release understands {}", segment::FORMAT);
                self.find(Code::TooNew, &path, cause);
                HeaderState::Damaged
            }
        };
        if state == HeaderState::Blank && !segment::is_size(length) {
            self.find(Code::SegmentMissing, &path, format!("{length} bytes are no size of a segment"));
        }
        self.segments.push(Segment { first, path, length, state });
        Ok(())
    }

    /// A sound header must be that of this place.
    fn compare(&mut self, identity: &Identity, first: u64, path: &str, length: u64, header: &Header) {
        if header.identity != *identity {
            self.find(Code::SegmentMissing, path, "its header names another instance or partition");
        }
        if header.first != first {
            let cause = format!("its header says that it begins with record {}", header.first);
            self.find(Code::SegmentMissing, path, cause);
        }
        if header.size != length {
            let cause = format!("it has {length} bytes, its header says {}", header.size);
            self.find(Code::SegmentMissing, path, cause);
        }
    }

    fn find(&mut self, code: Code, path: &str, cause: impl Into<String>) {
        self.findings.push(Finding::new(code, path, cause));
    }
}
