//! Webhook: was this notice taken by the receiver's web address?
//!
//! One signed POST on a connection of its own, as Standard Webhooks has it: `webhook-id` is the notice's key, so that a
//! receiver which remembers ids drops repeats; `webhook-signature` proves that it is ours.
//!
//! ```text
//!  resolve ─► check address ─► connect ─► TLS ─┬─► request ─► reply
//!  └──────── a failure here was not sent ──────┘   └─ a failure here: nobody knows
//! ```
//! - INVARIANT: the address that was checked is the one connected to, so a name that changes in between gains nothing.
//! - LIMIT: `REPLY_BYTES_MAX`; the whole attempt is bounded by the caller.
//! - **Not here**: redirects (never followed), proxies (never asked), compression.
//! - **Source**: Standard Webhooks 1.0; guarantees page, S1-18 and S1-19.

mod address;
mod connect;
mod signature;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request, StatusCode, Uri,
    body::Bytes,
    header::{self, HeaderMap},
};

pub use signature::{Key, SecretUnfit, sign};

use super::sink::{Cause, Class, Outgoing, Reply, Sending, Sink};

/// Bytes of a reply that are read; the rest does not matter.
const REPLY_BYTES_MAX: usize = 64 << 10;

/// Where notices go and what is known about the receiver.
#[derive(Debug)]
pub struct Webhook {
    uri: Uri,
    key: Key,
    class: Class,
    terms: Terms,
    tls: connect::Tls,
}

/// What the operator says about a receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Terms {
    /// Its readers have signed in.
    pub is_secured: bool,
    /// It stands inside our own network, so private addresses are meant.
    pub is_inside: bool,
    /// Its 5xx answers mean that nothing was done.
    pub five_hundred_not_done: bool,
}

/// Why a webhook cannot be set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The address is no `http://` or `https://` address with a host.
    #[error("the address is no web address")]
    Address,
    /// Patient-near data would travel in the clear beyond this machine.
    #[error("plain http is for this machine only")]
    Plaintext,
    /// The secret does not fit.
    #[error(transparent)]
    Secret(#[from] SecretUnfit),
    /// The machine's list of trusted certificates is empty.
    #[error("this machine trusts no certificate")]
    NoRoots,
}

impl Webhook {
    /// A webhook to `url`, signed with `secret`.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn new(url: &str, secret: &[u8], class: Class, terms: Terms) -> Result<Self, Error> {
        let uri: Uri = url.parse().map_err(|_| Error::Address)?;
        let host = uri.host().ok_or(Error::Address)?;
        let tls = match uri.scheme_str() {
            Some("https") => connect::Tls::trusting_this_machine()?,
            Some("http") if address::is_this_machine(host) => connect::Tls::None,
            Some("http") => return Err(Error::Plaintext),
            _ => return Err(Error::Address),
        };
        Ok(Self { uri, key: Key::new(secret)?, class, terms, tls })
    }

    async fn attempt(&self, message: &Outgoing) -> Reply {
        let connection = match connect::connect(&self.uri, &self.tls, self.terms.is_inside).await {
            Ok(connection) => connection,
            Err(Cause::AddressRefused) => return Reply::FailedHard { cause: Cause::AddressRefused },
            Err(cause) => return Reply::FailedSoft { retry_after: None, cause },
        };
        match connect::exchange(connection, self.request(message)).await {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                match Limited::new(body, REPLY_BYTES_MAX).collect().await {
                    // A body that is too long or breaks off does not undo the status, unless it was to be an acceptance.
                    Err(_) if parts.status.is_success() => Reply::Ambiguous { cause: Cause::Broken },
                    Ok(_) | Err(_) => self.verdict(parts.status, &parts.headers),
                }
            }
            Err(cause) => Reply::Ambiguous { cause },
        }
    }

    fn request(&self, message: &Outgoing) -> Request<Full<Bytes>> {
        let body = super::sink_body(message).to_string();
        let seconds = message.at.micros().div_euclid(1_000_000).to_string();
        let signature = sign(&self.key, &message.key, &seconds, body.as_bytes());
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = hyper::Method::POST;
        *request.uri_mut() = origin_form(&self.uri);
        let headers = request.headers_mut();
        let host = self.uri.authority().map_or("", |authority| authority.as_str());
        for (name, value) in [
            ("host", host),
            ("content-type", "application/json"),
            ("user-agent", "wardline"),
            ("webhook-id", message.key.as_str()),
            ("webhook-timestamp", &seconds),
            ("webhook-signature", &signature),
        ] {
            insert(headers, name, value);
        }
        if message.is_repeat {
            insert(headers, "wardline-possible-repeat", "true");
            insert(headers, "wardline-attempt", &message.number.to_string());
        }
        request
    }

    /// What a complete reply means (guarantees 3.1).
    fn verdict(&self, status: StatusCode, headers: &HeaderMap) -> Reply {
        let cause = Cause::Status(status.as_u16());
        match status.as_u16() {
            200..=299 => Reply::Delivered,
            408 | 425 | 429 => Reply::FailedSoft { retry_after: retry_after(headers), cause },
            500..=599 if self.terms.five_hundred_not_done => {
                Reply::FailedSoft { retry_after: retry_after(headers), cause }
            }
            400..=499 => Reply::FailedHard { cause },
            _ => Reply::Ambiguous { cause },
        }
    }
}

impl Sink for Webhook {
    fn class(&self) -> Class {
        self.class
    }

    fn is_secured(&self) -> bool {
        self.terms.is_secured
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.attempt(message))
    }
}

/// Path and query alone, as a request to an origin server has them.
fn origin_form(uri: &Uri) -> Uri {
    uri.path_and_query().and_then(|path| path.as_str().parse().ok()).unwrap_or_default()
}

/// A value that cannot be a header is left out; the receiver then refuses the signature, and nothing is forged.
fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = header::HeaderValue::from_str(value) {
        headers.insert(header::HeaderName::from_static(name), value);
    }
}

/// Seconds of `Retry-After`; the form with a date is not read.
fn retry_after(headers: &HeaderMap) -> Option<u32> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests;
