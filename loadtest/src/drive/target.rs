//! Target: where do events go, and over which wire?
//!
//! ```text
//!  http://host:port           batches of lines, posted to /v1/events; yes is a 2xx
//!  mllp://host:port           HL7 v2, one message each; yes is AA or CA
//!  nats://host:port/subject   batches of lines into a stream; yes is the stream's acknowledgement
//!  file:///path               lines behind those of a file; yes is that they are written
//! ```
//! - **How it fits**: `run --url`; the clients of each wire send to it.
//! - **Not here**: sending.

use std::path::PathBuf;

use hyper::Uri;

use crate::error::Error;

/// Where events are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub(super) wire: Wire,
    /// `host:port`; empty for a file.
    pub(super) authority: String,
    url: String,
}

/// Over which wire, with what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wire {
    Http { path: Uri, key: Option<String> },
    Mllp,
    Nats { subject: String },
    File { path: PathBuf },
}

impl Target {
    /// The target at `url`, such as `http://127.0.0.1:8470`; `key` goes into the authorisation header of HTTP.
    ///
    /// **Errors**: no address of one of the four wires.
    pub fn new(url: &str, key: Option<String>) -> Result<Self, Error> {
        let wrong = || Error::Argument {
            text: url.to_owned(),
            wanted: "address",
            example: "--url http://127.0.0.1:8470, mllp://127.0.0.1:2575, nats://127.0.0.1:4222/lab.events or file:///tmp/feed.ndjson",
        };
        if let Some(path) = url.strip_prefix("file://").filter(|path| !path.is_empty()) {
            let wire = Wire::File { path: PathBuf::from(path) };
            return Ok(Self { wire, authority: String::new(), url: url.to_owned() });
        }
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong());
        };
        let path = uri.path().trim_end_matches('/');
        let (wire, port) = match scheme {
            "http" => (Wire::Http { path: format!("{path}/v1/events").parse().map_err(|_| wrong())?, key }, 80),
            "mllp" if path.is_empty() => (Wire::Mllp, 2575),
            "nats" => (Wire::Nats { subject: subject(path).ok_or_else(wrong)? }, 4222),
            _ => return Err(wrong()),
        };
        let port = authority.port_u16().unwrap_or(port);
        Ok(Self { wire, authority: format!("{}:{port}", authority.host()), url: url.to_owned() })
    }

    /// The address as given.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether HL7 messages are wanted instead of lines.
    #[must_use]
    pub const fn is_hl7(&self) -> bool {
        matches!(self.wire, Wire::Mllp)
    }
}

/// One subject, without a wildcard or anything that would end the line it stands in.
fn subject(path: &str) -> Option<String> {
    let subject = path.strip_prefix('/')?;
    let is_plain = subject.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    (is_plain && !subject.is_empty()).then(|| subject.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wire_has_its_address_and_its_usual_port() {
        let authority = |url: &str| Target::new(url, None).unwrap().authority;
        assert_eq!(authority("http://engine/base"), "engine:80");
        assert_eq!(authority("mllp://10.0.0.1"), "10.0.0.1:2575");
        assert_eq!(authority("nats://n:1/lab.events"), "n:1");
        let file = Target::new("file:///tmp/feed.ndjson", None).unwrap();
        assert_eq!(file.wire, Wire::File { path: "/tmp/feed.ndjson".into() });
        assert!(Target::new("mllp://10.0.0.1", None).unwrap().is_hl7() && !file.is_hl7());
    }

    #[test]
    fn what_is_no_address_is_refused_with_examples() {
        for url in [
            "",
            "engine:80",
            "https://engine",
            "mllp://h/path",
            "nats://h",
            "nats://h/lab.>",
            "nats://h/a b",
            "file://",
        ] {
            let error = Target::new(url, None).unwrap_err();
            assert!(error.help().contains("mllp://127.0.0.1:2575"), "{url}");
        }
    }
}
