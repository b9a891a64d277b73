//! `wardline verify`: is everything in a data directory what was written?
//!
//! - **Not here**: replaying the log against the marks, accepting a loss.

use std::path::PathBuf;

use serde_json::{Value, json};
use wardline_store::{
    disk::RealDisk,
    finding::Finding,
    verify::{Report, verify},
};

use super::{
    Ending, Format,
    ending::{print, tell},
};
use crate::codes::Code;

/// What `verify` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline verify --data data
  wardline verify --data data --format json")]
pub struct Args {
    /// The data directory.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// How the report is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Reads everything and changes nothing.
pub fn run(args: &Args) -> Ending {
    let name = args.data.display();
    if !args.data.is_dir() {
        tell(&format!(
            "{} error: there is no data directory `{name}`\n  Name it with `--data`.\n",
            Code::FileUnreadable
        ));
        return Ending::Usage;
    }
    match verify(&RealDisk::new(&args.data)) {
        Ok(report) => {
            print(&match args.format {
                Format::Text => text(&report),
                Format::Json => format!("{}\n", json(&report)),
            });
            match report.exit() {
                0 => Ending::Fine,
                1 => Ending::Findings,
                2 => Ending::Usage,
                _ => Ending::Damaged,
            }
        }
        Err(error) => {
            tell(&format!("{} error: {error}\n  Look at the disk, then run it again.\n", Code::Damaged));
            Ending::Damaged
        }
    }
}

fn text(report: &Report) -> String {
    let mut lines: Vec<String> =
        report.findings.iter().map(|found| format!("{found}\n  {}", found.code.help())).collect();
    if report.unlisted > 0 {
        lines.push(format!("and {} more findings", report.unlisted));
    }
    let found = match report.findings.len() {
        0 => "nothing wrong".to_owned(),
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    };
    lines.push(format!(
        "{found} in {} segments, {} records, {} checkpoints, {} records with dead letters; last record {}",
        report.segments, report.records, report.checkpoints, report.dead_letters, report.last.sequence
    ));
    lines.join("\n") + "\n"
}

fn json(report: &Report) -> Value {
    let entry = |found: &Finding| {
        json!({
            "code": found.code.text(),
            "path": found.path,
            "offset": found.offset,
            "sequence": found.sequence,
            "cause": found.cause,
            "help": found.code.help(),
        })
    };
    json!({
        "schema_version": 1,
        "exit": report.exit(),
        "segments": report.segments,
        "records": report.records,
        "checkpoints": report.checkpoints,
        "dead_letters": report.dead_letters,
        "last_sequence": report.last.sequence,
        "unlisted": report.unlisted,
        "findings": report.findings.iter().map(entry).collect::<Vec<_>>(),
    })
}
