//! Ready: which notices may be started, by channel and in which order?
//!
//! - **Not here**: whether a channel has room (the shell's dispatcher).

use std::collections::{BTreeMap, BTreeSet};

use wardline_rules::{program::Level, time::Timestamp, words::Channel};

use crate::ids::Nid;

/// By what notices of one channel are ordered: highest level first, then oldest.
type Key = (Level, Timestamp, Nid);

/// Notices that may be started.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Ready(BTreeMap<Channel, BTreeSet<Key>>);

impl Ready {
    pub(crate) fn insert(&mut self, channel: Channel, key: Key) {
        self.0.entry(channel).or_default().insert(key);
    }

    pub(crate) fn remove(&mut self, channel: Channel, key: &Key) {
        if let Some(of_channel) = self.0.get_mut(&channel) {
            of_channel.remove(key);
        }
    }

    /// The first of each channel.
    pub(crate) fn first(&self, limit: usize) -> impl Iterator<Item = &Key> {
        self.0.values().flat_map(move |of_channel| of_channel.iter().take(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_with_many_waiting_hides_no_other() {
        let mut ready = Ready::default();
        let nid = |number: u16| Nid([number.to_be_bytes(); 8].concat().try_into().unwrap());
        for number in 0..3_000 {
            let created = Timestamp::from_micros(i64::from(number));
            ready.insert(Channel::Phone, (Level::Red, created, nid(number)));
        }
        let late = (Level::Red, Timestamp::from_micros(9_000), nid(9_000));
        ready.insert(Channel::App, late);
        let first: Vec<&Key> = ready.first(128).collect();
        assert!(first.contains(&&late) && first.len() == 129, "{}", first.len());
        ready.remove(Channel::App, &late);
        assert_eq!(ready.first(128).count(), 128);
    }
}
