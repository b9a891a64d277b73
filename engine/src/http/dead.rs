//! Dead: `GET /v1/dead`, which messages nobody could read; `POST /v1/dead/{id}/replay`, read one again.
//!
//! `?limit=100` gives the newest, without what they say; `?id=4711-3` one with its bytes as base64, for who may see patient
//! data, behind a durable access record. A replay sends the bytes through the codec of their feed as it is configured now; what
//! still cannot be read is refused and nothing is stored again.
//!
//! - LIMIT: `LETTERS_PER_PAGE_MAX`; one question at a time reads the log.
//! - **Source**: guarantees page 5.5.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Api, Caller, auth::Doing, events, problem::Problem, reports::release};
use crate::{
    codes::Code,
    history::{Asker, Error, Letter, LetterId, Past},
    intake::{Reading, Shape},
    limits::{LETTERS_PER_PAGE_MAX, OUTCOME_WAIT},
    runtime::{admission::Lane, records::Action},
};

/// What stands behind the question mark.
#[derive(Deserialize)]
pub(super) struct Which {
    limit: Option<usize>,
    id: Option<String>,
}

pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    caller.may(Doing::KeepDead)?;
    if let Some(id) = which.id {
        caller.may(Doing::ReadBytes)?;
        let letter = find(&api, &id).await?;
        release(&api, &caller, Action::DeadLetter, &id, "GET /v1/dead").await?;
        let mut shown = shown(&letter);
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("bytes".to_owned(), Value::from(BASE64.encode(&letter.bytes)));
        }
        return Ok(Json(shown));
    }
    let limit = which.limit.unwrap_or(100).min(LETTERS_PER_PAGE_MAX);
    let letters = look(&api, move |past, through, asker| past.letters(through, limit, asker)).await?;
    Ok(Json(json!({ "dead": letters.iter().map(shown).collect::<Vec<_>>() })))
}

pub(super) async fn replay(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    caller.may(Doing::KeepDead)?;
    let letter = find(&api, &id).await?;
    let reading = read_again(&api, &letter)?;
    if let Some((code, place)) = reading.lines.iter().find_map(|line| line.refused.clone()) {
        let detail = format!("it still cannot be read: {} ({} {place})", code.headline(), code.number());
        let help = "Mend the feed's settings, or send a corrected message.";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Code::Body, detail, help));
    }
    let (lines, accepted) = events::store(&api, Lane::Bulk, reading).await?;
    let position = accepted.receipt.position;
    let outcome = tokio::time::timeout(OUTCOME_WAIT, accepted.outcome()).await;
    // Late, or the core is gone: durable it is all the same.
    let outcome = outcome.ok().and_then(Result::ok).unwrap_or_default();
    let result = |(index, line): (usize, &crate::intake::Line)| {
        let made = outcome.of(index).map_or("stored", wardline_core::Disposition::word);
        json!({ "event_id": line.event_id.as_str(), "result": made })
    };
    tracing::info!(letter = %id, position, by = %caller.name, "dead.replay");
    let events: Vec<Value> = lines.iter().enumerate().map(result).collect();
    Ok(Json(json!({ "dead": id, "position": position, "events": events })))
}

/// The letter's bytes through the codec that fits them, as its feed is configured now.
fn read_again(api: &Api, letter: &Letter) -> Result<Reading, Problem> {
    let feed = if api.intake.knows(&letter.source) { letter.source.as_str() } else { "" };
    let at = api.engine.log_now();
    let is_hl7 = letter.bytes.trim_ascii_start().strip_prefix(b"\x0b").unwrap_or(&letter.bytes).starts_with(b"MSH");
    let read = if is_hl7 {
        api.intake.hl7(feed, &letter.bytes, at).map(|(reading, _)| reading)
    } else if is_fhir(&letter.bytes) {
        api.intake.fhir(feed, &letter.bytes, at).map(|(reading, _)| reading)
    } else {
        api.intake.events(feed, shape(&letter.bytes), &letter.bytes, at)
    };
    let reading = read.map_err(|error| Problem::too_large(error.to_string()))?;
    if reading.lines.is_empty() { Err(Problem::body("no message in it")) } else { Ok(reading) }
}

/// What tells the ways apart in which JSON comes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tells {
    resource_type: Option<serde::de::IgnoredAny>,
    specversion: Option<serde::de::IgnoredAny>,
}

fn is_fhir(bytes: &[u8]) -> bool {
    serde_json::from_slice::<Tells>(bytes).is_ok_and(|tells| tells.resource_type.is_some())
}

/// As what JSON that is no FHIR is read. A list of a batch has one letter for each of its elements, if it could be told apart.
fn shape(bytes: &[u8]) -> Shape {
    let is_cloud = |tells: &Tells| tells.specversion.is_some();
    if serde_json::from_slice::<Tells>(bytes).as_ref().is_ok_and(is_cloud) {
        Shape::CloudEvent
    } else if serde_json::from_slice::<Vec<Tells>>(bytes).is_ok_and(|all| all.first().is_some_and(is_cloud)) {
        Shape::CloudEvents
    } else if serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_err() && bytes.trim_ascii().contains(&b'\n') {
        Shape::Lines
    } else {
        Shape::Json
    }
}

async fn find(api: &Api, id: &str) -> Result<Letter, Problem> {
    let id = LetterId::parse(id).ok_or_else(|| Problem::missing("dead letter"))?;
    let found = look(api, move |past, through, asker| past.letter(through, id, asker)).await?;
    found.ok_or_else(|| Problem::missing("dead letter"))
}

/// Tells whoever reads that nobody waits any more, when the request that it is for ends in any way.
struct Leaving(Asker);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// Asks the log, one question at a time, away from the threads that answer requests. It is read no further than somebody waits.
pub(super) async fn look<R: Send + 'static>(
    api: &Api,
    question: impl FnOnce(&dyn Past, u64, &Asker) -> Result<R, Error> + Send + 'static,
) -> Result<R, Problem> {
    let busy = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, Code::Closed, "the engine stops", "Ask again later.");
    let turn = api.looking.clone().acquire_owned().await.map_err(|_| busy())?;
    let (past, through) = (api.past.clone(), api.engine.status().position());
    let asker = Asker::default();
    let _leaving = Leaving(asker.clone());
    let asked = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        question(past.as_ref(), through, &asker)
    });
    asked.await.map_err(|_| busy())?.map_err(|error| {
        tracing::warn!(%error, "log.look");
        let detail = "the log could not be read to its end";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Damaged, detail, "Run `wardline verify`.")
    })
}

fn shown(letter: &Letter) -> Value {
    json!({
        "id": letter.id.to_string(),
        "at": letter.at.to_string(),
        "source": letter.source.as_str(),
        "reason": letter.reason.as_str(),
        "event_id": letter.event_id.as_str(),
        "size": letter.size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_again_as_what_it_is() {
        assert!(is_fhir(br#" {"resourceType":"Bundle"}"#));
        assert!(!is_fhir(br#"{"resource":"Bundle"}"#));
        assert_eq!(shape(br#"{"specversion":"1.0","data":{}}"#), Shape::CloudEvent);
        assert_eq!(shape(br#"[{"specversion":"1.0"}]"#), Shape::CloudEvents);
        assert_eq!(shape(b"{\"a\":1}\n{\"a\":2}\n"), Shape::Lines);
        assert_eq!(shape(b"{\n\"a\":1}\n"), Shape::Json, "one event over several lines");
        assert_eq!(shape(b"no json"), Shape::Json);
    }
}
