//! State: which situations of a report may a ward speak of?
//!
//! A state lasts from its step until a step of higher rank, or an end, is reached. No word is both a step and a state.
//!
//! - **Source**: language page, section 4.1.

use super::words;

words! {
    /// A situation; the text is the ward's word.
    pub enum State {
        Ordered = "ordered", Queued = "queued", Booked = "booked", AwaitingExam = "awaiting exam",
        AwaitingTransport = "awaiting transport", UnderWay = "under way", InTransit = "in transit",
        AwaitingAnalysis = "awaiting analysis", Unread = "unread", InProcess = "in process",
        Incomplete = "incomplete", Preliminary = "preliminary", Final = "final", Revised = "revised",
        AwaitingReview = "awaiting review", Read = "read", Called = "called", OnThePortal = "on the portal",
        AwaitingThePatient = "awaiting the patient", SeenByThePatient = "seen by the patient",
        Discontinued = "discontinued", Void = "void", AwaitingRecollection = "awaiting recollection",
    }
}

/// A set of states.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StateSet(u32);

impl StateSet {
    /// No state.
    pub const NONE: Self = Self(0);

    /// The set of one.
    #[must_use]
    pub const fn of(state: State) -> Self {
        Self(1 << state.index())
    }

    /// `open`: from the first evidence until a step of rank 70 or more, or an end [CAT-4].
    #[must_use]
    pub fn open() -> Self {
        let below_final = State::ALL.iter().filter(|state| **state < State::Final);
        below_final.fold(Self::of(State::AwaitingRecollection), |set, state| set.or(Self::of(*state)))
    }

    /// The states a ward's word means; `None` if it means none.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        if word == "open" { Some(Self::open()) } else { State::parse(word).map(Self::of) }
    }

    /// Whether `state` is in it.
    #[must_use]
    pub const fn has(self, state: State) -> bool {
        self.0 & (1 << state.index()) != 0
    }

    /// The states of either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its states in order.
    pub fn iter(self) -> impl Iterator<Item = State> {
        State::ALL.iter().copied().filter(move |state| self.has(*state))
    }
}

impl core::fmt::Debug for StateSet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_ends_at_the_final() {
        // [CAT-4]
        let open = StateSet::from_word("open").unwrap();
        assert!(open.has(State::Ordered) && open.has(State::Preliminary) && open.has(State::AwaitingRecollection));
        assert!(!open.has(State::Final) && !open.has(State::Discontinued) && !open.has(State::Read));
    }
}
