//! By hand: how does whoever owns the time drive a whole engine on one thread?
//!
//! The same parts that [`start`](super::start) gives to threads, each moved by a call: nothing here waits, sleeps or runs
//! beside anything else. So the order of everything that could happen at once is the caller's, and comes back by its seed.
//!
//! ```text
//!  log ──► at most 16 batches ──► core ──► jobs ──► the caller's receivers ─ land ─┐
//!   ▲ └──► orders ──► upkeep ──► results ─┐                                        │
//!   └─────────────────────────────────────┴────────────────────────────────────────┘
//! ```
//! - **How it fits**: the simulator; its time is a [`WallClock`](super::clock::WallClock) of its own.
//! - **Not here**: who sends, who receives, what fails.

use core::time::Duration;
use std::sync::mpsc as blocking;

use tokio::sync::mpsc;
use wardline_store::disk::Disk;

use super::{
    Error, Seat, Start, assemble,
    kernel::Bootable,
    log::{Ended, LogThread, Pass},
    turn::{CoreThread, Work},
    upkeep::{Done, Order, Upkeep},
};
use crate::{dispatcher::driver::Job, engine::Engine, limits::CORE_QUEUE_MAX};

/// What the log asks for after a pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Another pass, now.
    Again,
    /// Another pass when this long has passed in real time, or something came.
    Sleep(Duration),
    /// Another pass when upkeep has done something.
    Upkeep,
    /// Nothing: the engine has ended.
    End(Ended),
}

/// An engine whose every move is a call.
#[expect(missing_debug_implementations, reason = "it holds the whole state")]
pub struct ByHand<D: Disk, K> {
    log: LogThread<D>,
    core: CoreThread<K>,
    work: mpsc::Receiver<Work>,
    upkeep: Upkeep<D>,
    orders: blocking::Receiver<Order>,
    done: blocking::Sender<Done>,
    jobs: mpsc::UnboundedReceiver<Job>,
    epoch: u32,
}

impl<D, K> ByHand<D, K>
where
    D: Disk + Send + 'static,
    K: Bootable,
{
    /// Recovers; after it the engine takes messages.
    ///
    /// # Errors
    /// As [`start`](super::start).
    pub fn start(engine: &Engine, seat: Seat, start: Start<D>) -> Result<Self, Error> {
        let parts = assemble(engine, start)?;
        if !engine.status().is_waiting_for_ward() {
            engine.begin();
        }
        Ok(Self {
            log: parts.log,
            core: parts.core,
            work: seat.0,
            upkeep: parts.upkeep,
            orders: parts.order_queue,
            done: parts.done,
            jobs: parts.jobs,
            epoch: parts.epoch,
        })
    }

    /// This owner's epoch.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The state machine, as of the last batch that the core took.
    #[must_use]
    pub const fn kernel(&self) -> &K {
        &self.core.kernel
    }

    /// Last record that the core applied; the state is as of it.
    #[must_use]
    pub const fn applied(&self) -> u64 {
        self.core.position.sequence
    }

    /// One pass of the log: a batch written, or the wish to wait. Makes room before the core's queue is full, where a
    /// thread would wait for it.
    pub fn log(&mut self) -> Next {
        while self.work.len() + 4 > CORE_QUEUE_MAX && self.core() {}
        match self.log.pass() {
            Pass::Again => Next::Again,
            Pass::Sleep(longest, _) => Next::Sleep(longest),
            Pass::Await => Next::Upkeep,
            Pass::End(ended) => Next::End(ended),
        }
    }

    /// One piece of work of the core; `false` if none waits.
    pub fn core(&mut self) -> bool {
        let Ok(work) = self.work.try_recv() else { return false };
        match self.core.take(work) {
            Ok(_) => true,
            Err((died, sequence)) => {
                // As its thread would end: the log finds nobody who takes its batches.
                self.work.close();
                (self.core.note)(died, sequence);
                false
            }
        }
    }

    /// One order of upkeep; `false` if none waits. A checkpoint needs the core's state, so that comes first.
    pub fn upkeep(&mut self) -> bool {
        let Ok(order) = self.orders.try_recv() else { return false };
        if let Order::Checkpoint(_) = &order {
            while self.core() {}
        }
        if let Some(done) = self.upkeep.carry_out(order) {
            // Gone: the log has ended and hears nothing more.
            drop(self.done.send(done));
        }
        true
    }

    /// The next attempt to be made, if there is one; its result comes back by [`land`](crate::dispatcher::driver::land).
    pub fn job(&mut self) -> Option<Job> {
        self.jobs.try_recv().ok()
    }
}
