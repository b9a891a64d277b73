//! Feed: how is a way in?
//!
//! - **Not here**: alerts that watch feeds ([`crate::watch`]).

use crate::{
    input::{FeedState, FeedStatus},
    partition::Partition,
    report::{Report, ReportSlot},
};

impl Partition {
    pub(crate) fn take_feed(&mut self, status: &FeedStatus) {
        let feed = self.dictionary.code(&status.feed);
        let before = self.feeds.insert(feed, status.state);
        if before != Some(status.state) {
            self.look_at_states();
        }
        if (before == Some(FeedState::Lost)) != (status.state == FeedState::Lost) {
            self.feeds_before.entry(feed).or_insert(before == Some(FeedState::Lost));
            self.touch_clocks_of(feed);
        }
    }

    /// The rows of clocks that run on reports of a feed read differently while it is lost [SLA-14].
    fn touch_clocks_of(&mut self, feed: u32) {
        let runs = |report: &Report| {
            self.tuples.get(report.effective).source == feed && report.clocks.iter().any(crate::clocks::Clock::is_open)
        };
        if !self.reports.is_watched() {
            return;
        }
        let reports = self.reports.iter().filter(|(_, report)| runs(report));
        let slots: Vec<ReportSlot> = reports.map(|(slot, _)| slot).collect();
        self.reports.touch(&slots);
    }
}
