//! State: how long does a checkpoint hold the core up, and how long does recovery take, with a million open reports?
//!
//! ```text
//!  cargo bench -p wardline-benches --bench state -- 1000000
//! ```
//! Reports of TATmark, none of them finished, under its three rules; what it prints are P17 and P8 of the targets without
//! disk. Not a criterion benchmark: one run takes gigabytes and a minute, and says all there is.
//!
//! - **Not here**: writing and reading the file, replaying the log behind it.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use wardline_benches::{partition, ward};
use wardline_connectors::codec::{json::Decoder, profile::Profile, token::Tokeniser};
use wardline_core::{Batch, Input, Output, Partition, step};
use wardline_loadtest::{
    generator::{Generator, Order},
    profile,
};
use wardline_rules::{event::Fact, time::Timestamp, words::Step};

/// Inputs of one batch.
const BATCH: usize = 1_000;

/// How many reports the command line asks for.
fn reports() -> u64 {
    std::env::args().find_map(|word| word.parse().ok()).unwrap_or(100_000)
}

/// Lets the core hear of so many reports and of no result; the longest step is returned.
#[expect(clippy::expect_used, reason = "a bench that cannot make its workload has nothing to measure")]
fn hear(partition: &mut Partition, reports: u64) -> Duration {
    let (open, tokeniser) = (Profile::new(""), Tokeniser::new(&[0; 32]));
    let decoder = Decoder::new(&open, &tokeniser);
    let order = Order { reports_max: Some(reports), ..Order::default() };
    let profile = profile::Profile::load("tatmark").expect("a built-in profile");
    let lines = Generator::new(profile, 7, 1_767_592_800_000_000, order).expect("a built-in profile");
    let events = lines.filter_map(|line| decoder.line(&line.line).ok());
    let early = events.filter(|event| matches!(event.fact, Fact::Step(step) if is_early(step)));
    let (mut out, mut inputs, mut longest) = (Output::default(), Vec::with_capacity(BATCH), Duration::ZERO);
    for event in early {
        let at = event.occurred_at.map_or(Timestamp::MIN, |at| at.lo);
        inputs.push(Input::Event(Box::new(event)));
        if inputs.len() == BATCH {
            let batch = Batch { at, inputs: core::mem::take(&mut inputs) };
            out.clear();
            let begun = Instant::now();
            step(partition, &batch, &mut out);
            longest = longest.max(begun.elapsed());
        }
    }
    longest
}

fn is_early(step: Step) -> bool {
    matches!(
        step,
        Step::Ordered | Step::Accepted | Step::Collected | Step::InTransit | Step::Received | Step::InProcess
    )
}

#[expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "figures are what this is for; without a state there are none"
)]
fn main() {
    let mut partition = partition();
    let begun = Instant::now();
    let longest = hear(&mut partition, reports());
    let gauges = partition.gauges();
    println!("{} reports, {} open, {} clocks running", gauges.reports, gauges.open_reports, gauges.running_clocks);
    println!("heard in {:.1?}, longest batch of {BATCH} inputs {longest:.1?}", begun.elapsed());

    let begun = Instant::now();
    let frozen = partition.freeze();
    println!("frozen in {:.1?}: as long as a batch waits for a checkpoint", begun.elapsed());
    let begun = Instant::now();
    let later = hear(&mut partition, 2_000);
    println!("meanwhile {:.1?} for the events of 2000 reports, longest batch {later:.1?}", begun.elapsed());
    let begun = Instant::now();
    let sections: Vec<_> = frozen.into_sections().collect();
    let bytes: usize = sections.iter().map(|(_, bytes)| bytes.len()).sum();
    println!("encoded on another thread: {} MB in {:.1?}", bytes / 1_000_000, begun.elapsed());

    let read: Vec<(&str, &[u8])> = sections.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    let begun = Instant::now();
    let restored = Partition::restore(&read, &mut |_| Some(ward()));
    println!("restored in {:.1?}", begun.elapsed());
    black_box(restored.expect("what was written can be read"));
}
