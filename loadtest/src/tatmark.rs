//! TATmark: which runs belong to the benchmark, and what must each show?
//!
//! One folder for each run in `loadtest/tatmark/`, with a `run.toml`: the events, the ward, how it is driven, and what is expected of it. A
//! *floor* must hold to call the feature done, a *goal* is what we are here for; both are of two cores. Whatever the speed, answers are
//! compared with the slow reference, and a run with other answers has failed.
//!
//! - **How it fits**: `wardline-loadtest tatmark T3`; [`replay`] gives a file to `wardline try`, [`live`] starts an engine.
//! - LIMIT: `PROFILE_BYTES_MAX` in [`limits`](crate::limits).
//! - **Not here**: making events ([`generator`](crate::generator)), comparing ([`answers`](crate::answers)).

pub mod engine;
pub mod live;
pub mod process;
pub mod replay;

use serde::{Deserialize, Serialize};
use wardline_reference::rule::Ward;
use wardline_reference::tatmark;

use crate::argument;
use crate::error::Error;

/// The runs, in order.
pub const NAMES: [&str; 13] = ["T0", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12"];

const TEXTS: [&str; 13] = [
    include_str!("../tatmark/T0-decode-and-log/run.toml"),
    include_str!("../tatmark/T1-lifecycle/run.toml"),
    include_str!("../tatmark/T2-clocks-and-absence/run.toml"),
    include_str!("../tatmark/T3-escalation-ladder/run.toml"),
    include_str!("../tatmark/T4-rule-sweep/run.toml"),
    include_str!("../tatmark/T5-report-sweep/run.toml"),
    include_str!("../tatmark/T6-timer-storm/run.toml"),
    include_str!("../tatmark/T7-late-and-corrected/run.toml"),
    include_str!("../tatmark/T8-sql-under-load/run.toml"),
    include_str!("../tatmark/T9-kill-and-recover/run.toml"),
    include_str!("../tatmark/T10-one-year/run.toml"),
    include_str!("../tatmark/T11-ward-swap/run.toml"),
    include_str!("../tatmark/T12-sink-down/run.toml"),
];

/// How a run is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// A file through `wardline try`.
    Replay,
    /// An engine that is sent events over HTTP, and nothing else happens.
    Load,
    /// Besides, SQL statements are asked all the time.
    Sql,
    /// Besides, it is killed and started again.
    Kill,
    /// Besides, its ward is changed.
    Swap,
    /// Besides, the receiver of its pages is down for a while.
    Sink,
}

/// Which rules are active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rules {
    /// None.
    Silent,
    /// Two turnaround clocks and an absence.
    Clocks,
    /// The call-out, for every report.
    Ladder,
    /// The three rules of TATmark, among as many as the step says.
    Tatmark,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Events per second, of the slowest step.
    EventsPerS,
    /// Processor time of an event in the last step ÷ in the first.
    CostRatio,
    /// Peak memory between first and last step ÷ reports between them.
    BytesPerReport,
    /// Seconds of the longest step.
    Seconds,
    /// Longest time without a positive answer to a sender, in milliseconds.
    PauseMs,
    /// 99th percentile of the acknowledgement, corrected, in milliseconds.
    P99Ms,
    /// Seconds from the start after a kill until it is ready.
    RecoverySeconds,
    /// Seconds after the receiver came back until it had everything.
    CatchUpSeconds,
    /// 99th percentile of a statement, in milliseconds.
    SqlP99Ms,
}

impl Measure {
    /// Whether more is better.
    #[must_use]
    pub const fn is_rate(self) -> bool {
        matches!(self, Self::EventsPerS)
    }

    /// As it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EventsPerS => "events/s",
            Self::CostRatio => "cost of an event, last ÷ first step",
            Self::BytesPerReport => "bytes per report",
            Self::Seconds => "seconds",
            Self::PauseMs => "longest pause, ms",
            Self::P99Ms => "p99 of the acknowledgement, ms",
            Self::RecoverySeconds => "start to ready, s",
            Self::CatchUpSeconds => "catch-up, s",
            Self::SqlP99Ms => "p99 of a statement, ms",
        }
    }
}

/// What a run must show.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// What is measured.
    pub measure: Measure,
    /// Must hold to call it done.
    pub floor: f64,
    /// What we are here for.
    pub goal: f64,
}

/// How a figure stands to what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It reaches the goal.
    Goal,
    /// It reaches the floor.
    Floor,
    /// It does not.
    Missed,
}

impl Expect {
    /// How `found` stands.
    #[must_use]
    pub fn standing(&self, found: f64) -> Standing {
        let reaches = |bound: f64| if self.measure.is_rate() { found >= bound } else { found <= bound };
        match (reaches(self.goal), reaches(self.floor)) {
            (true, _) => Standing::Goal,
            (false, true) => Standing::Floor,
            (false, false) => Standing::Missed,
        }
    }
}

/// One run of the family.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// What it is.
    pub title: String,
    /// How it is driven.
    pub driver: Driver,
    /// Which rules are active.
    pub rules: Rules,
    /// How many rules, one step each; only with the rules of TATmark.
    #[serde(default)]
    pub rule_counts: Vec<usize>,
    /// The profile of the events.
    pub profile: String,
    /// How many reports, one step each; the first alone for drivers that are live.
    pub reports: Vec<String>,
    /// Multiplies the profile's volume.
    #[serde(default = "once")]
    pub volume: f64,
    /// Fault set.
    pub faults: String,
    /// Scenarios.
    #[serde(default)]
    pub scenarios: Vec<String>,
    /// Clocks of the scenario `storm`.
    #[serde(default)]
    pub clocks: Option<String>,
    /// Events per second of a live run; without it as fast as they are acknowledged.
    #[serde(default)]
    pub rate: Option<String>,
    /// How long a live run is loaded.
    #[serde(default)]
    pub length: Option<String>,
    /// What must come of it.
    #[serde(default)]
    pub expect: Vec<Expect>,
}

const fn once() -> f64 {
    1.0
}

/// One step of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Reports.
    pub reports: u64,
    /// Rules; 0 for as many as the ward has.
    pub rules: usize,
}

impl Spec {
    /// The run of that name. **Errors**: no such run.
    pub fn named(name: &str) -> Result<Self, Error> {
        let place = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name));
        let text = place.and_then(|place| TEXTS.get(place)).ok_or_else(|| Error::Argument {
            text: name.to_owned(),
            wanted: "run of TATmark",
            example: "wardline-loadtest tatmark T3",
        })?;
        toml::from_str(text).map_err(|error: toml::de::Error| Error::ProfileShape {
            name: format!("tatmark/{name}"),
            message: error.to_string(),
        })
    }

    /// The ward of a step, as the reference evaluates it: rules that concern nothing are left out of it.
    #[must_use]
    pub fn ward(&self) -> Ward {
        match self.rules {
            Rules::Silent => tatmark::silent(),
            Rules::Clocks => tatmark::clocks(),
            Rules::Ladder => tatmark::ladder(),
            Rules::Tatmark => tatmark::ward(),
        }
    }

    /// The text that the engine runs in a step.
    #[must_use]
    pub fn ward_text(&self, step: Step) -> String {
        match self.rules {
            Rules::Tatmark => tatmark::among(step.rules).ward_text(),
            Rules::Silent | Rules::Clocks | Rules::Ladder => self.ward().ward_text(),
        }
    }

    /// Its steps; `share` makes every number of reports smaller, and never empty. **Errors**: a number cannot be read.
    pub fn steps(&self, share: f64) -> Result<Vec<Step>, Error> {
        let rules = if self.rule_counts.is_empty() { vec![0] } else { self.rule_counts.clone() };
        let mut steps = Vec::new();
        for text in &self.reports {
            let all = argument::count(text)?;
            let reports = u64::try_from(crate::draw::whole(all as f64 * share)).unwrap_or(1).max(1);
            steps.extend(rules.iter().map(|rules| Step { reports, rules: *rules }));
        }
        Ok(steps)
    }
}

#[cfg(test)]
mod tests;
