//! Live: how does an engine bear a load while something happens to it?
//!
//! An engine is started on an empty folder and sent events in an open loop. Meanwhile it is asked, killed, given another ward, or its
//! receiver of pages is down, as the run says. Afterwards it is killed, its disk verified and exported: there must be at least as many
//! different events as were acknowledged, no page twice that was not said to be a possible repeat, and after an outage of the receiver a
//! page for every final.
//!
//! - **How it fits**: the runs of [`tatmark`](super) whose driver is not `replay`.
//! - LIMIT: `CATCH_UP_SECONDS` in [`limits`](crate::limits).
//! - **Not here**: comparing what was said over all time with the reference, which [`replay`](super::replay) does.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::engine::Engine;
use super::replay::{self, Place};
use super::{Driver, Measure, Spec, Step};
use crate::argument::{self, LoadRate};
use crate::drive::{self, Driven, Load, Pace, Target};
use crate::error::Error;
use crate::limits::{BATCH_EVENTS_MAX, CATCH_UP_SECONDS, REQUESTS_PER_SECOND};
use crate::profile::Profile;
use crate::receiver::Receiver;
use crate::result::{Outcome, Setup};

/// Statements that are asked in turn while events come in.
const STATEMENTS: [&str; 4] = [
    "SELECT count(*) FROM reports",
    "SELECT department, count(*) FROM reports WHERE is_open GROUP BY department ORDER BY 2 DESC",
    "SELECT step, count(*) FROM milestones WHERE event_at IS NOT NULL GROUP BY step ORDER BY step",
    "SELECT outcome, count(*) FROM clocks GROUP BY outcome ORDER BY outcome",
];

/// What a live run showed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Which step.
    pub step: Step,
    /// How requests were answered.
    pub outcome: Outcome,
    /// From the start after the kill until it was ready.
    pub recovery_seconds: Option<f64>,
    /// From the return of the receiver until it had every page.
    pub catch_up_seconds: Option<f64>,
    /// Milliseconds of each statement, sorted.
    pub statements_ms: Vec<f64>,
    /// Different events on the disk.
    pub on_disk: u64,
    /// Pages that came, each counted once.
    pub pages: u64,
    /// What must not be: a run with one of these has failed.
    pub wrong: Vec<String>,
}

/// What happened beside the load.
#[derive(Debug, Default)]
struct Beside {
    recovery: Option<Duration>,
    returned: Option<Instant>,
    statements_ms: Vec<f64>,
    wrong: Vec<String>,
}

/// Runs the first step.
///
/// **Errors**: the engine cannot be started, or its disk is not sound.
pub fn run(spec: &Spec, place: &Place) -> Result<Shown, Error> {
    let steps = spec.steps(place.share)?;
    let step = steps.first().copied().unwrap_or(Step { reports: 1, rules: 0 });
    let receiver = Receiver::start().map_err(|source| Error::Output { path: "a port".into(), source })?;
    let (ward, home) = (spec.ward_text(step), place.folder.join("engine"));
    let is_sql = spec.driver == Driver::Sql;
    let mut engine = Engine::new(&place.wardline, &home, &ward, Some(receiver.port()), is_sql)?;
    engine.start()?;
    let load = load(spec, place, &engine)?;
    let lines = lines(spec, place, step, &load)?;
    let length = load.length;
    let (driven, mut beside) = std::thread::scope(|scope| {
        let beside = scope.spawn(|| happen(spec.driver, length, &ward, &mut engine, &receiver));
        let driven = sent(&load, lines);
        let beside = beside
            .join()
            .unwrap_or_else(|_| Beside { wrong: vec!["the incident failed".to_owned()], ..Beside::default() });
        (driven, beside)
    });
    let driven = driven?;
    let setup = Setup { profile: spec.profile.clone(), url: engine.url(), seed: place.seed, ..Setup::default() };
    let outcome = driven.tally.outcome(setup, driven.seconds, driven.backlog_max);
    let last = if spec.driver == Driver::Sink { caught_up(&receiver) } else { None };
    engine.kill();
    let exported = place.folder.join("exported.ndjson");
    engine.export(&exported)?;
    let text = std::fs::read_to_string(&exported).map_err(|source| Error::EventsFile { path: exported, source })?;
    let on_disk = different(&text);
    judge(&outcome, on_disk, &receiver, &mut beside);
    if spec.driver == Driver::Sink {
        // The ladder asks about each final at once; what was acknowledged while the receiver was down needs no page any more.
        let waiting = unacknowledged(&text);
        let missing = waiting.saturating_sub(receiver.count());
        if missing > 0 || waiting == 0 {
            beside.wrong.push(format!("{missing} of {waiting} finals were never paged about"));
        }
    }
    let catch_up = last.zip(beside.returned).map(|(last, back)| last.saturating_duration_since(back).as_secs_f64());
    Ok(Shown {
        step,
        outcome,
        recovery_seconds: beside.recovery.map(|recovery| recovery.as_secs_f64()),
        catch_up_seconds: catch_up,
        statements_ms: beside.statements_ms,
        on_disk,
        pages: receiver.count() as u64,
        wrong: beside.wrong,
    })
}

/// A figure of the run; `None` for what it does not show.
#[must_use]
pub fn figure(measure: Measure, shown: &Shown) -> Option<f64> {
    let corrected = &shown.outcome.corrected;
    match measure {
        Measure::EventsPerS => {
            // More was sent than can be taken, so answers go on after the sending: what counts are the seconds in which they came.
            let seconds = shown.outcome.series.iter().filter(|second| second.accepted > 0).count();
            Some(shown.outcome.accepted.events as f64 / (seconds as f64).max(1.0))
        }
        Measure::PauseMs => Some(corrected.max_us as f64 / 1e3),
        Measure::P99Ms => Some(corrected.p99_us as f64 / 1e3),
        Measure::Seconds => Some(shown.outcome.seconds),
        Measure::RecoverySeconds => shown.recovery_seconds,
        Measure::CatchUpSeconds => shown.catch_up_seconds,
        Measure::SqlP99Ms => shown.statements_ms.get(shown.statements_ms.len() * 99 / 100).copied(),
        Measure::CostRatio | Measure::BytesPerReport => None,
    }
}

fn load(spec: &Spec, place: &Place, engine: &Engine) -> Result<Load, Error> {
    let per_second = match argument::load(spec.rate.as_deref().unwrap_or("1k/s"))? {
        LoadRate::PerSecond(rate) | LoadRate::Peaks(rate) => rate,
    };
    let length = u64::try_from(argument::span(spec.length.as_deref().unwrap_or("20s"))?).unwrap_or(0);
    let batch = u32::try_from(crate::draw::whole(per_second / REQUESTS_PER_SECOND * 2.0) + 1).unwrap_or(1);
    Ok(Load {
        target: Target::new(&engine.url(), None)?,
        pace: Pace::Constant { per_second },
        connections: 16,
        batch: batch.min(BATCH_EVENTS_MAX),
        length: Duration::from_micros(length),
        requests_max: None,
        seed: place.seed,
    })
}

fn lines(spec: &Spec, place: &Place, step: Step, load: &Load) -> Result<drive::Lines, Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let begin = i64::try_from(now).unwrap_or(0) * 1_000_000;
    let per_second = match load.pace {
        Pace::Constant { per_second } => Some(per_second),
        Pace::Shaped { .. } => None,
    };
    let order = replay::order(spec, u64::MAX, begin, place.share)?;
    let mut lines = drive::lines(Profile::load(&spec.profile)?, place.seed, begin, per_second, order)?;
    let mut left = step.reports * 5;
    Ok(Box::new(move |line| {
        left = left.checked_sub(1)?;
        lines(line)
    }))
}

fn sent(load: &Load, lines: drive::Lines) -> Result<Driven, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|source| Error::Output { path: "the runtime".into(), source })?;
    let driven = runtime.block_on(drive::drive(load, lines, |_| {}));
    runtime.shutdown_background();
    driven
}

/// What the run is about, in the time of the load.
fn happen(driver: Driver, length: Duration, ward: &str, engine: &mut Engine, receiver: &Receiver) -> Beside {
    let mut beside = Beside::default();
    match driver {
        Driver::Replay | Driver::Load => {}
        Driver::Sql => ask(length, engine, &mut beside),
        Driver::Kill => {
            std::thread::sleep(length / 2);
            engine.kill();
            match engine.start() {
                Ok(took) => beside.recovery = Some(took),
                Err(error) => beside.wrong.push(format!("it did not come back: {error}")),
            }
        }
        Driver::Swap => {
            std::thread::sleep(length / 2);
            // One rule of the thousand says something else.
            let next = ward.replacen("wait 30 minutes", "wait 31 minutes", 1);
            if let Err(error) = engine.activate(&next) {
                beside.wrong.push(format!("the ward was not changed: {error}"));
            }
        }
        Driver::Sink => {
            std::thread::sleep(length / 3);
            receiver.set_down(true);
            std::thread::sleep(length / 3);
            receiver.set_down(false);
            beside.returned = Some(Instant::now());
            if receiver.refused() == 0 {
                beside.wrong.push("nothing was sent while the receiver was down".to_owned());
            }
        }
    }
    beside
}

fn ask(length: Duration, engine: &Engine, beside: &mut Beside) {
    let begun = Instant::now();
    for statement in STATEMENTS.iter().cycle() {
        if begun.elapsed() >= length {
            break;
        }
        let asked = Instant::now();
        match engine.sql(statement) {
            Ok((200, _)) => beside.statements_ms.push(asked.elapsed().as_secs_f64() * 1e3),
            Ok((status, answer)) => {
                let said = String::from_utf8_lossy(&answer);
                beside.wrong.push(format!("`{statement}` was answered with {status}: {said}"));
                break;
            }
            Err(error) => {
                beside.wrong.push(format!("`{statement}` was not answered: {error}"));
                break;
            }
        }
    }
    beside.statements_ms.sort_by(f64::total_cmp);
}

/// Waits until no page has come for three seconds; when the last one came.
fn caught_up(receiver: &Receiver) -> Option<Instant> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(CATCH_UP_SECONDS) {
        let last = receiver.heard().last?;
        if last.elapsed() > Duration::from_secs(3) {
            return Some(last);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    None
}

/// Different ids of events in exported lines.
fn different(text: &str) -> u64 {
    let ids: BTreeSet<&str> = text.lines().filter_map(id).collect();
    ids.len() as u64
}

/// Reports that are final and that nobody acknowledged, in exported lines.
fn unacknowledged(text: &str) -> usize {
    let reached =
        |step: &str| -> BTreeSet<&str> { text.lines().filter(|line| line.contains(step)).filter_map(report).collect() };
    let (finals, acknowledged) = (reached("\"step\":\"final\""), reached("\"step\":\"acknowledged\""));
    finals.difference(&acknowledged).count()
}

fn report(line: &str) -> Option<&str> {
    line.split_once("\"report\":{")?.1.split('}').next()
}

fn id(line: &str) -> Option<&str> {
    line.split_once("\"event_id\":\"")?.1.split('"').next()
}

fn judge(outcome: &Outcome, on_disk: u64, receiver: &Receiver, beside: &mut Beside) {
    if outcome.accepted.events == 0 {
        beside.wrong.push("nothing was acknowledged".to_owned());
    }
    if on_disk < outcome.accepted.events {
        let (acknowledged, missing) = (outcome.accepted.events, outcome.accepted.events - on_disk);
        beside.wrong.push(format!("{missing} of {acknowledged} acknowledged events are not on the disk"));
    }
    let repeats = receiver.heard().unsaid_repeats;
    if repeats > 0 {
        beside.wrong.push(format!("{repeats} pages came again and were not said to be possible repeats"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_on_disk_are_counted_once() {
        let text = "{\"event_id\":\"a\"}\n{\"v\":1,\"event_id\":\"b\",\"x\":1}\n{\"event_id\":\"a\"}\n\n";
        assert_eq!(different(text), 2);
    }

    #[test]
    fn finals_that_nobody_acknowledged_are_counted() {
        let line =
            |report: &str, step: &str| format!("{{\"report\":{{\"placer\":\"{report}\"}},\"step\":\"{step}\"}}\n");
        let lines = [("1", "ordered"), ("1", "final"), ("2", "final"), ("2", "acknowledged"), ("3", "ordered")];
        let text: String = lines.map(|(report, step)| line(report, step)).concat();
        assert_eq!(unacknowledged(&text), 1);
    }

    #[test]
    fn what_was_acknowledged_and_is_not_there_is_wrong() {
        let receiver = Receiver::start().unwrap();
        let mut outcome = Outcome::default();
        outcome.accepted.events = 10;
        let mut beside = Beside::default();
        judge(&outcome, 10, &receiver, &mut beside);
        assert!(beside.wrong.is_empty());
        judge(&outcome, 9, &receiver, &mut beside);
        assert_eq!(beside.wrong, ["1 of 10 acknowledged events are not on the disk"]);
    }
}
