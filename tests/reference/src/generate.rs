//! Generate: which wards and which streams of facts are the engine and the reference given alike?
//!
//! One seed makes one ward and one stream. Times lie mostly on whole minutes, so that facts, answers and due times meet in
//! the same microsecond on purpose. Answers are made from the pages that the reference expects, at the instants that matter.
//!
//! - **How it fits**: a driver takes a [`Case`], gives [`Ward::ward_text`] and the inputs to the engine, and compares.
//! - LIMIT: streams keep away from what the design leaves open; the module of the stream lists it.
//! - **Source**: the domain page on late, duplicate and corrected news; guarantees page on the simulator's workload.

mod rules;
mod stream;

use wardline_rules::time::{HOUR, MINUTE, Span, Timestamp};

use crate::{
    evaluate::{self, Purpose, Told},
    rule::Ward,
};

/// A ward, what it is told, and until when.
#[derive(Clone, Debug)]
pub struct Case {
    /// The rules.
    pub ward: Ward,
    /// The inputs in log order.
    pub told: Vec<Told>,
    /// When the run ends.
    pub until: Timestamp,
}

/// A small generator of numbers (splitmix64): the same seed, the same row.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The row of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.word() % bound).unwrap_or(0)
    }

    /// A number from `first` to `last`.
    pub fn from_to(&mut self, first: i64, last: i64) -> i64 {
        let count = usize::try_from(last.saturating_sub(first).saturating_add(1)).unwrap_or(1);
        first.saturating_add(i64::try_from(self.below(count)).unwrap_or(0))
    }

    /// Whether what happens so many times in a hundred happens now.
    pub fn percent(&mut self, percent: u8) -> bool {
        self.below(100) < usize::from(percent)
    }

    /// One of `items`; `None` if there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// From `first` to `last` whole minutes.
    pub fn minutes(&mut self, first: i64, last: i64) -> Span {
        Span::from_minutes(self.from_to(first, last))
    }
}

/// Days on which streams begin: two change the clock of one zone or the other, two do not.
const DAYS: [&str; 4] =
    ["2026-03-07T20:00:00Z", "2026-06-12T14:00:00Z", "2026-10-24T18:00:00Z", "2026-10-31T20:00:00Z"];

/// The case of a seed, with so many reports.
#[must_use]
pub fn case(seed: u64, reports: usize) -> Case {
    let mut random = Random::new(seed);
    let ward = rules::ward(&mut random);
    of_ward(seed, reports, random, ward)
}

/// The same with rules that look back at what was found before for a patient, who has several reports, and with rosters.
#[must_use]
pub fn case_with_past(seed: u64, reports: usize) -> Case {
    let mut random = Random::new(seed);
    let mut ward = rules::ward(&mut random);
    rules::look_back(&mut random, &mut ward);
    of_ward(seed, reports, random, ward)
}

fn of_ward(seed: u64, reports: usize, mut random: Random, plain: Ward) -> Case {
    let ward = Ward { limits: rules::limits(&mut Random::new(!seed)), ..plain.clone() };
    let begin = random.pick(&DAYS).and_then(|day| Timestamp::parse(day)).unwrap_or_default();
    let mut told = Vec::new();
    let mut until = begin;
    for number in 0..reports {
        let start = begin.plus(Span::from_micros(random.from_to(0, 36) * 5 * MINUTE));
        let mut report = stream::report(&mut random, &ward, number, start);
        let end = report.iter().map(|told| told.at).max().unwrap_or(start).plus(Span::from_micros(12 * HOUR));
        let before = (!ward.limits.is_empty()).then(|| random.clone());
        // The row goes on as without limits, so that the facts of the next report do not depend on them.
        let mut plainly = report.clone();
        answers(&mut random, &plain, &mut plainly, end);
        match before {
            Some(mut row) => answers(&mut row, &ward, &mut report, end),
            None => report = plainly,
        }
        until = until.max(end);
        told.extend(report);
    }
    told.sort_by_key(|told| told.at);
    Case { ward, told, until }
}

/// The case of a seed without any answer, its reports begun within so many hours: for a driver whose people hear late,
/// twice or never, and answer what they heard.
#[must_use]
pub fn unanswered(seed: u64, reports: usize, hours: i64) -> Case {
    let mut random = Random::new(seed);
    let ward = rules::ward(&mut random);
    let begin = random.pick(&DAYS).and_then(|day| Timestamp::parse(day)).unwrap_or_default();
    let mut told = Vec::new();
    for number in 0..reports {
        let start = begin.plus(Span::from_micros(random.from_to(0, hours * 12) * 5 * MINUTE));
        told.extend(stream::report(&mut random, &ward, number, start));
    }
    told.sort_by_key(|told| told.at);
    let until = told.last().map_or(begin, |told| told.at).plus(Span::from_micros(12 * HOUR));
    Case { ward, told, until }
}

/// Adds answers to pages that the reference expects, a few rounds of them.
fn answers(random: &mut Random, ward: &Ward, report: &mut Vec<Told>, until: Timestamp) {
    for round in 0..4_u32 {
        let pages = evaluate::all(ward, report, until).pages;
        let asking: Vec<_> = pages.iter().filter(|p| matches!(p.purpose, Purpose::Page | Purpose::Reminder)).collect();
        if asking.is_empty() || random.percent(30) {
            return;
        }
        for _ in 0..random.from_to(1, 2) {
            let Some(page) = random.pick(&asking) else { return };
            // The instant of the page itself, that of some later message, or any.
            let later: Vec<_> = pages.iter().map(|other| other.at).filter(|at| *at >= page.at).collect();
            let some = page.at.plus(random.minutes(0, 20));
            let at = if random.percent(50) { random.pick(&later).copied().unwrap_or(some) } else { some };
            if at <= until {
                let number = report.len();
                report.push(stream::answer(random, report, page, (round, number, at)));
            }
        }
    }
}

#[cfg(test)]
mod tests;
