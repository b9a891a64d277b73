//! Calls: what does each system call do to the simulated disk?
//!
//! Each is counted and may be struck by a fault first; what is left of it then happens to names and files.
//! - **How it fits**: [`Disk`] and [`DiskFile`] for [`SimDisk`].
//! - **Not here**: crashes and everything else only a test can do ([`sim`](super)).

use std::io;
use std::sync::Arc;

use super::faults::Fault;
use super::inode::Inode;
use super::names::{Target, parent};
use super::{SimDisk, World};
use crate::disk::{Access, Call, Disk, DiskFile, Entry, Error, Node, Result, Root, Space};

impl World {
    /// Counts the call; an error if a fault without finer meaning strikes it.
    fn begin(&mut self, call: Call, path: &str) -> Result<()> {
        let fault = self.faults.strike(call, path, 0, 0);
        refuse(call, path, fault)
    }

    pub(super) fn without_nameless(mut self) -> Self {
        let named = self.names.files();
        self.inodes.retain(|number, _| named.contains(number));
        self
    }

    fn used(&self) -> u64 {
        let named = self.names.files();
        let inodes = self.inodes.iter().filter(|(number, _)| named.contains(number));
        inodes.map(|(_, inode)| inode.allocated()).sum()
    }

    fn file(&mut self, number: u64) -> &mut Inode {
        Arc::make_mut(self.inodes.entry(number).or_default())
    }

    fn find(&self, call: Call, path: &str) -> Result<u64> {
        match self.names.get(path) {
            Some(Target::File(number)) => Ok(number),
            Some(Target::Directory) => Err(failure(call, path, io::ErrorKind::IsADirectory)),
            None => Err(failure(call, path, io::ErrorKind::NotFound)),
        }
    }

    /// A new name needs its directory and must not be taken.
    fn admit(&self, call: Call, path: &str) -> Result<()> {
        if self.names.get(path).is_some() {
            return Err(failure(call, path, io::ErrorKind::AlreadyExists));
        }
        match self.names.get(parent(path)) {
            Some(Target::Directory) => Ok(()),
            Some(Target::File(_)) | None => Err(failure(call, path, io::ErrorKind::NotFound)),
        }
    }

    /// Whether a file may grow to `length`, which it may always within what it has.
    fn has_room(&self, number: u64, length: u64) -> bool {
        let has = self.inodes.get(&number).map_or(0, |inode| inode.allocated());
        length <= has || self.used() - has + length <= self.capacity
    }
}

fn failure(call: Call, path: &str, kind: io::ErrorKind) -> Error {
    Error::new(call, path, kind.into())
}

fn refuse(call: Call, path: &str, fault: Option<Fault>) -> Result<()> {
    match fault {
        None | Some(Fault::Short(_) | Fault::Misdirected(_)) => Ok(()),
        Some(Fault::Enospc) => Err(failure(call, path, io::ErrorKind::StorageFull)),
        Some(Fault::Eintr) => Err(failure(call, path, io::ErrorKind::Interrupted)),
        Some(Fault::Eio) => Err(Error::new(call, path, io::Error::other("injected: input/output error"))),
        Some(Fault::PowerOff) => Err(Error::new(call, path, io::Error::other("injected: the power is off"))),
    }
}

impl Disk for SimDisk {
    type File = SimFile;
    type Lock = SimLock;

    fn create(&self, path: &str) -> Result<SimFile> {
        let mut world = self.world();
        world.begin(Call::Create, path)?;
        world.admit(Call::Create, path)?;
        let number = world.next_inode;
        world.next_inode += 1;
        world.inodes.insert(number, Arc::default());
        let call = world.faults.calls;
        world.names.make(call, path, Target::File(number));
        drop(world);
        Ok(SimFile::new(self, number, path, Access::Write))
    }

    fn open(&self, path: &str, access: Access) -> Result<SimFile> {
        let mut world = self.world();
        world.begin(Call::Open, path)?;
        let number = world.find(Call::Open, path)?;
        drop(world);
        Ok(SimFile::new(self, number, path, access))
    }

    fn rename(&self, from: &str, to: &str) -> Result<()> {
        let mut world = self.world();
        world.begin(Call::Rename, from)?;
        world.find(Call::Rename, from)?;
        match world.names.get(parent(to)) {
            Some(Target::Directory) => {}
            Some(Target::File(_)) | None => {
                return Err(failure(Call::Rename, to, io::ErrorKind::NotFound));
            }
        }
        let call = world.faults.calls;
        world.names.rename(call, from, to);
        Ok(())
    }

    fn unlink(&self, path: &str) -> Result<()> {
        let mut world = self.world();
        world.begin(Call::Unlink, path)?;
        world.find(Call::Unlink, path)?;
        let call = world.faults.calls;
        world.names.remove(call, path);
        Ok(())
    }

    fn create_directory(&self, path: &str) -> Result<()> {
        let mut world = self.world();
        world.begin(Call::CreateDirectory, path)?;
        world.admit(Call::CreateDirectory, path)?;
        let call = world.faults.calls;
        world.names.make(call, path, Target::Directory);
        Ok(())
    }

    fn sync_directory(&self, path: &str) -> Result<()> {
        let mut world = self.world();
        world.begin(Call::SyncDirectory, path)?;
        world.names.sync(path);
        Ok(())
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>> {
        let mut world = self.world();
        world.begin(Call::List, path)?;
        if world.names.get(path) != Some(Target::Directory) {
            return Err(failure(Call::List, path, io::ErrorKind::NotFound));
        }
        let entries = world.names.within(path).into_iter().map(|(name, target)| match target {
            Target::Directory => entry(name, Node::Directory, 0),
            Target::File(number) => {
                let length = world.inodes.get(&number).map_or(0, |inode| inode.now.length);
                entry(name, Node::File, length)
            }
        });
        Ok(entries.collect())
    }

    fn lock(&self, path: &str, holder: &str) -> Result<SimLock> {
        let mut world = self.world();
        world.begin(Call::Lock, path)?;
        if let Some(holder) = world.locks.get(path) {
            return Err(Error::Locked { path: path.to_owned(), holder: holder.clone() });
        }
        world.locks.insert(path.to_owned(), holder.to_owned());
        if world.names.get(path).is_none() {
            let number = world.next_inode;
            world.next_inode += 1;
            world.inodes.insert(number, Arc::default());
            let call = world.faults.calls;
            world.names.make(call, path, Target::File(number));
        }
        drop(world);
        Ok(SimLock { disk: self.clone(), path: path.to_owned() })
    }

    fn space(&self) -> Result<Space> {
        let mut world = self.world();
        world.begin(Call::Space, "")?;
        let total = world.capacity;
        Ok(Space { total, free: total.saturating_sub(world.used()) })
    }

    fn root(&self) -> Result<Root> {
        let mut world = self.world();
        world.begin(Call::Space, "")?;
        Ok(world.root.clone())
    }
}

fn entry(name: String, node: Node, length: u64) -> Entry {
    Entry { name, node, length, is_private: true }
}

/// An open file of a [`SimDisk`].
#[derive(Debug)]
pub struct SimFile {
    disk: SimDisk,
    number: u64,
    path: String,
    access: Access,
}

impl SimFile {
    fn new(disk: &SimDisk, number: u64, path: &str, access: Access) -> Self {
        Self { disk: disk.clone(), number, path: path.to_owned(), access }
    }

    fn sync(&self, call: Call) -> Result<()> {
        let mut world = self.disk.world();
        let fault = world.faults.strike(call, &self.path, 0, 0);
        match fault {
            Some(Fault::Eio | Fault::Enospc) => {
                let mut dice = world.dice.clone();
                world.file(self.number).fail_sync(&mut dice);
                world.dice = dice;
            }
            None | Some(Fault::Short(_) | Fault::Misdirected(_)) => world.file(self.number).sync(),
            Some(Fault::Eintr | Fault::PowerOff) => {}
        }
        refuse(call, &self.path, fault)
    }
}

impl DiskFile for SimFile {
    fn path(&self) -> &str {
        &self.path
    }

    fn pwrite(&self, bytes: &[u8], offset: u64) -> Result<usize> {
        let mut world = self.disk.world();
        let fault = world.faults.strike(Call::Pwrite, &self.path, offset, bytes.len() as u64);
        refuse(Call::Pwrite, &self.path, fault)?;
        if self.access == Access::Read {
            return Err(failure(Call::Pwrite, &self.path, io::ErrorKind::PermissionDenied));
        }
        let (bytes, offset) = match fault {
            Some(Fault::Short(length)) => (&bytes[..length.clamp(1, bytes.len().max(1)).min(bytes.len())], offset),
            Some(Fault::Misdirected(by)) => (bytes, offset + by),
            _ => (bytes, offset),
        };
        if !world.has_room(self.number, offset + bytes.len() as u64) {
            return Err(failure(Call::Pwrite, &self.path, io::ErrorKind::StorageFull));
        }
        let call = world.faults.calls;
        world.file(self.number).write(bytes, offset, call);
        Ok(bytes.len())
    }

    fn pread(&self, into: &mut [u8], offset: u64) -> Result<usize> {
        let mut world = self.disk.world();
        let fault = world.faults.strike(Call::Pread, &self.path, offset, into.len() as u64);
        refuse(Call::Pread, &self.path, fault)?;
        let length = match fault {
            Some(Fault::Short(length)) => length.max(1).min(into.len()),
            _ => into.len(),
        };
        Ok(world.file(self.number).now.read(&mut into[..length], offset))
    }

    fn fdatasync(&self) -> Result<()> {
        self.sync(Call::Fdatasync)
    }

    fn fsync(&self) -> Result<()> {
        self.sync(Call::Fsync)
    }

    fn fallocate(&self, length: u64) -> Result<()> {
        let mut world = self.disk.world();
        world.begin(Call::Fallocate, &self.path)?;
        if !world.has_room(self.number, length) {
            return Err(failure(Call::Fallocate, &self.path, io::ErrorKind::StorageFull));
        }
        let file = world.file(self.number);
        file.reserved = file.reserved.max(length);
        Ok(())
    }

    fn length(&self) -> Result<u64> {
        let mut world = self.disk.world();
        world.begin(Call::Length, &self.path)?;
        Ok(world.file(self.number).now.length)
    }

    fn drop_cache(&self) -> Result<()> {
        let mut world = self.disk.world();
        world.begin(Call::DropCache, &self.path)?;
        world.file(self.number).drop_cache();
        Ok(())
    }
}

/// The lock of a [`SimDisk`]; free again when it is dropped.
#[derive(Debug)]
pub struct SimLock {
    disk: SimDisk,
    path: String,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.disk.world().locks.remove(&self.path);
    }
}
