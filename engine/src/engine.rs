//! Engine: what may the rest of the shell ask of a running engine?
//!
//! ```text
//!  submit(inputs) ──► inbox ──► log thread ──► durable: Receipt ──► core thread ──► stepped: Outcome
//!  access(record) ──►              "              "
//!  ask(question)  ──────────────────────────────────────────────►   "   ──► its answer
//! ```
//! - **How it fits**: the API, the file feeds and the sinks hold clones of one [`Engine`]; [`runtime`](crate::runtime) holds
//!   the other ends.
//! - INVARIANT: a receipt exists only for what fdatasync has returned for.
//! - **Not here**: threads ([`runtime`](crate::runtime)), HTTP.

mod books;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering},
    },
};

pub use books::Books;
use tokio::sync::{mpsc, oneshot};
use wardline_core::{Disposition, Input, ledger::Equation, output::AnswerOutcome};
use wardline_rules::{
    Text,
    event::Fact,
    time::{Span, Timestamp},
};

use wardline_store::log::Supply;

use crate::{
    limits::LEDGER_WAIT,
    metrics::{Metric, Metrics},
    runtime::{
        admission::{Lane, Refusal},
        clock::WallClock,
        inbox::Inbox,
        kernel::Kernel,
        turn::Work,
    },
};

/// Something that is to become durable.
#[derive(Debug, Default)]
pub struct Parcel {
    /// Inputs of the core, in order.
    pub inputs: Vec<Input>,
    /// Exact bytes of unreadable messages among them, each with the index of its input, ascending.
    pub letters: Vec<(u32, Vec<u8>)>,
    /// The feed it came from; empty for control.
    pub feed: Text,
    /// Roughly how many bytes it takes.
    pub bytes: usize,
    /// Whether it must not wait for the commit window.
    pub is_urgent: bool,
    /// Ids of the answers in it, of whose outcome the sender hears.
    pub(crate) answers: Vec<Text>,
}

impl Parcel {
    /// Control inputs of the shell itself.
    #[must_use]
    pub fn control(inputs: Vec<Input>) -> Self {
        Self { bytes: inputs.len() * 128, inputs, is_urgent: true, ..Self::default() }
    }

    fn answer_ids(&self) -> Vec<Text> {
        let is_answer = |input: &Input| match input {
            Input::Event(event) if matches!(event.fact, Fact::Answer(_)) => Some(event.event_id.clone()),
            _ => None,
        };
        self.inputs.iter().filter_map(is_answer).collect()
    }
}

/// Proof that something is durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The log record that holds it.
    pub position: u64,
    /// Its log time.
    pub at: Timestamp,
}

/// What the core made of a parcel.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// What became of the answers in it.
    pub answers: Vec<AnswerOutcome>,
    /// What became of each event in it, by its index in the parcel, ascending.
    pub events: Vec<(usize, Disposition)>,
}

impl Outcome {
    /// What became of one event.
    #[must_use]
    pub fn of(&self, index: usize) -> Option<Disposition> {
        let found = self.events.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        self.events.get(found).map(|(_, disposition)| *disposition)
    }
}

/// Where the engine is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Reading checkpoint and log.
    Recovering,
    /// Taking messages.
    Running,
    /// Finishing what it took.
    Stopping,
    /// The disk failed: nothing is taken, nothing is sent.
    Poisoned,
}

/// What everybody may read at any time.
#[derive(Debug, Default)]
pub struct Status {
    phase: AtomicU8,
    /// Log time minus boot time, in microseconds.
    offset: AtomicI64,
    /// Boot time at the core's last turn, in microseconds.
    core_turn: AtomicI64,
    next_due: AtomicI64,
    position: AtomicU64,
    in_doubt: AtomicBool,
    in_flight: AtomicU64,
    /// Boot time of the last checkpoint, in microseconds; 0 for none.
    checkpoint: AtomicI64,
    /// Inputs left out because the core died of them twice.
    excluded: AtomicU64,
    /// Log records that an operator gave up.
    lost: AtomicU64,
    /// Rows of the tables are not in files: a checkpoint was not written for it.
    lacks_rows: AtomicBool,
    /// Messages are refused because no ward decides yet.
    is_waiting_for_ward: AtomicBool,
    /// How much room the volume has, as [`Supply`] in order.
    supply: AtomicU8,
    /// The shell's own side of the books.
    books: Books,
}

impl Status {
    /// Where the engine is in its life.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Recovering,
            1 => Phase::Running,
            2 => Phase::Stopping,
            _ => Phase::Poisoned,
        }
    }

    /// Moves on; from poisoned there is no way back.
    pub fn enter(&self, phase: Phase) {
        let number = match phase {
            Phase::Recovering => 0,
            Phase::Running => 1,
            Phase::Stopping => 2,
            Phase::Poisoned => 3,
        };
        self.phase.fetch_max(number, Ordering::AcqRel);
    }

    /// The core's next due time.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let due = self.next_due.load(Ordering::Acquire);
        (due != 0 && due != i64::MAX).then(|| Timestamp::from_micros(due))
    }

    pub(crate) fn set_next_due(&self, due: Option<Timestamp>) {
        self.next_due.store(due.map_or(i64::MAX, Timestamp::micros), Ordering::Release);
    }

    /// The last record that the core applied.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    pub(crate) fn turned(&self, position: u64, boot: Span) {
        self.position.store(position, Ordering::Release);
        self.core_turn.store(boot.micros(), Ordering::Release);
    }

    /// How long the core has not turned.
    #[must_use]
    pub fn since_turn(&self, boot: Span) -> Span {
        boot.minus(Span::from_micros(self.core_turn.load(Ordering::Acquire)))
    }

    pub(crate) fn set_log_time(&self, at: Timestamp, boot: Span) {
        self.offset.store(at.micros().saturating_sub(boot.micros()), Ordering::Release);
    }

    /// How many inputs are left out because the core died of them twice, as far as the log since the checkpoint says.
    #[must_use]
    pub fn excluded(&self) -> u64 {
        self.excluded.load(Ordering::Acquire)
    }

    /// How many records of the log an operator gave up; `None` if there are some and the log does not say how many.
    #[must_use]
    pub fn lost(&self) -> Option<u64> {
        match self.lost.load(Ordering::Acquire) {
            u64::MAX => None,
            records => Some(records),
        }
    }

    pub(crate) fn set_lost(&self, records: Option<u64>) {
        self.lost.store(records.unwrap_or(u64::MAX), Ordering::Release);
    }

    pub(crate) fn set_excluded(&self, count: usize) {
        self.excluded.store(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// Whether a segment has no room: messages are refused, and what control needs goes on in the reserve.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.supply.load(Ordering::Acquire) >= 2
    }

    /// Whether less than twice the reserve is free.
    #[must_use]
    pub fn is_low(&self) -> bool {
        self.supply.load(Ordering::Acquire) == 1
    }

    /// Takes note of the room; whether it is another than before.
    pub(crate) fn set_supply(&self, supply: Supply) -> bool {
        let number = match supply {
            Supply::Normal => 0,
            Supply::Low => 1,
            Supply::Full => 2,
            Supply::Exhausted => 3,
        };
        self.supply.swap(number, Ordering::AcqRel) != number
    }

    /// Whether the newest checkpoint could not be written because files of the tables lack rows.
    #[must_use]
    pub fn lacks_rows(&self) -> bool {
        self.lacks_rows.load(Ordering::Acquire)
    }

    pub(crate) fn set_lacks_rows(&self, lacks: bool) {
        self.lacks_rows.store(lacks, Ordering::Release);
    }

    /// Whether messages are refused because no ward decides yet.
    #[must_use]
    pub fn is_waiting_for_ward(&self) -> bool {
        self.is_waiting_for_ward.load(Ordering::Acquire)
    }

    pub(crate) fn set_waiting_for_ward(&self, is_waiting: bool) {
        self.is_waiting_for_ward.store(is_waiting, Ordering::Release);
    }

    /// What the shell counts on its own.
    pub(crate) const fn books(&self) -> &Books {
        &self.books
    }

    /// Attempts in flight.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Acquire)
    }

    pub(crate) fn set_in_flight(&self, count: usize) {
        self.in_flight.store(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// Whether the wall is not believed at present.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt.load(Ordering::Acquire)
    }

    pub(crate) fn set_doubt(&self, is_in_doubt: bool) {
        self.in_doubt.store(is_in_doubt, Ordering::Release);
    }

    /// How long ago the last checkpoint was made; `None` if none was.
    #[must_use]
    pub fn since_checkpoint(&self, boot: Span) -> Option<Span> {
        match self.checkpoint.load(Ordering::Acquire) {
            0 => None,
            at => Some(boot.minus(Span::from_micros(at))),
        }
    }

    pub(crate) fn set_checkpoint(&self, boot: Span) {
        // One from before the machine began has a time below zero; zero itself says that there is none.
        let at = if boot.micros() == 0 { 1 } else { boot.micros() };
        self.checkpoint.store(at, Ordering::Release);
    }
}

/// What the core is asked.
pub(crate) type Question = Box<dyn FnOnce(&dyn Kernel) + Send>;

/// A handle on a running engine.
#[derive(Clone)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
}

/// What figures need of the installation around the engine.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// Where the data is.
    pub volume: PathBuf,
}

/// What all handles share.
pub(crate) struct Shared {
    pub(crate) inbox: Inbox,
    pub(crate) work: mpsc::Sender<Work>,
    pub(crate) status: Status,
    pub(crate) metrics: Metrics,
    /// Boot time at the start of the process.
    pub(crate) born: Span,
    pub(crate) surroundings: OnceLock<Surroundings>,
    pub(crate) clock: Arc<dyn WallClock>,
}

impl core::fmt::Debug for Engine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Engine").field("status", &self.shared.status).finish_non_exhaustive()
    }
}

/// A parcel in the queue of the log.
#[derive(Debug)]
pub struct Offered {
    durable: oneshot::Receiver<Result<Receipt, Refusal>>,
    outcome: oneshot::Receiver<Outcome>,
}

impl Offered {
    /// Waits until it is durable.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`]: it never will be. [`Refusal::Closed`]: nobody knows; to send it again is always safe.
    pub async fn durable(self) -> Result<Accepted, Refusal> {
        let receipt = self.durable.await.map_err(|_| Refusal::Closed)??;
        Ok(Accepted { receipt, outcome: self.outcome })
    }
}

/// A parcel that is durable, and what will be made of it.
#[derive(Debug)]
pub struct Accepted {
    /// Where it is.
    pub receipt: Receipt,
    outcome: oneshot::Receiver<Outcome>,
}

impl Accepted {
    /// Waits until the core has applied it.
    ///
    /// # Errors
    /// [`Refusal::Closed`]: the engine stopped before it did; the parcel is durable all the same.
    pub async fn outcome(self) -> Result<Outcome, Refusal> {
        self.outcome.await.map_err(|_| Refusal::Closed)
    }
}

impl Engine {
    /// Makes a parcel durable.
    ///
    /// # Errors
    /// [`Refusal`]: nothing of it was taken; to send it again is always safe.
    pub async fn submit(&self, lane: Lane, parcel: Parcel) -> Result<Accepted, Refusal> {
        self.offer(lane, parcel).map_err(|(refusal, _)| refusal)?.durable().await
    }

    /// Puts a parcel into the queue of the log; what is offered later stands behind it if its lane is not a higher one.
    ///
    /// # Errors
    /// [`Refusal`], with the parcel, so that it can be offered again.
    pub fn offer(&self, lane: Lane, mut parcel: Parcel) -> Result<Offered, (Refusal, Parcel)> {
        parcel.answers = parcel.answer_ids();
        let (durable, outcome) = self.shared.inbox.push_parcel(lane, parcel)?;
        Ok(Offered { durable, outcome })
    }

    /// Writes down who is about to be shown what, before it is shown.
    ///
    /// # Errors
    /// [`Refusal`]: it is not written down, so it must not be shown.
    pub async fn record_access(&self, record: Vec<u8>) -> Result<Receipt, Refusal> {
        self.shared.inbox.push_access(record)?.await.map_err(|_| Refusal::Closed)
    }

    /// Asks the core and waits for the answer, which is of one position of the log.
    ///
    /// # Errors
    /// [`Refusal::Closed`]: the engine stopped.
    pub async fn ask<R: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Kernel) -> R + Send + 'static,
    ) -> Result<R, Refusal> {
        let (reply, answer) = oneshot::channel();
        let boxed: Question = Box::new(move |kernel| _ = reply.send(question(kernel)));
        self.shared.work.send(Work::Ask(boxed)).await.map_err(|_| Refusal::Closed)?;
        answer.await.map_err(|_| Refusal::Closed)
    }

    /// The books of core and shell, as of one position of the log; `None` if the core does not answer in time.
    pub async fn ledger(&self) -> Option<Vec<Equation>> {
        let engine = self.clone();
        let asked = self.ask(move |kernel| {
            let received = kernel.counters().first().map_or(0, |(_, received)| *received);
            let mut equations = kernel.ledger();
            equations.extend(engine.status().books().equations(received));
            equations
        });
        let equations = tokio::time::timeout(LEDGER_WAIT, asked).await.ok()?.ok()?;
        for equation in &equations {
            let left = i64::try_from(equation.began).unwrap_or(i64::MAX);
            let right = i64::try_from(equation.stands).unwrap_or(i64::MAX);
            self.metrics().set(Metric::LedgerImbalance, &[equation.name], left.saturating_sub(right));
        }
        Some(equations)
    }

    /// Log time now, as messages that arrive are stamped.
    #[must_use]
    pub fn log_now(&self) -> Timestamp {
        let offset = self.shared.status.offset.load(Ordering::Acquire);
        Timestamp::from_micros(self.boot().micros().saturating_add(offset))
    }

    /// The boot clock.
    #[must_use]
    pub fn boot(&self) -> Span {
        self.shared.clock.read().boot
    }

    /// What everybody may read.
    #[must_use]
    pub fn status(&self) -> &Status {
        &self.shared.status
    }

    /// How full the log's queue is, in percent.
    #[must_use]
    pub fn queue_percent(&self) -> usize {
        self.shared.inbox.percent()
    }

    /// The registry.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// Tells what figures need of the installation; the first word counts.
    pub fn surround(&self, surroundings: Surroundings) {
        drop(self.shared.surroundings.set(surroundings));
    }

    pub(crate) fn volume(&self) -> Option<&Path> {
        self.shared.surroundings.get().map(|around| around.volume.as_path())
    }

    /// Boot time at the start of the process.
    pub(crate) fn born(&self) -> Span {
        self.shared.born
    }

    /// How much waits for the core.
    pub(crate) fn core_queue(&self) -> usize {
        self.shared.work.max_capacity() - self.shared.work.capacity()
    }

    /// Takes messages from now on.
    pub(crate) fn begin(&self) {
        self.shared.status.set_waiting_for_ward(false);
        self.shared.status.enter(Phase::Running);
        self.shared.inbox.begin();
    }

    /// Asks the engine to finish what it took and to end.
    pub fn stop(&self) {
        self.shared.status.enter(Phase::Stopping);
        self.shared.inbox.drain();
    }
}
