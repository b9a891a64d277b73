//! Repeats: how often did these unreadable bytes come already?
//!
//! - LIMIT: `REPEATS_REMEMBERED_MAX`; the oldest is forgotten beyond it, and all at a restart: a sender then hears "no"
//!   twice more.
//! - **Source**: domain page [ACK-4].

use std::collections::{BTreeMap, VecDeque};

use crate::limits::REPEATS_REMEMBERED_MAX;

/// Unreadable bytes of one feed, by their hash.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Repeats {
    times: BTreeMap<[u8; 16], u32>,
    order: VecDeque<[u8; 16]>,
}

impl Repeats {
    /// They came once more.
    ///
    /// - **Output**: how often now.
    pub fn came(&mut self, sha: [u8; 16]) -> u32 {
        let times = self.times.entry(sha).or_default();
        *times = times.saturating_add(1);
        let now = *times;
        if now == 1 {
            self.order.push_back(sha);
        }
        if self.order.len() > REPEATS_REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.times.remove(&oldest);
        }
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_and_the_oldest_is_forgotten() {
        let mut repeats = Repeats::default();
        assert_eq!([1, 1, 1].map(|_| repeats.came([7; 16])), [1, 2, 3]);
        for number in 0..REPEATS_REMEMBERED_MAX {
            repeats.came(u128::to_be_bytes(u128::try_from(number).unwrap()));
        }
        assert_eq!(repeats.came([7; 16]), 1);
        assert_eq!((repeats.times.len(), repeats.order.len()), (REPEATS_REMEMBERED_MAX, REPEATS_REMEMBERED_MAX));
    }
}
