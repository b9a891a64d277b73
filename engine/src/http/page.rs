//! Page: `GET` and `POST /a/{code}`, what a person sees who follows the link of a notice, and the buttons they press.
//!
//! Mail scanners follow links, so showing changes nothing; only a button's POST answers. The link is signed; the page
//! names severity, rule and state, never a patient, and works without script at the width of a telephone.
//!
//! - INVARIANT: an access record is durable before the page is shown.
//! - **Source**: guarantees page, S1-20; language page 5.6.
//! - **Not here**: signing in; what the report says (`GET /v1/reports/{id}`).

use axum::{
    Form,
    extract::{Path, Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use serde::Deserialize;
use wardline_core::{
    Input,
    ids::Nid,
    output::{AnswerVerdict, NoticeState},
    party_token,
};
use wardline_rules::{
    Text,
    decimal::Decimal,
    event::{Answer, Event, Fact},
    time::EventTime,
    words::{Act, Comparator},
};

use super::{Api, answers, auth::Visitor, problem::Problem};
use crate::{
    dispatcher::message::purpose_word,
    engine::Engine,
    markup::escape,
    metrics::Metric,
    runtime::{
        kernel::Notice,
        records::{Access, Action},
    },
};

const STYLE: &str = include_str!("page.css");

/// The signed part of a link.
#[derive(Deserialize)]
pub(super) struct Link {
    n: String,
    s: String,
}

/// What a button sends.
#[derive(Deserialize)]
pub(super) struct Pressed {
    n: String,
    s: String,
    act: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    unit: String,
}

pub(super) async fn show(
    State(api): State<Api>,
    visitor: Visitor,
    Path(code): Path<String>,
    Query(link): Query<Link>,
) -> Result<Html<String>, Problem> {
    let nid = open(&api, &visitor, &code, &link)?;
    let notice = notice(&api, &visitor, nid).await?;
    api.engine.metrics().count_named(Metric::NoticesOpened, &[notice.channel.name()], 1);
    Ok(Html(html(&notice, &link, None)))
}

pub(super) async fn answer(
    State(api): State<Api>,
    visitor: Visitor,
    Path(code): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Result<Response, Problem> {
    let link = Link { n: pressed.n.clone(), s: pressed.s.clone() };
    let nid = open(&api, &visitor, &code, &link)?;
    let notice_now = notice(&api, &visitor, nid).await?;
    let licence = api.sinks.licence(&notice_now, api.engine.log_now());
    let given = given(&api.engine, &notice_now, &pressed.said(), licence)?;
    let (outcome, _) = answers::submit(&api, vec![Input::Event(Box::new(given))]).await?;
    let verdict = outcome.map(|outcome| outcome.verdict);
    let after = api.engine.ask(move |kernel| kernel.notice(nid)).await?.unwrap_or(notice_now);
    let is_declined = pressed.act == "declined";
    let is_taken = matches!(verdict, Some(AnswerVerdict::Accepted | AnswerVerdict::Recorded));
    let status = if is_taken { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok((status, Html(html(&after, &link, Some(reply(verdict, is_declined))))).into_response())
}

pub(super) async fn style() -> Response {
    let mut response = STYLE.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    response
}

/// The notice of a link, if it is one of ours; a wrong one counts as a guess.
fn open(api: &Api, visitor: &Visitor, code: &str, link: &Link) -> Result<Nid, Problem> {
    answers::refuse_guessers(api, visitor.peer)?;
    api.links.check(code, &link.n, &link.s).ok_or_else(|| {
        api.guesses.strike(visitor.peer, api.engine.boot());
        Problem::missing("notice")
    })
}

/// What the core knows of it, once it is written down that somebody looks.
async fn notice(api: &Api, visitor: &Visitor, nid: Nid) -> Result<Notice, Problem> {
    let found = api.engine.ask(move |kernel| kernel.notice(nid)).await?;
    let notice = found.ok_or_else(|| Problem::missing("notice"))?;
    let access = Access {
        principal: format!("link of {}", notice.role),
        action: Action::AnswerPage,
        object: nid.to_string(),
        purpose: visitor.purpose.clone(),
        interface: "GET /a".to_owned(),
    };
    api.engine.record_access(access.encode()).await?;
    api.engine.status().books().add_release();
    Ok(notice)
}

/// What somebody says about a notice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Said<'a> {
    /// The word for what they do.
    pub(crate) act: &'a str,
    /// The value they read back; empty if none.
    pub(crate) value: &'a str,
    /// Its unit; empty for that of the test.
    pub(crate) unit: &'a str,
}

impl Pressed {
    fn said(&self) -> Said<'_> {
        Said { act: &self.act, value: &self.value, unit: &self.unit }
    }
}

/// The event of a pressed button: the recipient answers, by the notice's own id.
pub(crate) fn given(
    engine: &Engine,
    notice: &Notice,
    said: &Said<'_>,
    licence: Option<Text>,
) -> Result<Event, Problem> {
    let act = Act::parse(said.act).ok_or_else(|| Problem::body("no such answer"))?;
    let at = engine.log_now();
    let value = if said.value.trim().is_empty() { None } else { Some(value(said.value)?) };
    let answer = Answer {
        act,
        code: Some(Text::from(notice.code().to_string())),
        nid: Some(notice.nid.0),
        by: Some(party_token(&notice.party)),
        licence,
        told_by: None,
        value,
        unit: Text::from(said.unit.trim()),
        result: None,
    };
    let id = format!("page-{}-{}", notice.code(), at.micros());
    let mut event = Event::new("answer-page", &id, Fact::Answer(Box::new(answer)));
    event.occurred_at = Some(EventTime::exact(at));
    event.received_at = Some(at);
    Ok(event)
}

/// `6.9`, `6,9` or `>7.0`.
fn value(text: &str) -> Result<(Option<Comparator>, Decimal), Problem> {
    let text = text.trim().replace(',', ".");
    let signs =
        [("<=", Comparator::AtMost), (">=", Comparator::AtLeast), ("<", Comparator::Below), (">", Comparator::Above)];
    let sign = signs.iter().find(|(sign, _)| text.starts_with(sign));
    let digits = text.trim_start_matches(['<', '>', '=', ' ']);
    let number = Decimal::parse(digits).ok_or_else(|| Problem::body("the value is no number"))?;
    Ok((sign.map(|(_, comparator)| *comparator), number))
}

/// What is said after a button was pressed.
pub(crate) const fn reply(verdict: Option<AnswerVerdict>, is_declined: bool) -> &'static str {
    match (verdict, is_declined) {
        (Some(AnswerVerdict::Accepted | AnswerVerdict::Recorded), true) => {
            "You declined. Somebody else is being asked."
        }
        (Some(AnswerVerdict::Accepted), false) => "Thank you. The result is yours now.",
        (Some(AnswerVerdict::Recorded), false) => "Thank you. This is recorded.",
        (Some(AnswerVerdict::AlreadyClosed), _) => "Somebody answered before you. Nothing is left to do here.",
        (Some(AnswerVerdict::ReadBackDoesNotMatch), _) => {
            "This is not the current value. Look again and read it back once more."
        }
        (Some(AnswerVerdict::NotLicensed), _) => "Only a licensed clinician may answer this.",
        (Some(AnswerVerdict::NotPaged), _) => "This notice was not for you.",
        (Some(AnswerVerdict::Orphan | AnswerVerdict::CodeDoesNotMatch) | None, _) => "This answer fits no open notice.",
    }
}

fn html(notice: &Notice, link: &Link, said: Option<&str>) -> String {
    let is_over = matches!(notice.state, NoticeState::Withdrawn | NoticeState::Expired);
    let is_asked = matches!(purpose_word(notice.purpose), "page" | "reminder") && !is_over;
    let message = said.map(|text| format!("<p class=said role=status>{}</p>", escape(text))).unwrap_or_default();
    let form = if is_asked { form(notice, link) } else { "<p>Nothing is asked of you here.</p>".to_owned() };
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width,initial-scale=1\">\
         <title>{severity}: a result waits for you</title><link rel=stylesheet href=/page.css>\
         <main><p class=\"level {level}\">{severity}</p><h1>{rule}</h1>{message}\
         <dl><dt>Code</dt><dd>{code}</dd><dt>For</dt><dd>{role}</dd><dt>Since</dt><dd>{since}</dd><dt>State</dt><dd>{state}</dd></dl>\
         {form}<p class=small>No patient is named on this page.</p></main></html>",
        severity = escape(&notice.severity),
        level = level_class(notice),
        rule = escape(&notice.rule),
        code = notice.code(),
        role = escape(&notice.role),
        since = notice.created,
        state = notice.state.word(),
    )
}

fn form(notice: &Notice, link: &Link) -> String {
    let read_back = if notice.wants_read_back {
        "<label>Value you read back <input name=value inputmode=decimal autocomplete=off maxlength=24></label>\
         <label>Unit <input name=unit autocomplete=off maxlength=32></label>\
         <button name=act value=read_back>Read back and accept</button>"
    } else {
        "<button name=act value=accepted>Accept</button>"
    };
    format!(
        "<form method=post action=\"/a/{code}\"><input type=hidden name=n value=\"{n}\"><input type=hidden name=s value=\"{s}\">\
         {read_back}<button name=act value=declined class=plain>Decline</button></form>",
        code = notice.code(),
        n = escape(&link.n),
        s = escape(&link.s),
    )
}

fn level_class(notice: &Notice) -> &'static str {
    match notice.level {
        wardline_rules::program::Level::Red => "red",
        wardline_rules::program::Level::Orange => "orange",
        wardline_rules::program::Level::Yellow => "yellow",
    }
}
