//! Health: is anybody connected to this feed, and did messages go missing?
//!
//! - **How it fits**: every source tells it; metrics show it.
//! - **Not here**: when it was last heard (the core thread counts what it steps); how long a silence is unusual (the ward's rules about feeds).

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use wardline_rules::Text;

use crate::{engine::Engine, metrics::Metric};

/// How one feed is.
#[derive(Clone, Debug)]
pub struct Health {
    engine: Engine,
    feed: Text,
    connections: Arc<AtomicI64>,
}

impl Health {
    /// Of a feed that nobody is connected to.
    #[must_use]
    pub fn new(engine: Engine, feed: Text) -> Self {
        let health = Self { engine, feed, connections: Arc::default() };
        health.show(0);
        health.engine.metrics().count_named(Metric::FeedGaps, &[health.feed.as_str()], 0);
        health
    }

    /// Somebody connected, or a connection of ours was made.
    pub fn connected(&self) {
        self.show(self.connections.fetch_add(1, Ordering::AcqRel).saturating_add(1));
    }

    /// A connection ended.
    pub fn disconnected(&self) {
        self.show(self.connections.fetch_sub(1, Ordering::AcqRel).saturating_sub(1));
    }

    /// The only connection is gone, or could not be made.
    pub fn lost(&self) {
        self.connections.store(0, Ordering::Release);
        self.show(0);
    }

    /// Messages went missing.
    pub fn gap(&self) {
        self.engine.metrics().count_named(Metric::FeedGaps, &[self.feed.as_str()], 1);
    }

    fn show(&self, connections: i64) {
        let up = i64::from(connections > 0);
        self.engine.metrics().set_named(Metric::FeedUp, &[self.feed.as_str()], up);
    }
}
