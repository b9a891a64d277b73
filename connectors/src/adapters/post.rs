//! Post: what came of one HTTP request to a receiver of notices?
//!
//! Every sink that speaks HTTP is a [`Dialect`]: what it writes, and what a reply means where it means something of its own.
//! How a receiver is reached, and where the line between "not sent" and "nobody knows" runs, is the same for all.
//!
//! ```text
//!  resolve ─► check address ─► connect ─► TLS ─┬─► request ─► reply
//!  └──────── a failure here was not sent ──────┘   └─ a failure here: nobody knows
//! ```
//! - INVARIANT: the address that was checked is the one connected to, so a name that changes in between gains nothing. An
//!   address with its path may be a secret, so it is in no error and no `Debug`.
//! - LIMIT: `REPLY_BYTES_MAX`, `CONNECT_TIMEOUT`; the whole attempt is bounded by the caller.
//! - **Not here**: redirects (never followed), proxies (never asked), compression.
//! - **Source**: guarantees page, 3.1 and S1-19.

pub(crate) mod address;
pub(crate) mod connect;

use core::fmt;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, StatusCode, Uri,
    body::Bytes,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};

use super::sink::{Asking, Cause, Class, Key, Limits, Outgoing, Probing, Reply, Sending, Sink};
use crate::limits::REPLY_BYTES_MAX;

/// A content type.
pub const JSON: &str = "application/json";
/// The content type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";

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

/// Why a sink cannot be set up; it never quotes what was configured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The address is no `http://` or `https://` address with a host.
    #[error("the address is no web address")]
    Address,
    /// Notices would travel in the clear beyond this machine.
    #[error("plain http is for this machine only")]
    Plaintext,
    /// The machine's list of trusted certificates is empty.
    #[error("this machine trusts no certificate")]
    NoRoots,
    /// A secret or a name does not fit the service.
    #[error("{0}")]
    Unfit(&'static str),
}

/// Where requests go and what is known about whoever takes them.
pub struct Receiver {
    uri: Uri,
    terms: Terms,
    tls: connect::Tls,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("host", &self.uri.host()).field("terms", &self.terms).finish_non_exhaustive()
    }
}

/// One request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// `POST`, `PUT` to change what is there, `GET` to ask.
    pub method: Method,
    /// What follows the receiver's own path; empty for nothing.
    pub path: String,
    /// Headers beside those that every request has.
    pub headers: Vec<(&'static str, String)>,
    /// What the body is.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Letter {
    /// A POST of JSON.
    #[must_use]
    pub fn json(path: &str, body: &serde_json::Value) -> Self {
        let (path, body) = (path.to_owned(), body.to_string());
        Self { method: Method::POST, path, headers: Vec::new(), content_type: JSON, body }
    }
}

/// A complete reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// What it says.
    pub body: Bytes,
    /// How many seconds to wait, if it says so.
    pub retry_after: Option<u32>,
}

impl Receiver {
    /// Whoever answers at `url`.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn new(url: &str, terms: Terms) -> Result<Self, Error> {
        let uri: Uri = url.parse().map_err(|_| Error::Address)?;
        let host = uri.host().ok_or(Error::Address)?;
        let tls = match uri.scheme_str() {
            Some("https") => connect::Tls::trusting_this_machine()?,
            Some("http") if address::is_this_machine(host) => connect::Tls::None,
            Some("http") => return Err(Error::Plaintext),
            _ => return Err(Error::Address),
        };
        Ok(Self { uri, terms, tls })
    }

    /// Whether a connection is to be had.
    ///
    /// # Errors
    /// Why not.
    async fn look(&self) -> Result<(), Cause> {
        connect::connect(&self.uri, &self.tls, self.terms.is_inside).await.map(drop)
    }

    /// Sends one request; what comes back is a complete reply, or what is known without one.
    ///
    /// # Errors
    /// Not sent, or nobody knows.
    async fn exchange(&self, letter: Letter) -> Result<Answer, Reply> {
        let request = self.request(letter).ok_or(Reply::FailedHard { cause: Cause::AddressUnfit })?;
        let connection = match connect::connect(&self.uri, &self.tls, self.terms.is_inside).await {
            Ok(connection) => connection,
            Err(Cause::AddressRefused) => return Err(Reply::FailedHard { cause: Cause::AddressRefused }),
            Err(cause) => return Err(Reply::FailedSoft { retry_after: None, cause }),
        };
        let response = connect::exchange(connection, request).await.map_err(|cause| Reply::Ambiguous { cause })?;
        let (parts, body) = response.into_parts();
        let body = match Limited::new(body, REPLY_BYTES_MAX).collect().await {
            Ok(body) => body.to_bytes(),
            // A body that is too long or breaks off does not undo the status, unless it was to be an acceptance.
            Err(_) if parts.status.is_success() => return Err(Reply::Ambiguous { cause: Cause::Broken }),
            Err(_) => Bytes::new(),
        };
        Ok(Answer { status: parts.status, body, retry_after: retry_after(&parts.headers) })
    }

    fn request(&self, letter: Letter) -> Option<Request<Full<Bytes>>> {
        let own = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let own = if letter.path.is_empty() { own } else { own.trim_end_matches('/') };
        let host = self.uri.authority().map_or("", |authority| authority.as_str());
        // Credentials in an address are no part of the host's name.
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let mut request = Request::new(Full::new(Bytes::from(letter.body)));
        *request.method_mut() = letter.method;
        *request.uri_mut() = format!("{own}{}", letter.path).parse().ok()?;
        let headers = request.headers_mut();
        for (name, text) in [("host", host), ("content-type", letter.content_type), ("user-agent", "wardline")] {
            headers.insert(name, HeaderValue::from_str(text).ok()?);
        }
        for (name, text) in letter.headers {
            // A value that cannot be a header, such as one with a line end, sends nothing at all.
            let mut text = HeaderValue::from_str(&text).ok()?;
            text.set_sensitive(name == header::AUTHORIZATION);
            headers.insert(HeaderName::from_static(name), text);
        }
        Some(request)
    }

    /// What a complete reply means where the receiver means nothing else by it (guarantees 3.1).
    fn verdict(&self, answer: &Answer) -> Reply {
        let (cause, retry_after) = (Cause::Status(answer.status.as_u16()), answer.retry_after);
        match answer.status.as_u16() {
            200..=299 => Reply::Delivered,
            408 | 425 | 429 => Reply::FailedSoft { retry_after, cause },
            500..=599 if self.terms.five_hundred_not_done => Reply::FailedSoft { retry_after, cause },
            // Nothing was done, and where it leads to nobody configured.
            300..=499 => Reply::FailedHard { cause },
            _ => Reply::Ambiguous { cause },
        }
    }
}

/// Seconds of `Retry-After`; the form with a date is not read.
fn retry_after(headers: &HeaderMap) -> Option<u32> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// What one kind of receiver wants to be told, and what it means by a reply.
pub trait Dialect: Send + Sync + fmt::Debug {
    /// What its receiver does with a second one.
    fn class(&self) -> Class;

    /// Where its receiver finds the key.
    fn key(&self) -> Key;

    /// How much its receiver takes.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// The requests of a notice, nearly always one; sent in order, up to the first that is not taken.
    ///
    /// # Errors
    /// Why there is none; then the notice has failed for good.
    fn letters(&self, message: &Outgoing) -> Result<Vec<Letter>, Cause>;

    /// What a complete reply means, where it is not what its status says.
    fn reading(&self, _: &Answer) -> Option<Reply> {
        None
    }

    /// The request that asks whether a notice is there; `None` if there is none.
    fn question(&self, _: &Outgoing) -> Option<Letter> {
        None
    }

    /// Whether the reply to that request says that it is there; `None` if it says neither.
    fn knows(&self, answer: &Answer) -> Option<bool> {
        match answer.status.as_u16() {
            200..=299 => Some(true),
            404 | 410 => Some(false),
            _ => None,
        }
    }
}

/// A sink that speaks HTTP.
#[derive(Debug)]
pub struct HttpSink<D> {
    receiver: Receiver,
    dialect: D,
}

impl<D: Dialect> HttpSink<D> {
    /// Speaks `dialect` to whoever answers at `url`.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn new(url: &str, terms: Terms, dialect: D) -> Result<Self, Error> {
        Ok(Self { receiver: Receiver::new(url, terms)?, dialect })
    }

    async fn attempt(&self, message: &Outgoing) -> Reply {
        if message.text.chars().count() > self.dialect.limits().text_chars_max {
            return Reply::FailedHard { cause: Cause::TooLarge };
        }
        let letters = match self.dialect.letters(message) {
            Ok(letters) => letters,
            Err(cause) => return Reply::FailedHard { cause },
        };
        for letter in letters {
            let reply = match self.receiver.exchange(letter).await {
                Ok(answer) => self.dialect.reading(&answer).unwrap_or_else(|| self.receiver.verdict(&answer)),
                Err(reply) => reply,
            };
            if reply != Reply::Delivered {
                return reply;
            }
        }
        Reply::Delivered
    }
}

impl<D: Dialect> Sink for HttpSink<D> {
    fn class(&self) -> Class {
        self.dialect.class()
    }

    fn key(&self) -> Key {
        self.dialect.key()
    }

    fn limits(&self) -> Limits {
        self.dialect.limits()
    }

    fn is_secured(&self) -> bool {
        self.receiver.terms.is_secured
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> Sending<'a> {
        Box::pin(self.attempt(message))
    }

    fn ask<'a>(&'a self, message: &'a Outgoing) -> Asking<'a> {
        Box::pin(async {
            let Some(question) = self.dialect.question(message) else { return Ok(false) };
            let answer = self.receiver.exchange(question).await.map_err(|reply| match reply {
                Reply::Delivered => Cause::Broken,
                Reply::FailedSoft { cause, .. } | Reply::FailedHard { cause } | Reply::Ambiguous { cause } => cause,
            })?;
            self.dialect.knows(&answer).ok_or(Cause::Status(answer.status.as_u16()))
        })
    }

    fn probe(&self) -> Probing<'_> {
        Box::pin(self.receiver.look())
    }
}

/// `name=value` pairs as a form has them.
#[must_use]
pub fn form(fields: &[(&str, &str)]) -> String {
    let pairs = fields.iter().map(|(name, text)| format!("{}={}", percent(name), percent(text)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The fields of a form, in order; what is no escape stands for itself.
#[must_use]
pub fn unform(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, text)| (unescaped(name), unescaped(text)))
        .collect()
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| core::str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%');
        bytes.push(escaped.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if escaped.is_some() { after.get(2..).unwrap_or(&[]) } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Everything but letters, digits and `-._~` as `%XX`.
#[must_use]
pub fn percent(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => written.push(char::from(byte)),
            _ => written.push_str(&format!("%{byte:02X}")),
        }
    }
    written
}

/// The value of `Authorization` for a name and its password.
#[must_use]
pub fn basic(user: &str, password: &[u8]) -> String {
    let pair = [user.as_bytes(), b":", password].concat();
    format!("Basic {}", data_encoding::BASE64.encode(&pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_13_plain_http_beyond_this_machine_is_refused() {
        let refused = |url| Receiver::new(url, Terms::default()).map(|_| ());
        assert_eq!(refused("http://chat.example.org/hook"), Err(Error::Plaintext));
        assert_eq!(refused("ftp://chat.example.org/hook"), Err(Error::Address));
        assert_eq!(refused("/hook"), Err(Error::Address));
    }

    #[test]
    fn s1_22_what_is_printed_of_a_receiver_has_no_path() {
        let receiver = Receiver::new("http://127.0.0.1:9/services/T0/B0/s3cret", Terms::default()).unwrap();
        let printed = format!("{receiver:?}");
        assert!(printed.contains("127.0.0.1") && !printed.contains("s3cret"), "{printed}");
    }

    #[test]
    fn s1_19_a_line_end_in_a_header_sends_nothing() {
        let receiver = Receiver::new("http://127.0.0.1:9/", Terms::default()).unwrap();
        let mut letter = Letter::json("", &serde_json::json!({}));
        letter.headers.push(("authorization", "Bearer a\r\nx-forged: 1".to_owned()));
        assert!(receiver.request(letter).is_none());
    }

    #[test]
    fn a_form_is_read_as_it_was_written() {
        let fields = [("To", "+1 555"), ("Body", "käse & 50% = a+b"), ("Empty", "")];
        let read = unform(&form(&fields));
        assert_eq!(read, fields.map(|(name, text)| (name.to_owned(), text.to_owned())));
        assert_eq!(unform("Body=a+b%2"), [("Body".to_owned(), "a b%2".to_owned())]);
    }

    #[test]
    fn a_form_is_written_byte_by_byte() {
        assert_eq!(form(&[("To", "+1 555"), ("Body", "käse & 50%")]), "To=%2B1%20555&Body=k%C3%A4se%20%26%2050%25");
        assert_eq!(basic("AC1", b"tok"), "Basic QUMxOnRvaw==");
    }
}
