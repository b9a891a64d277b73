//! Wardline: the program. All it does is in the library.

use mimalloc::MiMalloc;
use wardline::cli::{self, Ending};

/// Events are made on decode threads and dropped on the core's: an allocator that takes frees from other threads cheaply.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> Ending {
    cli::run()
}
