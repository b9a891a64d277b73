//! Benches: on what are the parts measured?
//!
//! The workload of the performance page, TATmark: reports of five events each under three rules. Made here once, so that
//! every benchmark measures the same lines, events and ward.
//!
//! - **Not here**: the measuring (`benches/`), whole-process runs (the load tool).

pub mod sweep;

use wardline_connectors::codec::{json::Decoder, profile::Profile, token::Tokeniser};
use wardline_core::{Batch, Input, Output, Partition, Settings, input::Activation, step};
use wardline_dsl::{check, source::Sources};
use wardline_loadtest::{
    generator::{Generator, Order},
    profile,
};
use wardline_rules::{
    Text,
    event::Event,
    program::Program,
    time::{Date, Timestamp},
};

/// Lines of so many TATmark reports, in order of arrival.
///
/// # Panics
/// If the built-in profile does not load: a mistake of ours.
#[must_use]
#[expect(clippy::expect_used, reason = "a bench that cannot make its workload has nothing to measure")]
pub fn lines(reports: u64) -> Vec<Vec<u8>> {
    let profile = profile::Profile::load("tatmark").expect("a built-in profile");
    let order = Order { reports_max: Some(reports), ..Order::default() };
    let start = 1_767_592_800_000_000;
    Generator::new(profile, 7, start, order).expect("a built-in profile").map(|event| event.line).collect()
}

/// The events of `lines`.
///
/// # Panics
/// If a generated line cannot be read: a mistake of ours.
#[must_use]
#[expect(clippy::expect_used, reason = "a bench that cannot make its workload has nothing to measure")]
pub fn events(lines: &[Vec<u8>]) -> Vec<Event> {
    let (profile, tokeniser) = (Profile::new(""), Tokeniser::new(&[0; 32]));
    let decoder = Decoder::new(&profile, &tokeniser);
    lines.iter().map(|line| decoder.line(line).expect("a generated line")).collect()
}

/// The three rules of TATmark.
///
/// # Panics
/// If the ward does not check: a mistake of ours.
#[must_use]
#[expect(clippy::expect_used, reason = "a bench that cannot make its workload has nothing to measure")]
pub fn ward() -> Program {
    let sources = Sources::of_text("tatmark.ward", wardline_reference::tatmark::WARD);
    check(&sources, Date::from_days(20_500)).program.expect("the ward of TATmark checks")
}

/// A partition with the three rules active.
#[must_use]
pub fn partition() -> Partition {
    partition_of(ward())
}

/// A partition with a program active.
#[must_use]
pub fn partition_of(program: Program) -> Partition {
    let mut partition = Partition::new(Settings::default());
    let activation = Activation { program, text: Vec::new(), author: Text::from("bench"), moved: false, site: None };
    let batch = Batch { at: Timestamp::MIN, inputs: vec![Input::Activate(Box::new(activation))] };
    step(&mut partition, &batch, &mut Output::default());
    partition
}

/// Each event as a batch of its own, at the time at which it occurred.
#[must_use]
pub fn batches(events: &[Event]) -> Vec<Batch> {
    let at = |event: &Event| event.occurred_at.map_or(Timestamp::MIN, |at| at.lo);
    events.iter().map(|event| Batch { at: at(event), inputs: vec![Input::Event(Box::new(event.clone()))] }).collect()
}

/// All of them when something is measured, the first `few` when it is only looked whether the bench runs (`cargo test`).
#[must_use]
pub fn measured<T>(all: &[T], few: usize) -> &[T] {
    let is_measured = std::env::args().any(|arg| arg == "--bench");
    if is_measured { all } else { all.get(..few).unwrap_or(all) }
}
