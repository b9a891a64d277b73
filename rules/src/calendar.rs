//! Calendar: how much work time lies between two instants, and when is so much of it used up?
//!
//! A calendar is a set of instants: (weekly hours minus closures) plus extras [CAL-1]. Working time is real elapsed time
//! inside that set, so a night from 22:00 to 06:00 lasts nine hours when clocks go back and seven when they go forward
//! [CAL-5]. Days are walked one by one; each day's hours become instants in the calendar's own zone.
//!
//! - **How it fits**: clocks ask [`Calendar::used`] and [`Calendar::due`]; targets in working days [`Calendar::working_day`].
//! - LIMIT: `CALENDAR_SEARCH_DAYS_MAX`: a calendar that stays closed for so long is never due.
//! - **Not here**: holiday files (already dates), pauses (the clock adds them).

use crate::{
    limits::CALENDAR_SEARCH_DAYS_MAX,
    program::{Calendar, ClosedDay, Opening},
    time::{DAY, Date, MINUTE, Span, TimeOfDay, Timestamp},
};

/// A half-open range of instants.
type Range = (Timestamp, Timestamp);

impl Calendar {
    /// The work time between `from` and `to`.
    ///
    /// - **Output**: zero if `to` is not after `from`. **Cost**: the days between them.
    #[must_use]
    pub fn used(&self, from: Timestamp, to: Timestamp) -> Span {
        if matches!(self.open, Opening::Always) && self.closed.is_empty() {
            return Span::from_micros(to.since(from).micros().max(0));
        }
        let mut used = Span::ZERO;
        self.walk(from, to, |begin, end| {
            used = used.plus(end.since(begin));
            true
        });
        used
    }

    /// The earliest instant at which `span` of work time since `from` is used up [CAL-6].
    ///
    /// - **Output**: `Timestamp::MAX` if that never happens; `from` itself for no time at all.
    #[must_use]
    pub fn due(&self, from: Timestamp, span: Span) -> Timestamp {
        if span.micros() <= 0 {
            return from;
        }
        if matches!(self.open, Opening::Always) && self.closed.is_empty() {
            return from.plus(span);
        }
        let mut left = span;
        let mut due = Timestamp::MAX;
        self.walk(from, Timestamp::MAX, |begin, end| {
            let length = end.since(begin);
            if length >= left {
                due = begin.plus(left);
                return false;
            }
            left = left.minus(length);
            true
        });
        due
    }

    /// The `by` of the `days`-th working day after the local date of `from` [CAL-7].
    ///
    /// A working day for `by` is a date on which the calendar is open at `by` or closes exactly then.
    /// - **Output**: `Timestamp::MAX` if there is none within the search limit.
    #[must_use]
    pub fn working_day(&self, from: Timestamp, days: u16, by: TimeOfDay) -> Timestamp {
        let mut date = self.zone.date(from);
        let mut left = days;
        for _ in 0..CALENDAR_SEARCH_DAYS_MAX {
            date = date.plus_days(1);
            let at = self.zone.at(date, by);
            if self.is_open_or_closing(at) {
                left = left.saturating_sub(1);
                if left == 0 {
                    return at;
                }
            }
        }
        Timestamp::MAX
    }

    /// Whether `at` is work time.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.used(at, at.plus(Span::from_micros(1))) > Span::ZERO
    }

    fn is_open_or_closing(&self, at: Timestamp) -> bool {
        self.is_open(at) || self.is_open(at.plus(Span::from_micros(-1)))
    }

    /// Shows `see` the open ranges between `from` and `to` in order, without overlap, until it says stop.
    fn walk(&self, from: Timestamp, to: Timestamp, mut see: impl FnMut(Timestamp, Timestamp) -> bool) {
        let mut cursor = from;
        // A range that began the evening before may still run.
        let first = self.zone.date(from).plus_days(-1);
        let mut ranges: Vec<Range> = Vec::new();
        let mut days_closed = 0_i64;
        for offset in 0_i32.. {
            let date = first.plus_days(offset);
            if self.zone.midnight(date) >= to || days_closed > CALENDAR_SEARCH_DAYS_MAX {
                return;
            }
            ranges.clear();
            self.ranges_of(date, &mut ranges);
            days_closed = if ranges.is_empty() { days_closed + 1 } else { 0 };
            let go_on = ranges.iter().all(|range| {
                let (begin, end) = (range.0.max(cursor), range.1.min(to));
                cursor = cursor.max(end);
                begin >= end || see(begin, end)
            });
            if !go_on {
                return;
            }
        }
    }

    /// The open ranges that begin on `date`, in order; they may run into the next day.
    fn ranges_of(&self, date: Date, ranges: &mut Vec<Range>) {
        match &self.open {
            Opening::Always => {
                self.push_open(self.zone.midnight(date), self.zone.midnight(date.plus_days(1)), date, ranges)
            }
            Opening::Weekly(weekly) => {
                for range in weekly.iter().filter(|range| range.days & (1 << date.weekday()) != 0) {
                    let (begin, end) = self.instants(date, range.from, range.to);
                    self.push_open(begin, end, date, ranges);
                }
            }
        }
        for (day, from, to) in self.extra.iter().filter(|extra| extra.0 == date) {
            ranges.push(self.instants(*day, *from, *to));
        }
        ranges.sort_unstable();
    }

    fn instants(&self, date: Date, from: TimeOfDay, to: TimeOfDay) -> Range {
        let next = i64::from(to.minutes() <= from.minutes()) * DAY;
        let end = self.zone.instant_at(date, i64::from(to.minutes()) * MINUTE + next);
        (self.zone.at(date, from), end)
    }

    /// Puts `begin..end` in, less what is closed on the two dates it can touch [CAL-3].
    fn push_open(&self, begin: Timestamp, end: Timestamp, date: Date, ranges: &mut Vec<Range>) {
        let mut cuts: Vec<Range> = Vec::new();
        for day in [date, date.plus_days(1)] {
            for closed in self.closed.iter().filter(|closed| falls_on(closed.day, day)) {
                cuts.push((self.zone.at(day, closed.from), self.zone.at(day, closed.to)));
            }
        }
        cuts.sort_unstable();
        let mut cursor = begin;
        for (from, to) in cuts {
            if from > cursor {
                ranges.push((cursor, from.min(end)));
            }
            cursor = cursor.max(to);
            if cursor >= end {
                return;
            }
        }
        ranges.push((cursor, end));
    }
}

fn falls_on(day: ClosedDay, date: Date) -> bool {
    match day {
        ClosedDay::Dates(first, last) => first <= date && date <= last,
        ClosedDay::Yearly(month, of_month) => {
            let (_, m, d) = date.ymd();
            i16::from(m) == i16::from(month) && i16::from(d) == i16::from(of_month)
        }
    }
}

#[cfg(test)]
mod tests;
