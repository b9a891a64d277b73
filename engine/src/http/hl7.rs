//! HL7: `POST /v1/hl7`, messages of version 2 with or without a batch envelope; answered as HL7, when they are on disk.
//!
//! - **Source**: domain page 5.6; HL7 v2 over HTTP (HAPI's relay form: `application/hl7-v2`).

use axum::{
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use wardline_connectors::codec::hl7::{Found, Reading as Message};
use wardline_rules::time::Timestamp;

use super::{Api, Caller, auth::Doing, body, events, problem::Problem};
use crate::{limits::BODY_BYTES_MAX, metrics::Metric};

pub(super) async fn post(
    State(api): State<Api>,
    caller: Caller,
    Query(which): Query<super::events::Which>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    caller.may(Doing::SendEvents)?;
    body::refuse_encoded(&headers)?;
    let kind = body::content_type(&headers);
    if !matches!(
        kind.as_str(),
        "application/hl7-v2" | "x-application/hl7-v2+er7" | "text/plain" | "application/edi-hl7" | ""
    ) {
        return Err(body::media_type("HL7 messages come as `application/hl7-v2`"));
    }
    let bytes = body::read(body, BODY_BYTES_MAX, (&api.engine, &api.bodies)).await?;
    let begun = api.engine.boot();
    let feed = events::feed(&api, &caller, which.feed())?;
    let read = api.intake.hl7(&feed, &bytes, api.engine.log_now());
    let (reading, messages) = read.map_err(|error| Problem::too_large(error.to_string()))?;
    if messages.is_empty() {
        return Err(Problem::body("no message in it"));
    }
    let at = if reading.parcel.inputs.is_empty() {
        api.engine.log_now()
    } else {
        let lane = api.intake.lane(&feed, &reading.parcel.inputs);
        events::store(&api, lane, reading).await?.1.receipt.at
    };
    api.engine.metrics().observe(Metric::AckDuration, &["http"], api.engine.boot().minus(begun));
    Ok(answer(&api, &feed, &messages, at))
}

/// All answers, in order; 422 if the only message could not be read.
fn answer(api: &Api, feed: &str, messages: &[Message], at: Timestamp) -> Response {
    let mut text = Vec::new();
    for answer in messages.iter().flat_map(|message| api.intake.answers(feed, message, at)) {
        text.extend_from_slice(&answer);
    }
    let is_refused = matches!(messages, [Message { found: Found::Unreadable(_), .. }]);
    let status = if is_refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut response = (status, text).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/hl7-v2"));
    response
}
