//! Plan: what does a site of this size need?
//!
//! Takes the profile whose volume is nearest, scales it, and works out rate, memory and disk from the engine's stated bounds.
//! It shows its arithmetic, so that a reader can put in measured figures of their own.
//!
//! - **How it fits**: `wardline-loadtest plan --yearly N`.
//! - **Not here**: measuring; `run` does that.

use crate::error::Error;
use crate::profile::Profile;

/// Inputs per report: eleven events, answers and delivery attempts.
pub const INPUTS_PER_REPORT: f64 = 12.0;
/// Days that a settled report stays in memory, for corrections.
pub const SETTLED_DAYS: f64 = 35.0;
/// Bytes of one report in memory with three clocks, at most.
pub const REPORT_BYTES: f64 = 384.0;
/// Bytes of an engine with nothing to do.
pub const IDLE_BYTES: f64 = 50e6;
/// Bytes of one input in the log.
pub const LOG_BYTES: f64 = 300.0;
/// Bytes of one input in the compressed archive.
pub const ARCHIVE_BYTES: f64 = 30.0;
/// Inputs per second and core, durable, at least.
pub const CORE_INPUTS: f64 = 150_000.0;
/// How many times the peak a site must bear, to catch up after an outage.
pub const HEADROOM: f64 = 10.0;
/// Mean hours open where a profile does not say.
const HOURS_OPEN: f64 = 48.0;
const HOURS_PER_YEAR: f64 = 8766.0;

/// Profiles that stand for sites; the benchmark does not.
const SITES: [&str; 6] = ["clinic", "hospital", "health-system", "reference-lab", "national", "us-wide"];

/// What a site needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Reports a year.
    pub yearly: f64,
    /// The nearest profile.
    pub profile: String,
    /// Inputs per second over the year.
    pub mean_per_second: f64,
    /// Inputs per second in the busiest hour.
    pub peak_per_second: f64,
    /// Reports open at one time.
    pub open_reports: f64,
    /// Reports in memory, settled ones included.
    pub kept_reports: f64,
    /// Memory of the engine.
    pub memory_bytes: f64,
    /// Log written in a mean day.
    pub log_bytes_per_day: f64,
    /// Archive of a year.
    pub archive_bytes_per_year: f64,
    /// Cores, with headroom.
    pub cores: u32,
}

impl Plan {
    /// The plan for so many reports a year.
    ///
    /// **Errors**: none but those of a broken built-in profile.
    pub fn for_yearly(yearly: f64) -> Result<Self, Error> {
        let profiles = SITES.iter().map(|name| Profile::load(name)).collect::<Result<Vec<_>, _>>()?;
        let distance = |profile: &Profile| libm::fabs(libm::log(profile.reports_per_year / yearly));
        let nearest = profiles.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.map_or_else(
            || Err(Error::ProfileUnknown { name: "clinic".to_owned(), nearest: None }),
            |profile| Ok(Self::of(&profile, yearly)),
        )
    }

    /// The plan for a profile at another volume.
    #[must_use]
    pub fn of(profile: &Profile, yearly: f64) -> Self {
        let mean = yearly * INPUTS_PER_REPORT / HOURS_PER_YEAR / 3600.0;
        let peak = mean * profile.peak_factor;
        let open = yearly / HOURS_PER_YEAR * profile.expected.hours_open.unwrap_or(HOURS_OPEN);
        let kept = open + yearly * SETTLED_DAYS / 365.25;
        let cores = libm::ceil(peak * HEADROOM / CORE_INPUTS).max(1.0);
        Self {
            yearly,
            profile: profile.name.clone(),
            mean_per_second: mean,
            peak_per_second: peak,
            open_reports: open,
            kept_reports: kept,
            memory_bytes: IDLE_BYTES + kept * REPORT_BYTES,
            log_bytes_per_day: mean * 86_400.0 * LOG_BYTES,
            archive_bytes_per_year: yearly * INPUTS_PER_REPORT * ARCHIVE_BYTES,
            cores: u32::try_from(crate::draw::whole(cores)).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hospital_plan_is_that_of_the_volume_table() {
        let plan = Plan::for_yearly(900_000.0).unwrap();
        assert_eq!(plan.profile, "hospital");
        // 10.8 M inputs ÷ 31.6 M seconds = .34; × 8 = 2.7; 900,000 ÷ 8,766 × 45.2 = 4,640 open.
        assert!((plan.mean_per_second - 0.342).abs() < 0.001 && (plan.peak_per_second - 2.74).abs() < 0.01, "{plan:?}");
        assert!((plan.open_reports - 4640.0).abs() < 10.0, "{plan:?}");
        // 4,640 + 86,242 kept × 384 B = 35 MB, and 50 MB idle.
        assert!((plan.memory_bytes - 84.9e6).abs() < 0.1e6, "{plan:?}");
        assert_eq!(plan.cores, 1);
    }

    #[test]
    fn volume_chooses_the_nearest_profile() {
        let chosen = |yearly| Plan::for_yearly(yearly).unwrap().profile;
        assert_eq!(
            [chosen(1.0), chosen(3e6), chosen(6e6), chosen(250e6), chosen(1e12)],
            ["clinic", "hospital", "health-system", "reference-lab", "us-wide"]
        );
    }
}
