//! Events: `POST /v1/events`, one JSON, a list, NDJSON or CloudEvents; answered when all of it is on disk.
//!
//! One receipt per line: `{"n":1,"event_id":"…","result":"stored","position":4711}`. A line that nobody could read is
//! kept as a dead letter and its receipt says why; the lines around it count. A body of one unreadable event is a 422.

use axum::{
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};
use wardline_rules::time::Span;

use super::{Api, Caller, auth::Doing, body, problem::Problem};
use crate::{
    engine::Receipt,
    intake::{Line, Reading, Shape},
    limits::BODY_BYTES_MAX,
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
        _ => return Err(body::media_type("events come as JSON, NDJSON or CloudEvents")),
    };
    let bytes = body::read(body, BODY_BYTES_MAX, &api.engine).await?;
    let begun = api.engine.boot();
    let feed = feed(&api, &caller, which.feed())?;
    let read = api.intake.events(&feed, shape, &bytes, api.engine.log_now());
    let reading = read.map_err(|error| Problem::too_large(error.to_string()))?;
    if reading.lines.is_empty() {
        return Err(Problem::body("no event in it"));
    }
    let lane = api.intake.lane(&feed, &reading.parcel.inputs);
    let (lines, receipt) = store(&api, lane, reading).await?;
    api.engine.metrics().observe(Metric::AckDuration, &["http"], since(&api, begun));
    Ok(answer(shape, &lines, receipt))
}

/// The feed a request speaks for.
pub(super) fn feed(api: &Api, caller: &Caller, named: Option<&str>) -> Result<String, Problem> {
    caller.feed(named, |name| api.intake.knows(name))
}

/// Makes what was read durable.
pub(super) async fn store(api: &Api, lane: Lane, reading: Reading) -> Result<(Vec<Line>, Receipt), Problem> {
    let feed = reading.parcel.feed.clone();
    let letters = reading.lines.iter().filter_map(|line| line.refused.as_ref());
    for (code, _) in letters {
        api.engine.metrics().count_named(Metric::DeadLetters, &[code.word()], 1);
    }
    let accepted = api.engine.submit(lane, reading.parcel).await.inspect_err(|_| api.engine.metrics().shed(lane))?;
    let label = if feed.is_empty() { "none" } else { feed.as_str() };
    let arrived = accepted.receipt.at.since(wardline_rules::time::Timestamp::from_micros(0));
    api.engine.metrics().set_seconds(Metric::FeedLastEvent, &[label], arrived);
    Ok((reading.lines, accepted.receipt))
}

fn since(api: &Api, begun: Span) -> Span {
    api.engine.boot().minus(begun)
}

fn answer(shape: Shape, lines: &[Line], receipt: Receipt) -> Response {
    let receipts: Vec<Value> = lines.iter().map(|line| receipt_of(line, receipt)).collect();
    let is_refused = lines.len() == 1 && lines.iter().all(|line| line.refused.is_some());
    let (kind, text) = match (shape, receipts.as_slice()) {
        (Shape::Lines, _) => {
            ("application/x-ndjson", receipts.iter().map(|receipt| format!("{receipt}\n")).collect::<String>())
        }
        (Shape::Json | Shape::CloudEvent, [one]) => ("application/json", one.to_string()),
        (Shape::Json | Shape::CloudEvent | Shape::CloudEvents, _) => {
            ("application/json", Value::from(receipts).to_string())
        }
    };
    let mut response = Response::new(Body::from(text));
    if is_refused && shape != Shape::Lines {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn receipt_of(line: &Line, receipt: Receipt) -> Value {
    let (n, id, position) = (line.n, line.event_id.as_str(), receipt.position);
    match &line.refused {
        None => json!({ "n": n, "event_id": id, "result": "stored", "position": position }),
        Some((code, place)) => json!({
            "n": n,
            "event_id": id,
            "result": "unreadable",
            "position": position,
            "code": code.number(),
            "place": place.as_str(),
            "detail": code.headline(),
        }),
    }
}
