//! Rhythm: how long is a feed usually silent at this time of the day?
//!
//! For each hour of the day (UTC) the longest of the last gaps that began in it but the longest one in a hundred. What is
//! unusual follows from the feed itself, and a night is not measured by the day: a silence is compared with those that began
//! at the same time of the day.
//!
//! - **How it fits**: every message of a feed is told to it; a scrape asks. What earlier processes heard comes from the core,
//!   which keeps the longest gap of each hour of the last weeks.
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
    /// Gaps that began in an hour of the day.
    hours: [VecDeque<i64>; 24],
}

impl Rhythm {
    /// A message came.
    pub(super) fn heard(&mut self, at: Timestamp) {
        let Some(last) = self.last.replace(at).filter(|last| *last < at) else { return };
        self.keep(hour(last), at.since(last));
    }

    fn keep(&mut self, hour: usize, gap: Span) {
        let Some(gaps) = self.hours.get_mut(hour) else { return };
        if gaps.len() >= GAPS_KEPT {
            gaps.pop_front();
        }
        gaps.push_back(gap.micros());
    }

    /// When it was heard last.
    pub(super) const fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// What was known before this process: when it was heard last, and gaps with the hour of the week in which each ended.
    pub(super) fn remember(&mut self, last: Timestamp, longest: &[(u8, Span)]) {
        self.last = Some(self.last.map_or(last, |known| known.max(last)));
        for (ended_in, gap) in longest.iter().rev() {
            // In the middle of its hour, as far as anybody knows.
            let ended = i64::from(*ended_in).saturating_mul(HOUR).saturating_add(HOUR / 2);
            self.keep(hour(Timestamp::from_micros(ended.saturating_sub(gap.micros()))), *gap);
        }
    }

    /// The gap that 99 of 100 do not exceed that begin at the time of the last message; `None` while there are too few to tell.
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
    fn a_gap_belongs_to_the_hour_in_which_it_began() {
        // A feed that sleeps from ten to six, and says something every minute by day.
        let mut rhythm = Rhythm::default();
        let minute = |day: i64, minute: i64| Timestamp::from_micros(day * 24 * HOUR + minute * 60_000_000);
        for day in 0..30 {
            (6 * 60..22 * 60).for_each(|at| rhythm.heard(minute(day, at)));
        }
        let night = rhythm.usual_gap().unwrap();
        assert_eq!(night, Span::from_minutes(8 * 60 + 1), "its night is usual after its last word of the evening");
        rhythm.heard(minute(30, 6 * 60));
        rhythm.heard(minute(30, 6 * 60 + 1));
        assert_eq!(rhythm.usual_gap().unwrap(), Span::from_minutes(1), "and is not in the morning");
    }

    #[test]
    fn what_was_heard_before_this_process_counts() {
        // The core remembers by the hour of the week in which a gap ended: an hour a day, one day with a long one.
        let mut longest: Vec<(u8, Span)> = (0..24).map(|hour| (hour, Span::from_minutes(3))).collect();
        longest.push((30, Span::from_minutes(180)));
        let at = |minutes: i64| Timestamp::from_micros(minutes * 60_000_000);
        let mut rhythm = Rhythm::default();
        rhythm.remember(at(60), &longest);
        assert_eq!((rhythm.last(), rhythm.usual_gap()), (Some(at(60)), Some(Span::from_minutes(180))));
        // What this process heard meanwhile stays.
        let mut rhythm = Rhythm::default();
        rhythm.heard(at(90));
        rhythm.remember(at(60), &longest);
        assert_eq!(rhythm.last(), Some(at(90)));
        // Half past six less three hours is in the hour from three to four.
        assert_eq!(rhythm.hours.get(3).map(|gaps| gaps.len()), Some(2));
    }

    #[test]
    fn an_hour_that_was_never_heard_is_measured_by_all() {
        // Six hours with a message every six minutes, and half a minute between few of the next hour.
        let mut gaps = vec![360; 60];
        gaps.extend([30; 10]);
        assert_eq!(after(&gaps), Some(360));
    }
}
