//! Activate: from now on another ward decides what begins.
//!
//! Running clocks and open alerts stay with the ward that began them [LOAD-2], unless clocks are asked to move
//! ([`crate::clocks`], [LOAD-4]); a new rule applies to what is heard from now on, and to states that last [LOAD-3].

use wardline_rules::{
    program::{Lasting, Situation, Trigger},
    settings::SiteSettings,
};

use crate::{
    alerts::when::AlertIx,
    input::Activation,
    output::Output,
    partition::Partition,
    ward::{Ward, WardParts},
};

impl Partition {
    pub(crate) fn activate(&mut self, activation: &Activation, out: &mut Output) {
        if let Some(site) = &activation.site {
            self.site = SiteSettings::clone(site);
        }
        let before = self.active.and_then(|active| self.wards.get(active as usize));
        if before.is_some_and(|before| before.program.version == activation.program.version) {
            if let (true, Some(active)) = (activation.moved, self.active) {
                self.move_clocks(active, out);
            }
            return;
        }
        let parts = WardParts {
            program: activation.program.clone(),
            text: activation.text.clone(),
            author: activation.author.clone(),
            at: self.at,
        };
        let ward = Ward::new(parts, before, &mut self.dictionary);
        self.wards.push(ward);
        self.active = u32::try_from(self.wards.len() - 1).ok();
        self.note_looking_back();
        if let Some(active) = self.active {
            self.scripts_replaced(out);
            self.watch_feeds();
            self.count_all(active, out);
            self.begin_looks(active);
            self.look_at_states();
            self.begin_states(active, out);
            if activation.moved {
                self.move_clocks(active, out);
            }
            self.follow_rosters(out);
        }
    }

    /// Reports that are in a state already begin to hold for a new rule now [LOAD-3].
    fn begin_states(&mut self, active: u32, out: &mut Output) {
        let Some(ward) = self.wards.get(active as usize) else { return };
        let is_new = |index: u32| ward.alerts.get(index as usize).is_some_and(|known| known.since == self.at);
        let lasting = (0_u32..).zip(&ward.program.alerts).filter_map(|(index, rule)| match &rule.trigger {
            Trigger::While(found) => match &found.state {
                Lasting::Report { any, .. } => is_new(index).then(|| (index, any.clone())),
                Lasting::Count(_) | Lasting::Alert(_) | Lasting::Feed(..) => None,
            },
            Trigger::When(_) | Trigger::Absence(_) | Trigger::Window(_) => None,
        });
        let rules: Vec<(u32, Vec<Situation>)> = lasting.collect();
        for (index, any) in rules {
            let is_in = |report: &crate::report::Report| report.is_in_any(&any, Self::NOW, &self.dictionary);
            let slots: Vec<u32> =
                self.reports.iter().filter(|(_, report)| is_in(report)).map(|(slot, _)| slot).collect();
            for slot in slots {
                let Some(mut report) = self.reports.take(slot) else { continue };
                self.refresh_lasting(slot, &mut report, AlertIx { ward: active, index }, out);
                self.reports.put(slot, report);
            }
        }
    }
}
