//! Core: does the state machine do what the language page says, in every order, and the same after every restart?

mod checkpoint;
mod clocks;
mod driver;
mod escalation;
mod order;
mod said;
mod views;
mod ward;
