//! Inbox: what waits for the log, and in which order is it taken?
//!
//! Senders push from any task and wait for their receipt; one thread takes, lane by lane, and sleeps here when there is
//! nothing to do. A parcel is never split, so the order inside one request stays.
//!
//! - **How it fits**: [`Engine`](crate::engine::Engine) pushes, the log thread takes.
//! - LIMIT: those of [`admission`](super::admission).
//! - **Not here**: when a batch closes ([`window`](super::window)).

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;
use wardline_rules::{Text, time::Span};

use super::{
    admission::{Admission, Lane, Refusal},
    window::Filling,
};
use crate::{
    engine::{Outcome, Parcel, Receipt},
    limits::{COMMIT_BYTES, COMMIT_INPUTS_MAX},
};

/// Something that waits.
#[derive(Debug)]
pub(crate) enum Waiting {
    /// Inputs of the core.
    Parcel { parcel: Parcel, durable: oneshot::Sender<Result<Receipt, Refusal>>, stepped: oneshot::Sender<Outcome> },
    /// A record of the shell's own.
    Access { record: Vec<u8>, durable: oneshot::Sender<Receipt> },
}

impl Waiting {
    fn bytes(&self) -> usize {
        match self {
            Self::Parcel { parcel, .. } => parcel.bytes,
            Self::Access { record, .. } => record.len(),
        }
    }

    fn feed(&self) -> &Text {
        match self {
            Self::Parcel { parcel, .. } => &parcel.feed,
            Self::Access { .. } => const { &Text::const_new("") },
        }
    }

    const fn inputs(&self) -> usize {
        match self {
            Self::Parcel { parcel, .. } => parcel.inputs.len(),
            Self::Access { .. } => 1,
        }
    }

    const fn is_urgent(&self) -> bool {
        match self {
            Self::Parcel { parcel, .. } => parcel.is_urgent,
            // A person looks at a screen that stays empty until it is written.
            Self::Access { .. } => true,
        }
    }
}

/// What comes back about a parcel: that it is durable, then what the core made of it.
pub(crate) type Promise = (oneshot::Receiver<Result<Receipt, Refusal>>, oneshot::Receiver<Outcome>);

/// The queues before the log.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct State {
    admission: Admission,
    lanes: [VecDeque<Waiting>; 4],
    filling: Filling,
    /// A call to wake without anything having come.
    is_woken: bool,
}

impl Inbox {
    /// Takes a parcel in, or gives it back.
    pub(crate) fn push_parcel(&self, lane: Lane, parcel: Parcel) -> Result<Promise, (Refusal, Parcel)> {
        let mut state = self.lock();
        if let Err(refusal) = state.admission.admit(lane, &parcel.feed, parcel.bytes) {
            return Err((refusal, parcel));
        }
        let (durable, receipt) = oneshot::channel();
        let (stepped, outcome) = oneshot::channel();
        self.enter(state, lane, Waiting::Parcel { parcel, durable, stepped });
        Ok((receipt, outcome))
    }

    /// Takes an access record in.
    pub(crate) fn push_access(&self, record: Vec<u8>) -> Result<oneshot::Receiver<Receipt>, Refusal> {
        let (durable, receipt) = oneshot::channel();
        self.push(Lane::Control, Waiting::Access { record, durable })?;
        Ok(receipt)
    }

    fn push(&self, lane: Lane, waiting: Waiting) -> Result<(), Refusal> {
        let mut state = self.lock();
        state.admission.admit(lane, waiting.feed(), waiting.bytes())?;
        self.enter(state, lane, waiting);
        Ok(())
    }

    fn enter(&self, mut state: MutexGuard<'_, State>, lane: Lane, waiting: Waiting) {
        state.filling.inputs += waiting.inputs();
        state.filling.bytes += waiting.bytes();
        state.filling.is_urgent |= waiting.is_urgent();
        state.lanes[lane_index(lane)].push_back(waiting);
        drop(state);
        self.arrived.notify_one();
    }

    /// What waits; `first` is set the first time that something is seen.
    pub(crate) fn filling(&self, boot: Span) -> Filling {
        let mut state = self.lock();
        if state.filling.inputs > 0 && state.filling.first.is_none() {
            state.filling.first = Some(boot);
        }
        state.filling
    }

    /// Sleeps until something new comes, a wake is called, or the time is over.
    pub(crate) fn wait(&self, longest: Duration, seen: Filling) {
        let state = self.lock();
        let is_news = |state: &mut State| state.filling.inputs == seen.inputs && !state.is_woken;
        let waited = self.arrived.wait_timeout_while(state, longest, is_news);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.is_woken = false;
    }

    /// Ends a [`wait`](Self::wait): the core has a new due time.
    pub(crate) fn wake(&self) {
        self.lock().is_woken = true;
        self.arrived.notify_one();
    }

    /// Takes what fits into one batch, control first.
    pub(crate) fn take(&self) -> Vec<Waiting> {
        let mut state = self.lock();
        let (mut taken, mut bytes, mut inputs) = (Vec::new(), 0, 0);
        while bytes < COMMIT_BYTES && inputs < COMMIT_INPUTS_MAX {
            let Some(waiting) = state.lanes.iter_mut().find_map(VecDeque::pop_front) else { break };
            bytes += waiting.bytes();
            inputs += waiting.inputs();
            taken.push(waiting);
        }
        state.filling = recount(&state.lanes);
        taken
    }

    /// Takes note that something taken is now the log's.
    pub(crate) fn release(&self, waiting: &Waiting) {
        self.lock().admission.release(waiting.feed(), waiting.bytes());
    }

    /// Takes note whether the volume is full.
    pub(crate) fn set_full(&self, is_full: bool) {
        self.lock().admission.set_full(is_full);
    }

    /// Takes control alone until [`begin`](Self::begin).
    pub(crate) fn hold(&self) {
        self.lock().admission.wait();
    }

    /// Takes messages from now on.
    pub(crate) fn begin(&self) {
        self.lock().admission.begin();
    }

    /// Takes control alone from now on.
    pub(crate) fn drain(&self) {
        self.lock().admission.drain();
        self.wake();
    }

    /// Takes nothing from now on; what waits may still be taken out.
    pub(crate) fn close(&self) {
        self.lock().admission.close();
        self.wake();
    }

    /// Drops all that waits: their senders learn that the engine is closed.
    pub(crate) fn refuse_all(&self) {
        let mut state = self.lock();
        state.admission.close();
        state.lanes.iter_mut().for_each(VecDeque::clear);
        state.filling = Filling::default();
    }

    /// How full the budget is, in percent.
    pub(crate) fn percent(&self) -> usize {
        self.lock().admission.percent()
    }

    /// No code panics while it holds the lock, so a poisoned one is as good as a sound one.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn lane_index(lane: Lane) -> usize {
    match lane {
        Lane::Control => 0,
        Lane::Critical => 1,
        Lane::Routine => 2,
        Lane::Bulk => 3,
    }
}

/// What is left after a take; its window has begun long ago, so the next batch closes at once.
fn recount(lanes: &[VecDeque<Waiting>; 4]) -> Filling {
    let mut filling = Filling::default();
    for waiting in lanes.iter().flatten() {
        filling.inputs += waiting.inputs();
        filling.bytes += waiting.bytes();
        filling.is_urgent |= waiting.is_urgent();
    }
    filling.first = (filling.inputs > 0).then_some(Span::ZERO);
    filling
}

#[cfg(test)]
mod tests {
    use wardline_core::Input;

    use super::*;

    fn parcel(feed: &str, inputs: usize) -> Parcel {
        Parcel { inputs: vec![Input::Tick; inputs], feed: Text::from(feed), bytes: inputs * 100, ..Parcel::default() }
    }

    fn feeds(taken: &[Waiting]) -> Vec<&str> {
        taken.iter().map(|waiting| waiting.feed().as_str()).collect()
    }

    #[test]
    fn control_is_taken_first_and_a_lane_keeps_its_order() {
        let inbox = Inbox::default();
        for (lane, feed) in [
            (Lane::Routine, "a"),
            (Lane::Bulk, "old"),
            (Lane::Routine, "b"),
            (Lane::Critical, "stat"),
            (Lane::Control, ""),
        ] {
            inbox.push_parcel(lane, parcel(feed, 1)).unwrap();
        }
        assert_eq!(feeds(&inbox.take()), ["", "stat", "a", "b", "old"]);
        assert_eq!(inbox.filling(Span::ZERO), Filling::default());
    }

    #[test]
    fn what_does_not_fit_into_one_batch_stays() {
        let inbox = Inbox::default();
        for feed in ["a", "b", "c"] {
            inbox.push_parcel(Lane::Routine, Parcel { bytes: COMMIT_BYTES, ..parcel(feed, 1) }).unwrap();
        }
        assert_eq!(feeds(&inbox.take()), ["a"]);
        let left = inbox.filling(Span::from_seconds(5));
        assert_eq!((left.inputs, left.first), (2, Some(Span::ZERO)));
    }

    #[test]
    fn a_refused_sender_hears_of_it() {
        let inbox = Inbox::default();
        let (receipt, _) = inbox.push_parcel(Lane::Routine, parcel("a", 1)).unwrap();
        inbox.refuse_all();
        assert!(receipt.blocking_recv().is_err());
        let refused = inbox.push_parcel(Lane::Control, parcel("", 1));
        assert!(matches!(refused, Err((Refusal::Closed, Parcel { inputs, .. })) if inputs.len() == 1));
    }
}
