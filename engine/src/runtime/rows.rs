//! Rows: to whom does the core thread hand what tables are made of?
//!
//! A sink of rows never makes the core wait: what it cannot take is lost to the tables until a restart derives it again
//! from the log, and then no checkpoint is written that would end before the loss.
//!
//! - **How it fits**: [`start`](super::start) may be given a sink; recovery hands over the rows of replayed batches, the
//!   core thread those of each turn.
//! - **Not here**: tables, files, followers.

use wardline_rules::{row::Row, time::Timestamp};

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
