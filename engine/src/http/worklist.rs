//! Worklist: `GET /v1/worklist?desk=Operations`, the open tasks of a desk, or of all, and the notices that the list carries; behind a durable access record.
//!
//! With `Accept: text/event-stream` the connection stays open: the list comes at once and again whenever it changes, as the
//! event `tasks` whose id is the position of the log; a comment comes when nothing changes for a while.
//!
//! - INVARIANT: each list that is shown has its own durable access record.
//! - LIMIT: `WATCHERS_MAX`; beyond it 429. A connection lives an hour at most, then its reader comes again.
//! - **Not here**: when a task is opened and closed (the core).

use core::convert::Infallible;

use axum::{
    Json,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures_util::stream::poll_fn;
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use wardline_connectors::adapters::sink::Limits;
use wardline_core::output::{Party, Task};
use wardline_rules::words::Channel;

use super::{Api, Caller, auth::Doing, problem::Problem, reports::release};
use crate::{
    codes::Code,
    dispatcher::{
        Departure,
        message::{Address, compose},
    },
    engine::Phase,
    limits::{WATCH_EVERY, WATCHERS_QUIET_MAX},
    runtime::{kernel::Notice, records::Action},
};

/// What stands behind the question mark.
#[derive(Deserialize)]
pub(super) struct Which {
    desk: Option<String>,
}

pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.may(Doing::GiveAnswers)?;
    let desk = which.desk.unwrap_or_default();
    let accepted = headers.get(header::ACCEPT).and_then(|kinds| kinds.to_str().ok()).unwrap_or("");
    if accepted.contains("text/event-stream") {
        return stream(api, caller, desk);
    }
    let list = open(&api, &desk).await?;
    shown_to(&api, &caller, &desk).await?;
    Ok(Json(list.at(api.engine.status().position())).into_response())
}

/// What is open.
#[derive(PartialEq)]
struct List {
    tasks: Vec<Value>,
    notices: Vec<Value>,
}

impl List {
    fn at(&self, position: u64) -> Value {
        json!({ "position": position, "tasks": self.tasks, "notices": self.notices })
    }
}

/// The open tasks of a desk, or of all, and the notices that the list carries.
async fn open(api: &Api, desk: &str) -> Result<List, Problem> {
    let asked = api.engine.ask(|kernel| (kernel.open_tasks(), kernel.listed(Channel::Worklist)));
    let (tasks, notices) = asked.await?;
    let is_meant = |party: &Party| desk.is_empty() || matches!(party, Party::Desk(name) if name == desk);
    Ok(List {
        tasks: tasks.iter().filter(|task| desk.is_empty() || task.desk == desk).map(shown).collect(),
        notices: notices.iter().filter(|notice| is_meant(&notice.party)).map(|notice| listed(api, notice)).collect(),
    })
}

/// A notice in the words that its channel may say.
fn listed(api: &Api, notice: &Notice) -> Value {
    let at = notice.created;
    let is_secured = api.sinks.route(notice, at).is_ok_and(|route| route.sink.is_secured());
    let to = Address { address: notice.role.clone(), is_secured, limits: Limits::default(), at };
    let departure = Departure { nid: notice.nid, number: 1, is_repeat: false };
    let message = compose(notice, departure, &api.links, to);
    json!({
        "notice": message.key.as_str(),
        "code": message.code.as_str(),
        "link": message.link,
        "severity": message.severity.as_str(),
        "purpose": message.purpose,
        "for": message.address.as_str(),
        "text": message.text,
        "created_at": at.to_string(),
    })
}

async fn shown_to(api: &Api, caller: &Caller, desk: &str) -> Result<(), Problem> {
    release(api, caller, Action::Alerts, &format!("tasks of `{desk}`"), "GET /v1/worklist").await
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

fn stream(api: Api, caller: Caller, desk: String) -> Result<Response, Problem> {
    let place = api.watchers.clone().try_acquire_owned().map_err(|_| {
        let detail = "too many watch the worklist";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, Code::Busy, detail, "Ask for it without a stream.").after(30)
    })?;
    let (sender, mut receiver) = mpsc::channel::<Bytes>(1);
    tokio::spawn(watch(api, caller, desk, sender, place));
    let parts = poll_fn(move |cx| receiver.poll_recv(cx).map(|part| part.map(Ok::<_, Infallible>)));
    let mut response = Response::new(Body::from_stream(parts));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(response)
}

/// Sends the list whenever it is another one, until nobody reads it or the engine ends.
async fn watch(api: Api, caller: Caller, desk: String, sender: mpsc::Sender<Bytes>, _place: OwnedSemaphorePermit) {
    let mut ticks = tokio::time::interval(WATCH_EVERY);
    let mut last: Option<List> = None;
    let mut quiet = 0;
    while api.engine.status().phase() != Phase::Stopping {
        ticks.tick().await;
        let Ok(list) = open(&api, &desk).await else { return };
        let part = if last.as_ref() == Some(&list) {
            quiet += 1;
            if quiet < WATCHERS_QUIET_MAX && !sender.is_closed() {
                continue;
            }
            ":\n\n".to_owned()
        } else {
            let Ok(()) = shown_to(&api, &caller, &desk).await else { return };
            let position = api.engine.status().position();
            let text = list.at(position);
            last = Some(list);
            format!("id: {position}\nevent: tasks\ndata: {text}\n\n")
        };
        quiet = 0;
        // The reader went away.
        let Ok(()) = sender.send(Bytes::from(part)).await else { return };
    }
}
