//! Arrivals: when does the next requisition come, and from where?
//!
//! For each setting and zone a Poisson process whose intensity follows hour, weekday, season and holiday of the local calendar.
//! The intensity is constant within a quarter of an hour, so a unit exponential is used up quarter by quarter until nothing is left of it:
//! the same law as thinning, without throwing away three of four draws.
//! Requisitions of all processes are numbered in the order of their times; the number is the seed of all that happens to them.
//!
//! - **How it fits**: [`Generator`](crate::generator::Generator) pulls one arrival after another.
//! - **Not here**: what a requisition asks for ([`life`](crate::life)).

use crate::calendar::{Calendar, MINUTE};
use crate::draw::{exponential, whole};
use crate::random::{Domain, Stream};
use crate::scenario::Scenario;
use crate::vocabulary::Setting;
use crate::world::World;

/// A requisition that comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Counted from 0 in the order of time.
    pub number: u64,
    /// UTC microseconds, whole seconds.
    pub at: i64,
    /// Where it is made.
    pub setting: Setting,
    /// Index of the zone.
    pub zone: usize,
    /// Whether it belongs to a storm: received at once, final much later.
    pub is_storm: bool,
}

/// All processes, merged.
#[derive(Debug)]
pub struct Arrivals {
    processes: Vec<Process>,
    storm: Option<(i64, u64)>,
    next_number: u64,
}

/// One process: a setting in a zone.
#[derive(Debug)]
struct Process {
    setting: Setting,
    zone: usize,
    stream: Stream,
    /// Requisitions per microsecond before the shapes of hour and weekday.
    mean: f64,
    hour_mean: f64,
    weekday_mean: f64,
    at: i64,
    quarter_end: i64,
    rate: f64,
}

const YEAR_MICROS: f64 = 365.25 * 86_400e6;
const QUARTER: i64 = 15 * MINUTE;

impl Arrivals {
    /// Starts all processes at `start`, UTC microseconds; `rate` multiplies the profile's volume.
    #[must_use]
    pub fn new(world: &World, scenario: &Scenario, start: i64, rate: f64) -> Self {
        let mut processes = Vec::new();
        for (setting, choices) in &world.settings {
            for (zone, sites) in world.zones.iter().enumerate() {
                let reports = world.profile.reports_per_year
                    * rate
                    * world.profile.shares[setting]
                    * sites.share;
                let figures = world.figures(*setting);
                processes.push(Process {
                    setting: *setting,
                    zone,
                    stream: Stream::new(
                        world.seed,
                        Domain::Arrival,
                        u64::try_from(processes.len()).unwrap_or(0),
                    ),
                    mean: reports / choices.reports_per_group / YEAR_MICROS,
                    hour_mean: figures.hours.iter().sum::<f64>() / 24.0,
                    weekday_mean: figures.weekdays.iter().sum::<f64>() / 7.0,
                    at: start,
                    quarter_end: start,
                    rate: 0.0,
                });
            }
        }
        processes.retain(|process| process.mean > 0.0);
        let storm = scenario.storm().filter(|(_, left)| *left > 0);
        let mut arrivals = Self {
            processes,
            storm,
            next_number: 0,
        };
        for process in &mut arrivals.processes {
            process.advance(world, scenario);
        }
        arrivals
    }

    /// The next requisition; times never fall.
    pub fn next(&mut self, world: &World, scenario: &Scenario) -> Option<Arrival> {
        let process = self.processes.iter_mut().min_by_key(|process| process.at)?;
        let (number, setting, zone) = (self.next_number, process.setting, process.zone);
        self.next_number += 1;
        if let Some((at, left)) = self.storm.filter(|(at, _)| *at <= process.at) {
            self.storm = (left > 1).then_some((at, left - 1));
            return Some(Arrival {
                number,
                at,
                setting,
                zone,
                is_storm: true,
            });
        }
        let at = process.at - process.at.rem_euclid(1_000_000);
        process.advance(world, scenario);
        Some(Arrival {
            number,
            at,
            setting,
            zone,
            is_storm: false,
        })
    }
}

impl Process {
    fn advance(&mut self, world: &World, scenario: &Scenario) {
        let mut left = exponential(&mut self.stream, 1.0);
        loop {
            let within = (self.quarter_end - self.at) as f64 * self.rate;
            if left < within {
                self.at += whole(left / self.rate);
                return;
            }
            left -= within;
            self.at = self.quarter_end;
            self.quarter_end = scenario
                .next_edge(self.at)
                .min(self.at.div_euclid(QUARTER) * QUARTER + QUARTER);
            self.rate = self.mean
                * self.shape(world)
                * scenario.rate_factor(self.setting, self.at, &world.calendars[self.zone]);
        }
    }

    fn shape(&self, world: &World) -> f64 {
        let (figures, calendar) = (world.figures(self.setting), &world.calendars[self.zone]);
        let local = calendar.local(self.at);
        let holiday = if calendar.is_holiday(local.day) {
            figures.holiday
        } else {
            1.0
        };
        let season = if calendar.flat().season {
            1.0
        } else {
            Calendar::season(local.day, figures.season)
        };
        figures.hours[local.hour()] / self.hour_mean * figures.weekdays[local.weekday()]
            / self.weekday_mean
            * season
            * holiday
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{DAY, Flat, HOUR};
    use crate::profile::Profile;

    /// Arrivals of eight flat weeks of the hospital from Monday 2026-01-05 00:00 in Chicago.
    fn eight_weeks() -> (World, i64, Vec<Arrival>) {
        let flat = Flat {
            season: true,
            holidays: true,
        };
        let world = World::new(Profile::load("hospital").unwrap(), None, 3, flat).unwrap();
        let start = "2026-01-05T06:00:00Z"
            .parse::<jiff::Timestamp>()
            .unwrap()
            .as_microsecond();
        let scenario = Scenario::none();
        let mut arrivals = Arrivals::new(&world, &scenario, start, 1.0);
        let all = std::iter::from_fn(|| arrivals.next(&world, &scenario));
        let all = all
            .take_while(|arrival| arrival.at < start + 56 * DAY)
            .collect();
        (world, start, all)
    }

    #[test]
    fn arrivals_come_in_order_and_are_numbered() {
        let (_, start, all) = eight_weeks();
        assert!(
            all.windows(2)
                .all(|pair| pair[0].at <= pair[1].at && pair[0].number + 1 == pair[1].number)
        );
        assert!(all[0].number == 0 && all[0].at >= start);
    }

    #[test]
    fn volume_is_that_of_the_profile() {
        let (world, _, all) = eight_weeks();
        let expected: f64 = world
            .settings
            .iter()
            .map(|(setting, choices)| world.profile.shares[setting] / choices.reports_per_group)
            .sum();
        let expected = expected * 900_000.0 * 56.0 / 365.25;
        // A Poisson count: four times its square root.
        assert!(
            (all.len() as f64 - expected).abs() < 4.0 * expected.sqrt(),
            "{} {expected}",
            all.len()
        );
    }

    #[test]
    fn outpatient_mondays_at_nine_are_as_busy_as_the_tables_say() {
        let (world, start, all) = eight_weeks();
        let outpatient: Vec<_> = all
            .iter()
            .filter(|arrival| arrival.setting == Setting::Outpatient)
            .collect();
        let at_nine = outpatient
            .iter()
            .filter(|arrival| (arrival.at - start) % (7 * DAY) / HOUR == 9)
            .count();
        let figures = world.figures(Setting::Outpatient);
        let hour = 3.0 / (figures.hours.iter().sum::<f64>() / 24.0);
        let share = hour * 1.30 / (7.0 / 7.0) / 168.0;
        let expected = outpatient.len() as f64 * share;
        assert!(
            (at_nine as f64 - expected).abs() < 4.0 * expected.sqrt(),
            "{at_nine} {expected}"
        );
    }

    #[test]
    fn gaps_are_those_of_a_poisson_process() {
        // Within one hour of constant intensity, counts per minute have variance equal to their mean.
        let (_, start, all) = eight_weeks();
        let mut counts = vec![0_u32; 56 * 60];
        for arrival in all
            .iter()
            .filter(|arrival| (arrival.at - start) % DAY / HOUR == 10)
        {
            let minute = (arrival.at - start) / DAY * 60 + (arrival.at - start) % HOUR / MINUTE;
            counts[usize::try_from(minute).unwrap()] += 1;
        }
        let mut ratio = 0.0;
        for day in counts.chunks(60) {
            let mean = f64::from(day.iter().sum::<u32>()) / 60.0;
            ratio += day
                .iter()
                .map(|count| (f64::from(*count) - mean).powi(2))
                .sum::<f64>()
                / 59.0
                / mean;
        }
        // 56 hours of 59 degrees of freedom: deviation of the mean ratio is √(2 ÷ 59 ÷ 56) = .0246.
        assert!((ratio / 56.0 - 1.0).abs() < 0.1, "{}", ratio / 56.0);
    }
}
