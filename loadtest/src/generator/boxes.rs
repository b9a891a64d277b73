//! Boxes: how are events put in order without keeping all of them sorted?
//!
//! A box holds everything that arrives within one simulated minute, in the order it was told. It is sorted once, when its minute has come.
//! Putting is a push; what bounds it is the number of events under way.
//! - **How it fits**: between the lives that are told and the lines that are written.
//! - **Not here**: deciding when a minute has come (the generator knows what may still be told).

use std::collections::BTreeMap;

use crate::faults::Delivery;
use crate::limits::BOX_MICROS;

/// A delivery and where its life is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    pub(super) group: u64,
    /// Place among the deliveries of its group.
    pub(super) place: u32,
    pub(super) slot: u32,
    pub(super) delivery: Delivery,
}

/// Boxes by minute, and the one being emptied, last first.
#[derive(Debug)]
pub(super) struct Boxes {
    closed: BTreeMap<i64, Vec<Pending>>,
    open: Vec<Pending>,
    /// The minute up to which, exclusively, everything has been told.
    told: i64,
}

impl Boxes {
    pub(super) fn new(start: i64) -> Self {
        Self {
            closed: BTreeMap::new(),
            open: Vec::new(),
            told: start.div_euclid(BOX_MICROS),
        }
    }

    pub(super) fn put(&mut self, pending: Pending) {
        let minute = pending.delivery.arrival.div_euclid(BOX_MICROS);
        self.closed.entry(minute).or_default().push(pending);
    }

    /// Notes that nothing will be put before `at`; whether a minute has been completed by that.
    pub(super) fn passes(&mut self, at: i64) -> bool {
        let minute = at.div_euclid(BOX_MICROS);
        let is_new = minute > self.told;
        self.told = self.told.max(minute);
        is_new
    }

    /// The minute up to which, exclusively, boxes may be opened.
    pub(super) const fn upto(&self) -> i64 {
        self.told
    }

    /// Opens the earliest box before the minute `upto`; whether there was one.
    pub(super) fn open_next(&mut self, upto: i64) -> bool {
        let Some(first) = self
            .closed
            .first_entry()
            .filter(|first| *first.key() < upto)
        else {
            return false;
        };
        self.open = first.remove();
        self.open.sort_unstable_by_key(|pending| {
            std::cmp::Reverse((pending.delivery.arrival, pending.group, pending.place))
        });
        true
    }

    pub(super) fn next(&mut self) -> Option<Pending> {
        self.open.pop()
    }
}
