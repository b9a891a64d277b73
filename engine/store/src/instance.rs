//! Instance: whose data directory is this, and who owns it now?
//!
//! ```text
//!  INSTANCE  written once: instance id, number of partitions, fingerprint of the patient-token key
//!  LOCK      held for the life of the process; names its id
//!  EPOCH     who opened it last, and the fencing number: one more each time
//! ```
//! - **How it fits**: [`Store::open`](crate::store::Store::open) reads all three before it looks at a log.
//! - LIMIT: `OWNER_TEXT_MAX` for host and boot id; what is longer is cut.
//! - **Not here**: making ids (the caller brings the random one), key material (only its fingerprint).

use crate::codes::Code;
use crate::disk::{self, Disk};
use crate::fields::{self, Fields};
use crate::finding::Finding;
use crate::limits::OWNER_TEXT_MAX;

const INSTANCE_MAGIC: [u8; 8] = *b"WARDINST";
const EPOCH_MAGIC: [u8; 8] = *b"WARDEPCH";
const FORMAT: u16 = 1;
/// Edition of the whole directory: which files there are and where.
const EDITION: u16 = 1;
/// Neither file is longer than this.
const FILE_BYTES_MAX: usize = 1024;

/// Path of the instance file.
pub const INSTANCE: &str = "INSTANCE";
/// Path of the epoch file.
pub const EPOCH: &str = "EPOCH";
/// Path of the lock file.
pub const LOCK: &str = "LOCK";

/// What the file `INSTANCE` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Random id of the installation; never shown outside.
    pub id: [u8; 16],
    /// How many partitions it has.
    pub partitions: u32,
    /// Fingerprint of the key that makes patient tokens: under another key they would no longer match.
    pub key_fingerprint: [u8; 32],
}

/// The process that opens the directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// Process id.
    pub pid: u32,
    /// When it started, microseconds since 1970 UTC.
    pub started_at: u64,
    /// Host name.
    pub host: String,
    /// The kernel's id of this boot.
    pub boot_id: String,
}

/// What the file `EPOCH` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// The owner's fencing number, from 1.
    pub number: u32,
    /// First sequence of the newest segment when this was written: a log whose last segment is older has lost it. 0 for none.
    pub newest_segment: u64,
    /// Who took it.
    pub owner: Owner,
}

impl Instance {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = INSTANCE_MAGIC.to_vec();
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&EDITION.to_le_bytes());
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&self.partitions.to_le_bytes());
        bytes.extend_from_slice(&self.key_fingerprint);
        fields::seal(&mut bytes);
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, Finding> {
        let damaged = |cause: &str| Finding::new(Code::InstanceDamaged, INSTANCE, cause);
        let body = fields::checked(bytes).ok_or_else(|| damaged("its checksum does not fit"))?;
        let mut fields = Fields::new(body);
        let magic: Option<[u8; 8]> = fields.array();
        if magic != Some(INSTANCE_MAGIC) {
            return Err(damaged("it is no such file"));
        }
        let versions = (fields.u16(), fields.u16());
        if versions != (Some(FORMAT), Some(EDITION)) {
            let (format, edition) = (versions.0.unwrap_or_default(), versions.1.unwrap_or_default());
            let cause = format!("format {format}, edition {edition}; this release understands {FORMAT} and {EDITION}");
            return Err(Finding::new(Code::TooNew, INSTANCE, cause));
        }
        let rest = (fields.array(), fields.u32(), fields.array());
        let (Some(id), Some(partitions), Some(key_fingerprint)) = rest else {
            return Err(damaged("it is too short"));
        };
        Ok(Self { id, partitions, key_fingerprint })
    }

    /// Reads the file; `None` when there is none.
    ///
    /// - **Errors**: the disk's, outside; what is wrong with the file, inside.
    pub fn read<D: Disk>(disk: &D) -> disk::Result<Option<Result<Self, Finding>>> {
        let bytes = disk::read_small(disk, INSTANCE, FILE_BYTES_MAX)?;
        Ok(bytes.map(|bytes| Self::decode(&bytes)))
    }

    /// Writes the file, durably.
    pub(crate) fn write<D: Disk>(&self, disk: &D) -> disk::Result<()> {
        disk::replace_small(disk, INSTANCE, &self.encode())
    }
}

impl Epoch {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = EPOCH_MAGIC.to_vec();
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.owner.pid.to_le_bytes());
        bytes.extend_from_slice(&self.owner.started_at.to_le_bytes());
        bytes.extend_from_slice(&self.newest_segment.to_le_bytes());
        for text in [&self.owner.host, &self.owner.boot_id] {
            let mut cut = text.as_str();
            while cut.len() > OWNER_TEXT_MAX {
                cut = cut.char_indices().next_back().map_or("", |(last, _)| &cut[..last]);
            }
            let length = u16::try_from(cut.len()).unwrap_or_default();
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(cut.as_bytes());
        }
        fields::seal(&mut bytes);
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, Finding> {
        let damaged = |cause: &str| Finding::new(Code::EpochDamaged, EPOCH, cause);
        let body = fields::checked(bytes).ok_or_else(|| damaged("its checksum does not fit"))?;
        let mut fields = Fields::new(body);
        let magic: Option<[u8; 8]> = fields.array();
        if magic != Some(EPOCH_MAGIC) {
            return Err(damaged("it is no such file"));
        }
        let format = fields.u16().unwrap_or_default();
        if format != FORMAT {
            let cause = format!("format {format}; this release understands {FORMAT}");
            return Err(Finding::new(Code::TooNew, EPOCH, cause));
        }
        Self::fields(&mut fields).ok_or_else(|| damaged("it is too short"))
    }

    fn fields(fields: &mut Fields<'_>) -> Option<Self> {
        let number = fields.u32()?;
        let pid = fields.u32()?;
        let started_at = fields.u64()?;
        let newest_segment = fields.u64()?;
        let mut text = || {
            let length = usize::from(fields.u16()?);
            String::from_utf8(fields.bytes(length)?.to_vec()).ok()
        };
        Some(Self { number, newest_segment, owner: Owner { pid, started_at, host: text()?, boot_id: text()? } })
    }

    /// Reads the file; `None` when there is none.
    ///
    /// - **Errors**: the disk's, outside; what is wrong with the file, inside.
    pub fn read<D: Disk>(disk: &D) -> disk::Result<Option<Result<Self, Finding>>> {
        let bytes = disk::read_small(disk, EPOCH, FILE_BYTES_MAX)?;
        Ok(bytes.map(|bytes| Self::decode(&bytes)))
    }

    /// Replaces the file, durably.
    pub fn write<D: Disk>(&self, disk: &D) -> disk::Result<()> {
        disk::replace_small(disk, EPOCH, &self.encode())
    }
}

#[cfg(test)]
mod tests;
