//! Departed: was a report here before?
//!
//! A report that was quiet for weeks leaves memory, and what it counted in slices stays counted. When it is heard of again it
//! is opened anew; here it is known that it was counted, so that it is not counted twice.
//!
//! - **How it fits**: asked when a report is opened, written when one leaves; part of the state.
//! - LIMIT: `DEPARTED_MAX` reports; beyond it the one that left first is forgotten, and counts anew if it comes back.
//! - **Not here**: when a report leaves ([`crate::step`]), what it counts ([`crate::rows`]).

use std::collections::VecDeque;

use wardline_rules::map::FastMap;

use crate::{ids::ReportId, limits::DEPARTED_MAX};

/// Reports that left memory, in the order in which they did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Departed {
    order: VecDeque<u64>,
    known: FastMap<u64, ()>,
}

/// Half of an id, which is a hash: among a million reports two share it once in ten million installations.
fn half(id: ReportId) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = id.0;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

impl Departed {
    /// The reports that left in this order.
    pub(crate) fn restore(order: VecDeque<u64>) -> Self {
        let mut known = FastMap::default();
        for id in &order {
            known.insert(*id, ());
        }
        Self { order, known }
    }

    /// A report leaves.
    pub(crate) fn add(&mut self, id: ReportId) {
        if self.known.insert(half(id), ()).is_some() {
            return;
        }
        self.order.push_back(half(id));
        if self.order.len() > DEPARTED_MAX
            && let Some(first) = self.order.pop_front()
        {
            self.known.remove(&first);
        }
    }

    /// Whether it left before.
    pub(crate) fn has(&self, id: ReportId) -> bool {
        self.known.get(&half(id)).is_some()
    }

    /// In the order in which they left.
    pub(crate) const fn order(&self) -> &VecDeque<u64> {
        &self.order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_left_is_the_first_to_be_forgotten() {
        let id = |n: usize| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&n.to_le_bytes());
            ReportId(bytes)
        };
        let mut departed = Departed::default();
        (0..DEPARTED_MAX).for_each(|n| departed.add(id(n)));
        departed.add(id(3));
        assert!(departed.has(id(0)), "one that left twice takes one place");
        departed.add(id(DEPARTED_MAX));
        assert!(!departed.has(id(0)) && departed.has(id(1)) && departed.has(id(DEPARTED_MAX)));
        let again = Departed::restore(departed.order().clone());
        assert!(again.has(id(3)) && !again.has(id(0)) && again.order() == departed.order());
    }
}
