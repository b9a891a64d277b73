//! Log: how does what waits become durable, and who hears of it?
//!
//! ```text
//!  wait ─► close ─► append ─► one fdatasync ─► receipts ─► core
//!   ▲                              │ failed: poisoned, nobody hears anything, the process ends with 4
//!   └── ≤ 250 ms ──────────────────┘
//! ```
//! - **How it fits**: one thread runs [`LogThread::run`]; [`window`](super::window) says when, [`anchor`](super::anchor) which
//!   time, `wardline_store` writes.
//! - INVARIANT: a receipt is sent, and a batch handed to the core, only after the flush that holds it returned.
//! - **Not here**: preparing segments and writing checkpoints ([`upkeep`](super::upkeep)).

use core::ops::Range;
use std::sync::mpsc as blocking;

use wardline_core::{Batch, Input};
use wardline_rules::time::{Span, Timestamp};
use wardline_store::{
    disk::Disk,
    log::{self as store_log, Entry, Position, Supply},
    record::{Flags, Kind},
    store::Opened,
};

use super::{
    admission::Refusal,
    anchor::{Anchor, TimeChange},
    contents::{contents, put_back},
    inbox::Waiting,
    records::{encode_letters, encode_time},
    recovery::Behind,
    turn::{Durable, Waiter, Work},
    upkeep::{Done, Order},
    window::{Decision, Filling, Now, Why, decide},
    wire,
};
use crate::{
    engine::{Engine, Phase, Receipt},
    limits::{CHECKPOINT_BYTES, CHECKPOINT_EVERY, DRAIN_TIMEOUT, ROOM_EVERY},
    metrics::Metric,
};

/// How an engine ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// All that was taken is in a checkpoint.
    Cleanly,
    /// The disk failed; recovery judges what is there.
    Poisoned,
}

/// The only writer of the log.
pub(crate) struct LogThread<D: Disk> {
    pub(crate) engine: Engine,
    /// The data directory, its lock included: held until the thread ends.
    pub(crate) opened: Opened<D>,
    pub(crate) anchor: Anchor,
    pub(crate) last_batch: Timestamp,
    pub(crate) orders: blocking::Sender<Order>,
    pub(crate) done: blocking::Receiver<Done>,
    pub(crate) since: SinceCheckpoint,
    /// What upkeep said while nothing else could be done.
    pub(crate) answered: Option<Done>,
    /// A segment is being prepared.
    pub(crate) is_preparing: bool,
    /// When the room on the volume is looked at next, on the boot clock.
    pub(crate) next_look: Span,
    /// The newest segment that `EPOCH` names, or will.
    pub(crate) noted: u64,
    pub(crate) stage: Stage,
}

/// What happened since the last checkpoint was begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct SinceCheckpoint {
    pub(crate) bytes: u64,
    pub(crate) inputs: u64,
    /// Boot time of its begin.
    pub(crate) at: Span,
    /// One is being written.
    pub(crate) is_under_way: bool,
}

impl SinceCheckpoint {
    /// As of a start: its age is that of the checkpoint, not of the process, or an engine that dies often enough would never
    /// write one and read more at each start.
    pub(crate) fn recovered(behind: Behind, now: Timestamp, boot: Span) -> Self {
        let Behind { bytes, inputs, since, .. } = behind;
        let age = since.map_or(Span::ZERO, |since| now.since(since));
        // Without anything behind it, it is as good as one made now.
        let at = if inputs > 0 { boot.minus(age) } else { boot };
        Self { bytes, inputs, at, is_under_way: false }
    }

    /// Whether the next one is due.
    pub(crate) fn is_due(&self, boot: Span) -> bool {
        let waited = boot.minus(self.at).micros() >= micros(CHECKPOINT_EVERY);
        !self.is_under_way && (self.bytes >= CHECKPOINT_BYTES || (waited && self.inputs > 0))
    }
}

/// The log thread cannot go on.
type Failed = store_log::Error;

/// What comes after one pass of the log thread.
#[derive(Debug)]
pub(crate) enum Pass {
    /// Another one, at once.
    Again,
    /// Another one when this long has passed, in real time, or something came.
    Sleep(core::time::Duration, Filling),
    /// Another one when upkeep has answered.
    Await,
    /// None.
    End(Ended),
}

/// How far the log thread is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// It takes what comes.
    Working,
    /// A stop was asked for; until then, on the boot clock, what is under way may end.
    Draining(Span),
    /// Nothing more is taken; the last checkpoint is still to be begun.
    Finishing,
    /// The last checkpoint was begun.
    Closing,
}

impl<D: Disk + Send + 'static> LogThread<D> {
    /// Works until a stop was asked for, or the disk failed.
    pub(crate) fn run(mut self) -> Ended {
        loop {
            match self.pass() {
                Pass::Again => {}
                Pass::Sleep(longest, seen) => self.engine.shared.inbox.wait(longest, seen),
                Pass::Await => match self.done.recv() {
                    Ok(done) => self.answered = Some(done),
                    // Upkeep is gone: there will be no checkpoint, and the log is whole without it.
                    Err(blocking::RecvError) => self.since.is_under_way = false,
                },
                Pass::End(ended) => return ended,
            }
        }
    }

    /// Does what is to be done now, without waiting.
    pub(crate) fn pass(&mut self) -> Pass {
        if self.is_core_gone() {
            return Pass::End(self.stop_without_core());
        }
        let ended = match self.go_on() {
            Ok(Pass::End(ended)) => ended,
            Ok(pass) => return pass,
            Err(_) if self.is_core_gone() => return Pass::End(self.stop_without_core()),
            Err(error) => {
                self.poison(&error);
                Ended::Poisoned
            }
        };
        drop(self.engine.shared.work.blocking_send(Work::Stop));
        Pass::End(ended)
    }

    fn go_on(&mut self) -> Result<Pass, Failed> {
        if matches!(self.stage, Stage::Finishing | Stage::Closing) {
            return self.finish();
        }
        if !self.is_drained() {
            self.look_after_the_rest()?;
            return self.turn();
        }
        self.engine.shared.inbox.close();
        let at = self.anchor.now(self.engine.shared.clock.read());
        self.commit(at, Why::Tick)?;
        self.stage = Stage::Finishing;
        Ok(Pass::Again)
    }

    /// Whether a stop was asked for and nothing is under way, or has been for too long.
    fn is_drained(&mut self) -> bool {
        if self.engine.status().phase() != Phase::Stopping {
            return false;
        }
        let boot = self.engine.boot();
        let deadline = if let Stage::Draining(deadline) = self.stage {
            deadline
        } else {
            drop(self.engine.shared.work.blocking_send(Work::Hold));
            let deadline = boot.plus(Span::from_micros(micros(DRAIN_TIMEOUT)));
            self.stage = Stage::Draining(deadline);
            deadline
        };
        let is_empty = self.engine.shared.inbox.filling(boot).inputs == 0;
        boot >= deadline || (is_empty && self.engine.status().in_flight() == 0)
    }

    /// Whether the core thread has panicked: nobody would act on what is written from now on.
    fn is_core_gone(&self) -> bool {
        self.engine.shared.work.is_closed()
    }

    /// Takes nothing more; what is durable stays, and a new start applies it.
    fn stop_without_core(&mut self) -> Ended {
        self.engine.status().enter(Phase::Poisoned);
        self.engine.shared.inbox.refuse_all();
        tracing::error!("core.panic: nothing more is taken, the process ends");
        Ended::Poisoned
    }

    /// Writes one batch, or says how long to wait for it.
    fn turn(&mut self) -> Result<Pass, Failed> {
        let reading = self.engine.shared.clock.read();
        if let Some(change) = self.anchor.observe(reading) {
            self.note_time(change)?;
        }
        let at = self.anchor.now(reading);
        self.engine.status().set_log_time(at, reading.boot);
        let filling = self.engine.shared.inbox.filling(reading.boot);
        let now = Now {
            boot: reading.boot,
            at,
            last: self.last_batch,
            due: self.engine.status().next_due(),
            pace: self.engine.shared.clock.pace(),
            is_saving: self.engine.status().is_full(),
        };
        match decide(filling, now) {
            Decision::Wait(longest) => Ok(Pass::Sleep(longest, filling)),
            Decision::Close(why) => self.commit(at, why).map(|()| Pass::Again),
        }
    }

    /// Writes what waits; a tick if nothing does and time demands a batch.
    fn commit(&mut self, at: Timestamp, why: Why) -> Result<(), Failed> {
        let taken = self.engine.shared.inbox.take();
        self.commit_all(taken, at, why)
    }

    fn commit_all(&mut self, mut taken: Vec<Waiting>, at: Timestamp, why: Why) -> Result<(), Failed> {
        let (inputs, letters, places) = contents(&mut taken);
        let is_time = matches!(why, Why::Due | Why::Tick);
        let inputs = if inputs.is_empty() && is_time { vec![Input::Tick] } else { inputs };
        let written = self.write(&taken, at, &inputs, &letters);
        if let Err(error @ Failed::TooLarge { .. }) = &written {
            // The log is as it was.
            if taken.len() == 1 {
                tracing::error!(code = %error.code(), %error, "log.append");
                taken.into_iter().for_each(|waiting| self.refuse_too_large(waiting));
                return Ok(());
            }
            // Nobody pays for another one's size: least of all the result of an attempt, which nobody would send again.
            put_back(&mut taken, inputs, letters, &places);
            return taken.into_iter().try_for_each(|waiting| {
                let at = self.anchor.now(self.engine.shared.clock.read());
                self.commit_all(vec![waiting], at, why)
            });
        }
        if written.is_err() {
            // Before their senders learn that they get no receipt.
            self.engine.status().enter(Phase::Poisoned);
        }
        let position = written?;
        self.anchor.record(at);
        let batch = Batch { at, inputs };
        self.tell(taken, at, (position.map(|position| (batch, position)), places));
        Ok(())
    }

    /// Appends and syncs; the position of the batch, if there is one.
    fn write(
        &mut self,
        taken: &[Waiting],
        at: Timestamp,
        inputs: &[Input],
        letters: &[(u32, Vec<u8>)],
    ) -> Result<Option<Position>, Failed> {
        // First what may be refused for its size: then nothing of it stands in the log.
        let position = if inputs.is_empty() { None } else { Some(self.append_batch(at, inputs, letters)?) };
        for waiting in taken {
            if let Waiting::Access { record, .. } = waiting {
                self.opened.writer.append(entry(Kind::Access, at), &[record])?;
            }
        }
        self.flush()?;
        Ok(position)
    }

    fn append_batch(
        &mut self,
        at: Timestamp,
        inputs: &[Input],
        letters: &[(u32, Vec<u8>)],
    ) -> Result<Position, Failed> {
        let mut payload = Vec::new();
        wire::encode(inputs, &mut payload);
        let mut entry = entry(Kind::Batch, at);
        let raw = if letters.is_empty() { Vec::new() } else { encode_letters(letters) };
        if !raw.is_empty() {
            entry.flags = Flags::DEAD_LETTERS;
        }
        let position = self.opened.writer.append(entry, &[&payload, &raw])?;
        self.last_batch = at;
        let bytes = u64::try_from(payload.len() + raw.len()).unwrap_or(u64::MAX);
        self.since.bytes += bytes;
        self.since.inputs += u64::from(inputs.iter().any(|input| !matches!(input, Input::Tick)));
        let metrics = self.engine.metrics();
        metrics.count(Metric::LogBatches, &[], 1);
        metrics.count(Metric::LogBytes, &[], bytes);
        metrics.observe_number(Metric::LogBatchEvents, &[], u32::try_from(inputs.len()).map_or(f64::MAX, f64::from));
        Ok(position)
    }

    fn flush(&mut self) -> Result<(), Failed> {
        let begun = self.engine.boot();
        self.opened.writer.flush()?;
        self.engine.metrics().observe(Metric::LogFsync, &[], self.engine.boot().minus(begun));
        Ok(())
    }

    /// Its sender learns that it was not taken, and never will be.
    fn refuse_too_large(&self, waiting: Waiting) {
        self.engine.shared.inbox.release(&waiting);
        if let Waiting::Parcel { durable, .. } = waiting {
            // Gone: it stopped waiting.
            _ = durable.send(Err(Refusal::TooLarge));
        }
    }

    /// Receipts first, then the core.
    fn tell(
        &mut self,
        taken: Vec<Waiting>,
        at: Timestamp,
        (batch, places): (Option<(Batch, Position)>, Vec<Range<usize>>),
    ) {
        let position = batch.as_ref().map_or(self.opened.writer.durable().sequence, |(_, position)| position.sequence);
        let receipt = Receipt { position, at };
        let mut waiters = Vec::new();
        for (waiting, inputs) in taken.into_iter().zip(places) {
            self.engine.shared.inbox.release(&waiting);
            match waiting {
                Waiting::Parcel { parcel, durable, stepped } => {
                    self.book(batch.as_ref().map(|(batch, _)| batch), &inputs, durable.send(Ok(receipt)).is_ok());
                    waiters.push(Waiter { answers: parcel.answers, inputs, feed: parcel.feed, stepped });
                }
                Waiting::Access { durable, .. } => {
                    self.engine.status().books().add_access();
                    _ = durable.send(receipt);
                }
            }
        }
        if let Some((batch, position)) = batch {
            let durable = Durable { batch, position, waiters };
            // Gone: the core thread panicked, and whoever joins it ends the process.
            drop(self.engine.shared.work.blocking_send(Work::Batch(Box::new(durable))));
        }
    }

    /// Enters the events of one parcel, durable now, and acknowledged if somebody waited for that.
    fn book(&self, batch: Option<&Batch>, inputs: &Range<usize>, is_acked: bool) {
        let inputs = batch.and_then(|batch| batch.inputs.get(inputs.clone())).unwrap_or_default();
        let events = inputs.iter().filter(|input| matches!(input, Input::Event(_))).count();
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        let books = self.engine.status().books();
        books.add_durable(events);
        if is_acked {
            books.add_acked(events);
        }
    }

    fn note_time(&mut self, change: TimeChange) -> Result<(), Failed> {
        let at = self.anchor.now(self.engine.shared.clock.read());
        self.opened.writer.append(entry(Kind::Time, at), &[&encode_time(change)])?;
        self.anchor.record(at);
        self.engine.status().set_doubt(self.anchor.is_in_doubt());
        self.engine.metrics().count(Metric::WallClockSteps, &[], 1);
        tracing::warn!(?change, "wall.compare");
        Ok(())
    }

    /// Segments and checkpoints: orders out, results in.
    fn look_after_the_rest(&mut self) -> Result<(), Failed> {
        self.hear_of_upkeep()?;
        let boot = self.engine.boot();
        let is_time_to_look = boot >= self.next_look;
        if is_time_to_look {
            self.next_look = boot.plus(Span::from_micros(micros(ROOM_EVERY)));
            self.look_at_room();
        }
        // On a full volume a segment is tried again from time to time, not in each turn.
        let may_try = is_time_to_look || !self.engine.status().is_full();
        if let (true, false, Some(order)) = (may_try, self.is_preparing, self.opened.writer.wanted()) {
            self.is_preparing = true;
            drop(self.orders.send(Order::Prepare(order)));
        }
        let newest = self.opened.writer.newest_segment();
        if newest != self.noted {
            self.noted = newest;
            drop(self.orders.send(Order::NoteSegment(newest)));
        }
        if self.since.is_due(boot) && !self.engine.status().is_full() {
            self.begin_checkpoint();
        }
        Ok(())
    }

    /// Lets the core hand its state over to upkeep.
    fn begin_checkpoint(&mut self) {
        self.since = SinceCheckpoint { at: self.engine.boot(), is_under_way: true, ..SinceCheckpoint::default() };
        let (reply, state) = blocking::channel();
        drop(self.engine.shared.work.blocking_send(Work::Checkpoint(reply)));
        drop(self.orders.send(Order::Checkpoint(state)));
    }

    fn hear_of_upkeep(&mut self) -> Result<(), Failed> {
        while let Some(done) = self.answered.take().or_else(|| self.done.try_recv().ok()) {
            self.take(done)?;
        }
        Ok(())
    }

    /// Closes the lanes of messages while a segment has no room, and opens them again when one has.
    fn look_at_room(&self) {
        let supply = match self.opened.writer.supply() {
            Ok(supply) => supply,
            Err(error) => {
                tracing::warn!(code = %error.code(), %error, "disk.space");
                return;
            }
        };
        // Whoever reads the status may rely on the lanes being as it says.
        self.engine.shared.inbox.set_full(matches!(supply, Supply::Full | Supply::Exhausted));
        if self.engine.status().set_supply(supply) {
            tracing::warn!(?supply, "disk.space");
        }
    }

    fn take(&mut self, done: Done) -> Result<(), Failed> {
        self.is_preparing &= !matches!(done, Done::Prepared(_) | Done::Full);
        match done {
            Done::Prepared(prepared) => self.opened.writer.accept(&prepared),
            Done::Full => {
                self.opened.writer.note_full();
                self.look_at_room();
            }
            Done::Checkpoint(Some(mark)) => {
                self.since.is_under_way = false;
                let at = self.anchor.now(self.engine.shared.clock.read());
                self.opened.writer.append(entry(Kind::Mark, at), &[&mark.encode()])?;
                self.flush()?;
                self.anchor.record(at);
                self.engine.status().set_checkpoint(self.engine.boot());
                drop(self.orders.send(Order::Retire(at)));
            }
            Done::Checkpoint(None) => self.since.is_under_way = false,
            Done::Failed(error) => return Err(store_log::Error::Disk(error)),
        }
        Ok(())
    }

    /// A clean stop: after the last batch a checkpoint behind it, then `close`.
    fn finish(&mut self) -> Result<Pass, Failed> {
        self.hear_of_upkeep()?;
        if self.since.is_under_way {
            return Ok(Pass::Await);
        }
        if self.stage == Stage::Finishing {
            self.begin_checkpoint();
            self.stage = Stage::Closing;
            return Ok(Pass::Await);
        }
        let at = self.anchor.now(self.engine.shared.clock.read());
        self.opened.writer.append(entry(Kind::Close, at), &[])?;
        self.flush()?;
        Ok(Pass::End(Ended::Cleanly))
    }

    fn poison(&mut self, error: &Failed) {
        self.engine.status().enter(Phase::Poisoned);
        self.opened.writer.poison();
        self.engine.shared.inbox.refuse_all();
        self.engine.metrics().set(Metric::StorageFailed, &[], 1);
        tracing::error!(code = %error.code(), %error, "log.poison");
    }
}

fn entry(kind: Kind, at: Timestamp) -> Entry {
    Entry::new(kind, log_micros(at))
}

/// Log time as the store keeps it.
pub(crate) fn log_micros(at: Timestamp) -> u64 {
    u64::try_from(at.micros()).unwrap_or(0)
}

fn micros(duration: core::time::Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
