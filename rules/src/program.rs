//! Program: what does a checked ward demand?
