//! Simulated disk: does the store keep its word when the disk does not?
//!
//! A tree of files in memory that remembers, apart from what a read sees, what a crash would leave. It fails where it is
//! told to, and everything it does by chance follows from a seed.
//! ```text
//!  SimDisk ─ fork ──► the same disk, on its own from here: "what if"
//!          ─ kill ──► the process died: the page cache is still there, locks are free
//!          ─ crash ─► the power failed: of each unsynced block nothing, all or part, of unsynced names any subset
//! ```
//! - **How it fits**: the tests of this crate and the simulator hand it to the store in place of [`RealDisk`](super::RealDisk).
//! - LIMIT: `SIM_OPERATIONS_MAX`; a call that finds the log of operations full drops the oldest.
//! - **Not here**: latency (the simulator owns time), threads.
//! - **Source**: Mohan et al. (CrashMonkey and ACE), OSDI '18; Rebello et al., ATC '20; Pillai et al. (ALICE), OSDI '14.
//!
//! ```
//! use wardline_store::disk::{Disk, DiskFile, SimDisk};
//! let disk = SimDisk::new(7);
//! let file = disk.create("a")?;
//! file.write_all(b"said", 0)?;
//! file.fdatasync()?;
//! assert!((0..9).any(|seed| disk.crash(seed).files().is_empty()), "the name was never synced");
//! disk.sync_directory("")?;
//! assert_eq!(disk.crash(1).read_file("a"), Some(b"said".to_vec()));
//! # Ok::<(), wardline_store::disk::Error>(())
//! ```

mod dice;
mod faults;
mod inode;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Access, Call, Disk, DiskFile, Entry, Error, Filesystem, Node, Result, Root, Space};
use dice::Dice;
use faults::Faults;
pub use faults::{Fault, Injection, Operation};
use inode::{Content, Fate, Inode};
use names::{Names, Target, parent};

/// Size of the simulated volume unless told otherwise: 1 GiB.
const CAPACITY: u64 = 1 << 30;

#[derive(Clone, Debug)]
struct World {
    inodes: BTreeMap<u64, Arc<Inode>>,
    names: Names,
    next_inode: u64,
    faults: Faults,
    locks: BTreeMap<String, String>,
    capacity: u64,
    root: Root,
    dice: Dice,
}

/// A disk in memory; a clone is another handle on the same one.
#[derive(Clone, Debug)]
pub struct SimDisk {
    world: Arc<Mutex<World>>,
}

impl SimDisk {
    /// An empty disk whose chances follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self::of(World {
            inodes: BTreeMap::new(),
            names: Names::default(),
            next_inode: 1,
            faults: Faults::default(),
            locks: BTreeMap::new(),
            capacity: CAPACITY,
            root: Root {
                is_private: true,
                is_ours: true,
                filesystem: Filesystem::Local,
            },
            dice: Dice::new(seed),
        })
    }

    fn of(world: World) -> Self {
        Self {
            world: Arc::new(Mutex::new(world)),
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy that goes its own way from here; blocks are shared until written.
    pub fn fork(&self) -> Self {
        Self::of(self.world().clone())
    }

    /// What the next process finds when this one is killed: the page cache as it is, no lock, no fault in waiting.
    pub fn kill(&self) -> Self {
        let mut world = self.world().clone();
        world.locks.clear();
        world.faults.clear();
        Self::of(world)
    }

    /// What the next process finds when the power fails now; what survives follows from `seed`.
    pub fn crash(&self, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut world = self.restarted();
        // Journals keep names in order, so half of the time a prefix survives, else any subset.
        let names = &self.world().names;
        let cut = dice.below(names.unsynced().len() + 1) as u64;
        let in_order = dice.coin();
        let mut seen = 0;
        world.names = names.crash(&mut |_| {
            seen += 1;
            if in_order { seen <= cut } else { dice.coin() }
        });
        for inode in world.inodes.values_mut() {
            *inode = Arc::new(inode.crash(&mut dice));
        }
        Self::of(world.without_nameless())
    }

    /// Every state the power failing now may leave, if at most the last `window` unsynced calls are open:
    /// each of them lost, whole or torn, all the earlier ones once lost and once whole.
    ///
    /// - **Cost**: up to 2 × 3^window copies.
    pub fn crash_states(&self, window: usize) -> Vec<Self> {
        let calls = self.unsynced();
        let (earlier, open) = calls.split_at(calls.len().saturating_sub(window));
        let rest = if earlier.is_empty() {
            vec![Fate::Lost]
        } else {
            vec![Fate::Lost, Fate::Kept]
        };
        let mut states = Vec::new();
        for rest in rest {
            let mut fates: Vec<BTreeMap<u64, Fate>> = vec![BTreeMap::new()];
            for &call in open {
                fates = fates
                    .iter()
                    .flat_map(|chosen| {
                        [Fate::Lost, Fate::Kept, Fate::Torn].map(|fate| with(chosen, call, fate))
                    })
                    .collect();
            }
            states.extend(
                fates.iter().map(|chosen| {
                    self.crash_by(&|call| chosen.get(&call).copied().unwrap_or(rest))
                }),
            );
        }
        states
    }

    fn crash_by(&self, fate: &dyn Fn(u64) -> Fate) -> Self {
        let mut world = self.restarted();
        world.names = world.names.crash(&mut |call| fate(call) != Fate::Lost);
        for inode in world.inodes.values_mut() {
            *inode = Arc::new(inode.crash_by(fate));
        }
        Self::of(world.without_nameless())
    }

    fn restarted(&self) -> World {
        let mut world = self.world().clone();
        world.locks.clear();
        world.faults.clear();
        world
    }

    /// Numbers of the calls whose effect a crash could undo, ascending.
    pub fn unsynced(&self) -> Vec<u64> {
        let world = self.world();
        let mut calls: BTreeSet<u64> = world.names.unsynced().into_iter().collect();
        calls.extend(world.inodes.values().flat_map(|inode| inode.unsynced()));
        calls.into_iter().collect()
    }

    /// Lets a call to come fail.
    pub fn inject(&self, injection: Injection) {
        self.world().faults.inject(injection);
    }

    /// Takes back every fault that waits, and turns the power on again.
    pub fn heal(&self) {
        self.world().faults.clear();
    }

    /// How many calls were made so far.
    pub fn calls(&self) -> u64 {
        self.world().faults.calls
    }

    /// What was called, oldest first.
    pub fn operations(&self) -> Vec<Operation> {
        self.world().faults.operations()
    }

    /// Sets the size of the volume in bytes.
    pub fn set_capacity(&self, bytes: u64) {
        self.world().capacity = bytes;
    }

    /// Sets what the root is: its mode, its owner, its file system.
    pub fn set_root(&self, root: Root) {
        self.world().root = root;
    }

    /// Whether name and range of a file would survive any crash.
    pub fn is_durable(&self, path: &str, offset: u64, length: u64) -> bool {
        let world = self.world();
        let Some(Target::File(number)) = world.names.get(path) else {
            return false;
        };
        let is_synced = |inode: &Arc<Inode>| inode.is_synced(offset, length);
        world.names.is_synced(path) && world.inodes.get(&number).is_some_and(is_synced)
    }

    /// Paths of all files, sorted.
    pub fn files(&self) -> Vec<String> {
        let world = self.world();
        let mut paths = Vec::new();
        let mut open = vec![String::new()];
        while let Some(directory) = open.pop() {
            for (name, target) in world.names.within(&directory) {
                let path = join(&directory, &name);
                match target {
                    Target::Directory => open.push(path),
                    Target::File(_) => paths.push(path),
                }
            }
        }
        paths.sort();
        paths
    }

    /// Whole content of a file, past all faults.
    pub fn read_file(&self, path: &str) -> Option<Vec<u8>> {
        let world = self.world();
        match world.names.get(path)? {
            Target::File(number) => world.inodes.get(&number).map(|inode| inode.now.to_bytes()),
            Target::Directory => None,
        }
    }

    /// Gives a file this content, as if it had always had it.
    pub fn write_file(&self, path: &str, bytes: &[u8]) {
        let mut world = self.world();
        let number = world.next_inode;
        world.next_inode += 1;
        let inode = Inode::settled(Content::from_bytes(bytes));
        world.inodes.insert(number, Arc::new(inode));
        world.names.settle(path, Some(Target::File(number)));
    }

    /// Takes a file away, as if it had never been.
    pub fn remove_file(&self, path: &str) {
        self.world().names.settle(path, None);
    }

    /// Turns one bit of a file over, on the disk and in the cache; the bit is counted from the start of the file.
    pub fn flip_bit(&self, path: &str, bit: u64) {
        let Some(mut bytes) = self.read_file(path) else {
            return;
        };
        let index = usize::try_from(bit / 8).unwrap_or(usize::MAX);
        if let Some(byte) = bytes.get_mut(index) {
            *byte ^= 1 << (bit % 8);
            self.write_file(path, &bytes);
        }
    }
}

fn with(chosen: &BTreeMap<u64, Fate>, call: u64, fate: Fate) -> BTreeMap<u64, Fate> {
    let mut chosen = chosen.clone();
    chosen.insert(call, fate);
    chosen
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}

impl World {
    /// Counts the call; an error if a fault without finer meaning strikes it.
    fn begin(&mut self, call: Call, path: &str) -> Result<()> {
        let fault = self.faults.strike(call, path, 0, 0);
        refuse(call, path, fault)
    }

    fn without_nameless(mut self) -> Self {
        let named = self.names.files();
        self.inodes.retain(|number, _| named.contains(number));
        self
    }

    fn used(&self) -> u64 {
        let named = self.names.files();
        let inodes = self
            .inodes
            .iter()
            .filter(|(number, _)| named.contains(number));
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
        let has = self
            .inodes
            .get(&number)
            .map_or(0, |inode| inode.allocated());
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
        Some(Fault::Eio) => Err(Error::new(
            call,
            path,
            io::Error::other("injected: input/output error"),
        )),
        Some(Fault::PowerOff) => Err(Error::new(
            call,
            path,
            io::Error::other("injected: the power is off"),
        )),
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
        let entries = world
            .names
            .within(path)
            .into_iter()
            .map(|(name, target)| match target {
                Target::Directory => entry(name, Node::Directory, 0),
                Target::File(number) => {
                    let length = world
                        .inodes
                        .get(&number)
                        .map_or(0, |inode| inode.now.length);
                    entry(name, Node::File, length)
                }
            });
        Ok(entries.collect())
    }

    fn lock(&self, path: &str, holder: &str) -> Result<SimLock> {
        let mut world = self.world();
        world.begin(Call::Lock, path)?;
        if let Some(holder) = world.locks.get(path) {
            return Err(Error::Locked {
                path: path.to_owned(),
                holder: holder.clone(),
            });
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
        Ok(SimLock {
            disk: self.clone(),
            path: path.to_owned(),
        })
    }

    fn space(&self) -> Result<Space> {
        let mut world = self.world();
        world.begin(Call::Space, "")?;
        let total = world.capacity;
        Ok(Space {
            total,
            free: total.saturating_sub(world.used()),
        })
    }

    fn root(&self) -> Result<Root> {
        let mut world = self.world();
        world.begin(Call::Space, "")?;
        Ok(world.root.clone())
    }
}

fn entry(name: String, node: Node, length: u64) -> Entry {
    Entry {
        name,
        node,
        length,
        is_private: true,
    }
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
        Self {
            disk: disk.clone(),
            number,
            path: path.to_owned(),
            access,
        }
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
        let fault = world
            .faults
            .strike(Call::Pwrite, &self.path, offset, bytes.len() as u64);
        refuse(Call::Pwrite, &self.path, fault)?;
        if self.access == Access::Read {
            return Err(failure(
                Call::Pwrite,
                &self.path,
                io::ErrorKind::PermissionDenied,
            ));
        }
        let (bytes, offset) = match fault {
            Some(Fault::Short(length)) => (
                &bytes[..length.clamp(1, bytes.len().max(1)).min(bytes.len())],
                offset,
            ),
            Some(Fault::Misdirected(by)) => (bytes, offset + by),
            _ => (bytes, offset),
        };
        if !world.has_room(self.number, offset + bytes.len() as u64) {
            return Err(failure(
                Call::Pwrite,
                &self.path,
                io::ErrorKind::StorageFull,
            ));
        }
        let call = world.faults.calls;
        world.file(self.number).write(bytes, offset, call);
        Ok(bytes.len())
    }

    fn pread(&self, into: &mut [u8], offset: u64) -> Result<usize> {
        let mut world = self.disk.world();
        let fault = world
            .faults
            .strike(Call::Pread, &self.path, offset, into.len() as u64);
        refuse(Call::Pread, &self.path, fault)?;
        let length = match fault {
            Some(Fault::Short(length)) => length.max(1).min(into.len()),
            _ => into.len(),
        };
        Ok(world
            .file(self.number)
            .now
            .read(&mut into[..length], offset))
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
            return Err(failure(
                Call::Fallocate,
                &self.path,
                io::ErrorKind::StorageFull,
            ));
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
