//! Core: given everything that happened so far and this batch, what is now so, and what must be sent?
//!
//! One deterministic function, [`step`], over one owned state, [`Partition`]. Live operation, recovery, backtest, rule
//! tests, explanation and fault simulation are the same `step` under different drivers.
//!
//! ```text
//!  Batch { at, inputs } ──► timers due before at ─► inputs ─► timers due by at ──► Output
//!                             (due, id) order                   until none is left
//! ```
//! - **How it fits**: a driver reads the log, or a script, and calls `step`; what comes out it sends, writes or prints.
//! - **Not here**: clocks, disks, sockets, threads, text of wards, bytes of feeds.
#![deny(
    missing_docs,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::iter_over_hash_type,
    clippy::panic,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    reason = "pure: same inputs, same bytes out; no clock, no I/O, no panic on input"
)]

mod alerts;
pub mod checkpoint;
mod clocks;
mod departed;
mod dictionary;
pub mod disposition;
mod doubt;
mod escalation;
mod feeds;
mod identity;
pub mod ids;
pub mod input;
pub mod ledger;
pub mod limits;
mod moments;
mod mute;
mod outbox;
pub mod output;
mod partition;
mod past;
mod report;
pub mod rows;
mod scripts;
mod slab;
mod snug;
mod step;
pub mod timers;
mod tuple;
mod view;
pub mod views;
mod ward;
mod watch;
mod windows;
pub mod wire;

pub use clocks::ClockView;
pub use disposition::Disposition;
pub use input::{Batch, Input};
pub use ledger::Counters;
pub use outbox::Proposal;
pub use output::Output;
pub use partition::{Partition, Settings};
pub use step::{party_token, step};
pub use views::{AlertView, NoticeView, ReportView};
