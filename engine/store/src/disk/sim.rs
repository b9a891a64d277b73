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

mod calls;
mod dice;
mod faults;
mod inode;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Filesystem, Root};
pub use calls::{SimFile, SimLock};
use dice::Dice;
use faults::Faults;
pub use faults::{Fault, Injection, Operation};
use inode::{Content, Fate, Inode};
use names::{Names, Target};

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
            root: Root { is_private: true, is_ours: true, filesystem: Filesystem::Local },
            dice: Dice::new(seed),
        })
    }

    fn of(world: World) -> Self {
        Self { world: Arc::new(Mutex::new(world)) }
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
        let rest = if earlier.is_empty() { vec![Fate::Lost] } else { vec![Fate::Lost, Fate::Kept] };
        let mut states = Vec::new();
        for rest in rest {
            let mut fates: Vec<BTreeMap<u64, Fate>> = vec![BTreeMap::new()];
            for &call in open {
                fates = fates
                    .iter()
                    .flat_map(|chosen| [Fate::Lost, Fate::Kept, Fate::Torn].map(|fate| with(chosen, call, fate)))
                    .collect();
            }
            states.extend(fates.iter().map(|chosen| self.crash_by(&|call| chosen.get(&call).copied().unwrap_or(rest))));
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
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}
