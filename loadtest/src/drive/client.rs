//! Client: how does one connection post its batches?
//!
//! One request at a time on a kept-open HTTP/1.1 connection; a connection that breaks is opened again for the next batch.
//! - **How it fits**: [`drive`](super::drive) runs one [`work`] per connection.
//! - LIMIT: `ANSWER_BYTES_MAX` in [`limits`](crate::limits); of a longer answer only the status counts, and the connection is closed.
//! - **Not here**: deciding when to send.

use std::sync::Arc;
use std::time::Instant;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::{Backlog, Job, News, micros};
use crate::error::Error;
use crate::limits::ANSWER_BYTES_MAX;
use crate::result::{Ending, Sample};

/// Where events are posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `host:port`.
    authority: String,
    path: Uri,
    url: String,
    key: Option<String>,
}

impl Target {
    /// The events address of an engine at `url`, such as `http://127.0.0.1:8470`; `key` goes into the authorisation header.
    ///
    /// **Errors**: no http address.
    pub fn new(url: &str, key: Option<String>) -> Result<Self, Error> {
        let wrong =
            || Error::Argument { text: url.to_owned(), wanted: "address", example: "--url http://127.0.0.1:8470" };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong());
        };
        let port = authority.port_u16().unwrap_or(80);
        let path = uri.path().trim_end_matches('/');
        Ok(Self {
            authority: format!("{}:{port}", authority.host()),
            path: format!("{path}/v1/events").parse().map_err(|_| wrong())?,
            url: url.to_owned(),
            key,
        })
    }

    /// The address as given.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    fn request(&self, body: Bytes) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let mut request =
            Request::post(self.path.clone()).header(HOST, &self.authority).header(CONTENT_TYPE, "application/x-ndjson");
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        }
        request.body(Full::new(body))
    }
}

/// Whether anybody listens at all. **Errors**: nobody does.
pub(super) async fn knock(target: &Target) -> Result<(), Error> {
    let opened = TcpStream::connect(&target.authority).await;
    opened.map(drop).map_err(|error| Error::Unreachable { url: target.url.clone(), problem: error.to_string() })
}

/// Posts batches until there are no more.
pub(super) async fn work(
    target: Target,
    queue: Arc<Mutex<UnboundedReceiver<Job>>>,
    backlog: Arc<Backlog>,
    tell: UnboundedSender<News>,
    begun: Instant,
) {
    let mut connection = None;
    loop {
        let job = queue.lock().await.recv().await;
        let Some(job) = job else { return };
        backlog.take();
        let sent = micros(begun.elapsed());
        let ending = post(&target, &mut connection, job.body).await;
        let done = micros(begun.elapsed());
        let sample = Sample { intended: job.intended, sent, done, events: job.events, ending };
        if tell.send(News::Answered(sample)).is_err() {
            return;
        }
    }
}

type Connection = SendRequest<Full<Bytes>>;

async fn post(target: &Target, connection: &mut Option<Connection>, body: Bytes) -> Ending {
    let Some(mut open) = ready(target, connection.take()).await else {
        return Ending::Failed;
    };
    let Ok(request) = target.request(body) else {
        return Ending::Failed;
    };
    let Ok(response) = open.send_request(request).await else {
        return Ending::Failed;
    };
    let ending = ending(response.status());
    // The answer is read to its end, so that the connection can be used again.
    if Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await.is_ok() {
        *connection = Some(open);
    }
    ending
}

async fn ready(target: &Target, kept: Option<Connection>) -> Option<Connection> {
    if let Some(mut kept) = kept
        && kept.ready().await.is_ok()
    {
        return Some(kept);
    }
    let socket = TcpStream::connect(&target.authority).await.ok()?;
    socket.set_nodelay(true).ok()?;
    let (mut sender, driver) = handshake(TokioIo::new(socket)).await.ok()?;
    // The connection lives as long as its sender; how it ends shows in the answers.
    drop(tokio::spawn(driver));
    sender.ready().await.ok()?;
    Some(sender)
}

fn ending(status: StatusCode) -> Ending {
    match status {
        _ if status.is_success() => Ending::Accepted,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Ending::Refused,
        _ => Ending::Failed,
    }
}

#[cfg(test)]
mod tests;
