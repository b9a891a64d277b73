//! Simulator: does a whole engine keep its promises while disk, clocks, senders and receivers fail?
//!
//! ```text
//!  seed ─► plan ─► clients ─► codecs ─► admission ─► log ─► core ─► dispatcher ─► receivers
//!                     │  ledger of what was acknowledged             what was told, how often, marked or not  │
//!                     └──────────── outside: the log read again, a state of its own ──────────────────────────┘
//! ```
//! One thread, one seed: the shipped parts moved by hand on a simulated disk and simulated clocks. First faults, then
//! none, when all must settle. A failure prints the property, the end of the trace and `just sim-seed 0x…`, and then the
//! same of the least that still fails.
//!
//! - **How it fits**: `tests/seeds/sim.txt` holds the seeds that once failed; they run first. `SIM_SEED` runs one,
//!   `SIM_COUNT` so many from `SIM_FROM` on, `SIM_FOR` as many as fit into `90s`, `5m` or `8h`. `SIM_CUT` leaves out what
//!   a printed line says; `SIM_SHRINK` is for how long a failure is made smaller, `5m` if not said, `0s` for not at all.
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
#[path = "sim/shrink.rs"]
mod shrink;
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
use shrink::{Cut, Size};
use trace::{Broken, Tally};

/// Seeds that failed once, newest last.
const FOUND: &str = include_str!("seeds/sim.txt");
/// Seeds of an ordinary run.
const COUNT: u64 = 12;
/// Of so many seeds, one is run twice.
const TWICE_EVERY: usize = 10;

/// A run that failed.
struct Failure {
    broken: Broken,
    /// All there is to say about it, but how to run it again.
    said: String,
    size: Size,
}

/// Runs one seed without what is cut; what it counted and the hash of its trace, or why it failed.
fn run_cut(seed: u64, cut: &Cut) -> Result<(Tally, String), Box<Failure>> {
    let mut run = Run::new(seed, cut);
    let whole = catch_unwind(AssertUnwindSafe(|| run.whole()));
    let broken = match whole {
        Ok(Ok(())) => return Ok((run.tally, run.trace.hash())),
        Ok(Err(broken)) => broken,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            Broken { property: "no panic", said: text.unwrap_or("without words").to_owned() }
        }
    };
    let said = format!(
        "{} does not hold: {}\n  plan {:?}\n  the end of the trace:\n{}",
        broken.property,
        broken.said,
        run.plan,
        run.trace.tail()
    );
    Err(Box::new(Failure { broken, said, size: run.size() }))
}

/// Runs one seed; a failure says how to run it again, and is made as small as the time allows.
fn run_seed(seed: u64) -> Result<(Tally, String), String> {
    let cut = std::env::var("SIM_CUT").ok().and_then(|text| Cut::parse(&text)).unwrap_or_default();
    let failure = match run_cut(seed, &cut) {
        Ok(done) => return Ok(done),
        Err(failure) => failure,
    };
    let said = format!("{}  replay: {}", failure.said, replay(seed, &cut));
    Err(if cut == Cut::default() { format!("{said}{}", smallest(seed, &failure)) } else { said })
}

fn replay(seed: u64, cut: &Cut) -> String {
    if *cut == Cut::default() {
        format!("just sim-seed {seed:#x}")
    } else {
        format!("SIM_CUT=\"{cut}\" just sim-seed {seed:#x}")
    }
}

/// The least of a failing run that breaks the same property, in words.
fn smallest(seed: u64, failure: &Failure) -> String {
    let end = Instant::now() + duration("SIM_SHRINK").unwrap_or(Duration::from_secs(300));
    let (mut found, mut runs) = (None, 0_u32);
    let cut = shrink::shrink(&failure.size, |cut| {
        if Instant::now() >= end {
            return false;
        }
        runs += 1;
        let smaller = run_cut(seed, cut).err().filter(|smaller| smaller.broken.property == failure.broken.property);
        let fails = smaller.is_some();
        found = smaller.or(found.take());
        fails
    });
    found.map_or(String::new(), |smaller| {
        let Failure { said, size: Size { events, rules, .. }, .. } = *smaller;
        format!(
            "\n\nthe least that fails alike, of {runs} runs: {events} events, {rules} rules\n{said}  replay: {}",
            replay(seed, &cut)
        )
    })
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

/// `90s`, `5m` or `8h`.
fn duration(name: &str) -> Option<Duration> {
    let text = std::env::var(name).ok()?;
    let (number, unit) = text.split_at(text.len().checked_sub(1)?);
    let seconds = match unit {
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return None,
    };
    Some(Duration::from_secs(number.parse::<u64>().ok()? * seconds))
}

fn seeds() -> Box<dyn Iterator<Item = u64>> {
    if let Some(seed) = number("SIM_SEED") {
        return Box::new(std::iter::once(seed));
    }
    let from = number("SIM_FROM").unwrap_or(0);
    // When no further seed is begun: by `SIM_FOR`, or after the last.
    match duration("SIM_FOR").map(|time| Instant::now() + time) {
        Some(end) => Box::new((from..).take_while(move |_| Instant::now() < end)),
        None => Box::new(from..from + number("SIM_COUNT").unwrap_or(COUNT)),
    }
}

#[test]
fn every_property_holds_in_every_seed() {
    let mut tally = Tally::default();
    let mut run: Vec<u64> = Vec::new();
    for seed in seeds() {
        let (counted, hash) =
            run_seed(seed).unwrap_or_else(|said| panic!("seed {} of this run: {said}", run.len() + 1));
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
