//! Place: where do files and the manifest live, and what does a crash leave of them?
//!
//! Four promises are all that the archive asks of a disk; a test keeps them badly on purpose.
//!
//! - **Not here**: what is in the files.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// A folder that outlives a crash.
pub trait Place: core::fmt::Debug {
    /// The folder.
    fn root(&self) -> &Path;

    /// Makes a whole file of this name: after a crash it is there whole, or not at all.
    ///
    /// # Errors
    /// Of the disk; the file is not there then.
    fn write_whole(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Adds a line to a file; after a crash it is there whole, in part, or not at all. Once this returns it is there.
    ///
    /// # Errors
    /// Of the disk; what is there is not known.
    fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Cuts a file to a length.
    ///
    /// # Errors
    /// Of the disk.
    fn cut(&self, name: &str, len: u64) -> io::Result<()>;

    /// Removes a file that nothing names any more.
    ///
    /// # Errors
    /// Of the disk.
    fn remove(&self, name: &str) -> io::Result<()>;
}

/// A folder of this machine.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Opens the folder and makes it if it is not there.
    ///
    /// # Errors
    /// Of the disk.
    pub fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        Ok(Self { root: root.to_owned() })
    }
}

/// A folder that is only read: what would be cut or removed stays, and nothing can be added.
#[derive(Clone, Debug)]
pub struct Untouched {
    root: PathBuf,
}

impl Untouched {
    /// The folder, which somebody else made.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }
}

impl Place for Untouched {
    fn root(&self) -> &Path {
        &self.root
    }

    fn write_whole(&self, _: &str, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn append(&self, _: &str, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn cut(&self, _: &str, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Ok(())
    }
}

impl Place for Folder {
    fn root(&self) -> &Path {
        &self.root
    }

    fn write_whole(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.root.join(name);
        let folder = path.parent().unwrap_or(&self.root);
        if !folder.is_dir() {
            fs::create_dir_all(folder)?;
            sync_folder(&self.root)?;
        }
        let temporary = path.with_extension("part");
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        sync_folder(folder)
    }

    fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.root.join(name);
        let is_new = !path.exists();
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        if is_new { sync_folder(&self.root) } else { Ok(()) }
    }

    fn cut(&self, name: &str, len: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(self.root.join(name))?;
        file.set_len(len)?;
        file.sync_data()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.root.join(name))
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
