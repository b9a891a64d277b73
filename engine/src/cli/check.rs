//! `wardline check`: what is wrong with this ward, and how is it mended?

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use clap::ValueEnum;
use wardline_dsl::{check, diagnostic::render, source::Sources};
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

/// The ward with its files as they are named from where the check was asked for: build servers know no ward folder.
fn from_here(mut sources: Sources, ward: &Path) -> Sources {
    let folder = if ward.is_dir() { ward } else { ward.parent().unwrap_or(Path::new("")) };
    let folder = folder.strip_prefix("./").unwrap_or(folder);
    for file in sources.files.iter_mut().chain(&mut sources.holidays) {
        file.name = folder.join(&file.name).to_string_lossy().into_owned();
    }
    sources
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
        Format::Github => render::github(found, &from_here(sources, &args.ward)),
        Format::Sarif => render::sarif(found, &from_here(sources, &args.ward), env!("CARGO_PKG_VERSION")),
    });
    if has_error(&checked) { Ending::Findings } else { Ending::Fine }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_servers_read_paths_from_where_the_check_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let named = |ward: &Path| from_here(Sources::of_text("a.ward", ""), ward).files[0].name.clone();
        assert_eq!(named(folder.path()), folder.path().join("a.ward").to_string_lossy());
        assert_eq!(named(&folder.path().join("a.ward")), folder.path().join("a.ward").to_string_lossy());
        assert_eq!(named(Path::new("a.ward")), "a.ward");
        assert_eq!(named(Path::new("./wards/a.ward")), "wards/a.ward");
    }
}
