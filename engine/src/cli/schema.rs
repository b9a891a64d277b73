//! `wardline schema`: the JSON Schemas of the configuration files, for editors and for checks before a rollout.

use clap::ValueEnum;

use super::{Ending, ending::print};
use crate::config::schema::{SITE, WARDLINE};

/// What `schema` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline schema > wardline.schema.json
  wardline schema site")]
pub struct Args {
    /// Which file's.
    #[arg(value_enum, default_value_t)]
    file: File,
}

/// A file with a schema.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
enum File {
    /// `wardline.toml`.
    #[default]
    Wardline,
    /// `site.toml`.
    Site,
}

/// Prints it.
pub fn run(args: &Args) -> Ending {
    print(match args.file {
        File::Wardline => WARDLINE,
        File::Site => SITE,
    });
    Ending::Fine
}
