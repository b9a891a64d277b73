//! FHIR: which Communication or Task of a FHIR R4 server is a notice?
//!
//! A conditional create (`If-None-Exist` with the notice's key as identifier) makes a second attempt find the first, on servers
//! that support it; whether this one does is for the operator to say, so the class is configured. A withdrawal cancels the Task
//! that it takes back, and is a Communication of its own.
//!
//! - **How it fits**: a [`Dialect`]; [`post`](super::post) carries it.
//! - INVARIANT: no subject, no focus, no encounter: the resource names no patient.
//! - **Not here**: reading such resources ([`codec`](crate::codec)).
//! - **Source**: FHIR R4, Communication, Task, "Conditional create".

use core::fmt;

use serde_json::{Value, json};
use wardline_rules::program::Level;

use super::{
    post::{Answer, Dialect, Error, HttpSink, Letter, Terms, percent},
    sink::{Cause, Class, Key, Outgoing, Reply},
};

/// The namespace of our keys.
pub const SYSTEM: &str = "urn:wardline:notice";
const FHIR_JSON: &str = "application/fhir+json";

/// Which resource a notice becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resource {
    /// A message that was sent.
    Communication,
    /// Something to be done.
    Task,
}

impl Resource {
    /// Its name in FHIR.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Communication => "Communication",
            Self::Task => "Task",
        }
    }
}

/// What is created on a server.
pub struct Fhir {
    resource: Resource,
    class: Class,
    authorization: Option<String>,
}

impl fmt::Debug for Fhir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fhir").field("resource", &self.resource).field("class", &self.class).finish_non_exhaustive()
    }
}

/// Resources on the server whose base is `url`, with a bearer token if it wants one.
///
/// # Errors
/// See [`Error`].
pub fn open(
    url: &str,
    resource: Resource,
    token: Option<&[u8]>,
    class: Class,
    terms: Terms,
) -> Result<HttpSink<Fhir>, Error> {
    HttpSink::new(url, terms, Fhir { resource, class, authorization: super::bearer(token)? })
}

impl Fhir {
    fn letter(&self, path: String, body: &Value) -> Letter {
        let mut letter = Letter::json(&path, body);
        letter.content_type = FHIR_JSON;
        letter.headers.extend(self.authorization.clone().map(|text| ("authorization", text)));
        letter
    }

    fn create(&self, message: &Outgoing) -> Letter {
        let body = match self.resource {
            Resource::Communication => communication(message),
            Resource::Task => task(message, &message.key, "requested"),
        };
        let mut letter = self.letter(format!("/{}", self.resource.name()), &body);
        letter.headers.push(("if-none-exist", condition(&message.key)));
        letter
    }

    fn cancel(&self, message: &Outgoing, key: &str) -> Letter {
        let letter = self.letter(format!("/Task?{}", condition(key)), &task(message, key, "cancelled"));
        Letter { method: hyper::Method::PUT, ..letter }
    }
}

fn condition(key: &str) -> String {
    format!("identifier={}", percent(&format!("{SYSTEM}|{key}")))
}

fn identifier(key: &str) -> Value {
    json!([{ "system": SYSTEM, "value": key }])
}

const fn priority(level: Level) -> &'static str {
    match level {
        Level::Red => "stat",
        Level::Orange => "urgent",
        Level::Yellow => "routine",
    }
}

/// `Practitioner/1` is a reference, `system|value` an identifier, anything else a name.
fn reference(address: &str) -> Value {
    match address.split_once('|') {
        Some((system, text)) => json!({ "identifier": { "system": system, "value": text } }),
        None if address.contains('/') => json!({ "reference": address }),
        None => json!({ "display": address }),
    }
}

fn communication(message: &Outgoing) -> Value {
    json!({
        "resourceType": "Communication",
        "identifier": identifier(&message.key),
        "status": "completed",
        "category": [{ "text": message.purpose }],
        "priority": priority(message.level),
        "sent": message.at.to_string(),
        "recipient": [reference(&message.address)],
        "payload": [{ "contentString": message.text }],
    })
}

fn task(message: &Outgoing, key: &str, status: &str) -> Value {
    json!({
        "resourceType": "Task",
        "identifier": identifier(key),
        "status": status,
        "intent": "order",
        "priority": priority(message.level),
        "description": message.text,
        "authoredOn": message.at.to_string(),
        "owner": reference(&message.address),
    })
}

impl Dialect for Fhir {
    fn class(&self) -> Class {
        self.class
    }

    fn key(&self) -> Key {
        Key::Field("/identifier/0/value")
    }

    fn letters(&self, message: &Outgoing) -> Result<Vec<Letter>, Cause> {
        Ok(match self.resource {
            Resource::Task if !message.withdraws.is_empty() => {
                message.withdraws.iter().map(|key| self.cancel(message, key)).collect()
            }
            Resource::Communication | Resource::Task => vec![self.create(message)],
        })
    }

    /// How many resources have our key.
    fn question(&self, message: &Outgoing) -> Option<Letter> {
        let path = format!("/{}?{}&_summary=count", self.resource.name(), condition(&message.key));
        let letter = self.letter(path, &Value::Null);
        Some(Letter { method: hyper::Method::GET, body: String::new(), ..letter })
    }

    fn knows(&self, answer: &Answer) -> Option<bool> {
        let bundle: Value = serde_json::from_slice(&answer.body).ok().filter(|_| answer.status.is_success())?;
        bundle.get("total")?.as_u64().map(|total| total > 0)
    }

    /// Several resources with our key are there already: an earlier attempt was taken.
    fn reading(&self, answer: &Answer) -> Option<Reply> {
        (answer.status.as_u16() == 412).then_some(Reply::Delivered)
    }
}

#[cfg(test)]
mod tests {
    use wardline_rules::Text;

    use super::{super::sink::example, *};

    #[test]
    fn a_second_create_finds_the_first() {
        let fhir = Fhir { resource: Resource::Communication, class: Class::Keyed, authorization: None };
        let letter = fhir.letters(&example("n_a")).unwrap().remove(0);
        assert_eq!((letter.path.as_str(), letter.content_type), ("/Communication", "application/fhir+json"));
        assert_eq!(letter.headers, [("if-none-exist", "identifier=urn%3Awardline%3Anotice%7Cn_a".to_owned())]);
    }

    #[test]
    fn a_server_is_asked_how_many_it_has_of_a_notice() {
        // guarantees 3.3
        let fhir =
            Fhir { resource: Resource::Task, class: Class::Queryable, authorization: Some("Bearer t".to_owned()) };
        let letter = fhir.question(&example("n_a")).unwrap();
        assert_eq!(
            (letter.method, letter.path.as_str(), letter.body.as_str()),
            (hyper::Method::GET, "/Task?identifier=urn%3Awardline%3Anotice%7Cn_a&_summary=count", "")
        );
        assert_eq!(letter.headers, [("authorization", "Bearer t".to_owned())]);
        let says = |status: u16, body: &'static str| {
            let status = hyper::StatusCode::from_u16(status).unwrap();
            fhir.knows(&Answer { status, body: hyper::body::Bytes::from_static(body.as_bytes()), retry_after: None })
        };
        assert_eq!(says(200, r#"{"resourceType":"Bundle","total":1}"#), Some(true));
        assert_eq!(says(200, r#"{"resourceType":"Bundle","total":0}"#), Some(false));
        assert_eq!((says(200, "{}"), says(500, r#"{"total":0}"#)), (None, None), "it does not say");
    }

    #[test]
    fn sec_1_a_resource_names_no_patient() {
        for (resource, known) in [
            (Resource::Communication, "category identifier payload priority recipient resourceType sent status"),
            (Resource::Task, "authoredOn description identifier intent owner priority resourceType status"),
        ] {
            let fhir = Fhir { resource, class: Class::Keyed, authorization: None };
            let body: Value = serde_json::from_str(&fhir.letters(&example("n_a")).unwrap()[0].body).unwrap();
            let mut keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
            keys.sort_unstable();
            assert_eq!(keys.join(" "), known);
        }
    }

    #[test]
    fn a_withdrawal_cancels_the_task_of_its_page() {
        let fhir = Fhir { resource: Resource::Task, class: Class::Keyed, authorization: None };
        let withdrawal = Outgoing { withdraws: vec![Text::const_new("n_1")], ..example("n_w") };
        let letter = fhir.letters(&withdrawal).unwrap().remove(0);
        assert_eq!(
            (letter.method, letter.path.as_str()),
            (hyper::Method::PUT, "/Task?identifier=urn%3Awardline%3Anotice%7Cn_1")
        );
        assert!(letter.body.contains("\"status\":\"cancelled\"") && letter.body.contains("\"value\":\"n_1\""));
    }

    #[test]
    fn an_address_is_a_reference_an_identifier_or_a_name() {
        assert_eq!(reference("Practitioner/7"), json!({ "reference": "Practitioner/7" }));
        assert_eq!(reference("NPI|12"), json!({ "identifier": { "system": "NPI", "value": "12" } }));
        assert_eq!(reference("desk"), json!({ "display": "desk" }));
    }
}
