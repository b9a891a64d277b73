//! Remote: how does a verb ask a running engine?
//!
//! One HTTP/1.1 request on a connection of its own, over TLS 1.3 to an `https://` address.
//!
//! - LIMIT: `REPLY_BYTES_MAX`, `REMOTE_TIMEOUT` in [`limits`](crate::limits); a longer reply is an error, not half an answer.
//! - **Not here**: proxies and redirects.

use core::{error::Error, time::Duration};
use std::{
    fs,
    path::{Path, PathBuf},
};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, Uri, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    runtime,
};
use wardline_connectors::adapters::tls::Connector;

use super::{Ending, ending::tell};
use crate::{
    codes::Code,
    config::Config,
    limits::{REMOTE_TIMEOUT, REPLY_BYTES_MAX},
};

/// Where the engine is and who asks.
#[derive(clap::Args, Debug)]
pub struct Remote {
    /// The running engine.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8470")]
    url: String,
    /// A file with the API key.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// A file with the authority of the engine's certificate, if this machine does not trust it already.
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
}

/// An engine, and how it is spoken to.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Host and port.
    address: String,
    /// By which name it must show a certificate, and who is trusted with them; `None`: in the clear.
    tls: Option<(String, Connector)>,
}

impl Place {
    /// `http://HOST:PORT`, `https://HOST:PORT`, or a bare `HOST:PORT`.
    fn of_url(url: &str, authority: Option<&Path>) -> Result<Self, Failure> {
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let uri: Uri = url.parse()?;
        let host = uri.host().ok_or("the address has no host")?;
        let port = |usual| uri.port_u16().unwrap_or(usual);
        let tls = match uri.scheme_str() {
            Some("http") => return Ok(Self { address: format!("{host}:{}", port(80)), tls: None }),
            Some("https") => Connector::new(authority.map(fs::read).transpose()?.as_deref())?,
            _ => return Err("an address begins with `http://` or `https://`".into()),
        };
        let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { address: format!("{host}:{}", port(443)), tls: Some((name, tls)) })
    }

    /// The engine of this configuration, on this machine. It is known by the name that links have, and by the authority whose
    /// certificate stands behind its own.
    pub(super) fn of_config(config: &Config) -> Option<Self> {
        let address = config.http.listen.to_string();
        let Some(tls) = &config.http.tls else { return Some(Self { address, tls: None }) };
        let link: Uri = config.link.parse().ok()?;
        let name = link.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let connector = Connector::new(fs::read(&tls.certificate).ok().as_deref()).ok()?;
        Some(Self { address, tls: Some((name, connector)) })
    }
}

/// What came back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// How long the engine wishes to be left alone, if it says so.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: String,
}

impl Reply {
    /// The body as JSON.
    ///
    /// # Errors
    /// The ending of the verb; what went wrong was told.
    pub fn json(&self) -> Result<Value, Ending> {
        serde_json::from_str(&self.body).map_err(|error| {
            tell(&format!("{} error: the reply is no JSON: {error}\n  {NO_ENGINE}\n", Code::EngineUnreachable));
            Ending::Unreachable
        })
    }
}

/// What to do about a reply that no engine of ours would give.
pub(super) const NO_ENGINE: &str = "Something else may listen there, or an engine of another release: see `--url`.";

impl Remote {
    /// Somebody else than the engine.
    #[must_use]
    pub const fn at(url: String, key_file: Option<PathBuf>) -> Self {
        Self { url, key_file, authority: None }
    }

    /// The same, known by a certificate of this authority too.
    #[must_use]
    pub fn trusting(self, authority: Option<PathBuf>) -> Self {
        Self { authority, ..self }
    }

    /// Sends one request.
    ///
    /// # Errors
    /// The ending of the verb; what went wrong was told.
    pub fn ask(&self, method: &str, path: &str, body: &[u8]) -> Result<Reply, Ending> {
        let key = self.key()?;
        let place = Place::of_url(&self.url, self.authority.as_deref());
        place.and_then(|place| exchange(&place, method, path, key.as_deref(), body)).map_err(|error| {
            let help = "Start it with `wardline run`, or name another with `--url`.";
            tell(&format!(
                "{} error: no engine answers at `{}`: {error}\n  {help}\n",
                Code::EngineUnreachable,
                self.url
            ));
            Ending::Unreachable
        })
    }

    fn key(&self) -> Result<Option<String>, Ending> {
        self.key_file.as_deref().map(key).transpose()
    }
}

/// Why there is no reply.
type Failure = Box<dyn Error + Send + Sync>;

/// Asks without a word if nobody answers.
pub(super) fn quiet(place: &Place, method: &str, path: &str, key: Option<&str>) -> Option<Reply> {
    exchange(place, method, path, key, &[]).ok()
}

/// Reads an API key from its file.
///
/// # Errors
/// The ending of the verb; what went wrong was told.
pub(super) fn key(path: &Path) -> Result<String, Ending> {
    fs::read_to_string(path).map(|text| text.trim().to_owned()).map_err(|error| {
        tell(&format!("{} error: cannot read the key `{}`: {error}\n", Code::SecretUnreadable, path.display()));
        Ending::Usage
    })
}

fn exchange(place: &Place, method: &str, path: &str, key: Option<&str>, body: &[u8]) -> Result<Reply, Failure> {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, &place.address);
    if let Some(key) = key {
        request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    let request = request.body(Full::new(Bytes::copy_from_slice(body)))?;
    let waiting = runtime::Builder::new_current_thread().enable_all().build()?;
    waiting.block_on(async { tokio::time::timeout(REMOTE_TIMEOUT, ask(place, request)).await? })
}

async fn ask(place: &Place, request: Request<Full<Bytes>>) -> Result<Reply, Failure> {
    let stream = TcpStream::connect(&place.address).await?;
    match &place.tls {
        None => ask_on(stream, request).await,
        Some((name, connector)) => ask_on(connector.connect(name, stream).await?, request).await,
    }
}

async fn ask_on<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Reply, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // What ends the connection badly ends the exchange as well.
    tokio::spawn(async move { drop(connection.await) });
    let reply = sender.send_request(request).await?;
    let seconds = reply.headers().get(header::RETRY_AFTER).and_then(|seconds| seconds.to_str().ok()?.parse().ok());
    let status = reply.status().as_u16();
    let body = Limited::new(reply.into_body(), REPLY_BYTES_MAX).collect().await?;
    let body = String::from_utf8(body.to_bytes().into())?;
    Ok(Reply { status, retry_after: seconds.map(Duration::from_secs), body })
}

/// Text as it may stand in a query.
#[must_use]
pub fn encode(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::{io::Write as _, net::TcpListener, thread};

    /// Says the same to whoever connects first.
    fn saying(said: &'static [u8]) -> Place {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            std::io::Read::read(&mut stream, &mut [0; 1_024]).unwrap();
            stream.write_all(said).unwrap();
        });
        Place { address, tls: None }
    }

    #[test]
    fn an_address_says_how_the_engine_is_spoken_to() {
        let place = |url| Place::of_url(url, None).map(|place| (place.address, place.tls.map(|(name, _)| name)));
        assert_eq!(place("http://127.0.0.1:8470/").unwrap(), ("127.0.0.1:8470".to_owned(), None));
        assert_eq!(place("localhost:8470").unwrap(), ("localhost:8470".to_owned(), None));
        assert!(place("ftp://127.0.0.1").is_err() && place("").is_err());
        assert!(Place::of_url("https://wardline.example", Some(Path::new("/nowhere"))).is_err(), "nobody to trust");
    }

    #[test]
    fn a_reply_that_is_cut_is_no_reply() {
        let whole = saying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        assert_eq!(quiet(&whole, "GET", "/", None).unwrap().body, "ok");
        let cut = saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok");
        assert_eq!(quiet(&cut, "GET", "/", None), None);
    }

    #[test]
    fn a_busy_engine_says_when_to_come_again() {
        let busy = saying(b"HTTP/1.1 503 Busy\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(quiet(&busy, "GET", "/", None).unwrap().retry_after, Some(Duration::from_secs(5)));
    }

    #[test]
    fn a_query_keeps_its_meaning() {
        assert_eq!(encode("Ana Ruiz & co"), "Ana%20Ruiz%20%26%20co");
        assert_eq!(encode("é"), "%C3%A9");
    }
}
