//! `wardline check`: what is wrong with this ward, and how is it mended?

use std::{path::PathBuf, time::Instant};

use clap::ValueEnum;
use wardline_dsl::{Checked, check, codes::Severity, diagnostic::render, source::Sources};
use wardline_rules::time::Date;

use super::{
    Ending,
    ending::{print, tell, today},
};
use crate::ward;

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
    let sources = match ward::load(&args.ward) {
        Ok(sources) => sources,
        Err(finding) => {
            tell(&format!("{finding}\n"));
            return Ending::Usage;
        }
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

pub(super) fn has_error(checked: &Checked) -> bool {
    checked.diagnostics.iter().any(|found| found.severity == Severity::Error)
}

/// The findings for people, and the line that sums them up.
pub(super) fn with_summary(checked: &Checked, sources: &Sources, started: Instant) -> String {
    let rules = checked
        .program
        .as_ref()
        .map(|program| program.alerts.len() + program.families.iter().map(|family| family.rules.len()).sum::<usize>());
    let rules = rules.map_or_else(String::new, |rules| format!("{rules} rules, "));
    let count = |severity: Severity| checked.diagnostics.iter().filter(|found| found.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let summary = format!(
        "{}, {} in {rules}{} ({} ms)\n",
        plural(errors, "error"),
        plural(warnings, "warning"),
        plural(sources.files.len(), "file"),
        started.elapsed().as_millis(),
    );
    format!("{}{summary}", render::text(&checked.diagnostics, sources))
}
