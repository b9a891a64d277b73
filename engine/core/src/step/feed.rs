//! Feed: how is a way in?

use crate::{input::FeedStatus, partition::Partition};

impl Partition {
    pub(crate) fn take_feed(&mut self, status: &FeedStatus) {
        let feed = self.dictionary.code(&status.feed);
        if self.feeds.insert(feed, status.state) != Some(status.state) {
            self.look_at_states();
        }
    }
}
