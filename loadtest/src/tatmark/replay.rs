//! Replay: what does a file of events cost `wardline try`, and does it answer as the reference does?
//!
//! For each step: events are generated, the ward is written, `wardline try` runs once over nothing, for what its start and the check of
//! the ward cost, and then over the events. What it said is compared with the slow reference.
//!
//! - **How it fits**: the runs of [`tatmark`](super) whose driver is `replay`.
//! - **Not here**: an engine that is sent events (`live`).

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::process::{self, Used};
use super::{Measure, Spec, Step};
use crate::answers::{self, Verdict};
use crate::argument;
use crate::error::Error;
use crate::generator::{Generator, Order};
use crate::limits::WRITE_BYTES;
use crate::profile::Profile;
use crate::scenario::Choices;

/// First instant of generated events: a Monday, midnight in Chicago.
const START: i64 = 1_767_592_800_000_000;

/// Where things are, and what chance begins with.
#[derive(Debug, Clone)]
pub struct Place {
    /// The `wardline` binary.
    pub wardline: PathBuf,
    /// A folder for events and answers; the caller removes it.
    pub folder: PathBuf,
    /// Seed of the events.
    pub seed: u64,
    /// Share of the reports that the run names.
    pub share: f64,
}

/// What one step showed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Which step.
    pub step: Step,
    /// Events that the engine read.
    pub events: u64,
    /// Lines that it could not read.
    pub rejected: u64,
    /// Alerts raised.
    pub alerts: u64,
    /// What the process took.
    pub used: Used,
    /// Of that, what start and check of the ward took.
    pub start: Used,
    /// Seconds for the events alone, by the clock.
    pub seconds: f64,
    /// The comparison with the reference.
    pub verdict: Verdict,
}

impl Shown {
    /// Events per second.
    #[must_use]
    pub fn events_per_s(&self) -> f64 {
        self.events as f64 / self.seconds.max(1e-9)
    }

    /// Processor seconds of one event, without the start.
    #[must_use]
    pub fn cost(&self) -> f64 {
        (self.used.cpu_seconds - self.start.cpu_seconds).max(0.0) / (self.events as f64).max(1.0)
    }
}

/// What `wardline try --format json` prints, as far as it is used.
#[derive(Debug, Deserialize)]
struct Summary {
    events: u64,
    rejected: u64,
    alerts: u64,
    seconds: f64,
}

/// Runs all steps; `glance` hears of each when it is done.
///
/// **Errors**: files cannot be written, the engine cannot be run, or refuses.
pub fn run(spec: &Spec, place: &Place, mut glance: impl FnMut(&Shown)) -> Result<Vec<Shown>, Error> {
    let mut shown = Vec::new();
    let mut events = None;
    for step in spec.steps(place.share)? {
        let file = match events.take() {
            Some((reports, file)) if reports == step.reports => file,
            Some(_) | None => generate(spec, place, step.reports)?,
        };
        let found = one(spec, place, step, &file)?;
        glance(&found);
        shown.push(found);
        events = Some((step.reports, file));
    }
    Ok(shown)
}

/// A figure over all steps; `None` for what a replay does not show.
#[must_use]
pub fn figure(measure: Measure, shown: &[Shown]) -> Option<f64> {
    let (first, last) = (shown.first()?, shown.last()?);
    match measure {
        Measure::EventsPerS => shown.iter().map(Shown::events_per_s).min_by(f64::total_cmp),
        Measure::Seconds => shown.iter().map(|shown| shown.seconds).max_by(f64::total_cmp),
        Measure::CostRatio => (first.cost() > 0.0).then(|| last.cost() / first.cost()),
        Measure::BytesPerReport => {
            let reports = last.step.reports.checked_sub(first.step.reports).filter(|more| *more > 0)?;
            let bytes = last.used.peak_bytes.saturating_sub(first.used.peak_bytes);
            Some(bytes as f64 / reports as f64)
        }
        Measure::PauseMs | Measure::P99Ms | Measure::RecoverySeconds | Measure::CatchUpSeconds | Measure::SqlP99Ms => {
            None
        }
    }
}

/// The order of a run's events.
///
/// **Errors**: its number of clocks cannot be read.
pub fn order(spec: &Spec, reports: u64, start: i64, share: f64) -> Result<Order, Error> {
    let mut choices = Choices::usual(start);
    if let Some(clocks) = &spec.clocks {
        let all = argument::count(clocks)?;
        choices.storm = u64::try_from(crate::draw::whole(all as f64 * share)).unwrap_or(1).max(1);
    }
    Ok(Order {
        faults: Some(spec.faults.clone()),
        scenarios: spec.scenarios.clone(),
        choices: Some(choices),
        rate: Some(spec.volume),
        reports_max: Some(reports),
        ..Order::default()
    })
}

fn generate(spec: &Spec, place: &Place, reports: u64) -> Result<PathBuf, Error> {
    let order = order(spec, reports, START, place.share)?;
    let mut generator = Generator::new(Profile::load(&spec.profile)?, place.seed, START, order)?;
    let path = place.folder.join("events.ndjson");
    let failed = |source| Error::Output { path: path.clone(), source };
    let file = std::fs::File::create(&path).map_err(failed)?;
    let mut writer = std::io::BufWriter::with_capacity(WRITE_BYTES, file);
    let mut line = Vec::new();
    while generator.next_into(&mut line).is_some() {
        writer.write_all(&line).map_err(failed)?;
        line.clear();
    }
    writer.flush().map_err(failed)?;
    Ok(path)
}

fn one(spec: &Spec, place: &Place, step: Step, events: &Path) -> Result<Shown, Error> {
    let put = |name: &str, text: &str| {
        let path = place.folder.join(name);
        std::fs::write(&path, text).map(|()| path.clone()).map_err(|source| Error::Output { path, source })
    };
    let ward = put("run.ward", &spec.ward_text(step))?;
    let nothing = put("nothing.ndjson", "")?;
    let alerts = place.folder.join("alerts.ndjson");
    let (_, start) = trial(place, &ward, &nothing, &alerts)?;
    let (summary, used) = trial(place, &ward, events, &alerts)?;
    let verdict = answers::check(&spec.ward(), events, &alerts)?;
    Ok(Shown {
        step,
        events: summary.events,
        rejected: summary.rejected,
        alerts: summary.alerts,
        used,
        start,
        seconds: summary.seconds,
        verdict,
    })
}

fn trial(place: &Place, ward: &Path, events: &Path, alerts: &Path) -> Result<(Summary, Used), Error> {
    let mut command = Command::new(&place.wardline);
    command.arg("try").arg(ward).arg("--events").arg(events).arg("--alerts").arg(alerts).args(["--format", "json"]);
    let failed = |problem: String| Error::Engine { path: place.wardline.clone(), problem };
    let (output, used) = process::run(&mut command).map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(process::refusal(&output)));
    }
    let summary = serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))?;
    Ok((summary, used))
}
