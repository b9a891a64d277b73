//! Generate: x
