//! Wardline-loadtest: the command line of the load tool.
//!
//! stdout carries data, stderr progress and refusals; a refusal has a code, a headline and one sentence of help.
//! - **How it fits**: reads the arguments, hands each verb to its file in `cli/`.
//! - **Not here**: anything a library user would want (`wardline_loadtest`).

mod cli;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::run(cli::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if the terminal is gone.
            let _ = print_refusal(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn print_refusal(error: &wardline_loadtest::error::Error) -> std::io::Result<()> {
    let mut out = std::io::stderr().lock();
    writeln!(out, "{} error: {error}", error.code())?;
    let mut cause = std::error::Error::source(error);
    while let Some(because) = cause {
        writeln!(out, "  because: {because}")?;
        cause = because.source();
    }
    writeln!(out, "  help: {}", error.help())
}
