//! Refresh: which rules must look at a report again, now that there is news?
//!
//! The rules that its routing fields allow, as they are and as they were, and the clocks and periods that older wards left
//! running. Then reports that have been quiet for long leave memory.

use wardline_rules::{
    program::{Lasting, Trigger},
    time::Span,
};

use crate::{
    alerts::{Source, when::AlertIx},
    clocks::FamilyIx,
    output::Output,
    partition::Partition,
    report::{Report, ReportSlot},
    tuple::SAYS_NOTHING,
    ward::{Known, RuleIx},
};

/// How long a settled report stays for corrections.
const SETTLED_STAYS: Span = Span::from_minutes(35 * 24 * 60);
/// How long a report without news stays at all [REP-23].
const STALE_AFTER: Span = Span::from_minutes(90 * 24 * 60);

impl Partition {
    /// Lets every rule that can match look at the report again.
    pub(crate) fn refresh(&mut self, slot: ReportSlot, report: &mut Report, out: &mut Output) {
        let Some(active) = self.active else { return };
        let mut rules = core::mem::take(&mut self.rules);
        self.candidates(active, (slot, report), &mut rules);
        let seen = report.steps();
        for rule in &rules {
            let Some(ward) = self.wards.get(active as usize) else { break };
            match *rule {
                RuleIx::Family(index) => {
                    let Some(Known { id, needs, .. }) = ward.families.get(index as usize).copied() else { continue };
                    if needs.meets(seen) || report.clocks.iter().any(|clock| clock.family == id) {
                        self.refresh_clock(slot, report, FamilyIx { ward: active, index, id }, out);
                    }
                }
                RuleIx::Alert(index) => {
                    let Some(Known { needs, .. }) = ward.alerts.get(index as usize).copied() else { continue };
                    if needs.meets(seen) || !report.alerts.is_empty() || !report.waits.is_empty() {
                        self.refresh_rule(slot, report, AlertIx { ward: active, index }, out);
                    }
                }
                RuleIx::Notice(index) => {
                    let Some(Known { needs, .. }) = ward.notices.get(index as usize).copied() else { continue };
                    if needs.meets(seen) || !report.alerts.is_empty() {
                        self.refresh_notice(slot, report, (active, index), out);
                    }
                }
            }
        }
        self.rules = rules;
        self.recount(report, out);
        self.refresh_pinned(slot, report, active, out);
        self.follow_roles(report, out);
    }

    fn candidates(&mut self, active: u32, (slot, report): (ReportSlot, &Report), rules: &mut Vec<RuleIx>) {
        rules.clear();
        let Some(ward) = self.wards.get_mut(active as usize) else { return };
        let list = ward.route(report.effective, &self.dictionary, &self.tuples);
        rules.extend_from_slice(ward.list(list));
        if report.is_varied {
            let mut sum = SAYS_NOTHING;
            for record in &report.records {
                sum = self.tuples.known_merge(sum, record.tuple);
                let list = ward.route(sum, &self.dictionary, &self.tuples);
                rules.extend_from_slice(ward.list(list));
            }
        }
        self.begun(active, (slot, report), rules);
        rules.sort_unstable();
        rules.dedup();
    }

    /// The rules that began something on a report: news of what came first may say that they never covered it.
    fn begun(&self, active: u32, (slot, report): (ReportSlot, &Report), rules: &mut Vec<RuleIx>) {
        let clocks = report.clocks.iter().filter(|clock| clock.ward == active);
        rules.extend(clocks.map(|clock| RuleIx::Family(clock.index)));
        let waits = report.waits.iter().filter(|wait| wait.ward == active);
        rules.extend(waits.map(|wait| RuleIx::Alert(wait.index)));
        let windows = &self.watching.windows;
        let looks = windows.looks.iter().filter(|looks| looks.ward == active);
        let sampled = looks.filter(|looks| windows.samples.contains_key(&(looks.rule, slot)));
        rules.extend(sampled.map(|looks| RuleIx::Alert(looks.index)));
        let alerts = report.alerts.iter().filter_map(|slot| self.alerts.get(*slot));
        for alert in alerts.filter(|alert| alert.cause.ward == active && alert.stands()) {
            match alert.cause.source {
                Source::Rule(index) => rules.push(RuleIx::Alert(index)),
                Source::Notice(index) => rules.push(RuleIx::Notice(index)),
                Source::Clock { .. } | Source::Upkeep(_) => {}
            }
        }
    }

    fn refresh_rule(&mut self, slot: ReportSlot, report: &mut Report, rule: AlertIx, out: &mut Output) {
        let ward = self.wards.get(rule.ward as usize);
        match ward.and_then(|ward| ward.alert(rule.index)).map(|found| &found.0.trigger) {
            Some(Trigger::When(_)) => self.refresh_alert(slot, report, rule, out),
            Some(Trigger::Absence(_)) => self.refresh_absence(slot, report, rule, out),
            Some(Trigger::While(found)) => match found.state {
                Lasting::Report { .. } => self.refresh_lasting(slot, report, rule, out),
                Lasting::Count(_) => self.count_report(report, rule, out),
                Lasting::Alert(_) | Lasting::Feed(..) => {}
            },
            Some(Trigger::Window(_)) => self.sample_report(slot, report, rule, out),
            None => {}
        }
    }

    /// What an older ward left running goes on by it [LOAD-2] [LOAD-5].
    fn refresh_pinned(&mut self, slot: ReportSlot, report: &mut Report, active: u32, out: &mut Output) {
        let is_old = |ward: u32| ward != active;
        if report.clocks.iter().any(|clock| is_old(clock.ward)) {
            let old = report.clocks.iter().filter(|clock| is_old(clock.ward) && clock.is_open());
            let old: Vec<FamilyIx> =
                old.map(|clock| FamilyIx { ward: clock.ward, index: clock.index, id: clock.family }).collect();
            for family in old {
                let has_new = self.wards.get(active as usize).is_some_and(|ward| ward.rule(family.id).is_some());
                if !has_new {
                    self.refresh_clock(slot, report, family, out);
                }
            }
        }
        if report.alerts.is_empty() {
            return;
        }
        let mut old: Vec<AlertIx> = Vec::new();
        let mut notices: Vec<(u32, u32)> = Vec::new();
        for alert in report.alerts.iter().filter_map(|slot| self.alerts.get(*slot)).filter(|alert| alert.is_open()) {
            let has_new = self.wards.get(active as usize).is_some_and(|ward| ward.rule(alert.rule).is_some());
            if let crate::alerts::Source::Rule(index) = alert.cause.source
                && is_old(alert.cause.ward)
                && !has_new
            {
                old.push(AlertIx { ward: alert.cause.ward, index });
            }
            if let crate::alerts::Source::Notice(index) = alert.cause.source
                && is_old(alert.cause.ward)
                && !has_new
            {
                notices.push((alert.cause.ward, index));
            }
        }
        for rule in notices {
            self.refresh_notice(slot, report, rule, out);
        }
        for rule in old {
            self.refresh_rule(slot, report, rule, out);
        }
    }

    /// Reports that nothing was heard of for long leave: two in each batch and two for each that it opened, so that no batch
    /// waits and memory does not grow for ever however fast reports come.
    pub(crate) fn let_leave(&mut self, opened: u64) {
        for _ in 0..=opened.saturating_mul(2).saturating_add(1) {
            let Some((touched, slot, born)) = self.leaving.front().copied() else { return };
            if self.at.since(touched) < SETTLED_STAYS {
                return;
            }
            self.leaving.pop_front();
            let Some(report) = self.reports.get(slot).filter(|report| report.born == born) else { continue };
            let quiet = self.at.since(report.touched);
            let is_settled = !report.is_open(Self::NOW) && quiet >= SETTLED_STAYS;
            let is_over = report.alerts.iter().all(|alert| self.may_leave(*alert));
            if (is_settled || quiet >= STALE_AFTER) && is_over {
                let id = report.id;
                self.departed.add(id);
                self.forget_report(slot);
            } else {
                let touched = report
                    .touched
                    .max(self.at.plus(Span::from_micros(-SETTLED_STAYS.micros()).plus(Span::from_minutes(24 * 60))));
                self.leaving.push_back((touched, slot, born));
            }
        }
    }

    /// Takes a report out of memory with all that hangs on it.
    pub(crate) fn forget_report(&mut self, slot: ReportSlot) {
        let Some(report) = self.reports.remove(slot) else { return };
        self.uncount(&report);
        self.forget_samples(slot);
        self.counters.reports_left += 1;
        self.index.unlink(u128::from_le_bytes(report.id.0), slot);
        report.keys.iter().for_each(|name| self.index.unlink(name.bare, slot));
        self.unlink_patient(slot, report.patient);
        if let Some(encounter) = report.cold.encounter {
            self.index.unlink_encounter(encounter, slot);
        }
        let clocks = report.clocks.iter().filter_map(|clock| clock.armed.map(|armed| armed.0));
        for armed in clocks.chain(report.waits.iter().filter_map(|wait| wait.armed)) {
            self.timers.disarm(armed);
        }
        for alert in report.alerts {
            self.drop_notices(alert);
            self.alerts.remove(alert);
        }
    }
}
