//! PagerDuty: which event of the Events API v2 is a notice?
//!
//! A page triggers under `dedup_key`, which is the notice's key, so a second one is dropped. A withdrawal resolves what it
//! takes back. Acknowledging inside PagerDuty quiets PagerDuty alone: the link answers Wardline.
//!
//! - **How it fits**: a [`Dialect`]; [`post`](super::post) carries it.
//! - **Source**: PagerDuty, Events API v2.

use core::fmt;

use serde_json::{Value, json};
use wardline_rules::program::Level;

use super::{
    post::{Dialect, Error, HttpSink, Letter, Terms},
    sink::{Cause, Class, Key, Limits, Outgoing},
};
use crate::limits::PAGERDUTY_CHARS_MAX;

/// Where events go unless the account lives in another region.
pub const ADDRESS: &str = "https://events.pagerduty.com/v2/enqueue";

/// To which of an account's integrations events belong.
pub struct PagerDuty {
    routing_key: String,
}

impl fmt::Debug for PagerDuty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PagerDuty(…)")
    }
}

/// Events to `url`, for the integration with this key.
///
/// # Errors
/// See [`Error`].
pub fn open(url: &str, routing_key: &[u8], terms: Terms) -> Result<HttpSink<PagerDuty>, Error> {
    let unfit = Error::Unfit("the integration key must be 32 letters and digits");
    let routing_key = String::from_utf8(routing_key.to_vec()).map_err(|_| unfit)?;
    let fits = routing_key.len() == 32 && routing_key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !fits {
        return Err(unfit);
    }
    HttpSink::new(url, terms, PagerDuty { routing_key })
}

impl PagerDuty {
    fn trigger(&self, message: &Outgoing) -> Value {
        let severity = match message.level {
            Level::Red => "critical",
            Level::Orange => "error",
            Level::Yellow => "warning",
        };
        let links =
            if message.link.is_empty() { json!([]) } else { json!([{ "href": message.link, "text": "Answer" }]) };
        json!({
            "routing_key": self.routing_key,
            "event_action": "trigger",
            "dedup_key": message.key.as_str(),
            "client": "Wardline",
            "links": links,
            "payload": {
                "summary": message.text,
                "source": "wardline",
                "severity": severity,
                "timestamp": message.at.to_string(),
                "component": message.address.as_str(),
                "class": message.purpose,
                "custom_details": { "code": message.code.as_str(), "possible_repeat": message.is_repeat },
            },
        })
    }
}

impl Dialect for PagerDuty {
    fn class(&self) -> Class {
        Class::Keyed
    }

    fn key(&self) -> Key {
        Key::Field("/dedup_key")
    }

    fn limits(&self) -> Limits {
        Limits { text_chars_max: PAGERDUTY_CHARS_MAX }
    }

    fn letters(&self, message: &Outgoing) -> Result<Vec<Letter>, Cause> {
        if message.withdraws.is_empty() {
            return Ok(vec![Letter::json("", &self.trigger(message))]);
        }
        let resolve = |key: &wardline_rules::Text| {
            let (routing_key, dedup_key) = (&self.routing_key, key.as_str());
            Letter::json("", &json!({ "routing_key": routing_key, "event_action": "resolve", "dedup_key": dedup_key }))
        };
        Ok(message.withdraws.iter().map(resolve).collect())
    }
}

#[cfg(test)]
mod tests {
    use wardline_rules::Text;

    use super::{super::sink::example, *};

    const KEY: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

    #[test]
    fn a_withdrawal_resolves_what_it_takes_back() {
        let dialect = PagerDuty { routing_key: "k".to_owned() };
        let withdraws = vec![Text::const_new("n_1"), Text::const_new("n_2")];
        let letters = dialect.letters(&Outgoing { purpose: "withdrawal", withdraws, ..example("n_w") }).unwrap();
        let bodies: Vec<Value> = letters.iter().map(|letter| serde_json::from_str(&letter.body).unwrap()).collect();
        assert_eq!(bodies[0], json!({ "routing_key": "k", "event_action": "resolve", "dedup_key": "n_1" }));
        assert_eq!((bodies.len(), bodies[1]["dedup_key"].as_str()), (2, Some("n_2")));
    }

    #[test]
    fn an_integration_key_of_another_form_is_refused_and_not_quoted() {
        let error = open("http://127.0.0.1/", b"s3cret", Terms::default()).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("32 letters") && !error.to_string().contains("s3cret"));
        assert!(open("http://127.0.0.1/", KEY, Terms::default()).is_ok());
    }
}
