//! Activate: from now on another ward decides what begins.
//!
//! Running clocks and open alerts stay with the ward that began them [LOAD-2]; a new rule applies to what is heard from now on
//! [LOAD-3].

use wardline_rules::settings::SiteSettings;

use crate::{
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
            self.count_all(active, out);
            self.begin_looks(active);
            self.look_at_states();
            self.follow_rosters(out);
        }
    }
}
