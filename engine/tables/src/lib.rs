//! Tables: how are rows kept so that an analyst can ask for last year and the last second at once?
//!
//! ```text
//!  rows(epoch) ──► Builder ──freeze──► hot batches ──flush──► Parquet files + one manifest record
//!                                          └── frames ──► followers (`wardline-query`)
//! ```
//! Every row carries the epoch of the log batch that caused it. Files hold exactly the rows up to `covered`, hot batches
//! those after it; so a row is never in both and never in neither.
//!
//! - **How it fits**: the engine's archive thread owns an [`archive::Archive`]; followers read frames, manifest and files.
//! - **Not here**: which rows there are (`wardline-core`), SQL (`wardline-query`).
#![deny(missing_docs, reason = "two crates build on this one")]

pub mod archive;
pub mod builder;
pub mod file;
pub mod frame;
pub mod hot;
pub mod limits;
pub mod manifest;
pub mod place;
pub mod reference;
pub mod schema;
pub mod sketch;
mod slices;

pub use wardline_rules::{row, time};

#[cfg(test)]
mod tests;
