//! Doctor: what is wrong with this installation, its machine and its engine, before it hurts?
//!
//! Reads and changes nothing. Each check is one of the numbered ones of the guarantees page, 10.4; those that this release
//! cannot answer are not listed, so that what is listed was looked at.
//!
//! - **How it fits**: `wardline doctor` prints what [`examine`] finds.
//! - **Not here**: contacting feeds.

mod delivery;
mod disk;
mod engine;
mod host;
mod settings;

use std::path::Path;

use wardline_rules::time::Timestamp;

use crate::config::{Config, Directory, site};

/// One check and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// Its number in the list of the guarantees page.
    pub number: u8,
    /// What was looked at.
    pub name: &'static str,
    /// What is wrong and what to do; `None` if nothing is.
    pub finding: Option<Advice>,
}

/// What is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Advice {
    /// The cause, in the reader's words.
    pub cause: String,
    /// One thing to do.
    pub remedy: String,
}

impl Check {
    fn fine(number: u8, name: &'static str) -> Self {
        Self { number, name, finding: None }
    }

    fn wrong(number: u8, name: &'static str, cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { number, name, finding: Some(Advice { cause: cause.into(), remedy: remedy.into() }) }
    }

    /// Fine, or wrong for this cause.
    fn unless(number: u8, name: &'static str, cause: Option<String>, remedy: &str) -> Self {
        cause.map_or_else(|| Self::fine(number, name), |cause| Self::wrong(number, name, cause, remedy))
    }
}

/// Tries every channel, and says which cannot be reached.
pub type Probe<'a> = &'a dyn Fn(&Config) -> Vec<String>;

/// Looks at everything.
///
/// - **Input** `path`: `wardline.toml`; `now`: the wall; `health`: asks the running engine, `None` if none answers; `probe`:
///   which channels cannot be reached, if that is to be tried.
/// - **Output**: checks by ascending number. With a configuration that cannot be read it is the only one.
pub fn examine(
    path: &Path,
    now: Timestamp,
    health: &dyn Fn(&Config) -> Option<serde_json::Value>,
    probe: Option<Probe<'_>>,
) -> Vec<Check> {
    let config = match Config::load(path).and_then(|config| site::load(&config.site).map(|_| config)) {
        Ok(config) => config,
        Err(findings) => {
            return vec![Check::wrong(
                1,
                "configuration",
                findings.to_string(),
                "Mend the file; nothing else was looked at.",
            )];
        }
    };
    // Tokens do not matter here: only names of desks are looked up.
    let directory = Directory::load(&config.directory, &|_, _| wardline_rules::token::Token([0; 16]));
    let mut checks = settings::examine(&config, &directory, now);
    checks.extend(disk::examine(&config));
    checks.extend(host::examine(&config));
    if let Ok(directory) = &directory {
        let unreachable = probe.map(|probe| probe(&config)).unwrap_or_default();
        checks.extend(delivery::examine(&config, directory, now, &unreachable));
    }
    checks.extend(engine::examine(health(&config)));
    checks.sort_by_key(|check| check.number);
    checks
}
