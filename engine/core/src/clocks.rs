//! Clocks: what did the news change about the promises that run on a report?
//!
//! After every fact the timeline of each family that can cover the report is read again and compared with what was known:
//! differences become transitions, thresholds passed become alerts, thresholds that turn out not to be passed take back
//! what was sent [SLA-10]. Each cycle has one timer, armed for its next threshold.
//!
//! - **Not here**: the arithmetic of a timeline ([`timeline`]), who is told ([`crate::alerts`]).

mod moved;
pub(crate) mod then;
pub(crate) mod timeline;
mod used;

use wardline_rules::{
    program::{Late, SeverityId},
    quality::Fault,
    time::{Span, Timestamp},
};

use crate::{
    alerts::{Cause, Closing, Source},
    dictionary::Coded,
    doubt::Doubt,
    output::{Change, ClockReading, ClockState, Output, Transition},
    partition::Partition,
    past::Past,
    report::{Report, ReportSlot},
    snug,
    timers::{Armed, Class, Timer, TimerId},
};
use timeline::{Cycle, End, Reading};
pub use used::ClockView;

/// Place of the breach among the thresholds of a clock, after its warnings.
pub(crate) const BREACH: u8 = 4;

/// One cycle of a clock, as far as it was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Clock {
    /// Number of the id of the family's sla.
    pub(crate) family: Coded,
    /// The ward that it is pinned to [LOAD-2].
    pub(crate) ward: u32,
    /// The family, in that ward.
    pub(crate) index: u32,
    /// The rule of the family in force.
    pub(crate) rule: u32,
    /// Which cycle of the family on the report, from 0.
    pub(crate) cycle: u32,
    pub(crate) state: ClockState,
    pub(crate) reading: ClockReading,
    /// Thresholds that were acted upon: bit 0 to 3 warnings, bit 4 the breach.
    pub(crate) acted: u8,
    pub(crate) armed: Option<(Armed, Timestamp)>,
}

impl Clock {
    /// What raises the alert of one of its thresholds.
    const fn source(&self, threshold: u8) -> Source {
        Source::Clock { index: self.index, rule: self.rule, cycle: self.cycle, threshold }
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.reading.ended.micros() == Timestamp::MAX.micros()
    }
}

/// A family of a ward, and the number of its id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FamilyIx {
    pub(crate) ward: u32,
    pub(crate) index: u32,
    pub(crate) id: Coded,
}

/// One cycle of one family on one report.
#[derive(Clone, Copy, Debug)]
struct Place {
    slot: ReportSlot,
    family: Coded,
    place: usize,
}

impl Partition {
    /// Reads the clock of a family on a report again and says what changed.
    pub(crate) fn refresh_clock(&mut self, slot: ReportSlot, report: &mut Report, family: FamilyIx, out: &mut Output) {
        let family = self.pinned(report, family);
        let mut cycles = core::mem::take(&mut self.cycles);
        self.read_cycles(report, family, &mut cycles);
        self.say_start(report, family, out);
        let known = report.clocks.iter().filter(|clock| clock.family == family.id).count();
        for (place, cycle) in cycles.iter().enumerate() {
            if place >= known {
                self.open_cycle(slot, report, family, cycle, out);
            } else {
                self.update_cycle(Place { slot, family: family.id, place }, report, cycle, out);
            }
        }
        for place in cycles.len()..known {
            self.void_cycle(Place { slot, family: family.id, place }, report, out);
        }
        self.cycles = cycles;
    }

    /// A family whose clock ran by an older ward stays with it: what was met is not measured anew [LOAD-2].
    fn pinned(&self, report: &Report, family: FamilyIx) -> FamilyIx {
        let known = report.clocks.iter().rfind(|clock| clock.family == family.id);
        known.map_or(family, |clock| FamilyIx { ward: clock.ward, index: clock.index, id: clock.family })
    }

    fn read_cycles(&mut self, report: &Report, family: FamilyIx, cycles: &mut Vec<Cycle>) {
        cycles.clear();
        let Some(ward) = self.wards.get_mut(family.ward as usize) else { return };
        ward.tests.learn(&ward.program, &self.dictionary);
        let Some((rules, known)) = ward.family(family.index) else { return };
        let past = Some(Past { reports: &self.reports, index: &self.index });
        let from = ward.sources(&self.dictionary, &self.tuples, past);
        timeline::read(Reading { family: rules, since: known.since, report, from }, &mut self.buffers, cycles);
    }

    fn open_cycle(&mut self, slot: ReportSlot, report: &mut Report, family: FamilyIx, cycle: &Cycle, out: &mut Output) {
        let reading = ClockReading { started: cycle.start.lo, due: cycle.due, ended: Timestamp::MAX };
        let place = report.clocks.iter().filter(|clock| clock.family == family.id).count();
        let clock = Clock {
            family: family.id,
            ward: family.ward,
            index: family.index,
            rule: cycle.rule,
            cycle: u32::try_from(place).unwrap_or(u32::MAX),
            state: ClockState::Running,
            reading,
            acted: 0,
            armed: None,
        };
        snug::push(&mut report.clocks, clock);
        if let Some(clock) = nth(report, family.id, place).map(|clock| *clock) {
            self.say_missing(report, &clock, cycle, out);
            self.say_clock(report, &clock, out);
        }
        self.update_cycle(Place { slot, family: family.id, place }, report, cycle, out);
    }

    /// Rows about a start that was heard of now: what it left to `missing` clauses, be it that no clock started [COND-5],
    /// and that its time was not usable [SLA-12].
    fn say_start(&mut self, report: &Report, family: FamilyIx, out: &mut Output) {
        let now = Some(self.at);
        let is_untimed = self.buffers.untimed == now;
        if is_untimed {
            let field = wardline_rules::Text::const_new("start time");
            self.say_once((family.id, report.born, field), Fault::StartMissing, out);
        }
        if !(self.buffers.heard == now || is_untimed) {
            return;
        }
        if let Some((other, rule)) = self.buffers.overlap.take() {
            let ruling = self.rule_of_family(family.ward, other.unwrap_or(family.index), rule);
            self.say_once((ruling, report.born, wardline_rules::Text::default()), Fault::Overlap, out);
        }
        if self.buffers.doubts.is_empty() {
            return;
        }
        for (rule, doubt) in core::mem::take(&mut self.buffers.doubts) {
            let rule = self.rule_of_family(family.ward, family.index, rule);
            self.say_doubt((rule, report.born), &doubt, out);
        }
    }

    /// Rows for the fields that a `missing` clause decided about when a cycle began.
    fn say_missing(&mut self, report: &Report, clock: &Clock, cycle: &Cycle, out: &mut Output) {
        if !cycle.missing.is_empty() {
            let rule = self.rule_of_family(clock.ward, clock.index, clock.rule);
            self.say_doubt((rule, report.born), &Doubt { fields: cycle.missing, scripts: Vec::new() }, out);
        }
    }

    /// The number of the id of a rule of a family.
    fn rule_of_family(&mut self, ward: u32, family: u32, rule: u32) -> Coded {
        let families = self.wards.get(ward as usize).map(|ward| &ward.program.families);
        let rule = families.and_then(|all| all.get(family as usize)?.rules.get(rule as usize));
        rule.map_or(crate::dictionary::NO_TEXT, |rule| self.dictionary.name(&rule.head.id))
    }

    fn rule_id(&self, clock: &Clock) -> wardline_rules::Text {
        let ward = self.wards.get(clock.ward as usize);
        let family = ward.and_then(|ward| ward.program.families.get(clock.index as usize));
        let rule = family.and_then(|family| family.rules.get(clock.rule as usize));
        rule.map(|rule| rule.head.id.clone()).unwrap_or_default()
    }

    fn say_clock(&self, report: &Report, clock: &Clock, out: &mut Output) {
        out.transitions.push(Transition {
            at: self.at,
            rule: self.rule_id(clock),
            report: Some(report.id),
            group: wardline_rules::Text::default(),
            alert: None,
            change: Change::Clock(clock.state, clock.reading),
            severity: None,
            severity_name: wardline_rules::Text::default(),
            generation: 0,
            alert_facts: None,
        });
    }

    /// Brings one known cycle to what is known now.
    fn update_cycle(&mut self, at: Place, report: &mut Report, cycle: &Cycle, out: &mut Output) {
        let Place { slot, family, place } = at;
        let Some(known) = nth(report, family, place).map(|clock| *clock) else { return };
        let mut clock = known;
        clock.rule = cycle.rule;
        clock.reading =
            ClockReading { started: cycle.start.lo, due: cycle.due, ended: cycle.end.map_or(Timestamp::MAX, End::at) };
        if known.rule != clock.rule {
            self.withdraw_rule(report, &known, out);
            clock.acted = 0;
        } else if !known.is_open() && clock.is_open() {
            self.reopen(report, &mut clock);
        }
        self.settle_thresholds(report, &mut clock, cycle, out);
        self.record_passed(slot, report, (&mut clock, cycle), out);
        clock.state = self.state_of(&clock, cycle);
        if clock.state == ClockState::Invalid && known.state != clock.state {
            // [SLA-7] It had ended before it began.
            self.say_once((clock.family, report.born, wardline_rules::Text::default()), Fault::ClockInvalid, out);
        }
        self.arm_clock(at, report, &mut clock, cycle);
        if clock.state != known.state || clock.reading != known.reading && clock.is_open() && known.is_open() {
            self.say_clock(report, &clock, out);
        }
        if let Some(stored) = nth(report, family, place) {
            *stored = clock;
        }
    }

    fn state_of(&self, clock: &Clock, cycle: &Cycle) -> ClockState {
        let is_breached = clock.acted & (1 << BREACH) != 0;
        match cycle.end {
            None if is_breached => ClockState::Breached,
            None => match cycle.rests_until {
                Some(until) if until > self.at => ClockState::Paused,
                Some(_) | None => ClockState::Running,
            },
            Some(End::Stopped(stop)) => verdict(cycle, stop, self.target(clock)),
            Some(End::Cancelled(at) | End::Restarted(at)) if at > cycle.due => ClockState::Breached,
            Some(End::Cancelled(_)) => ClockState::Cancelled,
            Some(End::Restarted(_)) => ClockState::Restarted,
            Some(End::Invalid(_)) => ClockState::Invalid,
        }
    }

    fn target(&self, clock: &Clock) -> wardline_rules::program::Length {
        let ward = self.wards.get(clock.ward as usize);
        let family = ward.and_then(|ward| ward.program.families.get(clock.index as usize));
        let rule = family.and_then(|family| family.rules.get(clock.rule as usize));
        rule.map_or(wardline_rules::program::Length::Elapsed(Span::MAX), |rule| rule.target)
    }

    /// Another rule of the family has covered the report since the start: what the one before sent was not true.
    fn withdraw_rule(&mut self, report: &mut Report, known: &Clock, out: &mut Output) {
        if self.late_of(known) == Late::Keep {
            return;
        }
        for threshold in (0..=BREACH).filter(|threshold| known.acted & (1 << threshold) != 0) {
            self.end_threshold(report, (known, threshold), Closing::Withdrawn, out);
        }
    }

    /// An end that was taken for one and is none: what was closed by it is told again, unless somebody answered it.
    fn reopen(&self, report: &Report, clock: &mut Clock) {
        for threshold in 0..=BREACH {
            let newest = report.alerts.iter().rfind(|slot| self.is_of_threshold(**slot, clock, threshold));
            let newest = newest.and_then(|slot| self.alerts.get(*slot));
            if newest.is_none_or(|alert| !alert.is_open() && !alert.course.was_answered) {
                clock.acted &= !(1 << threshold);
            }
        }
    }

    /// Takes back what was sent about a threshold that is not passed, and closes what is over [SLA-10] [SLA-11].
    fn settle_thresholds(&mut self, report: &mut Report, clock: &mut Clock, cycle: &Cycle, out: &mut Output) {
        for threshold in 0..=BREACH {
            if clock.acted & (1 << threshold) == 0 {
                continue;
            }
            let due = due_of(cycle, threshold);
            let is_passed = match cycle.end {
                Some(end) => end.at() > due,
                None => due <= self.at,
            };
            if !is_passed {
                clock.acted &= !(1 << threshold);
                if self.late_of(clock) == Late::Withdraw {
                    self.end_threshold(report, (clock, threshold), Closing::Withdrawn, out);
                }
            } else if cycle.end.is_some() {
                self.end_threshold(report, (clock, threshold), Closing::DoneLate, out);
            }
        }
    }

    fn late_of(&self, clock: &Clock) -> Late {
        let ward = self.wards.get(clock.ward as usize);
        let family = ward.and_then(|ward| ward.program.families.get(clock.index as usize));
        family.and_then(|family| family.rules.get(clock.rule as usize)).map_or(Late::Withdraw, |rule| rule.late)
    }

    /// Arms the timer of a cycle for its next threshold, or disarms it.
    fn arm_clock(&mut self, at: Place, report: &Report, clock: &mut Clock, cycle: &Cycle) {
        let next = match cycle.end {
            Some(_) => None,
            None => next_threshold(clock, cycle, self.warning_count(clock)).map(|(due, _)| due),
        };
        if clock.armed.map(|armed| armed.1) == next {
            return;
        }
        if let Some((armed, _)) = clock.armed.take() {
            self.timers.disarm(armed);
        }
        let Some(due) = next.filter(|due| *due != Timestamp::MAX) else { return };
        let rank = self
            .wards
            .get(clock.ward as usize)
            .and_then(|ward| ward.family(clock.index))
            .map_or(0, |found| found.1.rank);
        let part = u32::try_from(at.place).unwrap_or(0);
        let id = TimerId { class: Class::Clock, rule: rank, subject: report.born, part };
        clock.armed = Some((self.timers.arm(Timer { due, id, owner: at.slot }), due));
    }

    pub(crate) fn warning_count(&self, clock: &Clock) -> usize {
        let ward = self.wards.get(clock.ward as usize);
        let family = ward.and_then(|ward| ward.program.families.get(clock.index as usize));
        family.and_then(|family| family.rules.get(clock.rule as usize)).map_or(0, |rule| rule.warnings.len())
    }

    /// A cycle that, by what is known now, never was.
    fn void_cycle(&mut self, at: Place, report: &mut Report, out: &mut Output) {
        let Some(mut clock) = nth(report, at.family, at.place).map(|clock| *clock) else { return };
        if clock.state == ClockState::Cancelled && clock.reading.ended == clock.reading.started {
            return;
        }
        if let Some((armed, _)) = clock.armed.take() {
            self.timers.disarm(armed);
        }
        for threshold in (0..=BREACH).filter(|threshold| clock.acted & (1 << threshold) != 0) {
            self.end_threshold(report, (&clock, threshold), Closing::Withdrawn, out);
        }
        clock.acted = 0;
        clock.state = ClockState::Cancelled;
        clock.reading.ended = clock.reading.started;
        self.say_clock(report, &clock, out);
        if let Some(stored) = nth(report, at.family, at.place) {
            *stored = clock;
        }
    }

    /// A threshold timer of a report came due: acts upon every threshold that is passed now [SLA-8].
    pub(crate) fn fire_clock(&mut self, slot: ReportSlot, timer: Timer, out: &mut Output) {
        let Some(mut report) = self.reports.take(slot) else { return };
        if report.born == timer.id.subject {
            let due: Vec<FamilyIx> = report
                .clocks
                .iter_mut()
                .filter(|clock| clock.armed.is_some_and(|armed| armed.1 == timer.due))
                .filter_map(|clock| {
                    let rank = self.wards.get(clock.ward as usize)?.family(clock.index)?.1.rank;
                    (rank == timer.id.rule).then(|| {
                        clock.armed = None;
                        FamilyIx { ward: clock.ward, index: clock.index, id: clock.family }
                    })
                })
                .collect();
            for family in due {
                self.pass_thresholds(slot, &mut report, family, out);
            }
            self.sample_clocks(slot, &report, out);
        }
        self.reports.put(slot, report);
    }

    fn pass_thresholds(&mut self, slot: ReportSlot, report: &mut Report, family: FamilyIx, out: &mut Output) {
        let mut cycles = core::mem::take(&mut self.cycles);
        self.read_cycles(report, family, &mut cycles);
        for (place, cycle) in cycles.iter().enumerate() {
            let Some(mut clock) = nth(report, family.id, place).map(|clock| *clock) else { continue };
            while let Some((due, threshold)) = next_threshold(&clock, cycle, self.warning_count(&clock)) {
                if cycle.end.is_some() || due > self.at {
                    break;
                }
                clock.acted |= 1 << threshold;
                if let Some(severity) = self.severity_of_threshold(&clock, threshold) {
                    let cause = Cause { ward: clock.ward, source: clock.source(threshold), severity };
                    self.raise_for_clock(slot, report, (cause, due), out);
                }
            }
            if let Some(stored) = nth(report, family.id, place) {
                *stored = clock;
            }
            self.update_cycle(Place { slot, family: family.id, place }, report, cycle, out);
        }
        self.cycles = cycles;
    }

    fn severity_of_threshold(&self, clock: &Clock, threshold: u8) -> Option<SeverityId> {
        let family = self.wards.get(clock.ward as usize)?.program.families.get(clock.index as usize)?;
        let rule = family.rules.get(clock.rule as usize)?;
        let action =
            if threshold == BREACH { &rule.breach } else { &rule.warnings.get(usize::from(threshold))?.action };
        Some(action.severity)
    }
}

/// The `place`-th cycle of a family on a report.
fn nth(report: &mut Report, family: Coded, place: usize) -> Option<&mut Clock> {
    report.clocks.iter_mut().filter(|clock| clock.family == family).nth(place)
}

fn due_of(cycle: &Cycle, threshold: u8) -> Timestamp {
    cycle.warnings.get(usize::from(threshold)).copied().filter(|_| threshold != BREACH).unwrap_or(cycle.due)
}

/// The earliest threshold not acted upon yet; a warning comes before a breach of the same instant.
fn next_threshold(clock: &Clock, cycle: &Cycle, warnings: usize) -> Option<(Timestamp, u8)> {
    (0..=BREACH)
        .filter(|threshold| *threshold == BREACH || usize::from(*threshold) < warnings)
        .filter(|threshold| clock.acted & (1 << threshold) == 0)
        .map(|threshold| (due_of(cycle, threshold), threshold))
        .min()
}

/// What a stopped clock comes to, going by the precision of both ends [TIM-9].
fn verdict(
    cycle: &Cycle,
    stop: wardline_rules::time::EventTime,
    target: wardline_rules::program::Length,
) -> ClockState {
    if timeline::is_coarse(stop, target) {
        return ClockState::Unsure;
    }
    // How much later the start, and the stop, may have been than the instants that were counted from.
    let slack = |time: wardline_rules::time::EventTime| Span::from_micros((time.width().micros() - 1).max(0));
    let latest_stop = stop.lo.plus(slack(stop));
    let latest_due = cycle.due.plus(slack(cycle.start));
    if latest_stop <= cycle.due {
        ClockState::Met
    } else if stop.lo > latest_due {
        ClockState::Breached
    } else {
        ClockState::Unsure
    }
}
