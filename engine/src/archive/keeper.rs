//! Keeper: what does the archive thread do with rows, and when?
//!
//! It freezes ten milliseconds after the first row, sends what is new to followers, and has a flush done beside it, so that
//! rows go on being taken while files are written. A flush that failed is tried again each minute: what was hot stays hot.
//!
//! - LIMIT: while files cannot be written, rows are held up to
//!   [`HOT_ROWS_HELD_MAX`](wardline_tables::limits::HOT_ROWS_HELD_MAX); then tables stop until the next start derives them.
//! - **Not here**: the queue in front ([`super`]), the sockets behind ([`super::followers`]).

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        atomic::Ordering,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    thread,
    time::Instant,
};

use wardline_rules::time::Timestamp;
use wardline_tables::{
    archive::{Archive, Error, Frozen, Job, Written},
    frame::{Commit, Frame, Hello, PROTOCOL},
    place::Folder,
    schema::SCHEMA_VERSION,
};

use super::{Order, Pace, Shared, WARDS, figures::Figures, followers::Follower, heard::Heard};
use crate::{
    limits::{ARCHIVE_FREEZE_AFTER, ARCHIVE_IDLE},
    runtime::rows::Taken,
};

/// The state of the archive thread.
#[derive(Debug)]
pub(super) struct Keeper {
    archive: Archive<Folder>,
    followers: Vec<Follower>,
    commit: Commit,
    /// When the first row since the last freeze came.
    unfrozen: Option<Instant>,
    /// The flush that runs, and since when.
    flushing: Option<(Instant, Receiver<Result<Written, Error>>)>,
    flushed: Instant,
    waiting: Vec<(u64, SyncSender<bool>)>,
    pace: Pace,
    /// When the last flush failed, if it did.
    failed: Option<Instant>,
    /// Where the tables begin, as long as it is not written down.
    begins: Option<(u64, Timestamp)>,
    /// Rows were left to the next start; those after them do not count.
    has_hole: bool,
    /// Where the texts of wards are kept.
    wards: PathBuf,
    heard: Heard,
    figures: Figures,
}

/// Keeps the text of a ward for who counts by its calendars; one that is there already is the same.
fn keep_ward(folder: &Path, digits: &str, text: &[u8]) -> io::Result<()> {
    let path = folder.join(format!("{digits}.ward"));
    if path.exists() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    let begun = path.with_extension("part");
    fs::write(&begun, text)?;
    fs::rename(&begun, &path)
}

impl Keeper {
    pub(super) fn new(archive: Archive<Folder>, figures: Figures, pace: Pace, folder: &Path) -> Self {
        let (heard, wards) = (Heard::open(folder), folder.join(WARDS));
        let (watermark_at, ward) = (heard.watermark(), heard.ward());
        let commit = Commit { epoch: archive.epoch(), at: archive.manifest().at, watermark_at, ward };
        Self {
            archive,
            followers: Vec::new(),
            commit,
            unfrozen: None,
            flushing: None,
            flushed: Instant::now(),
            waiting: Vec::new(),
            pace,
            failed: None,
            begins: None,
            has_hole: false,
            wards,
            heard,
            figures,
        }
    }

    /// Works until the engine is gone.
    pub(super) fn run(mut self, orders: &Receiver<Order>, shared: &Shared) {
        loop {
            match orders.recv_timeout(self.patience()) {
                Ok(order) => self.take(order, shared),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let is_due = self.unfrozen.is_some_and(|since| since.elapsed() >= ARCHIVE_FREEZE_AFTER);
            if is_due || self.archive.is_freeze_due() {
                self.freeze();
            }
            self.tend_flush(shared);
            self.figures.show(&self.archive, self.commit.at, self.followers.len());
        }
    }

    fn patience(&self) -> core::time::Duration {
        let freeze = self.unfrozen.map(|since| ARCHIVE_FREEZE_AFTER.saturating_sub(since.elapsed()));
        let flush = self.flushing.is_some().then_some(ARCHIVE_FREEZE_AFTER);
        freeze.into_iter().chain(flush).min().unwrap_or(ARCHIVE_IDLE)
    }

    fn take(&mut self, order: Order, shared: &Shared) {
        match order {
            Order::Begin(after, at) => self.begin(after, at),
            Order::Rows(taken) => {
                shared.queued.fetch_sub(taken.rows.len(), Ordering::AcqRel);
                self.rows(&taken);
            }
            Order::Replayed(taken) => {
                shared.queued.fetch_sub(taken.rows.len(), Ordering::AcqRel);
                if taken.epoch > self.archive.epoch() {
                    self.figures.derived(taken.rows.len());
                }
                self.rows(&taken);
            }
            Order::Cover(epoch, reply) => self.waiting.push((epoch, reply)),
            Order::Follower(follower) => self.greet(follower),
        }
    }

    /// A checkpoint beyond the files: what lies between will not come again.
    fn begin(&mut self, after: u64, at: Timestamp) {
        let covered = self.archive.manifest().covered;
        if after <= covered {
            return;
        }
        tracing::warn!(
            after,
            covered,
            "archive.begin: rows up to the checkpoint were never made; tables begin after it"
        );
        self.begins = Some((after, at));
        self.note_beginning();
    }

    /// Writes down where the tables begin; `false` if that is still to be done.
    fn note_beginning(&mut self) -> bool {
        let Some((after, at)) = self.begins else { return true };
        match self.archive.begin_after(after, at.micros()) {
            Ok(()) => {
                self.begins = None;
                self.figures.files(self.archive.manifest());
            }
            Err(error) => self.fail(&error),
        }
        self.begins.is_none()
    }

    fn rows(&mut self, taken: &Taken) {
        if self.has_hole {
            return;
        }
        if self.failed.is_some() && self.archive.is_overfull() {
            self.has_hole = true;
            tracing::error!(epoch = taken.epoch, "archive.full: tables stop here; the next start derives what follows");
            return;
        }
        if let Err(error) = self.archive.append(taken.epoch, &taken.rows) {
            tracing::error!(%error, epoch = taken.epoch, "archive.row: left out of its table; a fault of ours");
        }
        let ward: Option<String> =
            taken.ward.map(|ward| ward.iter().take(6).map(|byte| format!("{byte:02x}")).collect());
        if let (Some(digits), Some(text)) = (&ward, &taken.text)
            && let Err(error) = keep_ward(&self.wards, digits, text)
        {
            tracing::warn!(%error, "archive.ward: calendars are not known to SQL until the next start");
        }
        let epoch = self.commit.epoch.max(taken.epoch);
        self.heard.take(&taken.heard, taken.at, ward.clone());
        let watermark_at = self.heard.watermark();
        self.commit = Commit { epoch, at: taken.at.micros(), watermark_at, ward };
        self.unfrozen.get_or_insert_with(Instant::now);
    }

    fn freeze(&mut self) {
        self.unfrozen = None;
        let batch = |frozen: Frozen| Frame::Batch { table: frozen.table, batch: frozen.batch };
        let frames = self.archive.freeze().map(|frozen| frozen.into_iter().map(batch).collect::<Vec<Frame>>());
        match frames {
            Ok(frames) => {
                frames.iter().for_each(|frame| self.send(frame));
                self.send(&Frame::Commit(self.commit.clone()));
            }
            Err(error) => self.fail(&error),
        }
    }

    fn send(&mut self, frame: &Frame) {
        if self.followers.is_empty() {
            return;
        }
        match frame.encode() {
            Ok(bytes) => {
                let bytes: std::sync::Arc<[u8]> = bytes.into();
                self.followers.retain(|follower| follower.send(bytes.clone()));
            }
            Err(error) => {
                tracing::error!(%error, "archive.frame");
                // A follower that lacks a frame must not show what comes after it.
                self.followers.clear();
            }
        }
    }

    /// Tells a new follower all that is not in files.
    fn greet(&mut self, follower: Follower) {
        self.freeze();
        let hello = Hello { protocol: PROTOCOL, schema_version: SCHEMA_VERSION };
        let hot = self.archive.hot().all();
        let batches = hot.map(|(table, batch)| Frame::Batch { table, batch: batch.clone() });
        let frames = [Frame::Hello(hello), Frame::Manifest { version: self.archive.manifest().version }];
        let frames = frames.into_iter().chain(batches).chain([Frame::Commit(self.commit.clone())]);
        for frame in frames {
            let Ok(bytes) = frame.encode() else { return };
            if !follower.greet(bytes.into()) {
                return;
            }
        }
        self.followers.push(follower);
    }

    /// Begins a flush when one is due, and takes what one has done.
    fn tend_flush(&mut self, shared: &Shared) {
        if let Some((begun, flushing)) = &self.flushing {
            let result = match flushing.try_recv() {
                Ok(result) => result,
                Err(mpsc::TryRecvError::Empty) => return,
                Err(mpsc::TryRecvError::Disconnected) => Err(Error::Stopped),
            };
            self.figures.flushed(begun.elapsed());
            self.flushing = None;
            self.flushed(result);
        }
        let covered = self.archive.manifest().covered;
        let may_try = self.failed.is_none_or(|at| at.elapsed() >= self.pace.retry_after);
        let is_lost = !may_try || self.has_hole || shared.has_hole.load(Ordering::Acquire);
        let epoch = self.archive.epoch();
        self.waiting.retain(|(wanted, reply)| {
            // Orders come in order: what was to be covered has been taken, unless it was lost.
            let verdict = if *wanted <= covered { Some(true) } else { (is_lost || *wanted > epoch).then_some(false) };
            verdict.is_none_or(|verdict| {
                // Whoever asked may be gone; nobody else waits.
                let _sent = reply.send(verdict);
                false
            })
        });
        let is_due = self.failed.is_some() || self.archive.is_full() || self.flushed.elapsed() >= self.pace.flush_every;
        let has_news = self.archive.hot_rows() > 0;
        if may_try && (!self.waiting.is_empty() || is_due && has_news) {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.note_beginning() {
            return;
        }
        self.freeze();
        let job = match self.archive.begin_flush(self.commit.at) {
            Ok(Some(job)) => job,
            Ok(None) => return,
            Err(error) => return self.fail(&error),
        };
        let (done, result) = mpsc::sync_channel(1);
        let run = move || drop(done.send(Job::run(job)));
        match thread::Builder::new().name("wardline-flush".to_owned()).spawn(run) {
            Ok(_) => self.flushing = Some((Instant::now(), result)),
            Err(error) => self.fail(&Error::Disk(error)),
        }
    }

    fn flushed(&mut self, result: Result<Written, Error>) {
        self.flushed = Instant::now();
        match result.and_then(|written| self.archive.finish_flush(written)) {
            Ok(dropped) => {
                let version = self.archive.manifest().version;
                tracing::info!(version, covered = self.archive.manifest().covered, "archive.flush");
                self.failed = None;
                self.figures.files(self.archive.manifest());
                if let Err(error) = self.heard.keep() {
                    tracing::warn!(%error, "archive.heard: after a stop it is not known up to when feeds were heard");
                }
                self.send(&Frame::Manifest { version });
                self.send(&Frame::Commit(self.commit.clone()));
                self.archive.remember_dropped(dropped);
            }
            Err(error) => self.fail(&error),
        }
    }

    /// What was hot stays hot and is written by a later try; no checkpoint counts meanwhile, and the log has everything.
    fn fail(&mut self, error: &Error) {
        self.failed = Some(Instant::now());
        self.figures.failed();
        tracing::error!(%error, "archive.flush: files of tables cannot be written now; tried again in a minute");
    }
}
