//! Connectors: how do bytes of the outside become events, and events become bytes again?
//!
//! [`codec`] is pure: bytes in, events or a typed refusal out. The sockets, folders and brokers around it are adapters
//! and live beside it, one feature each.
//!
//! - **How it fits**: the engine's decode workers call a codec, put what comes out on the log and answer the sender
//!   only when it is on disk.
//! - **Not here**: judging a report (`wardline-core`), durability (`wardline-store`).

pub mod adapters;
pub mod codec;
pub mod codes;
pub mod limits;
