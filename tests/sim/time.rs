//! Time: what do the machine's clocks say while the simulator owns the time?
//!
//! True time passes by the agenda; the wall may lie about it, and the boot clock begins again when the power was off.

use std::sync::{Mutex, PoisonError};

use wardline::runtime::clock::{Reading, WallClock};
use wardline_rules::time::{Span, Timestamp};

#[derive(Clone, Copy, Debug)]
struct State {
    now: Timestamp,
    booted: Timestamp,
    /// Wall minus true time.
    wrong: Span,
    is_synchronised: bool,
}

/// Clocks that stand until they are moved.
#[derive(Debug)]
pub(crate) struct SimClock {
    state: Mutex<State>,
    pace: u32,
}

impl SimClock {
    pub(crate) fn new(now: Timestamp, pace: u32) -> Self {
        Self { state: Mutex::new(State { now, booted: now, wrong: Span::ZERO, is_synchronised: true }), pace }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn pass_to(&self, now: Timestamp) {
        self.change(|state| state.now = state.now.max(now));
    }

    /// The machine was off.
    pub(crate) fn boot(&self) {
        self.change(|state| state.booted = state.now);
    }

    /// The wall is wrong by so much from now on.
    pub(crate) fn set_wrong(&self, wrong: Span, is_synchronised: bool) {
        self.change(|state| (state.wrong, state.is_synchronised) = (wrong, is_synchronised));
    }
}

impl WallClock for SimClock {
    fn read(&self) -> Reading {
        let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Reading {
            wall: state.now.plus(state.wrong),
            boot: state.now.since(state.booted),
            is_synchronised: state.is_synchronised,
        }
    }

    fn pace(&self) -> u32 {
        self.pace
    }
}
