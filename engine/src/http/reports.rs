//! Reports: `GET /v1/reports/{id}`, where one report is, behind a durable access record.

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::Value;
use wardline_core::ids::ReportId;
use wardline_rules::token::{Token, TokenKind};

use super::{Api, Caller, auth::Doing, problem::Problem};
use crate::runtime::records::{Access, Action};

pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    caller.may(Doing::ReadReports)?;
    let report = report_id(&id).ok_or_else(|| Problem::missing("report"))?;
    let found = api.engine.ask(move |kernel| kernel.report(report)).await?;
    let found = found.ok_or_else(|| Problem::missing("report"))?;
    release(&api, &caller, Action::Report, &id, "GET /v1/reports").await?;
    Ok(Json(found))
}

/// Writes down who is about to be shown what; without it nothing is shown.
pub(super) async fn release(
    api: &Api,
    caller: &Caller,
    action: Action,
    object: &str,
    interface: &str,
) -> Result<(), Problem> {
    let access = Access {
        principal: caller.name.to_string(),
        action,
        object: object.to_owned(),
        purpose: caller.purpose.clone(),
        interface: interface.to_owned(),
    };
    api.engine.record_access(access.encode()).await?;
    api.engine.status().books().add_release();
    Ok(())
}

/// 26 letters of base-32.
fn report_id(text: &str) -> Option<ReportId> {
    let token = Token::parse(TokenKind::Patient, &format!("{}{text}", TokenKind::Patient.prefix()))?;
    Some(ReportId(token.0))
}
