//! Connectors: how do bytes of the outside become events, and events become bytes again?

pub mod adapters;
