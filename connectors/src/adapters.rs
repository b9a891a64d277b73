//! Adapters: how do messages come in, and how do notices leave, once the core has said so?
//!
//! ```text
//!  sender ── bytes ──► source ── one message ──► engine ── durable ──► source ── answer ──► sender
//!  dispatcher ── Outgoing ──► Sink::send ──► Reply ── as an input ──► log
//! ```
//! - **How it fits**: a source cuts a stream into messages and answers when the engine says so. The engine's dispatcher owns
//!   the limits, the order and the retries of notices; a sink does one exchange and says honestly what is known about it.
//! - **Not here**: codecs, retry schedules (the core), who has which address (the engine's directory).

#[cfg(feature = "file")]
pub mod file;
#[cfg(feature = "mllp")]
pub mod mllp;
#[cfg(feature = "nats")]
pub mod nats;
pub mod sink;
#[cfg(feature = "webhook")]
pub mod webhook;

pub use sink::{Class, Outgoing, Reply, Sink};

/// What leaves about a notice, as JSON: the body of a webhook and the line of a file.
#[cfg(any(feature = "file", feature = "webhook"))]
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
        "possible_repeat": message.is_repeat,
        "attempt": message.number,
        "at": message.at.to_string(),
    })
}
