//! Compare: the verb that puts two runs side by side.
//!
//! - **How it fits**: reads two result files, prints the rows of [`wardline_loadtest::compare`].
//! - **Not here**: judging; `run --fail-if` does.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use wardline_loadtest::compare::{Row, differences, rows};
use wardline_loadtest::error::Error;
use wardline_loadtest::result::Outcome;

use super::{Format, print};

/// Two runs side by side.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wardline-loadtest compare before/ after/
  wardline-loadtest compare before/result.json after/result.json --format json")]
pub(crate) struct Compare {
    /// result.json of a run, or its folder
    a: PathBuf,
    /// The other
    b: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl Compare {
    pub(crate) fn run(&self) -> Result<(), Error> {
        let [a, b] = [read(&self.a)?, read(&self.b)?];
        let (rows, differences) = (rows(&a, &b), differences(&a, &b));
        match self.format {
            Format::Text => print(&text(&rows, &differences)),
            Format::Json => print(
                &(json!({"schema_version": 1, "rows": rows, "asked_differently": differences}).to_string() + "\n"),
            ),
        }
    }
}

fn read(path: &Path) -> Result<Outcome, Error> {
    if path.is_dir() { Outcome::read(&path.join("result.json")) } else { Outcome::read(path) }
}

fn text(rows: &[Row], differences: &[String]) -> String {
    let mut text = format!("{:<26} {:>14} {:>14} {:>8}\n", "", "A", "B", "B ÷ A");
    for row in rows {
        let ratio = row.ratio.map_or_else(String::new, |ratio| format!("{ratio:.3}"));
        text += format!("{:<26} {:>14.3} {:>14.3} {ratio:>8}", row.name, row.a, row.b).trim_end();
        text.push('\n');
    }
    for difference in differences {
        text += &format!("not the same load: {difference}\n");
    }
    text
}
