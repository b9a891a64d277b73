//! Syntax: what does each block say, clause by clause, with the place of every word?
//!
//! The tree is free of keyword text: `sla`, `when` and `is at least` are variants here, so that another spelling of them would
//! change nothing behind this module. A clause that cannot be read stays in the tree as [`ClauseBody::Unread`]: it is there,
//! nobody knows what it says, and no later check complains that it is missing.
//! - **How it fits**: [`tree`] reads one [`Layout`]; [`check`](crate) gives the tree its meaning.
//! - **Not here**: names (whether they exist), types, units: `check`. Wording of unreadable clauses: `expected`.

pub mod basic;
pub mod block;
pub mod calendar;
pub mod catalogue;
pub mod clause;
pub mod condition;
pub mod escalation;
pub(crate) mod expected;
pub mod moment;
pub mod notice;
pub mod people;
pub(crate) mod reading;
pub mod rule;
pub mod script;
mod shape;

pub use block::{Block, Detail, Tree};
pub use clause::{Clause, ClauseBody};

use crate::diagnostic::Diagnostic;
use crate::layout::Layout;

/// Reads the blocks of one file.
///
/// - **Output**: the tree, and WL0104 to WL0110, WL0205, WL0308 for what is wrong with single headers and clauses.
/// - **Errors**: none; what cannot be read is in the diagnostics. **Cost**: one parse per clause.
#[must_use]
pub fn tree(layout: &Layout) -> (Tree, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let blocks = layout.blocks.iter().filter_map(|raw| block::read(raw, &mut diagnostics)).collect();
    (Tree { blocks }, diagnostics)
}

#[cfg(test)]
mod tests;
