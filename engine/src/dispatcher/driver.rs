//! Driver: who carries a departure to its sink and its result back to the log?
//!
//! One task per attempt, each bounded by `ATTEMPT_TIMEOUT`. Whatever happens, exactly one result comes back: an attempt
//! that ran out of time, whose sink panicked, or whose task was dropped at a stop, ends `ambiguous`. A receiver that can be
//! asked is asked before a repeat; one that knows us no more (401, 403, 404) is told of to operations, once an hour.
//!
//! - **How it fits**: the core thread sends [`Job`]s; results are control inputs of the log.
//! - LIMIT: as many jobs as the dispatcher lets fly.
//! - **Not here**: which notices fly ([`Dispatcher`](super::Dispatcher)), retries (the core).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::mpsc;
use wardline_connectors::adapters::{Class, Outgoing, Reply, Sink, sink::Cause};
use wardline_core::{
    Input,
    ids::Nid,
    input::{Attempt, Class as InputClass, Outcome},
};
use wardline_rules::{Text, program::Level, time::Span, words::Channel};

use crate::{
    codes::Code,
    dispatcher::sinks::Sinks,
    engine::{Engine, Parcel},
    limits::{ASK_EVERY, ASK_MAX, ATTEMPT_TIMEOUT, COMPLAIN_EVERY},
    operations,
    runtime::admission::Lane,
};

/// What an exchange is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JobKind {
    /// A notice: its result goes back to the log.
    Attempt,
    /// A word to the monitor: nobody hears of its result.
    Heartbeat,
}

/// One attempt to make.
#[derive(Debug)]
pub struct Job {
    /// What it is for.
    pub kind: JobKind,
    /// Which notice.
    pub nid: Nid,
    /// Which attempt, from 1.
    pub number: u32,
    /// This owner's epoch.
    pub epoch: u32,
    /// By which channel.
    pub channel: Channel,
    /// How urgent.
    pub level: Level,
    /// Whom, in the ward's words; for what is said about a failure.
    pub role: Text,
    /// The sink and the message, or why there is none.
    pub flight: Result<(Arc<dyn Sink>, Outgoing), Cause>,
}

/// Carries jobs until their sender is gone and the last has ended.
pub async fn drive(engine: Engine, sinks: Arc<Sinks>, mut jobs: mpsc::UnboundedReceiver<Job>) {
    let mut flights = tokio::task::JoinSet::new();
    let complaints = Arc::new(Complaints::default());
    loop {
        tokio::select! {
            job = jobs.recv() => match job {
                Some(job) => _ = flights.spawn(fly(engine.clone(), sinks.clone(), complaints.clone(), job)),
                None => break,
            },
            Some(_) = flights.join_next() => {}
        }
    }
    while flights.join_next().await.is_some() {}
}

async fn fly(engine: Engine, sinks: Arc<Sinks>, complaints: Arc<Complaints>, job: Job) {
    let reply = match &job.flight {
        Ok((sink, message)) if message.is_repeat && has_it_already(sink, message).await => Reply::Delivered,
        Ok((sink, message)) => exchange(sink.clone(), message.clone()).await,
        Err(cause) => Reply::FailedHard { cause: *cause },
    };
    if job.kind == JobKind::Heartbeat {
        if reply != Reply::Delivered {
            tracing::warn!(?reply, "heartbeat.send");
        }
        return;
    }
    land(&engine, &job, &reply);
    if let Reply::FailedHard { cause: Cause::Status(status @ (401 | 403 | 404)) } = reply
        && complaints.is_due(job.channel, engine.boot())
    {
        operations::tell_of_channel(&sinks, job.channel, status, engine.log_now()).await;
    }
}

/// Whether a receiver that can be asked has a notice that may have been sent before; it is asked until it says yes, on a
/// task of its own.
pub(crate) async fn has_it_already(sink: &Arc<dyn Sink>, message: &Outgoing) -> bool {
    if sink.class() != Class::Queryable {
        return false;
    }
    let (sink, message) = (sink.clone(), message.clone());
    let asking = async move {
        while sink.ask(&message).await != Ok(true) {
            tokio::time::sleep(ASK_EVERY).await;
        }
    };
    tokio::spawn(tokio::time::timeout(ASK_MAX, asking)).await.is_ok_and(|told| told.is_ok())
}

/// Which channels operations were told about lately.
#[derive(Debug, Default)]
struct Complaints(Mutex<BTreeMap<Channel, Span>>);

impl Complaints {
    /// Whether operations hear of a channel now: at most once in `COMPLAIN_EVERY`.
    fn is_due(&self, channel: Channel, now: Span) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = told.get(&channel).is_none_or(|last| now.minus(*last) >= COMPLAIN_EVERY);
        if is_due {
            told.insert(channel, now);
        }
        is_due
    }
}

/// One exchange, on a task of its own: a sink that panics takes only that one along.
async fn exchange(sink: Arc<dyn Sink>, message: Outgoing) -> Reply {
    let sending = async move { tokio::time::timeout(ATTEMPT_TIMEOUT, sink.send(&message)).await };
    match tokio::spawn(sending).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(_)) => Reply::Ambiguous { cause: Cause::Timeout },
        Err(error) => {
            tracing::error!(%error, "outbox.sink");
            Reply::Ambiguous { cause: Cause::Fault }
        }
    }
}

/// Brings the result of an attempt back to the log.
pub fn land(engine: &Engine, job: &Job, reply: &Reply) {
    report(job, reply);
    engine.metrics().attempt_ended(job.channel.name(), reply);
    let class = job.flight.as_ref().map_or(InputClass::Neither, |(sink, _)| class_of(sink.as_ref()));
    let outcome = outcome(reply, class);
    let attempt = Attempt { nid: job.nid, number: job.number, epoch: job.epoch, outcome };
    let parcel = Parcel { is_urgent: job.level == Level::Red, ..Parcel::control(vec![Input::Attempt(attempt)]) };
    // Closed: the next start finds `started` without result and treats it as ambiguous.
    drop(engine.shared.inbox.push_parcel(Lane::Control, parcel));
}

/// What a sink's receiver does with a repeat, as the core is told.
pub(crate) fn class_of(sink: &dyn Sink) -> InputClass {
    match sink.class() {
        Class::Keyed => InputClass::Keyed,
        Class::Queryable => InputClass::Queryable,
        Class::Neither => InputClass::Neither,
    }
}

const fn outcome(reply: &Reply, class: InputClass) -> Outcome {
    match reply {
        Reply::Delivered => Outcome::Delivered,
        Reply::FailedSoft { retry_after, .. } => Outcome::FailedSoft { retry_after: *retry_after },
        Reply::FailedHard { .. } => Outcome::FailedHard,
        Reply::Ambiguous { .. } => Outcome::Ambiguous { class },
    }
}

/// Says what went wrong, with role and channel, never with an address.
fn report(job: &Job, reply: &Reply) {
    let (code, cause) = match reply {
        Reply::Delivered => return,
        Reply::FailedSoft { cause, .. } => (Code::NotTaken, cause),
        Reply::FailedHard { cause: cause @ Cause::NoAddress } => (Code::NoAddress, cause),
        Reply::FailedHard { cause: cause @ Cause::NoSink } => (Code::NoSink, cause),
        Reply::FailedHard { cause: cause @ Cause::AddressRefused } => (Code::HostRefused, cause),
        Reply::FailedHard { cause } => (Code::RefusedForGood, cause),
        Reply::Ambiguous { cause } => (Code::OutcomeUnknown, cause),
    };
    let channel = job.channel.word();
    tracing::warn!(%code, nid = %job.nid, attempt = job.number, role = %job.role, channel, %cause, "outbox.deliver");
}
