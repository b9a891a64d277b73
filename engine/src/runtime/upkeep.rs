//! Upkeep: who prepares segments, writes checkpoints and removes old ones, so that no batch waits for it?
//!
//! - **How it fits**: a thread of its own takes [`Order`]s of the log thread, in order, and answers with [`Done`].
//! - **Not here**: when a checkpoint is due (the log thread), what is in it (the core), which segments may go (the store).

use std::sync::mpsc as blocking;

use wardline_rules::time::{Span, Timestamp};
use wardline_store::{
    checkpoint::{Checkpoints, Mark, Summary},
    dead,
    disk::{self, Disk},
    log::{self, CutBounds, CutReport, PrepareOrder, Prepared},
    segment::Identity,
    store::EpochNote,
};

use super::{log::log_micros, rows::Covers, turn::State};
use crate::{engine::Engine, limits::LETTERS_KEPT_DAYS, metrics::Metric};

/// What is to be done.
pub(crate) enum Order {
    /// Prepare a segment.
    Prepare(PrepareOrder),
    /// Write a checkpoint of the state that comes.
    Checkpoint(blocking::Receiver<State>),
    /// Remove checkpoints that nobody needs, and the log that is older than it is kept, as of this log time.
    Retire(Timestamp),
    /// Write down that the log has begun the segment of this first record.
    NoteSegment(u64),
}

/// What was done.
pub(crate) enum Done {
    /// A segment is ready.
    Prepared(Prepared),
    /// The volume has no room for a segment.
    Full,
    /// A checkpoint is complete, or could not be made; the older ones serve.
    Checkpoint(Option<Mark>),
    /// The disk failed under the log.
    Failed(disk::Error),
}

/// The hand that does it.
pub(crate) struct Upkeep<D: Disk> {
    pub(crate) engine: Engine,
    pub(crate) disk: D,
    pub(crate) checkpoints: Checkpoints<D>,
    pub(crate) note: EpochNote<D>,
    pub(crate) epoch: u32,
    pub(crate) logic: u32,
    pub(crate) covers: Option<Box<dyn Covers>>,
    pub(crate) identity: Identity,
    /// For how long the log is kept; `None` for ever, because it is the only copy of what happened.
    pub(crate) keep_log: Option<Span>,
}

impl<D: Disk + Send + 'static> Upkeep<D> {
    /// Works until the log thread is gone.
    pub(crate) fn run(self, orders: &blocking::Receiver<Order>, done: &blocking::Sender<Done>) {
        while let Ok(order) = orders.recv() {
            if let Some(result) = self.carry_out(order)
                && done.send(result).is_err()
            {
                return;
            }
        }
    }

    /// Carries one order out; what the log thread must hear of it, if anything.
    pub(crate) fn carry_out(&self, order: Order) -> Option<Done> {
        match order {
            Order::Prepare(order) => Some(self.prepare(order)),
            Order::Checkpoint(state) => Some(Done::Checkpoint(self.checkpoint(&state))),
            Order::Retire(now) => {
                self.retire();
                self.cut(now);
                None
            }
            Order::NoteSegment(first) => {
                self.note_segment(first);
                None
            }
        }
    }

    fn prepare(&self, order: PrepareOrder) -> Done {
        match self.prepare_whole(order) {
            Ok(prepared) => Done::Prepared(prepared),
            Err(error) if error.is_full() => Done::Full,
            Err(error) => Done::Failed(error),
        }
    }

    fn prepare_whole(&self, order: PrepareOrder) -> disk::Result<Prepared> {
        let mut preparation = order.start(&self.disk)?;
        loop {
            if let Some(prepared) = preparation.step()? {
                return Ok(prepared);
            }
        }
    }

    fn checkpoint(&self, state: &blocking::Receiver<State>) -> Option<Mark> {
        let state = state.recv().ok()?;
        // Replay begins behind a checkpoint: rows of what lies before it must not need it.
        let lacks_rows = self.covers.as_ref().is_some_and(|covers| !covers.covers(state.position.sequence));
        self.engine.status().set_lacks_rows(lacks_rows);
        if lacks_rows {
            tracing::warn!(sequence = state.position.sequence, "checkpoint.write: the archive lacks rows; not written");
            return None;
        }
        let begun = self.engine.boot();
        match self.write(state) {
            Ok(mark) => {
                let took = self.engine.boot().minus(begun);
                self.engine.metrics().set_seconds(Metric::CheckpointDuration, &[], took);
                tracing::info!(sequence = mark.sequence, ms = took.micros() / 1_000, "checkpoint.write");
                Some(mark)
            }
            Err(error) => {
                tracing::warn!(code = %error.code(), %error, "checkpoint.write");
                None
            }
        }
    }

    fn write(&self, state: State) -> wardline_store::checkpoint::Result<Mark> {
        let summary =
            Summary { epoch: self.epoch, position: state.position, logic_version: self.logic, ward: state.ward };
        let mut writer = self.checkpoints.begin(summary)?;
        for (name, bytes) in state.sections {
            writer.section(name, bytes.chunks(wardline_store::limits::CHUNK_BYTES))?;
        }
        writer.finish()
    }

    /// Without the note the log is as sound as before; the loss of a whole segment might go unnoticed.
    fn note_segment(&self, first: u64) {
        if let Err(error) = self.note.newest_segment(first) {
            tracing::warn!(first, %error, "segment.note");
        }
    }

    /// Keeps two checkpoints.
    fn retire(&self) {
        match self.checkpoints.retire() {
            Ok(removed) => tracing::debug!(removed, "checkpoint.retire"),
            Err(error) => tracing::warn!(code = %error.code(), %error, "checkpoint.retire"),
        }
    }

    /// Removes whole segments that the older checkpoint contains and that are older than the log is kept.
    fn cut(&self, now: Timestamp) {
        let Some(keep) = self.keep_log else { return };
        let done = self.try_to_cut(log_micros(now.plus(Span::ZERO.minus(keep))));
        let before = log_micros(now.plus(Span::from_minutes(-LETTERS_KEPT_DAYS * 24 * 60)));
        match done.and_then(|cut| Ok((cut, dead::expire(&self.disk, &self.identity, before)?))) {
            Ok((CutReport { segments: 0, .. }, 0)) => {}
            Ok((cut, letters)) => tracing::info!(cut.segments, cut.bytes, cut.dead_letters, letters, "log.cut"),
            // Nothing is lost by keeping it; `verify` says what is wrong with it.
            Err(error) => tracing::warn!(code = %error.code(), %error, "log.cut"),
        }
    }

    fn try_to_cut(&self, before: u64) -> log::Result<CutReport> {
        let Some(checkpoint) = self.checkpoints.cut_bound()? else { return Ok(CutReport::default()) };
        let archive = log::through_before(&self.disk, self.identity, before)?;
        log::cut(&self.disk, self.identity, CutBounds { checkpoint, archive })
    }
}
