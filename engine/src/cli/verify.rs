//! `wardline verify`: is everything in a data directory what was written?
//!
//! With `--replay` also: does the log lead to the states that its checkpoints hold? With `--accept-loss`, given twice: give up
//! records that are lost, so that the log goes on behind them.
//!
//! - **Not here**: the checks themselves (`wardline-store`).

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wardline_core::Partition;
use wardline_store::{
    codes::Code as StoreCode,
    disk::RealDisk,
    finding::Finding,
    instance::Owner,
    repair::{self, accept_loss},
    verify::{Report, verify},
};

use super::{
    Ending, Format,
    ending::{print, tell},
};
use crate::{codes::Code, history::History};

/// What `verify` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline verify --data data
  wardline verify --data data --format json
  wardline verify --data data --replay
  wardline verify --data data --accept-loss 4711..4720 --accept-loss 4711..4720
Exit code 0: clean; 1: findings; 2: wrong use, or of another release; 4: damage.")]
pub struct Args {
    /// The data directory.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Applies the whole log again and compares the state at each mark; reads everything twice and takes memory for the state.
    #[arg(long, conflicts_with = "accept_loss")]
    replay: bool,
    /// Gives up lost records, first and last: the same range, written twice. The damaged files are kept in `quarantine/`.
    #[arg(long, value_name = "FIRST..LAST", value_parser = range)]
    accept_loss: Vec<(u64, u64)>,
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
    match args.accept_loss.as_slice() {
        [] => {}
        [(first, last), again] if (*first, *last) == *again => return give_up(&args.data, *first, *last),
        _ => {
            tell("Write the same range twice: `--accept-loss 4711..4720 --accept-loss 4711..4720`.\n");
            return Ending::Usage;
        }
    }
    match verify(&RealDisk::new(&args.data)) {
        Ok(mut report) => {
            if args.replay && report.exit() != Ending::Damaged.code() {
                replay(&args.data, &mut report);
            }
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

/// `4711..4720`, both included.
fn range(text: &str) -> Result<(u64, u64), String> {
    let parts = text.split_once("..").and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    parts.filter(|(first, last)| first <= last).ok_or_else(|| "a range looks like 4711..4720".to_owned())
}

fn give_up(folder: &Path, first: u64, last: u64) -> Ending {
    let owner = Owner { pid: std::process::id(), ..Owner::default() };
    match accept_loss(&RealDisk::new(folder), &owner, first, last) {
        Ok(loss) => {
            print(&format!("records {} to {} are given up\n", loss.first, loss.last));
            loss.quarantined.iter().for_each(|path| print(&format!("kept: {path}\n")));
            Ending::Fine
        }
        Err(error @ (repair::Error::NothingLost | repair::Error::OtherRange { .. })) => {
            tell(&format!("{error}; nothing was changed\n"));
            Ending::Usage
        }
        Err(error) => {
            tell(&format!("{} error: {error}\n  The log is as damaged as before.\n", Code::Damaged));
            Ending::Damaged
        }
    }
}

/// Adds what a replay finds.
fn replay(folder: &Path, report: &mut Report) {
    let log = "log/p000";
    let done = History::open(RealDisk::new(folder)).and_then(|history| history.replay::<Partition>(u64::MAX, |_| {}));
    match done {
        Ok(done) => {
            for sequence in &done.differing {
                let cause = "the log leads to another state than the checkpoint of this record held";
                report.add(Finding::new(StoreCode::CheckpointForeign, log, cause).at(0, *sequence));
            }
            if let Some((sequence, logic)) = done.foreign {
                let cause = format!("logic version {logic} wrote from here on, and only it can replay that");
                report.add(Finding::new(StoreCode::TooNew, log, cause).at(0, sequence));
            }
            tell(&format!(
                "replayed {} batches behind record {}, compared {} marks\n",
                done.batches, done.from, done.marks
            ));
        }
        Err(error) => {
            report.add(Finding::new(StoreCode::RecordDamaged, log, format!("it cannot be replayed: {error}")))
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
