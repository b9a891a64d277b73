//! Cursor: how is a segment read without holding it in memory?
//!
//! A window of the file, moved forward by large reads. A record always lies in it whole.
//! - **How it fits**: [`LogReader`](super::LogReader) and [`scan`](super::scan) read through one.
//! - LIMIT: the window holds `CHUNK_BYTES`, or one record if that is larger.
//! - **Not here**: what the bytes mean.

use crate::disk::{DiskFile, Result};
use crate::limits::CHUNK_BYTES;

/// A window on a file.
#[derive(Debug)]
pub(crate) struct Cursor<F> {
    file: F,
    size: u64,
    window: Vec<u8>,
    start: u64,
}

impl<F: DiskFile> Cursor<F> {
    /// Reads `file` up to `size`.
    pub(crate) fn new(file: F, size: u64) -> Self {
        Self { file, size, window: Vec::new(), start: 0 }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The bytes from `offset` on: `length` of them, fewer at the end.
    pub(crate) fn slice(&mut self, offset: u64, length: usize) -> Result<&[u8]> {
        let length = length.min(usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX));
        if self.within(offset, length).is_none() {
            self.load(offset, length)?;
        }
        let found = self.within(offset, length);
        Ok(found.unwrap_or_else(|| self.after(offset)))
    }

    /// The same bytes again, if they are still in the window.
    pub(crate) fn within(&self, offset: u64, length: usize) -> Option<&[u8]> {
        let skip = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.window.get(skip..skip.checked_add(length)?)
    }

    fn after(&self, offset: u64) -> &[u8] {
        let skip = usize::try_from(offset.saturating_sub(self.start)).unwrap_or(usize::MAX);
        self.window.get(skip..).unwrap_or_default()
    }

    fn load(&mut self, offset: u64, length: usize) -> Result<()> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        self.window.resize(length.max(CHUNK_BYTES).min(left), 0);
        self.start = offset;
        let filled = self.file.read_full(&mut self.window, offset)?;
        self.window.truncate(filled);
        Ok(())
    }

    /// Forgets the window, so that the next slice comes from the file.
    pub(crate) fn forget(&mut self) {
        self.window.clear();
    }
}
