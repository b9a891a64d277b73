//! Feed: what do drivers say of a way in?
//!
//! - **Not here**: silence ([`crate::feeds`]), alerts that watch feeds ([`crate::watch`]).

use crate::{input::FeedStatus, partition::Partition};

impl Partition {
    pub(crate) fn take_feed(&mut self, status: &FeedStatus) {
        let feed = self.dictionary.code(&status.feed);
        self.tell_feed(feed, status.state);
    }
}
