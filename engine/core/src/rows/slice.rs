//! Slice: what does a report add to the turnaround figures of a minute, and what does it take back?
//!
//! A figure is a sum over reports of what each counts as it stands. A report that changed takes back what it counted before
//! and adds what it counts now, so no order of arrival matters and nothing else ever writes a figure.
//!
//! | counts | when | in the minute of |
//! |---|---|---|
//! | a duration | an interval is complete | its end |
//! | met | a clock stopped at or before its due time | the stop |
//! | breached, and overdue until it ends | a due time passed | the due time |
//!
//! - **Late news**: moves what was counted; a report entered in error counts nowhere, its clocks included.
//! - A clock counts under the interval that it measures; one that measures none that has a name, under the id of its sla.
//! - Days and hours are those of the site's zone in the ward that was active when the report was opened: a zone that is mended
//!   later moves no figure.
//! - A report that left memory keeps what it counted. One that is heard of again counts nothing more, and takes nothing back:
//!   what it counted is not in memory any more.
//! - LIMIT: keys are bounded ([`crate::tuple`]), and so are reports that are known to have left ([`crate::departed`]).
//! - **Not here**: adding up (`wardline-tables`).
//! - **Source**: analytics page, 1.1 and 1.4.

use wardline_rules::{
    program::{Happening, SlaRule},
    row::{Cell, Row, Table},
    time::{HOUR, MINUTE, SECOND, Span, Timestamp, Zone},
    words::{Priority, Step},
};

use super::interval::NAMED;
use crate::{clocks::Clock, dictionary::Coded, output::ClockState, partition::Partition, report::Report};

/// What is measured: a named interval, or else an sla.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Measured {
    Interval(&'static str),
    Sla(Coded),
}

/// What one report counts in one minute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Share {
    of: Measured,
    minute: Timestamp,
    counts: Counts,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Counts {
    /// A duration of so many seconds.
    Took(i64),
    Met,
    Breached {
        is_open: bool,
    },
}

impl Partition {
    /// How many combinations of routing fields count in slices as `other` because there are too many.
    #[must_use]
    pub fn slices_folded(&self) -> u64 {
        self.tuples.folded()
    }

    /// Adds what changed in slices because a report was `before` and is `after`.
    pub(super) fn slice_rows(&self, before: Option<&Report>, after: Option<&Report>, into: &mut Vec<Row>) {
        if let (Some(before), Some(after)) = (before, after)
            && counts_the_same(before, after)
        {
            return;
        }
        let (mut old, mut new) = (self.shares_of(before), self.shares_of(after));
        let key = |report: Option<&Report>| report.map(|report| self.tuples.slice_key(report.effective));
        if key(before) == key(after) {
            old.retain(|share| {
                let same = new.iter().position(|other| other == share);
                same.map(|place| new.swap_remove(place)).is_none()
            });
        }
        for (report, shares, sign) in [(before, old, -1), (after, new, 1)] {
            let Some(report) = report.filter(|_| !shares.is_empty()) else { continue };
            let (key, zone) = (self.slice_words(report), self.zone_of_slices(report));
            into.extend(shares.iter().map(|share| self.change(share, sign, &key, &zone)));
        }
    }

    fn shares_of(&self, report: Option<&Report>) -> Vec<Share> {
        let counts = |report: &&Report| !report.was_counted && report.end_in_force(Step::EnteredInError).is_none();
        let Some(report) = report.filter(counts) else { return Vec::new() };
        let mut shares = Vec::new();
        for interval in self.intervals(report, |_| true) {
            if let Some((end, length)) = interval.end.zip(interval.length) {
                let of = Measured::Interval(interval.name);
                shares.push(Share { of, minute: minute_of(end), counts: Counts::Took(length.micros() / SECOND) });
            }
        }
        shares.extend(report.clocks.iter().filter_map(|clock| self.share_of_clock(clock)));
        shares
    }

    fn share_of_clock(&self, clock: &Clock) -> Option<Share> {
        let (at, counts) = match clock.state {
            ClockState::Met => (clock.reading.ended, Counts::Met),
            ClockState::Breached => (clock.reading.due, Counts::Breached { is_open: clock.is_open() }),
            ClockState::Running
            | ClockState::Paused
            | ClockState::Cancelled
            | ClockState::Restarted
            | ClockState::Invalid
            | ClockState::Unsure => return None,
        };
        if at == Timestamp::MAX || at == Timestamp::MIN {
            return None;
        }
        let family = self.wards.get(clock.ward as usize)?.program.families.get(clock.index as usize)?;
        let named = family.rules.get(clock.rule as usize).and_then(interval_of);
        let of = named.map_or(Measured::Sla(clock.family), Measured::Interval);
        Some(Share { of, minute: minute_of(at), counts })
    }

    fn slice_words(&self, report: &Report) -> [Cell; 4] {
        let key = self.tuples.slice_key(report.effective);
        [
            Cell::from(key.kind.map(wardline_rules::words::Kind::name)),
            Cell::word(key.priority.unwrap_or(Priority::Unknown).name()),
            Cell::text(self.dictionary.text(key.site)),
            Cell::text(self.dictionary.text(key.department)),
        ]
    }

    fn zone_of_slices(&self, report: &Report) -> Zone {
        let known = self.wards.partition_point(|ward| ward.activated <= report.opened);
        let Some(ward) = known.checked_sub(1).and_then(|place| self.wards.get(place)) else { return Zone::utc() };
        self.zone_of(ward, Some(report))
    }

    /// The row that adds or takes back a share.
    fn change(&self, share: &Share, sign: i64, key: &[Cell; 4], zone: &Zone) -> Row {
        let (counters, took) = match share.counts {
            Counts::Took(seconds) => ([1, 0, 0, 0], Some(seconds)),
            Counts::Met => ([0, 1, 0, 0], None),
            Counts::Breached { is_open } => ([0, 0, 1, i64::from(is_open)], None),
        };
        let (date, micros) = zone.civil(share.minute);
        let name = match share.of {
            Measured::Interval(name) => Cell::word(name),
            Measured::Sla(id) => Cell::text(self.dictionary.text(id)),
        };
        let mut cells = Vec::with_capacity(17);
        cells.extend([Cell::time(share.minute), name]);
        cells.extend(key.iter().cloned());
        cells.extend(counters.map(|count| Cell::Int(sign * count)));
        cells.extend([
            Cell::Int(sign * took.unwrap_or(0)),
            Cell::from(took),
            Cell::Int(i64::from(date.days())),
            Cell::Int(micros / HOUR),
            Cell::Int(i64::from(date.weekday()) + 1),
            Cell::time(share.minute.plus(Span::from_micros(-(micros % HOUR)))),
            Cell::time(zone.midnight(date)),
        ]);
        Row { table: Table::Turnaround1m, cells }
    }
}

/// Whether nothing that shares are made of differs.
fn counts_the_same(before: &Report, after: &Report) -> bool {
    let is_same = |(one, other): (&Clock, &Clock)| {
        (one.state, one.reading, one.family, one.ward, one.index, one.rule)
            == (other.state, other.reading, other.family, other.ward, other.index, other.rule)
    };
    before.effective == after.effective
        && before.opened == after.opened
        && before.clocks.len() == after.clocks.len()
        && before.records == after.records
        && before.clocks.iter().zip(&after.clocks).all(is_same)
}

const fn minute_of(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros().div_euclid(MINUTE) * MINUTE)
}

/// The interval with a name that a rule measures: from one of its starts to one of its stops.
fn interval_of(rule: &SlaRule) -> Option<&'static str> {
    let has = |moments: &[wardline_rules::program::Moment], step: Step| {
        moments.iter().any(|moment| matches!(moment.happening, Happening::Step(other) if other == step))
    };
    let mut found = NAMED.iter().filter(|(_, from, to)| has(&rule.starts, *from) && has(&rule.stops, *to));
    // Of several the one that ends with the final report.
    let whole = found.clone().find(|(_, _, to)| *to == Step::Final);
    whole.or_else(|| found.next()).map(|(name, ..)| *name)
}
