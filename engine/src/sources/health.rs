//! Health: is anybody connected to this feed, and did messages go missing?
//!
//! - **How it fits**: every source tells it; metrics show it, and the core hears of it as an input, so that rules about a lost
//!   feed act and clocks on its reports read `unsure`.
//! - **Not here**: when it was last heard and how long a silence is unusual (the core).

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use tokio::sync::watch;
use wardline_core::{
    Input,
    input::{FeedState, FeedStatus},
};
use wardline_rules::{Text, time::Span};

use crate::{
    engine::{Engine, Parcel},
    limits::{CONNECTION_KEPT_AFTER, FEED_LOST_AFTER, WATCH_EVERY},
    metrics::Metric,
    runtime::admission::Lane,
};

/// How one feed is.
#[derive(Clone, Debug)]
pub struct Health {
    engine: Engine,
    feed: Text,
    connections: Arc<AtomicI64>,
    /// Whether the end of a connection is news: others come for one message and go.
    is_kept: Arc<AtomicBool>,
}

/// What the core was told of a feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Told {
    state: Option<FeedState>,
    /// Since when there is no connection, by the boot clock.
    down: Option<Span>,
}

impl Told {
    /// What to tell now, if anything: a connection at once, its loss when it has lasted.
    pub(super) fn next(&mut self, (is_up, is_kept): (bool, bool), now: Span) -> Option<FeedState> {
        if is_up {
            self.down = None;
        } else {
            self.down = self.down.or(Some(now));
        }
        let is_lost = is_kept && self.down.is_some_and(|since| now.minus(since) >= FEED_LOST_AFTER);
        let state = match (is_up, is_lost) {
            (true, _) => FeedState::Connected,
            (false, true) => FeedState::Lost,
            (false, false) => return None,
        };
        (self.state.replace(state) != Some(state)).then_some(state)
    }
}

/// Tells the core how feeds are connected, until the stop.
pub(super) async fn tell(feeds: Vec<Health>, mut stop: watch::Receiver<bool>) {
    let mut feeds: Vec<(Health, Told)> = feeds.into_iter().map(|health| (health, Told::default())).collect();
    loop {
        for (health, told) in &mut feeds {
            health.report(told).await;
        }
        tokio::select! {
            () = tokio::time::sleep(WATCH_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

impl Health {
    /// Of a feed that nobody is connected to.
    #[must_use]
    pub fn new(engine: Engine, feed: Text) -> Self {
        let health = Self { engine, feed, connections: Arc::default(), is_kept: Arc::new(AtomicBool::new(true)) };
        health.show(0);
        health.engine.metrics().count_named(Metric::FeedGaps, &[health.feed.as_str()], 0);
        health
    }

    /// The same of a feed whose senders may come and go: a loss is one only after a connection that was kept.
    #[must_use]
    pub fn of_visitors(engine: Engine, feed: Text) -> Self {
        let health = Self::new(engine, feed);
        health.is_kept.store(false, Ordering::Release);
        health
    }

    async fn report(&self, told: &mut Told) {
        let is_up = self.connections.load(Ordering::Acquire) > 0;
        let before = *told;
        let Some(state) = told.next((is_up, self.is_kept.load(Ordering::Acquire)), self.engine.boot()) else { return };
        let input = Input::Feed(FeedStatus { feed: self.feed.clone(), state });
        if self.engine.submit(Lane::Control, Parcel::control(vec![input])).await.is_err() {
            // Not taken yet, or no more: it is said again.
            *told = Told { down: told.down, ..before };
        }
    }

    /// Somebody connected, or a connection of ours was made.
    pub fn connected(&self) {
        self.show(self.connections.fetch_add(1, Ordering::AcqRel).saturating_add(1));
    }

    /// A connection ended that lasted so long.
    pub fn disconnected(&self, lasted: Span) {
        if lasted >= CONNECTION_KEPT_AFTER {
            self.is_kept.store(true, Ordering::Release);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_told_when_it_has_lasted_and_only_of_connections_that_are_kept() {
        let at = Span::from_seconds;
        let mut told = Told::default();
        assert_eq!(told.next((true, true), at(0)), Some(FeedState::Connected));
        assert_eq!(told.next((false, true), at(10)), None);
        assert_eq!(told.next((true, true), at(39)), None, "back before anybody was told");
        assert_eq!(told.next((false, true), at(50)), None);
        assert_eq!(told.next((false, true), at(80)), Some(FeedState::Lost));
        assert_eq!(told.next((false, true), at(90)), None, "once");
        assert_eq!(told.next((true, true), at(91)), Some(FeedState::Connected));
        let mut visited = Told::default();
        assert_eq!(visited.next((false, false), at(0)), None);
        assert_eq!(visited.next((false, false), at(900)), None, "nobody comes at night");
    }
}
