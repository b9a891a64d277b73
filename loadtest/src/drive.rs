//! Drive: how does an engine bear a load that does not wait for it?
//!
//! ```text
//!  feeder thread ──batches──▶ pacer thread ──at their time──▶ backlog ──▶ one task per connection ──▶ engine
//!                                                                               └── samples ──▶ tally
//! ```
//! The loop is open: the pacer sends each batch at a time drawn beforehand, whether or not the engine has answered the last.
//! What no connection can take waits in the backlog, and its latency counts from the time it should have been sent.
//!
//! - **How it fits**: `run` gives it lines of a [`Generator`](crate::Generator) or of anything else; it gives back an [`Outcome`](crate::result::Outcome).
//! - LIMIT: `BATCHES_AHEAD`, `BATCHES_AHEAD_MAX`, `BACKLOG_MAX`, `GRACE_SECONDS`, `ANSWER_BYTES_MAX` in [`limits`](crate::limits). A full backlog ends
//!   the sending: the engine is overloaded, and more would only measure this machine's memory.
//! - **Not here**: HTTPS (load belongs on a loopback or a private net); repeating what was refused (an open loop does not).

mod ahead;
mod client;
mod http;
mod mllp;
mod nats;
mod pace;
mod target;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use tokio::sync::{Mutex, mpsc};

use crate::error::Error;
use crate::limits::GRACE_SECONDS;
use crate::result::{Sample, Tally};

pub use ahead::{lines, told_by};
pub use pace::{Lines, Pace};
pub use target::Target;

/// How to send.
#[derive(Debug, Clone)]
pub struct Load {
    /// Where to.
    pub target: Target,
    /// When.
    pub pace: Pace,
    /// How many connections at once.
    pub connections: usize,
    /// Events in a request.
    pub batch: u32,
    /// Sending ends after so long.
    pub length: Duration,
    /// Sending ends after so many requests; for tests that must not depend on time.
    pub requests_max: Option<u64>,
    /// Seed of the send times.
    pub seed: u64,
}

/// A request that waits for its connection.
#[derive(Debug)]
struct Job {
    intended: u64,
    events: u32,
    body: Bytes,
}

/// What the tasks tell the tally.
#[derive(Debug)]
enum News {
    Offered { intended: u64, events: u32 },
    Answered(Sample),
}

/// A glance at a run under way.
#[derive(Debug, Clone, Copy)]
pub struct Glance {
    /// Since the run began.
    pub elapsed: Duration,
    /// Events offered so far.
    pub offered: u64,
    /// Events accepted so far.
    pub accepted: u64,
    /// Requests that wait for a connection.
    pub backlog: usize,
    /// Corrected 99th percentile in microseconds.
    pub p99_us: u64,
}

/// What a run left behind.
#[derive(Debug)]
pub struct Driven {
    /// Counts and histograms.
    pub tally: Tally,
    /// Length of sending, in seconds.
    pub seconds: f64,
    /// Most requests that waited for a connection.
    pub backlog_max: usize,
    /// Whether the backlog was full before the time was over.
    pub is_overloaded: bool,
}

/// How full the backlog is and was.
#[derive(Debug, Default)]
struct Backlog {
    now: AtomicUsize,
    max: AtomicUsize,
}

impl Backlog {
    fn put(&self) -> usize {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        self.max.fetch_max(now, Ordering::Relaxed);
        now
    }

    fn take(&self) {
        self.now.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Sends lines until the time, the lines or the backlog come to their end; `glance` is called several times a second.
///
/// **Errors**: the engine cannot be reached at all. What happens later is counted, not returned.
pub async fn drive(load: &Load, lines: Lines, mut glance: impl FnMut(Glance)) -> Result<Driven, Error> {
    client::knock(&load.target).await?;
    let (batches, full) = pace::prepare(load, lines);
    // Either answer means that the feeder has done what it could.
    let _ = full.await;
    let begun = Instant::now();
    let (jobs, queue) = mpsc::unbounded_channel::<Job>();
    let (tell, mut news) = mpsc::unbounded_channel::<News>();
    let backlog = Arc::new(Backlog::default());
    let queue = Arc::new(Mutex::new(queue));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..load.connections.max(1) {
        workers.spawn(client::work(load.target.clone(), Arc::clone(&queue), Arc::clone(&backlog), tell.clone(), begun));
    }
    let sender = pace::Sender { jobs, tell, backlog: Arc::clone(&backlog), begun };
    let pacer = pace::start(load.clone(), batches, sender);
    let mut tally = Tally::default();
    let mut beat = tokio::time::interval(Duration::from_millis(200));
    let deadline = tokio::time::sleep(load.length + Duration::from_secs(GRACE_SECONDS));
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            // The channel ends when the pacer and all workers have gone: everything is answered.
            heard = news.recv() => match heard {
                Some(News::Offered { intended, events }) => tally.offer(intended, events),
                Some(News::Answered(sample)) => tally.add(sample),
                None => break,
            },
            _ = beat.tick() => glance(look(&tally, &backlog, begun.elapsed())),
            () = &mut deadline => break,
        }
    }
    workers.abort_all();
    let paced = tokio::task::spawn_blocking(move || pacer.join()).await;
    let ended = paced.ok().and_then(Result::ok).unwrap_or_default();
    Ok(Driven {
        tally,
        seconds: ended.sent_for.as_secs_f64(),
        backlog_max: backlog.max.load(Ordering::Relaxed),
        is_overloaded: ended.is_overloaded,
    })
}

fn look(tally: &Tally, backlog: &Backlog, elapsed: Duration) -> Glance {
    let (offered, accepted, p99_us) = tally.now();
    Glance { elapsed, offered, accepted, backlog: backlog.now.load(Ordering::Relaxed), p99_us }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
