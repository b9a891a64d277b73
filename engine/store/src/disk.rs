//! Disk: what may the store ask of a file system, and what may it answer?
//!
//! ```text
//!  log, checkpoint, instance ──► Disk, DiskFile ──┬─► RealDisk   one directory of the machine, 0700 and 0600
//!                                                 └─► SimDisk    memory, seeded: loses, tears, reorders, fails on call N
//! ```
//! A path is relative to the data directory, its parts joined by `/`. The raw calls mean what the system calls of their
//! name mean: a write may be short, any call may be interrupted. The provided methods continue both, so that the rest of
//! the crate sees whole writes or an error.
//! - **How it fits**: every module of this crate takes a `D: Disk`; nothing else in it opens a file.
//! - INVARIANT: a sync is issued once. After a failed one the page cache may call lost pages clean, so a second call
//!   that succeeds proves nothing.
//! - **Not here**: formats, retries of failed writes (there are none), reading the time.
//! - **Source**: Rebello et al., *Can Applications Recover from fsync Failures?*, ATC '20.

#[cfg(test)]
mod contract;
mod real;
pub mod sim;

use std::fmt;
use std::io;

pub use real::RealDisk;
pub use sim::SimDisk;

/// Why the disk did not do as asked; each names the path, relative to the data directory.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such file or directory.
    #[error("`{path}` does not exist")]
    Missing {
        /// What was asked for.
        path: String,
    },
    /// A file of this name is there already.
    #[error("`{path}` exists already")]
    Exists {
        /// What was to be created.
        path: String,
    },
    /// The volume has no room.
    #[error("no space left to {call} `{path}`")]
    Full {
        /// What was tried.
        call: Call,
        /// Where.
        path: String,
    },
    /// A signal came in between; nothing was done.
    #[error("interrupted in {call} of `{path}`")]
    Interrupted {
        /// What was tried.
        call: Call,
        /// Where.
        path: String,
    },
    /// Another process holds the lock.
    #[error("`{path}` is locked by process {holder}")]
    Locked {
        /// The lock file.
        path: String,
        /// What the holder wrote into it: its process id.
        holder: String,
    },
    /// The disk or the kernel refused.
    #[error("the disk failed to {call} `{path}`")]
    Failed {
        /// What was tried.
        call: Call,
        /// Where.
        path: String,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// Sorts what the kernel said into the variants above.
    pub(crate) fn new(call: Call, path: &str, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { call, path },
            io::ErrorKind::Interrupted => Self::Interrupted { call, path },
            _ => Self::Failed { call, path, source },
        }
    }

    /// Whether the cause is a full volume.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }

    /// Whether what was asked for does not exist.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }
}

/// Result of a disk call.
pub type Result<T> = std::result::Result<T, Error>;

/// One kind of call; faults are injected by it and the operation log names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// Make a new file.
    Create,
    /// Open one that exists.
    Open,
    /// Write at an offset.
    Pwrite,
    /// Read at an offset.
    Pread,
    /// Flush content, and what is needed to find it again.
    Fdatasync,
    /// Flush content and all attributes.
    Fsync,
    /// Reserve space.
    Fallocate,
    /// Ask for the length.
    Length,
    /// Forget cached pages.
    DropCache,
    /// Give another name, replacing what had it.
    Rename,
    /// Remove a name.
    Unlink,
    /// Make a directory.
    CreateDirectory,
    /// Flush the names of a directory.
    SyncDirectory,
    /// Read the names of a directory.
    List,
    /// Take the lock.
    Lock,
    /// Ask for free space, or about the root.
    Space,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Open => "open",
            Self::Pwrite => "write",
            Self::Pread => "read",
            Self::Fdatasync | Self::Fsync => "sync",
            Self::Fallocate => "reserve",
            Self::Length => "measure",
            Self::DropCache => "drop cached pages of",
            Self::Rename => "rename",
            Self::Unlink => "remove",
            Self::CreateDirectory => "make directory",
            Self::SyncDirectory => "sync directory",
            Self::List => "list",
            Self::Lock => "lock",
            Self::Space => "ask about",
        })
    }
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading alone.
    Read,
    /// Reading and writing in place.
    Write,
}

/// What a name in a directory stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// Anything else; Wardline makes none.
    Other,
}

/// One name of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Last part of the path.
    pub name: String,
    /// What it stands for.
    pub node: Node,
    /// Length in bytes; of a file only.
    pub length: u64,
    /// Whether nobody but the owner may read or write it.
    pub is_private: bool,
}

/// Room on the volume, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Size of the volume.
    pub total: u64,
    /// What this process may still use.
    pub free: u64,
}

/// What kind of file system the data directory is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filesystem {
    /// A local one that keeps what it synced.
    Local,
    /// In memory: lost with the machine.
    Memory,
    /// One whose sync does not reach a disk we can trust; with its name.
    Remote(String),
}

/// The data directory itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Whether nobody but the owner may enter it.
    pub is_private: bool,
    /// Whether it belongs to the user of this process.
    pub is_ours: bool,
    /// What it is on.
    pub filesystem: Filesystem,
}

/// A directory tree with the calls the store needs. A clone is another handle on the same tree.
pub trait Disk: Clone + fmt::Debug {
    /// An open file.
    type File: DiskFile;
    /// The lock, held until it is dropped.
    type Lock: fmt::Debug;

    /// Makes a new, empty file, for reading and writing; its name is durable after [`Disk::sync_directory`].
    fn create(&self, path: &str) -> Result<Self::File>;
    /// Opens a file that exists.
    fn open(&self, path: &str, access: Access) -> Result<Self::File>;
    /// Gives the file `from` the name `to`, in one step, replacing a file of that name.
    fn rename(&self, from: &str, to: &str) -> Result<()>;
    /// Removes a name.
    fn unlink(&self, path: &str) -> Result<()>;
    /// Makes a directory; one that exists is an [`Error::Exists`].
    fn create_directory(&self, path: &str) -> Result<()>;
    /// Makes the names of a directory durable; the root is the empty path.
    fn sync_directory(&self, path: &str) -> Result<()>;
    /// Lists a directory, sorted by name.
    fn list(&self, path: &str) -> Result<Vec<Entry>>;
    /// Takes the lock without waiting and writes `holder` into the file; [`Error::Locked`] names who has it.
    fn lock(&self, path: &str, holder: &str) -> Result<Self::Lock>;
    /// Room on the volume.
    fn space(&self) -> Result<Space>;
    /// What the data directory is.
    fn root(&self) -> Result<Root>;
}

/// An open file.
pub trait DiskFile: fmt::Debug {
    /// The path it was opened by.
    fn path(&self) -> &str;
    /// Writes some of `bytes` at `offset` and says how many.
    fn pwrite(&self, bytes: &[u8], offset: u64) -> Result<usize>;
    /// Reads some bytes at `offset` and says how many; 0 at the end.
    fn pread(&self, into: &mut [u8], offset: u64) -> Result<usize>;
    /// Makes the content durable. Never call it again after an error.
    fn fdatasync(&self) -> Result<()>;
    /// Makes content and attributes durable. Never call it again after an error.
    fn fsync(&self) -> Result<()>;
    /// Reserves room for `length` bytes without changing the length of the file.
    fn fallocate(&self, length: u64) -> Result<()>;
    /// Length in bytes.
    fn length(&self) -> Result<u64>;
    /// Asks the kernel to forget clean cached pages, so that the next read comes from the disk.
    fn drop_cache(&self) -> Result<()>;

    /// Writes all of `bytes`, continuing short and interrupted writes.
    fn write_all(&self, bytes: &[u8], offset: u64) -> Result<()> {
        let mut rest = bytes;
        let mut at = offset;
        while !rest.is_empty() {
            match self.pwrite(rest, at) {
                Ok(0) => {
                    return Err(Error::new(Call::Pwrite, self.path(), io::ErrorKind::WriteZero.into()));
                }
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    at += written as u64;
                }
                Err(Error::Interrupted { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Fills `into` from `offset` on, as far as the file goes, and says how many bytes that were.
    fn read_full(&self, into: &mut [u8], offset: u64) -> Result<usize> {
        let mut filled = 0;
        while let Some(rest) = into.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.pread(rest, offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(Error::Interrupted { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// Reserves room, continuing an interrupted call.
    fn reserve(&self, length: u64) -> Result<()> {
        loop {
            match self.fallocate(length) {
                Err(Error::Interrupted { .. }) => {}
                other => return other,
            }
        }
    }
}

/// Opens a file, continuing an interrupted call.
pub(crate) fn open<D: Disk>(disk: &D, path: &str, access: Access) -> Result<D::File> {
    loop {
        match disk.open(path, access) {
            Err(Error::Interrupted { .. }) => {}
            other => return other,
        }
    }
}

/// Reads a whole small file; `None` when there is none.
///
/// LIMIT: `limit` bytes; what is longer is cut there, and its checksum will not fit.
pub(crate) fn read_small<D: Disk>(disk: &D, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
    let file = match open(disk, path, Access::Read) {
        Ok(file) => file,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = vec![0; limit];
    let length = file.read_full(&mut bytes, 0)?;
    bytes.truncate(length);
    Ok(Some(bytes))
}

/// A file under `tmp/` until it is complete and gets its name. Without one it is gone again, so that a volume without room has at
/// least the room that it took.
#[derive(Debug)]
pub(crate) struct Draft<D: Disk> {
    disk: D,
    path: String,
    is_named: bool,
}

impl<D: Disk> Draft<D> {
    /// An empty file; one that is left of an earlier try is removed.
    pub(crate) fn begin(disk: D, path: String) -> Result<(Self, D::File)> {
        match disk.unlink(&path) {
            Err(error) if !error.is_missing() => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let file = disk.create(&path)?;
        Ok((Self { disk, path, is_named: false }, file))
    }

    /// Gives the file its name; whoever did not sync it before has nothing.
    pub(crate) fn name(mut self, path: &str) -> Result<()> {
        self.disk.rename(&self.path, path)?;
        self.is_named = true;
        Ok(())
    }
}

impl<D: Disk> Drop for Draft<D> {
    fn drop(&mut self) {
        if !self.is_named {
            // What matters is why it was not completed. What stays all the same, the next start removes.
            drop(self.disk.unlink(&self.path));
        }
    }
}

/// Replaces a small file in one durable step: a new file, synced, renamed over the old one, directory synced.
pub(crate) fn replace_small<D: Disk>(disk: &D, path: &str, bytes: &[u8]) -> Result<()> {
    let (draft, file) = Draft::begin(disk.clone(), format!("tmp/{path}"))?;
    file.write_all(bytes, 0)?;
    file.fsync()?;
    draft.name(path)?;
    disk.sync_directory("")
}

/// Makes a directory unless it is there.
pub(crate) fn ensure_directory<D: Disk>(disk: &D, path: &str) -> Result<()> {
    match disk.create_directory(path) {
        Ok(()) | Err(Error::Exists { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Lists a directory; one that does not exist has no names.
pub(crate) fn list<D: Disk>(disk: &D, path: &str) -> Result<Vec<Entry>> {
    match disk.list(path) {
        Err(error) if error.is_missing() => Ok(Vec::new()),
        other => other,
    }
}
