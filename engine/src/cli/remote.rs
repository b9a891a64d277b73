//! Remote: how does a verb ask a running engine?
//!
//! One plain HTTP/1.1 request on a connection of its own.
//!
//! - LIMIT: `REPLY_BYTES_MAX`, `REMOTE_TIMEOUT`.
//! - **Not here**: TLS; a verb asks an engine on the same machine, or through a tunnel.

use core::time::Duration;
use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{TcpStream, ToSocketAddrs as _},
    path::{Path, PathBuf},
};

use super::{Ending, ending::tell};
use crate::codes::Code;

const REPLY_BYTES_MAX: u64 = 64 << 20;
const REMOTE_TIMEOUT: Duration = Duration::from_secs(60);

/// Where the engine is and who asks.
#[derive(clap::Args, Debug)]
pub struct Remote {
    /// The running engine.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8470")]
    url: String,
    /// A file with the API key.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// What came back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Remote {
    /// Somebody else than the engine.
    #[must_use]
    pub const fn at(url: String, key_file: Option<PathBuf>) -> Self {
        Self { url, key_file }
    }

    /// Sends one request.
    ///
    /// # Errors
    /// The ending of the verb; what went wrong was told.
    pub fn ask(&self, method: &str, path: &str, body: &[u8]) -> Result<Reply, Ending> {
        let key = self.key()?;
        let host = self.url.strip_prefix("http://").unwrap_or(&self.url).trim_end_matches('/');
        exchange(host, &request(method, path, host, key.as_deref(), body)).map_err(|error| {
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

/// Asks without a word if nobody answers.
pub(super) fn quiet(host: &str, method: &str, path: &str, key: Option<&str>) -> Option<Reply> {
    exchange(host, &request(method, path, host, key, &[])).ok()
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

fn request(method: &str, path: &str, host: &str, key: Option<&str>, body: &[u8]) -> Vec<u8> {
    let key = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{key}content-length: {length}\r\n\r\n"
    );
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn exchange(host: &str, request: &[u8]) -> io::Result<Reply> {
    let mut addresses = host.to_socket_addrs()?;
    let address = addresses.next().ok_or_else(|| io::Error::other("the name does not resolve"))?;
    let mut stream = TcpStream::connect_timeout(&address, REMOTE_TIMEOUT)?;
    stream.set_read_timeout(Some(REMOTE_TIMEOUT))?;
    stream.set_write_timeout(Some(REMOTE_TIMEOUT))?;
    stream.write_all(request)?;
    let mut bytes = Vec::new();
    stream.take(REPLY_BYTES_MAX).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| io::Error::other("the reply is no HTTP"))?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Reply { status: status.ok_or_else(|| io::Error::other("the reply has no status"))?, body: body.to_owned() })
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

    #[test]
    fn a_query_keeps_its_meaning() {
        assert_eq!(encode("Ana Ruiz & co"), "Ana%20Ruiz%20%26%20co");
        assert_eq!(encode("é"), "%C3%A9");
    }
}
