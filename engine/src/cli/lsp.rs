//! `wardline lsp`: a language server for one editor, over standard input and output.
//!
//! - **Not here**: the server ([`crate::lsp`]).

use super::{
    Ending,
    ending::{tell, today},
};
use crate::lsp::{Goodbye, serve};

/// What `lsp` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "An editor starts it; docs/editors.md has the lines for common ones.
Exit code 0: the editor asked for the end; 1: it went away without.")]
pub struct Args {
    /// Speaks over standard input and output, as it always does; editors pass it.
    #[arg(long)]
    stdio: bool,
}

/// Serves until the editor leaves.
pub fn run(_: &Args) -> Ending {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tell(&format!("cannot start: {error}\n"));
            return Ending::Usage;
        }
    };
    let goodbye = runtime.block_on(serve(tokio::io::stdin(), tokio::io::stdout(), today));
    // A thread still waits for a byte of an editor that keeps its end open.
    runtime.shutdown_background();
    match goodbye {
        Goodbye::Orderly => Ending::Fine,
        Goodbye::Sudden => Ending::Findings,
    }
}
