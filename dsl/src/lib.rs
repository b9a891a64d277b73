//! The ward language: what does this text say, and is it safe to run?
//!
//! ```text
//!  text ─► layout ─► blocks, clauses ─► grammar ─► syntax tree ─► check ─► Program, tests
//!            └──────────────┴───────────────┴────────────┴─► diagnostics, each with the corrected line
//! ```
//! Every stage goes on after an error: an unreadable clause costs one diagnostic and hides nothing.
//! - **How it fits**: the shell hands in the files of a ward as text ([`Sources`](source::Sources)) and gets a [`Checked`] back; the program then
//!   runs in `wardline-core`, the tests in the engine's test driver.
//! - **Not here**: reading files, the wall clock (the check date is an argument), running a program.
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

pub mod assist;
pub mod check;
pub mod codes;
pub mod diagnostic;
pub mod format;
mod grammar;
pub mod layout;
pub mod limits;
pub mod prose;
pub mod script;
pub mod source;
mod suggest;
pub mod syntax;
pub mod vocabulary;

pub use check::{Checked, check};
pub use vocabulary::BlockKind;
