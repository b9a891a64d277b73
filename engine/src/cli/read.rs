//! `wardline read`: what do the rules of this ward say, in whole sentences?
//!
//! - **Not here**: the sentences (`wardline-dsl`).

use std::path::PathBuf;

use clap::ValueEnum;
use wardline_dsl::prose;

use super::{Ending, ending::print, loaded};

/// What `read` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline read wards/st-anne
  wardline read wards/st-anne --format html > policy.html     one page for a policy binder
Exit code 0: printed; 1: the ward does not check; 2: wrong use.")]
pub struct Args {
    /// A ward folder or one `.ward` file.
    ward: PathBuf,
    /// As what it is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

/// As what prose is printed.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Form {
    /// Plain text.
    #[default]
    Text,
    /// Markdown.
    Md,
    /// One page.
    Html,
}

/// Prints one paragraph for each rule.
pub fn run(args: &Args) -> Ending {
    let program = match loaded::ward(&args.ward) {
        Ok(loaded) => loaded.program,
        Err(ending) => return ending,
    };
    print(&match args.format {
        Form::Text => prose::text(&program),
        Form::Md => prose::markdown(&program),
        Form::Html => prose::html(&program),
    });
    Ending::Fine
}
