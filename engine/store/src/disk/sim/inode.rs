//! Inode: what does a file hold now, and what would a crash leave of it?
//!
//! ```text
//!  now    ▪▪▪▪▪   what a read sees: the page cache
//!  dirty    ▪ ▪   blocks changed since the last sync, each with every content it had on the way
//!  kept   ▪▪▪▪▪   what the disk holds for certain
//! ```
//! A block is 4 KiB and shared until written, so that a copy of the whole disk costs a pointer per block.
//! - **How it fits**: [`SimDisk`](super::SimDisk) holds one for each file.
//! - INVARIANT: after a failed sync no block is dirty, kept or not. That is what kernels do, and why unproven records are written again.
//! - **Not here**: names ([`names`](super::names)), which call fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dice::Dice;

/// What the disk writes as one.
pub(super) const BLOCK: usize = 4096;
/// What the disk never tears.
pub(super) const SECTOR: usize = 512;

type Block = Arc<[u8; BLOCK]>;

/// Length and blocks of a file; blocks beyond the last are zeros.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub(super) length: u64,
    blocks: Vec<Block>,
}

impl Content {
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let blocks = bytes.chunks(BLOCK).map(|chunk| {
            let mut block = [0; BLOCK];
            for (to, from) in block.iter_mut().zip(chunk) {
                *to = *from;
            }
            Arc::new(block)
        });
        Self { length: bytes.len() as u64, blocks: blocks.collect() }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(self.length).unwrap_or_default()];
        self.read(&mut bytes, 0);
        bytes
    }

    pub(super) fn allocated(&self) -> u64 {
        (self.blocks.len() * BLOCK) as u64
    }

    /// Fills `into` as far as the file goes.
    pub(super) fn read(&self, into: &mut [u8], offset: u64) -> usize {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = into.len().min(left);
        let mut done = 0;
        while done < length {
            let (index, start) = place(offset + done as u64);
            let part = (BLOCK - start).min(length - done);
            let target = &mut into[done..done + part];
            match self.blocks.get(index) {
                Some(block) => target.copy_from_slice(&block[start..start + part]),
                None => target.fill(0),
            }
            done += part;
        }
        length
    }

    fn block(&self, index: usize) -> Block {
        match self.blocks.get(index) {
            Some(block) => Arc::clone(block),
            None => Arc::new([0; BLOCK]),
        }
    }

    fn put(&mut self, index: usize, block: Block) {
        while self.blocks.len() <= index {
            self.blocks.push(Arc::new([0; BLOCK]));
        }
        self.blocks[index] = block;
    }
}

/// Index of the block and place in it.
fn place(offset: u64) -> (usize, usize) {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    (offset / BLOCK, offset % BLOCK)
}

/// One content a block had between two syncs, and the number of the call that made it.
#[derive(Clone, Debug)]
struct Version {
    call: u64,
    block: Block,
}

/// What happens to the blocks of one unsynced write in a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// None of them was written.
    Lost,
    /// All of them were.
    Kept,
    /// The first half were, and the one in the middle in part.
    Torn,
}

/// A file of the simulated disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Inode {
    pub(super) now: Content,
    kept: Content,
    dirty: BTreeMap<usize, Vec<Version>>,
    lengths: Vec<(u64, u64)>,
    pub(super) reserved: u64,
}

impl Inode {
    /// A file that has always had this content.
    pub(super) fn settled(content: Content) -> Self {
        Self { now: content.clone(), kept: content, ..Self::default() }
    }

    pub(super) fn allocated(&self) -> u64 {
        self.now.allocated().max(self.reserved)
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: u64, call: u64) {
        let mut done = 0;
        while done < bytes.len() {
            let (index, start) = place(offset + done as u64);
            let part = (BLOCK - start).min(bytes.len() - done);
            let mut block = self.now.block(index);
            Arc::make_mut(&mut block)[start..start + part].copy_from_slice(&bytes[done..done + part]);
            self.now.put(index, Arc::clone(&block));
            self.dirty.entry(index).or_default().push(Version { call, block });
            done += part;
        }
        let end = offset + bytes.len() as u64;
        if end > self.now.length {
            self.now.length = end;
            self.lengths.push((call, end));
        }
    }

    pub(super) fn sync(&mut self) {
        for index in std::mem::take(&mut self.dirty).into_keys() {
            self.kept.put(index, self.now.block(index));
        }
        self.kept.length = self.now.length;
        self.lengths.clear();
    }

    /// A sync that failed: some blocks reached the disk, none is dirty any more.
    pub(super) fn fail_sync(&mut self, dice: &mut Dice) {
        for index in std::mem::take(&mut self.dirty).into_keys() {
            if dice.coin() {
                self.kept.put(index, self.now.block(index));
            }
        }
        self.kept.length = self.now.length;
        self.lengths.clear();
    }

    /// Forgets what is cached and clean.
    pub(super) fn drop_cache(&mut self) {
        let dirty = std::mem::take(&mut self.now);
        self.now = self.kept.clone();
        self.now.length = dirty.length;
        for &index in self.dirty.keys() {
            self.now.put(index, dirty.block(index));
        }
    }

    /// Numbers of the calls whose effect is not durable, ascending.
    pub(super) fn unsynced(&self) -> Vec<u64> {
        let writes = self.dirty.values().flatten().map(|version| version.call);
        let mut calls: Vec<u64> = writes.chain(self.lengths.iter().map(|&(call, _)| call)).collect();
        calls.sort_unstable();
        calls.dedup();
        calls
    }

    /// Whether nothing is unsynced in any of the blocks the range touches.
    pub(super) fn is_synced(&self, offset: u64, length: u64) -> bool {
        let (first, _) = place(offset);
        let (last, _) = place(offset + length.max(1) - 1);
        let differs = (first..=last).any(|index| self.kept.block(index) != self.now.block(index));
        !differs && offset + length <= self.kept.length
    }

    /// What a crash leaves, each unsynced block by chance: none, all, or part of what was written to it.
    pub(super) fn crash(&self, dice: &mut Dice) -> Self {
        let mut content = self.kept.clone();
        let lengths: Vec<u64> =
            std::iter::once(self.kept.length).chain(self.lengths.iter().map(|&(_, length)| length)).collect();
        content.length = lengths[dice.below(lengths.len())];
        for (&index, versions) in &self.dirty {
            let old = match dice.below(versions.len() + 1) {
                0 => self.kept.block(index),
                some => Arc::clone(&versions[some - 1].block),
            };
            let block = match dice.below(3) {
                0 => old,
                1 => Arc::clone(&versions[dice.below(versions.len())].block),
                _ => tear(&old, &versions[dice.below(versions.len())].block, dice),
            };
            content.put(index, block);
        }
        Self::settled(content.cut())
    }

    /// What a crash leaves if each unsynced call has the fate that `fate` names.
    pub(super) fn crash_by(&self, fate: &dyn Fn(u64) -> Fate) -> Self {
        let mut content = self.kept.clone();
        for &(call, length) in &self.lengths {
            if fate(call) != Fate::Lost {
                content.length = content.length.max(length);
            }
        }
        for (&index, versions) in &self.dirty {
            for version in versions {
                match fate(version.call) {
                    Fate::Lost => {}
                    Fate::Kept => content.put(index, Arc::clone(&version.block)),
                    Fate::Torn => self.tear_call(&mut content, index, version),
                }
            }
        }
        Self::settled(content.cut())
    }

    fn tear_call(&self, content: &mut Content, index: usize, version: &Version) {
        let touched: Vec<usize> = self
            .dirty
            .iter()
            .filter(|(_, versions)| versions.iter().any(|other| other.call == version.call))
            .map(|(&index, _)| index)
            .collect();
        let middle = touched.get(touched.len() / 2).copied().unwrap_or_default();
        if index < middle {
            content.put(index, Arc::clone(&version.block));
        } else if index == middle {
            let mut block = content.block(index);
            let half = BLOCK / 2;
            Arc::make_mut(&mut block)[..half].copy_from_slice(&version.block[..half]);
            content.put(index, block);
        }
    }
}

impl Content {
    /// Drops blocks beyond the length and zeroes what follows it in the last.
    fn cut(mut self) -> Self {
        let length = usize::try_from(self.length).unwrap_or(usize::MAX);
        self.blocks.truncate(length.div_ceil(BLOCK));
        let used = length % BLOCK;
        let is_last_there = self.blocks.len() == length.div_ceil(BLOCK);
        if let Some(last) = self.blocks.last_mut().filter(|_| used > 0 && is_last_there) {
            Arc::make_mut(last)[used..].fill(0);
        }
        self
    }
}

/// Takes each sector from the old or from the new content.
fn tear(old: &Block, new: &Block, dice: &mut Dice) -> Block {
    let mut block = Arc::clone(old);
    let bytes = Arc::make_mut(&mut block);
    for start in (0..BLOCK).step_by(SECTOR) {
        if dice.coin() {
            bytes[start..start + SECTOR].copy_from_slice(&new[start..start + SECTOR]);
        }
    }
    block
}
