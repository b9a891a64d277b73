//! Figures: what does a scrape show of the archive?
//!
//! Counted by the archive thread where it happens, and shown at the end of each of its turns.
//!
//! - **Not here**: names ([`table`](crate::metrics::table)), restarts of followers ([`super::child`]).

use std::time::Duration;

use wardline_rules::time::{Span, Timestamp};
use wardline_tables::{archive::Archive, limits::MERGED_ROWS, manifest::Manifest, place::Place};

use crate::metrics::{Metric, Metrics};

/// What the archive thread counts.
#[derive(Debug)]
pub(super) struct Figures {
    metrics: Metrics,
    /// Log time up to which files hold everything, microseconds; 0 while nothing was taken.
    covered: i64,
    derived: usize,
}

impl Figures {
    /// Of an archive that was just opened.
    pub(super) fn new<P: Place>(metrics: Metrics, archive: &Archive<P>) -> Self {
        let mut figures = Self { metrics, covered: 0, derived: 0 };
        figures.files(archive.manifest());
        figures
    }

    /// One flush ended, well or not.
    pub(super) fn flushed(&self, took: Duration) {
        self.metrics.observe(Metric::FlushDuration, &[], Span::from_micros(number(took.as_micros())));
    }

    /// Something could not be written.
    pub(super) fn failed(&self) {
        self.metrics.count(Metric::FlushFailures, &[], 1);
    }

    /// Recovery made rows again that no file holds.
    pub(super) fn derived(&mut self, rows: usize) {
        self.derived += rows;
        self.metrics.set(Metric::RederivedRows, &[], number(self.derived));
    }

    /// The manifest has a new version.
    pub(super) fn files(&mut self, manifest: &Manifest) {
        self.covered = self.covered.max(manifest.at);
        for (tier, is_large) in [("small", false), ("large", true)] {
            let files = manifest.files.values().filter(|file| (file.rows >= MERGED_ROWS) == is_large);
            let (count, bytes) = files.fold((0, 0_u64), |(count, bytes), file| (count + 1, bytes + file.bytes));
            self.metrics.set(Metric::ParquetFiles, &[tier], count);
            self.metrics.set(Metric::ParquetBytes, &[tier], number(bytes));
        }
    }

    /// A turn ended: rows that are hot, the commit that was taken last, and who follows.
    pub(super) fn show<P: Place>(&mut self, archive: &Archive<P>, commit: i64, followers: usize) {
        // Without hot rows files hold all up to the commit. An archive that never wrote one begins at its first commit.
        if archive.hot_rows() == 0 || self.covered == 0 {
            self.covered = self.covered.max(commit);
        }
        self.metrics.set(Metric::HotBytes, &[], number(archive.hot().bytes()));
        self.metrics.set_instant(Metric::CoveredAt, &[], Timestamp::from_micros(self.covered));
        self.metrics.set(Metric::FollowersConnected, &[], number(followers));
    }
}

fn number<N: TryInto<i64>>(number: N) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
