//! Runtime: which threads make the state machine a running engine, and in which order does anything count?
//!
//! ```text
//!  inbox ──► log thread: close batch ─► append ─► fdatasync ─► receipts ─┐
//!    ▲                                                                   ▼ at most 16 batches
//!    │                 core thread: step ─► dispatcher ─► attempts ──► sinks (tokio)
//!    └── started, results ◄──────────────────┘ ◄──────────────────────────┘
//!  upkeep thread: segments prepared, checkpoints written, old ones removed
//! ```
//! - INVARIANT: the core sees only durable batches, in log order; a sink sees only what the core said after that.
//! - **How it fits**: `wardline run`, the demo and the tests [`open`] an engine, may listen at once, and [`start`] it.
//! - **Not here**: HTTP, configuration files, reading a ward.

pub mod admission;
pub mod anchor;
pub mod by_hand;
pub mod clock;
mod contents;
mod figures;
mod heartbeat;
pub(crate) mod inbox;
pub mod kernel;
pub mod log;
mod partition;
pub mod poison;
pub mod records;
pub mod recovery;
pub mod rows;
pub(crate) mod turn;
mod upkeep;
pub mod window;
pub(crate) mod wire;

use std::{
    sync::{Arc, OnceLock, mpsc as blocking},
    thread,
};

use tokio::sync::mpsc;
use wardline_connectors::adapters::Sink;
use wardline_core::{Input, Output};
use wardline_rules::time::{Span, Timestamp};
use wardline_store::{disk::Disk, limits::PREPARED_SEGMENTS, log::Entry, record::Kind, store::Options};

use self::{
    admission::Lane,
    anchor::Anchor,
    clock::WallClock,
    heartbeat::Heartbeat,
    kernel::Bootable,
    log::{Ended, LogThread, SinceCheckpoint},
    poison::Death,
    records::{Open, encode_time},
    recovery::{Behind, Error, Recovered, recover},
    rows::{Archiving, RowSink},
    turn::{CoreThread, Work},
    upkeep::Upkeep,
};
use crate::{
    dispatcher::{Dispatcher, driver, message::Links, sinks::Sinks},
    engine::{Engine, Parcel, Shared, Status},
    limits::CORE_QUEUE_MAX,
    metrics::{Metric, Metrics},
};

/// What an engine is started with.
#[derive(Debug)]
pub struct Start<D: Disk> {
    /// Its data directory.
    pub disk: D,
    /// Who opens it, and how.
    pub options: Options,
    /// Whether the operator vouches for the wall.
    pub accept_time: bool,
    /// Whether messages are refused until a ward decides: what came before would be watched by nobody.
    pub needs_ward: bool,
    /// Whether notices leave; if not they are kept and shown.
    pub is_sending: bool,
    /// Ways out.
    pub sinks: Arc<Sinks>,
    /// Links in notices.
    pub links: Links,
    /// Where rows go; `None` without tables.
    pub archiving: Option<Archiving>,
    /// What is looked after besides.
    pub care: Care,
}

/// The end of an engine's queue that its core thread will take.
#[derive(Debug)]
pub struct Seat(mpsc::Receiver<Work>);

/// What is looked after beside the messages.
#[derive(Clone, Debug, Default)]
pub struct Care {
    /// For how long the log is kept behind the checkpoints; `None` for ever.
    pub keep_log: Option<Span>,
    /// Whom we tell every ten seconds that all is well, so that somebody misses us when it is not.
    pub monitor: Option<Arc<dyn Sink>>,
}

/// An engine that is recovering: its handle, and the seat that [`start`] takes.
///
/// # Errors
/// A metric that the registry refuses: a mistake of ours.
pub fn open(clock: Arc<dyn WallClock>) -> Result<(Engine, Seat), prometheus::Error> {
    let (work, seat) = mpsc::channel(CORE_QUEUE_MAX);
    let shared = Shared {
        inbox: inbox::Inbox::default(),
        work,
        status: Status::default(),
        metrics: Metrics::new()?,
        born: clock.read().boot,
        surroundings: OnceLock::new(),
        clock,
    };
    // Until there is a state to apply them to, messages are refused: to send them again is safe.
    shared.inbox.hold();
    Ok((Engine { shared: Arc::new(shared) }, Seat(seat)))
}

/// The threads of a running engine.
#[derive(Debug)]
pub struct Running {
    log: thread::JoinHandle<Ended>,
    core: thread::JoinHandle<()>,
    upkeep: thread::JoinHandle<()>,
    epoch: u32,
    death: Option<Death>,
}

impl Running {
    /// This owner's epoch.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// What operations must hear: the last owner died of an input.
    #[must_use]
    pub const fn death(&self) -> Option<Death> {
        self.death
    }

    /// Waits for the end; blocks.
    ///
    /// - **Output**: a panic of a thread counts as [`Ended::Poisoned`]: nothing after it may be believed.
    #[must_use]
    pub fn join(self) -> Ended {
        let ended = self.log.join().unwrap_or(Ended::Poisoned);
        let others = [self.core.join(), self.upkeep.join()];
        if others.iter().any(Result::is_err) { Ended::Poisoned } else { ended }
    }
}

/// Recovers, and sets the threads to work; blocks until the engine takes messages.
///
/// - **Input** `seat`: of [`open`]; `tokio`: where attempts run.
///
/// # Errors
/// [`Error`]; nothing was taken, and nothing on disk but what recovery itself mends was changed.
pub fn start<D, K>(
    engine: &Engine,
    seat: Seat,
    start: Start<D>,
    tokio: &tokio::runtime::Handle,
) -> Result<Running, Error>
where
    D: Disk + Send + 'static,
    D::File: Send,
    D::Lock: Send,
    K: Bootable,
{
    let sinks = start.sinks.clone();
    let Parts { log, core, upkeep, order_queue, done, jobs, epoch, death } = assemble::<D, K>(engine, start)?;
    tokio.spawn(driver::drive(engine.clone(), sinks, jobs));
    let upkeep = spawn("upkeep", move || upkeep.run(&order_queue, &done))?;
    let core = spawn("core", move || core.run(seat.0))?;
    let log = spawn("log", move || log.run())?;
    if !engine.status().is_waiting_for_ward() {
        engine.begin();
    }
    Ok(Running { log, core, upkeep, epoch, death })
}

/// A recovered engine before anything drives it.
pub(crate) struct Parts<D: Disk, K> {
    pub(crate) log: LogThread<D>,
    pub(crate) core: CoreThread<K>,
    pub(crate) upkeep: Upkeep<D>,
    pub(crate) order_queue: blocking::Receiver<upkeep::Order>,
    pub(crate) done: blocking::Sender<upkeep::Done>,
    pub(crate) jobs: mpsc::UnboundedReceiver<driver::Job>,
    pub(crate) epoch: u32,
    pub(crate) death: Option<Death>,
}

/// Recovers, begins this owner's epoch and puts the parts together.
pub(crate) fn assemble<D, K>(engine: &Engine, start: Start<D>) -> Result<Parts<D, K>, Error>
where
    D: Disk + Send + 'static,
    K: Bootable,
{
    let clock = engine.shared.clock.clone();
    let disk = start.disk.clone();
    let (mut sink, covers) = start.archiving.map(|it| (it.sink, it.covers)).unzip();
    let rows = sink.as_deref_mut().map(|sink| sink as &mut dyn RowSink);
    let recovered: Recovered<D, K> = recover(start.disk, &start.options, clock.as_ref(), rows)?;
    let Recovered { mut opened, kernel, position, last, batches, took, excluded, lost, death, behind } = recovered;
    say_recovered(engine, took, (excluded, lost));
    engine.status().books().begin(kernel.counters().first().map_or(0, |(_, received)| *received));
    tracing::info!(batches, ms = took.micros() / 1_000, epoch = opened.epoch, "store.recover");

    let anchor = begin_epoch(engine, &mut opened.writer, &kernel, (position.sequence, last, start.accept_time))?;
    let noted = opened.writer.newest_segment();
    opened.ownership.note_newest_segment(noted).map_err(wardline_store::log::Error::from)?;
    let (orders, order_queue) = blocking::channel();
    let (done, done_queue) = blocking::channel();
    let (jobs, job_queue) = mpsc::unbounded_channel();
    first_batch(engine, &kernel, &start.sinks);

    let is_waiting = start.needs_ward && kernel.ward().is_none();
    engine.status().set_waiting_for_ward(is_waiting);
    let epoch = opened.epoch;
    let mut dispatcher = Dispatcher::new(epoch);
    if !start.is_sending {
        dispatcher.hold();
    }
    let note_on = disk.clone();
    let upkeep = Upkeep {
        engine: engine.clone(),
        disk,
        checkpoints: opened.checkpoints.clone(),
        note: opened.ownership.note(),
        epoch,
        logic: K::LOGIC,
        covers,
        identity: opened.identity,
        keep_log: start.care.keep_log,
    };
    let core = CoreThread {
        kernel,
        engine: engine.clone(),
        dispatcher,
        epoch,
        sinks: start.sinks,
        links: start.links,
        jobs,
        position,
        output: Output::default(),
        proposals: Vec::new(),
        rows: sink,
        is_waiting,
        heartbeat: start.care.monitor.map(Heartbeat::new),
        note: Box::new(move |died, sequence| {
            if let Err(error) = died.note(&note_on, sequence) {
                tracing::error!(%error, "core.note");
            }
        }),
    };
    let log = LogThread {
        engine: engine.clone(),
        anchor,
        last_batch: last.unwrap_or(Timestamp::MIN),
        done: done_queue,
        orders,
        since: since_checkpoint(engine, behind),
        answered: None,
        is_preparing: false,
        next_look: Span::ZERO,
        noted,
        stage: log::Stage::Working,
        // The lock lives as long as what was opened.
        opened,
    };
    Ok(Parts { log, core, upkeep, order_queue, done, jobs: job_queue, epoch, death })
}

/// How old the checkpoint is that was begun with, for the next one and for whoever asks.
fn since_checkpoint(engine: &Engine, behind: Behind) -> SinceCheckpoint {
    let (now, boot) = (engine.log_now(), engine.boot());
    if let Some(since) = behind.since.filter(|_| behind.has_checkpoint) {
        engine.status().set_checkpoint(boot.minus(now.since(since)));
    }
    SinceCheckpoint::recovered(behind, now, boot)
}

/// What recovery took, what it left out and what was given up before.
fn say_recovered(engine: &Engine, took: Span, (excluded, lost): (usize, Option<u64>)) {
    engine.metrics().set_seconds(Metric::RecoveryDuration, &[], took);
    engine.metrics().set(Metric::ExcludedInputs, &[], i64::try_from(excluded).unwrap_or(i64::MAX));
    engine.status().set_excluded(excluded);
    // -1: some, and not known how many.
    engine.metrics().set(Metric::LostRecords, &[], lost.map_or(-1, |lost| i64::try_from(lost).unwrap_or(i64::MAX)));
    engine.status().set_lost(lost);
}

/// Ties log time to the clocks and makes this epoch's `open` durable before anything else.
fn begin_epoch<D: Disk>(
    engine: &Engine,
    writer: &mut wardline_store::log::LogWriter<D>,
    kernel: &impl Bootable,
    (position, last, accept_time): (u64, Option<Timestamp>, bool),
) -> Result<Anchor, Error> {
    let reading = engine.shared.clock.read();
    let (mut anchor, change) = Anchor::start(reading, last, accept_time);
    let at = anchor.now(reading);
    // Enough to begin with; the upkeep thread prepares the rest and the reserve.
    for _ in 0..PREPARED_SEGMENTS {
        writer.prepare()?;
    }
    let open = Open {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        logic: logic_of(kernel),
        ward: kernel.ward().map_or([0; 32], |(_, version)| version),
        zones: wardline_rules::time::zone_data_version().to_owned(),
        wall: reading.wall,
        boot: reading.boot,
    };
    writer.append(Entry::new(Kind::Open, log::log_micros(at)), &[&open.encode()])?;
    if let Some(change) = change {
        tracing::warn!(?change, "wall.compare");
        writer.append(Entry::new(Kind::Time, log::log_micros(at)), &[&encode_time(change)])?;
    }
    writer.flush()?;
    anchor.record(at);
    engine.status().set_log_time(at, reading.boot);
    engine.status().set_doubt(anchor.is_in_doubt());
    engine.status().turned(position, reading.boot);
    Ok(anchor)
}

const fn logic_of<K: Bootable>(_: &K) -> u32 {
    K::LOGIC
}

/// The first batch of an epoch: what nobody knows the outcome of, then the time.
fn first_batch(engine: &Engine, kernel: &impl Bootable, sinks: &Sinks) {
    use wardline_core::input::{Attempt, Class, Outcome};
    let at = engine.log_now();
    let ambiguous = kernel.unresolved().into_iter().map(|attempt| {
        let route = kernel.notice(attempt.nid).and_then(|notice| sinks.route(&notice, at).ok());
        let class = route.map_or(Class::Neither, |route| driver::class_of(route.sink.as_ref()));
        Input::Attempt(Attempt { outcome: Outcome::Ambiguous { class }, ..attempt })
    });
    let inputs: Vec<Input> = ambiguous.chain([Input::Tick]).collect();
    // The inbox was made a moment ago and is open.
    drop(engine.shared.inbox.push_parcel(Lane::Control, Parcel::control(inputs)));
}

fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<thread::JoinHandle<T>, Error> {
    thread::Builder::new().name(format!("wardline-{name}")).spawn(body).map_err(Error::Thread)
}

#[cfg(test)]
pub(crate) mod tests;
