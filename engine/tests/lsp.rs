//! Lsp: does an editor that speaks to `wardline lsp` over stdio get what it asks for?
//!
//! - **Not here**: what there is to show at a place (`dsl/src/assist`).

#[cfg(test)]
#[path = "lsp/session.rs"]
mod session;
