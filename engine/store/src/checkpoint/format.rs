//! Format: where does each field of a checkpoint stand?
//!
//! ```text
//!  0        8      10            12       28        32    36            44    60 68            72         104        136   140
//!  │WARDCKP1│format│header length│instance│partition│epoch│last sequence│chain│at│logic version│active ward│state hash│count│sections …│CRC│
//!  section: name 32, offset 8, length 8, CRC32C 4, BLAKE3 32
//! ```
//! - **How it fits**: `writer` fills it in, `reader` judges it.
//! - INVARIANT: sections are back to back from the header's end to the footer, so no byte of the file is unhashed.
//! - **Not here**: reading and writing files.

use super::Summary;
use crate::fields::{self, Fields};
use crate::limits::{SECTION_NAME_MAX, SECTIONS_MAX};
use crate::log::Position;
use crate::record::Chain;
use crate::segment::Identity;

/// Length of a checkpoint header.
pub const HEADER_BYTES: usize = 8192;
/// Length of the footer: a length and a hash.
pub(super) const FOOTER_BYTES: usize = 40;
const MAGIC: [u8; 8] = *b"WARDCKP1";
/// Format this release reads and writes.
pub(super) const FORMAT: u16 = 1;

/// One named part of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Where it begins in the file.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
    /// CRC32C of its bytes.
    pub crc: u32,
    /// BLAKE3 of its bytes.
    pub hash: [u8; 32],
}

/// What a checkpoint says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which log it belongs to.
    pub identity: Identity,
    /// What it says of the state.
    pub summary: Summary,
    /// BLAKE3 over the section hashes in the order of the table.
    pub state_hash: [u8; 32],
    /// The table of sections.
    pub sections: Vec<Section>,
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Damaged,
    TooNew(u16),
}

/// BLAKE3 over the hashes of the sections in their order.
pub(super) fn state_hash(sections: &[Section]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for section in sections {
        hasher.update(&section.hash);
    }
    *hasher.finalize().as_bytes()
}

/// The footer: total length of the file, and the hash of what comes before.
pub(super) fn footer(total: u64, hash: &[u8; 32]) -> [u8; FOOTER_BYTES] {
    let mut bytes = [0; FOOTER_BYTES];
    bytes[..8].copy_from_slice(&total.to_le_bytes());
    bytes[8..].copy_from_slice(hash);
    bytes
}

impl Header {
    /// Bytes of the whole file, footer included.
    pub fn total(&self) -> u64 {
        let sections: u64 = self.sections.iter().map(|section| section.length).sum();
        HEADER_BYTES as u64 + sections + FOOTER_BYTES as u64
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        let summary = &self.summary;
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&8192u16.to_le_bytes());
        bytes.extend_from_slice(&self.identity.instance);
        bytes.extend_from_slice(&self.identity.partition.to_le_bytes());
        bytes.extend_from_slice(&summary.epoch.to_le_bytes());
        bytes.extend_from_slice(&summary.position.sequence.to_le_bytes());
        bytes.extend_from_slice(&summary.position.chain.0);
        bytes.extend_from_slice(&summary.position.at.to_le_bytes());
        bytes.extend_from_slice(&summary.logic_version.to_le_bytes());
        bytes.extend_from_slice(&summary.ward);
        bytes.extend_from_slice(&self.state_hash);
        bytes.extend_from_slice(&u32::try_from(self.sections.len()).unwrap_or(u32::MAX).to_le_bytes());
        for section in &self.sections {
            section.encode(&mut bytes);
        }
        bytes.resize(HEADER_BYTES - 4, 0);
        fields::seal(&mut bytes);
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let head = bytes.get(..HEADER_BYTES).ok_or(Refusal::Damaged)?;
        let body = fields::checked(head).ok_or(Refusal::Damaged)?;
        Self::fields(body).ok_or(Refusal::Damaged)?
    }

    fn fields(body: &[u8]) -> Option<Result<Self, Refusal>> {
        let mut fields = Fields::new(body);
        let magic: [u8; 8] = fields.array()?;
        let format = fields.u16()?;
        let length = fields.u16()?;
        if magic != MAGIC {
            return None;
        }
        if format != FORMAT || usize::from(length) != HEADER_BYTES {
            return Some(Err(Refusal::TooNew(format)));
        }
        let identity = Identity { instance: fields.array()?, partition: fields.u32()? };
        let summary = summary(&mut fields)?;
        let state_hash = fields.array()?;
        let count = usize::try_from(fields.u32()?).ok()?;
        if count > SECTIONS_MAX {
            return None;
        }
        let sections: Option<Vec<Section>> = (0..count).map(|_| Section::decode(&mut fields)).collect();
        let header = Self { identity, summary, state_hash, sections: sections? };
        header.is_sound().then_some(Ok(header))
    }

    fn is_sound(&self) -> bool {
        let mut end = HEADER_BYTES as u64;
        for section in &self.sections {
            if section.offset != end {
                return false;
            }
            match end.checked_add(section.length) {
                Some(next) => end = next,
                None => return false,
            }
        }
        state_hash(&self.sections) == self.state_hash
    }
}

fn summary(fields: &mut Fields<'_>) -> Option<Summary> {
    let epoch = fields.u32()?;
    let sequence = fields.u64()?;
    let chain = Chain(fields.array()?);
    let at = fields.u64()?;
    Some(Summary {
        epoch,
        position: Position { sequence, at, chain },
        logic_version: fields.u32()?,
        ward: fields.array()?,
    })
}

impl Section {
    fn encode(&self, bytes: &mut Vec<u8>) {
        let mut name = [0; SECTION_NAME_MAX];
        for (to, from) in name.iter_mut().zip(self.name.bytes()) {
            *to = from;
        }
        bytes.extend_from_slice(&name);
        bytes.extend_from_slice(&self.offset.to_le_bytes());
        bytes.extend_from_slice(&self.length.to_le_bytes());
        bytes.extend_from_slice(&self.crc.to_le_bytes());
        bytes.extend_from_slice(&self.hash);
    }

    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let name: [u8; SECTION_NAME_MAX] = fields.array()?;
        let name = std::str::from_utf8(&name).ok()?.trim_end_matches('\0');
        Some(Self {
            name: name.to_owned(),
            offset: fields.u64()?,
            length: fields.u64()?,
            crc: fields.u32()?,
            hash: fields.array()?,
        })
    }
}
