//! Real disk: how do the calls reach the kernel?
//!
//! One directory of the machine. Directories are made 0700 and files 0600. Every call is one system call; what it returns is passed on.
//! - **How it fits**: `wardline run`, `verify` and `export --backup` use it; tests use [`SimDisk`](super::SimDisk).
//! - **Not here**: continuing short writes ([`DiskFile`]), judging what the root is (`instance`).

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, FallocateFlags};

use super::{Access, Call, Disk, DiskFile, Entry, Error, Filesystem, Node, Result, Root, Space};

const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;
/// Bits that let anybody but the owner in.
const FOREIGN_BITS: u32 = 0o077;

/// A directory of this machine.
#[derive(Clone, Debug)]
pub struct RealDisk {
    root: PathBuf,
}

impl RealDisk {
    /// Takes the directory `root`, which must exist.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Makes the directory `root` with mode 0700, with its parents, unless it exists.
    ///
    /// - **Errors**: whatever the kernel says.
    pub fn make(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        let made = DirBuilder::new().mode(DIRECTORY_MODE).recursive(true).create(&root);
        let wrap = |source| Error::new(Call::CreateDirectory, &root.to_string_lossy(), source);
        made.map_err(wrap)?;
        // The name of the directory itself must survive too.
        if let Some(parent) = root.canonicalize().map_err(wrap)?.parent() {
            let parent = File::open(parent).map_err(wrap)?;
            rustix::fs::fsync(&parent).map_err(|source| wrap(source.into()))?;
        }
        Ok(Self { root })
    }

    /// Where the directory is.
    pub fn path(&self) -> &Path {
        &self.root
    }

    fn at(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }
}

impl Disk for RealDisk {
    type File = RealFile;
    type Lock = RealLock;

    fn create(&self, path: &str) -> Result<RealFile> {
        let opened = OpenOptions::new().read(true).write(true).create_new(true).mode(FILE_MODE).open(self.at(path));
        RealFile::new(opened, Call::Create, path)
    }

    fn open(&self, path: &str, access: Access) -> Result<RealFile> {
        let opened = OpenOptions::new().read(true).write(access == Access::Write).open(self.at(path));
        RealFile::new(opened, Call::Open, path)
    }

    fn rename(&self, from: &str, to: &str) -> Result<()> {
        std::fs::rename(self.at(from), self.at(to)).map_err(|source| Error::new(Call::Rename, from, source))
    }

    fn unlink(&self, path: &str) -> Result<()> {
        std::fs::remove_file(self.at(path)).map_err(|source| Error::new(Call::Unlink, path, source))
    }

    fn create_directory(&self, path: &str) -> Result<()> {
        DirBuilder::new()
            .mode(DIRECTORY_MODE)
            .create(self.at(path))
            .map_err(|source| Error::new(Call::CreateDirectory, path, source))
    }

    fn sync_directory(&self, path: &str) -> Result<()> {
        File::open(self.at(path))
            .and_then(|directory| rustix::fs::fsync(&directory).map_err(io::Error::from))
            .map_err(|source| Error::new(Call::SyncDirectory, path, source))
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>> {
        let wrap = |source| Error::new(Call::List, path, source);
        let mut entries = Vec::new();
        for found in std::fs::read_dir(self.at(path)).map_err(wrap)? {
            match entry(&found.map_err(wrap)?) {
                Ok(entry) => entries.push(entry),
                // Removed between the listing and the look: it is not there.
                Err(source) if source.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(wrap(source)),
            }
        }
        entries.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(entries)
    }

    fn lock(&self, path: &str, holder: &str) -> Result<RealLock> {
        let wrap = |source| Error::new(Call::Lock, path, source);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(self.at(path))
            .map_err(wrap)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = std::fs::read_to_string(self.at(path)).map_err(wrap)?;
                return Err(Error::Locked { path: path.to_owned(), holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(wrap(source)),
        }
        file.set_len(0).map_err(wrap)?;
        file.write_all_at(holder.as_bytes(), 0).map_err(wrap)?;
        Ok(RealLock { _file: file })
    }

    fn space(&self) -> Result<Space> {
        let volume = rustix::fs::statvfs(&self.root).map_err(|source| Error::new(Call::Space, "", source.into()))?;
        Ok(Space {
            total: volume.f_blocks.saturating_mul(volume.f_frsize),
            free: volume.f_bavail.saturating_mul(volume.f_frsize),
        })
    }

    fn root(&self) -> Result<Root> {
        let wrap = |source| Error::new(Call::Space, "", source);
        let metadata = std::fs::metadata(&self.root).map_err(wrap)?;
        let volume = rustix::fs::statfs(&self.root).map_err(|source| wrap(source.into()))?;
        Ok(Root {
            is_private: metadata.mode() & FOREIGN_BITS == 0,
            is_ours: metadata.uid() == rustix::process::geteuid().as_raw(),
            filesystem: filesystem(u64::try_from(volume.f_type).unwrap_or_default()),
        })
    }
}

fn entry(found: &std::fs::DirEntry) -> io::Result<Entry> {
    let metadata = found.metadata()?;
    let node = match (metadata.is_file(), metadata.is_dir()) {
        (true, _) => Node::File,
        (false, true) => Node::Directory,
        (false, false) => Node::Other,
    };
    Ok(Entry {
        name: found.file_name().to_string_lossy().into_owned(),
        node,
        length: if node == Node::File { metadata.len() } else { 0 },
        is_private: metadata.permissions().mode() & FOREIGN_BITS == 0,
    })
}

/// Names a file system by the number the kernel gives it (`statfs(2)`).
fn filesystem(number: u64) -> Filesystem {
    let name = match number {
        0x0102_1994 => return Filesystem::Memory,
        0x6969 => "nfs",
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => "smb",
        0x6573_5546 => "fuse",
        0x0102_1997 => "9p",
        _ => return Filesystem::Local,
    };
    Filesystem::Remote(name.to_owned())
}

/// An open file of a [`RealDisk`].
#[derive(Debug)]
pub struct RealFile {
    file: File,
    path: String,
}

impl RealFile {
    fn new(opened: io::Result<File>, call: Call, path: &str) -> Result<Self> {
        match opened {
            Ok(file) => Ok(Self { file, path: path.to_owned() }),
            Err(source) => Err(Error::new(call, path, source)),
        }
    }

    fn wrap<T, E: Into<io::Error>>(&self, call: Call, outcome: std::result::Result<T, E>) -> Result<T> {
        outcome.map_err(|source| Error::new(call, &self.path, source.into()))
    }
}

impl DiskFile for RealFile {
    fn path(&self) -> &str {
        &self.path
    }

    fn pwrite(&self, bytes: &[u8], offset: u64) -> Result<usize> {
        self.wrap(Call::Pwrite, self.file.write_at(bytes, offset))
    }

    fn pread(&self, into: &mut [u8], offset: u64) -> Result<usize> {
        self.wrap(Call::Pread, self.file.read_at(into, offset))
    }

    fn fdatasync(&self) -> Result<()> {
        // `File::sync_data` would continue after EINTR; a sync is issued once.
        self.wrap(Call::Fdatasync, rustix::fs::fdatasync(&self.file))
    }

    fn fsync(&self) -> Result<()> {
        self.wrap(Call::Fsync, rustix::fs::fsync(&self.file))
    }

    fn fallocate(&self, length: u64) -> Result<()> {
        match rustix::fs::fallocate(&self.file, FallocateFlags::KEEP_SIZE, 0, length) {
            // No such call here (ZFS): the zeros that follow meet a full volume instead.
            Err(rustix::io::Errno::OPNOTSUPP) => Ok(()),
            other => self.wrap(Call::Fallocate, other),
        }
    }

    fn length(&self) -> Result<u64> {
        let metadata = self.wrap(Call::Length, self.file.metadata())?;
        Ok(metadata.len())
    }

    fn drop_cache(&self) -> Result<()> {
        self.wrap(Call::DropCache, rustix::fs::fadvise(&self.file, 0, None, Advice::DontNeed))
    }
}

/// The lock of a [`RealDisk`]: the kernel keeps it as long as the file is open, whatever happens to the process.
#[derive(Debug)]
pub struct RealLock {
    _file: File,
}
