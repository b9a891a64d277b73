//! Run: the verb that loads an engine and writes the report.
//!
//! A live line on stderr while it works; then a summary on stdout, and in the output folder `result.json`, `latency.hlog` and `report.html`.
//! - **How it fits**: makes lines with the generator, lets [`wardline_loadtest::drive`] send them, and judges the outcome with the gates.
//! - **Not here**: sending, drawing, judging.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use wardline_loadtest::argument::{self, LoadRate};
use wardline_loadtest::calendar::Flat;
use wardline_loadtest::drive::{self, Driven, Glance, Lines, Load, Pace, Target};
use wardline_loadtest::error::Error;
use wardline_loadtest::gate::Gate;
use wardline_loadtest::limits::{BATCH_EVENTS_MAX, REQUESTS_PER_SECOND, WRITE_BYTES};
use wardline_loadtest::plan::Plan;
use wardline_loadtest::profile::Profile;
use wardline_loadtest::result::{Latency, Outcome, Setup};
use wardline_loadtest::scenario::Choices;
use wardline_loadtest::{Order, draw, hl7, report};

use super::{Format, grouped, print};

/// Send a profile's events to an engine at their own pace, and measure it.
///
/// Without --rate, events are sent in the rhythm of the profile, one simulated second per second. With it, as a Poisson process of
/// a constant rate; with scenarios, in their rhythm again, and the rate is what comes in the mean. Either way the loop is open: nothing waits for an answer, and latency counts from the intended send time.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wardline-loadtest run --profile hospital --for 10min
  wardline-loadtest run --profile national --rate 5x --for 60s --out runs/after
  wardline-loadtest run --profile tatmark --events tatmark.ndjson --rate 1M/s --for 5s
  wardline-loadtest run --profile hospital --rate 200/s --url mllp://127.0.0.1:2575 --connections 50
  wardline-loadtest run --profile hospital --rate 5k/s --url nats://127.0.0.1:4222/lab.events --source lis
  wardline-loadtest run --profile hospital --rate 5k/s --for 60s --scenario outage-replay --at 10s --outage 20s
  wardline-loadtest run --profile tatmark --rate 300k/s --for 30s --fail-if 'p99>20ms' --fail-if 'accepted<290k/s'

Conditions of --fail-if: p50 p99 p99.9 p99.99 max mean (20ms, 500us, 1s), accepted offered (300k/s),
errors refused unanswered backlog (requests), each with > or <.")]
pub(crate) struct Run {
    /// Built-in profile (clinic, hospital, health-system, reference-lab, national, us-wide, tatmark) or a .toml file
    #[arg(long)]
    profile: String,
    /// Times the profile's busiest hour (5x), or events per second (50k/s)
    #[arg(long, value_name = "RATE")]
    rate: Option<String>,
    /// Send the lines of this file instead of generated ones; needs --rate
    #[arg(long, value_name = "FILE", requires = "rate", conflicts_with = "scenario")]
    events: Option<PathBuf>,
    /// How long to send
    #[arg(long = "for", default_value = "60s", value_name = "DUR")]
    length: String,
    /// Where to: http://host:port, mllp://host:port, nats://host:port/subject or file:///path
    #[arg(long, default_value = "http://127.0.0.1:8470")]
    url: String,
    /// The feed that tells all events; one of files or of a stream takes no others
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// File with the key of the role `ingest`
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Connections at once
    #[arg(long, default_value_t = 32, value_name = "N")]
    connections: u16,
    /// Events in a request or message of a stream; without it as many as keep below 2,000 requests a second. Over MLLP, messages in flight
    #[arg(long, value_name = "N")]
    batch: Option<u32>,
    /// Seed of the events and their send times
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Fault set; without it the profile's own
    #[arg(long, value_name = "F")]
    faults: Option<String>,
    /// Scenarios, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    scenario: Vec<String>,
    /// How long after the beginning the hour of a scenario comes
    #[arg(long, default_value = "10h", value_name = "DUR")]
    at: String,
    /// How long `mass-release` holds finals
    #[arg(long, default_value = "4h", value_name = "DUR")]
    hold: String,
    /// How long `outage-replay` lasts
    #[arg(long, default_value = "4h", value_name = "DUR")]
    outage: String,
    /// The run fails if this holds, such as 'p99>20ms'; may be given more than once
    #[arg(long = "fail-if", value_name = "CONDITION")]
    fail_if: Vec<String>,
    /// Folder for result.json, latency.hlog and report.html
    #[arg(long, default_value = "loadtest-report", value_name = "DIR")]
    out: PathBuf,
    /// How to print the summary
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Run {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let gates = self.fail_if.iter().map(|text| Gate::parse(text)).collect::<Result<Vec<_>, _>>()?;
        let profile = Profile::load(&self.profile)?;
        let per_second = self.per_second(&profile)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let begin = i64::try_from(now).unwrap_or(0) * 1_000_000;
        let load = self.load(per_second, begin)?;
        let name = profile.name.clone();
        let lines = match &self.events {
            Some(path) => from_file(path)?,
            None => self.lines(profile, per_second, begin)?,
        };
        let lines = match &self.source {
            Some(source) => drive::told_by(lines, source)?,
            None => lines,
        };
        let lines = if load.target.is_hl7() { hl7::messages(lines) } else { lines };
        std::fs::create_dir_all(&self.out).map_err(|source| Error::Output { path: self.out.clone(), source })?;
        let driven = self.drive(&load, lines)?;
        let setup = self.setup(name, &load, per_second, begin);
        let mut outcome = driven.tally.outcome(setup, driven.seconds, driven.backlog_max);
        let verdicts: Vec<String> = gates.iter().filter_map(|gate| gate.verdict(&outcome)).collect();
        outcome.verdicts.clone_from(&verdicts);
        self.write(&driven, &outcome)?;
        match self.format {
            Format::Text => print(&summary(&outcome, driven.is_overloaded, &self.out))?,
            Format::Json => print(&outcome.json())?,
        }
        if verdicts.is_empty() { Ok(()) } else { Err(Error::GateFailed { verdicts }) }
    }

    /// Events per second of a throughput run; `None` when the profile's rhythm is followed.
    fn per_second(&self, profile: &Profile) -> Result<Option<f64>, Error> {
        let Some(text) = &self.rate else {
            return Ok(None);
        };
        let peak = Plan::of(profile, profile.reports_per_year).peak_per_second;
        Ok(Some(match argument::load(text)? {
            LoadRate::Peaks(factor) => peak * factor,
            LoadRate::PerSecond(rate) => rate,
        }))
    }

    fn load(&self, per_second: Option<f64>, begin: i64) -> Result<Load, Error> {
        let key = self.key_file.as_deref().map(read_key).transpose()?;
        let length = u64::try_from(argument::span(&self.length)?).unwrap_or(0);
        let wanted = per_second
            .map_or(1, |rate| u32::try_from(draw::whole(rate / REQUESTS_PER_SECOND) + 1).unwrap_or(BATCH_EVENTS_MAX));
        Ok(Load {
            target: Target::new(&self.url, key)?,
            pace: match per_second {
                // An incident is a matter of rhythm: the rate says only how much there is of it.
                Some(per_second) if self.scenario.is_empty() => Pace::Constant { per_second },
                Some(_) | None => Pace::Shaped { from: begin },
            },
            connections: usize::from(self.connections).max(1),
            batch: self.batch.unwrap_or(wanted).clamp(1, BATCH_EVENTS_MAX),
            length: Duration::from_micros(length),
            requests_max: None,
            seed: self.seed,
        })
    }

    /// Lines from now on, among reports that began before.
    fn lines(&self, profile: Profile, per_second: Option<f64>, begin: i64) -> Result<Lines, Error> {
        let order = Order {
            faults: self.faults.clone(),
            scenarios: self.scenario.clone(),
            choices: Some(Choices {
                hold: argument::span(&self.hold)?,
                outage: argument::span(&self.outage)?,
                after: argument::span(&self.at)?,
                ..Choices::usual(begin)
            }),
            flat: Flat::default(),
            ..Order::default()
        };
        drive::lines(profile, self.seed, begin, per_second, order)
    }

    fn drive(&self, load: &Load, lines: Lines) -> Result<Driven, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|source| Error::Output { path: "the runtime".into(), source })?;
        let bar = ProgressBar::new(load.length.as_secs());
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} s  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let mut last = (Duration::ZERO, 0, 0);
        let driven = runtime.block_on(drive::drive(load, lines, |glance| {
            bar.set_position(glance.elapsed.as_secs());
            bar.set_message(live(&glance, &mut last));
        }));
        bar.finish_and_clear();
        runtime.shutdown_background();
        driven
    }

    fn setup(&self, profile: String, load: &Load, per_second: Option<f64>, begin: i64) -> Setup {
        Setup {
            profile,
            url: self.url.clone(),
            seed: self.seed,
            started: jiff::Timestamp::from_microsecond(begin).map_or_else(|_| String::new(), |at| at.to_string()),
            rate: per_second,
            batch: load.batch,
            connections: load.connections,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenarios: self.scenario.iter().map(|name| format!("{name} at {}", self.at)).collect(),
        }
    }

    fn write(&self, driven: &Driven, outcome: &Outcome) -> Result<(), Error> {
        let put = |name: &str, bytes: &[u8]| {
            let path = self.out.join(name);
            std::fs::write(&path, bytes).map_err(|source| Error::Output { path, source })
        };
        let log = driven
            .tally
            .log(driven.seconds)
            .map_err(|source| Error::Output { path: self.out.join("latency.hlog"), source })?;
        put("latency.hlog", &log)?;
        put("result.json", outcome.json().as_bytes())?;
        put("report.html", report::html(outcome).as_bytes())
    }
}

fn read_key(path: &Path) -> Result<String, Error> {
    let read = std::fs::read_to_string(path);
    let key = read.map_err(|source| Error::KeyFile { path: path.to_owned(), source })?;
    Ok(key.trim().to_owned())
}

/// The lines of a file, one after another, blank ones included; an unreadable rest ends them.
fn from_file(path: &Path) -> Result<Lines, Error> {
    let file = std::fs::File::open(path).map_err(|source| Error::EventsFile { path: path.to_owned(), source })?;
    let mut reader = std::io::BufReader::with_capacity(WRITE_BYTES, file);
    Ok(Box::new(move |line| match reader.read_until(b'\n', line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(0),
    }))
}

/// Rates since the last look.
fn live(glance: &Glance, last: &mut (Duration, u64, u64)) -> String {
    let span = glance.elapsed.saturating_sub(last.0).as_secs_f64().max(1e-3);
    let per_second = |now: u64, before: u64| {
        grouped(u64::try_from(draw::whole(now.saturating_sub(before) as f64 / span)).unwrap_or(0))
    };
    let text = format!(
        "offered {}/s  accepted {}/s  waiting {}  p99 {:.1} ms",
        per_second(glance.offered, last.1),
        per_second(glance.accepted, last.2),
        glance.backlog,
        glance.p99_us as f64 / 1e3,
    );
    *last = (glance.elapsed, glance.offered, glance.accepted);
    text
}

fn summary(outcome: &Outcome, is_overloaded: bool, out: &Path) -> String {
    let whole = |rate: f64| grouped(u64::try_from(draw::whole(rate)).unwrap_or(0));
    let mut text = format!(
        "offered      {:>12} events/s  {} events in {:.1} s\n",
        whole(outcome.offered_per_second()),
        grouped(outcome.offered.events),
        outcome.seconds
    );
    text += &format!(
        "accepted     {:>12} events/s  {} events\n",
        whole(outcome.accepted_per_second()),
        grouped(outcome.accepted.events)
    );
    for (name, flow) in [("refused", outcome.refused), ("failed", outcome.failed), ("unanswered", outcome.unanswered)] {
        text += &format!("{name:<12} {:>12} requests  {} events\n", grouped(flow.requests), grouped(flow.events));
    }
    text += &format!("waiting      {:>12} requests at most\n", outcome.backlog_max);
    text += &format!(
        "{:<12} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
        "latency, ms", "p50", "p90", "p99", "p99.9", "p99.99", "max"
    );
    text += &latency_row("corrected", &outcome.corrected);
    text += &latency_row("uncorrected", &outcome.uncorrected);
    if is_overloaded {
        text += "overloaded: too many requests waited for an answer, sending was broken off\n";
    }
    format!("{text}report: {}\n", out.join("report.html").display())
}

fn latency_row(name: &str, latency: &Latency) -> String {
    let mut row = format!("{name:<12}");
    for micros in [latency.p50_us, latency.p90_us, latency.p99_us, latency.p999_us, latency.p9999_us, latency.max_us] {
        row += &format!(" {:>9.3}", micros as f64 / 1e3);
    }
    row + "\n"
}
