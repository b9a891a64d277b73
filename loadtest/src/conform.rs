//! Conform: do the reports look like the profile says?
//!
//! Tells many lives and measures them: events per report, critical share, hours open, the busiest hour, Monday's finals, changes,
//! and the turnaround quantiles the published figures speak of. Two generators of the same profile must agree on these.
//! Bands are those of a million reports; fewer reports widen them by the square root.
//!
//! - **How it fits**: `wardline-loadtest conform`, and the tests of this crate.
//! - **Not here**: the bytes of events.

mod tally;

use crate::arrivals::Arrivals;
use crate::calendar::Flat;
use crate::error::Error;
use crate::life::tell;
use crate::profile::{PathShape, Profile};
use crate::scenario::Scenario;
use crate::world::World;

use tally::Tally;

/// Reports for which the bands hold as they are.
pub const REPORTS: u64 = 1_000_000;

/// One measured figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What was measured.
    pub name: &'static str,
    /// What came out.
    pub found: f64,
    /// What should.
    pub expected: f64,
    /// How far off it may be.
    pub band: f64,
}

impl Figure {
    /// Whether it lies inside its band.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        (self.found - self.expected).abs() <= self.band
    }
}

/// Measures the first `reports` reports of a profile: no faults, no season, no holidays.
///
/// `told` is called now and then with the number of reports so far.
///
/// **Errors**: those of the profile.
pub fn measure(profile: Profile, seed: u64, reports: u64, mut told: impl FnMut(u64)) -> Result<Vec<Figure>, Error> {
    // Monday 2026-01-05, midnight in the first zone.
    let start = crate::Generator::midnight(&profile, jiff::civil::date(2026, 1, 5))?;
    let world = World::new(profile, Some("clean"), seed, Flat { season: true, holidays: true })?;
    let scenario = Scenario::none();
    // All of them within one year, so that every hour of the week is met often.
    let rate = reports as f64 / world.profile.reports_per_year;
    let mut arrivals = Arrivals::new(&world, &scenario, start, rate);
    let mut tally = Tally::new(&world);
    while tally.reports() < reports {
        let Some(arrival) = arrivals.next(&world, &scenario) else {
            break;
        };
        tally.add(&tell(&world, &scenario, arrival));
        if arrival.number % 10_000 == 0 {
            told(tally.reports());
        }
    }
    Ok(figures(&world, &mut tally, reports))
}

fn figures(world: &World, tally: &mut Tally<'_>, reports: u64) -> Vec<Figure> {
    let widen = libm::sqrt(REPORTS as f64 / reports as f64).max(1.0);
    let expected = world.profile.expected;
    let is_minimal = world.profile.path == PathShape::Minimal;
    let events_band = if is_minimal { 1e-9 } else { 0.05 * widen };
    let hours_band = expected.hours_open.unwrap_or(0.0) * 0.02 * widen;
    let busy_band = expected.busiest_hour.unwrap_or(0.0) * 0.05 * widen;
    let named = [
        ("events per report", tally.events_per_report(), expected.events_per_report, events_band),
        ("critical, % of laboratory reports", tally.critical_percent(), expected.critical_lab_percent, 0.08 * widen),
        ("hours open", tally.hours_open(), expected.hours_open, hours_band),
        ("busiest hour ÷ mean", tally.busiest_hour(), expected.busiest_hour, busy_band),
        ("finals on Monday 07–10, %", tally.monday_percent(), expected.monday_finals_percent, 0.2 * widen),
        ("changed after final, %", tally.changed_percent(), expected.changed_percent, 0.03 * widen),
    ];
    let named = named
        .into_iter()
        .filter_map(|(name, found, expected, band)| Some(Figure { name, found, expected: expected?, band }));
    let mut figures: Vec<Figure> = named.collect();
    figures.extend(tally.kind_shares(widen));
    if !is_minimal {
        figures.extend(tally.quantiles(widen));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of the figures outside their bands, with what was found.
    fn outside(profile: &str, reports: u64) -> Vec<String> {
        let figures = measure(Profile::load(profile).unwrap(), 7, reports, |_| {}).unwrap();
        assert!(figures.len() >= 5, "{figures:?}");
        figures.iter().filter(|figure| !figure.is_inside()).map(|figure| format!("{profile}: {figure:?}")).collect()
    }

    /// [GEN-6]
    #[test]
    fn hospital_looks_like_a_hospital() {
        assert_eq!(outside("hospital", 40_000), Vec::<String>::new());
    }

    /// [GEN-6]
    #[test]
    fn benchmark_has_exactly_five_events_a_report() {
        assert_eq!(outside("tatmark", 40_000), Vec::<String>::new());
    }

    /// [GEN-6]
    #[test]
    fn other_profiles_look_like_their_tables() {
        for profile in ["clinic", "health-system", "reference-lab", "national", "us-wide"] {
            assert_eq!(outside(profile, 20_000), Vec::<String>::new());
        }
    }
}
