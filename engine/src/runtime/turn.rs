//! Turn: what does one durable batch cause?
//!
//! The core thread owns the state machine. For each batch: step, then whoever waits for its outcome, then departures to
//! the sinks, then new starts back to the log. Questions are answered between batches.
//!
//! - **How it fits**: the log thread and [`Engine::ask`](crate::engine::Engine::ask) feed one bounded queue.
//! - INVARIANT: nothing here reads a clock for a decision; the boot clock is read for figures alone.
//! - **Not here**: durability ([`log`](super::log)), the exchange with sinks ([`driver`](crate::dispatcher::driver)).

use core::ops::Range;
use std::sync::{Arc, mpsc as blocking};

use tokio::sync::{mpsc, oneshot};
use wardline_core::{Batch, Disposition, Input, Output, Proposal};
use wardline_rules::{Text, program::Level, time::Timestamp};
use wardline_store::log::Position;

use super::{
    admission::Lane,
    figures,
    heartbeat::Heartbeat,
    kernel::{Frozen, Kernel},
    poison::{self, Died},
    rows::{RowSink, Taken},
};
use crate::{
    dispatcher::{
        Departure, Dispatcher,
        driver::{Job, JobKind},
        message::{Address, Links, compose},
        sinks::Sinks,
    },
    engine::{Engine, Outcome, Parcel, Question},
    limits::PROPOSALS_MAX,
    metrics::{Metric, NO_FEED},
};

/// What the core thread is given.
pub(crate) enum Work {
    /// A batch that is durable.
    Batch(Box<Durable>),
    /// Something somebody wants to know.
    Ask(Question),
    /// Hand over the state as it is now.
    Checkpoint(blocking::Sender<State>),
    /// Start nothing new.
    Hold,
    /// The log thread has ended; nothing follows.
    Stop,
}

/// A durable batch and who waits for it.
pub(crate) struct Durable {
    pub(crate) batch: Batch,
    pub(crate) position: Position,
    pub(crate) waiters: Vec<Waiter>,
}

/// A sender who waits for what the core makes of a parcel.
pub(crate) struct Waiter {
    /// Ids of the answers in it.
    pub(crate) answers: Vec<Text>,
    /// Where its inputs stand in the batch.
    pub(crate) inputs: Range<usize>,
    /// The feed it came from; empty for none.
    pub(crate) feed: Text,
    pub(crate) stepped: oneshot::Sender<Outcome>,
}

/// The state at one position.
pub(crate) struct State {
    pub(crate) sections: Frozen,
    pub(crate) position: Position,
    pub(crate) ward: [u8; 32],
}

/// The owner of the state machine.
pub(crate) struct CoreThread<K> {
    pub(crate) kernel: K,
    pub(crate) engine: Engine,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) epoch: u32,
    pub(crate) sinks: Arc<Sinks>,
    pub(crate) links: Links,
    pub(crate) jobs: mpsc::UnboundedSender<Job>,
    pub(crate) position: Position,
    pub(crate) output: Output,
    pub(crate) proposals: Vec<Proposal>,
    pub(crate) rows: Option<Box<dyn RowSink>>,
    /// Who misses us when we stand still.
    pub(crate) heartbeat: Option<Heartbeat>,
    /// No ward decides yet, and messages wait for one.
    pub(crate) is_waiting: bool,
    /// Writes down at which input of which record the core died.
    pub(crate) note: Box<dyn Fn(Died, u64) + Send>,
}

impl<K: Kernel> CoreThread<K> {
    /// Works until it is told that nothing follows, or the state machine panics: its state is not to be believed then.
    pub(crate) fn run(mut self, mut work: mpsc::Receiver<Work>) {
        while let Some(task) = work.blocking_recv() {
            match self.take(task) {
                Ok(true) => {}
                Ok(false) => return,
                Err((died, sequence)) => {
                    // Nothing more is taken while the note is written.
                    work.close();
                    return (self.note)(died, sequence);
                }
            }
        }
    }

    /// Does one piece of work; `false` if nothing follows.
    ///
    /// # Errors
    /// At which input of which record the state machine panicked; nothing of it is to be believed, and [`note`](Self::note)
    /// is to be written.
    pub(crate) fn take(&mut self, work: Work) -> Result<bool, (Died, u64)> {
        match work {
            Work::Batch(durable) => {
                let sequence = durable.position.sequence;
                self.turn(*durable).map_err(|died| (died, sequence))?;
            }
            Work::Ask(question) => question(&self.kernel),
            Work::Checkpoint(reply) => drop(reply.send(self.state())),
            Work::Hold => self.dispatcher.hold(),
            Work::Stop => return Ok(false),
        }
        Ok(true)
    }

    fn turn(&mut self, durable: Durable) -> Result<(), Died> {
        let due_before = self.engine.status().next_due();
        let begun = self.engine.boot();
        self.output.clear();
        poison::step(&mut self.kernel, &durable.batch, &mut self.output)?;
        self.position = durable.position;
        self.archive(&durable.batch);
        let took = self.engine.boot().minus(begun);
        self.engine.metrics().observe(Metric::StepDuration, &[], took);
        self.figures(&durable.batch, due_before);
        if self.is_waiting && self.kernel.ward().is_some() {
            self.is_waiting = false;
            self.engine.begin();
        }
        let is_event = |input: &&Input| matches!(input, Input::Event(_));
        let events = durable.batch.inputs.iter().filter(is_event).count();
        self.engine.status().books().add_received(u64::try_from(events).unwrap_or(u64::MAX));
        // Whoever hears an outcome may ask about it: what is through is said first.
        self.engine.status().turned(self.position.sequence, self.engine.boot());
        for waiter in durable.waiters {
            let outcome = self.outcome(&waiter);
            self.count(&waiter.feed, &outcome, durable.batch.at);
            drop(waiter.stepped.send(outcome));
        }
        for departure in self.dispatcher.observe(&durable.batch.inputs, &self.output) {
            self.depart(departure, durable.batch.at);
        }
        let position = self.position.sequence;
        let beat =
            self.heartbeat.as_mut().and_then(|heart| heart.beat(durable.batch.at, position, self.epoch, &self.kernel));
        if let Some(beat) = beat {
            drop(self.jobs.send(beat));
        }
        self.propose();
        self.show();
        Ok(())
    }

    /// Hands the rows of the batch to the tables, if there are any.
    fn archive(&mut self, batch: &Batch) {
        let Some(sink) = &mut self.rows else { return };
        let mut rows = Vec::new();
        self.kernel.rows(batch, &self.output, &mut rows);
        let ward = self.kernel.ward().map(|(_, version)| version);
        let (text, heard) = (super::rows::activated(batch), super::rows::heard(batch));
        sink.take(Taken { epoch: self.position.sequence, at: batch.at, rows, ward, text, heard });
    }

    /// What became of the answers and events of one parcel.
    fn outcome(&self, waiter: &Waiter) -> Outcome {
        let asked = |outcome: &&wardline_core::output::AnswerOutcome| waiter.answers.contains(&outcome.event_id);
        // In order of place: a batch of many parcels is not walked once for each.
        let events = &self.output.events;
        let from = events.partition_point(|event| event.place < waiter.inputs.start);
        let of_parcel = events.iter().skip(from).take_while(|event| event.place < waiter.inputs.end);
        Outcome {
            answers: self.output.answers.iter().filter(asked).cloned().collect(),
            events: of_parcel.map(|event| (event.place - waiter.inputs.start, event.disposition)).collect(),
        }
    }

    fn count(&self, feed: &str, outcome: &Outcome, at: Timestamp) {
        // An answer page is no feed that could fall silent.
        if !outcome.events.is_empty() && !feed.is_empty() {
            self.engine.metrics().feed_heard(feed, at);
        }
        let feed = if feed.is_empty() { NO_FEED } else { feed };
        for word in Disposition::WORDS {
            let of_word = outcome.events.iter().filter(|(_, disposition)| disposition.word() == word).count();
            if of_word > 0 {
                self.engine.metrics().count_named(
                    Metric::Events,
                    &[feed, word],
                    u64::try_from(of_word).unwrap_or(u64::MAX),
                );
            }
        }
    }

    fn depart(&self, departure: Departure, at: Timestamp) {
        let Some(notice) = self.kernel.notice(departure.nid) else { return };
        if departure.is_repeat {
            self.engine.metrics().count_named(Metric::NoticesRepeated, &[notice.channel.name()], 1);
        }
        let flight = self.sinks.route(&notice, at).map(|route| {
            let to = Address {
                address: route.address,
                is_secured: route.sink.is_secured(),
                limits: route.sink.limits(),
                at,
            };
            let message = compose(&notice, departure, &self.links, to);
            (route.sink, message)
        });
        let job = Job {
            kind: JobKind::Attempt,
            nid: departure.nid,
            number: departure.number,
            epoch: self.epoch,
            channel: notice.channel,
            level: notice.level,
            role: notice.role,
            flight,
        };
        // Closed: the driver is gone because the process ends; the next start finds the start without result.
        drop(self.jobs.send(job));
    }

    fn propose(&mut self) {
        self.proposals.clear();
        self.kernel.proposals(PROPOSALS_MAX, &mut self.proposals);
        let started = self.dispatcher.propose(&self.proposals);
        if started.is_empty() {
            return;
        }
        let is_red = |proposal: &Proposal| proposal.level == Level::Red;
        let inputs: Vec<Input> = started.into_iter().map(Input::Attempt).collect();
        let parcel = Parcel { is_urgent: self.proposals.iter().any(is_red), ..Parcel::control(inputs) };
        drop(self.engine.shared.inbox.push_parcel(Lane::Control, parcel));
    }

    /// What everybody may read, once the batch is through.
    fn show(&self) {
        let status = self.engine.status();
        status.turned(self.position.sequence, self.engine.boot());
        status.set_in_flight(self.dispatcher.in_flight());
        let due = self.output.next_due;
        let is_sooner = due.is_some() && status.next_due().is_none_or(|old| due.is_some_and(|due| due < old));
        status.set_next_due(due);
        if is_sooner {
            self.engine.shared.inbox.wake();
        }
    }

    fn figures(&self, batch: &Batch, due_before: Option<Timestamp>) {
        let metrics = self.engine.metrics();
        if let Some(due) = due_before.filter(|due| *due <= batch.at) {
            metrics.observe(Metric::TimerLateness, &[], batch.at.since(due));
        }
        metrics.set_instant(Metric::CoreTick, &[], batch.at);
        figures::count(metrics, &self.kernel, batch, &self.output);
    }

    fn state(&mut self) -> State {
        let ward = self.kernel.ward().map_or([0; 32], |(_, version)| version);
        State { sections: self.kernel.freeze(), position: self.position, ward }
    }
}
