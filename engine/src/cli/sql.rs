//! `wardline sql`: statements to the tables of a running engine, or of a data directory that no engine has open.
//!
//! Data goes to stdout, everything else to stderr.
//!
//! - **Not here**: completion and history; psql has both, on the Postgres wire.

mod shell;
#[cfg(feature = "sql")]
mod stopped;

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use super::{
    Ending,
    ending::{print, tell},
    remote::{Remote, Reply},
};
use crate::codes::Code;

/// What `sql` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline sql -c \"SELECT kind, count(*) FROM reports WHERE is_open GROUP BY kind\"
  wardline sql -f monthly.sql --format csv > monthly.csv
  wardline sql -c \"SELECT * FROM clocks WHERE clock = $1\" --param \"sla/STAT lab\"
  wardline sql --data data -c \"SELECT count(*) FROM reports\"   the tables of an engine that is stopped; nothing is changed
  wardline sql                                       statements as they are typed, \\d and \\ask for help on the way
  psql -h 127.0.0.1 -p 5433 wardline                 the same tables in another shell")]
pub struct Args {
    /// The statement; without one, and without a file, they are read from standard input.
    #[arg(short, value_name = "TEXT", conflicts_with = "file")]
    command: Option<String>,
    /// A file with the statement.
    #[arg(short, value_name = "FILE")]
    file: Option<PathBuf>,
    /// How rows are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Shape,
    /// Values of `$1`, `$2` …, in order.
    #[arg(long = "param", value_name = "VALUE")]
    parameters: Vec<String>,
    /// Waits until this epoch is visible: that of a receipt, to read one's own writes.
    #[arg(long, value_name = "N")]
    min_epoch: Option<u64>,
    /// Reads a password from standard input and prints what goes to `scram` of a `[[key]]`.
    #[cfg(feature = "sql")]
    #[arg(long, conflicts_with_all = ["command", "file"])]
    verifier: bool,
    /// The data directory of an engine that is stopped, which is read and not changed: files, and what only the log holds.
    #[cfg(feature = "sql")]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["url", "key_file", "min_epoch"])]
    data: Option<PathBuf>,
    /// A file with the authority of the query process's certificate, if this machine does not trust it already.
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
    /// The query process.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8471")]
    url: String,
    /// A file with the API key.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// How rows are printed.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Shape {
    /// Columns for people.
    #[default]
    Table,
    /// One object with schema, rows and epoch.
    Json,
    /// One object a row.
    Jsonl,
    /// RFC 4180.
    Csv,
}

/// Asks, and prints what comes.
pub fn run(args: &Args) -> Ending {
    #[cfg(feature = "sql")]
    if args.verifier {
        return verifier();
    }
    let asked = match open(args) {
        Ok(asked) => asked,
        Err(ending) => return ending,
    };
    match statement(args) {
        Ok(Some(text)) => answer(args, &asked, &text, args.format),
        Ok(None) => shell::run(args.format, |text, shape| answer(args, &asked, text, shape)),
        Err(ending) => ending,
    }
}

/// Who is asked.
enum Asked {
    Running(Remote),
    #[cfg(feature = "sql")]
    Stopped(stopped::Stopped),
}

fn open(args: &Args) -> Result<Asked, Ending> {
    #[cfg(feature = "sql")]
    if let Some(directory) = &args.data {
        return stopped::Stopped::open(directory).map(Asked::Stopped);
    }
    let remote = Remote::at(args.url.clone(), args.key_file.clone());
    Ok(Asked::Running(remote.trusting(args.authority.clone())))
}

/// Asks one statement, and prints what comes.
fn answer(args: &Args, asked: &Asked, text: &str, shape: Shape) -> Ending {
    let format = match shape {
        Shape::Table | Shape::Json => "json",
        Shape::Jsonl => "jsonl",
        Shape::Csv => "csv",
    };
    let mut body = json!({ "sql": text, "format": format, "params": args.parameters });
    if let (Some(epoch), Some(object)) = (args.min_epoch, body.as_object_mut()) {
        object.insert("min_epoch".to_owned(), epoch.into());
    }
    let reply = match asked {
        Asked::Running(remote) => remote.ask("POST", "/v1/sql", body.to_string().as_bytes()),
        #[cfg(feature = "sql")]
        Asked::Stopped(stopped) => stopped.ask(&body),
    };
    match reply {
        Ok(reply) => show(&reply, shape),
        Err(ending) => ending,
    }
}

/// The statement that was given; `None` if they are to be typed.
fn statement(args: &Args) -> Result<Option<String>, Ending> {
    match (&args.command, &args.file) {
        (Some(text), _) => Ok(Some(text.clone())),
        (None, Some(path)) => fs::read_to_string(path).map(Some).map_err(|error| {
            tell(&format!("{} error: cannot read `{}`: {error}\n", Code::FileUnreadable, path.display()));
            Ending::Usage
        }),
        (None, None) => Ok(None),
    }
}

fn show(reply: &Reply, shape: Shape) -> Ending {
    if reply.status >= 300 {
        let said = match reply.json() {
            Ok(said) => said,
            Err(ending) => return ending,
        };
        let text = |key: &str| said.get(key).and_then(Value::as_str).unwrap_or_default();
        tell(&format!("{} error: {}\n  {}\n", text("code"), text("message"), text("help")));
        return if reply.status == 503 { Ending::Unreachable } else { Ending::Usage };
    }
    if shape == Shape::Table {
        match reply.json() {
            Ok(answer) => print(&table(&answer)),
            Err(ending) => return ending,
        }
    } else {
        print(&reply.body);
        if shape == Shape::Json {
            print("\n");
        }
    }
    Ending::Fine
}

/// Aligned columns, numbers to the right, and how many rows of which epoch.
fn table(answer: &Value) -> String {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let head: Vec<String> =
        list(answer.get("schema")).iter().map(|column| text(column.get("name").unwrap_or(&Value::Null))).collect();
    let rows: Vec<Vec<Value>> = list(answer.get("rows")).iter().map(|row| list(Some(row))).collect();
    let width = |place: usize| {
        let cells = rows.iter().filter_map(|row| row.get(place)).map(|cell| text(cell).chars().count());
        cells.chain(head.get(place).map(|name| name.chars().count())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: Vec<(String, bool)>| {
        let cells = cells.into_iter().zip(&widths).map(|((cell, is_right), width)| {
            if is_right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    let mut shown = line(head.iter().map(|name| (name.clone(), false)).collect());
    shown.push_str(&line(widths.iter().map(|width| ("-".repeat(*width), false)).collect()));
    for row in &rows {
        shown.push_str(&line(row.iter().map(|cell| (text(cell), cell.is_number())).collect()));
    }
    let count = if rows.len() == 1 { "1 row".to_owned() } else { format!("{} rows", rows.len()) };
    format!("{shown}({count}, epoch {})\n", text(answer.get("epoch").unwrap_or(&Value::Null)))
}

/// The verifier of the password on standard input.
#[cfg(feature = "sql")]
fn verifier() -> Ending {
    use std::io::{BufRead as _, Read as _};
    let mut password = String::new();
    let mut salt = [0; 16];
    let read = std::io::stdin().lock().read_line(&mut password).and_then(|_| {
        let mut random = fs::File::open("/dev/urandom")?;
        random.read_exact(&mut salt)
    });
    let password = password.trim_end_matches(['\r', '\n']);
    if read.is_err() || password.is_empty() {
        tell(&format!("{} error: there is no password on standard input\n", Code::Usage));
        return Ending::Usage;
    }
    print(&format!("{}\n", wardline_query::pg::scram::Verifier::of(password, &salt).text()));
    Ending::Fine
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_wide_as_its_widest_cell() {
        let answer = json!({
            "schema": [{ "name": "kind" }, { "name": "n" }],
            "rows": [["lab", 12], ["imaging", 3], [null, 1]],
            "epoch": 7,
        });
        assert_eq!(
            table(&answer),
            "kind     n\n-------  --\nlab      12\nimaging   3\n          1\n(3 rows, epoch 7)\n"
        );
    }
}
