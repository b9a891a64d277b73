//! Rhythm: how long is a feed usually silent at this time of the day?
//!
//! For each hour of the day (UTC) the longest of its last gaps but the longest one in a hundred. What is unusual follows from
//! the feed itself, and a night is not measured by the day.
//!
//! - **How it fits**: every message of a feed is told to it; a scrape asks.
//! - LIMIT: `GAPS_KEPT` for each feed and hour. Below `GAPS_NEEDED` of an hour all hours count together, and below as many in
//!   all nothing is said.
//! - **Not here**: the ward's own rules about silence; days of the week, which need more weeks than a process lives.

use std::collections::VecDeque;

use wardline_rules::time::{HOUR, Span, Timestamp};

use crate::limits::{GAPS_KEPT, GAPS_NEEDED};

/// When one feed was heard.
#[derive(Clone, Debug, Default)]
pub(super) struct Rhythm {
    last: Option<Timestamp>,
    /// Gaps that ended in an hour of the day.
    hours: [VecDeque<i64>; 24],
}

impl Rhythm {
    /// A message came.
    pub(super) fn heard(&mut self, at: Timestamp) {
        let Some(last) = self.last.replace(at).filter(|last| *last < at) else { return };
        let Some(gaps) = self.hours.get_mut(hour(at)) else { return };
        if gaps.len() >= GAPS_KEPT {
            gaps.pop_front();
        }
        gaps.push_back(at.since(last).micros());
    }

    /// The gap that 99 of 100 do not exceed at this time of the day; `None` while there are too few to tell.
    pub(super) fn usual_gap(&self) -> Option<Span> {
        let of_now = self.last.and_then(|last| self.hours.get(hour(last)));
        let mut gaps: Vec<i64> = match of_now.filter(|gaps| gaps.len() >= GAPS_NEEDED) {
            Some(gaps) => gaps.iter().copied().collect(),
            None => self.hours.iter().flatten().copied().collect(),
        };
        if gaps.len() < GAPS_NEEDED {
            return None;
        }
        gaps.sort_unstable();
        gaps.get((gaps.len() * 99).div_ceil(100).saturating_sub(1)).map(|gap| Span::from_micros(*gap))
    }
}

fn hour(at: Timestamp) -> usize {
    usize::try_from(at.micros().div_euclid(HOUR).rem_euclid(24)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(gaps: &[i64]) -> Option<i64> {
        let mut rhythm = Rhythm::default();
        let mut at = 0;
        rhythm.heard(Timestamp::from_micros(at));
        for gap in gaps {
            at += gap * 1_000_000;
            rhythm.heard(Timestamp::from_micros(at));
        }
        rhythm.usual_gap().map(|gap| gap.micros() / 1_000_000)
    }

    #[test]
    fn what_was_long_ago_is_forgotten() {
        assert_eq!(after(&[10; 19]), None, "too few to tell");
        assert_eq!(after(&[10; 20]), Some(10));
        // One hour of the first day, with a gap of ten minutes in it.
        let mut gaps = vec![20; 30];
        gaps.push(600);
        assert_eq!(after(&gaps), Some(600), "of so few one is no exception");
        gaps.extend([20; GAPS_KEPT]);
        assert_eq!(after(&gaps), Some(20), "what was long ago is forgotten");
    }

    #[test]
    fn a_night_is_not_measured_by_the_day() {
        // An hour with a message every two minutes, then hours with one every minute.
        let mut gaps = vec![120; 29];
        assert_eq!(after(&gaps), Some(120));
        gaps.extend(vec![60; 120]);
        assert_eq!(after(&gaps), Some(60));
    }

    #[test]
    fn an_hour_that_was_never_heard_is_measured_by_all() {
        // Six hours with a message every six minutes, and half a minute between few of the next hour.
        let mut gaps = vec![360; 60];
        gaps.extend([30; 10]);
        assert_eq!(after(&gaps), Some(360));
    }
}
