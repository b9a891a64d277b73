//! Gauges: how much of everything is there now?

use wardline_rules::{program::Level, time::Timestamp};

use crate::{
    clocks::Clock,
    escalation::Phase,
    output::{ClockState, NoticeState},
    partition::Partition,
};

/// What there is now, counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Gauges {
    /// Reports in memory.
    pub reports: usize,
    /// Of these, open as wards use the word [CAT-4].
    pub open_reports: usize,
    /// Clocks that run and are not past their due time.
    pub running_clocks: usize,
    /// Of these, due within the span that the installation's settings call at risk.
    pub at_risk: usize,
    /// Clocks past their due time and still open.
    pub breached: usize,
    /// Alerts that have not ended.
    pub open_alerts: usize,
    /// Alerts that nothing may hold and that nobody answered yet.
    pub critical_waiting: usize,
    /// Notices by state, in the order of [`NoticeState`].
    pub notices: [usize; 9],
    /// Timers armed.
    pub timers: usize,
    /// Attempts in flight.
    pub in_flight: usize,
    /// Distinct combinations of routing fields.
    pub tuples: usize,
    /// Texts known by number.
    pub texts: usize,
}

impl Gauges {
    /// How many notices are in a state.
    #[must_use]
    pub fn notices_in(&self, state: NoticeState) -> usize {
        self.notices.get(place(state)).copied().unwrap_or(0)
    }
}

const fn place(state: NoticeState) -> usize {
    state as usize
}

impl Partition {
    /// What there is now.
    ///
    /// - A running clock counts as at risk if it is due within the span of the installation's settings.
    ///
    /// - **Cost**: looks at every report, alert and notice in memory once; ask a few times a minute.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        let mut gauges = Gauges {
            reports: self.reports.len(),
            timers: self.timers.len(),
            in_flight: self.in_flight,
            tuples: self.tuples.all().len(),
            texts: self.dictionary.texts().len(),
            ..Gauges::default()
        };
        let soon = self.at.plus(self.site.at_risk_within);
        for (_, report) in self.reports.iter() {
            gauges.open_reports += usize::from(report.is_open(Self::NOW));
            report.clocks.iter().for_each(|clock| gauges.count_clock(clock, soon));
        }
        for (_, alert) in self.alerts.iter().filter(|(_, alert)| alert.is_open()) {
            gauges.open_alerts += 1;
            let is_waiting = matches!(alert.course.phase, Phase::Paging | Phase::Unresolved);
            gauges.critical_waiting += usize::from(alert.level == Level::Red && is_waiting);
        }
        for (_, notice) in self.notices.iter() {
            if let Some(count) = gauges.notices.get_mut(place(notice.state)) {
                *count += 1;
            }
        }
        gauges
    }
}

impl Gauges {
    fn count_clock(&mut self, clock: &Clock, soon: Timestamp) {
        match clock.state {
            ClockState::Running => {
                self.running_clocks += 1;
                self.at_risk += usize::from(clock.reading.due <= soon);
            }
            ClockState::Breached => self.breached += usize::from(clock.is_open()),
            ClockState::Paused
            | ClockState::Met
            | ClockState::Cancelled
            | ClockState::Restarted
            | ClockState::Invalid
            | ClockState::Unsure => {}
        }
    }
}
