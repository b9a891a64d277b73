//! Record: how is one entry of the log written, and how is a false one known?
//!
//! ```text
//!  0     4      5       6      8       12           16        24  32     40     44    60           64
//!  │WLR1 │ kind │format │flags │length │payload CRC │sequence │at │floor │epoch │prev │header CRC │payload, zeros to 8
//! ```
//! Two checksums find a changed byte. `prev`, the hash of the record before, finds one that is missing, doubled or moved.
//! The header's checksum also covers instance and segment, so neither a record of another log nor bytes inside a payload
//! that look like one can pass. `floor`, the highest sequence known durable at the time, tells damage from an interrupted write.
//! - **How it fits**: `LogWriter` encodes, `LogReader` decodes, the scan behind a break looks for headers.
//! - LIMIT: `PAYLOAD_BYTES_MAX` in [`limits`](crate::limits).
//! - **Not here**: what a payload means.

use crate::fields::Fields;
use crate::limits::PAYLOAD_BYTES_MAX;

/// Length of a record header.
pub const HEADER_BYTES: usize = 64;
/// Records begin at multiples of this.
pub const ALIGNMENT: usize = 8;
/// First bytes of a record.
pub const MAGIC: [u8; 4] = *b"WLR1";

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An epoch begins: who opened the log, with which versions.
    Open,
    /// Inputs of one log time; the only kind the core sees.
    Batch,
    /// The clocks disagreed, or the anchor moved.
    Time,
    /// A checkpoint is complete.
    Mark,
    /// An input the core cannot take is left out from now on.
    Exclude,
    /// A loss that an operator accepted.
    Gap,
    /// Somebody was shown patient data.
    Access,
    /// A clean stop.
    Close,
}

impl Kind {
    /// All kinds, by number.
    pub const ALL: [Self; 8] =
        [Self::Open, Self::Batch, Self::Time, Self::Mark, Self::Exclude, Self::Gap, Self::Access, Self::Close];

    /// The number on disk.
    pub fn number(self) -> u8 {
        match self {
            Self::Open => 1,
            Self::Batch => 2,
            Self::Time => 3,
            Self::Mark => 4,
            Self::Exclude => 5,
            Self::Gap => 6,
            Self::Access => 7,
            Self::Close => 8,
        }
    }

    fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// What is set beside the kind; an unknown bit refuses the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u16);

impl Flags {
    /// Nothing set.
    pub const NONE: Self = Self(0);
    /// The payload ends in a raw section: exact bytes of messages nobody could read, to be kept when the log is cut.
    pub const DEAD_LETTERS: Self = Self(1);

    const KNOWN: u16 = 1;

    /// Whether all bits of `other` are set.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// First 16 bytes of the BLAKE3 hash of a record, header and payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Chain(pub [u8; 16]);

impl Chain {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::shortened(blake3::hash(bytes).as_bytes())
    }

    /// The hash of a record from its two parts.
    pub fn of_record(header: &[u8], payload: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(header).update(payload);
        Self::shortened(hasher.finalize().as_bytes())
    }

    fn shortened(hash: &[u8; 32]) -> Self {
        let mut short = [0; 16];
        for (to, from) in short.iter_mut().zip(hash) {
            *to = *from;
        }
        Self(short)
    }
}

/// Which segment of which log a record stands in, as far as its checksum cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u32);

impl Place {
    /// The place of every record in one segment.
    pub fn new(instance: &[u8; 16], first_sequence: u64) -> Self {
        let crc = crc32c::crc32c(instance);
        Self(crc32c::crc32c_append(crc, &first_sequence.to_le_bytes()))
    }

    fn checksum(self, bytes: &[u8]) -> u32 {
        crc32c::crc32c_append(self.0, bytes)
    }
}

/// What a record says beside its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is about.
    pub kind: Kind,
    /// Version of the payload's encoding, counted per kind.
    pub format: u8,
    /// What is set beside the kind.
    pub flags: Flags,
    /// Length of the payload in bytes.
    pub length: u32,
    /// CRC32C of the payload.
    pub payload_crc: u32,
    /// Number of the record, from 1, without gaps.
    pub sequence: u64,
    /// Log time in microseconds since 1970 UTC.
    pub at: u64,
    /// Highest sequence known durable when it was written.
    pub floor: u64,
    /// Epoch of the owner who wrote it.
    pub epoch: u32,
    /// Hash of the record before.
    pub prev: Chain,
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No magic, a checksum that does not fit, or a length beyond the limit.
    NotARecord,
    /// A sound header of a kind this release does not know.
    UnknownKind(u8),
    /// A sound header with flags this release does not know.
    UnknownFlags(u16),
}

impl Header {
    /// The 64 bytes on disk.
    pub fn encode(&self, place: Place) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0..4].copy_from_slice(&MAGIC);
        bytes[4] = self.kind.number();
        bytes[5] = self.format;
        bytes[6..8].copy_from_slice(&self.flags.0.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.length.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.payload_crc.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.at.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.floor.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[44..60].copy_from_slice(&self.prev.0);
        let crc = place.checksum(&bytes[..60]);
        bytes[60..64].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads the first 64 of `bytes`.
    ///
    /// - **Errors**: [`Refusal`]; kind and flags are judged only once the checksum fits.
    pub fn decode(bytes: &[u8], place: Place) -> Result<Self, Refusal> {
        let head = bytes.first_chunk::<HEADER_BYTES>().ok_or(Refusal::NotARecord)?;
        let (body, crc) = head.split_last_chunk::<4>().ok_or(Refusal::NotARecord)?;
        if !body.starts_with(&MAGIC) || place.checksum(body) != u32::from_le_bytes(*crc) {
            return Err(Refusal::NotARecord);
        }
        Self::fields(body)
    }

    fn fields(body: &[u8]) -> Result<Self, Refusal> {
        let cut = Refusal::NotARecord;
        let mut fields = Fields::new(body);
        fields.array::<4>().ok_or(cut)?;
        let kind = fields.byte().ok_or(cut)?;
        let format = fields.byte().ok_or(cut)?;
        let flags = fields.u16().ok_or(cut)?;
        let header = Self {
            kind: Kind::from_number(kind).ok_or(Refusal::UnknownKind(kind))?,
            format,
            flags: Flags(flags),
            length: fields.u32().ok_or(cut)?,
            payload_crc: fields.u32().ok_or(cut)?,
            sequence: fields.u64().ok_or(cut)?,
            at: fields.u64().ok_or(cut)?,
            floor: fields.u64().ok_or(cut)?,
            epoch: fields.u32().ok_or(cut)?,
            prev: Chain(fields.array().ok_or(cut)?),
        };
        if flags & !Flags::KNOWN != 0 {
            return Err(Refusal::UnknownFlags(flags));
        }
        if header.payload_length() > PAYLOAD_BYTES_MAX {
            return Err(Refusal::NotARecord);
        }
        Ok(header)
    }

    /// Length of the payload, for slicing.
    pub fn payload_length(&self) -> usize {
        usize::try_from(self.length).unwrap_or(usize::MAX)
    }
}

/// Room a record with this payload takes, with the zeros behind it.
pub fn footprint(payload: usize) -> usize {
    (HEADER_BYTES + payload).next_multiple_of(ALIGNMENT)
}

/// Appends one record to `bytes` and gives its hash.
pub(crate) fn write(bytes: &mut Vec<u8>, mut header: Header, payload: &[&[u8]], place: Place) -> Chain {
    let start = bytes.len();
    bytes.resize(start + HEADER_BYTES, 0);
    for part in payload {
        bytes.extend_from_slice(part);
    }
    let (head, body) = bytes[start..].split_at_mut(HEADER_BYTES);
    header.payload_crc = crc32c::crc32c(body);
    head.copy_from_slice(&header.encode(place));
    let chain = Chain::of(&bytes[start..]);
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
    chain
}

/// One record, as read.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// What it says beside its payload.
    pub header: Header,
    /// Its payload.
    pub payload: &'a [u8],
    /// Its own hash, which the next record names.
    pub chain: Chain,
}

#[cfg(test)]
mod tests;
