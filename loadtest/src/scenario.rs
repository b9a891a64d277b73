//! Scenario: what unusual thing happens today?
//!
//! Overlays over the ordinary life, combinable. Those with an hour happen at ten in the morning of the first day,
//! when a hospital is busy, or when a run says. They change rates ([`Scenario::rate_factor`]), finals ([`Scenario::hold_final`]),
//! answers ([`Scenario::is_silent`]), clocks ([`Scenario::clock_ahead`]) and delivery ([`Scenario::delivered`], [`Scenario::flood`]).
//!
//! - **How it fits**: arrivals, lives and delivery each ask their one question.
//! - **Not here**: small faults of single events ([`faults`](crate::faults)).

use crate::calendar::{Calendar, DAY, HOUR, Local, MINUTE};
use crate::draw::whole;
use crate::random::Stream;
use crate::vocabulary::{Kind, Setting};
use crate::world::{FeedRole, World};

/// The scenarios by name.
pub const NAMES: [&str; 12] = [
    "day",
    "week",
    "monday-backlog",
    "mass-release",
    "surge",
    "outage-replay",
    "feed-silence",
    "skew",
    "duplicate-flood",
    "storm",
    "burst",
    "nobody-answers",
];

/// What may be chosen about scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choices {
    /// First instant of the run, UTC microseconds.
    pub start: i64,
    /// How long `mass-release` holds, in microseconds.
    pub hold: i64,
    /// How long `outage-replay` lasts, in microseconds.
    pub outage: i64,
    /// How many clocks come due at once in `storm`.
    pub storm: u64,
    /// How long after the start the hour of a scenario comes, in microseconds.
    pub after: i64,
}

impl Choices {
    /// Four hours of hold and outage, ten million clocks, at ten o'clock.
    #[must_use]
    pub const fn usual(start: i64) -> Self {
        Self { start, hold: 4 * HOUR, outage: 4 * HOUR, storm: 10_000_000, after: 10 * HOUR }
    }
}

/// A span of time, `[from, until)` in UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: i64,
    until: i64,
}

impl Window {
    const fn new(from: i64, length: i64) -> Self {
        Self { from, until: from + length }
    }

    const fn holds(self, at: i64) -> bool {
        self.from <= at && at < self.until
    }
}

/// Overlays in force; all times are UTC microseconds.
#[derive(Debug, Clone, Default)]
pub struct Scenario {
    length: Option<i64>,
    factors: Vec<(Window, Factor)>,
    monday: bool,
    mass_release: Option<Window>,
    outage: Option<Window>,
    quiet_feed: Option<(Window, usize)>,
    skew: Option<(Window, usize)>,
    flood: Option<(Window, usize)>,
    silence: Option<Window>,
    storm: Option<(i64, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Factor {
    All(f64),
    Beds(f64),
}

/// A final about to happen.
#[derive(Debug)]
pub struct Held<'a> {
    /// Number of the site.
    pub site: u32,
    /// Its kind.
    pub kind: Kind,
    /// The calendar of its zone.
    pub calendar: &'a Calendar,
}

impl Scenario {
    /// Nothing unusual.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// All named overlays together. **Errors**: `None` when a name is none of [`NAMES`].
    #[must_use]
    pub fn new(names: &[String], choices: Choices, world: &World) -> Option<Self> {
        let mut scenario = Self::default();
        for name in names {
            scenario.add(name, choices, world)?;
        }
        Some(scenario)
    }

    fn add(&mut self, name: &str, choices: Choices, world: &World) -> Option<()> {
        let ten = choices.start + choices.after;
        let laboratory = world.feed(0, FeedRole::Department(Kind::Lab));
        match name {
            "day" => self.length = Some(DAY),
            "week" => self.length = Some(7 * DAY),
            "monday-backlog" => self.monday = true,
            "mass-release" => self.mass_release = Some(Window::new(ten, choices.hold)),
            "surge" => self.factors.push((Window::new(choices.start, 14 * DAY), Factor::Beds(1.3))),
            "outage-replay" => self.outage = Some(Window::new(ten, choices.outage)),
            "feed-silence" => self.quiet_feed = Some((Window::new(ten, 45 * MINUTE), laboratory)),
            "skew" => self.skew = Some((Window::new(ten, 2 * HOUR), laboratory)),
            "duplicate-flood" => self.flood = Some((Window::new(ten, DAY), laboratory)),
            "storm" => self.storm = Some((ten, choices.storm)),
            "burst" => self.factors.push((Window::new(ten, MINUTE), Factor::All(50.0))),
            "nobody-answers" => self.silence = Some(Window::new(ten, 2 * HOUR)),
            _ => return None,
        }
        Some(())
    }

    /// How long arrivals go on, if the scenario says so, in microseconds.
    #[must_use]
    pub const fn length(&self) -> Option<i64> {
        self.length
    }

    /// The instant of the storm, and how many clocks come due together.
    #[must_use]
    pub const fn storm(&self) -> Option<(i64, u64)> {
        self.storm
    }

    /// The next instant after `at` at which a factor changes.
    #[must_use]
    pub fn next_edge(&self, at: i64) -> i64 {
        let edges = self.factors.iter().flat_map(|(window, _)| [window.from, window.until]);
        edges.filter(|edge| *edge > at).min().unwrap_or(i64::MAX)
    }

    /// The factor on arrivals of a setting at `at`.
    #[must_use]
    pub fn rate_factor(&self, setting: Setting, at: i64, calendar: &Calendar) -> f64 {
        let mut product = 1.0;
        for (window, factor) in self.factors.iter().filter(|(window, _)| window.holds(at)) {
            debug_assert!(window.from < window.until);
            product *= match (factor, setting) {
                (Factor::All(factor), _) | (Factor::Beds(factor), Setting::Ed | Setting::Inpatient) => *factor,
                (Factor::Beds(_), Setting::Outpatient | Setting::Reference) => 1.0,
            };
        }
        let is_monday_clinic = self.monday && setting == Setting::Outpatient && calendar.local(at).weekday() == 0;
        if is_monday_clinic { product * 1.5 } else { product }
    }

    /// When a final really comes that would have come at `at`.
    pub fn hold_final(&self, at: i64, held: &Held<'_>, stream: &mut Stream) -> i64 {
        let at = match self.mass_release {
            Some(window) if window.holds(at) && held.site == 0 && held.kind == Kind::Lab => {
                window.until + whole(60e6 * stream.unit())
            }
            Some(_) | None => at,
        };
        if self.monday && is_bench(held.kind) { monday(at, held.calendar, stream) } else { at }
    }

    /// Whether nobody answers at `at`.
    #[must_use]
    pub fn is_silent(&self, at: i64) -> bool {
        self.silence.is_some_and(|window| window.holds(at))
    }

    /// How far a feed's clock is ahead at `at`, beyond its usual error.
    #[must_use]
    pub fn clock_ahead(&self, feed: usize, at: i64) -> i64 {
        match self.skew {
            Some((window, skewed)) if skewed == feed && window.holds(at) => HOUR,
            Some(_) | None => 0,
        }
    }

    /// When an event arrives that was sent at `at`: a feed that is down sends its backlog afterwards, in order, 240 times as fast.
    #[must_use]
    pub fn delivered(&self, feed: usize, site: u32, at: i64) -> i64 {
        let outage = self.outage.filter(|window| site == 0 && window.holds(at));
        let quiet =
            self.quiet_feed.filter(|(window, quiet)| *quiet == feed && window.holds(at)).map(|(window, _)| window);
        match outage.or(quiet) {
            Some(window) => window.until + (at - window.from) / 240,
            None => at,
        }
    }

    /// When a feed sends an event again that it sent at `at`, all of a day within one minute.
    #[must_use]
    pub fn flood(&self, feed: usize, at: i64) -> Option<i64> {
        let (window, _) = self.flood.filter(|(window, flooding)| *flooding == feed && window.holds(at))?;
        Some(window.until + (at - window.from) / 1440)
    }
}

/// Kinds whose finals are signed at a bench or in a reading room.
const fn is_bench(kind: Kind) -> bool {
    match kind {
        Kind::Pathology | Kind::Genetics | Kind::Imaging | Kind::Cardiology | Kind::Pulmonary => true,
        Kind::Lab | Kind::Micro | Kind::BloodBank => false,
    }
}

/// Finals between Friday 19:00 and Monday 07:00 come on Monday between seven and ten, 5 : 3 : 2 by hour.
fn monday(at: i64, calendar: &Calendar, stream: &mut Stream) -> i64 {
    let local = calendar.local(at);
    let days = match (local.weekday(), local.of_day / HOUR) {
        (4, 19..) => 3,
        (5, _) => 2,
        (6, _) => 1,
        (0, ..7) => 0,
        _ => return at,
    };
    let hour = match stream.below(10) {
        0..5 => 7,
        5..8 => 8,
        _ => 9,
    };
    let of_day = hour * HOUR + whole(stream.unit() * 3600e6);
    calendar.instant(Local { day: local.day + days, of_day })
}

#[cfg(test)]
mod tests;
