//! Segment: how does a log file say which part of which log it is?
//!
//! A log is a row of files of fixed size, each named by the first sequence in it. The header repeats that and adds the hash
//! of the record before, so that a missing, doubled or swapped file is seen from two headers alone.
//! ```text
//!  0        8      10            12        28        32    40    56    60   68     72
//!  │WARDLOG1│format│header length│instance │partition│first│chain│epoch│size│cipher│key id│ zeros … │CRC│  4,096 bytes
//! ```
//! - **How it fits**: `LogWriter` writes one with the first records of a segment; [`log`](crate::log) reads them all at start.
//! - LIMIT: `SEGMENT_BYTES_FLOOR` and `SEGMENT_BYTES_CEILING` in [`limits`](crate::limits); another size is damage.
//! - **Not here**: preparing files (`log::prepare`), ciphers (both fields are 0).

use crate::fields::{self, Fields};
use crate::limits::{
    SEGMENT_BYTES, SEGMENT_BYTES_CEILING, SEGMENT_BYTES_FLOOR, SEGMENT_BYTES_MIN, SEGMENTS_PER_VOLUME,
};
use crate::record::Chain;

/// Length of a segment header.
pub const HEADER_BYTES: usize = 4096;
/// First bytes of a segment.
pub const MAGIC: [u8; 8] = *b"WARDLOG1";
/// Newest format this release reads and the one it writes.
pub const FORMAT: u16 = 1;

/// Which log this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Random id of the installation.
    pub instance: [u8; 16],
    /// Number of the partition, from 0.
    pub partition: u32,
}

impl Identity {
    /// Directory of this partition's segments.
    pub fn log_directory(&self) -> String {
        format!("log/p{:03}", self.partition)
    }

    /// Directory of this partition's checkpoints.
    pub fn checkpoint_directory(&self) -> String {
        format!("ckpt/p{:03}", self.partition)
    }

    /// Directory of this partition's dead letters.
    pub fn dead_directory(&self) -> String {
        format!("dead/p{:03}", self.partition)
    }

    /// Path of the segment that begins with `first`.
    pub fn segment_path(&self, first: u64) -> String {
        format!("{}/{first:020}.wlog", self.log_directory())
    }
}

/// First sequence of the segment with this file name; `None` if it is no segment's name.
pub fn first_of_name(name: &str) -> Option<u64> {
    numbered(name, ".wlog")
}

/// The number in a name of twenty digits and an ending.
pub(crate) fn numbered(name: &str, ending: &str) -> Option<u64> {
    let digits = name.strip_suffix(ending)?;
    let is_number = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok())?
}

/// Size of a segment on a volume of this size: 64 MiB, or 1/64 of the volume, but at least 4 MiB; whole blocks.
pub fn size_for_volume(volume_bytes: u64) -> u64 {
    let share = (volume_bytes / SEGMENTS_PER_VOLUME).clamp(SEGMENT_BYTES_MIN, SEGMENT_BYTES);
    share - share % HEADER_BYTES as u64
}

/// What a segment says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which log it belongs to.
    pub identity: Identity,
    /// First sequence in it.
    pub first: u64,
    /// Hash of the record before the first; zeros for sequence 1.
    pub chain: Chain,
    /// Epoch in which it was begun.
    pub epoch: u32,
    /// Its size in bytes.
    pub size: u64,
}

/// Why a header is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing but zeros: the segment was made and nothing reached it.
    Blank,
    /// Neither zeros nor a header.
    Damaged,
    /// A sound header of a newer format, or with a cipher.
    TooNew(u16),
}

impl Header {
    /// The 4,096 bytes on disk.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&4096u16.to_le_bytes());
        bytes.extend_from_slice(&self.identity.instance);
        bytes.extend_from_slice(&self.identity.partition.to_le_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.chain.0);
        bytes.extend_from_slice(&self.epoch.to_le_bytes());
        bytes.extend_from_slice(&self.size.to_le_bytes());
        bytes.resize(HEADER_BYTES - 4, 0);
        fields::seal(&mut bytes);
        bytes
    }

    /// Reads the first 4,096 of `bytes`.
    ///
    /// - **Errors**: [`Refusal`]; the format is judged only once the checksum fits.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let head = bytes.get(..HEADER_BYTES).ok_or(Refusal::Damaged)?;
        if head.iter().all(|&byte| byte == 0) {
            return Err(Refusal::Blank);
        }
        let body = fields::checked(head).ok_or(Refusal::Damaged)?;
        Self::fields(body).ok_or(Refusal::Damaged)?
    }

    fn fields(body: &[u8]) -> Option<Result<Self, Refusal>> {
        let mut fields = Fields::new(body);
        let magic: [u8; 8] = fields.array()?;
        let format = fields.u16()?;
        let length = fields.u16()?;
        let header = Self {
            identity: Identity { instance: fields.array()?, partition: fields.u32()? },
            first: fields.u64()?,
            chain: Chain(fields.array()?),
            epoch: fields.u32()?,
            size: fields.u64()?,
        };
        let cipher = fields.u32()?;
        if magic != MAGIC || !is_size(header.size) {
            return Some(Err(Refusal::Damaged));
        }
        if format != FORMAT || usize::from(length) != HEADER_BYTES || cipher != 0 {
            return Some(Err(Refusal::TooNew(format)));
        }
        Some(Ok(header))
    }
}

/// Whether a segment may have this size.
pub fn is_size(size: u64) -> bool {
    (SEGMENT_BYTES_FLOOR..=SEGMENT_BYTES_CEILING).contains(&size) && size.is_multiple_of(HEADER_BYTES as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            identity: Identity { instance: [9; 16], partition: 3 },
            first: 912,
            chain: Chain([5; 16]),
            epoch: 7,
            size: 64 << 20,
        }
    }

    #[test]
    fn every_field_stands_where_the_drawing_says() {
        let bytes = header().encode();
        assert_eq!(bytes.len(), 4096);
        assert_eq!(&bytes[..8], b"WARDLOG1");
        assert_eq!(bytes[8..12], [1, 0, 0, 16], "format 1, header length 4,096");
        assert_eq!(bytes[12..28], [9; 16]);
        assert_eq!(bytes[28..32], [3, 0, 0, 0]);
        assert_eq!(bytes[32..40], [0x90, 3, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[40..56], [5; 16]);
        assert_eq!(bytes[56..60], [7, 0, 0, 0]);
        assert_eq!(bytes[60..68], [0, 0, 0, 4, 0, 0, 0, 0]);
        assert!(bytes[68..4092].iter().all(|&byte| byte == 0));
        assert_eq!(Header::decode(&bytes), Ok(header()));
    }

    #[test]
    fn any_changed_bit_is_refused_and_zeros_are_blank() {
        let bytes = header().encode();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&changed), Err(Refusal::Damaged), "bit {bit}");
        }
        assert_eq!(Header::decode(&[0; 4096]), Err(Refusal::Blank));
    }

    #[test]
    fn a_newer_format_or_a_cipher_is_not_damage() {
        for (offset, found) in [(8, 2), (68, 1)] {
            let mut bytes = header().encode();
            bytes.truncate(4092);
            bytes[offset] = 2;
            fields::seal(&mut bytes);
            assert_eq!(Header::decode(&bytes), Err(Refusal::TooNew(found)));
        }
    }

    #[test]
    fn names_have_twenty_digits() {
        let path = header().identity.segment_path(912);
        assert_eq!(path, "log/p003/00000000000000000912.wlog");
        assert_eq!(first_of_name("00000000000000000912.wlog"), Some(912));
        for foreign in
            ["912.wlog", "00000000000000000912.ckpt", "0000000000000000091x.wlog", "+0000000000000000912.wlog"]
        {
            assert_eq!(first_of_name(foreign), None);
        }
    }

    #[test]
    fn small_volumes_have_small_segments() {
        assert_eq!(size_for_volume(1 << 40), 64 << 20);
        assert_eq!(size_for_volume(1 << 30), 16 << 20);
        assert_eq!(size_for_volume(100 << 20), 4 << 20);
    }
}
