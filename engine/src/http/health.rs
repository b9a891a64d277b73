//! Health: may this engine be restarted, does it take messages, and how is each part of it?
//!
//! - **How it fits**: three paths on both listeners; `/metrics` on the admin listener alone.
//! - **Source**: guarantees page 10.1. A dead channel does not make the engine unready: refusing results because mail is
//!   down would harm.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use wardline_core::{input::FeedState, views::FeedView};

use super::{Api, Caller, auth::Doing, problem::Problem};
use crate::{
    engine::{Engine, Phase},
    limits::LIVE_WITHIN,
    metrics::scrape,
};

/// One part of the engine.
struct Part {
    name: &'static str,
    state: State3,
    reason: String,
    remedy: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State3 {
    Ok,
    Degraded,
    Failed,
}

impl State3 {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
        }
    }
}

/// Fails only if the timers have not turned for 15 s while nothing is being recovered.
pub(super) async fn live(State(api): State<Api>) -> (StatusCode, &'static str) {
    if is_turning(&api.engine) { (StatusCode::OK, "live\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "stalled\n") }
}

/// Whether messages are taken now.
pub(super) async fn ready(State(api): State<Api>) -> (StatusCode, &'static str) {
    match api.engine.status().phase() {
        Phase::Running if api.engine.status().is_full() => (StatusCode::SERVICE_UNAVAILABLE, "disk full\n"),
        Phase::Running if api.engine.queue_percent() < 100 => (StatusCode::OK, "ready\n"),
        Phase::Running => (StatusCode::SERVICE_UNAVAILABLE, "busy\n"),
        Phase::Recovering => (StatusCode::SERVICE_UNAVAILABLE, "recovering\n"),
        Phase::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
        Phase::Poisoned => (StatusCode::SERVICE_UNAVAILABLE, "poisoned\n"),
    }
}

/// Every part with reason and remedy; details for those with a key.
pub(super) async fn all(State(api): State<Api>, caller: Result<Caller, Problem>) -> (StatusCode, Json<Value>) {
    let mut parts = parts(&api.engine);
    parts.push(conservation(&api.engine).await);
    parts.push(unanswered(&api.engine).await);
    parts.push(feeds(&api.engine).await);
    let worst = parts.iter().map(|part| part.state).max().unwrap_or(State3::Ok);
    let status = if worst == State3::Failed { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let mut shown = json!({ "state": worst.word(), "version": env!("CARGO_PKG_VERSION") });
    if let (Ok(_), Some(fields)) = (caller, shown.as_object_mut()) {
        let entry = |part: &Part| json!({ "part": part.name, "state": part.state.word(), "reason": part.reason, "remedy": part.remedy });
        fields.insert("parts".to_owned(), parts.iter().map(entry).collect());
    }
    (status, Json(shown))
}

/// The registry as OpenMetrics for whoever accepts it, else in Prometheus' text format.
pub(super) async fn metrics(State(api): State<Api>, caller: Caller, headers: HeaderMap) -> Result<Response, Problem> {
    caller.may(Doing::ReadMetrics)?;
    scrape::fill(&api.engine).await;
    let metrics = api.engine.metrics();
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let is_open = accepted.into_iter().any(|kinds| kinds.contains("application/openmetrics-text"));
    let (kind, text) = if is_open {
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", metrics.open_metrics())
    } else {
        ("text/plain; version=0.0.4; charset=utf-8", metrics.text())
    };
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

/// Whether the books of shell and core balance.
async fn conservation(engine: &Engine) -> Part {
    let part = |state, reason: String, remedy| Part { name: "conservation", state, reason, remedy };
    let Some(equations) = engine.ledger().await else {
        return part(State3::Degraded, "the core does not say now".to_owned(), "Wait, or look at `timers`.");
    };
    let broken = equations.iter().filter(|equation| !equation.holds());
    let broken: Vec<String> = broken
        .map(|equation| format!("{}: {} came in, {} stand somewhere", equation.name, equation.began, equation.stands))
        .collect();
    if broken.is_empty() {
        return part(State3::Ok, String::new(), "");
    }
    part(State3::Degraded, broken.join("; "), "Report it with the log of this engine: it is a fault of ours.")
}

/// Whether an alert went through all its steps and nobody answered.
async fn unanswered(engine: &Engine) -> Part {
    match engine.ask(|kernel| kernel.open_tasks().len()).await {
        Ok(0) | Err(_) => fine("escalation"),
        Ok(open) => Part {
            name: "escalation",
            state: State3::Degraded,
            reason: format!("{open} alerts went through all their steps and nobody answered"),
            remedy: "Look at `GET /v1/worklist`: a person must act.",
        },
    }
}

/// Whether every feed that the ward declares, or that has a connection, is heard.
async fn feeds(engine: &Engine) -> Part {
    let Ok(feeds) = engine.ask(|kernel| kernel.feeds()).await else { return fine("feeds") };
    let said = |feed: &FeedView| {
        let heard = feed.heard.map_or_else(String::new, |at| format!(", heard last at {at}"));
        match feed.state {
            FeedState::Connected => None,
            FeedState::Idle => Some(format!("`{}` is silent for longer than usual{heard}", feed.name)),
            FeedState::Lost => Some(format!("`{}` has no connection{heard}", feed.name)),
        }
    };
    let found: Vec<String> = feeds.iter().filter_map(said).collect();
    if found.is_empty() {
        return fine("feeds");
    }
    Part {
        name: "feeds",
        state: State3::Degraded,
        reason: found.join("; "),
        remedy: "Ask whoever runs the sender; clocks on its reports read `unsure` until it speaks again.",
    }
}

fn is_turning(engine: &Engine) -> bool {
    let since = engine.status().since_turn(engine.boot()).micros();
    let is_awake = since <= i64::try_from(LIVE_WITHIN.as_micros()).unwrap_or(i64::MAX);
    engine.status().phase() == Phase::Recovering || is_awake
}

fn parts(engine: &Engine) -> Vec<Part> {
    let part = |name, state, reason: &str, remedy| Part { name, state, reason: reason.to_owned(), remedy };
    let log = match engine.status().phase() {
        Phase::Recovering if engine.status().is_waiting_for_ward() => {
            let remedy = "Mend the ward (`wardline check`); it is read again when its files change.";
            part("log", State3::Failed, "no ward decides yet, so no message is taken", remedy)
        }
        Phase::Recovering => part("log", State3::Degraded, "recovering", "Wait."),
        Phase::Running => part("log", State3::Ok, "", ""),
        Phase::Stopping => part("log", State3::Degraded, "stopping", "Wait for the end of the process."),
        Phase::Poisoned => {
            part("log", State3::Failed, "a write or sync failed", "Have the disk checked, then start again.")
        }
    };
    let timers = if is_turning(engine) {
        part("timers", State3::Ok, "", "")
    } else {
        part("timers", State3::Failed, "the core has not turned for 15 seconds", "Restart the engine.")
    };
    let time = if engine.status().is_in_doubt() {
        let remedy = "Correct the machine's time, or start with `--accept-time` if it is right.";
        part("time", State3::Degraded, "the wall time jumped and is not believed yet", remedy)
    } else {
        part("time", State3::Ok, "", "")
    };
    let queue = match engine.queue_percent() {
        0..=69 => part("queue", State3::Ok, "", ""),
        percent => Part {
            name: "queue",
            state: State3::Degraded,
            reason: format!("{percent} percent of the queue before the log is taken"),
            remedy: "Look at the disk's sync time.",
        },
    };
    let age = engine.status().since_checkpoint(engine.boot()).map_or(0, |age| age.micros() / 60_000_000);
    let checkpoint = if age > 60 {
        part(
            "checkpoint",
            State3::Degraded,
            "the last checkpoint is older than an hour",
            "Look for `checkpoint.write` in the log lines.",
        )
    } else {
        part("checkpoint", State3::Ok, "", "")
    };
    vec![log, timers, time, queue, checkpoint, tables(engine), room(engine), inputs(engine), gaps(engine)]
}

const fn fine(name: &'static str) -> Part {
    Part { name, state: State3::Ok, reason: String::new(), remedy: "" }
}

fn room(engine: &Engine) -> Part {
    let part = |state, reason: &str| Part { name: "disk", state, reason: reason.to_owned(), remedy: "Make room." };
    if engine.status().is_full() {
        part(State3::Failed, "the volume is full: no message is taken, pages go on in the reserve")
    } else if engine.status().is_low() {
        part(State3::Degraded, "less than twice the reserve is free")
    } else {
        fine("disk")
    }
}

fn tables(engine: &Engine) -> Part {
    if !engine.status().lacks_rows() {
        return fine("tables");
    }
    Part {
        name: "tables",
        state: State3::Degraded,
        reason: "files of the tables lack rows, so the last checkpoint was not written".to_owned(),
        remedy: "Look for `archive.` in the log lines. `archive.flush` is tried again by itself; after `archive.queue` or \
                 `archive.full`, restart when it suits.",
    }
}

fn inputs(engine: &Engine) -> Part {
    match engine.status().excluded() {
        0 => fine("inputs"),
        count => Part {
            name: "inputs",
            state: State3::Degraded,
            reason: format!("{count} inputs are left out because the engine stopped at them twice"),
            remedy: "Look at the dead letters with the reason `excluded`, and report the fault.",
        },
    }
}

fn gaps(engine: &Engine) -> Part {
    match engine.status().lost() {
        Some(0) => fine("gaps"),
        lost => Part {
            name: "gaps",
            state: State3::Degraded,
            reason: lost.map_or_else(
                || "records of the log were given up, and it does not say how many".to_owned(),
                |count| format!("{count} records of the log were given up"),
            ),
            remedy: "Ask the senders of that time to send again; what they sent since is not concerned.",
        },
    }
}
