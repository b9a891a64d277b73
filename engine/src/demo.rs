//! Demo: what belongs to the synthetic hospital alone?
//!
//! - **How it fits**: `wardline demo` starts an engine whose every channel ends in the phone of [`page`].
//! - **Not here**: events (`wardline-loadtest`), the command line ([`cli`](crate::cli)).

pub mod hospital;
pub mod page;
pub mod screen;
