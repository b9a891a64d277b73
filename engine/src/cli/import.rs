//! `wardline import`: events of the past into a running engine, or one dead letter again.
//!
//! Files go in pieces through the bulk lane, one after the other; a piece that the engine is too busy for is sent again.
//!
//! - LIMIT: `IMPORT_LINES_PER_REQUEST` lines and half a request's bytes a piece.
//! - **Not here**: outside figures such as monthly counts of calls.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    thread,
    time::Instant,
};

use serde_json::{Value, json};

use super::{
    Ending, Format,
    ending::{print, tell},
    remote::{NO_ENGINE, Remote, Reply},
};
use crate::{
    codes::Code,
    limits::{BODY_BYTES_MAX, IMPORT_BUSY_MAX, IMPORT_BUSY_WAIT, IMPORT_LINES_PER_REQUEST, LINE_BYTES_MAX},
};

/// What `import` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline import may.ndjson june.ndjson       events as NDJSON; each keeps its own `received_at`
  wardline import --dead 4711-3                one dead letter again, as its feed is configured now
Exit code 0: all taken; 1: a line could not be read, it is a dead letter now; 2: wrong use; 3: no engine answers.")]
pub struct Args {
    /// Files of events as NDJSON.
    #[arg(value_name = "FILE", required_unless_present = "dead", conflicts_with = "dead")]
    files: Vec<PathBuf>,
    /// The id of a dead letter, as `GET /v1/dead` and `wardline export --dead` name it.
    #[arg(long, value_name = "ID")]
    dead: Option<String>,
    #[command(flatten)]
    remote: Remote,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How many lines ended how.
type Counts = BTreeMap<String, u64>;

/// Sends, and says what became of it.
pub fn run(args: &Args) -> Ending {
    if let Some(id) = &args.dead {
        return again(args, id);
    }
    let mut counts = Counts::new();
    for path in &args.files {
        if let Err(ending) = file(args, path, &mut counts) {
            return ending;
        }
    }
    print(&match args.format {
        Format::Json => format!("{}\n", json!({ "schema_version": 1, "lines": counts })),
        Format::Text => counts.iter().map(|(result, count)| format!("{result:<14} {count:>12}\n")).collect(),
    });
    if counts.contains_key("unreadable") { Ending::Findings } else { Ending::Fine }
}

fn again(args: &Args, id: &str) -> Ending {
    match args.remote.ask("POST", &format!("/v1/dead/{}/replay", super::remote::encode(id)), &[]) {
        Ok(reply) => {
            print(&format!("{}\n", reply.body.trim_end()));
            if reply.status == 200 { Ending::Fine } else { Ending::Findings }
        }
        Err(ending) => ending,
    }
}

fn file(args: &Args, path: &Path, counts: &mut Counts) -> Result<(), Ending> {
    let refuse = |error: std::io::Error| {
        tell(&format!("{} error: cannot read `{}`: {error}\n", Code::FileUnreadable, path.display()));
        Ending::Usage
    };
    let mut reader = BufReader::with_capacity(1 << 20, File::open(path).map_err(refuse)?);
    let mut piece = Vec::new();
    let mut lines = 0;
    loop {
        let read = reader.read_until(b'\n', &mut piece).map_err(refuse)?;
        lines += 1;
        let is_full = lines >= IMPORT_LINES_PER_REQUEST || piece.len() + LINE_BYTES_MAX > BODY_BYTES_MAX / 2;
        if (read == 0 || is_full) && !piece.trim_ascii().is_empty() {
            send(args, &piece, counts)?;
            (piece, lines) = (Vec::new(), 0);
        }
        if read == 0 {
            return Ok(());
        }
    }
}

/// Sends one piece until it is taken; a busy engine is left alone for as long as it asks.
fn send(args: &Args, piece: &[u8], counts: &mut Counts) -> Result<(), Ending> {
    let begun = Instant::now();
    let mut is_told = false;
    loop {
        let reply = args.remote.ask("POST", "/v1/import", piece)?;
        match reply.status {
            200 => return count(piece, &reply, counts),
            429 | 503 if begun.elapsed() < IMPORT_BUSY_MAX => {
                if !is_told {
                    tell("The engine is busy; the import waits and goes on by itself.\n");
                    is_told = true;
                }
                // A verb has nothing else to do meanwhile. An engine that says "at once" is not taken at its word, and one
                // that says "much later" is asked a last time when patience ends.
                let left = IMPORT_BUSY_MAX.saturating_sub(begun.elapsed());
                thread::sleep(reply.retry_after.unwrap_or_default().max(IMPORT_BUSY_WAIT).min(left));
            }
            429 | 503 => {
                let title = Code::Busy.title();
                tell(&format!("{} error: {title}\n  What was sent before this piece is stored.\n", Code::Busy));
                return Err(Ending::Unreachable);
            }
            _ => {
                tell(&format!("{}\n", reply.body.trim_end()));
                return Err(Ending::Usage);
            }
        }
    }
}

/// Adds up the receipts; every line that was sent must have one.
fn count(piece: &[u8], reply: &Reply, counts: &mut Counts) -> Result<(), Ending> {
    let sent = piece.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    match receipts(&reply.body) {
        Some(results) if results.len() == sent => {
            for result in results {
                *counts.entry(result).or_default() += 1;
            }
            Ok(())
        }
        _ => {
            let said = "it took a piece and gave no receipt for each of its lines";
            tell(&format!("{} error: {said}\n  {NO_ENGINE}\n", Code::EngineUnreachable));
            Err(Ending::Unreachable)
        }
    }
}

/// What became of each line; `None` if one receipt does not say so.
fn receipts(body: &str) -> Option<Vec<String>> {
    let result = |line: &str| Some(serde_json::from_str::<Value>(line).ok()?.get("result")?.as_str()?.to_owned());
    body.lines().map(result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(body: &str) -> Reply {
        Reply { status: 200, retry_after: None, body: body.to_owned() }
    }

    #[test]
    fn nothing_counts_without_its_receipt() {
        let mut counts = Counts::new();
        let piece = b"{}\n\n{}\n";
        assert!(count(piece, &reply("{\"result\":\"applied\"}\n{\"result\":\"stale\"}\n"), &mut counts).is_ok());
        for bad in ["", "{\"result\":\"applied\"}\n", "{\"result\":\"applied\"}\n{\"res", "<html>\n</html>\n"] {
            assert_eq!(count(piece, &reply(bad), &mut counts), Err(Ending::Unreachable), "{bad}");
        }
        assert_eq!(counts, Counts::from([("applied".to_owned(), 1), ("stale".to_owned(), 1)]));
    }
}
