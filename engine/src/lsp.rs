//! Language server: how does an editor ask about a ward while it is typed?
//!
//! ```text
//!  editor ◄─ stdin, stdout ─► server ─► workspace ─► the open texts over the files of their ward
//!                               │                         └─► dsl: check, format, assist
//!                               └── one checker beside the requests: it takes the newest texts and publishes what it found
//! ```
//! Requests are answered in their order and never wait for a check. While somebody types faster than a ward is checked, the
//! texts in between are skipped.
//! - **How it fits**: `wardline lsp` runs [`serve`].
//! - LIMIT: the texts of a ward are bounded by the language; `OFFERS_MAX` completions.
//! - **Not here**: what is wrong, offered or meant at a place (`wardline-dsl`).

mod server;
mod shapes;
mod workspace;

pub use server::{Goodbye, serve};
