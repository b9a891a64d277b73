//! Tatmark: x
