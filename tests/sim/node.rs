//! Node: one life of the engine, from its start to its death.
//!
//! Everything of it is the shipped code: codecs, admission, log, core, dispatcher, checkpoints. The simulator says in which
//! order its parts move.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use wardline::{
    dispatcher::{message::Links, sinks::Sinks},
    engine::{Accepted, Engine, Receipt},
    intake::{Intake, Shape},
    runtime::{
        self, Care, Start,
        admission::{Lane, Refusal},
        by_hand::ByHand,
        recovery::Error,
    },
};
use wardline_connectors::{
    adapters::{Class, Outgoing, Reply, Sink, sink::Sending},
    codec::token::Tokeniser,
};
use wardline_core::Partition;
use wardline_rules::time::Span;
use wardline_store::{disk::SimDisk, store::Options};

use super::time::SimClock;

/// Stands for every way out; the simulator takes the message before it is asked to send.
#[derive(Debug)]
struct Exit;

impl Sink for Exit {
    fn class(&self) -> Class {
        Class::Neither
    }

    fn is_secured(&self) -> bool {
        false
    }

    fn send<'a>(&'a self, _: &'a Outgoing) -> Sending<'a> {
        Box::pin(std::future::pending::<Reply>())
    }
}

/// Who waits for a receipt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Waiter {
    /// A client's request.
    Request { client: usize, number: u64 },
    /// A look at a screen; its record.
    Access(Vec<u8>),
    /// An activation.
    Ward,
}

type Promise = Pin<Box<dyn Future<Output = Result<Receipt, Refusal>>>>;

/// A running engine and who waits for it.
pub(crate) struct Node {
    pub(crate) engine: Engine,
    pub(crate) parts: ByHand<SimDisk, Partition>,
    intake: Intake,
    promises: VecDeque<(Waiter, Promise)>,
}

/// What every start is given.
pub(crate) fn options(instance: [u8; 16], segment_bytes: u64) -> Options {
    Options { new_instance: instance, segment_bytes, reserve_bytes: 0, ..Options::default() }
}

impl Node {
    /// Starts an engine on a disk; `keep_log` says how long the log is kept behind the older checkpoint.
    pub(crate) fn start(
        disk: &SimDisk,
        clock: &Arc<SimClock>,
        (options, keep_log): (Options, Option<Span>),
    ) -> Result<Self, Error> {
        let (engine, seat) = match runtime::open(clock.clone()) {
            Ok(opened) => opened,
            Err(error) => return Err(Error::Thread(std::io::Error::other(error.to_string()))),
        };
        let start = Start {
            disk: disk.clone(),
            options,
            accept_time: false,
            needs_ward: false,
            care: Care { keep_log, ..Care::default() },
            is_sending: true,
            sinks: Arc::new(Sinks::all_through(Arc::new(Exit))),
            archiving: None,
            links: Links::new("https://w.example".to_owned(), [1; 32]),
        };
        let parts = ByHand::start(&engine, seat, start)?;
        Ok(Self { engine, parts, intake: Intake::new(&[], Tokeniser::new(&[7; 32])), promises: VecDeque::new() })
    }

    /// A request arrives.
    pub(crate) fn arrive(&mut self, feed: &str, body: &str, waiter: Waiter) {
        let reading = self.intake.events(feed, Shape::Lines, body.as_bytes(), self.engine.log_now());
        let Ok(reading) = reading else { return };
        let lane = self.intake.lane(feed, &reading.parcel.inputs);
        let engine = self.engine.clone();
        self.promise(waiter, async move {
            engine.submit(lane, reading.parcel).await.map(|accepted: Accepted| accepted.receipt)
        });
    }

    /// Inputs of the operator arrive.
    pub(crate) fn control(&mut self, inputs: Vec<wardline_core::Input>, waiter: Waiter) {
        let engine = self.engine.clone();
        let parcel = wardline::engine::Parcel::control(inputs);
        self.promise(
            waiter,
            async move { engine.submit(Lane::Control, parcel).await.map(|accepted| accepted.receipt) },
        );
    }

    /// Somebody wants to look at something.
    pub(crate) fn access(&mut self, record: Vec<u8>) {
        let engine = self.engine.clone();
        let written = record.clone();
        self.promise(Waiter::Access(record), async move { engine.record_access(written).await });
    }

    fn promise(&mut self, waiter: Waiter, promise: impl Future<Output = Result<Receipt, Refusal>> + 'static) {
        let mut promise: Promise = Box::pin(promise);
        // The first poll puts it into the inbox.
        if promise.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            self.promises.push_back((waiter, promise));
        }
    }

    /// Whoever has an answer by now, in the order they came.
    pub(crate) fn answered(&mut self) -> Vec<(Waiter, Result<Receipt, Refusal>)> {
        let mut answered = Vec::new();
        for (waiter, mut promise) in std::mem::take(&mut self.promises) {
            match promise.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(answer) => answered.push((waiter, answer)),
                Poll::Pending => self.promises.push_back((waiter, promise)),
            }
        }
        answered
    }
}
