//! Life: what happens to the reports of one requisition?
//!
//! ```text
//!  arrival ── who, where, how urgent ── the path of its kind up to final ── delivered, reviewed, released, viewed
//!             └ shared by the group      └ per report                    └ change, answer, update, recollection, cancellation
//! ```
//! Everything is drawn from the requisition's own stream, so lives can be told in any order and always end the same.
//!
//! - **How it fits**: the [`Generator`](crate::generator::Generator) tells one life per arrival; `conform` measures them.
//! - **Not here**: how events travel ([`faults`](crate::faults)), how they are written ([`line`](crate::line)).

mod after;
mod finding;
mod paths;

use crate::arrivals::Arrival;
use crate::calendar::Calendar;
use crate::profile::{PathShape, SettingFigures};
use crate::random::{Domain, Stream};
use crate::scenario::Scenario;
use crate::vocabulary::{Kind, Priority, Setting, Step};
use crate::world::World;

pub use finding::{Finding, Flag, Mark, Value};

/// What a person answered to a critical report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Read the value back.
    ReadBack,
    /// Said that somebody else is responsible.
    Declined,
}

/// One fact of a life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// A step was reached.
    Step(Step),
    /// The patient, or the specimen, is somewhere else.
    Moved,
    /// Waiting for special stains begins.
    WaitBegun,
    /// Waiting for special stains ends.
    WaitEnded,
    /// Somebody answered.
    Answer(Act),
    /// The patient turned out to be another known one.
    Merged,
}

/// A fact and when it happened, UTC microseconds, whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: i64,
    /// What.
    pub fact: Fact,
}

/// One report.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What sort of examination.
    pub kind: Kind,
    /// Index of its test among the offers of its kind.
    pub offer: usize,
    /// How often the same requisition had this test before.
    pub round: u32,
    /// What was found, at first and after a change.
    pub findings: [Finding; 2],
    /// Of pathology: a large case rather than a biopsy.
    pub is_large: bool,
    /// Whether a preliminary tells the finding already.
    pub preliminary_tells: bool,
    /// All that happens, in the order of time.
    pub moments: Vec<Moment>,
}

impl Report {
    /// When a step first happened.
    #[must_use]
    pub fn at(&self, step: Step) -> Option<i64> {
        self.moments.iter().find(|moment| moment.fact == Fact::Step(step)).map(|moment| moment.at)
    }
}

/// One requisition with its reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Number of the arrival.
    pub number: u64,
    /// When it was ordered.
    pub at: i64,
    /// Where it is made.
    pub setting: Setting,
    /// Index of the zone.
    pub zone: usize,
    /// Number of the site.
    pub site: u32,
    /// How urgent.
    pub priority: Priority,
    /// Number of the patient.
    pub patient: u64,
    /// Number of the clinician who ordered.
    pub clinician: u64,
    /// Number of the place, and of the one after a move.
    pub locations: [u32; 2],
    /// Whether there was no order.
    pub is_walk_in: bool,
    /// When the patient was merged into another; before, events name the former one.
    pub merged_at: Option<i64>,
    /// One or more.
    pub reports: Vec<Report>,
}

/// Whoever tells a life: the world, the requisition's stream, and what its reports share.
struct Author<'a> {
    world: &'a World,
    scenario: &'a Scenario,
    calendar: &'a Calendar,
    figures: &'a SettingFigures,
    stream: Stream,
    setting: Setting,
    priority: Priority,
    site: u32,
    ordered: i64,
}

/// Tells the life of one requisition.
#[must_use]
pub fn tell(world: &World, scenario: &Scenario, arrival: Arrival) -> Group {
    let mut stream = Stream::new(world.seed, Domain::Life, arrival.number);
    let (choices, zone) = (&world.settings[&arrival.setting], &world.zones[arrival.zone]);
    let kind = choices.kinds[choices.kind.pick(&mut stream)];
    let drawn = choices.priorities[choices.priority.pick(&mut stream)];
    let priority = if arrival.is_storm { Priority::Stat } else { drawn };
    let site = zone.sites[zone.site.pick(&mut stream)];
    let figures = world.figures(arrival.setting);
    let patient = world.patients.rank(&mut stream);
    let clinician = world.clinicians.rank(&mut stream);
    let places = u64::from(figures.locations.count);
    let locations = [(); 2].map(|()| u32::try_from(stream.below(places)).unwrap_or(0) + 1);
    let is_minimal = world.profile.path == PathShape::Minimal;
    let is_walk_in = !is_minimal && stream.chance(world.profile.life.walk_in);
    let calendar = &world.calendars[arrival.zone];
    let mut author = Author {
        world,
        scenario,
        calendar,
        figures,
        stream,
        setting: arrival.setting,
        priority,
        site,
        ordered: arrival.at,
    };
    let reports = match (arrival.is_storm, is_minimal) {
        (true, _) => author.storm_reports(),
        (false, true) => author.minimal_reports(kind),
        (false, false) => author.reports(kind, is_walk_in),
    };
    Group {
        number: arrival.number,
        at: arrival.at,
        setting: arrival.setting,
        zone: arrival.zone,
        site,
        priority,
        patient,
        clinician,
        locations,
        is_walk_in,
        merged_at: None,
        reports,
    }
}

/// What the path of a kind tells before anything goes another way.
#[derive(Debug, Default)]
struct Draft {
    moments: Vec<Moment>,
    final_at: i64,
    preliminary_tells: bool,
    finding: Finding,
    specimen_from: Option<i64>,
    is_large: bool,
}

impl Draft {
    fn new(ordered: i64) -> Self {
        Self { final_at: ordered, ..Self::default() }
    }

    fn step(&mut self, step: Step, at: i64) {
        self.moments.push(Moment { at, fact: Fact::Step(step) });
    }
}

/// The instant a share of the way from one to another.
fn part_way(from: i64, to: i64, share: f64) -> i64 {
    from + crate::draw::whole((to - from) as f64 * share)
}

impl Author<'_> {
    fn reports(&mut self, kind: Kind, is_walk_in: bool) -> Vec<Report> {
        let count = if matches!(kind, Kind::Lab | Kind::BloodBank) { self.size() } else { 1 };
        let specimen = self.specimen(kind);
        let mut used = Vec::new();
        (0..count)
            .map(|_| {
                let (offer, round) = self.choose_test(kind, &mut used);
                let mut draft = Draft::new(self.ordered);
                if !is_walk_in {
                    draft.step(Step::Ordered, self.ordered);
                    let accepted = self.wait(&self.world.profile.life.accepted, self.ordered);
                    draft.step(Step::Accepted, accepted);
                }
                self.path(kind, offer, specimen, &mut draft);
                self.finish(kind, offer, round, draft)
            })
            .collect()
    }

    fn size(&mut self) -> u32 {
        let picked = self.world.size.pick(&mut self.stream);
        match &self.world.long {
            Some(long) if picked == self.world.profile.group.shares.len() => long.draw(&mut self.stream),
            Some(_) | None => u32::try_from(picked).unwrap_or(0) + 1,
        }
    }

    /// A test not yet asked for in this requisition; when all are, one again, with its round.
    fn unused_test(&mut self, kind: Kind, used: &mut Vec<usize>) -> (usize, u32) {
        let offers = self.world.offers(kind);
        let first = offers.choice.pick(&mut self.stream);
        let mut chosen = first;
        for _ in 0..8 {
            if !used.contains(&chosen) {
                break;
            }
            chosen = offers.choice.pick(&mut self.stream);
        }
        if used.contains(&chosen) {
            chosen = (0..offers.tests.len()).find(|test| !used.contains(test)).unwrap_or(first);
        }
        let round = used.iter().filter(|test| **test == chosen).count();
        used.push(chosen);
        (chosen, u32::try_from(round).unwrap_or(0))
    }

    fn wait(&mut self, wait: &crate::wait::Wait, from: i64) -> i64 {
        wait.end(from, self.calendar, &mut self.stream)
    }

    fn chance(&mut self, share: f64) -> bool {
        self.stream.chance(share)
    }
}

#[cfg(test)]
mod tests;
