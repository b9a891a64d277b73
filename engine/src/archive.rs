//! Archive: how do rows get from the core to files and followers, without the core ever waiting?
//!
//! ```text
//!  core thread ── bounded queue ──► archive thread ─┬─► hot batches ─► flush thread ─► Parquet, manifest
//!                                                   └─► query.sock ─► `wardline query`, a child of this process
//! ```
//! When the queue is full, rows are lost to the tables: the archive stops at the hole, no checkpoint is written beyond it,
//! and the next start derives them again from the log. Slow SQL or a slow disk costs freshness, never a timer.
//!
//! - **How it fits**: [`open`] gives the runtime its [`Archiving`] and keeps the thread; [`child`] runs the query process.
//! - **Not here**: which rows there are (`wardline-core`), what a table is (`wardline-tables`), SQL.

pub mod child;
mod figures;
mod followers;
mod heard;
mod keeper;

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, Receiver, SyncSender, TrySendError},
    },
    thread,
    time::Duration,
};

use wardline_rules::time::Timestamp;
use wardline_tables::{archive as tables, place::Folder};

use crate::{
    limits::{ARCHIVE_COVER_WAIT, ARCHIVE_QUEUE_MAX, ARCHIVE_QUEUE_ROWS_MAX, ARCHIVE_RETRY_AFTER},
    metrics::Metrics,
    runtime::rows::{Archiving, Covers, RowSink, Taken},
};

/// Name of the socket in the data directory.
pub const SOCKET: &str = "query.sock";
/// Name of the archive's folder in the data directory.
pub const FOLDER: &str = "archive";

/// Name of the folder in the archive's that holds the text of every ward that ever decided.
pub const WARDS: &str = "wards";

/// What the archive thread is told.
pub(crate) enum Order {
    /// Recovery begins after this epoch.
    Begin(u64, Timestamp),
    /// Rows of a batch.
    Rows(Taken),
    /// Rows of a batch that recovery derived again.
    Replayed(Taken),
    /// Put everything up to this epoch into files; the answer is whether that is so.
    Cover(u64, SyncSender<bool>),
    /// Somebody connected.
    Follower(followers::Follower),
}

/// How often files are written.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// If there are rows that no file holds.
    flush_every: Duration,
    /// After a flush that failed.
    retry_after: Duration,
}

/// What both ends of the queue know.
#[derive(Debug, Default)]
struct Shared {
    queued: AtomicUsize,
    /// Rows were lost: nothing after them counts.
    has_hole: AtomicBool,
}

/// Opens the archive of a data directory and starts its thread.
///
/// - **Input** `flush_every`: how often rows go to files at least.
///
/// # Errors
/// Of the disk, or a damaged manifest.
pub fn open(directory: &Path, metrics: &Metrics, flush_every: Duration) -> Result<Archiving, tables::Error> {
    open_paced(directory, metrics, Pace { flush_every, retry_after: ARCHIVE_RETRY_AFTER })
}

fn open_paced(directory: &Path, metrics: &Metrics, pace: Pace) -> Result<Archiving, tables::Error> {
    let folder = directory.join(FOLDER);
    let archive = tables::Archive::open(Folder::open(&folder)?)?;
    let (sender, receiver) = mpsc::sync_channel(ARCHIVE_QUEUE_MAX);
    let shared = Arc::new(Shared::default());
    followers::listen(&directory.join(SOCKET), sender.clone())?;
    metrics.begin_tables();
    let figures = figures::Figures::new(metrics.clone(), &archive);
    start(keeper::Keeper::new(archive, figures, pace, &folder), receiver, shared.clone())?;
    let sink = Sink { sender: sender.clone(), shared };
    Ok(Archiving { sink: Box::new(sink), covers: Box::new(Cover { sender }) })
}

fn start(keeper: keeper::Keeper, orders: Receiver<Order>, shared: Arc<Shared>) -> io::Result<()> {
    thread::Builder::new().name("wardline-archive".to_owned()).spawn(move || keeper.run(&orders, &shared)).map(drop)
}

#[derive(Debug)]
struct Sink {
    sender: SyncSender<Order>,
    shared: Arc<Shared>,
}

impl RowSink for Sink {
    fn begin(&mut self, after: u64, at: Timestamp) {
        // The thread is gone only if it panicked; the engine goes on without tables.
        drop(self.sender.send(Order::Begin(after, at)));
    }

    fn replayed(&mut self, taken: Taken) {
        self.shared.queued.fetch_add(taken.rows.len(), Ordering::AcqRel);
        drop(self.sender.send(Order::Replayed(taken)));
    }

    fn take(&mut self, taken: Taken) {
        if self.shared.has_hole.load(Ordering::Acquire) {
            return;
        }
        let (epoch, count) = (taken.epoch, taken.rows.len());
        let queued = self.shared.queued.fetch_add(count, Ordering::AcqRel);
        let is_full = queued > 0 && queued + count > ARCHIVE_QUEUE_ROWS_MAX;
        let cause = if is_full {
            "its queue is full"
        } else {
            match self.sender.try_send(Order::Rows(taken)) {
                Ok(()) => return,
                Err(TrySendError::Full(_)) => "its queue is full",
                Err(TrySendError::Disconnected(_)) => "its thread has ended",
            }
        };
        self.shared.has_hole.store(true, Ordering::Release);
        tracing::error!(
            epoch,
            cause,
            "archive.queue: tables stop here; rows after this are derived again at the next start"
        );
    }
}

#[derive(Debug)]
struct Cover {
    sender: SyncSender<Order>,
}

impl Covers for Cover {
    fn covers(&self, epoch: u64) -> bool {
        // A disk that hangs must not hold up a stop, nor the segments that the same thread prepares.
        let (reply, answer) = mpsc::sync_channel(1);
        // A queue that is full now is asked again for the next checkpoint.
        if self.sender.try_send(Order::Cover(epoch, reply)).is_err() {
            return false;
        }
        answer.recv_timeout(ARCHIVE_COVER_WAIT).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests;
