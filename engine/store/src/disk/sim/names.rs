//! Names: which files would still have their name after a crash?
//!
//! A name made, moved or removed is durable only when its directory was synced. Until then it is a *change*; a crash
//! keeps any set of changes in which each comes with the earlier ones of the same names.
//! - **How it fits**: [`SimDisk`](super::SimDisk) holds one of these, beside the files.
//! - **Not here**: what the files contain ([`inode`](super::inode)).
//! - **Source**: Pillai et al., *All File Systems Are Not Created Equal*, OSDI '14.

use std::collections::{BTreeMap, BTreeSet};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Directory,
    File(u64),
}

#[derive(Clone, Debug)]
struct Change {
    call: u64,
    gone: Option<String>,
    made: Option<(String, Target)>,
}

impl Change {
    fn paths(&self) -> impl Iterator<Item = &str> {
        let made = self.made.as_ref().map(|(path, _)| path.as_str());
        self.gone.as_deref().into_iter().chain(made)
    }
}

/// All names, now and durable.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    now: BTreeMap<String, Target>,
    kept: BTreeMap<String, Target>,
    changes: Vec<Change>,
}

/// Directory part of a path; empty for the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

impl Names {
    pub(super) fn get(&self, path: &str) -> Option<Target> {
        if path.is_empty() {
            return Some(Target::Directory);
        }
        self.now.get(path).copied()
    }

    /// Names in a directory, sorted, without the directory part.
    pub(super) fn within(&self, directory: &str) -> Vec<(String, Target)> {
        let inside = self.now.iter().filter(|(path, _)| parent(path) == directory);
        let named = inside.map(|(path, &target)| {
            let name = path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name);
            (name.to_owned(), target)
        });
        named.collect()
    }

    pub(super) fn make(&mut self, call: u64, path: &str, target: Target) {
        self.now.insert(path.to_owned(), target);
        self.note(call, None, Some((path.to_owned(), target)));
    }

    pub(super) fn remove(&mut self, call: u64, path: &str) {
        self.now.remove(path);
        self.note(call, Some(path.to_owned()), None);
    }

    pub(super) fn rename(&mut self, call: u64, from: &str, to: &str) {
        let Some(target) = self.now.remove(from) else {
            return;
        };
        self.now.insert(to.to_owned(), target);
        self.note(call, Some(from.to_owned()), Some((to.to_owned(), target)));
    }

    fn note(&mut self, call: u64, gone: Option<String>, made: Option<(String, Target)>) {
        self.changes.push(Change { call, gone, made });
    }

    /// Puts a name there, or takes it away, as if it had always been so.
    pub(super) fn settle(&mut self, path: &str, target: Option<Target>) {
        for names in [&mut self.now, &mut self.kept] {
            match target {
                Some(target) => names.insert(path.to_owned(), target),
                None => names.remove(path),
            };
        }
        self.changes.retain(|change| change.paths().all(|other| other != path));
    }

    pub(super) fn sync(&mut self, directory: &str) {
        let calls = self.changes.iter().filter(|change| change.paths().any(|path| parent(path) == directory));
        let calls: BTreeSet<u64> = calls.map(|change| change.call).collect();
        self.keep(&calls);
    }

    /// Whether the name is durable and stands for what it stands for now.
    pub(super) fn is_synced(&self, path: &str) -> bool {
        self.kept.get(path) == self.now.get(path)
    }

    pub(super) fn unsynced(&self) -> Vec<u64> {
        self.changes.iter().map(|change| change.call).collect()
    }

    /// What a crash leaves if it keeps the changes that `keeps` names, with those they need.
    pub(super) fn crash(&self, keeps: &mut dyn FnMut(u64) -> bool) -> Self {
        let calls = self.changes.iter().map(|change| change.call).filter(|&call| keeps(call)).collect();
        let mut left = self.clone();
        left.keep(&calls);
        left.changes.clear();
        left.drop_orphans();
        left.now = left.kept.clone();
        left
    }

    /// Makes the changes named durable, and every earlier one that shares a name with them.
    fn keep(&mut self, calls: &BTreeSet<u64>) {
        let mut needed: BTreeSet<String> = BTreeSet::new();
        let mut chosen: BTreeSet<u64> = BTreeSet::new();
        for change in self.changes.iter().rev() {
            if calls.contains(&change.call) || change.paths().any(|path| needed.contains(path)) {
                needed.extend(change.paths().map(str::to_owned));
                chosen.insert(change.call);
            }
        }
        let (apply, rest) = std::mem::take(&mut self.changes)
            .into_iter()
            .partition::<Vec<_>, _>(|change| chosen.contains(&change.call));
        self.changes = rest;
        for change in apply {
            if let Some(path) = change.gone {
                self.kept.remove(&path);
            }
            if let Some((path, target)) = change.made {
                self.kept.insert(path, target);
            }
        }
    }

    /// A name in a directory that did not survive does not either.
    fn drop_orphans(&mut self) {
        loop {
            let orphan = self.kept.keys().find(|path| {
                let above = parent(path);
                !above.is_empty() && !self.kept.contains_key(above)
            });
            match orphan.cloned() {
                Some(path) => self.kept.remove(&path),
                None => break,
            };
        }
    }

    /// Numbers of the files that have a name.
    pub(super) fn files(&self) -> BTreeSet<u64> {
        let all = self.now.values().chain(self.kept.values());
        all.filter_map(|target| match target {
            Target::File(number) => Some(*number),
            Target::Directory => None,
        })
        .collect()
    }
}
