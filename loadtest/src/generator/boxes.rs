//! Boxes: how are events put in order without keeping all of them sorted?
//!
//! A box holds everything that arrives within a short simulated span, in the order it was told. It is sorted once, when its span is over.
//! How long the span is changes nothing in what comes out: a minute when little comes, a second when much does, so that no box takes long.
//! Putting is a push; what bounds it is the number of events under way.
//! - **How it fits**: between the lives that are told and the lines that are written.
//! - **Not here**: deciding when a span is over (the generator knows what may still be told).

use std::collections::BTreeMap;

use crate::faults::Delivery;

/// A delivery and where its life is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    pub(super) group: u64,
    /// Place among the deliveries of its group.
    pub(super) place: u32,
    pub(super) slot: u32,
    pub(super) delivery: Delivery,
}

/// Boxes by span, and the one being emptied, last first.
#[derive(Debug)]
pub(super) struct Boxes {
    closed: BTreeMap<i64, Vec<Pending>>,
    open: Vec<Pending>,
    /// Length of a span in microseconds.
    span: i64,
    /// The span up to which, exclusively, everything has been told.
    told: i64,
}

impl Boxes {
    pub(super) fn new(start: i64, span: i64) -> Self {
        Self { closed: BTreeMap::new(), open: Vec::new(), span, told: start.div_euclid(span) }
    }

    pub(super) fn put(&mut self, pending: Pending) {
        let number = pending.delivery.arrival.div_euclid(self.span);
        self.closed.entry(number).or_default().push(pending);
    }

    /// Notes that nothing will be put before `at`; whether a box has been completed by that.
    pub(super) fn passes(&mut self, at: i64) -> bool {
        let number = at.div_euclid(self.span);
        let is_new = number > self.told;
        self.told = self.told.max(number);
        is_new
    }

    /// The span up to which, exclusively, boxes may be opened.
    pub(super) const fn upto(&self) -> i64 {
        self.told
    }

    /// Opens the earliest box before the span `upto`; whether there was one.
    pub(super) fn open_next(&mut self, upto: i64) -> bool {
        let Some(first) = self.closed.first_entry().filter(|first| *first.key() < upto) else {
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
