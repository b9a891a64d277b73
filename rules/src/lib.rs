//! Rules: what is a report, what may be said about it, and what does a ward demand?
//!
//! The vocabulary that every other crate shares: time, the canonical event, the life of a report, the checked
//! [`Program`](program::Program) that a ward compiles to, and its evaluation. Pure: same inputs, same bytes out.
//!
//! - **How it fits**: `wardline-dsl` makes a `Program` from text, `wardline-core` runs it, connectors make events.
//! - **Not here**: reading text or bytes, keeping state, waiting, sending.
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

pub mod calendar;
pub mod decimal;
pub mod evaluate;
pub mod event;
pub mod limits;
pub mod map;
pub mod program;
pub mod quality;
pub mod roster;
pub mod row;
pub mod script;
pub mod settings;
pub mod time;
pub mod token;
pub mod unit;
pub mod words;

/// A short text: up to 24 bytes live inside it, so most codes and names need no allocation.
pub type Text = compact_str::CompactString;
