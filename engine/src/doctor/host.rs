//! Host: does the machine keep time, and does it let the engine have what it needs?

use core::net::SocketAddr;
use std::{
    io::ErrorKind,
    net::{TcpListener, TcpStream},
};

use rustix::process::{Resource, getrlimit};

use super::Check;
use crate::{
    config::Config,
    limits::CONNECTIONS_MAX,
    runtime::clock::{MachineClock, WallClock as _},
};

pub(super) fn examine(config: &Config) -> Vec<Check> {
    let synchronised = (!MachineClock.read().is_synchronised).then(|| "no time service holds it right".to_owned());
    vec![
        ports([config.http.listen, config.http.admin]),
        Check::unless(
            20,
            "the machine's time",
            synchronised,
            "Run a time service such as chrony or systemd-timesyncd.",
        ),
        files(),
        core_files(),
        swap(),
    ]
}

/// Each port is free, or something answers there: the engine itself, by what check 44 says.
fn ports(addresses: [SocketAddr; 2]) -> Check {
    let is_free = |address: &SocketAddr| TcpListener::bind(address).is_ok();
    let answers = |address: &SocketAddr| TcpStream::connect(address).is_ok();
    let blocked: Vec<String> =
        addresses.iter().filter(|address| !answers(address) && !is_free(address)).map(ToString::to_string).collect();
    let cause = (!blocked.is_empty()).then(|| format!("{} cannot be listened on", blocked.join(", ")));
    Check::unless(4, "listeners", cause, "Change `[http]`, or stop what has the port.")
}

fn files() -> Check {
    // Connections of both listeners, as many sinks, and the log.
    let wanted = u64::try_from(2 * CONNECTIONS_MAX + 1_024).unwrap_or(u64::MAX);
    let has = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let cause = (has < wanted).then(|| format!("{has} open files are allowed here, {wanted} are wanted"));
    Check::unless(24, "open files", cause, "Set `LimitNOFILE=65536` for the service.")
}

fn core_files() -> Check {
    let cause = (getrlimit(Resource::Core).current != Some(0)).then(|| "a crash would write memory to disk".to_owned());
    Check::unless(28, "core files", cause, "Set `LimitCORE=0` for the service: memory holds patient data.")
}

fn swap() -> Check {
    let cause = match std::fs::read_to_string("/proc/swaps") {
        Ok(text) => (text.lines().count() > 1).then(|| "memory may be written to a swap device".to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => Some(format!("/proc/swaps cannot be read: {error}")),
    };
    Check::unless(26, "swap", cause, "Switch it off or encrypt it, and set `MemorySwapMax=0` for the service.")
}
