//! Pace: when is each batch sent?
//!
//! Either as a Poisson process of a constant rate, or in the rhythm of the events themselves, one simulated second per second.
//! Threads of the system, not tasks: a timer of the runtime is good to a millisecond, a sleeping thread to a twentieth of that.
//!
//! - **How it fits**: the feeder writes batches ahead, the pacer hands each over at its time and never waits for an answer.
//! - **Not here**: connections.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::{Backlog, Job, Load, News, micros};
use crate::draw::{exponential, whole};
use crate::limits::{BACKLOG_MAX, BATCHES_AHEAD, BATCHES_AHEAD_MAX};
use crate::random::{Domain, Stream};

/// Appends one line and says when it arrives in simulated UTC microseconds; `None` at the end.
pub type Lines = Box<dyn FnMut(&mut Vec<u8>) -> Option<i64> + Send>;

/// When batches are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// So many events a second, with exponential gaps between requests.
    Constant {
        /// Events per second.
        per_second: f64,
    },
    /// As the events say: this simulated instant, in UTC microseconds, is the begin of the run.
    Shaped {
        /// The instant.
        from: i64,
    },
}

/// Where the pacer puts what it sends.
pub(super) struct Sender {
    pub(super) jobs: UnboundedSender<Job>,
    pub(super) tell: UnboundedSender<News>,
    pub(super) backlog: Arc<Backlog>,
    pub(super) begun: Instant,
}

/// How sending ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    pub(super) sent_for: Duration,
    pub(super) is_overloaded: bool,
}

/// Some lines, and when the first of them arrives in simulated time.
pub(super) struct Batch {
    arrives: i64,
    events: u32,
    body: Bytes,
}

/// Starts the feeder. The second answer comes when it has written all it may write ahead, or all there is: before, a run would
/// measure how fast lines are made.
pub(super) fn prepare(load: &Load, lines: Lines) -> (Receiver<Batch>, oneshot::Receiver<()>) {
    let (ahead, batches) = sync_channel(batches_ahead(load));
    let (is_full, full) = oneshot::channel();
    let size = load.batch.max(1);
    // The feeder ends when its lines or its listener do.
    drop(std::thread::spawn(move || feed(lines, size, &ahead, is_full)));
    (batches, full)
}

/// A second and a half of batches: the generator makes its lines by whole simulated seconds.
fn batches_ahead(load: &Load) -> usize {
    let wanted = match load.pace {
        Pace::Constant { per_second } => whole(1.5 * per_second / f64::from(load.batch.max(1))),
        Pace::Shaped { .. } => 0,
    };
    usize::try_from(wanted).unwrap_or(0).clamp(BATCHES_AHEAD, BATCHES_AHEAD_MAX)
}

/// Starts the pacer; it ends by itself.
pub(super) fn start(load: Load, batches: Receiver<Batch>, sender: Sender) -> JoinHandle<Ended> {
    std::thread::spawn(move || pace(&load, &batches, &sender))
}

fn feed(mut lines: Lines, size: u32, ahead: &SyncSender<Batch>, is_full: oneshot::Sender<()>) {
    let mut body = Vec::new();
    let mut is_full = Some(is_full);
    loop {
        let (mut events, mut arrives) = (0, 0);
        while events < size {
            let Some(at) = lines(&mut body) else { break };
            if events == 0 {
                arrives = at;
            }
            events += 1;
        }
        if events == 0 {
            return;
        }
        let room = body.len() + body.len() / 8;
        let full = std::mem::replace(&mut body, Vec::with_capacity(room));
        let batch = Batch { arrives, events, body: Bytes::from(full) };
        let Err(refused) = ahead.try_send(batch) else { continue };
        drop(is_full.take());
        let TrySendError::Full(batch) = refused else { return };
        if ahead.send(batch).is_err() {
            return;
        }
    }
}

fn pace(load: &Load, batches: &Receiver<Batch>, sender: &Sender) -> Ended {
    let mut stream = Stream::new(load.seed, Domain::Driver, 0);
    let mut due = Duration::ZERO;
    let mut left = load.requests_max.unwrap_or(u64::MAX);
    for batch in batches {
        let next = match load.pace {
            Pace::Constant { per_second } => due.saturating_add(gap(&mut stream, f64::from(batch.events) / per_second)),
            Pace::Shaped { from } => {
                Duration::from_micros(u64::try_from(batch.arrives.saturating_sub(from)).unwrap_or(0))
            }
        };
        if next > load.length {
            return Ended { sent_for: load.length, is_overloaded: false };
        }
        if left == 0 {
            break;
        }
        (due, left) = (next, left - 1);
        std::thread::sleep(due.saturating_sub(sender.begun.elapsed()));
        if send(batch, micros(due), sender) {
            return Ended { sent_for: due, is_overloaded: true };
        }
    }
    // The lines, or the requests that were asked for, came to their end before the time did.
    Ended { sent_for: due, is_overloaded: false }
}

fn gap(stream: &mut Stream, mean_seconds: f64) -> Duration {
    Duration::try_from_secs_f64(exponential(stream, mean_seconds)).unwrap_or(Duration::MAX)
}

/// Hands over one batch; whether the backlog is full now.
fn send(batch: Batch, intended: u64, sender: &Sender) -> bool {
    let waiting = sender.backlog.put();
    // Both fail only when the run has been broken off, and then nobody counts any more.
    let _ = sender.tell.send(News::Offered { intended, events: batch.events });
    let _ = sender.jobs.send(Job { intended, events: batch.events, body: batch.body });
    waiting >= BACKLOG_MAX
}
