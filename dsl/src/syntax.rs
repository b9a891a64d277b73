//! Syntax
