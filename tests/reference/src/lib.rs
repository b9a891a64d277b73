//! Reference: what should the engine have said, if speed did not matter?
//!
//! A second evaluation of the rules, written from the definitions by another author than the core's and different in
//! structure on purpose: a flat list of what was told, and everything recomputed from the start at every log time.
//! There is no timer wheel, memo, compiled program or state on disk; a due time is found by looking for it.
//!
//! - **How it fits**: a driver generates rules and events here, gives the [ward text](rule::Ward::ward_text) and the same
//!   events to the engine, turns what the engine says into [`Line`](evaluate::Line)s and asks [`compare::diff`].
//!   TATmark does the same with [`tatmark::ward`].
//! - LIMIT: quadratic in the facts of one report, and of one patient where a rule looks back.
//! - **Not here**: what spans reports, but for earlier results of a patient (counts, windows, limits, digests, mutes), failed deliveries, scripts,
//!   exceptions, working days, holds, identity conflicts, ward swaps.
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

mod calendar;
mod causes;
mod clock;
pub mod compare;
mod condition;
mod duty;
mod escalate;
pub mod evaluate;
pub mod generate;
mod history;
mod past;
pub mod rule;
pub mod tatmark;
mod text;
