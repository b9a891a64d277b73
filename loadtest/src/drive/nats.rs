//! Nats: how is a batch put into a stream, and when is it there?
//!
//! A message whose header names its kind; the stream answers with its number when it has stored it, or with an error.
//! - **Not here**: logins and TLS (load belongs on a loopback or a private net); reading from a stream.

use async_nats::HeaderMap;
use async_nats::jetstream::{self, Context};
use hyper::body::Bytes;

use crate::result::Ending;

/// Opens a connection. One that breaks is opened again by the library, and what was under way has failed.
pub(super) async fn open(authority: &str) -> Option<Context> {
    let client = async_nats::connect(format!("nats://{authority}")).await.ok()?;
    Some(jetstream::new(client))
}

/// Publishes a batch and waits for the stream's word.
pub(super) async fn publish(stream: &Context, subject: &str, body: Bytes) -> Ending {
    let mut headers = HeaderMap::new();
    headers.insert("Content-Type", "application/x-ndjson");
    match stream.publish_with_headers(subject.to_owned(), headers, body).await {
        // No stream that takes the subject, or one that is full, says no; it does not break.
        Ok(stored) => stored.await.map_or(Ending::Refused, |_| Ending::Accepted),
        Err(_) => Ending::Failed,
    }
}
