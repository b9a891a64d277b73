//! Moved: what becomes of running clocks when a new ward is to rule them too?
//!
//! Without being asked, a clock stays with the ward that started it [LOAD-2]. Moved, it is read again under the active ward
//! from its facts, its cycles before included, and goes on there [LOAD-4]:
//! ```text
//!  threshold      passed before the activation          not passed
//!  told           stands; nobody is told again          taken back, as by late news
//!  not told       recorded, and told in one digest      its timer is armed
//! ```
//! What a clock raised stays with the ward that raised it: who is asked next is read there [ESC-11].
//!
//! - **Not here**: clocks of rules that are gone; they finish where they began [LOAD-5].

use wardline_rules::program::Tell;

use super::{BREACH, Clock, FamilyIx, next_threshold};
use crate::{
    alerts::{AlertSlot, Cause, Closing, Source},
    clocks::timeline::Cycle,
    dictionary::Coded,
    escalation::Plan,
    mute::{Delay, Gathered, gather},
    outbox::Ask,
    output::{Output, Purpose},
    partition::Partition,
    report::{Report, ReportSlot},
    ward::RuleIx,
};

/// Under which name the digests of a move are gathered; no rule has an id without a slash.
const MOVED: &str = "moved";

impl Partition {
    /// Lets clocks that run by older wards go on by the active one.
    pub(crate) fn move_clocks(&mut self, active: u32, out: &mut Output) {
        let runs_by_older = |clock: &Clock| clock.ward != active && clock.is_open();
        let reports = self.reports.iter().filter(|(_, report)| report.clocks.iter().any(runs_by_older));
        let slots: Vec<ReportSlot> = reports.map(|(slot, _)| slot).collect();
        self.moving = Some(self.dictionary.name(MOVED));
        for slot in slots {
            let Some(mut report) = self.reports.take(slot) else { continue };
            for family in self.movable(&report, active) {
                self.repin(&mut report, family);
                self.refresh_clock(slot, &mut report, family, out);
            }
            self.sample_clocks(slot, &report, out);
            self.reports.put(slot, report);
        }
        self.moving = None;
    }

    /// The families of a report's older clocks that the active ward still has, each once.
    fn movable(&self, report: &Report, active: u32) -> Vec<FamilyIx> {
        let Some(ward) = self.wards.get(active as usize) else { return Vec::new() };
        let running = report.clocks.iter().filter(|clock| clock.ward != active && clock.is_open());
        let mut families: Vec<FamilyIx> = running
            .filter_map(|clock| match ward.rule(clock.family)? {
                RuleIx::Family(index) => Some(FamilyIx { ward: active, index, id: clock.family }),
                RuleIx::Alert(_) | RuleIx::Notice(_) => None,
            })
            .collect();
        families.dedup();
        families
    }

    /// All cycles of a family are of the new ward, by the rule that it finds in force; their timers had the old one's order.
    fn repin(&mut self, report: &mut Report, family: FamilyIx) {
        let mut cycles = core::mem::take(&mut self.cycles);
        self.read_cycles(report, family, &mut cycles);
        let mut rules = cycles.iter().map(|cycle| cycle.rule);
        for clock in report.clocks.iter_mut().filter(|clock| clock.family == family.id) {
            if let Some((armed, _)) = clock.armed.take() {
                self.timers.disarm(armed);
            }
            (clock.ward, clock.index) = (family.ward, family.index);
            clock.rule = rules.next().unwrap_or(0);
        }
        self.cycles = cycles;
    }

    /// While clocks move: thresholds that were passed before are recorded and told of together.
    pub(super) fn record_passed(
        &mut self,
        slot: ReportSlot,
        report: &mut Report,
        (clock, cycle): (&mut Clock, &Cycle),
        out: &mut Output,
    ) {
        if self.moving.is_none() || cycle.end.is_some() {
            return;
        }
        let warnings = self.warning_count(clock);
        while let Some((due, threshold)) = next_threshold(clock, cycle, warnings).filter(|next| next.0 < self.at) {
            clock.acted |= 1 << threshold;
            if let Some(severity) = self.severity_of_threshold(clock, threshold) {
                let cause = Cause { ward: clock.ward, source: clock.source(threshold), severity };
                self.raise_for_clock(slot, report, (cause, due), out);
            }
        }
    }

    /// Tells those whom an alert would page first, and those whom it tells, with whatever else the move tells them.
    pub(crate) fn tell_moved(
        &mut self,
        (slot, moved): (AlertSlot, Coded),
        (plan, tells): (&Plan, &[Tell]),
        report: Option<&Report>,
        out: &mut Output,
    ) {
        let first = plan.step(1).map(|first| (first.who.to_vec(), plan.recipients().to_vec(), first.by.to_vec()));
        let told = tells.iter().map(|tell| (tell.who.clone(), Vec::new(), tell.by.clone()));
        for (who, recipients, by) in first.into_iter().chain(told) {
            for recipient in self.resolve(slot, &who, &recipients, report) {
                let until = self.quiet_until(slot, &recipient, report);
                let gather = Some(Gathered { key: (moved, gather::of_recipient(&recipient)), limit: None });
                let delay = Delay { until, gather };
                let ask = Ask { purpose: Purpose::Tell, part: "m", delay, members: Vec::new() };
                self.notify_after(slot, recipient, &by, ask, out);
            }
        }
    }

    /// Ends what a threshold of a clock raised, be it that the clock moved since to another ward.
    pub(super) fn end_threshold(
        &mut self,
        report: &mut Report,
        (clock, threshold): (&Clock, u8),
        closing: Closing,
        out: &mut Output,
    ) {
        let counts = |slot: AlertSlot| {
            self.alerts.get(slot).is_some_and(|alert| alert.is_open() || closing == Closing::Withdrawn)
                && self.is_of_threshold(slot, clock, threshold)
        };
        let mine: Vec<AlertSlot> = report.alerts.iter().copied().filter(|slot| counts(*slot)).collect();
        for slot in mine {
            self.end(slot, Some(report), closing, out);
        }
    }

    /// Whether a threshold of this cycle raised an alert.
    pub(super) fn is_of_threshold(&self, slot: AlertSlot, clock: &Clock, threshold: u8) -> bool {
        let Some(cause) = self.alerts.get(slot).map(|alert| alert.cause) else { return false };
        let Source::Clock { index, rule, cycle, threshold: its } = cause.source else { return false };
        let is_same_rule = if cause.ward == clock.ward {
            (index, rule) == (clock.index, clock.rule)
        } else {
            let family = self.wards.get(cause.ward as usize).and_then(|ward| ward.families.get(index as usize));
            family.is_some_and(|family| family.id == clock.family)
        };
        (cycle, its) == (clock.cycle, threshold.min(BREACH)) && is_same_rule
    }
}
