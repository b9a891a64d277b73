//! Reports: `GET /v1/reports/{id}`, where one report is; `/why`, what rules did about it. Both behind a durable access record.

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};
use wardline_core::ids::ReportId;
use wardline_rules::{
    Text,
    time::Timestamp,
    token::{Token, TokenKind},
};

use super::{Api, Caller, auth::Doing, dead, problem::Problem};
use crate::{
    history::{Chapter, Story},
    runtime::records::{Access, Action},
};

pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let report = named(&caller, &id)?;
    let found = api.engine.ask(move |kernel| kernel.report(report)).await?;
    let found = found.ok_or_else(|| Problem::missing("report"))?;
    release(&api, &caller, Action::Report, &id, "GET /v1/reports").await?;
    Ok(Json(found))
}

pub(super) async fn why(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let report = named(&caller, &id)?;
    let story = dead::look(&api, move |past, through, asker| past.story(through, report, asker)).await?;
    if !story.is_known && story.chapters.is_empty() {
        return Err(Problem::missing("report"));
    }
    release(&api, &caller, Action::Report, &id, "GET /v1/reports/why").await?;
    Ok(Json(shown(&id, &story)))
}

/// The report of a path, for who may see reports.
fn named(caller: &Caller, id: &str) -> Result<ReportId, Problem> {
    caller.may(Doing::ReadReports)?;
    report_id(id).ok_or_else(|| Problem::missing("report"))
}

/// A story as JSON; `wardline why` prints it.
pub(crate) fn shown(id: &str, story: &Story) -> Value {
    let line = |(at, said): &(Timestamp, String)| json!({ "at": at.to_string(), "said": said });
    let chapter = |chapter: &Chapter| {
        let lines: Vec<Value> = chapter.lines.iter().map(line).collect();
        json!({ "rule": chapter.rule.as_str(), "generation": chapter.generation, "lines": lines })
    };
    json!({
        "schema_version": 1,
        "report": id,
        "from_record": story.from,
        "rules": story.chapters.iter().map(chapter).collect::<Vec<_>>(),
        "silent": story.silent.iter().map(Text::as_str).collect::<Vec<_>>(),
        "is_cut": story.is_cut,
    })
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
pub(crate) fn report_id(text: &str) -> Option<ReportId> {
    let token = Token::parse(TokenKind::Patient, &format!("{}{text}", TokenKind::Patient.prefix()))?;
    Some(ReportId(token.0))
}
