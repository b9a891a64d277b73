//! Naming: by which id is one notice known, on every replay the same?
//!
//! - **Source**: language page, [NID-1].

use wardline_rules::words::Channel;

use crate::{
    alerts::{AlertSlot, cut},
    ids::Nid,
    output::{Party, Recipient},
    partition::Partition,
};

impl Partition {
    /// `nid = hash(subject, generation, rule, step, recipient, channel)` [NID-1].
    pub(super) fn nid(&self, slot: AlertSlot, step: &str, recipient: &Recipient, channel: Channel) -> Nid {
        let mut hasher = blake3::Hasher::new();
        let Some(alert) = self.alerts.get(slot) else { return Nid::default() };
        hasher.update(b"notice");
        hasher.update(&alert.report.map_or([0; 16], |report| report.1.0));
        self.hash_about(alert.about, &mut hasher);
        hasher.update(&alert.key.to_le_bytes());
        let (kind, who) = match &recipient.party {
            Party::Token(token) => (0_u8, token.0.to_vec()),
            Party::Person(name) => (1, name.as_bytes().to_vec()),
            Party::Desk(name) => (2, name.as_bytes().to_vec()),
        };
        for part in
            [self.dictionary.text(alert.rule).as_bytes(), step.as_bytes(), &[kind], &who, channel.name().as_bytes()]
        {
            hasher.update(&u64::try_from(part.len()).unwrap_or(0).to_le_bytes());
            hasher.update(part);
        }
        Nid(cut(&hasher))
    }
}
