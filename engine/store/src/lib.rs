//! Store: what happened, kept.
pub mod disk;
pub mod limits;
