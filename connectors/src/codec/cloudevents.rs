//! CloudEvents: what did a producer wrap our event in, and what does the wrapping add?
//!
//! In structured mode the event is the member `data` of an envelope; a batch is a list of such envelopes; in binary
//! mode the envelope stands in HTTP headers. Its id and time serve where the event has none of its own.
//!
//! - **How it fits**: the HTTP adapter unwraps and calls [`Decoder::enveloped`](super::json::Decoder::enveloped).
//! - **Source**: domain page [EVT-11]; CloudEvents 1.0.2, JSON format sections 2.4, 3 and 4.

use wardline_rules::Text;

use super::json::tree::{self, Tree};
use crate::codes::Code;

/// What the wrapping says about the event inside.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Envelope {
    /// Becomes `event_id` where the event has none.
    pub id: Option<Text>,
    /// Becomes `msg.made_at` where the event has none; RFC 3339.
    pub time: Option<Text>,
}

/// An event taken out of its envelope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unwrapped {
    /// The event as JSON.
    pub line: Vec<u8>,
    /// What its envelope says.
    pub envelope: Envelope,
}

/// Unwraps one envelope in structured mode.
///
/// # Errors
/// `NotJson`, `RepeatedKey`, `InnerLimit`, or `NotCloudEvent` if it is none of version 1.0 or carries no JSON.
pub fn structured(body: &[u8]) -> Result<Unwrapped, Code> {
    unwrap(&tree::parse(body).map_err(|(code, _)| code)?)
}

fn unwrap(tree: &Tree<'_>) -> Result<Unwrapped, Code> {
    let Tree::Object(entries) = tree else { return Err(Code::NotCloudEvent) };
    let get = |key: &str| entries.iter().find(|(name, _)| name == key).map(|(_, tree)| tree);
    let text = |key: &str| get(key).and_then(Tree::text).filter(|text| !text.is_empty());
    if text("specversion") != Some("1.0") {
        return Err(Code::NotCloudEvent);
    }
    let line = match (get("data"), text("data_base64")) {
        (Some(payload @ Tree::Object(_)), _) => {
            let mut line = String::new();
            super::json::canonical::write(payload, &mut line);
            line.into_bytes()
        }
        (None, Some(encoded)) => data_encoding::BASE64.decode(encoded.as_bytes()).map_err(|_| Code::NotCloudEvent)?,
        (Some(_), _) | (None, None) => return Err(Code::NotCloudEvent),
    };
    Ok(Unwrapped { line, envelope: Envelope { id: text("id").map(Text::from), time: text("time").map(Text::from) } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{json::Decoder, profile::Profile, token::Tokeniser};

    const EVENT: &str =
        r#"{"v":1,"source":"trk","report":{"placer":"9"},"step":"received","occurred_at":"2026-01-14T07:52:10Z"}"#;

    fn envelope(payload: &str) -> String {
        format!(
            r#"{{"specversion":"1.0","id":"ce-1","time":"2026-01-14T07:53:00Z","type":"report","source":"/trk",{payload}}}"#
        )
    }

    #[test]
    fn the_envelope_fills_what_the_event_leaves_out() {
        // [EVT-11]
        let (profile, tokeniser) = (Profile::new("trk"), Tokeniser::new(&[0; 32]));
        let decoder = Decoder::new(&profile, &tokeniser);
        let encoded = data_encoding::BASE64.encode(EVENT.as_bytes());
        for payload in [format!(r#""data":{EVENT}"#), format!(r#""data_base64":"{encoded}""#)] {
            let unwrapped = structured(envelope(&payload).as_bytes()).unwrap();
            let event = decoder.enveloped(&unwrapped.line, &unwrapped.envelope).unwrap();
            assert_eq!(event.event_id, "ce-1");
            assert_eq!(event.msg.made_at.unwrap().lo.to_string(), "2026-01-14T07:53:00Z");
        }
        let own = EVENT.replace(r#"{"v":1,"#, r#"{"v":1,"event_id":"own","#);
        let unwrapped = structured(envelope(&format!(r#""data":{own}"#)).as_bytes()).unwrap();
        assert_eq!(decoder.enveloped(&unwrapped.line, &unwrapped.envelope).unwrap().event_id, "own");
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        // [EVT-11]
        for body in ["{}", "[]", &envelope(r#""data":"text""#), r#"{"specversion":"0.3","data":{}}"#] {
            assert_eq!(structured(body.as_bytes()), Err(Code::NotCloudEvent), "{body}");
        }
    }
}
