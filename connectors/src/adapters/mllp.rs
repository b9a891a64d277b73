//! MLLP: which HL7 messages come over this connection, and in which order are they answered?
//!
//! ```text
//!  socket ─► frames ─► Session::take, one after the other ─► queue of answers to come ─► socket
//!            └ 30 s each   └ returns when the message waits for the disk   └ in order, each when its message is on disk
//! ```
//! A sender may write on without waiting; up to `MLLP_IN_FLIGHT_MAX` messages of a connection wait for the disk together, so
//! its rate does not hang on one sync each. Answers come in the order of the messages.
//!
//! - **How it fits**: the engine brings a [`Receiver`]; nothing here knows what a message says or when it is durable.
//! - INVARIANT: a message is handed over after the one before it was; an answer leaves after the one before it.
//! - LIMIT: `MESSAGE_BYTES_MAX`, and the `MLLP_*` of [`limits`](crate::limits).
//! - **Not here**: the log, the words of answers (`codec::hl7::ack`), what to do when busy (the receiver).
//! - **Source**: HL7 Minimal Lower Layer Protocol, release 2; guarantees page 5.2, 5.3.

mod connection;
pub mod frame;

use core::{
    fmt,
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
};
use std::{io, sync::Arc};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};

use connection::Patience;
use frame::Frame;

use super::tls::Acceptor;
use crate::limits::{
    MLLP_ACCEPT_PAUSE, MLLP_BUDGET_CHUNK_BYTES, MLLP_BUDGET_CHUNKS_MAX, MLLP_CONNECTIONS_MAX, MLLP_DRAIN_TIMEOUT,
    MLLP_TLS_TIMEOUT,
};

/// The answers to one message, when they may leave: none if none is wanted.
pub type Answers = Pin<Box<dyn Future<Output = Vec<Vec<u8>>> + Send>>;
/// A message being handed over.
pub type Taking<'a> = Pin<Box<dyn Future<Output = Answers> + Send + 'a>>;

/// Whoever keeps messages.
pub trait Receiver: Send + Sync + fmt::Debug {
    /// Whether this peer may send at all.
    fn admits(&self, peer: IpAddr) -> bool;

    /// A connection was made; the session ends when it is dropped.
    fn open(&self) -> Box<dyn Session>;

    /// A connection ended because of `ending`, which is not the ordinary one.
    fn note(&self, ending: Ending);
}

/// One connection's side of whoever keeps messages.
pub trait Session: Send {
    /// Takes a message. The connection reads nothing until this returns, which is how a busy receiver slows its sender.
    ///
    /// - **Output**: what becomes the answers when the message is durable or refused.
    fn take(&mut self, frame: Frame) -> Taking<'_>;
}

/// Why a connection ended otherwise than by its peer's wish; a closed list, for metrics and log lines.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ending {
    /// There are as many as there may be.
    TooMany,
    /// The peer is not on the list.
    PeerRefused,
    /// No TLS, or no certificate that holds.
    Tls,
    /// Bytes that are no frame.
    NotFramed,
    /// A frame that took longer than it may.
    SlowFrame,
    /// A message longer than it may be.
    TooLong,
    /// The peer did not take its answer.
    SlowPeer,
    /// The stream broke off inside a frame.
    Cut,
}

impl Ending {
    /// All, in order.
    pub const ALL: [Self; 8] = [
        Self::TooMany,
        Self::PeerRefused,
        Self::Tls,
        Self::NotFramed,
        Self::SlowFrame,
        Self::TooLong,
        Self::SlowPeer,
        Self::Cut,
    ];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::TooMany => "too_many",
            Self::PeerRefused => "peer_refused",
            Self::Tls => "tls",
            Self::NotFramed => "not_framed",
            Self::SlowFrame => "slow_frame",
            Self::TooLong => "too_long",
            Self::SlowPeer => "slow_peer",
            Self::Cut => "cut",
        }
    }
}

/// Bytes of open frames of all connections, beyond what each has of its own.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Semaphore>);

impl Default for Budget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MLLP_BUDGET_CHUNKS_MAX)))
    }
}

/// Serves every connection of `listener` until `stop` says so; what is on its way to the disk is answered first.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Acceptor>,
    receiver: Arc<dyn Receiver>,
    budget: Budget,
    mut stop: watch::Receiver<bool>,
) {
    let stop_of_all = stop.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => {}
            (stream, from) = next(&listener, &*receiver) => {
                if !receiver.admits(from.ip()) {
                    receiver.note(Ending::PeerRefused);
                } else if connections.len() >= MLLP_CONNECTIONS_MAX {
                    receiver.note(Ending::TooMany);
                } else {
                    let (tls, receiver) = (tls.clone(), Arc::clone(&receiver));
                    connections.spawn(accept(stream, tls, receiver, budget.clone(), stop_of_all.clone()));
                }
            }
        }
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    drop(tokio::time::timeout(MLLP_DRAIN_TIMEOUT, drained).await);
}

/// The next connection; safe to drop and call again.
async fn next(listener: &TcpListener, receiver: &dyn Receiver) -> (TcpStream, SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // One that went away before it was let in.
            Err(error)
                if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) => {}
            // Too many open files, or no memory: reported again at once, for as long as somebody waits to be let in.
            Err(_) => {
                receiver.note(Ending::TooMany);
                tokio::time::sleep(MLLP_ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn accept(
    stream: TcpStream,
    tls: Option<Acceptor>,
    receiver: Arc<dyn Receiver>,
    budget: Budget,
    stop: watch::Receiver<bool>,
) {
    // An answer is one small write: waiting for more of it would only delay the sender.
    drop(stream.set_nodelay(true));
    let ending = match tls {
        None => connection::serve(stream, receiver.open(), (&budget, Patience::USUAL), stop).await,
        Some(acceptor) => match tokio::time::timeout(MLLP_TLS_TIMEOUT, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => connection::serve(stream, receiver.open(), (&budget, Patience::USUAL), stop).await,
            Ok(Err(_)) | Err(_) => Err(Ending::Tls),
        },
    };
    if let Err(ending) = ending {
        receiver.note(ending);
    }
}

/// As many chunks of the budget as `bytes` need beyond the first, which every connection has of its own.
const fn chunks(bytes: usize) -> usize {
    bytes / MLLP_BUDGET_CHUNK_BYTES
}

#[cfg(test)]
mod tests;
