//! `wardline completions`: what the shell may fill in.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, Ending, ending::print};

/// What `completions` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline completions bash > /etc/bash_completion.d/wardline
  wardline completions zsh > ~/.zfunc/_wardline")]
pub struct Args {
    /// Which shell.
    shell: Shell,
}

/// Prints them.
pub fn run(args: &Args) -> Ending {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "wardline", &mut text);
    print(&String::from_utf8_lossy(&text));
    Ending::Fine
}
