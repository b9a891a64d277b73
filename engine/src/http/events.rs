//! Events: `POST /v1/events`, one JSON, a list, NDJSON or CloudEvents; answered when all of it is on disk.
//!
//! One receipt per line: `{"n":1,"event_id":"…","result":"applied","position":4711}`. `result` is what the core made of it:
//! `applied`, `corrected`, `duplicate` (with `first`, when it was heard first), `stale`, `unmatched`; `stored` if the core is
//! busy and does not say in time. A line that nobody could read is kept as a dead letter, `unreadable`, and its receipt says
//! why; the lines around it count. A body of one unreadable event is a 422, from its third arrival on a 200.

use axum::{
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use serde_json::Value;
use wardline_rules::time::Span;

use super::{Api, Caller, auth::Doing, body, problem::Problem};
use crate::{
    engine::{Accepted, Outcome, Receipt},
    intake::{Line, Reading, Shape},
    limits::{BODY_BYTES_MAX, OUTCOME_WAIT},
    metrics::Metric,
    runtime::admission::Lane,
};

/// What stands behind the question mark.
#[derive(Deserialize)]
pub(super) struct Which {
    /// The feed; else the one that the key speaks for.
    feed: Option<String>,
}

impl Which {
    pub(super) fn feed(&self) -> Option<&str> {
        self.feed.as_deref()
    }
}

pub(super) async fn post(
    State(api): State<Api>,
    caller: Caller,
    Query(which): Query<Which>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    caller.may(Doing::SendEvents)?;
    body::refuse_encoded(&headers)?;
    let shape = match body::content_type(&headers).as_str() {
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Shape::Lines,
        "application/json" | "" => Shape::Json,
        "application/cloudevents+json" => Shape::CloudEvent,
        "application/cloudevents-batch+json" => Shape::CloudEvents,
        #[cfg(feature = "arrow")]
        wardline_connectors::codec::arrow::MEDIA_TYPE => Shape::Columns,
        _ => return Err(body::media_type("events come as JSON, NDJSON or CloudEvents")),
    };
    let feed = feed(&api, &caller, which.feed())?;
    take(&api, (&feed, shape, None), body).await
}

/// `POST /v1/import`: events of the past as NDJSON, with their own `received_at`, in the bulk lane.
pub(super) async fn import(
    State(api): State<Api>,
    caller: Caller,
    Query(which): Query<Which>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    caller.may(Doing::Import)?;
    body::refuse_encoded(&headers)?;
    let feed = which.feed().map(str::to_lowercase).unwrap_or_default();
    if !feed.is_empty() && !api.intake.knows(&feed) {
        return Err(Problem::missing("feed"));
    }
    take(&api, (&feed, Shape::Lines, Some(Lane::Bulk)), body).await
}

/// Reads a body, makes it durable and says what became of each part.
///
/// - **Input** `lane`: the lane, if it does not follow from what is in it.
async fn take(api: &Api, (feed, shape, lane): (&str, Shape, Option<Lane>), body: Body) -> Result<Response, Problem> {
    let bytes = body::read(body, BODY_BYTES_MAX, (&api.engine, &api.bodies)).await?;
    let (intake, name, at) = (api.intake.clone(), feed.to_owned(), api.engine.log_now());
    // Away from the workers that keep connections: a fault in a decoder takes this request alone.
    let read = tokio::task::spawn_blocking(move || intake.events(&name, shape, &bytes, at)).await;
    let read = read.map_err(|_| Problem::body("the body cannot be read"))?;
    keep(api, (feed, shape, lane), read.map_err(|error| Problem::too_large(error.to_string()))?).await
}

/// Makes what was read durable and says what became of each part.
pub(super) async fn keep(
    api: &Api,
    (feed, shape, lane): (&str, Shape, Option<Lane>),
    mut reading: Reading,
) -> Result<Response, Problem> {
    let begun = api.engine.boot();
    if reading.lines.is_empty() {
        return Err(Problem::body("no event in it"));
    }
    let lane = lane.unwrap_or_else(|| api.intake.lane(feed, &reading.parcel.inputs));
    reading.parcel.is_urgent &= lane != Lane::Bulk;
    let (lines, accepted) = store(api, lane, reading).await?;
    let receipt = accepted.receipt;
    let outcome = tokio::time::timeout(OUTCOME_WAIT, accepted.outcome()).await;
    // Late, or the core is gone: durable it is all the same.
    let outcome = outcome.ok().and_then(Result::ok).unwrap_or_default();
    api.engine.metrics().observe(Metric::AckDuration, &["http"], since(api, begun));
    let mut is_known = false;
    for line in lines.iter().filter(|line| line.refused.is_some()) {
        is_known |= api.intake.arrived(feed, &line.event_id);
    }
    Ok(answer((shape, is_known), &lines, receipt, &outcome))
}

/// The feed a request speaks for.
pub(super) fn feed(api: &Api, caller: &Caller, named: Option<&str>) -> Result<String, Problem> {
    caller.feed(named, |name| api.intake.knows(name))
}

/// Makes what was read durable.
pub(super) async fn store(api: &Api, lane: Lane, reading: Reading) -> Result<(Vec<Line>, Accepted), Problem> {
    let accepted = api.engine.submit(lane, reading.parcel).await.inspect_err(|_| api.engine.metrics().shed(lane))?;
    Ok((reading.lines, accepted))
}

fn since(api: &Api, begun: Span) -> Span {
    api.engine.boot().minus(begun)
}

/// - **Input** `is_known`: whether something unreadable in it came often enough to be taken without a word against it.
fn answer((shape, is_known): (Shape, bool), lines: &[Line], receipt: Receipt, outcome: &Outcome) -> Response {
    let receipts = lines.iter().enumerate().map(|(index, line)| line.receipt(receipt.position, outcome.of(index)));
    let receipts: Vec<Value> = receipts.collect();
    let is_refused = !is_known && lines.len() == 1 && lines.iter().all(|line| line.refused.is_some());
    let (kind, text) = match (shape, receipts.as_slice()) {
        (shape, _) if is_by_line(shape) => {
            ("application/x-ndjson", receipts.iter().map(|receipt| format!("{receipt}\n")).collect::<String>())
        }
        (Shape::Json | Shape::CloudEvent, [one]) => ("application/json", one.to_string()),
        _ => ("application/json", Value::from(receipts).to_string()),
    };
    let mut response = Response::new(Body::from(text));
    if is_refused && shape != Shape::Lines {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Whether each part has its receipt on a line.
const fn is_by_line(shape: Shape) -> bool {
    match shape {
        Shape::Lines => true,
        #[cfg(feature = "arrow")]
        Shape::Columns => true,
        Shape::Json | Shape::CloudEvent | Shape::CloudEvents | Shape::Parts => false,
    }
}
