//! Check: the verb that compares what the engine said with the slow reference.
//!
//! - **How it fits**: prints a verdict of [`wardline_loadtest::answers`]; exit 1 when they differ.
//! - **Not here**: running the engine; `tatmark` does.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;
use wardline_loadtest::answers;
use wardline_loadtest::error::Error;
use wardline_reference::tatmark;

use super::{Format, grouped, print};

/// Compare what the engine said of a file of events with what the slow reference says.
///
/// The lines are those of `wardline try --alerts`. Clocks, alerts and messages of each report must be the same to the microsecond.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wardline-loadtest check --ward tatmark --print-ward > tatmark.ward
  wardline try tatmark.ward --events tatmark.ndjson --alerts alerts.ndjson
  wardline-loadtest check --ward tatmark --events tatmark.ndjson --alerts alerts.ndjson")]
pub(crate) struct Check {
    /// Which of the wards that the reference knows
    #[arg(long, value_enum)]
    ward: Known,
    /// Print that ward as text instead
    #[arg(long)]
    print_ward: bool,
    /// The events
    #[arg(long, value_name = "FILE", required_unless_present = "print_ward")]
    events: Option<PathBuf>,
    /// What the engine said of them
    #[arg(long, value_name = "FILE", required_unless_present = "print_ward")]
    alerts: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// The wards of the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Known {
    /// The three rules of TATmark
    Tatmark,
    /// Two clocks and an absence
    Clocks,
    /// The call-out for every report
    Ladder,
    /// No rule
    Silent,
}

impl Check {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let ward = match self.ward {
            Known::Tatmark => tatmark::ward(),
            Known::Clocks => tatmark::clocks(),
            Known::Ladder => tatmark::ladder(),
            Known::Silent => tatmark::silent(),
        };
        let (false, Some(events), Some(alerts)) = (self.print_ward, &self.events, &self.alerts) else {
            return print(&ward.ward_text());
        };
        let verdict = answers::check(&ward, events, alerts)?;
        match self.format {
            Format::Json => print(&(json!({"schema_version": 1, "verdict": verdict}).to_string() + "\n"))?,
            Format::Text => print(&format!(
                "{} events, {} sentences about {} reports, hash {}\n",
                grouped(verdict.events),
                grouped(verdict.sentences),
                grouped(verdict.reports),
                verdict.hash.get(..16).unwrap_or_default()
            ))?,
        }
        if verdict.differences.is_empty() {
            return Ok(());
        }
        Err(Error::AnswersDiffer { what: alerts.display().to_string(), findings: verdict.differences })
    }
}
