//! Views: what may somebody outside know of the state?
//!
//! Everything here is read from the state as of the last batch and changes nothing. Whoever asks filters by role: a view
//! holds tokens and order numbers, and never decides who may see them.
//!
//! - **How it fits**: the shell answers requests, makes messages and fills metrics from these.
//! - LIMIT: a view of one thing costs its size; [`Partition::gauges`], [`Partition::figures`] and [`Partition::alerts`] look at everything once.
//! - **Not here**: JSON, roles, rates.

pub(crate) mod alert;
mod asked;
mod feeds;
mod figures;
mod gauges;
pub(crate) mod notice;
mod passages;
pub(crate) mod report;

pub use alert::AlertView;
pub use feeds::{FeedRhythm, FeedView};
pub use figures::{AGE_BANDS, ClockFigures, Figures, Hold, Waiting, priority_group};
pub use gauges::Gauges;
pub use notice::NoticeView;
pub use passages::{Event, Leaving, Passage, WHOLE};
pub use report::{Exception, MilestoneView, ReportView};

use wardline_rules::{Text, program::WardVersion, time::Timestamp};

use crate::{input::Silence, partition::Partition};

/// The ward that decides now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WardView<'a> {
    /// Which text decided.
    pub version: WardVersion,
    /// The ward's name.
    pub name: &'a Text,
    /// Its files, as the driver packed them.
    pub text: &'a [u8],
    /// Who activated it.
    pub author: &'a Text,
    /// Log time of the activation.
    pub activated: Timestamp,
}

impl Partition {
    /// The active ward; `None` before the first activation.
    #[must_use]
    pub fn active_ward(&self) -> Option<WardView<'_>> {
        self.wards.get(self.active? as usize).map(ward_view)
    }

    /// Every ward that was activated, oldest first.
    pub fn wards(&self) -> impl Iterator<Item = WardView<'_>> {
        self.wards.iter().map(ward_view)
    }

    /// The silences in force, oldest first.
    pub fn silences(&self) -> impl Iterator<Item = &Silence> {
        self.silences.iter().map(|(silence, _)| silence)
    }
}

fn ward_view(ward: &crate::ward::Ward) -> WardView<'_> {
    WardView {
        version: ward.program.version,
        name: &ward.program.name,
        text: &ward.text,
        author: &ward.author,
        activated: ward.activated,
    }
}
