//! Process: how is the query process kept from taking the machine?
//!
//! Before anything else it binds its own hands: data, open files, no core file, lowest priority, first to be ended when
//! memory runs out. It ends when its parent does.
//!
//! - **Source**: guarantees page S1-12.
//! - **Not here**: starting it again (the engine's).

use std::{io, thread};

use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};

use crate::{
    alive::Alive,
    limits::{FILES_MAX, OVERRUN_MAX, PROCESS_BYTES, STATEMENT_TIME},
};

/// Sets the limits of this process; what the machine does not let us set is told and left.
pub fn bind_hands() {
    let limits =
        [("data", Resource::Data, PROCESS_BYTES), ("files", Resource::Nofile, FILES_MAX), ("core", Resource::Core, 0)];
    for (name, resource, wanted) in limits {
        let most = getrlimit(resource).maximum.map_or(wanted, |most| most.min(wanted));
        if let Err(error) = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }) {
            tracing::warn!(name, %error, "query.limit");
        }
    }
    if let Err(error) = nice(10) {
        tracing::warn!(name = "nice", %error, "query.limit");
    }
    if let Err(error) = std::fs::write("/proc/self/oom_score_adj", "500") {
        tracing::warn!(name = "oom_score_adj", %error, "query.limit");
    }
}

/// Ends the process when a statement runs on that should have ended; a thread of its own looks when the oldest may be overdue.
///
/// # Errors
/// A thread that cannot be started.
pub fn watch(alive: Alive) -> io::Result<()> {
    let look = move || {
        // Nothing can be overdue before what is left to the oldest is over, and one that begins now has all of it.
        while let Some(left) = alive.left(STATEMENT_TIME + OVERRUN_MAX) {
            thread::sleep(left);
        }
        tracing::error!("query.stuck: a statement cannot be ended; the process ends and is started again");
        std::process::exit(1);
    };
    thread::Builder::new().name("wardline-watch".to_owned()).spawn(look).map(drop)
}

/// Waits until the parent is gone: then standard input ends.
///
/// # Errors
/// A standard input that cannot be read counts as ended.
pub fn wait_for_parent() -> io::Result<()> {
    io::copy(&mut io::stdin().lock(), &mut io::sink()).map(drop)
}
