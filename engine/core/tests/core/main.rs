//! Core: does the state machine do what the language page says, in every order, and the same after every restart?

#[cfg(test)]
mod allocations;
#[cfg(test)]
mod checkpoint;
#[cfg(test)]
mod clocks;
#[cfg(test)]
mod doubt;
#[cfg(test)]
mod driver;
#[cfg(test)]
mod escalation;
#[cfg(test)]
mod feeds;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod loading;
#[cfg(test)]
mod mute;
#[cfg(test)]
mod order;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod past;
#[cfg(test)]
mod people;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod said;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod slices;
#[cfg(test)]
mod time;
#[cfg(test)]
mod views;
#[cfg(test)]
mod ward;
