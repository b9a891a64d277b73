//! Slack: what does an incoming webhook want to be told?
//!
//! One text in a channel, with the link in it. Slack is told not to look at the link for a preview. Mattermost and Rocket.Chat
//! take the same. The address is the secret: whoever knows it may write there.
//!
//! - **How it fits**: a [`Dialect`]; [`post`](super::post) carries it.
//! - **Not here**: buttons that answer inside Slack; the link answers.
//! - **Source**: Slack, "Sending messages using incoming webhooks" and "Formatting text".

use serde_json::json;

use super::{
    post::{Dialect, Error, HttpSink, Letter, Terms},
    sink::{Cause, Class, Key, Limits, Outgoing},
};
use crate::limits::SLACK_CHARS_MAX;

/// What an incoming webhook is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slack;

/// Messages to the incoming webhook at `url`.
///
/// # Errors
/// See [`Error`].
pub fn open(url: &str, terms: Terms) -> Result<HttpSink<Slack>, Error> {
    HttpSink::new(url, terms, Slack)
}

impl Dialect for Slack {
    fn class(&self) -> Class {
        Class::Neither
    }

    fn key(&self) -> Key {
        Key::Text
    }

    fn limits(&self) -> Limits {
        Limits { text_chars_max: SLACK_CHARS_MAX }
    }

    fn letters(&self, message: &Outgoing) -> Result<Vec<Letter>, Cause> {
        let body = json!({ "text": escaped(&message.text), "unfurl_links": false, "unfurl_media": false });
        Ok(vec![Letter::json("", &body)])
    }
}

/// The three characters that mean something in Slack's texts.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::{super::sink::example, *};

    #[test]
    fn a_text_cannot_mention_everybody_in_the_channel() {
        let message = Outgoing { text: "red: <!channel> a & b".to_owned(), ..example("n_a") };
        let letters = Slack.letters(&message).unwrap();
        assert!(letters[0].body.contains("red: &lt;!channel&gt; a &amp; b"), "{}", letters[0].body);
    }
}
