//! Passages: which reports came and went with the last batch, and how long did they take?
//!
//! A report that changed is compared with what it was before the batch. An interval passes when it becomes complete; one
//! that was complete and is no longer, or now says another length, was taken back. Nothing is said twice by one batch.
//!
//! - **How it fits**: a driver that counts calls [`Partition::watch_passages`] once and [`Partition::passages`] after each
//!   step; counters cannot take back, so what was taken back is counted on its own.
//! - **Late news**: a report that opens again and ends again has ended twice.
//! - **Not here**: every version and stage (`rows`), clocks and alerts ([`Output`](crate::Output)).
//! - **Source**: analytics page, section 6.

use wardline_rules::{
    time::Span,
    words::{Kind, Priority, Step},
};

use super::priority_group;
use crate::{ids::ReportId, partition::Partition, report::Report};

/// The intervals that boards show: those that end with the final report.
pub const WHOLE: [&str; 4] = ["order_to_final", "collect_to_final", "receive_to_final", "exam_to_final"];

/// How a report ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Leaving {
    /// It is final.
    Final,
    /// Its order was cancelled.
    Cancelled,
    /// It was never meant.
    EnteredInError,
}

impl Leaving {
    /// All, in order.
    pub const ALL: [Self; 3] = [Self::Final, Self::Cancelled, Self::EnteredInError];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Cancelled => "cancelled",
            Self::EnteredInError => "entered_in_error",
        }
    }
}

/// What happened to one report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// It is new.
    Opened,
    /// It is not open any more.
    Closed(Leaving),
    /// One of [`WHOLE`] took so long.
    Took(&'static str, Span),
    /// A length that was told holds no longer.
    TakenBack,
}

/// What happened to which report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passage {
    /// What happened.
    pub event: Event,
    /// Which report.
    pub report: ReportId,
    /// Its kind, as far as known.
    pub kind: Option<Kind>,
    /// The group of its priority.
    pub group: &'static str,
}

impl Partition {
    /// From the next batch on, [`Self::passages`] tells what happened.
    pub fn watch_passages(&mut self) {
        self.reports.watch();
    }

    /// Adds what happened to reports in the last batch, in order of place.
    ///
    /// - **Output**: nothing without [`Self::watch_passages`] or [`Self::watch_rows`].
    /// - **Cost**: looks at reports that changed.
    pub fn passages(&self, into: &mut Vec<Passage>) {
        for (place, before) in self.reports.before() {
            let Some(after) = self.reports.get(place) else { continue };
            let before = before.filter(|before| before.id == after.id).map(|before| &**before);
            self.compare(before, after, into);
        }
    }

    fn compare(&self, before: Option<&Report>, after: &Report, into: &mut Vec<Passage>) {
        let tuple = self.tuples.get(after.effective);
        let group = priority_group(tuple.priority.value().unwrap_or(Priority::Unknown));
        let mut say = |event| into.push(Passage { event, report: after.id, kind: tuple.kind, group });
        if before.is_none() {
            say(Event::Opened);
        }
        let was_open = before.is_none_or(|before| before.is_open(Self::NOW));
        if let Some(leaving) = leaving(after).filter(|_| was_open && !after.is_open(Self::NOW)) {
            say(Event::Closed(leaving));
        }
        if before.is_some_and(|before| before.records == after.records) {
            // No step was said: everything took as long as before.
            return;
        }
        let (old, new) = (before.map(|before| self.lengths(before)).unwrap_or_default(), self.lengths(after));
        for ((name, old), new) in WHOLE.iter().zip(old).zip(new) {
            match (old, new) {
                (None, Some(length)) => say(Event::Took(name, length)),
                (Some(old), new) if new != Some(old) => say(Event::TakenBack),
                (None, None) | (Some(_), _) => {}
            }
        }
    }

    /// How long each of [`WHOLE`] took, where it is complete.
    fn lengths(&self, report: &Report) -> [Option<Span>; 4] {
        let intervals = self.intervals(report, |name| WHOLE.contains(&name));
        WHOLE.map(|name| intervals.iter().find(|interval| interval.name == name).and_then(|interval| interval.length))
    }
}

/// How a report ended; `None` if nothing says so.
fn leaving(report: &Report) -> Option<Leaving> {
    if report.end_in_force(Step::EnteredInError).is_some() {
        Some(Leaving::EnteredInError)
    } else if report.end_in_force(Step::Cancelled).is_some() {
        Some(Leaving::Cancelled)
    } else {
        report.register(Step::Final).map(|_| Leaving::Final)
    }
}
