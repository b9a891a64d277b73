//! Webhooks: `POST /v1/webhooks/{feed}`, what a source system sends and signs, as Standard Webhooks has it.
//!
//! ```text
//!  feed ─► signature over id.time.body ─► time within five minutes ─► id not heard ─► as the body of `/v1/events`, `/v1/hl7`
//! ```
//! The signature is the sender's right to speak for the feed; a key is not asked for. A webhook that comes again under its
//! id is answered as known and not taken again, since senders repeat what they heard no answer to; another body under that
//! id is refused.
//!
//! - INVARIANT: nothing of a body is read before its signature holds; 200 means on disk. An id counts as heard when what
//!   came under it is on disk.
//! - LIMIT: `WEBHOOK_IDS_MAX`, `WEBHOOK_REMEMBERED`, `WEBHOOK_TOLERANCE`; ten wrong signatures in a minute from one address.
//! - **Not here**: webhooks that go out (`wardline-connectors`), who may send without a signature ([`events`](super::events)).
//! - **Source**: Standard Webhooks 1.0; guarantees page, S1-18.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use serde_json::json;
use wardline_connectors::adapters::webhook::{Secret, is_signed};
use wardline_rules::{
    Text,
    time::{Span, Timestamp},
};

use super::{Api, auth::Visitor, body, events, problem::Problem};
use crate::{
    codes::Code,
    config::{Config, Finding, Findings},
    intake::{Format, Reading, Shape},
    limits::{BODY_BYTES_MAX, WEBHOOK_ID_BYTES_MAX, WEBHOOK_IDS_MAX, WEBHOOK_REMEMBERED, WEBHOOK_TOLERANCE},
    runtime::admission::Refusal,
};

/// What signs the webhooks of each feed.
pub type HookSecrets = BTreeMap<Text, Vec<Secret>>;

/// Reads the secrets of every feed that sends webhooks.
///
/// # Errors
/// A finding for each that cannot be read or does not fit; a secret is never part of one.
pub fn hook_secrets(config: &Config) -> Result<HookSecrets, Findings> {
    let mut findings = Findings::default();
    let mut secrets = HookSecrets::new();
    for feed in &config.feeds {
        for reference in &feed.secrets {
            match reference.read(&config.base).map(|bytes| Secret::new(bytes.expose())) {
                Ok(Ok(secret)) => secrets.entry(feed.name.clone()).or_default().push(secret),
                Ok(Err(unfit)) => {
                    let headline = format!("a secret of the feed `{}` cannot be used: {unfit}", feed.name);
                    let help = "Make one: `openssl rand -base64 32 | sed s/^/whsec_/`.";
                    findings.push(Finding::of_file(Code::SecretUnreadable, "", headline, help));
                }
                Err(finding) => findings.push(finding),
            }
        }
    }
    findings.or(secrets)
}

/// What came under an id, and how far it got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Known {
    body: [u8; 32],
    is_durable: bool,
}

/// Ids that were heard lately.
#[derive(Debug, Default)]
pub(crate) struct Heard(Mutex<Ids>);

#[derive(Debug, Default)]
struct Ids {
    known: BTreeMap<(Text, Text), Known>,
    /// Oldest first.
    order: VecDeque<(Span, (Text, Text))>,
}

/// What an id says about a webhook.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    /// It is taken now.
    New,
    /// It was taken.
    Again,
    /// It is being taken, or too many are remembered.
    Wait,
    /// Another came under this id.
    Forged,
}

impl Heard {
    fn begin(&self, key: &(Text, Text), body: [u8; 32], now: Span) -> Verdict {
        // No code panics while it holds the lock.
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((at, old)) = ids.order.front().cloned()
            && now.minus(at) > WEBHOOK_REMEMBERED
        {
            ids.order.pop_front();
            ids.known.remove(&old);
        }
        match ids.known.get(key) {
            Some(known) if known.body != body => Verdict::Forged,
            Some(known) if known.is_durable => Verdict::Again,
            Some(_) => Verdict::Wait,
            None if ids.order.len() >= WEBHOOK_IDS_MAX => Verdict::Wait,
            None => {
                ids.known.insert(key.clone(), Known { body, is_durable: false });
                ids.order.push_back((now, key.clone()));
                Verdict::New
            }
        }
    }

    /// What became of it: on disk, or to be sent again under the same id.
    fn end(&self, key: &(Text, Text), is_durable: bool) {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_durable {
            if let Some(known) = ids.known.get_mut(key) {
                known.is_durable = true;
            }
        } else {
            ids.known.remove(key);
            ids.order.retain(|(_, known)| known != key);
        }
    }
}

/// Forgets an id whose request ended before what it brought was on disk.
struct Pending<'a> {
    heard: &'a Heard,
    key: (Text, Text),
    is_durable: bool,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.heard.end(&self.key, self.is_durable);
    }
}

pub(super) async fn post(
    State(api): State<Api>,
    visitor: Visitor,
    Path(feed): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let feed = feed.to_lowercase();
    let secrets = api.hook_secrets.get(feed.as_str()).ok_or_else(|| Problem::missing("feed with webhooks"))?;
    if api.forged.is_locked(visitor.peer, api.engine.boot()) {
        let help = "Compare the secret of the feed with the sender's, and wait a minute.";
        let detail = "too many wrong signatures from this address";
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, Code::TooManyGuesses, detail, help).after(60));
    }
    body::refuse_encoded(&headers)?;
    let kind = body::content_type(&headers);
    let bytes = body::read(body, BODY_BYTES_MAX, (&api.engine, &api.bodies)).await?;
    let header = |name: &str| headers.get(name).and_then(|text| text.to_str().ok()).unwrap_or_default();
    let (id, seconds) = (header("webhook-id"), header("webhook-timestamp"));
    let signature = header("webhook-signature");
    let is_whole = !id.is_empty() && id.len() <= WEBHOOK_ID_BYTES_MAX;
    if !is_whole || !secrets.iter().fold(false, |is, secret| is | is_signed(secret, id, seconds, &bytes, signature)) {
        api.forged.strike(visitor.peer, api.engine.boot());
        return Err(unsigned("the signature is not of this feed"));
    }
    if !is_near(seconds, api.engine.log_now()) {
        return Err(unsigned("the time of the webhook is more than five minutes from ours"));
    }
    let key = (Text::from(&feed), Text::from(id));
    match api.heard.begin(&key, *blake3::hash(&bytes).as_bytes(), api.engine.boot()) {
        Verdict::New => {}
        Verdict::Again => return Ok(axum::Json(json!({ "result": "duplicate", "id": id })).into_response()),
        Verdict::Wait => return Err(Refusal::Busy.into()),
        Verdict::Forged => {
            let help = "Give every webhook an id of its own.";
            let detail = "another webhook came under this id";
            return Err(Problem::new(StatusCode::CONFLICT, Code::NotAuthorised, detail, help));
        }
    }
    let mut pending = Pending { heard: &api.heard, key, is_durable: false };
    let (shape, reading) = read(&api, &feed, &kind, &bytes)?;
    let response = events::keep(&api, (&feed, shape, None), reading).await?;
    pending.is_durable = true;
    Ok(response)
}

fn unsigned(detail: &str) -> Problem {
    let help = "Sign `id.timestamp.body` with the secret of the feed, and set the clock.";
    Problem::new(StatusCode::UNAUTHORIZED, Code::NotAuthorised, detail, help)
}

fn is_near(seconds: &str, now: Timestamp) -> bool {
    let Some(micros) = seconds.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000_000)) else {
        return false;
    };
    now.micros().saturating_sub(micros).saturating_abs() <= WEBHOOK_TOLERANCE.micros()
}

/// Reads the body by its content type.
fn read(api: &Api, feed: &str, kind: &str, bytes: &[u8]) -> Result<(Shape, Reading), Problem> {
    let at = api.engine.log_now();
    let shape = match (kind, Format::of_content_type(kind)) {
        ("application/cloudevents+json", _) => Shape::CloudEvent,
        ("application/cloudevents-batch+json", _) => Shape::CloudEvents,
        (_, Some(Format::Lines)) => Shape::Lines,
        ("", _) | (_, Some(Format::Json)) => Shape::Json,
        (_, Some(format @ (Format::Hl7 | Format::Fhir))) => {
            return Ok((Shape::Parts, api.intake.message(feed, format, bytes, at)));
        }
        (_, None) => return Err(body::media_type("webhooks bring JSON, NDJSON, CloudEvents, HL7 v2 or FHIR")),
    };
    let reading = api.intake.events(feed, shape, bytes, at);
    Ok((shape, reading.map_err(|error| Problem::too_large(error.to_string()))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_18_an_id_is_remembered_for_ten_minutes_and_only_when_it_is_on_disk() {
        let heard = Heard::default();
        let key = (Text::from("lis"), Text::from("msg_1"));
        let at = Span::from_seconds;
        assert_eq!(heard.begin(&key, [1; 32], at(0)), Verdict::New);
        assert_eq!(heard.begin(&key, [1; 32], at(1)), Verdict::Wait, "it is being taken");
        heard.end(&key, false);
        assert_eq!(heard.begin(&key, [1; 32], at(2)), Verdict::New, "it was not taken");
        heard.end(&key, true);
        assert_eq!(heard.begin(&key, [1; 32], at(600)), Verdict::Again);
        assert_eq!(heard.begin(&key, [2; 32], at(600)), Verdict::Forged);
        let other = (Text::from("ris"), Text::from("msg_1"));
        assert_eq!(heard.begin(&other, [2; 32], at(600)), Verdict::New, "of another feed");
        assert_eq!(heard.begin(&key, [1; 32], at(603)), Verdict::New, "too old to be signed now");
    }

    #[test]
    fn s1_18_a_time_is_near_within_five_minutes_either_way() {
        let now = Timestamp::from_micros(1_768_377_130_000_000);
        for (seconds, is) in [("1768377130", true), ("1768377430", true), ("1768376830", true)] {
            assert_eq!(is_near(seconds, now), is, "{seconds}");
        }
        for seconds in ["1768377431", "1768376829", "", "now", "-9223372036854775808", "99999999999999999999"] {
            assert!(!is_near(seconds, now), "{seconds}");
        }
    }
}
