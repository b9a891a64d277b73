//! Feeds: how is each way in, as people are told?
//!
//! - **Not here**: what decides it ([`crate::feeds`]).

use wardline_rules::{
    Text,
    time::{Span, Timestamp},
};

use crate::{
    dictionary::Coded,
    feeds::{FeedLife, Gaps},
    input::FeedState,
    partition::Partition,
};

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

/// When one source was heard, declared or not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedRhythm {
    /// The source of its events.
    pub name: Text,
    /// When it was heard last, log time; `None` if nobody listened for long after that.
    pub heard: Option<Timestamp>,
    /// For each hour of the week (UTC) the longest gaps that ended in it, newest week first.
    pub longest: Vec<(u8, Span)>,
}

impl Partition {
    /// When every source was heard, by name.
    #[must_use]
    pub fn rhythms(&self) -> Vec<FeedRhythm> {
        let longest = |hour: u8, gaps: &Gaps| {
            gaps.longest.into_iter().filter(|gap| *gap > 0).map(move |gap| (hour, Span::from_micros(gap)))
        };
        let rhythm = |(name, life): (&Coded, &FeedLife)| FeedRhythm {
            name: Text::from(self.dictionary.text(*name)),
            heard: life.heard,
            longest: life.rhythm.iter().flat_map(|(hour, gaps)| longest(*hour, gaps)).collect(),
        };
        let mut rhythms: Vec<FeedRhythm> = self.feeds.iter().map(rhythm).collect();
        rhythms.sort_unstable_by(|one, next| one.name.cmp(&next.name));
        rhythms
    }

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
