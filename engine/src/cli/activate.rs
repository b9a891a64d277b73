//! `wardline activate`: makes a checked ward the active one of a running engine.

use std::path::PathBuf;

use super::{
    Ending,
    ending::{print, tell, today},
    loaded,
    remote::{Remote, encode},
};
use crate::ward;

/// What `activate` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline activate wards/st-anne
  wardline activate wards/st-anne --author \"Quality, A. Ruiz\"
  wardline activate wards/st-anne --moved
Clocks that run keep the targets they began with, unless they are moved: then they are worked out again from their facts.
What was passed before is told each recipient in one message. `wardline try --against` shows it beforehand.")]
pub struct Args {
    /// A ward folder or one `.ward` file.
    ward: PathBuf,
    /// Running clocks go by the new ward from now on.
    #[arg(long)]
    moved: bool,
    /// Who activates it, for the record.
    #[arg(long)]
    author: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

/// Checks it here, sends it, and says what became of it.
pub fn run(args: &Args) -> Ending {
    let sources = match loaded::ward(&args.ward) {
        Ok(loaded) => loaded.sources,
        Err(ending) => {
            tell("The active ward stays.\n");
            return ending;
        }
    };
    let author = args.author.as_deref().map(|author| format!("&author={}", encode(author))).unwrap_or_default();
    let path = format!("/v1/wards?moved={}{author}", args.moved);
    match args.remote.ask("POST", &path, &ward::pack(&sources, today())) {
        Ok(reply) => {
            print(&format!("{}\n", reply.body));
            if reply.status == 200 { Ending::Fine } else { Ending::Findings }
        }
        Err(ending) => ending,
    }
}
