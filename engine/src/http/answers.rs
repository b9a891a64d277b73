//! Answers: `POST /v1/answers/{code}`, what a person did about a notice, as another system says it.
//!
//! The body is the `answer` of the event format without its code, with `occurred_at` and `event_id` if they are known:
//! `{"act":"read_back","by":{"id":"1234567893","ns":"NPI"},"licence":"MD","value":"6.9"}`.
//!
//! - **Not here**: answers of people who follow a link ([`page`](super::page)).

use core::net::IpAddr;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Map, Value, json};
use wardline_core::{
    Input,
    ids::Code as NoticeCode,
    output::{AnswerOutcome, AnswerVerdict},
};

use super::{Api, Caller, auth::Doing, body, problem::Problem};
use crate::{codes::Code, engine::Parcel, intake::Shape, runtime::admission::Lane};

/// LIMIT: bytes of an answer.
const ANSWER_BYTES_MAX: usize = 64 << 10;

pub(super) async fn post(
    State(api): State<Api>,
    caller: Caller,
    Path(code): Path<String>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    caller.may(Doing::GiveAnswers)?;
    refuse_guessers(&api, caller.peer)?;
    let bytes = body::read(body, ANSWER_BYTES_MAX, (&api.engine, &api.bodies)).await?;
    let Ok(Value::Object(fields)) = serde_json::from_slice(&bytes) else {
        return Err(Problem::body("an answer is one JSON object"));
    };
    let code = NoticeCode::parse(&code).ok_or_else(|| Problem::missing("code"))?;
    let event = event(fields, code, &api.engine.log_now().to_string());
    let read = api.intake.events("", Shape::Json, event.to_string().as_bytes(), api.engine.log_now());
    let reading = read.map_err(|error| Problem::too_large(error.to_string()))?;
    if let Some((refused, place)) = reading.lines.first().and_then(|line| line.refused.clone()) {
        return Err(Problem::body(format!("{} ({} {place})", refused.headline(), refused.number())));
    }
    let (outcome, position) = submit(&api, reading.parcel.inputs).await?;
    if outcome.as_ref().is_none_or(|outcome| is_wrong_code(outcome.verdict)) {
        api.guesses.strike(caller.peer, api.engine.boot());
    }
    let verdict = outcome.map_or(AnswerVerdict::Orphan, |outcome| outcome.verdict);
    Ok((status(verdict), Json(json!({ "result": verdict.word(), "code": code.to_string(), "position": position }))))
}

/// The canonical event of an answer.
fn event(mut answer: Map<String, Value>, code: NoticeCode, now: &str) -> Value {
    let occurred_at = answer.remove("occurred_at").unwrap_or_else(|| Value::from(now));
    let id = answer.remove("event_id");
    answer.insert("code".to_owned(), Value::from(code.to_string()));
    let mut event = json!({ "v": 1, "type": "answer", "source": "api", "occurred_at": occurred_at, "answer": answer });
    if let (Some(id), Some(fields)) = (id, event.as_object_mut()) {
        fields.insert("event_id".to_owned(), id);
    }
    event
}

/// Makes an answer durable and waits for what the core makes of it; `None` for an answer that was given before.
pub(super) async fn submit(api: &Api, inputs: Vec<Input>) -> Result<(Option<AnswerOutcome>, u64), Problem> {
    let accepted = api.engine.submit(Lane::Control, Parcel::control(inputs)).await?;
    let position = accepted.receipt.position;
    Ok((accepted.outcome().await?.answers.into_iter().next(), position))
}

/// Refuses whoever guessed too often, right or wrong.
pub(super) fn refuse_guessers(api: &Api, peer: IpAddr) -> Result<(), Problem> {
    if !api.guesses.is_locked(peer, api.engine.boot()) {
        return Ok(());
    }
    let detail = "too many wrong codes from this address";
    let help = "Call the desk that sent the notice.";
    Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, Code::TooManyGuesses, detail, help).after(3_600))
}

const fn is_wrong_code(verdict: AnswerVerdict) -> bool {
    matches!(verdict, AnswerVerdict::Orphan | AnswerVerdict::CodeDoesNotMatch)
}

pub(super) const fn status(verdict: AnswerVerdict) -> StatusCode {
    match verdict {
        AnswerVerdict::Accepted | AnswerVerdict::Recorded => StatusCode::OK,
        AnswerVerdict::Orphan => StatusCode::NOT_FOUND,
        AnswerVerdict::AlreadyClosed => StatusCode::CONFLICT,
        AnswerVerdict::NotPaged | AnswerVerdict::NotLicensed => StatusCode::FORBIDDEN,
        AnswerVerdict::CodeDoesNotMatch | AnswerVerdict::ReadBackDoesNotMatch => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
