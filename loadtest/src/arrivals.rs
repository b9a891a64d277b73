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
                let reports = world.profile.reports_per_year * rate * world.profile.shares[setting] * sites.share;
                let figures = world.figures(*setting);
                processes.push(Process {
                    setting: *setting,
                    zone,
                    stream: Stream::new(world.seed, Domain::Arrival, u64::try_from(processes.len()).unwrap_or(0)),
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
        let mut arrivals = Self { processes, storm, next_number: 0 };
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
            return Some(Arrival { number, at, setting, zone, is_storm: true });
        }
        let at = process.at - process.at.rem_euclid(1_000_000);
        process.advance(world, scenario);
        Some(Arrival { number, at, setting, zone, is_storm: false })
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
            self.quarter_end = scenario.next_edge(self.at).min(self.at.div_euclid(QUARTER) * QUARTER + QUARTER);
            self.rate = self.mean
                * self.shape(world)
                * scenario.rate_factor(self.setting, self.at, &world.calendars[self.zone]);
        }
    }

    fn shape(&self, world: &World) -> f64 {
        let (figures, calendar) = (world.figures(self.setting), &world.calendars[self.zone]);
        let local = calendar.local(self.at);
        let holiday = if calendar.is_holiday(local.day) { figures.holiday } else { 1.0 };
        let season = if calendar.flat().season { 1.0 } else { Calendar::season(local.day, figures.season) };
        figures.hours[local.hour()] / self.hour_mean * figures.weekdays[local.weekday()] / self.weekday_mean
            * season
            * holiday
    }
}

#[cfg(test)]
mod tests;
