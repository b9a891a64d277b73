//! Adapters: how do messages come in, and how do notices leave, once the core has said so?
//!
//! ```text
//!  sender ── bytes ──► source ── one message ──► engine ── durable ──► source ── answer ──► sender
//!  dispatcher ── Outgoing ──► Sink::send ──► Reply ── as an input ──► log
//! ```
//! - **How it fits**: a source cuts a stream into messages and answers when the engine says so. The engine's dispatcher owns
//!   the limits, the order and the retries of notices; a sink does one exchange and says honestly what is known about it.
//! - **Not here**: codecs, retry schedules (the core), who has which address (the engine's directory).

#[cfg(feature = "alertmanager")]
pub mod alertmanager;
#[cfg(feature = "fhir")]
pub mod fhir;
#[cfg(feature = "file")]
pub mod file;
#[cfg(feature = "mllp")]
pub mod mllp;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(feature = "pagerduty")]
pub mod pagerduty;
#[cfg(feature = "post")]
pub mod post;
pub mod sink;
#[cfg(feature = "slack")]
pub mod slack;
#[cfg(feature = "smtp")]
pub mod smtp;
#[cfg(feature = "nats")]
pub mod subject;
#[cfg(feature = "teams")]
pub mod teams;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "twilio")]
pub mod twilio;
#[cfg(feature = "webhook")]
pub mod webhook;

pub use sink::{Class, Outgoing, Reply, Sink};

/// What leaves about a notice, as JSON: the body of a webhook, the line of a file, the message of a subject.
#[cfg(any(feature = "file", feature = "nats", feature = "webhook"))]
fn sink_body(message: &Outgoing) -> serde_json::Value {
    serde_json::json!({
        "type": "wardline.notice",
        "key": message.key.as_str(),
        "code": message.code.as_str(),
        "link": message.link,
        "severity": message.severity.as_str(),
        "purpose": message.purpose,
        "channel": message.channel.word(),
        "to": message.address.as_str(),
        "text": message.text,
        "withdraws": message.withdraws.iter().map(|key| key.as_str()).collect::<Vec<_>>(),
        "possible_repeat": message.is_repeat,
        "attempt": message.number,
        "at": message.at.to_string(),
    })
}

/// The value of `Authorization` for a bearer token, if there is one.
#[cfg(any(feature = "alertmanager", feature = "fhir"))]
fn bearer(token: Option<&[u8]>) -> Result<Option<String>, post::Error> {
    let Some(token) = token else { return Ok(None) };
    let text = core::str::from_utf8(token).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
    let text = text.filter(|text| !text.is_empty()).ok_or(post::Error::Unfit("the token must be one word of ASCII"))?;
    Ok(Some(format!("Bearer {text}")))
}
