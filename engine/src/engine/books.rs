//! Books: what does the shell count on its own?
//!
//! Compared with what the core counts, line by line of the ledger (guarantees 10.3).
//!
//! - **Not here**: the core's own side ([`wardline_core::ledger`]).

use std::sync::atomic::{AtomicU64, Ordering};

use wardline_core::ledger::Equation;

/// What the shell counts on its own, to be compared with what the core counts.
#[derive(Debug, Default)]
pub struct Books {
    /// Events that the core held when this process took over.
    before: AtomicU64,
    /// Events made durable by this process and applied.
    received: AtomicU64,
    /// Events made durable by this process.
    durable: AtomicU64,
    /// Events whose sender was given a receipt.
    acked: AtomicU64,
    /// Access records made durable.
    accesses: AtomicU64,
    /// Times that somebody was shown something.
    releases: AtomicU64,
}

impl Books {
    pub(crate) fn begin(&self, before: u64) {
        self.before.store(before, Ordering::Release);
    }

    pub(crate) fn add_received(&self, events: u64) {
        self.received.fetch_add(events, Ordering::AcqRel);
    }

    pub(crate) fn add_durable(&self, events: u64) {
        self.durable.fetch_add(events, Ordering::AcqRel);
    }

    pub(crate) fn add_acked(&self, events: u64) {
        self.acked.fetch_add(events, Ordering::AcqRel);
    }

    pub(crate) fn add_access(&self) {
        self.accesses.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn add_release(&self) {
        self.releases.fetch_add(1, Ordering::AcqRel);
    }

    /// The lines that need both sides.
    ///
    /// - **Input** `received`: the core's own count, read on the core's thread.
    pub(crate) fn equations(&self, received: u64) -> [Equation; 3] {
        let read = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        // Read in this order, what only grows afterwards cannot make the smaller side look larger.
        let (releases, accesses) = (read(&self.releases), read(&self.accesses));
        let (acked, durable) = (read(&self.acked), read(&self.durable));
        [
            Equation { name: "received", began: read(&self.before) + read(&self.received), stands: received },
            Equation { name: "acked", began: acked.max(durable), stands: durable },
            Equation { name: "access", began: releases.max(accesses), stands: accesses },
        ]
    }
}
