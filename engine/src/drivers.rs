//! Drivers: who calls `step` when there is no log and no wall clock?
//!
//! The driver of scripted tests ([`script`], [`coverage`]) and that of backtests ([`replay`]). Both let time pass by ticks at due times, put
//! all inputs of one log time into one batch, and let every send be delivered in the same instant unless told otherwise.
//!
//! - **Not here**: the live driver ([`crate::runtime`]).

pub mod coverage;
pub mod difference;
pub mod replay;
pub mod script;
pub mod world;
