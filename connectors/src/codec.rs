//! Codec: what does a message say, in the one form that everything else understands?
//!
//! ```text
//!  bytes ──► json · hl7 · fhir ──► Event, with notes on what was wrong  ──► log
//!                             └──► Unreadable: code, place, size, hash ──► dead letter
//! ```
//! Every codec is total: whatever the bytes, something comes out and nothing panics. Raw identifiers are exchanged for
//! tokens on the way ([`token`]), narrative is left behind.
//!
//! - **How it fits**: decode workers hold a [`Profile`](profile::Profile) and a [`Tokeniser`](token::Tokeniser) per
//!   feed; [`settle`] adds what only the arrival can say.
//! - LIMIT: [`limits`](crate::limits) and `wardline_rules::limits`.
//! - **Not here**: sockets, files, waiting, reading the time.
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

mod age;
#[cfg(feature = "arrow")]
pub mod arrow;
mod clean;
pub mod cloudevents;
pub mod digest;
pub mod fhir;
pub mod hl7;
pub mod json;
mod notes;
pub mod profile;
pub mod settle;
pub mod time;
pub mod token;
mod unreadable;

pub use unreadable::Unreadable;
