//! Alerts: `GET /v1/alerts?limit=100`, newest first, behind a durable access record.

use axum::{
    Json,
    extract::{Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Api, Caller, auth::Doing, problem::Problem, reports::release};
use crate::{limits::ALERTS_PER_PAGE_MAX, runtime::records::Action};

/// What stands behind the question mark.
#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<usize>,
}

pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Problem> {
    caller.may(Doing::ReadReports)?;
    let limit = page.limit.unwrap_or(100).min(ALERTS_PER_PAGE_MAX);
    let alerts = api.engine.ask(move |kernel| kernel.alerts(limit)).await?;
    release(&api, &caller, Action::Alerts, &format!("newest {limit}"), "GET /v1/alerts").await?;
    Ok(Json(json!({ "position": api.engine.status().position(), "alerts": alerts })))
}
