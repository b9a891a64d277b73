//! Snapshot: which rows does a statement see?
//!
//! The files of one manifest version and the hot rows behind it, up to one epoch. It never changes; the follower publishes
//! another one, and a statement keeps the one it began with.

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
    time::{Duration, Instant},
};

use arrow::array::RecordBatch;
use tokio::sync::watch;
use wardline_tables::{
    frame::Commit,
    hot::Hot,
    manifest::{File, Manifest},
};

/// What one statement sees.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Up to which epoch, at which log time.
    pub commit: Commit,
    manifest: Arc<Manifest>,
    hot: Arc<Hot>,
}

/// Where the newest snapshot is.
#[derive(Clone, Debug)]
pub struct Newest {
    snapshot: Arc<RwLock<Option<Arc<Snapshot>>>>,
    epoch: watch::Sender<u64>,
    /// Those that were the newest, as long as anybody keeps them.
    replaced: Arc<Mutex<Vec<Weak<Snapshot>>>>,
    /// Since when the engine is not heard, if it is not.
    lost: Arc<RwLock<Option<Instant>>>,
}

impl Default for Newest {
    fn default() -> Self {
        Self { snapshot: Arc::default(), epoch: watch::channel(0).0, replaced: Arc::default(), lost: Arc::default() }
    }
}

impl Snapshot {
    /// The rows up to a commit.
    #[must_use]
    pub const fn new(commit: Commit, manifest: Arc<Manifest>, hot: Arc<Hot>) -> Self {
        Self { commit, manifest, hot }
    }

    /// Files of a table, by its name.
    pub fn files(&self, table: &str) -> impl Iterator<Item = &File> {
        self.manifest.files.values().filter(move |file| file.table == table)
    }

    /// Hot batches of a table, by its name.
    #[must_use]
    pub fn hot(&self, table: &str) -> Vec<RecordBatch> {
        self.hot.all().filter(|(known, _)| known.name() == table).map(|(_, batch)| batch.clone()).collect()
    }

    /// Where the newest hole in the rows ends; 0 if there is none.
    #[must_use]
    pub fn began_after(&self) -> u64 {
        self.manifest.began_after
    }

    /// After which and up to which epoch no rows were made, oldest first.
    #[must_use]
    pub fn holes(&self) -> &[(u64, u64)] {
        &self.manifest.holes
    }
}

impl Newest {
    /// The newest one; `None` before the first.
    #[must_use]
    pub fn get(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes this the newest one.
    pub fn publish(&self, snapshot: Snapshot) {
        let epoch = snapshot.commit.epoch;
        let newest = Some(Arc::new(snapshot));
        let replaced = {
            let mut shown = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
            core::mem::replace(&mut *shown, newest)
        };
        {
            let mut kept = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|snapshot| snapshot.strong_count() > 0);
            kept.extend(replaced.as_ref().map(Arc::downgrade));
        }
        // Dropped behind its weak reference: whoever keeps it is counted from now on.
        drop(replaced);
        self.epoch.send_replace(epoch);
        *self.lost.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How many snapshots somebody keeps though a newer one is there.
    #[must_use]
    pub fn pinned(&self) -> usize {
        let kept = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().filter(|snapshot| snapshot.strong_count() > 0).count()
    }

    /// Notes that the engine is not heard any more; the newest snapshot stays.
    pub fn lose(&self) {
        self.lost.write().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now);
    }

    /// For how long the engine has not been heard; `None` while it is.
    #[must_use]
    pub fn unheard(&self) -> Option<Duration> {
        self.lost.read().unwrap_or_else(PoisonError::into_inner).map(|since| since.elapsed())
    }

    /// Waits until an epoch is visible.
    pub async fn reaches(&self, epoch: u64) {
        // The sender lives as long as this does.
        drop(self.epoch.subscribe().wait_for(|newest| *newest >= epoch).await);
    }
}
