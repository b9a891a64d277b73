//! `wardline export`: events, dead letters, a whole backup, or the files of a table, out of a data directory.
//!
//! - **Not here**: rows of tables, which SQL gives.

use std::{
    fs,
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use serde_json::json;
use wardline_connectors::codec::json::{Encoding, encode};
use wardline_rules::time::Timestamp;
use wardline_store::{
    backup::{self, backup},
    disk::RealDisk,
};
#[cfg(feature = "sql")]
use wardline_tables::{
    manifest::{LOG, Manifest},
    schema::{DEFINITIONS, Definition},
};

use super::{
    Ending,
    ending::{print, tell},
};
#[cfg(feature = "sql")]
use crate::archive::FOLDER;
use crate::{
    codes::Code,
    history::{Error, History},
};

/// What `export` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline export --data data > events.ndjson          every event that was taken, as `try` and `import` read them
  wardline export --data data --from 2026-05-01T00:00:00Z --until 2026-06-01T00:00:00Z
  wardline export --data data --dead letters           each dead letter byte for byte into a file of this folder
  wardline export --data data --backup /backup/monday  a verified copy; open it with `wardline run --restored`
  wardline export --data data --list reports           the Parquet files that hold this table now, one a line
The engine may run meanwhile. What is exported holds patient tokens, and dead letters hold what their senders wrote.
Exit code 0: done; 2: wrong use; 4: the data is damaged.")]
pub struct Args {
    /// The data directory.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Copies the whole directory into this empty one and verifies the copy.
    #[arg(long, value_name = "DIR", conflicts_with = "dead")]
    backup: Option<PathBuf>,
    /// Writes the exact bytes of each dead letter into this folder.
    #[arg(long, value_name = "DIR")]
    dead: Option<PathBuf>,
    /// Lists the Parquet files that hold a table: all rows up to the newest flush, every version of each key.
    #[cfg(feature = "sql")]
    #[arg(long, value_name = "TABLE", conflicts_with_all = ["dead", "backup"])]
    list: Option<String>,
    /// Only what was written down from this time on.
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Timestamp>,
    /// Only what was written down before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "a time looks like 2026-05-01T00:00:00Z".to_owned())
}

/// Exports what was asked for.
pub fn run(args: &Args) -> Ending {
    if !args.data.is_dir() {
        let name = args.data.display();
        let help = "Name it with `--data`.";
        tell(&format!("{} error: there is no data directory `{name}`\n  {help}\n", Code::FileUnreadable));
        return Ending::Usage;
    }
    #[cfg(feature = "sql")]
    if let Some(table) = &args.list {
        return list(&args.data, table);
    }
    match (&args.backup, &args.dead) {
        (Some(to), _) => copy(&args.data, to),
        (None, Some(to)) => told(History::open(RealDisk::new(&args.data)).and_then(|history| letters(&history, to))),
        (None, None) => told(History::open(RealDisk::new(&args.data)).and_then(|history| events(&history, args))),
    }
}

/// The files that the manifest names now; others in the folder are not the table's any more.
#[cfg(feature = "sql")]
fn list(directory: &Path, table: &str) -> Ending {
    if Definition::named(table).is_none() {
        let names: Vec<&str> = DEFINITIONS.iter().map(|definition| definition.table.name()).collect();
        tell(&format!("{} error: there is no table `{table}`\n  There are {}.\n", Code::Usage, names.join(", ")));
        return Ending::Usage;
    }
    let archive = directory.join(FOLDER);
    let bytes = match fs::read(archive.join(LOG)) {
        Ok(bytes) => bytes,
        // Nothing was flushed yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            tell(&format!("{} error: cannot read the manifest: {error}\n", Code::FileUnreadable));
            return Ending::Usage;
        }
    };
    match Manifest::read(&bytes) {
        Ok((manifest, _)) => {
            for file in manifest.files.values().filter(|file| file.table == table) {
                print(&format!("{}\n", archive.join(&file.name).display()));
            }
            Ending::Fine
        }
        Err(error) => {
            tell(&format!("{} error: {error}\n  Run `wardline verify`.\n", Code::Damaged));
            Ending::Damaged
        }
    }
}

/// What could not be written, or what could not be read.
type Written = Result<io::Result<()>, Error>;

fn told(done: Written) -> Ending {
    match done {
        Ok(Ok(())) => Ending::Fine,
        // A reader that went away has what it wanted.
        Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ending::Fine,
        Ok(Err(error)) => {
            tell(&format!("cannot write: {error}\n"));
            Ending::Usage
        }
        Err(error) => {
            tell(&format!("{} error: {error}\n  Run `wardline verify`.\n", Code::Damaged));
            Ending::Damaged
        }
    }
}

fn events(history: &History<RealDisk>, args: &Args) -> Written {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let (from, until) = (args.from.unwrap_or(Timestamp::MIN), args.until.unwrap_or(Timestamp::MAX));
    let mut written = Ok(());
    let mut line = String::new();
    history.events(u64::MAX, |at, event| {
        if at < from || at >= until || written.is_err() {
            return;
        }
        line.clear();
        if encode(event, &mut line) == Encoding::Written {
            line.push('\n');
            written = out.write_all(line.as_bytes());
        }
    })?;
    Ok(written.and_then(|()| out.flush()))
}

fn letters(history: &History<RealDisk>, to: &Path) -> Written {
    let mut written = fs::create_dir_all(to);
    history.letters(u64::MAX, |letter| {
        if written.is_ok() {
            written = fs::write(to.join(format!("{}.letter", letter.id)), &letter.bytes);
            let shown = json!({
                "schema_version": 1,
                "id": letter.id.to_string(),
                "at": letter.at.to_string(),
                "source": letter.source.as_str(),
                "reason": letter.reason.as_str(),
                "size": letter.size,
            });
            print(&format!("{shown}\n"));
        }
    })?;
    Ok(written)
}

fn copy(from: &Path, to: &Path) -> Ending {
    let target = match RealDisk::make(to) {
        Ok(target) => target,
        Err(error) => {
            tell(&format!("cannot make `{}`: {error}\n", to.display()));
            return Ending::Usage;
        }
    };
    match backup(&RealDisk::new(from), &target, &mut |_| {}) {
        Ok(report) => {
            print(&format!(
                "copied and verified: {} segments, {} records, {} checkpoints; last record {}\n",
                report.segments, report.records, report.checkpoints, report.last.sequence
            ));
            Ending::Fine
        }
        Err(error @ backup::Error::Disk(_)) => {
            tell(&format!("{error}\n  The copy must not be used.\n"));
            Ending::Usage
        }
        Err(error) => {
            tell(&format!("{error}\n  The copy must not be used.\n"));
            Ending::Damaged
        }
    }
}
