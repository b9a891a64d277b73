//! Dispatcher: which notices are tried now, and which attempt may leave?
//!
//! ```text
//!  ready in the core ─ propose ─► Attempt(started) ─ log ─ step ─┬─ Go ──► Departure ──► sink ──► result, as an input
//!                                                               └─ none: an answer came first, the slot is free again
//! ```
//! The state machine sees proposals, batches that were stepped and nothing else; it has no time, no sockets and no
//! decision about retries. So the simulator drives it as the core thread does.
//!
//! - **How it fits**: the core thread calls it after each step; [`driver`] carries departures to sinks.
//! - INVARIANT: nothing departs whose `started` is not durable in this process's own epoch and taken by the core.
//! - LIMIT: `IN_FLIGHT_MAX`, `IN_FLIGHT_PER_CHANNEL_MAX` and their reserves for red in [`limits`](crate::limits).
//! - **Not here**: bundles of several notices in one message.
//! - **Source**: guarantees page, section 3.1.

pub mod driver;
pub mod listed;
pub mod message;
mod open;
pub mod sinks;

use std::collections::BTreeMap;

use wardline_core::{
    Input, Output, Proposal,
    ids::Nid,
    input::{Attempt, Outcome},
};
use wardline_rules::{program::Level, words::Channel};

use crate::limits::{
    IN_FLIGHT_MAX, IN_FLIGHT_PER_CHANNEL_MAX, IN_FLIGHT_PER_CHANNEL_RED_RESERVE, IN_FLIGHT_RED_RESERVE,
};

/// Attempts under way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dispatcher {
    epoch: u32,
    flights: BTreeMap<Nid, Flight>,
    is_holding: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Flight {
    number: u32,
    channel: Channel,
}

/// An attempt that may leave now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Departure {
    /// Which notice.
    pub nid: Nid,
    /// Which attempt, from 1.
    pub number: u32,
    /// Whether its text says that it may be a repeat.
    pub is_repeat: bool,
}

impl Dispatcher {
    /// With nothing under way, in this owner's epoch.
    #[must_use]
    pub const fn new(epoch: u32) -> Self {
        Self { epoch, flights: BTreeMap::new(), is_holding: false }
    }

    /// Proposes nothing from now on; what is under way ends.
    pub const fn hold(&mut self) {
        self.is_holding = true;
    }

    /// How many attempts are under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Starts as many of the ready notices as limits allow.
    ///
    /// - **Input** `ready`: most urgent first; those under way may be among them.
    /// - **Output**: `started` attempts to be logged, in the same order.
    pub fn propose(&mut self, ready: &[Proposal]) -> Vec<Attempt> {
        if self.is_holding {
            return Vec::new();
        }
        let mut started = Vec::new();
        for proposal in ready {
            if self.flights.contains_key(&proposal.nid) || !self.has_room(proposal) {
                continue;
            }
            let Proposal { nid, number, level: _, channel, created: _ } = *proposal;
            self.flights.insert(nid, Flight { number, channel });
            started.push(Attempt { nid, number, epoch: self.epoch, outcome: Outcome::Started });
        }
        started
    }

    /// Looks at a batch that was stepped: what may leave, and whose slot is free again.
    ///
    /// - **Output**: departures, in log order.
    pub fn observe(&mut self, inputs: &[Input], output: &Output) -> Vec<Departure> {
        let mut departures = Vec::new();
        let attempts = inputs.iter().filter_map(|input| match input {
            Input::Attempt(attempt) => Some(attempt),
            _ => None,
        });
        let epoch = self.epoch;
        for attempt in attempts.filter(|attempt| attempt.epoch == epoch) {
            match attempt.outcome {
                Outcome::Started => departures.extend(self.start(attempt, output)),
                Outcome::Delivered | Outcome::FailedSoft { .. } | Outcome::FailedHard | Outcome::Ambiguous { .. } => {
                    self.end(attempt);
                }
            }
        }
        departures
    }

    fn start(&mut self, attempt: &Attempt, output: &Output) -> Option<Departure> {
        let is_ours = self.flights.get(&attempt.nid).is_some_and(|flight| flight.number == attempt.number);
        let go = output.go.iter().find(|go| go.nid == attempt.nid && go.number == attempt.number);
        match go {
            Some(go) if is_ours => Some(Departure { nid: go.nid, number: go.number, is_repeat: go.is_repeat }),
            Some(_) => None,
            None => {
                self.end(attempt);
                None
            }
        }
    }

    fn end(&mut self, attempt: &Attempt) {
        if self.flights.get(&attempt.nid).is_some_and(|flight| flight.number == attempt.number) {
            self.flights.remove(&attempt.nid);
        }
    }

    fn has_room(&self, proposal: &Proposal) -> bool {
        let on_channel = self.flights.values().filter(|flight| flight.channel == proposal.channel).count();
        let (all, channel) = match proposal.level {
            Level::Red => (IN_FLIGHT_MAX, IN_FLIGHT_PER_CHANNEL_MAX),
            Level::Orange | Level::Yellow => {
                (IN_FLIGHT_MAX - IN_FLIGHT_RED_RESERVE, IN_FLIGHT_PER_CHANNEL_MAX - IN_FLIGHT_PER_CHANNEL_RED_RESERVE)
            }
        };
        self.flights.len() < all && on_channel < channel
    }
}

#[cfg(test)]
mod tests;
