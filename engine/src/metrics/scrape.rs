//! Scrape: which gauges are filled in when somebody looks?
//!
//! Levels are read from the core at each scrape, as of one position of the log. If the core does not answer in time, they
//! stay as they were: the tick shows that it stands still, and that is what the alert looks at.
//!
//! - **How it fits**: `GET /metrics` calls [`fill`]; counters are counted where things happen.
//! - **Not here**: names ([`table`](super::table)), what the figures are (`wardline_core::views`).

use std::{collections::BTreeMap, path::Path};

use wardline_core::views::{AGE_BANDS, Figures, Hold, Waiting};
use wardline_rules::{
    program::Level,
    time::{Span, Timestamp},
    words::Kind,
};

use super::{LEVELS, Metric, Metrics, seconds};
use crate::{
    engine::Engine,
    limits::{CORE_QUEUE_MAX, LEDGER_WAIT},
};

/// The share that should be met where the site says nothing, in millionths.
const USUAL_OBJECTIVE: u32 = 900_000;

/// Fills in what is looked at and not counted.
pub async fn fill(engine: &Engine) {
    let metrics = engine.metrics();
    // The gauges of the books are set by asking for them.
    if let Some(books) = engine.ledger().await {
        let access = books.iter().find(|equation| equation.name == "access");
        metrics.set_number(
            Metric::AuditMissing,
            &[],
            access.map_or(0.0, |access| difference(access.began, access.stands)),
        );
    }
    let asked = engine.ask(|kernel| kernel.figures());
    if let Ok(Ok(figures)) = tokio::time::timeout(LEDGER_WAIT, asked).await {
        show(metrics, &figures);
    }
    queues(engine);
    metrics.show_rhythms();
    let since = engine.status().since_checkpoint(engine.boot()).unwrap_or_else(|| engine.boot().minus(engine.born()));
    metrics.set_instant(Metric::CheckpointAt, &[], engine.log_now().plus(Span::from_micros(-since.micros())));
    if let Some(volume) = engine.volume() {
        disk(metrics, volume);
    }
}

fn queues(engine: &Engine) {
    let percent = i64::try_from(engine.queue_percent()).unwrap_or(i64::MAX);
    let waiting = i64::try_from(engine.core_queue()).unwrap_or(i64::MAX);
    let room = i64::try_from(CORE_QUEUE_MAX).unwrap_or(i64::MAX);
    for (queue, depth, capacity) in [("log", percent, 100), ("core", waiting, room)] {
        engine.metrics().set(Metric::QueueDepth, &[queue], depth);
        engine.metrics().set(Metric::QueueCapacity, &[queue], capacity);
    }
}

fn disk(metrics: &Metrics, volume: &Path) {
    let Ok(found) = rustix::fs::statvfs(volume) else { return };
    let bytes = |blocks: u64| i64::try_from(blocks.saturating_mul(found.f_frsize)).unwrap_or(i64::MAX);
    metrics.set(Metric::DiskFree, &[], bytes(found.f_bavail));
    metrics.set(Metric::DiskSize, &[], bytes(found.f_blocks));
}

fn show(metrics: &Metrics, figures: &Figures) {
    clocks(metrics, figures);
    reports(metrics, figures);
    for (level, word) in LEVELS {
        let of = |waiting: &BTreeMap<Level, Waiting>| waiting.get(&level).copied().unwrap_or_default();
        let (open, due) = (of(&figures.unanswered), of(&figures.outbox));
        metrics.set_number(Metric::AlertsOpen, &[word], number(open.count));
        metrics.set_number(Metric::OldestUnanswered, &[word], instant(open.oldest));
        metrics.set_number(Metric::OutboxDepth, &[word], number(due.count));
        metrics.set_number(Metric::OldestOutbox, &[word], instant(due.oldest));
    }
    for hold in Hold::ALL {
        metrics.set_number(Metric::NoticesHeld, &[hold.word()], number(figures.held.get(&hold).copied().unwrap_or(0)));
    }
    for feed in metrics.feeds_without_connection() {
        metrics.set(Metric::FeedUp, &[&feed], 1);
    }
    for (feed, is_up) in &figures.feeds {
        metrics.set_named(Metric::FeedUp, &[feed], i64::from(*is_up));
    }
    // Nothing runs in the shadow yet: a 0 would say that somebody had looked.
    metrics.set_number(Metric::Rules, &["active"], number(figures.rules));
    metrics.set_number(Metric::Rules, &["quarantined"], number(figures.scripts_out));
    if let Some((version, since)) = figures.ward {
        metrics.set_instant(Metric::WardActivated, &[], since);
        metrics.set_all(Metric::WardInfo, &[([version.to_string().as_str()], 1.0)]);
    }
    metrics.set_number(Metric::TimersArmed, &[], number(figures.timers));
    metrics.set_number(Metric::WindowKeys, &[], number(figures.slice_keys.0));
    metrics.set_number(Metric::WindowKeysFolded, &[], difference(figures.slice_keys.1, 0));
    metrics.set_number(Metric::DeadLettersWaiting, &[], difference(figures.counters.dead_lettered, 0));
}

fn clocks(metrics: &Metrics, figures: &Figures) {
    let (mut open, mut at_risk, mut targets, mut shares) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (name, clock) in &figures.clocks {
        metrics.begin_clock(name);
        for (state, count) in
            [("running", clock.running), ("paused", clock.paused), ("unsure", clock.unsure), ("overdue", clock.overdue)]
        {
            open.push(([name.as_str(), state], number(count)));
        }
        at_risk.push(([name.as_str()], number(clock.at_risk)));
        targets.push(([name.as_str()], clock.target.map_or(0.0, seconds)));
        let share = clock.objective.unwrap_or(USUAL_OBJECTIVE);
        shares.push(([name.as_str()], f64::from(share) / 1e6));
    }
    metrics.set_all(Metric::ClocksOpen, &open);
    metrics.set_all(Metric::ClocksAtRisk, &at_risk);
    metrics.set_all(Metric::ClockTarget, &targets);
    metrics.set_all(Metric::ClockObjective, &shares);
}

fn reports(metrics: &Metrics, figures: &Figures) {
    let mut bands = Vec::new();
    let mut oldest = Vec::new();
    for kind in Kind::ALL {
        // A source that does not say its kind is shown with the rest.
        let is_rest = *kind == Kind::Other;
        let told = figures.open_reports.get(&Some(*kind)).copied().unwrap_or_default();
        let untold = figures.open_reports.get(&None).filter(|_| is_rest).copied().unwrap_or_default();
        for ((_, band), (told, untold)) in AGE_BANDS.iter().zip(told.into_iter().zip(untold)) {
            bands.push(([kind.name(), *band], number(told + untold)));
        }
        for group in ["stat", "urgent", "routine", "unknown"] {
            let told = figures.oldest_open.get(&(Some(*kind), group));
            let untold = figures.oldest_open.get(&(None, group)).filter(|_| is_rest);
            oldest.push(([kind.name(), group], instant(told.into_iter().chain(untold).min().copied())));
        }
    }
    metrics.set_all(Metric::OpenReports, &bands);
    metrics.set_all(Metric::OldestOpenReport, &oldest);
    let open: usize = figures.open_reports.values().flatten().sum();
    for (state, count) in [("open", open), ("finished", figures.finished_reports)] {
        metrics.set_number(Metric::ReportsInMemory, &[state], number(count));
    }
}

fn instant(at: Option<Timestamp>) -> f64 {
    at.map_or(0.0, |at| seconds(at.since(Timestamp::from_micros(0))))
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn difference(left: u64, right: u64) -> f64 {
    let small = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    if left >= right { small(left - right) } else { -small(right - left) }
}
