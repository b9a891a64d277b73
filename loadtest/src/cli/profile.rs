//! Profile: the verb that prints one.
//!
//! - **How it fits**: what it prints is what `--profile FILE.toml` reads.
//! - **Not here**: checking a profile; every other verb does.

use clap::Args;
use wardline_loadtest::error::Error;
use wardline_loadtest::profile::Profile;

use super::print;

/// Print a built-in profile, to copy and change.
///
/// Its own figures come first, then, as comments, the common ones it is laid over: copy the tables you want to change.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wardline-loadtest profile hospital > mine.toml
  wardline-loadtest generate --profile mine.toml --reports 10k --out mine.ndjson")]
pub(crate) struct Show {
    /// clinic, hospital, health-system, reference-lab, national, us-wide or tatmark
    name: String,
}

impl Show {
    pub(crate) fn run(&self) -> Result<(), Error> {
        match Profile::text(&self.name) {
            Some(text) => print(&text),
            None => Profile::load(&self.name).map(|_| ()),
        }
    }
}
