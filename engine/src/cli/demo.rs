//! `wardline demo`: what does it look like when it works?

use super::Ending;

/// What `demo` is given.
#[derive(clap::Args, Debug)]
pub struct Args {}

/// Runs the demo.
pub const fn run(_: &Args) -> Ending {
    Ending::Fine
}
