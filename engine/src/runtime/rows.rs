//! Rows: to whom does the core thread hand what tables are made of?
//!
//! A sink of rows never makes the core wait: what it cannot take is lost to the tables until a restart derives it again
//! from the log, and then no checkpoint is written that would end before the loss.
//!
//! - **How it fits**: [`start`](super::start) may be given a sink; recovery hands over the rows of replayed batches, the
//!   core thread those of each turn.
//! - **Not here**: tables, files, followers.

use wardline_core::input::{Batch, FeedState, Input};
use wardline_rules::{Text, row::Row, time::Timestamp};

/// The rows of one batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Sequence of the log record that holds the batch.
    pub epoch: u64,
    /// Its log time.
    pub at: Timestamp,
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// The ward that decides after it.
    pub ward: Option<[u8; 32]>,
    /// Its text as it is packed, if the batch activated it.
    pub text: Option<Vec<u8>>,
    /// The feeds that were heard in it, and whether they are lost since.
    pub heard: Vec<(Text, bool)>,
}

/// The feeds that a batch heard of, in order: one that sent something is not lost.
pub(super) fn heard(batch: &Batch) -> Vec<(Text, bool)> {
    let mut heard: Vec<(Text, bool)> = Vec::new();
    for input in &batch.inputs {
        let (feed, is_lost) = match input {
            Input::Event(event) => (&event.source, false),
            Input::Feed(status) => (&status.feed, status.state == FeedState::Lost),
            Input::Attempt(_) | Input::Activate(_) | Input::Silence(_) | Input::Lift(_) | Input::Tick => continue,
        };
        match heard.iter_mut().find(|(known, _)| known == feed) {
            Some(known) => known.1 = is_lost,
            None => heard.push((feed.clone(), is_lost)),
        }
    }
    heard
}

/// The text of the ward that a batch activates last.
pub(super) fn activated(batch: &Batch) -> Option<Vec<u8>> {
    batch.inputs.iter().rev().find_map(|input| match input {
        Input::Activate(activation) => Some(activation.text.clone()),
        _ => None,
    })
}

/// Takes rows.
pub trait RowSink: Send + core::fmt::Debug {
    /// Recovery begins after this record; rows of earlier ones will not come.
    fn begin(&mut self, after: u64, at: Timestamp);

    /// Rows of a batch that is replayed; may wait.
    fn replayed(&mut self, taken: Taken);

    /// Rows of a batch that was just stepped; never waits.
    fn take(&mut self, taken: Taken);
}

/// Says whether rows are safe.
pub trait Covers: Send + core::fmt::Debug {
    /// Whether all rows up to this record are on disk; waits until they are, or until it is known that they will not be.
    fn covers(&self, epoch: u64) -> bool;
}

/// Both ends of an archive.
#[derive(Debug)]
pub struct Archiving {
    /// Takes rows.
    pub sink: Box<dyn RowSink>,
    /// Says whether they are safe.
    pub covers: Box<dyn Covers>,
}
