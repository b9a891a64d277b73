//! Wardline: the program. All it does is in the library.

use wardline::cli::{self, Ending};

fn main() -> Ending {
    cli::run()
}
