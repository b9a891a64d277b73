//! Wards: `GET /v1/wards`, which ward rules; `POST /v1/wards`, check another and make it the active one.
//!
//! The body is a packed ward, as `wardline activate` sends it. A ward that does not check is answered with everything
//! found, and the active one stays.
//!
//! - **Source**: language page 5.9; guarantees page, S1-23.

use axum::{
    Json,
    body::Body,
    extract::{Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};
use wardline_core::Input;
use wardline_dsl::diagnostic::Diagnostic;
use wardline_rules::{program::WardVersion, time::Date};

use super::{Api, Caller, auth::Doing, body, problem::Problem};
use crate::{
    codes::Code,
    engine::Parcel,
    limits::{REASON_CHARS_MAX, WARD_BYTES_MAX},
    runtime::admission::Lane,
    ward,
};

/// What stands behind the question mark.
#[derive(Deserialize)]
pub(super) struct How {
    author: Option<String>,
    /// Whether running clocks go by the new ward from now on [LOAD-4].
    #[serde(default)]
    moved: bool,
}

pub(super) async fn get(State(api): State<Api>, caller: Caller) -> Result<Json<Value>, Problem> {
    caller.may(Doing::KeepWards)?;
    let active = api.engine.ask(|kernel| kernel.ward()).await?;
    let shown =
        active.map(|(name, version)| json!({ "name": name.as_str(), "version": WardVersion(version).to_string() }));
    Ok(Json(json!({ "active": shown })))
}

pub(super) async fn post(
    State(api): State<Api>,
    caller: Caller,
    Query(how): Query<How>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    caller.may(Doing::KeepWards)?;
    let packed = body::read(body, WARD_BYTES_MAX, (&api.engine, &api.bodies)).await?;
    let (sources, _) = ward::unpack(&packed).ok_or_else(|| Problem::body("not a packed ward"))?;
    let as_of = Date::from_days(i32::try_from(api.engine.log_now().micros().div_euclid(86_400_000_000)).unwrap_or(0));
    let author: String = how.author.unwrap_or_else(|| caller.name.to_string()).chars().take(REASON_CHARS_MAX).collect();
    // The check of a large ward takes a while; other requests go on meanwhile.
    let checked = tokio::task::spawn_blocking(move || {
        let activation = ward::activation(&sources, as_of, &author);
        activation.map_err(|checked| findings(&checked.diagnostics, &sources))
    });
    match checked.await.map_err(|_| Problem::body("the ward could not be checked"))? {
        Ok(mut activation) => {
            activation.moved = how.moved;
            let (name, version) = (activation.program.name.clone(), activation.program.version);
            let parcel = Parcel::control(vec![Input::Activate(Box::new(activation))]);
            let accepted = api.engine.submit(Lane::Control, parcel).await?;
            let position = accepted.receipt.position;
            accepted.outcome().await?;
            let shown = json!({ "name": name.as_str(), "version": version.to_string(), "position": position });
            Ok((StatusCode::OK, Json(shown)))
        }
        Err(findings) => {
            let shown =
                json!({ "code": Code::WardRefused.text(), "detail": Code::WardRefused.title(), "findings": findings });
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Json(shown)))
        }
    }
}

/// What the check found, one entry each.
pub(crate) fn findings(diagnostics: &[Diagnostic], sources: &wardline_dsl::source::Sources) -> Vec<Value> {
    let entry = |found: &Diagnostic| {
        let file = sources.file(found.span.file);
        let line = file.map_or(0, |file| file.place(found.span.start).line);
        json!({
            "code": found.code.to_string(),
            "file": file.map_or("", |file| file.name.as_str()),
            "line": line,
            "message": found.message,
            "help": found.cause,
        })
    };
    diagnostics.iter().map(entry).collect()
}
