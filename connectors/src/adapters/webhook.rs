//! Webhook: what does a signed POST say, as Standard Webhooks has it?
//!
//! `webhook-id` is the notice's key, so that a receiver which remembers ids drops repeats; `webhook-signature` proves that it
//! is ours. Whether its receiver does remember is for the operator to say, so the class is configured.
//!
//! - **How it fits**: a [`Dialect`]; [`post`](super::post) carries it.
//! - **Not here**: webhooks that come in, but for whether they are signed ([`is_signed`]).
//! - **Source**: Standard Webhooks 1.0; guarantees page, S1-18.

mod signature;

pub use signature::{Secret, SecretUnfit, is_signed, sign};

use super::{
    post::{Dialect, Error, HttpSink, Letter, Terms},
    sink::{Cause, Class, Key, Outgoing},
};

/// What signs, and what is known about the receiver.
#[derive(Debug)]
pub struct Webhook {
    secret: Secret,
    class: Class,
}

/// A webhook to `url`, signed with `secret`.
///
/// # Errors
/// See [`Error`].
pub fn open(url: &str, secret: &[u8], class: Class, terms: Terms) -> Result<HttpSink<Webhook>, Error> {
    let secret = Secret::new(secret).map_err(|SecretUnfit(why)| Error::Unfit(why))?;
    HttpSink::new(url, terms, Webhook { secret, class })
}

impl Webhook {
    /// The headers that name a notice and prove that the request is ours.
    fn signed(&self, message: &Outgoing, letter: Letter) -> Letter {
        let seconds = message.at.micros().div_euclid(1_000_000).to_string();
        let signature = sign(&self.secret, &message.key, &seconds, letter.body.as_bytes());
        let headers = vec![
            ("webhook-id", message.key.to_string()),
            ("webhook-timestamp", seconds),
            ("webhook-signature", signature),
        ];
        Letter { headers, ..letter }
    }
}

impl Dialect for Webhook {
    fn class(&self) -> Class {
        self.class
    }

    fn key(&self) -> Key {
        Key::Header("webhook-id")
    }

    fn letters(&self, message: &Outgoing) -> Result<Vec<Letter>, Cause> {
        let mut letter = self.signed(message, Letter::json("", &super::sink_body(message)));
        if message.is_repeat {
            letter.headers.push(("wardline-possible-repeat", "true".to_owned()));
            letter.headers.push(("wardline-attempt", message.number.to_string()));
        }
        Ok(vec![letter])
    }

    /// A signed GET of the same address: 200 if the notice of this `webhook-id` is there, 404 if not.
    fn question(&self, message: &Outgoing) -> Option<Letter> {
        let letter = Letter::json("", &serde_json::Value::Null);
        Some(self.signed(message, Letter { method: hyper::Method::GET, body: String::new(), ..letter }))
    }
}

#[cfg(test)]
mod tests;
