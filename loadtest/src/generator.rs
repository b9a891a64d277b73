//! Generator: which event comes next?
//!
//! ```text
//!  arrivals ──▶ a life each ──▶ deliveries ──▶ boxes by time ──▶ sorted when their time comes ──▶ lines
//! ```
//! Requisitions come in the order of time and nothing of them arrives before they do. So a box can be emptied as soon as the next
//! requisition lies behind it, and only what is still under way is kept: memory follows the number of open reports, not of all reports.
//!
//! - **How it fits**: `generate` writes its lines to a file, the driver sends them, a demo feeds them to an engine.
//! - INVARIANT: lines come out in the order of (arrival, requisition, place in it); a replay may rely on it.
//! - **Not here**: pace; whoever takes the events decides when to take the next.

mod boxes;

use jiff::civil::Date;

use crate::arrivals::Arrivals;
use crate::calendar::Flat;
use crate::error::Error;
use crate::faults::{Delivery, deliver};
use crate::life::{Group, tell};
use crate::limits::BOX_EVENTS;
use crate::line::{Pen, Tokens};
use crate::profile::Profile;
use crate::scenario::{Choices, Scenario};
use crate::world::World;

use boxes::{Boxes, Pending};

/// One event and when it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedEvent {
    /// Arrival, UTC microseconds.
    pub at_micros: i64,
    /// The JSON object, with its line break.
    pub line: Vec<u8>,
}

/// What is generated, beyond profile and seed.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// Fault set; the profile's own when `None`.
    pub faults: Option<String>,
    /// Scenarios by name.
    pub scenarios: Vec<String>,
    /// What may be chosen about scenarios; usual when `None`.
    pub choices: Option<Choices>,
    /// Multiplies the profile's volume; 1 when `None`.
    pub rate: Option<f64>,
    /// No new reports after so many.
    pub reports_max: Option<u64>,
    /// No new requisitions after so long, in microseconds; scenarios `day` and `week` set it too.
    pub length: Option<i64>,
    /// Shapes left out.
    pub flat: Flat,
}

/// An endless, or ended, row of events in the order of their arrival.
/// ```
/// # use wardline_loadtest::generator::{Generator, Order};
/// # use wardline_loadtest::profile::Profile;
/// let profile = Profile::load("hospital")?;
/// let start = Generator::midnight(&profile, jiff::civil::date(2026, 1, 5))?;
/// let mut generator = Generator::new(profile, 42, start, Order::default())?;
/// let first = generator.next().expect("a hospital is never quiet for ever");
/// assert!(first.line.starts_with(b"{\"v\":1,"));
/// # Ok::<(), wardline_loadtest::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Generator {
    world: World,
    scenario: Scenario,
    arrivals: Arrivals,
    boxes: Boxes,
    lives: Vec<Option<Living>>,
    free: Vec<u32>,
    pen: Pen,
    deliveries: Vec<Delivery>,
    reports: u64,
    reports_max: u64,
    end: i64,
}

/// A requisition with something still to come.
#[derive(Debug)]
struct Living {
    group: Group,
    tokens: Tokens,
    left: usize,
}

impl Generator {
    /// **Input** `start`: UTC microseconds; nothing happens before it.
    ///
    /// **Errors**: an unknown fault set or scenario, or a rate that is not above 0.
    pub fn new(profile: Profile, seed: u64, start: i64, order: Order) -> Result<Self, Error> {
        let rate = order.rate.unwrap_or(1.0);
        if !(rate.is_finite() && rate > 0.0) {
            return Err(Error::Argument { text: rate.to_string(), wanted: "rate", example: "--rate 5x" });
        }
        let world = World::new(profile, order.faults.as_deref(), seed, order.flat)?;
        let choices = order.choices.unwrap_or(Choices::usual(start));
        let scenario = Scenario::new(&order.scenarios, choices, &world);
        let scenario = scenario.ok_or_else(|| Error::Argument {
            text: order.scenarios.join(","),
            wanted: "row of scenarios",
            example: "--scenario day,nobody-answers",
        })?;
        let length = order.length.or(scenario.length());
        Ok(Self {
            arrivals: Arrivals::new(&world, &scenario, start, rate),
            boxes: Boxes::new(start, box_span(&world, rate)),
            lives: Vec::new(),
            free: Vec::new(),
            pen: Pen::default(),
            deliveries: Vec::new(),
            reports: 0,
            reports_max: order.reports_max.unwrap_or(u64::MAX),
            end: length.map_or(i64::MAX, |length| start.saturating_add(length)),
            world,
            scenario,
        })
    }

    /// Midnight at which a date begins in the profile's first zone, UTC microseconds.
    ///
    /// **Errors**: none for a profile that was loaded.
    pub fn midnight(profile: &Profile, date: Date) -> Result<i64, Error> {
        let zone = profile.zones.first().map_or("", String::as_str);
        let calendar = crate::calendar::Calendar::new(zone, &[], Flat::default());
        let calendar = calendar.ok_or_else(|| Error::Argument {
            text: zone.to_owned(),
            wanted: "zone",
            example: "America/Chicago",
        })?;
        Ok(calendar.midnight(date))
    }

    /// The rate that makes a profile give so many reports in a mean hour of simulated time.
    #[must_use]
    pub fn rate_for(profile: &Profile, reports_per_hour: f64) -> f64 {
        reports_per_hour * 24.0 * 365.25 / profile.reports_per_year
    }

    /// Appends the next event to `line` and says when it arrives; `None` when all is told.
    ///
    /// **Cost**: no allocation once buffers have grown.
    pub fn next_into(&mut self, line: &mut Vec<u8>) -> Option<i64> {
        let pending = self.next_pending()?;
        let delivery = pending.delivery;
        let slot = usize::try_from(pending.slot).unwrap_or(0);
        let living = self.lives[slot].as_mut()?;
        self.pen.write(&self.world, &living.group, &living.tokens, delivery, line);
        living.left -= 1;
        if living.left == 0 {
            self.lives[slot] = None;
            self.free.push(pending.slot);
        }
        Some(delivery.arrival)
    }

    /// Reports told so far.
    #[must_use]
    pub const fn reports(&self) -> u64 {
        self.reports
    }

    fn next_pending(&mut self) -> Option<Pending> {
        loop {
            if let Some(pending) = self.boxes.next() {
                return Some(pending);
            }
            // INVARIANT: a box is opened as soon as it is complete, so that what waits is only what is under way.
            let upto = if self.is_over() { i64::MAX } else { self.boxes.upto() };
            match (self.boxes.open_next(upto), self.is_over()) {
                (true, _) => {}
                (false, true) => return None,
                (false, false) => self.fill(),
            }
        }
    }

    const fn is_over(&self) -> bool {
        self.reports >= self.reports_max
    }

    /// Tells lives until one begins behind the box that is opened next.
    fn fill(&mut self) {
        while !self.is_over() {
            match self.arrivals.next(&self.world, &self.scenario) {
                Some(arrival) if arrival.at < self.end => {
                    let mut group = tell(&self.world, &self.scenario, arrival);
                    let left = self.reports_max - self.reports;
                    group.reports.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                    self.reports += u64::try_from(group.reports.len()).unwrap_or(0);
                    self.keep(group);
                    if self.boxes.passes(arrival.at) {
                        return;
                    }
                }
                Some(_) | None => self.reports_max = self.reports,
            }
        }
    }

    fn keep(&mut self, mut group: Group) {
        self.deliveries.clear();
        deliver(&self.world, &self.scenario, &mut group, &mut self.deliveries);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.lives.push(None);
            u32::try_from(self.lives.len() - 1).unwrap_or(u32::MAX)
        });
        for (place, delivery) in (0_u32..).zip(&self.deliveries) {
            self.boxes.put(Pending { group: group.number, place, slot, delivery: *delivery });
        }
        let tokens = Tokens::new(&self.world, &group);
        let living = Living { left: self.deliveries.len(), tokens, group };
        if living.left == 0 {
            self.free.push(slot);
        } else if let Some(place) = self.lives.get_mut(usize::try_from(slot).unwrap_or(0)) {
            *place = Some(living);
        }
    }
}

/// Length of a box in microseconds: as long as some thousand events take, between a second and a minute.
fn box_span(world: &World, rate: f64) -> i64 {
    let yearly = world.profile.reports_per_year * rate * crate::plan::INPUTS_PER_REPORT;
    let seconds = BOX_EVENTS * 365.25 * 86_400.0 / yearly;
    crate::draw::whole(seconds.clamp(1.0, 60.0)) * 1_000_000
}

impl Iterator for Generator {
    type Item = TimedEvent;

    fn next(&mut self) -> Option<TimedEvent> {
        let mut line = Vec::with_capacity(320);
        let at_micros = self.next_into(&mut line)?;
        Some(TimedEvent { at_micros, line })
    }
}

#[cfg(test)]
mod tests;
