//! `wardline export`: events, dead letters or a whole backup out of a data directory.
//!
//! - **Not here**: lists of tables.

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

use super::{
    Ending,
    ending::{print, tell},
};
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
    match (&args.backup, &args.dead) {
        (Some(to), _) => copy(&args.data, to),
        (None, Some(to)) => told(History::open(RealDisk::new(&args.data)).and_then(|history| letters(&history, to))),
        (None, None) => told(History::open(RealDisk::new(&args.data)).and_then(|history| events(&history, args))),
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
