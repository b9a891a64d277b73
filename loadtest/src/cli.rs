//! Command line: which verbs are there, and what may be said to them?
//!
//! - **How it fits**: `main` parses [`Arguments`] and calls [`run`]; each verb has its file.
//! - **Not here**: what the verbs do.

mod check;
mod compare;
mod conform;
mod generate;
mod plan;
mod profile;
mod run;
mod tatmark;

use clap::{Parser, Subcommand, ValueEnum};
use wardline_loadtest::error::Error;

/// Seeded clinical report lifecycles: to a file, or at an engine, with a report of how it bore them.
#[derive(Debug, Parser)]
#[command(name = "wardline-loadtest", version, about, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "\
Examples:
  wardline-loadtest generate --profile tatmark --reports 1M --out tatmark.ndjson
  wardline-loadtest generate --profile hospital --scenario week --faults realistic --out week.ndjson
  wardline-loadtest run --profile national --rate 5x --for 60s
  wardline-loadtest compare before/ after/
  wardline-loadtest plan --yearly 900k";

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write the events of a profile's reports as NDJSON
    Generate(Box<generate::Generate>),
    /// Send a profile's events to an engine at their own pace, and measure it
    Run(Box<run::Run>),
    /// Two runs side by side
    Compare(compare::Compare),
    /// Which profile and machine a site needs
    Plan(plan::Plan),
    /// Run the benchmark family TATmark
    Tatmark(tatmark::Tatmark),
    /// Compare what the engine said with the slow reference
    Check(check::Check),
    /// Measure a profile's reports against the figures they must show
    Conform(conform::Conform),
    /// Print a built-in profile, to copy and change
    Profile(profile::Show),
}

/// How a verb prints what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// One JSON object
    Json,
}

/// Does what was asked.
pub(crate) fn run(arguments: Arguments) -> Result<(), Error> {
    match arguments.verb {
        Verb::Generate(verb) => verb.run(),
        Verb::Run(verb) => verb.run(),
        Verb::Compare(verb) => verb.run(),
        Verb::Plan(verb) => verb.run(),
        Verb::Tatmark(verb) => verb.run(),
        Verb::Check(verb) => verb.run(),
        Verb::Conform(verb) => verb.run(),
        Verb::Profile(verb) => verb.run(),
    }
}

/// Writes to stdout; a reader that went away is an output that cannot be written.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    use std::io::Write;
    let written = std::io::stdout().write_all(text.as_bytes());
    written.map_err(|source| Error::Output { path: "stdout".into(), source })
}

/// A number in groups of three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the largest unit that leaves at least one.
pub(crate) fn bytes(number: f64) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let unit = units.into_iter().find(|(size, _)| number >= *size);
    unit.map_or_else(|| format!("{number:.0} B"), |(size, unit)| format!("{:.1} {unit}", number / size))
}
