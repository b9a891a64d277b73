//! Simulator: does a whole engine keep its promises while disk, clocks, senders and receivers fail?
//!
//! ```text
//!  seed ─► plan ─► clients ─► codecs ─► admission ─► log ─► core ─► dispatcher ─► receivers
//!                     │  ledger of what was acknowledged             what was told, how often, marked or not  │
//!                     └──────────── outside: the log read again, a state of its own ──────────────────────────┘
//! ```
//! One thread, one seed: the shipped parts moved by hand on a simulated disk and simulated clocks. First faults, then
//! none, when all must settle. A failure prints the property, the end of the trace and `just sim-seed 0x…`.
//!
//! - **How it fits**: `tests/seeds/sim.txt` holds the seeds that once failed; they run first. `SIM_SEED` runs one,
//!   `SIM_COUNT` so many from `SIM_FROM` on, `SIM_FOR` as many as fit into `90s`, `5m` or `8h`.
//! - **Not here**: real processes and real disks (`tests/e2e`), what spans reports and is not built yet.

#[path = "sim/clients.rs"]
mod clients;
#[path = "sim/converge.rs"]
mod converge;
#[path = "sim/damage.rs"]
mod damage;
#[cfg(test)]
#[path = "sim/day.rs"]
mod day;
#[path = "sim/ledger.rs"]
mod ledger;
#[path = "sim/node.rs"]
mod node;
#[path = "sim/outside.rs"]
mod outside;
#[path = "sim/plan.rs"]
mod plan;
#[path = "sim/receivers.rs"]
mod receivers;
#[path = "sim/run.rs"]
mod run;
#[path = "sim/stops.rs"]
mod stops;
#[path = "sim/time.rs"]
mod time;
#[path = "sim/trace.rs"]
mod trace;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use run::Run;
use trace::Tally;

/// Seeds that failed once, newest last.
const FOUND: &str = include_str!("seeds/sim.txt");
/// Seeds of an ordinary run.
const COUNT: u64 = 12;
/// Of so many seeds, one is run twice.
const TWICE_EVERY: usize = 10;

/// Runs one seed; what it counted and the hash of its trace, or all there is to say about its failure.
fn run_seed(seed: u64) -> Result<(Tally, String), String> {
    let mut run = Run::new(seed);
    let whole = catch_unwind(AssertUnwindSafe(|| run.whole()));
    let said = match whole {
        Ok(Ok(())) => return Ok((run.tally, run.trace.hash())),
        Ok(Err(broken)) => format!("{} does not hold: {}", broken.property, broken.said),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            format!("panic: {}", text.unwrap_or("without words"))
        }
    };
    Err(format!(
        "{said}\n  plan {:?}\n  the end of the trace:\n{}  replay: just sim-seed {seed:#x}",
        run.plan,
        run.trace.tail()
    ))
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    match text.strip_prefix("0x") {
        Some(hexadecimal) => u64::from_str_radix(hexadecimal, 16).ok(),
        None => text.parse().ok(),
    }
}

fn found_seeds() -> Vec<u64> {
    let lines = FOUND.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| u64::from_str_radix(line.split_whitespace().next()?.strip_prefix("0x")?, 16).ok()).collect()
}

#[expect(clippy::print_stdout, reason = "what was covered is the result of this run")]
fn report(title: &str, tally: &Tally) {
    println!("{title}\n{}", tally.text());
}

#[test]
fn found_seeds_hold() {
    let failed: Vec<String> = found_seeds().into_iter().filter_map(|seed| run_seed(seed).err()).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// When no further seed is begun: by `SIM_FOR`, or after the last.
fn deadline() -> Option<Instant> {
    let text = std::env::var("SIM_FOR").ok()?;
    let (number, unit) = text.split_at(text.len().checked_sub(1)?);
    let seconds = match unit {
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return None,
    };
    Some(Instant::now() + Duration::from_secs(number.parse::<u64>().ok()? * seconds))
}

fn seeds() -> Box<dyn Iterator<Item = u64>> {
    if let Some(seed) = number("SIM_SEED") {
        return Box::new(std::iter::once(seed));
    }
    let from = number("SIM_FROM").unwrap_or(0);
    match deadline() {
        Some(end) => Box::new((from..).take_while(move |_| Instant::now() < end)),
        None => Box::new(from..from + number("SIM_COUNT").unwrap_or(COUNT)),
    }
}

#[test]
fn every_property_holds_in_every_seed() {
    let mut tally = Tally::default();
    let mut run: Vec<u64> = Vec::new();
    for seed in seeds() {
        let (counted, hash) = run_seed(seed).unwrap_or_else(|said| panic!("{said}"));
        tally.merge(&counted);
        if run.len().is_multiple_of(TWICE_EVERY) {
            let again = run_seed(seed).map(|(_, hash)| hash);
            assert_eq!(again.as_ref(), Ok(&hash), "seed {seed:#x} went another way the second time");
            tally.count("seeds run twice with equal traces");
        }
        run.push(seed);
    }
    report(&format!("{} seeds from {:#x}", run.len(), run.first().copied().unwrap_or(0)), &tally);
}
