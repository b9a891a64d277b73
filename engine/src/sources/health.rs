//! Health: does this feed live, and when was it last heard?
//!
//! - **How it fits**: every source tells it; metrics show it.
//! - **Not here**: how long a silence is unusual (the ward's rules about feeds).

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use wardline_connectors::codec::hl7::{Found, Reading};
use wardline_rules::{Text, time::Timestamp};

use crate::{engine::Engine, metrics::Metric};

/// How one feed is.
#[derive(Clone, Debug)]
pub struct Health {
    engine: Engine,
    feed: Text,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    connections: AtomicI64,
    /// Log time of the last message in microseconds; 0: none yet.
    last: AtomicI64,
    gaps: AtomicU64,
}

impl Health {
    /// Of a feed that nobody is connected to.
    #[must_use]
    pub fn new(engine: Engine, feed: Text) -> Self {
        let health = Self { engine, feed, state: Arc::default() };
        health.show(0);
        health.engine.metrics().count_named(Metric::FeedGaps, &[health.feed.as_str()], 0);
        health
    }

    /// The feed's name.
    #[must_use]
    pub fn feed(&self) -> &str {
        &self.feed
    }

    /// Somebody connected, or a connection of ours was made.
    pub fn connected(&self) {
        self.show(self.state.connections.fetch_add(1, Ordering::AcqRel).saturating_add(1));
    }

    /// A connection ended.
    pub fn disconnected(&self) {
        self.show(self.state.connections.fetch_sub(1, Ordering::AcqRel).saturating_sub(1));
    }

    /// The only connection is gone, or could not be made.
    pub fn lost(&self) {
        self.state.connections.store(0, Ordering::Release);
        self.show(0);
    }

    /// Messages went missing.
    pub fn gap(&self) {
        self.state.gaps.fetch_add(1, Ordering::AcqRel);
    }

    /// A message is durable, whatever it said.
    pub fn last_message(&self, at: Timestamp) {
        self.state.last.fetch_max(at.micros(), Ordering::AcqRel);
    }

    /// HL7 messages are durable.
    pub fn heard(&self, at: Timestamp, messages: &[Reading]) {
        if messages.iter().any(|message| !matches!(message.found, Found::Answer)) {
            self.last_message(at);
        }
    }

    /// Whether anybody is connected.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.state.connections.load(Ordering::Acquire) > 0
    }

    /// When the last message came.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        let last = self.state.last.load(Ordering::Acquire);
        (last != 0).then(|| Timestamp::from_micros(last))
    }

    /// How often messages went missing since the start.
    #[must_use]
    pub fn gaps(&self) -> u64 {
        self.state.gaps.load(Ordering::Acquire)
    }

    fn show(&self, connections: i64) {
        let up = i64::from(connections > 0);
        self.engine.metrics().set_named(Metric::FeedUp, &[self.feed.as_str()], up);
    }
}
