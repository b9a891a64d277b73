//! Replies: `POST /v1/replies/{channel}`, what a person said on the channel that reached them, as its provider or a gateway brings it.
//!
//! ```text
//!  provider   form, signed with the account's token    text message: From, Body    call: Digits, and whose call by the signed address
//!  gateway    JSON, with a key of the role `answer`    {"from": "…", "text": "K7Q2MD 6.9"}
//! ```
//! A reply counts if the notice with its code went to the address it comes from; then it is an answer like that of the
//! page, judged by the core. Whoever guesses codes is refused after a while, by the address they write from.
//!
//! - INVARIANT: what a person is told in return names neither patient nor value. The same reply brought twice is one answer.
//! - LIMIT: `WRONG_CODES_PER_HOUR_MAX`; a body of `REPLY_BYTES_MAX`.
//! - **Source**: guarantees page, 3.4 and S1-20; language page 4.4, 5.6.
//! - **Not here**: links ([`page`](super::page)); other systems' answers ([`answers`](super::answers)).

mod text;

use core::net::{IpAddr, Ipv6Addr};

use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use serde_json::json;
use wardline_connectors::adapters::{
    post::unform,
    twilio::{self, voice},
};
use wardline_core::{Input, output::AnswerVerdict};
use wardline_rules::{Text, words::Channel};

use self::text::{Reading, readings};
use super::{
    Api, Caller, answers,
    auth::{Doing, Visitor},
    body, page,
    problem::Problem,
};
use crate::{codes::Code, runtime::kernel::Notice};

/// LIMIT: bytes of a reply.
const REPLY_BYTES_MAX: usize = 64 << 10;
/// What a carrier hears.
const NOTHING_TO_SAY: &str = "<Response/>";
/// The header of a provider's signature.
const SIGNATURE: &str = "x-twilio-signature";

/// What stands behind the question mark.
#[derive(Deserialize)]
pub(super) struct Which {
    via: Option<String>,
    n: Option<String>,
    s: Option<String>,
    step: Option<String>,
}

/// What a gateway brings.
#[derive(Deserialize)]
struct Brought {
    from: String,
    text: String,
    id: Option<String>,
}

/// What becomes of a reply, for whoever sent it.
struct Heard {
    verdict: Option<AnswerVerdict>,
    said: &'static str,
}

pub(super) async fn post(
    State(api): State<Api>,
    visitor: Visitor,
    caller: Result<Caller, Problem>,
    Path(channel): Path<String>,
    (Query(which), uri): (Query<Which>, Uri),
    (headers, body): (HeaderMap, Body),
) -> Result<Response, Problem> {
    let channel = Channel::parse(&channel).ok_or_else(|| Problem::missing("channel"));
    let Some(signature) = headers.get(SIGNATURE) else {
        caller?.may(Doing::GiveAnswers)?;
        let bytes = body::read(body, REPLY_BYTES_MAX, (&api.engine, &api.bodies)).await?;
        return gateway(&api, channel?, &bytes).await;
    };
    answers::refuse_guessers(&api, visitor.peer)?;
    let (channel, bytes) = (channel?, body::read(body, REPLY_BYTES_MAX, (&api.engine, &api.bodies)).await?);
    let fields = unform(&String::from_utf8_lossy(&bytes));
    let url = format!("{}{}", api.links.base(), uri.path_and_query().map_or("", |path| path.as_str()));
    let token = api.sinks.provider(which.via.as_deref().unwrap_or("default"), channel);
    if !token.is_some_and(|token| token.has_signed(&url, &fields, signature.to_str().unwrap_or(""))) {
        api.guesses.strike(visitor.peer, api.engine.boot());
        let help = "Compare the token of the channel, and `link` with the address that the provider calls.";
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            Code::NotAuthorised,
            "the signature is not the provider's",
            help,
        ));
    }
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text.as_str());
    let status = field("MessageStatus");
    let script = match (which.n.as_deref(), which.s.as_deref()) {
        (Some(id), Some(signed)) if !status.is_empty() => {
            receipt(&api, (id, signed), status, field("MessageSid")).await?
        }
        (Some(id), Some(signed)) => call(&api, (id, signed), which.step.as_deref(), field).await?,
        _ => {
            let heard = message(&api, channel, (field("From"), field("Body")), field("MessageSid")).await?;
            format!("<Response><Message>{}</Message></Response>", heard.said)
        }
    };
    let mut response = script.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"));
    Ok(response)
}

/// A reply that a gateway of ours brings.
async fn gateway(api: &Api, channel: Channel, bytes: &[u8]) -> Result<Response, Problem> {
    let brought: Brought = serde_json::from_slice(bytes)
        .map_err(|_| Problem::body("a reply is one JSON object with `from` and `text`"))?;
    let id = brought.id.unwrap_or_default();
    let heard = message(api, channel, (&brought.from, &brought.text), &id).await?;
    let result = heard.verdict.map_or("orphan", AnswerVerdict::word);
    let status = heard.verdict.map_or(StatusCode::NOT_FOUND, answers::status);
    Ok((status, axum::Json(json!({ "result": result, "said": heard.said }))).into_response())
}

/// What somebody wrote.
async fn message(api: &Api, channel: Channel, (from, text): (&str, &str), id: &str) -> Result<Heard, Problem> {
    let place = place_of(from);
    answers::refuse_guessers(api, place)?;
    for reading in readings(text) {
        let Reading { code, act, value, unit } = reading;
        let found = api.engine.ask(move |kernel| {
            let nids = kernel.notices_by_code(code);
            nids.into_iter().rev().filter_map(|nid| kernel.notice(nid)).collect::<Vec<_>>()
        });
        let notices = found.await?;
        if let Some(notice) = notices.iter().find(|notice| is_from(api, notice, channel, from)) {
            return take(api, notice, &page::Said { act, value: &value, unit: &unit }, id).await;
        }
    }
    api.guesses.strike(place, api.engine.boot());
    Ok(Heard { verdict: None, said: "This fits no notice to you. Write the code, then yes, no, or the value." })
}

/// What a carrier says became of a message: noted beside the notice. It is no answer, whatever it says.
async fn receipt(api: &Api, (id, signed): (&str, &str), status: &str, sid: &str) -> Result<String, Problem> {
    let nid = api.links.signed(id, signed).ok_or_else(|| Problem::missing("notice"))?;
    let notice = api.engine.ask(move |kernel| kernel.notice(nid)).await?.ok_or_else(|| Problem::missing("notice"))?;
    let act = match status {
        "delivered" => "delivered",
        "read" => "read",
        "failed" | "undelivered" => {
            let channel = notice.channel.word();
            tracing::warn!(%nid, channel, code = %Code::RefusedForGood, "outbox.receipt: the carrier did not deliver it");
            return Ok(NOTHING_TO_SAY.to_owned());
        }
        // On its way.
        _ => return Ok(NOTHING_TO_SAY.to_owned()),
    };
    take(api, &notice, &page::Said { act, value: "", unit: "" }, &format!("{sid}-{act}")).await?;
    Ok(NOTHING_TO_SAY.to_owned())
}

/// Which keys somebody pressed, and what is said next.
async fn call<'a>(
    api: &Api,
    (id, signed): (&str, &str),
    step: Option<&str>,
    field: impl Fn(&str) -> &'a str,
) -> Result<String, Problem> {
    let nid = api.links.signed(id, signed).ok_or_else(|| Problem::missing("notice"))?;
    let found = api.engine.ask(move |kernel| kernel.notice(nid)).await?;
    let notice = found.ok_or_else(|| Problem::missing("notice"))?;
    let place = place_of(field("To"));
    if api.guesses.is_locked(place, api.engine.boot()) || !is_from(api, &notice, notice.channel, field("To")) {
        return Ok(voice::say("This is not answered from here. Call the desk that sent the notice."));
    }
    let (code, callback) = (notice.code().to_string(), api.links.callback(&notice));
    let (digits, sid) = (field("Digits").trim_end_matches('#'), field("CallSid"));
    let said = |act, value| page::Said { act, value, unit: "" };
    let heard = match (digits, step) {
        ("0", _) => take(api, &notice, &said("declined", ""), sid).await?,
        (digits, Some("value")) => {
            let value = digits.replace('*', ".");
            let heard = take(api, &notice, &said("read_back", &value), &format!("{sid}-{digits}")).await?;
            if heard.verdict == Some(AnswerVerdict::ReadBackDoesNotMatch) {
                return Ok(voice::ask_value(heard.said, &callback));
            }
            heard
        }
        (digits, _) if digits == voice::keys(&code) && notice.wants_read_back => {
            return Ok(voice::ask_value("", &callback));
        }
        (digits, _) if digits == voice::keys(&code) => take(api, &notice, &said("accepted", ""), sid).await?,
        _ => {
            api.guesses.strike(place, api.engine.boot());
            return Ok(voice::ask_code("That is not the code.", &code, &callback));
        }
    };
    Ok(voice::say(heard.said))
}

/// Makes the answer durable; `id` is what the provider calls it, so that a second one is known.
async fn take(api: &Api, notice: &Notice, said: &page::Said<'_>, id: &str) -> Result<Heard, Problem> {
    let licence = api.sinks.licence(notice, api.engine.log_now());
    let mut event = page::given(&api.engine, notice, said, licence)?;
    event.source = Text::const_new("reply");
    if !id.is_empty() {
        // Brought twice it must be the same in every field, and only we know when it came first.
        event.occurred_at = None;
        event.event_id = Text::from(format!("reply-{}-{}", notice.code(), blake3::hash(id.as_bytes()).to_hex()));
    }
    let (outcome, _) = answers::submit(api, vec![Input::Event(Box::new(event))]).await?;
    let verdict = outcome.map(|outcome| outcome.verdict);
    let said = match verdict {
        None => "This was heard before.",
        Some(_) => page::reply(verdict, said.act == "declined"),
    };
    Ok(Heard { verdict, said })
}

/// Whether a notice went to the address that a reply comes from, by this channel.
fn is_from(api: &Api, notice: &Notice, channel: Channel, from: &str) -> bool {
    let route = api.sinks.route(notice, api.engine.log_now());
    notice.channel == channel && route.is_ok_and(|route| bare(&route.address) == bare(from)) && !from.is_empty()
}

/// An address as it is compared: numbers without blanks, mail addresses without names, case apart.
fn bare(address: &str) -> String {
    let inner = address.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(address, |(inner, _)| inner);
    twilio::number(inner).unwrap_or_else(|_| inner.trim().to_lowercase())
}

/// Under which peer wrong codes of an address count: behind one provider there are many people.
fn place_of(address: &str) -> IpAddr {
    let hash = blake3::hash(bare(address).as_bytes());
    let (short, _) = hash.as_bytes().split_at(16);
    IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(short).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_as_people_mean_them() {
        assert_eq!(bare("+1 (555) 555-0111"), bare("+15555550111"));
        assert_eq!(bare("Dr A <Ops@Example.org>"), bare("ops@example.org"));
        assert_ne!(bare("+15555550111"), bare("+15555550112"));
        assert_ne!(place_of("+15555550111"), place_of("+15555550112"));
    }
}
