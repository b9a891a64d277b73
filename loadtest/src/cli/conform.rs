//! Conform: the verb that measures a profile.
//!
//! - **How it fits**: prints the figures of [`wardline_loadtest::conform`]; exit 1 when one lies outside its band.
//! - **Not here**: the figures.

use clap::Args;
use indicatif::ProgressBar;
use serde_json::json;
use wardline_loadtest::argument;
use wardline_loadtest::conform::{Figure, measure};
use wardline_loadtest::error::Error;
use wardline_loadtest::profile::Profile;

use super::{Format, print};

/// Measure a profile's reports against the figures they must show.
///
/// Without faults, season and holidays. Bands are those of a million reports, wider for fewer. Exit 1 when a figure lies outside.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wardline-loadtest conform --profile hospital
  wardline-loadtest conform --profile us-wide --reports 4M --seed 3 --format json")]
pub(crate) struct Conform {
    /// Built-in profile or a .toml file
    #[arg(long)]
    profile: String,
    /// How many reports
    #[arg(long, default_value = "1M", value_name = "N")]
    reports: String,
    /// Seed of all chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Conform {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let profile = Profile::load(&self.profile)?;
        let (name, reports) = (profile.name.clone(), argument::count(&self.reports)?);
        let bar = ProgressBar::new(reports);
        let figures = measure(profile, self.seed, reports, |told| bar.set_position(told))?;
        bar.finish_and_clear();
        match self.format {
            Format::Text => print(&figures.iter().map(row).collect::<String>())?,
            Format::Json => print(&(self.json(&name, &figures).to_string() + "\n"))?,
        }
        let count = figures.iter().filter(|figure| !figure.is_inside()).count();
        if count == 0 { Ok(()) } else { Err(Error::OutsideBand { name, count }) }
    }

    fn json(&self, name: &str, figures: &[Figure]) -> serde_json::Value {
        let figures = figures.iter().map(|figure| {
            json!({"name": figure.name, "found": figure.found, "expected": figure.expected, "band": figure.band, "inside": figure.is_inside()})
        });
        json!({"schema_version": 1, "profile": name, "seed": self.seed, "figures": figures.collect::<Vec<_>>()})
    }
}

fn row(figure: &Figure) -> String {
    let mark = if figure.is_inside() { "ok     " } else { "OUTSIDE" };
    format!("{mark} {:<48} {:>9.3}  {:>9.3} ± {:.3}\n", figure.name, figure.found, figure.expected, figure.band)
}
