//! FHIR: `POST /fhir`, resources and bundles of R4; answered with an OperationOutcome or a response Bundle, when they are on
//! disk.
//!
//! - **Not here**: reading resources back, searching, `/fhir/metadata`.
//! - **Source**: domain page 5.5, 5.6; FHIR R4, "RESTful API".

use axum::{
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use wardline_connectors::codec::fhir::answer::answer;

use super::{Api, Caller, auth::Doing, body, events, problem::Problem};
use crate::{limits::BODY_BYTES_MAX, metrics::Metric};

pub(super) async fn post(
    State(api): State<Api>,
    caller: Caller,
    Query(which): Query<events::Which>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    caller.may(Doing::SendEvents)?;
    body::refuse_encoded(&headers)?;
    if !matches!(body::content_type(&headers).as_str(), "application/fhir+json" | "application/json" | "") {
        return Err(body::media_type("FHIR comes as `application/fhir+json`"));
    }
    let bytes = body::read(body, BODY_BYTES_MAX, (&api.engine, &api.bodies)).await?;
    let begun = api.engine.boot();
    let feed = events::feed(&api, &caller, which.feed())?;
    let read = api.intake.fhir(&feed, &bytes, api.engine.log_now());
    let (reading, said) = read.map_err(|error| Problem::too_large(error.to_string()))?;
    if !reading.parcel.inputs.is_empty() {
        let lane = api.intake.lane(&feed, &reading.parcel.inputs);
        events::store(&api, lane, reading).await?;
    }
    api.engine.metrics().observe(Metric::AckDuration, &["http"], api.engine.boot().minus(begun));
    let (status, text) = answer(&said);
    let mut response = Response::new(Body::from(text.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/fhir+json"));
    Ok(response)
}
