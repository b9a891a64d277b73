//! Feeds: how is each way in, as people are told?
//!
//! - **Not here**: what decides it ([`crate::feeds`]).

use wardline_rules::{
    Text,
    time::{Span, Timestamp},
};

use crate::{input::FeedState, partition::Partition};

/// One way in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedView {
    /// The source of its events.
    pub name: Text,
    /// Whether it works, is silent for longer than usual, or is not connected.
    pub state: FeedState,
    /// When it was heard last, log time.
    pub heard: Option<Timestamp>,
    /// The gap that is usual at this time; `None` while nobody can tell.
    pub usual_gap: Option<Span>,
}

impl Partition {
    /// Every feed that the active ward declares or whose connection is known, by name.
    #[must_use]
    pub fn feeds(&self) -> Vec<FeedView> {
        let known = self.feeds.iter().filter(|(_, life)| life.is_declared || life.told.is_some());
        let mut feeds: Vec<FeedView> = known
            .map(|(name, life)| FeedView {
                name: Text::from(self.dictionary.text(*name)),
                state: life.state(),
                heard: life.heard,
                usual_gap: life.usual_gap(self.at),
            })
            .collect();
        feeds.sort_unstable_by(|one, next| one.name.cmp(&next.name));
        feeds
    }
}
