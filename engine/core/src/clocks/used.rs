//! Used: how much of a clock's target is used up now?
//!
//! For people who ask; decisions go by thresholds ([`super`]).

use wardline_rules::{
    Text,
    program::{Length, Pause},
    time::{Span, Timestamp},
};

use super::timeline::limit;
use crate::{
    ids::ReportId,
    output::{ClockReading, ClockState},
    partition::Partition,
    report::Report,
};

use super::Clock;

/// A clock as it stands now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClockView {
    /// Id of the sla or exception in force.
    pub rule: Text,
    /// Its state.
    pub state: ClockState,
    /// Its figures.
    pub reading: ClockReading,
    /// How much of the target is used up, in the clock's own measure.
    pub used: Span,
}

impl Partition {
    /// All clocks of a report, in the order in which they began; empty if the report is not in memory.
    #[must_use]
    pub fn clocks_of(&self, id: ReportId) -> Vec<ClockView> {
        let slot = self.index.get(u128::from_le_bytes(id.0)).first().copied();
        let Some(report) = slot.and_then(|slot| self.reports.get(slot)) else { return Vec::new() };
        report.clocks.iter().filter_map(|clock| self.clock_view(report, clock)).collect()
    }

    pub(crate) fn clock_view(&self, report: &Report, clock: &Clock) -> Option<ClockView> {
        let program = &self.wards.get(clock.ward as usize)?.program;
        let rule = program.families.get(clock.index as usize)?.rules.get(clock.rule as usize)?;
        let calendar = rule.calendar.and_then(|calendar| program.calendars.get(calendar.index()));
        let calendar = calendar.filter(|_| !matches!(rule.target, Length::Elapsed(_)));
        let (from, to) = (clock.reading.started, clock.reading.ended.min(self.at));
        let length = |from: Timestamp, to: Timestamp| match calendar {
            Some(calendar) => calendar.used(from, to),
            None => Span::from_micros(to.since(from).micros().max(0)),
        };
        let mut rests = Vec::new();
        if let Some(Pause { while_, at_most }) = &rule.pauses {
            report.ranges(while_, &self.dictionary, &mut rests);
            limit(&mut rests, from, *at_most, calendar);
        }
        let rested = rests.iter().map(|rest| length(rest.0.max(from), rest.1.min(to)));
        let used = rested.fold(length(from, to), Span::minus);
        Some(ClockView { rule: rule.head.id.clone(), state: clock.state, reading: clock.reading, used })
    }
}
