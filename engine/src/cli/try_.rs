//! `wardline try`: what would this ward have done with the events of the past?

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use wardline_rules::time::Zone;

use super::{
    Ending, Format,
    ending::{print, tell},
    loaded,
};
use crate::drivers::{
    difference::{Difference, Side},
    replay::{self, OfRule, Summary},
};

/// Names of rules that said nothing which are shown.
const SILENT_SHOWN: usize = 20;

/// What `try` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline try wards/st-anne --events may.ndjson
  wardline try wards/st-anne --events may.ndjson --against wards/st-anne-now     what would be otherwise
  wardline try wards/st-anne --events may.ndjson --against wards/st-anne-now --changes changes.ndjson     each of them
  wardline try wards/st-anne --events may.ndjson june.ndjson --alerts alerts.ndjson --format json
Log time is `received_at` of an event, else `occurred_at`. Every send counts as delivered at once. The lines of
`--alerts` are the same from run to run; `alerts_hash` is the hash over them.")]
pub struct Args {
    /// A ward folder or one `.ward` file.
    ward: PathBuf,
    /// Files of events as NDJSON, in the order in which they arrived.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    events: Vec<PathBuf>,
    /// Another ward, usually the one that rules now: shows what would come, go and move.
    #[arg(long, value_name = "WARD")]
    against: Option<PathBuf>,
    /// Where each alert and page that would come, go or move is written as one NDJSON line, in order of time.
    #[arg(long, value_name = "FILE", requires = "against")]
    changes: Option<PathBuf>,
    /// Where each transition of an alert, clock or notice is written as one NDJSON line.
    #[arg(long, value_name = "FILE")]
    alerts: Option<PathBuf>,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs a backtest and prints its summary.
pub fn run(args: &Args) -> Ending {
    match try_it(args) {
        Ok((summary, difference)) => {
            print(&render(&summary, difference.as_ref(), args.format));
            Ending::Fine
        }
        Err(ending) => ending,
    }
}

fn try_it(args: &Args) -> Result<(Summary, Option<Difference>), Ending> {
    let mut file = create(args.alerts.as_deref())?;
    let Some(other) = &args.against else {
        return Ok((backtest(&args.ward, args, &mut *file)?.0, None));
    };
    // Before the events of a year are read, not after.
    let mut list = create(args.changes.as_deref())?;
    let (mut new, mut old) = (Side::default(), Side::default());
    let (summary, zone) = backtest(&args.ward, args, &mut Both(&mut *file, &mut new))?;
    backtest(other, args, &mut old)?;
    let difference = new.against(&old, &zone);
    if let Err(error) = difference.write_changes(&mut *list) {
        tell(&format!("cannot write the list of changes: {error}\n"));
        return Err(Ending::Usage);
    }
    Ok((summary, Some(difference)))
}

/// A file to write, or nowhere.
fn create(path: Option<&Path>) -> Result<Box<dyn Write>, Ending> {
    let Some(path) = path else { return Ok(Box::new(io::sink())) };
    let file = File::create(path).map_err(|error| {
        tell(&format!("cannot write `{}`: {error}\n", path.display()));
        Ending::Usage
    })?;
    Ok(Box::new(BufWriter::with_capacity(1 << 20, file)))
}

/// Writes the same into two places.
struct Both<'a>(&'a mut dyn Write, &'a mut dyn Write);

impl Write for Both<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(bytes)?;
        self.1.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()?;
        self.1.flush()
    }
}

/// Runs one ward over all events; with its zone.
fn backtest(ward: &Path, args: &Args, lines: &mut dyn Write) -> Result<(Summary, Zone), Ending> {
    let program = loaded::ward(ward)?.program;
    let zone = program.zone.clone();
    let site = loaded::site(ward)?;
    let is_terminal = io::IsTerminal::is_terminal(&io::stderr());
    let progress = |events: u64| {
        if is_terminal {
            tell(&format!("\r{events} events"));
        }
    };
    let done = replay::run((program, site), &args.events, lines, progress);
    if is_terminal {
        tell("\r\x1b[K");
    }
    done.map(|summary| (summary, zone)).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        tell(&format!("{error}{cause}\n"));
        Ending::Usage
    })
}

fn render(summary: &Summary, difference: Option<&Difference>, format: Format) -> String {
    let alone = alone(summary, format);
    match (difference, format) {
        (None, _) => alone,
        (Some(difference), Format::Text) => format!("{alone}{}", difference.text()),
        (Some(difference), Format::Json) => {
            let mut shown = serde_json::to_value(summary).unwrap_or_default();
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("against".to_owned(), serde_json::to_value(difference).unwrap_or_default());
            }
            format!("{shown}\n")
        }
    }
}

fn alone(summary: &Summary, format: Format) -> String {
    match format {
        Format::Json => serde_json::to_string(summary).unwrap_or_default() + "\n",
        Format::Text => {
            format!(
                "events       {:>12}\nrejected     {:>12}\nreports      {:>12}\nalerts       {:>12}\nobligations  {:>12}\nseconds      {:>12.2}\nevents/s     {:>12.0}\nalerts_hash  {}\n",
                summary.events,
                summary.rejected,
                summary.reports,
                summary.alerts,
                summary.obligations,
                summary.seconds,
                summary.events_per_s,
                summary.alerts_hash,
            ) + by_rule(summary).as_str()
        }
    }
}

/// What each rule did, then those that said nothing.
fn by_rule(summary: &Summary) -> String {
    let spoke = |rule: &OfRule| *rule != OfRule::default();
    let mut text = format!("{:<52} {:>9} {:>9} {:>9}\n", "rules", "alerts", "pages", "tells");
    for (name, rule) in summary.rules.iter().filter(|(_, rule)| spoke(rule)) {
        text.push_str(&format!("  {name:<50} {:>9} {:>9} {:>9}\n", rule.alerts, rule.pages, rule.tells));
    }
    let silent: Vec<&str> =
        summary.rules.iter().filter(|(_, rule)| !spoke(rule)).map(|(name, _)| name.as_str()).collect();
    if !silent.is_empty() {
        let more = if silent.len() > SILENT_SHOWN { ", …" } else { "" };
        let names = silent.iter().take(SILENT_SHOWN).copied().collect::<Vec<_>>().join(", ");
        text.push_str(&format!("{} said nothing: {names}{more}\n", silent.len()));
    }
    text
}
