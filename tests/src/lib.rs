//! Shared ground of the tests: what does this repository hold?
//!
//! The tidy and status tests judge the repository as a whole: its files, its Rust code, its pages. This library reads them once and answers in plain values, so that each check is a function from text to findings that can be tried on a made-up text.
//! - **How it fits**: `tests/tidy.rs` and `tests/status.rs` call it; it calls the file system and a Rust tokeniser.
//! - **Not here**: what is right or wrong (each check says that), running wards (`wardline-dsl`), the slow twin of the core (`wardline-reference`).

pub mod citation;
pub mod repository;
pub mod rust;
