//! Profile: how much comes, from where, and how long does everything take?
//!
//! A profile is a TOML file laid over `profiles/common.toml`, key by key; the built-in ones are part of the binary.
//! Reading checks every figure, so that generating cannot fail.
//!
//! - **How it fits**: [`World`](crate::world::World) is made from it; `plan` reads its volumes.
//! - LIMIT: `PROFILE_BYTES_MAX`, `SITES_MAX`, `FEEDS_MAX`, `GROUP_REPORTS_MAX` in [`limits`](crate::limits).
//! - **Not here**: drawing from the figures ([`life`](crate::life)).

mod check;
mod figures;
mod menu;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

pub use figures::*;
pub use menu::{LabTest, Menu, Specimen, Test};

use crate::error::Error;
use crate::limits::PROFILE_BYTES_MAX;
use crate::vocabulary::Setting;

/// The built-in profiles, smallest first; `tatmark` is the benchmark.
pub const NAMES: [&str; 7] = ["clinic", "hospital", "health-system", "reference-lab", "national", "us-wide", "tatmark"];

const COMMON: &str = include_str!("../profiles/common.toml");

fn built_in(name: &str) -> Option<&'static str> {
    match name {
        "clinic" => Some(include_str!("../profiles/clinic.toml")),
        "hospital" => Some(include_str!("../profiles/hospital.toml")),
        "health-system" => Some(include_str!("../profiles/health-system.toml")),
        "reference-lab" => Some(include_str!("../profiles/reference-lab.toml")),
        "national" => Some(include_str!("../profiles/national.toml")),
        "us-wide" => Some(include_str!("../profiles/us-wide.toml")),
        "tatmark" => Some(include_str!("../profiles/tatmark.toml")),
        _ => None,
    }
}

/// Which life reports lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathShape {
    /// Everything that happens to a report of its kind.
    Full,
    /// Ordered, collected, received, final, acknowledged; short lines.
    Minimal,
}

/// All figures of one profile.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Which life reports lead.
    pub path: PathShape,
    /// The fault set used unless the command names another.
    pub faults: String,
    /// IANA zones; site k lives in zone k modulo their number.
    pub zones: Vec<String>,
    /// Yearly holidays, see [`Holiday`](crate::calendar::Holiday).
    pub holidays: Vec<String>,
    /// Exponent of the choice among patients.
    pub patient_zipf: f64,
    /// Exponent of the choice among clinicians.
    pub clinician_zipf: f64,
    /// Exponent of the choice among tests.
    pub test_zipf: f64,
    /// Exponent of the choice among sites.
    pub site_zipf: f64,
    /// Reports in a mean year.
    pub reports_per_year: f64,
    /// Busiest hour of the year ÷ mean.
    pub peak_factor: f64,
    /// Begin of every site's name.
    pub site_prefix: String,
    /// How many sites.
    pub sites: u32,
    /// How many clinicians order.
    pub clinicians: u64,
    /// How many patients there are.
    pub patients: u64,
    /// Departments that perform.
    pub departments: Vec<String>,
    /// How many feeds.
    pub feeds: u32,
    /// What the feeds of one place are; the first stands in for roles that are missing.
    pub feed_roles: Vec<String>,
    /// Share of reports per setting.
    pub shares: BTreeMap<Setting, f64>,
    /// Share of messages per wire format; read by `plan`.
    pub wire: BTreeMap<String, f64>,
    /// Sizes of requisitions.
    pub group: GroupFigures,
    /// Per setting.
    pub setting: BTreeMap<Setting, SettingFigures>,
    /// Per kind.
    pub life: LifeFigures,
    /// Fault sets by name.
    pub fault: BTreeMap<String, FaultFigures>,
    /// Delays of faults.
    pub fault_span: FaultSpans,
    /// What a million of its reports must look like.
    #[serde(default)]
    pub expected: Expected,
}

impl Profile {
    /// A built-in profile by name, or a file when the name ends in `.toml`.
    ///
    /// **Errors**: unknown name, unreadable file, wrong shape, senseless figure.
    /// ```
    /// # use wardline_loadtest::profile::Profile;
    /// assert_eq!(Profile::load("hospital")?.sites, 1);
    /// # Ok::<(), wardline_loadtest::error::Error>(())
    /// ```
    pub fn load(name: &str) -> Result<Self, Error> {
        match built_in(name) {
            Some(text) => Self::parse(name, text),
            None if Path::new(name).extension().is_some_and(|end| end == "toml") => {
                Self::parse(name, &read_file(Path::new(name))?)
            }
            None => Err(Error::ProfileUnknown { name: name.to_owned(), nearest: nearest(name) }),
        }
    }

    /// A profile from TOML text laid over the common figures.
    ///
    /// **Errors**: wrong shape, senseless figure.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let shape = |message: String| Error::ProfileShape { name: name.to_owned(), message };
        let over: toml::Table = toml::from_str(text).map_err(|error| shape(error.to_string()))?;
        let mut all: toml::Table = toml::from_str(COMMON).map_err(|error| shape(error.to_string()))?;
        overlay(&mut all, over);
        let profile: Self = all.try_into().map_err(|error: toml::de::Error| shape(error.to_string()))?;
        check::check(&profile)?;
        Ok(profile)
    }

    /// The text of a built-in profile, and as comments the common figures it is laid over; reading it gives the same profile.
    #[must_use]
    pub fn text(name: &str) -> Option<String> {
        let common: String = COMMON.lines().map(|line| format!("# {line}\n")).collect();
        built_in(name).map(|text| format!("{text}\n# ---- laid over these figures ----\n{common}"))
    }

    /// The fault set of that name.
    #[must_use]
    pub fn fault_set(&self, name: &str) -> Option<&FaultFigures> {
        self.fault.get(name)
    }
}

fn nearest(name: &str) -> Option<&'static str> {
    let near = NAMES.into_iter().map(|known| (strsim::osa_distance(name, known), known)).min();
    near.filter(|(distance, known)| *distance <= known.len() / 3 + 1).map(|(_, known)| known)
}

fn read_file(path: &Path) -> Result<String, Error> {
    let unreadable = |source| Error::ProfileFile { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(unreadable)?.len() > PROFILE_BYTES_MAX {
        return Err(Error::ProfileLong { path: path.to_owned(), limit: PROFILE_BYTES_MAX });
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

/// Keys that make a table one wait: it is replaced whole, because half of one wait and half of another is neither.
const WAIT_KEYS: [&str; 4] = ["span", "parts", "fast", "near"];

fn overlay(base: &mut toml::Table, over: toml::Table) {
    for (key, new) in over {
        match (base.get_mut(&key), new) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new))
                if !WAIT_KEYS.iter().any(|key| new.contains_key(*key)) =>
            {
                overlay(old, new);
            }
            (_, new) => {
                base.insert(key, new);
            }
        }
    }
}

#[cfg(test)]
mod tests;
