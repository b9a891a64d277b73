//! Generate: the verb that writes events to a file.
//!
//! Progress on stderr while it works, one line of summary at the end, a line per event in the file.
//! - **How it fits**: takes lines from the generator as fast as the disk does.
//! - **Not here**: what the lines say.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use wardline_loadtest::argument;
use wardline_loadtest::calendar::Flat;
use wardline_loadtest::error::Error;
use wardline_loadtest::limits::WRITE_BYTES;
use wardline_loadtest::profile::Profile;
use wardline_loadtest::scenario::Choices;
use wardline_loadtest::{Generator, Order};

use super::{bytes, grouped};

/// Write the events of a profile's reports as NDJSON.
///
/// Same arguments, same bytes, on any machine. Lines come in the order of arrival; `received_at` stands in lines that arrive at
/// another time than they happened.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wardline-loadtest generate --profile tatmark --reports 1M --out tatmark.ndjson
  wardline-loadtest generate --profile hospital --scenario day,nobody-answers --seed 7 --out day.ndjson
  wardline-loadtest generate --profile hospital --for 7d --rate 0.1x --faults rough --out - | head
  wardline-loadtest generate --profile mine.toml --reports 10k --out mine.ndjson

Fault sets: clean, realistic, rough. Scenarios: day, week, monday-backlog, mass-release, surge, outage-replay, feed-silence,
skew, duplicate-flood, storm, burst, nobody-answers.")]
pub(crate) struct Generate {
    /// Built-in profile (clinic, hospital, health-system, reference-lab, national, us-wide, tatmark) or a .toml file
    #[arg(long)]
    profile: String,
    /// How many reports, such as 1M
    #[arg(long, value_name = "N")]
    reports: Option<String>,
    /// How long requisitions come in simulated time, such as 7d
    #[arg(long = "for", value_name = "DUR")]
    length: Option<String>,
    /// Seed of all chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Fault set; without it the profile's own
    #[arg(long, value_name = "F")]
    faults: Option<String>,
    /// First day, midnight in the profile's zone
    #[arg(long, default_value = "2026-01-05", value_name = "DATE")]
    start: String,
    /// Scenarios, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    scenario: Vec<String>,
    /// Multiplies the profile's volume
    #[arg(long, default_value = "1x", value_name = "RATE")]
    rate: String,
    /// How long `mass-release` holds finals
    #[arg(long, default_value = "4h", value_name = "DUR")]
    hold: String,
    /// How long `outage-replay` lasts
    #[arg(long, default_value = "4h", value_name = "DUR")]
    outage: String,
    /// How long after midnight of the first day the hour of a scenario comes
    #[arg(long, default_value = "10h", value_name = "DUR")]
    at: String,
    /// How many clocks of `storm` come due in one second
    #[arg(long, default_value = "10M", value_name = "N")]
    clocks: String,
    /// Leave out the difference between winter and summer
    #[arg(long)]
    no_season: bool,
    /// Treat public holidays as working days
    #[arg(long)]
    no_holidays: bool,
    /// File to write, or - for stdout
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Generate {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let profile = Profile::load(&self.profile)?;
        let start = self.first_instant(&profile)?;
        let order = self.order(start)?;
        let bar = progress(order.reports_max);
        let mut generator = Generator::new(profile, self.seed, start, order)?;
        let begun = Instant::now();
        let written = write(&mut generator, &self.out, &bar)?;
        bar.finish_and_clear();
        let seconds = begun.elapsed().as_secs_f64();
        summary(&written, generator.reports(), seconds, &self.out)
    }

    /// Midnight of the start date; scenarios of a shaped day or week begin on the Monday at or after it.
    fn first_instant(&self, profile: &Profile) -> Result<i64, Error> {
        let mut date = argument::date(&self.start)?;
        if self.scenario.iter().any(|name| name == "day" || name == "week") {
            while date.weekday() != jiff::civil::Weekday::Monday {
                let Ok(next) = date.tomorrow() else { break };
                date = next;
            }
        }
        Generator::midnight(profile, date)
    }

    fn order(&self, start: i64) -> Result<Order, Error> {
        let reports_max = self.reports.as_deref().map(argument::count).transpose()?;
        let length = self.length.as_deref().map(argument::span).transpose()?;
        let is_bounded = self.scenario.iter().any(|name| name == "day" || name == "week");
        if reports_max.is_none() && length.is_none() && !is_bounded {
            return Err(Error::Endless);
        }
        Ok(Order {
            faults: self.faults.clone(),
            scenarios: self.scenario.clone(),
            choices: Some(Choices {
                start,
                hold: argument::span(&self.hold)?,
                outage: argument::span(&self.outage)?,
                storm: argument::count(&self.clocks)?,
                after: argument::span(&self.at)?,
            }),
            rate: Some(argument::rate(&self.rate)?),
            reports_max,
            length,
            flat: Flat { season: self.no_season, holidays: self.no_holidays },
        })
    }
}

/// What went into the file.
#[derive(Debug, Default)]
struct Written {
    events: u64,
    bytes: u64,
}

fn progress(reports: Option<u64>) -> ProgressBar {
    let bar = reports.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let shape = if reports.is_some() {
        "{bar:40} {human_pos} of {human_len} reports  {per_sec}  {eta} left"
    } else {
        "{spinner} {human_pos} reports  {per_sec}"
    };
    bar.with_style(ProgressStyle::with_template(shape).unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn write(generator: &mut Generator, out: &Path, bar: &ProgressBar) -> Result<Written, Error> {
    let failed = |source| Error::Output { path: out.to_owned(), source };
    let mut file: Box<dyn Write> = if out == Path::new("-") {
        Box::new(std::io::stdout().lock())
    } else {
        Box::new(File::create(out).map_err(failed)?)
    };
    let mut written = Written::default();
    let mut lines = Vec::with_capacity(WRITE_BYTES + 4096);
    while generator.next_into(&mut lines).is_some() {
        written.events += 1;
        if lines.len() >= WRITE_BYTES {
            file.write_all(&lines).map_err(failed)?;
            written.bytes += u64::try_from(lines.len()).unwrap_or(0);
            lines.clear();
            bar.set_position(generator.reports());
        }
    }
    written.bytes += u64::try_from(lines.len()).unwrap_or(0);
    file.write_all(&lines).and_then(|()| file.flush()).map_err(failed)?;
    Ok(written)
}

fn summary(written: &Written, reports: u64, seconds: f64, out: &Path) -> Result<(), Error> {
    let rate = wardline_loadtest::draw::whole(written.events as f64 / seconds.max(1e-9));
    let text = format!(
        "{} events of {} reports, {}, in {seconds:.2} s: {} lines/s\n",
        grouped(written.events),
        grouped(reports),
        bytes(written.bytes as f64),
        grouped(u64::try_from(rate).unwrap_or(0)),
    );
    let printed = std::io::stderr().write_all(text.as_bytes());
    printed.map_err(|source| Error::Output { path: out.to_owned(), source })
}
