//! Extras: what does a script send besides what its rule says?
//!
//! With the raise, each once in a generation; a mute delays them with everything else.
//!
//! - **Not here**: what a script may ask for (`wardline_rules::script`).

use wardline_rules::{limits::SCRIPT_EFFECTS_MAX, program::Who, words::Channel};

use crate::{
    alerts::AlertSlot,
    output::{Output, Purpose},
    partition::Partition,
    report::Report,
};

/// One more notice: whether it is a page, to whom, and by what.
pub(crate) type Extra = (bool, Who, Channel);

/// The last parts of their steps [NID-1].
const PARTS: [&str; SCRIPT_EFFECTS_MAX] = ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"];

impl Partition {
    /// Sends what the script that raised an alert wants sent.
    pub(super) fn send_extras(&mut self, slot: AlertSlot, report: Option<&Report>, out: &mut Output) {
        let extras = self.alerts.get_mut(slot).map(|alert| core::mem::take(&mut alert.course.extras));
        for ((is_page, who, by), part) in extras.unwrap_or_default().into_iter().zip(PARTS) {
            let purpose = if is_page { Purpose::Page } else { Purpose::Tell };
            for recipient in self.resolve(slot, &[who], &[], report) {
                self.notify(slot, recipient, &[by], (purpose, part), out);
            }
        }
    }
}
