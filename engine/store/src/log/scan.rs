//! Scan: is there anything behind the place where the log stops?
//!
//! It looks at every eighth byte for a sound record header, whatever its sequence: its `floor` tells what had been durable
//! when it was written. It also remembers the last byte that is not zero.
//! - **How it fits**: recovery and `verify` scan from the stop to the end of the log, to tell damage from an interrupted write.
//! - **Not here**: the verdict.

use super::cursor::Cursor;
use super::inventory::Segment;
use crate::disk::{self, Access, Disk};
use crate::limits::CHUNK_BYTES;
use crate::record::{ALIGNMENT, HEADER_BYTES, Header, MAGIC, Place};
use crate::segment::Identity;

/// What a scan saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Highest `floor` of a sound header; 0 if there is none.
    pub(crate) floor: u64,
    /// First byte behind the last that is not zero.
    pub(crate) end: u64,
}

/// Scans one segment from `from`, a multiple of eight, to its end.
pub(crate) fn scan<D: Disk>(disk: &D, identity: &Identity, segment: &Segment, from: u64) -> disk::Result<Seen> {
    let place = Place::new(&identity.instance, segment.first);
    let mut cursor = Cursor::new(disk::open(disk, &segment.path, Access::Read)?, segment.length);
    let mut seen = Seen::default();
    let mut at = from;
    while at < segment.length {
        // A header may begin in this chunk and end in the next.
        let bytes = cursor.slice(at, CHUNK_BYTES + HEADER_BYTES)?;
        if let Some(last) = bytes.iter().rposition(|&byte| byte != 0) {
            seen.end = seen.end.max(at + last as u64 + 1);
            seen.floor = seen.floor.max(highest_floor(bytes, place));
        }
        at += CHUNK_BYTES as u64;
    }
    Ok(seen)
}

fn highest_floor(bytes: &[u8], place: Place) -> u64 {
    let starts = (0..bytes.len()).step_by(ALIGNMENT);
    let candidates = starts.filter_map(|start| bytes.get(start..).filter(|rest| rest.starts_with(&MAGIC)));
    let headers = candidates.filter_map(|rest| Header::decode(rest, place).ok());
    headers.map(|header| header.floor).max().unwrap_or_default()
}
