//! Alertmanager: which alert of its API v2 is a notice?
//!
//! Its labels are what makes an alert the same: the notice's key, severity and recipient. So a second attempt changes nothing,
//! and a withdrawal ends the alerts that it takes back. An alert that nobody ends lasts [`LIFE`].
//!
//! - **How it fits**: a [`Dialect`]; [`post`](super::post) carries it.
//! - **Not here**: what Alertmanager does next; that a person hears is up to its routes.
//! - **Source**: Alertmanager API v2, `postAlerts`.

use core::fmt;

use serde_json::{Value, json};
use wardline_rules::time::Span;

use super::{
    post::{Dialect, Error, HttpSink, Letter, Terms},
    sink::{Cause, Class, Key, Outgoing},
};

/// How long an alert stands that nobody ends: as long as a red notice is tried at all.
pub const LIFE: Span = Span::from_minutes(24 * 60);
const PATH: &str = "/api/v2/alerts";

/// How we show who we are.
pub struct Alertmanager {
    authorization: Option<String>,
}

impl fmt::Debug for Alertmanager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alertmanager(…)")
    }
}

/// Alerts to the Alertmanager at `url`, with a bearer token if it wants one.
///
/// # Errors
/// See [`Error`].
pub fn open(url: &str, token: Option<&[u8]>, terms: Terms) -> Result<HttpSink<Alertmanager>, Error> {
    HttpSink::new(url, terms, Alertmanager { authorization: super::bearer(token)? })
}

impl Alertmanager {
    fn letter(&self, alerts: &Value) -> Letter {
        let mut letter = Letter::json(PATH, alerts);
        letter.headers.extend(self.authorization.clone().map(|text| ("authorization", text)));
        letter
    }
}

fn labels(message: &Outgoing, key: &str) -> Value {
    json!({
        "alertname": "WardlineNotice",
        "severity": message.severity.as_str(),
        "recipient": message.address.as_str(),
        "notice": key,
    })
}

impl Dialect for Alertmanager {
    fn class(&self) -> Class {
        Class::Keyed
    }

    fn key(&self) -> Key {
        Key::Field("/0/labels/notice")
    }

    fn letters(&self, message: &Outgoing) -> Result<Vec<Letter>, Cause> {
        let annotations = json!({
            "summary": message.text,
            "code": message.code.as_str(),
            "purpose": message.purpose,
            "attempt": message.number.to_string(),
        });
        let alerts: Vec<Value> = if message.withdraws.is_empty() {
            vec![json!({
                "labels": labels(message, &message.key),
                "annotations": annotations,
                "startsAt": message.at.to_string(),
                "endsAt": message.at.plus(LIFE).to_string(),
                "generatorURL": message.link,
            })]
        } else {
            let end = |key: &wardline_rules::Text| json!({ "labels": labels(message, key), "annotations": annotations, "endsAt": message.at.to_string() });
            message.withdraws.iter().map(end).collect()
        };
        Ok(vec![self.letter(&Value::from(alerts))])
    }
}

#[cfg(test)]
mod tests {
    use wardline_rules::Text;

    use super::{super::sink::example, *};

    fn alerts(message: &Outgoing) -> Value {
        let letters = Alertmanager { authorization: None }.letters(message).unwrap();
        assert_eq!((letters.len(), letters[0].path.as_str()), (1, "/api/v2/alerts"));
        serde_json::from_str(&letters[0].body).unwrap()
    }

    #[test]
    fn a_withdrawal_ends_the_alert_with_the_labels_of_its_page() {
        let page = alerts(&example("n_1"));
        let withdrawal = Outgoing { purpose: "withdrawal", withdraws: vec![Text::const_new("n_1")], ..example("n_w") };
        let end = alerts(&withdrawal);
        assert_eq!(page[0]["labels"], end[0]["labels"]);
        assert_eq!(page[0]["startsAt"], end[0]["endsAt"], "over at once");
        assert!(end[0].get("startsAt").is_none());
    }

    #[test]
    fn attempts_differ_in_no_label() {
        let repeat = Outgoing { number: 2, is_repeat: true, ..example("n_1") };
        assert_eq!(alerts(&example("n_1"))[0]["labels"], alerts(&repeat)[0]["labels"]);
    }
}
