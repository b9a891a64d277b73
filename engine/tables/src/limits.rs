//! Limits: how much may be hot, queued or in one file?

/// Rows of one frozen batch: what a follower decodes in well under a millisecond. Beyond it the batch is frozen at once.
pub const FREEZE_ROWS: usize = 8_192;
/// Rows of one table and epoch after which a batch is made in the middle of the epoch: half of what the 16 bits of a word
/// list can tell apart.
pub const BUILD_ROWS_MAX: usize = 32_768;
/// Hot rows before a flush is due: some 200 MB of batches.
pub const HOT_ROWS_MAX: usize = 1_000_000;
/// Hot rows while files cannot be written, some 800 MB; beyond it rows are left to the next start, which derives them.
pub const HOT_ROWS_HELD_MAX: usize = 4_000_000;
/// Rows of one row group of a Parquet file.
pub const ROW_GROUP_ROWS: usize = 131_072;
/// Bytes of the word list of a column in one row group. A word takes at least four, and a thousand rows may come until the
/// bound is looked at: fewer than 65,536 words.
pub const WORDS_BYTES_MAX: usize = 192 << 10;
/// Rows of one page of a Parquet file.
pub const PAGE_ROWS: usize = 20_000;
/// Bytes of one frame's payload. A longer one is refused: it is not ours.
pub const FRAME_BYTES_MAX: u32 = 64 << 20;
/// Files of one table before they are written as one: an hour of checkpoints.
pub const FILES_BEFORE_MERGE: usize = 16;
/// A file of at least so many rows is not merged again.
pub const MERGED_ROWS: u64 = 1 << 20;
/// Rows up to which hot batches are joined.
pub const HOT_BATCH_ROWS: usize = 65_536;
