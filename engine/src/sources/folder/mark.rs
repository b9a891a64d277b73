//! Mark: how far was the file in `work/` taken?
//!
//! - INVARIANT: a mark covers nothing that is not durable. It counts for the file it was made for, and only if the log has
//!   the newest record that it covers.
//! - **Not here**: the file itself ([`super`]).

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use wardline_rules::Text;

/// Device, inode and length: a file that is renamed stays the same.
pub(super) type Identity = (u64, u64, u64);

/// What the mark says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The newest record of the log that it covers.
    pub(super) record: u64,
    /// Of which file; its length when it was claimed.
    pub(super) file: Identity,
    /// How much of it is durable: bytes of lines, else messages.
    pub(super) upto: u64,
    /// The number of its last part.
    pub(super) n: u32,
    /// Bytes of its results.
    pub(super) results: u64,
    /// Parts that were read.
    pub(super) readable: u64,
    /// Parts that nobody could read.
    pub(super) unreadable: u64,
}

/// Which file this is.
pub(super) fn identity(path: &Path) -> io::Result<Identity> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino(), found.len()))
}

impl Mark {
    /// The mark of this file, or one at its start.
    ///
    /// - **Input** `newest`: the newest record that the log has.
    pub(super) fn read(path: &Path, file: Identity, newest: u64, feed: &Text) -> Self {
        let fresh = Self { file, ..Self::default() };
        let read = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return fresh,
            read => read.and_then(|bytes| serde_json::from_slice::<Self>(&bytes).map_err(io::Error::from)),
        };
        match read {
            Ok(mark) if mark.file != file => fresh,
            Ok(mark) if mark.record <= newest => mark,
            Ok(mark) => {
                let covered = mark.record;
                tracing::warn!(%feed, covered, newest, "feed.mark: the log was restored; the file is read from its start");
                fresh
            }
            Err(error) => {
                tracing::warn!(%feed, %error, "feed.mark: unreadable; the file is read from its start");
                fresh
            }
        }
    }

    /// A mark that is lost costs reading twice, so it is replaced in one step and not synced.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let fresh: PathBuf = path.with_extension("new");
        fs::write(&fresh, serde_json::to_vec(self)?)?;
        fs::rename(&fresh, path)
    }

    /// The file has left `work/`.
    pub(super) fn forget(path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}
