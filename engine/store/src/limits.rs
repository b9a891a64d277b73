//! Limits: how large may each thing become, and what happens there?
//!
//! - **How it fits**: every bound of this crate stands here with its arithmetic; what happens at it is told where it is checked.

/// Unit of a flush and of a crash: what the disk writes as one.
pub const BLOCK_BYTES: usize = 4096;

/// Payload of one record: half of a default segment, so that a record always fits. Beyond it an append is refused.
pub const PAYLOAD_BYTES_MAX: usize = 32 << 20;

/// Size of a segment unless the volume is small.
pub const SEGMENT_BYTES: u64 = 64 << 20;

/// Size of a segment on the smallest volume served.
pub const SEGMENT_BYTES_MIN: u64 = 4 << 20;

/// A segment takes at most one part in so many of the volume.
pub const SEGMENTS_PER_VOLUME: u64 = 64;

/// Smallest segment the format allows: a header, and room for a few blocks. Only tests go so low.
pub const SEGMENT_BYTES_FLOOR: u64 = 16 << 10;

/// Largest segment the format allows; a header that says more is damage.
pub const SEGMENT_BYTES_CEILING: u64 = 1 << 30;

/// Prepared segments that always wait: one for the next roll, one while its successor is prepared.
pub const PREPARED_SEGMENTS: usize = 2;

/// Space kept for the hours when the volume is full, in prepared segments: 256 MiB is four of the default size.
pub const RESERVE_BYTES: u64 = 256 << 20;

/// On a volume smaller than ten times the reserve, the reserve is one part in so many.
pub const RESERVE_PART: u64 = 10;

/// Records appended and not yet flushed, in bytes: while one flush is under way the next may fill so far. Then an append is refused until it ends.
pub const PENDING_BYTES_MAX: usize = 64 << 20;

/// How much of a file is read or written by one call.
pub const CHUNK_BYTES: usize = 1 << 20;

/// Sections of one checkpoint. One more is refused when it is begun.
pub const SECTIONS_MAX: usize = 64;

/// Name of a checkpoint section, in bytes. A longer one is refused when it is begun.
pub const SECTION_NAME_MAX: usize = 32;

/// Checkpoints kept: the one to load, and the one to fall back to.
pub const GENERATIONS: usize = 2;

/// Host name and boot id in the file `EPOCH`, in bytes each. What is longer is cut.
pub const OWNER_TEXT_MAX: usize = 255;

/// Exclusions one log may hold: the poison guard writes one for each input that panicked twice. More of them stop the start.
pub const EXCLUSIONS_MAX: usize = 4096;

/// Messages of the shell's own that are remembered: every task of a hospital, on four channels. Beyond it the oldest is forgotten.
pub const SENT_KEYS_MAX: usize = 16_384;

/// Bytes of the key of such a message. What is longer is cut.
pub const SENT_KEY_BYTES_MAX: usize = 64;

/// Findings of one `verify`. What comes later is counted, not listed.
pub const FINDINGS_MAX: usize = 1000;

/// Operations a simulated disk remembers. The oldest are dropped.
pub const SIM_OPERATIONS_MAX: usize = 65_536;
