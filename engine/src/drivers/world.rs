//! World: what happens between the batches of a driver without a log?
//!
//! ```text
//!  advance to t   ticks at every due time on the way, results of sends that were due by then
//!  batch at t     step; what may be started is started and, unless it fails, delivered in the same instant
//! ```
//! - **Not here**: which events, and what is expected.

use std::collections::BTreeMap;

use wardline_core::{
    Batch, Input, Output, Partition, Proposal,
    input::{Attempt, Outcome},
    output::Obligation,
    step,
};
use wardline_rules::time::{Span, Timestamp};

/// What becomes of a send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is delivered in the same instant.
    Delivered,
    /// It is known to have failed after that long.
    Fails(Span),
}

/// Decides about sends and sees what happens.
pub trait Watcher {
    /// What becomes of this send, which begins at `at`.
    fn fate(&mut self, obligation: &Obligation, at: Timestamp) -> Fate;
    /// Sees the output of one step before it is cleared.
    fn see(&mut self, at: Timestamp, out: &Output);
}

/// A partition with time and deliveries around it.
#[derive(Debug)]
pub struct World {
    /// The state machine.
    pub partition: Partition,
    batch: Batch,
    out: Output,
    pending: BTreeMap<Timestamp, Vec<Attempt>>,
    open: BTreeMap<wardline_core::ids::Nid, Obligation>,
    proposals: Vec<Proposal>,
}

impl World {
    /// A world around `partition`.
    #[must_use]
    pub fn new(partition: Partition) -> Self {
        Self {
            partition,
            batch: Batch::default(),
            out: Output::default(),
            pending: BTreeMap::new(),
            open: BTreeMap::new(),
            proposals: Vec::new(),
        }
    }

    /// Lets time pass up to, but not at, `to`: everything due before it happens at its time.
    pub fn advance(&mut self, to: Timestamp, watcher: &mut impl Watcher) {
        loop {
            let timer = self.partition.next_due().map(|due| due.max(self.partition.at()));
            let result = self.pending.first_key_value().map(|(at, _)| *at);
            let Some(next) = timer.into_iter().chain(result).min().filter(|next| *next < to) else { return };
            let inputs = self.pending.remove(&next).unwrap_or_default();
            let inputs = inputs.into_iter().map(Input::Attempt).collect();
            self.batch(next, inputs, watcher);
        }
    }

    /// Applies `inputs` at `at`, with the results of sends that are due then, and lets what came of it be sent.
    pub fn batch(&mut self, at: Timestamp, mut inputs: Vec<Input>, watcher: &mut impl Watcher) {
        inputs.extend(self.pending.remove(&at).unwrap_or_default().into_iter().map(Input::Attempt));
        if inputs.is_empty() {
            inputs.push(Input::Tick);
        }
        self.step(at, inputs, watcher);
        self.send(at, watcher);
    }

    fn step(&mut self, at: Timestamp, inputs: Vec<Input>, watcher: &mut impl Watcher) {
        self.batch.at = at;
        self.batch.inputs = inputs;
        self.out.clear();
        step(&mut self.partition, &self.batch, &mut self.out);
        for obligation in self.out.obligations.drain(..) {
            self.open.insert(obligation.head.nid, obligation);
        }
        watcher.see(at, &self.out);
    }

    /// Starts everything that may be started, until nothing more is: failing at once may start the next channel.
    fn send(&mut self, at: Timestamp, watcher: &mut impl Watcher) {
        loop {
            let mut proposals = core::mem::take(&mut self.proposals);
            self.partition.proposals(wardline_core::limits::IN_FLIGHT_MAX, &mut proposals);
            let inputs: Vec<Input> =
                proposals.iter().map(|proposal| self.attempt(*proposal, Outcome::Started)).collect();
            if inputs.is_empty() {
                self.proposals = proposals;
                return;
            }
            self.step(at, inputs, watcher);
            let mut results = Vec::new();
            for proposal in &proposals {
                let Some(obligation) = self.open.remove(&proposal.nid) else { continue };
                match watcher.fate(&obligation, at) {
                    Fate::Delivered => results.push(self.attempt(*proposal, Outcome::Delivered)),
                    Fate::Fails(Span::ZERO) => results.push(self.attempt(*proposal, Outcome::FailedHard)),
                    Fate::Fails(after) => {
                        let failed = Attempt {
                            nid: proposal.nid,
                            number: proposal.number,
                            epoch: 1,
                            outcome: Outcome::FailedHard,
                        };
                        self.pending.entry(at.plus(after)).or_default().push(failed);
                    }
                }
            }
            self.proposals = proposals;
            if !results.is_empty() {
                self.step(at, results, watcher);
            }
        }
    }

    fn attempt(&self, proposal: Proposal, outcome: Outcome) -> Input {
        Input::Attempt(Attempt { nid: proposal.nid, number: proposal.number, epoch: 1, outcome })
    }
}
