//! Runtime: which threads make the state machine a running engine, and in which order does anything count?
//!
//! ```text
//!  inbox ──► log thread: close batch ─► append ─► fdatasync ─► receipts ─┐
//!    ▲                                                                   ▼ at most 16 batches
//!    │                 core thread: step ─► dispatcher ─► attempts ──► sinks (tokio)
//!    └── started, results ◄──────────────────┘ ◄──────────────────────────┘
//! ```
//! - INVARIANT: the core sees only durable batches, in log order; a sink sees only what the core said after that.
//! - **How it fits**: `wardline run`, the demo and the tests start one and talk to its [`Engine`](crate::engine::Engine).
//! - **Not here**: HTTP, configuration files.

pub mod admission;
pub mod anchor;
pub mod clock;
pub(crate) mod inbox;
pub mod kernel;
pub mod window;
