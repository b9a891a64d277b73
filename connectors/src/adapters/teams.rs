//! Teams: what does a workflow webhook of Microsoft Teams want to be told?
//!
//! One adaptive card with the text and a button that opens the link. The address is the secret: whoever knows it may write
//! there.
//!
//! - **How it fits**: a [`Dialect`]; [`post`](super::post) carries it.
//! - **Not here**: cards that answer inside Teams; the link answers.
//! - **Source**: Microsoft, "Create incoming webhooks with Workflows" and Adaptive Cards 1.4.

use serde_json::json;

use super::{
    post::{Answer, Dialect, Error, HttpSink, Letter, Terms},
    sink::{Cause, Class, Key, Outgoing, Reply},
};

/// What a workflow is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Teams;

/// Cards to the workflow at `url`.
///
/// # Errors
/// See [`Error`].
pub fn open(url: &str, terms: Terms) -> Result<HttpSink<Teams>, Error> {
    HttpSink::new(url, terms, Teams)
}

impl Dialect for Teams {
    fn class(&self) -> Class {
        Class::Neither
    }

    fn key(&self) -> Key {
        Key::Text
    }

    fn letters(&self, message: &Outgoing) -> Result<Vec<Letter>, Cause> {
        let mut card = json!({
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": [{ "type": "TextBlock", "text": message.text, "wrap": true }],
        });
        if let (Some(fields), false) = (card.as_object_mut(), message.link.is_empty()) {
            let button = json!([{ "type": "Action.OpenUrl", "title": "Answer", "url": message.link }]);
            fields.insert("actions".to_owned(), button);
        }
        let attachment = json!({ "contentType": "application/vnd.microsoft.card.adaptive", "content": card });
        Ok(vec![Letter::json("", &json!({ "type": "message", "attachments": [attachment] }))])
    }

    /// The older connectors accept what they then could not bring into the channel, and say so in the text alone.
    fn reading(&self, answer: &Answer) -> Option<Reply> {
        let text = String::from_utf8_lossy(&answer.body);
        let (_, status) = text.split_once("HTTP error ")?;
        let status: u16 = status.get(..3)?.parse().ok()?;
        let cause = Cause::Status(status);
        let reply = match status {
            408 | 425 | 429 => Reply::FailedSoft { retry_after: None, cause },
            400..=499 => Reply::FailedHard { cause },
            _ => Reply::Ambiguous { cause },
        };
        answer.status.is_success().then_some(reply)
    }
}

#[cfg(test)]
mod tests {
    use hyper::{StatusCode, body::Bytes};

    use super::*;

    #[test]
    fn an_acceptance_that_admits_a_failure_is_none() {
        let says = |text: &'static str| {
            Teams.reading(&Answer {
                status: StatusCode::OK,
                body: Bytes::from_static(text.as_bytes()),
                retry_after: None,
            })
        };
        let slow =
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with …";
        assert_eq!(says(slow), Some(Reply::FailedSoft { retry_after: None, cause: Cause::Status(429) }));
        assert_eq!(says("… returned HTTP error 404"), Some(Reply::FailedHard { cause: Cause::Status(404) }));
        assert_eq!(says("1"), None);
    }
}
