//! Worklist: `GET /v1/worklist?desk=Operations`, the open tasks of a desk, or of all; behind a durable access record.

use axum::{
    Json,
    extract::{Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};
use wardline_core::output::Task;

use super::{Api, Caller, auth::Doing, problem::Problem, reports::release};
use crate::runtime::records::Action;

/// What stands behind the question mark.
#[derive(Deserialize)]
pub(super) struct Which {
    desk: Option<String>,
}

pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Problem> {
    caller.may(Doing::GiveAnswers)?;
    let mut open = api.engine.ask(|kernel| kernel.open_tasks()).await?;
    let desk = which.desk.unwrap_or_default();
    open.retain(|task| desk.is_empty() || task.desk == desk);
    release(&api, &caller, Action::Alerts, &format!("tasks of `{desk}`"), "GET /v1/worklist").await?;
    Ok(Json(json!({ "position": api.engine.status().position(), "tasks": open.iter().map(shown).collect::<Vec<_>>() })))
}

fn shown(task: &Task) -> Value {
    json!({
        "alert": task.alert.to_string(),
        "desk": task.desk.as_str(),
        "rule": task.rule.as_str(),
        "severity": task.severity.as_str(),
        "report": task.report.map(|report| report.to_string()),
        "raised_at": task.raised.to_string(),
    })
}
