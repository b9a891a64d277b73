//! `wardline try`: what would this ward have done with the events of the past?

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
    time::Instant,
};

use wardline_dsl::check;

use super::{
    Ending, Format,
    check::{has_error, with_summary},
    ending::{print, tell, today},
};
use crate::{
    drivers::replay::{self, Summary},
    ward,
};

/// What `try` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline try wards/st-anne --events may.ndjson
  wardline try wards/st-anne --events may.ndjson june.ndjson --alerts alerts.ndjson --format json
Log time is `received_at` of an event, else `occurred_at`. Every send counts as delivered at once. The lines of
`--alerts` are the same from run to run; `alerts_hash` is the hash over them.")]
pub struct Args {
    /// A ward folder or one `.ward` file.
    ward: PathBuf,
    /// Files of events as NDJSON, in the order in which they arrived.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    events: Vec<PathBuf>,
    /// Where each transition of an alert, clock or notice is written as one NDJSON line.
    #[arg(long, value_name = "FILE")]
    alerts: Option<PathBuf>,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs a backtest and prints its summary.
pub fn run(args: &Args) -> Ending {
    let started = Instant::now();
    let sources = match ward::load(&args.ward) {
        Ok(sources) => sources,
        Err(finding) => {
            tell(&format!("{finding}\n"));
            return Ending::Usage;
        }
    };
    let checked = check(&sources, today());
    if has_error(&checked) {
        tell(&with_summary(&checked, &sources, started));
        return Ending::Findings;
    }
    let Some(program) = checked.program else { return Ending::Findings };
    let mut lines: Box<dyn Write> = match &args.alerts {
        Some(path) => match File::create(path) {
            Ok(file) => Box::new(BufWriter::with_capacity(1 << 20, file)),
            Err(error) => {
                tell(&format!("cannot write `{}`: {error}\n", path.display()));
                return Ending::Usage;
            }
        },
        None => Box::new(io::sink()),
    };
    let is_terminal = io::IsTerminal::is_terminal(&io::stderr());
    let progress = |events: u64| {
        if is_terminal {
            tell(&format!("\r{events} events"));
        }
    };
    let done = replay::run(program, &args.events, &mut *lines, progress);
    if is_terminal {
        tell("\r\x1b[K");
    }
    match done {
        Ok(summary) => {
            print(&render(&summary, args.format));
            Ending::Fine
        }
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            tell(&format!("{error}{cause}\n"));
            Ending::Usage
        }
    }
}

fn render(summary: &Summary, format: Format) -> String {
    match format {
        Format::Json => serde_json::to_string(summary).unwrap_or_default() + "\n",
        Format::Text => format!(
            "events       {:>12}\nrejected     {:>12}\nreports      {:>12}\nalerts       {:>12}\nobligations  {:>12}\nseconds      {:>12.2}\nevents/s     {:>12.0}\nalerts_hash  {}\n",
            summary.events,
            summary.rejected,
            summary.reports,
            summary.alerts,
            summary.obligations,
            summary.seconds,
            summary.events_per_s,
            summary.alerts_hash,
        ),
    }
}
