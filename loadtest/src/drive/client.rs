//! Client: how does one connection send its batches?
//!
//! One batch at a time on a connection that is kept open; one that breaks is opened again for the next batch.
//! - **How it fits**: [`drive`](super::drive) runs one [`work`] per connection; each wire has its file.
//! - **Not here**: deciding when to send.

use std::sync::Arc;
use std::time::Instant;

use hyper::body::Bytes;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::target::Wire;
use super::{Backlog, Job, News, Target, http, micros, mllp, nats};
use crate::error::Error;
use crate::result::{Ending, Sample};

/// Whether anybody listens at all, or the file can be written. **Errors**: not so.
pub(super) async fn knock(target: &Target) -> Result<(), Error> {
    let opened = match &target.wire {
        Wire::File { .. } => open(target).await.map(drop),
        Wire::Http { .. } | Wire::Mllp | Wire::Nats { .. } => TcpStream::connect(&target.authority).await.map(drop),
    };
    opened.map_err(|error| Error::Unreachable { url: target.url().to_owned(), problem: error.to_string() })
}

/// Sends batches until there are no more.
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
        let open = match connection.take() {
            Some(kept) => Ok(kept),
            None => open(&target).await,
        };
        let ending = match open {
            Ok(open) => {
                let (ending, kept) = send(&target, open, job.body, job.events).await;
                connection = kept;
                ending
            }
            Err(_) => Ending::Failed,
        };
        let done = micros(begun.elapsed());
        let sample = Sample { intended: job.intended, sent, done, events: job.events, ending };
        if tell.send(News::Answered(sample)).is_err() {
            return;
        }
    }
}

/// An open connection.
enum Connection {
    Http(http::Http),
    Mllp(TcpStream),
    Nats(Box<async_nats::jetstream::Context>),
    File(File),
}

async fn open(target: &Target) -> std::io::Result<Connection> {
    let gone = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    Ok(match &target.wire {
        Wire::Http { .. } => Connection::Http(http::open(&target.authority).await.ok_or_else(gone)?),
        Wire::Mllp => Connection::Mllp(mllp::open(&target.authority).await.ok_or_else(gone)?),
        Wire::Nats { .. } => Connection::Nats(Box::new(nats::open(&target.authority).await.ok_or_else(gone)?)),
        Wire::File { path } => Connection::File(File::options().append(true).create(true).open(path).await?),
    })
}

/// Sends one batch; what it became, and the connection if it can be used again.
async fn send(target: &Target, open: Connection, body: Bytes, events: u32) -> (Ending, Option<Connection>) {
    match (open, &target.wire) {
        (Connection::Http(open), Wire::Http { path, key }) => {
            let (ending, kept) = http::post(open, &target.authority, (path, key.as_deref()), body).await;
            (ending, kept.map(Connection::Http))
        }
        (Connection::Mllp(open), _) => {
            let (ending, kept) = mllp::send(open, body, events).await;
            (ending, kept.map(Connection::Mllp))
        }
        (Connection::Nats(open), Wire::Nats { subject }) => {
            let ending = nats::publish(&open, subject, body).await;
            (ending, Some(Connection::Nats(open)))
        }
        (Connection::File(mut file), _) => {
            // A batch in one write: lines of two connections are never mixed.
            let is_written = file.write_all(&body).await.is_ok() && file.flush().await.is_ok();
            if is_written { (Ending::Accepted, Some(Connection::File(file))) } else { (Ending::Failed, None) }
        }
        (Connection::Http(_) | Connection::Nats(_), _) => (Ending::Failed, None),
    }
}
