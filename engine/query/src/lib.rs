//! Query: how does an analyst ask, without ever reaching the engine?
//!
//! ```text
//!  query.sock ─► follower ─► Snapshot ─┐
//!  manifest, Parquet ─────────────────┴─► statement: guard ─► plan ─► stream ─┬─► HTTP
//!                                                                             └─► Postgres wire
//! ```
//! Every statement reads one snapshot: the rows with epoch ≤ e of all tables at once. It runs in a process of its own that
//! may die without the engine noticing more than a log line.
//!
//! - **How it fits**: the verb `query` of the program calls [`process::run`].
//! - **Not here**: which rows there are, what a table is (`wardline-tables`).

pub mod access;
pub mod alive;
mod audit;
mod catalog;
mod clients;
pub mod codes;
pub mod error;
pub mod figures;
pub mod follower;
pub mod functions;
mod guard;
pub mod http;
pub mod limits;
mod nested;
mod parts;
pub mod pg;
pub mod process;
mod render;
pub mod session;
pub mod snapshot;
mod source;
pub mod times;
pub mod views;

#[cfg(test)]
mod tests;
