//! Command line: which verb was asked for, and how did it end?
//!
//! One file for each verb. stdout carries data, stderr progress and errors; the exit code says how it ended.
//!
//! - **Not here**: what the verbs do; they are thin over the library.

pub mod activate;
pub mod check;
pub mod completions;
pub mod demo;
pub mod doctor;
pub mod ending;
pub mod explain;
pub mod export;
pub mod fmt;
pub mod import;
mod loaded;
pub mod lsp;
pub mod new;
#[cfg(feature = "sql")]
pub mod query;
pub mod read;
pub mod remote;
pub mod run;
pub mod schema;
pub mod silence;
pub mod sql;
pub mod test;
pub mod try_;
pub mod verify;
pub mod why;

use clap::{Parser, Subcommand, ValueEnum};

pub use ending::Ending;

/// Watches clinical reports from order to acknowledgement, and acts when one is late or critical.
#[derive(Parser, Debug)]
#[command(name = "wardline", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "Examples:
  wardline demo                               a synthetic hospital, everything on, nothing to install
  wardline check wards/st-anne                what is wrong with this ward, and how to mend it
  wardline test wards/st-anne                 run the ward's scripted tests
  wardline try wards/st-anne --events may.ndjson   what would it have done in May?";

#[derive(Subcommand, Debug)]
enum Verb {
    /// A synthetic hospital at accelerated time: pages, answers and escalations to watch.
    Demo(demo::Args),
    /// The engine.
    Run(run::Args),
    /// The query process, which the engine starts: SQL over HTTP and the Postgres wire.
    #[cfg(feature = "sql")]
    Query(query::Args),
    /// A folder with a first ward, its test and the files of an installation.
    New(new::Args),
    /// Checks a ward and says how to mend what is wrong.
    Check(check::Args),
    /// Brings a ward into its usual form.
    Fmt(fmt::Args),
    /// The rules of a ward as prose.
    Read(read::Args),
    /// Runs the scripted tests of a ward.
    Test(test::Args),
    /// What a ward would have done with the events of the past.
    Try(try_::Args),
    /// A language server: an editor starts it.
    Lsp(lsp::Args),
    /// Makes a checked ward the active one of a running engine.
    Activate(activate::Args),
    /// An operator's silence: what may wait, until when, and why.
    Silence(silence::Args),
    /// Asks the tables of a running engine.
    Sql(sql::Args),
    /// Why a rule fired for a report, or kept silent.
    Why(why::Args),
    /// Events of the past into a running engine, or one dead letter again.
    Import(import::Args),
    /// Events, dead letters or a verified backup out of a data directory.
    Export(export::Args),
    /// What is wrong with the installation, its machine and its engine.
    Doctor(doctor::Args),
    /// Reads a data directory and says whether everything is what was written.
    Verify(verify::Args),
    /// More about an error code.
    Explain(explain::Args),
    /// The JSON Schemas of the configuration.
    Schema(schema::Args),
    /// Completions for a shell.
    Completions(completions::Args),
}

/// How data is printed.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs; every object has `schema_version`.
    Json,
}

/// Runs the verb that the command line asks for.
#[must_use]
pub fn run() -> Ending {
    match Cli::parse().verb {
        Verb::Demo(args) => demo::run(&args),
        Verb::Run(args) => run::run(&args),
        #[cfg(feature = "sql")]
        Verb::Query(args) => query::run(&args),
        Verb::New(args) => new::run(&args),
        Verb::Check(args) => check::run(&args),
        Verb::Fmt(args) => fmt::run(&args),
        Verb::Read(args) => read::run(&args),
        Verb::Why(args) => why::run(&args),
        Verb::Import(args) => import::run(&args),
        Verb::Export(args) => export::run(&args),
        Verb::Doctor(args) => doctor::run(&args),
        Verb::Test(args) => test::run(&args),
        Verb::Try(args) => try_::run(&args),
        Verb::Lsp(args) => lsp::run(&args),
        Verb::Activate(args) => activate::run(&args),
        Verb::Silence(args) => silence::run(&args),
        Verb::Sql(args) => sql::run(&args),
        Verb::Verify(args) => verify::run(&args),
        Verb::Explain(args) => explain::run(&args),
        Verb::Schema(args) => schema::run(&args),
        Verb::Completions(args) => completions::run(&args),
    }
}
