//! Page: what arrives on the phones of the demo's hospital, and what happens when somebody answers, or nobody does?
//!
//! One web page shows each notice as a phone would: who is asked, in which words, and buttons to accept, decline or read
//! back. Below each stands where its alert is, so that an escalation can be watched going on or stopping.
//!
//! ```text
//!  dispatcher ─► Phone (a sink in memory) ─► GET /phone/pages, every second ─► page
//!                                            POST /phone/answer ◄── button
//! ```
//! - **How it fits**: `wardline demo` merges [`routes`] into the API's router and gives [`Phone`] to the sinks.
//! - LIMIT: `PHONE_PAGES_MAX`; the oldest pages leave.
//! - **Not here**: for patients. Whoever opens the page may answer for anybody; it is served on loopback by the demo alone.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderValue, header},
    response::{Html, IntoResponse as _, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use wardline_connectors::adapters::{Class, Outgoing, Reply, Sink, sink::Sending};
use wardline_core::{
    Input,
    ids::Nid,
    output::{AnswerOutcome, AnswerVerdict},
};
use wardline_rules::Text;

use crate::{
    engine::{Engine, Parcel},
    http::{
        Problem,
        page::{Said, given, reply},
    },
    limits::PHONE_PAGES_MAX,
    runtime::{admission::Lane, kernel::Notice},
};

const HTML: &str = include_str!("page/phone.html");
const SCRIPT: &str = include_str!("page/phone.js");
const STYLE: &str = include_str!("page/phone.css");

/// Every phone of the demo's hospital.
#[derive(Debug, Default)]
pub struct Phone {
    pages: Mutex<VecDeque<Arrived>>,
}

/// A notice that arrived.
#[derive(Clone, Debug)]
struct Arrived {
    /// Counts up, from 1.
    n: u64,
    message: Outgoing,
}

impl Phone {
    /// How many notices arrived so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.lock().back().map_or(0, |page| page.n)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arrived>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arrive(&self, message: &Outgoing) {
        let mut pages = self.lock();
        let n = pages.back().map_or(0, |page| page.n) + 1;
        if pages.len() >= PHONE_PAGES_MAX {
            pages.pop_front();
        }
        pages.push_back(Arrived { n, message: message.clone() });
    }

    /// The newest `limit` pages, oldest first.
    fn newest(&self, limit: usize) -> Vec<Arrived> {
        let pages = self.lock();
        pages.iter().skip(pages.len().saturating_sub(limit)).cloned().collect()
    }
}

impl Sink for Phone {
    fn class(&self) -> Class {
        Class::Keyed
    }

    fn is_secured(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> Sending<'a> {
        self.arrive(message);
        Box::pin(async { Reply::Delivered })
    }
}

#[derive(Clone)]
struct Shown {
    engine: Engine,
    phone: Arc<Phone>,
}

/// The page, its files and its two questions.
pub fn routes(engine: Engine, phone: Arc<Phone>) -> Router {
    Router::new()
        .route("/phone", get(async || Html(HTML)))
        .route("/phone.js", get(async || file(SCRIPT, "text/javascript; charset=utf-8")))
        .route("/phone.css", get(async || file(STYLE, "text/css; charset=utf-8")))
        .route("/phone/pages", get(pages))
        .route("/phone/answer", post(answer))
        .with_state(Shown { engine, phone })
}

fn file(text: &'static str, kind: &'static str) -> Response {
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// What stands behind the question mark.
#[derive(Deserialize)]
struct Which {
    limit: Option<usize>,
}

/// The newest pages with the state of each.
async fn pages(State(shown): State<Shown>, Query(which): Query<Which>) -> Result<Json<Value>, Problem> {
    let arrived = shown.phone.newest(which.limit.unwrap_or(50).min(200));
    let nids: Vec<Option<Nid>> = arrived.iter().map(|page| Nid::parse(&page.message.key)).collect();
    let notices: Vec<Option<Notice>> =
        shown.engine.ask(move |kernel| nids.iter().map(|nid| nid.and_then(|nid| kernel.notice(nid))).collect()).await?;
    let pages: Vec<Value> =
        arrived.iter().zip(&notices).map(|(page, notice)| page_json(page, notice.as_ref())).collect();
    let now = shown.engine.log_now().to_string();
    Ok(Json(json!({ "now": now, "count": shown.phone.count(), "pages": pages })))
}

fn page_json(page: &Arrived, notice: Option<&Notice>) -> Value {
    let message = &page.message;
    json!({
        "n": page.n,
        "key": message.key.as_str(),
        "at": message.at.to_string(),
        "to": notice.map_or(message.address.as_str(), |notice| notice.role.as_str()),
        "channel": message.channel.word(),
        "severity": message.severity.as_str(),
        "purpose": message.purpose,
        "text": message.text.replace(&message.link, "").replace("  ", " "),
        "code": message.code.as_str(),
        "rule": notice.map(|notice| notice.rule.as_str()),
        "alert": notice.map_or("over", |notice| notice.alert_state.word()),
        "step": notice.map_or(0, |notice| notice.step),
        "read_back": notice.is_some_and(|notice| notice.wants_read_back),
    })
}

/// What a button sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pressed {
    key: String,
    act: String,
    #[serde(default)]
    value: String,
}

async fn answer(State(shown): State<Shown>, Json(pressed): Json<Pressed>) -> Result<Json<Value>, Problem> {
    let nid = Nid::parse(&pressed.key).ok_or_else(|| Problem::missing("notice"))?;
    let notice = shown.engine.ask(move |kernel| kernel.notice(nid)).await?.ok_or_else(|| Problem::missing("notice"))?;
    let said = Said { act: &pressed.act, value: &pressed.value, unit: "" };
    let event = given(&shown.engine, &notice, &said, Some(Text::const_new("MD")))?;
    let accepted = shown.engine.submit(Lane::Control, Parcel::control(vec![Input::Event(Box::new(event))])).await?;
    let outcome: Option<AnswerOutcome> = accepted.outcome().await?.answers.into_iter().next();
    let verdict: Option<AnswerVerdict> = outcome.map(|outcome| outcome.verdict);
    let word = verdict.map_or("no such notice", AnswerVerdict::word);
    Ok(Json(json!({ "result": word, "said": reply(verdict, pressed.act == "declined") })))
}

#[cfg(test)]
mod tests;
