//! Subject: was this notice taken by a stream of a NATS server?
//!
//! One message under the notice's key as `Nats-Msg-Id`, acknowledged when the stream has stored it. Within its window for
//! duplicates the stream drops a second one; whether readers drop what comes later is for the operator to say, so the class is
//! configured. A subject that no stream listens to refuses the notice: what nobody keeps, nobody hears.
//!
//! - **How it fits**: one connection for each notice, as [`nats`](super::nats) makes it for feeds.
//! - **Not here**: reading streams; the guard against private addresses, because a broker is one of our own machines.
//! - **Source**: NATS JetStream, "Publish acknowledgement".

use core::error::Error as _;

use async_nats::{
    HeaderMap,
    jetstream::{self, context::PublishErrorKind},
};

use super::{
    nats::{Server, Trouble},
    sink::{Cause, Class, Key, Limits, Outgoing, Probing, Reply, Sending, Sink},
};

/// Publishes notices.
#[derive(Debug)]
pub struct Subject {
    server: Server,
    subject: String,
    class: Class,
    is_secured: bool,
}

impl Subject {
    /// Messages of `subject`, which must have no wildcard, to a stream of `server`.
    #[must_use]
    pub const fn new(server: Server, subject: String, class: Class, is_secured: bool) -> Self {
        Self { server, subject, class, is_secured }
    }

    async fn attempt(&self, message: &Outgoing) -> Reply {
        if message.text.chars().count() > Limits::default().text_chars_max {
            return Reply::FailedHard { cause: Cause::TooLarge };
        }
        let client = match self.server.connect("wardline notices").await {
            Ok(client) => client,
            Err(Trouble::Refused) => return Reply::FailedHard { cause: Cause::Status(401) },
            Err(_) => return Reply::FailedSoft { retry_after: None, cause: Cause::Connect },
        };
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", message.key.as_str());
        headers.insert("Content-Type", "application/json");
        let body = super::sink_body(message).to_string();
        let context = jetstream::new(client);
        match context.publish_with_headers(self.subject.clone(), headers, body.into()).await {
            Ok(stored) => match stored.await {
                Ok(_) => Reply::Delivered,
                Err(error) => verdict(&error),
            },
            Err(error) => verdict(&error),
        }
    }
}

/// What is known when the stream did not say that it stored the message.
fn verdict(error: &jetstream::context::PublishError) -> Reply {
    match error.kind() {
        PublishErrorKind::StreamNotFound => Reply::FailedHard { cause: Cause::NoListener },
        PublishErrorKind::MaxPayloadExceeded => Reply::FailedHard { cause: Cause::TooLarge },
        PublishErrorKind::TimedOut => Reply::Ambiguous { cause: Cause::Timeout },
        _ => match error.source().and_then(|source| source.downcast_ref::<jetstream::Error>()) {
            Some(refused) => refusal(refused.code()),
            None => Reply::Ambiguous { cause: Cause::Broken },
        },
    }
}

/// A stream's own words: nothing was stored.
fn refusal(code: usize) -> Reply {
    let cause = Cause::Status(u16::try_from(code).unwrap_or(u16::MAX));
    if (400..500).contains(&code) {
        return Reply::FailedHard { cause };
    }
    Reply::FailedSoft { retry_after: None, cause }
}

impl Sink for Subject {
    fn class(&self) -> Class {
        self.class
    }

    fn key(&self) -> Key {
        Key::Header("nats-msg-id")
    }

    fn is_secured(&self) -> bool {
        self.is_secured
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.attempt(message))
    }

    fn probe(&self) -> Probing<'_> {
        Box::pin(async {
            match self.server.connect("wardline notices").await {
                Ok(_) => Ok(()),
                Err(Trouble::Refused) => Err(Cause::Status(401)),
                Err(_) => Err(Cause::Connect),
            }
        })
    }
}
