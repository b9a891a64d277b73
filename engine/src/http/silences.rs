//! Silences: `GET`, `POST /v1/silences` and `DELETE /v1/silences/{id}`, an operator's word that something may wait.
//!
//! `{"rule":"alert/Critical potassium","until":"2026-01-14T10:00:00Z","because":"analyser down"}`, or `site` in place of
//! `rule`. It delays, it never deletes; a severity that cannot be held is not silenced by it.
//!
//! - LIMIT: `SILENCE_HOURS_MAX`, `REASON_CHARS_MAX`.
//! - **Source**: language page [MUTE-5].

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};
use wardline_core::{
    Input,
    input::{Silence, Silenced},
};
use wardline_rules::{
    Text,
    time::{Span, Timestamp},
};

use super::{Api, Caller, auth::Doing, body, problem::Problem};
use crate::{
    codes::Code,
    engine::Parcel,
    limits::{REASON_CHARS_MAX, SILENCE_HOURS_MAX},
    runtime::admission::Lane,
};

/// What a request says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    rule: Option<String>,
    site: Option<String>,
    until: String,
    because: String,
    by: Option<String>,
}

pub(super) async fn list(State(api): State<Api>, caller: Caller) -> Result<Json<Value>, Problem> {
    caller.may(Doing::KeepSilences)?;
    let silences = api.engine.ask(|kernel| kernel.silences()).await?;
    let shown: Vec<Value> = silences.iter().map(shown).collect();
    Ok(Json(json!({ "silences": shown })))
}

pub(super) async fn post(
    State(api): State<Api>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    caller.may(Doing::KeepSilences)?;
    let bytes = body::read(body, 16 << 10, (&api.engine, &api.bodies)).await?;
    let wanted: Wanted =
        serde_json::from_slice(&bytes).map_err(|_| Problem::body("not a silence as the reference has it"))?;
    let silence = silence(wanted, &caller, api.engine.log_now())?;
    let shown = shown(&silence);
    let parcel = Parcel::control(vec![Input::Silence(Box::new(silence))]);
    api.engine.submit(Lane::Control, parcel).await?.outcome().await?;
    Ok((StatusCode::CREATED, Json(shown)))
}

pub(super) async fn lift(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.may(Doing::KeepSilences)?;
    let id: u64 = id.parse().map_err(|_| Problem::missing("silence"))?;
    let is_there = api.engine.ask(move |kernel| kernel.silences().iter().any(|silence| silence.id == id)).await?;
    if !is_there {
        return Err(Problem::missing("silence"));
    }
    api.engine.submit(Lane::Control, Parcel::control(vec![Input::Lift(id)])).await?.outcome().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn silence(wanted: Wanted, caller: &Caller, now: Timestamp) -> Result<Silence, Problem> {
    let refuse = |detail: &str| {
        let help = "Give a rule or a site, an end at most 24 hours ahead, and a reason.";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, Code::SilenceRefused, detail, help)
    };
    let what = match (wanted.rule, wanted.site) {
        (Some(rule), None) => Silenced::Rule(Text::from(rule)),
        (None, Some(site)) => Silenced::Site(Text::from(site)),
        _ => return Err(refuse("exactly one of `rule` and `site` is needed")),
    };
    let until = Timestamp::parse(&wanted.until).ok_or_else(|| refuse("`until` is no time"))?;
    let latest = now.plus(Span::from_minutes(SILENCE_HOURS_MAX * 60));
    if until <= now || until > latest {
        return Err(refuse("`until` is not within the next 24 hours"));
    }
    let because = wanted.because.trim();
    if because.is_empty() || because.chars().count() > REASON_CHARS_MAX {
        return Err(refuse("`because` is empty or longer than 200 characters"));
    }
    let author: String = wanted.by.unwrap_or_else(|| caller.name.to_string()).chars().take(REASON_CHARS_MAX).collect();
    let id = u64::try_from(now.micros()).unwrap_or(0);
    Ok(Silence { id, what, until, author: Text::from(author), because: Text::from(because) })
}

fn shown(silence: &Silence) -> Value {
    let (kind, name) = match &silence.what {
        Silenced::Rule(rule) => ("rule", rule),
        Silenced::Site(site) => ("site", site),
    };
    json!({
        "id": silence.id.to_string(),
        kind: name.as_str(),
        "until": silence.until.to_string(),
        "by": silence.author.as_str(),
        "because": silence.because.as_str(),
    })
}
