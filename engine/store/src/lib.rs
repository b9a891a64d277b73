//! Store: what happened, kept so that it can be trusted later.
//!
//! ```text
//!  disk         every call on files, behind one trait: the machine's, or a simulated one that fails on purpose
//!  instance     whose data directory this is, and who owns it now
//!  log          numbered, chained records in segments: append, flush, read, recover, cut
//!  checkpoint   the state at one position, in named sections
//!  dead         bytes nobody could read, kept when the log is cut
//!  verify       is everything what was written?   backup   a copy, made beside a running engine
//!  store        the front door: takes over a directory and gives checkpoint, records and writer
//! ```
//! What an acknowledgement promises is kept here: a record that a completed flush reached is found again after any crash,
//! byte for byte, or the store refuses to open and names what is damaged.
//! - **How it fits**: the shell opens a [`Store`], the core replays what it gives, the log thread appends and flushes.
//! - INVARIANT: payloads are opaque. Nothing here reads a message, a rule or a clock; log time comes with each record.
//! - **Not here**: network, threads, time, randomness, and what any payload means.

pub mod backup;
pub mod checkpoint;
pub mod codes;
pub mod crash_note;
pub mod dead;
pub mod disk;
mod fields;
pub mod finding;
pub mod instance;
pub mod limits;
pub mod log;
pub mod record;
pub mod repair;
pub mod segment;
pub mod sent;
pub mod store;
pub mod verify;

pub use store::{Opened, Options, Store};
