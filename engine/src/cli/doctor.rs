//! `wardline doctor`: what is wrong here, and what is the one thing to do about it?

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{
    Ending, Format,
    ending::print,
    remote::{Place, key, quiet},
};
use crate::{
    config::{Config, Directory},
    dispatcher::sinks::Sinks,
    doctor::{Check, Probe, examine},
    runtime::clock::{MachineClock, WallClock as _},
};

/// What `doctor` is given.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wardline doctor --config wardline.toml
  wardline doctor --probe                                 contacts every channel too
  wardline doctor --format json --key-file keys/admin     asks the running engine for details
Reads and changes nothing. Exit code 0: nothing wrong; 1: findings; 2: wrong use.")]
pub struct Args {
    /// The installation.
    #[arg(long, value_name = "FILE", default_value = "wardline.toml")]
    config: PathBuf,
    /// A file with an API key of any role, for the details of a running engine.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Contacts every channel too, as far as nobody is disturbed.
    #[arg(long)]
    probe: bool,
    /// How findings are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Looks, and prints.
pub fn run(args: &Args) -> Ending {
    let key = match args.key_file.as_deref().map(key).transpose() {
        Ok(key) => key,
        Err(ending) => return ending,
    };
    let health = |config: &Config| {
        let reply = quiet(&Place::of_config(config)?, "GET", "/health", key.as_deref())?;
        serde_json::from_str(&reply.body).ok()
    };
    let checks =
        examine(&args.config, MachineClock.read().wall, &health, args.probe.then_some(&unreachable as Probe<'_>));
    print(&match args.format {
        Format::Text => text(&checks),
        Format::Json => format!("{}\n", json(&checks)),
    });
    if checks.iter().all(|check| check.finding.is_none()) { Ending::Fine } else { Ending::Findings }
}

/// Which channels cannot be reached, or not even be set up.
fn unreachable(config: &Config) -> Vec<String> {
    let sinks = match Sinks::open(config, Directory::default(), None) {
        Ok(sinks) => sinks,
        Err(findings) => return vec![findings.to_string()],
    };
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(sinks.unreachable()),
        Err(error) => vec![error.to_string()],
    }
}

fn text(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        match &check.finding {
            None => text.push_str(&format!("ok    {:>2}  {}\n", check.number, check.name)),
            Some(advice) => {
                text.push_str(&format!("FIND  {:>2}  {}: {}\n", check.number, check.name, advice.cause));
                text.push_str(&format!("          {}\n", advice.remedy));
            }
        }
    }
    let found = checks.iter().filter(|check| check.finding.is_some()).count();
    text.push_str(&format!("{} checks, {found} findings\n", checks.len()));
    text
}

fn json(checks: &[Check]) -> Value {
    let entry = |check: &Check| {
        json!({
            "code": check.number,
            "name": check.name,
            "ok": check.finding.is_none(),
            "cause": check.finding.as_ref().map(|advice| &advice.cause),
            "remedy": check.finding.as_ref().map(|advice| &advice.remedy),
        })
    };
    json!({ "schema_version": 1, "checks": checks.iter().map(entry).collect::<Vec<_>>() })
}
