//! Wardline: how does the state machine meet the world?
//!
//! The shell around `wardline-core`: all waiting, sending and failing happens here, in one visible place.
//!
//! ```text
//!  http, sources ──► Engine ──► log thread ──► core thread ──► dispatcher ──► sinks
//!                     ▲  ack      fdatasync      step()            │
//!                     └───────────── results, as inputs ◄──────────┘
//! ```
//! - **How it fits**: `main.rs` hands the command line to [`cli`]; the demo and the tests start the same parts.
//! - **Not here**: decisions (`wardline-core`), rule text (`wardline-dsl`), bytes of feeds (`wardline-connectors`), disk
//!   formats (`wardline-store`).

#[cfg(feature = "sql")]
pub mod archive;
pub mod cli;
pub mod codes;
pub mod config;
pub mod demo;
pub mod dispatcher;
pub mod doctor;
pub mod drivers;
pub mod engine;
pub mod history;
pub mod http;
pub mod installation;
pub mod intake;
pub mod limits;
pub mod lsp;
mod markup;
pub mod metrics;
pub mod operations;
pub mod reload;
pub mod runtime;
pub mod said;
pub mod sources;
pub mod tasks;
pub mod tls;
pub mod ward;
