//! `wardline check`: what is wrong with this ward, and how is it mended?

use std::{path::PathBuf, time::Instant};

use clap::ValueEnum;
use wardline_dsl::{check, diagnostic::render};
use wardline_rules::time::Date;

use super::{
    Ending,
    ending::{print, today},
    loaded::{self, has_error, with_summary},
};

/// What `check` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline check wards/st-anne
  wardline check critical.ward --format github
  wardline check wards/st-anne --as-of 2027-01-01     what will be overdue for review by then?")]
pub struct Args {
    /// A ward folder or one `.ward` file.
    ward: PathBuf,
    /// The date to check for: reviews due, holidays that end, rosters with gaps. Today if not given.
    #[arg(long, value_name = "DATE", value_parser = date)]
    as_of: Option<Date>,
    /// How findings are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How findings are printed.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Json,
    /// Annotations of a build.
    Github,
    /// SARIF 2.1.0.
    Sarif,
}

pub(super) fn date(text: &str) -> Result<Date, String> {
    let parts: Vec<i16> = text.split('-').filter_map(|part| part.parse().ok()).collect();
    match parts.as_slice() {
        [year, month, day] => {
            let (month, day) = (i8::try_from(*month).unwrap_or(0), i8::try_from(*day).unwrap_or(0));
            Date::new(*year, month, day).ok_or_else(|| format!("{text} does not exist"))
        }
        _ => Err("a date looks like 2026-07-04".to_owned()),
    }
}

/// Checks and prints.
pub fn run(args: &Args) -> Ending {
    let started = Instant::now();
    let sources = match loaded::sources(&args.ward) {
        Ok(sources) => sources,
        Err(ending) => return ending,
    };
    let checked = check(&sources, args.as_of.unwrap_or_else(today));
    let found = &checked.diagnostics;
    print(&match args.format {
        Format::Text => with_summary(&checked, &sources, started),
        Format::Json => render::json(found, &sources),
        Format::Github => render::github(found, &sources),
        Format::Sarif => render::sarif(found, &sources, env!("CARGO_PKG_VERSION")),
    });
    if has_error(&checked) { Ending::Findings } else { Ending::Fine }
}
