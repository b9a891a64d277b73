//! Pg: how do the tools that analysts have already ask?
//!
//! The Postgres wire, simple and extended: psql, psycopg, drivers, Grafana. Messages are pgwire's; who may ask, what a
//! session command does and where rows come from is ours.
//!
//! - **Source**: analytics page 5.2.
//! - INVARIANT: with a certificate no session begins in the clear ([`secure`]); without one this is for this machine alone.
//! - LIMIT: `SESSIONS_MAX` sessions.
//! - **Not here**: statements ([`crate::session`]).

mod command;
mod copy;
mod cursor;
mod handler;
mod rows;
pub mod scram;
pub mod secure;
mod startup;

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::serve::Listener;
use pgwire::{
    api::{ConnectionManager, RandomPidSecretKeyGenerator},
    error::{ErrorInfo, PgWireError},
    tokio::{process_socket, process_socket_unix},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

use crate::{
    access::Access,
    error::Error,
    limits::{SESSIONS_MAX, WRONG_PASSWORDS_MAX},
    session::Sql,
};
use secure::{Certificates, Ready};

/// Who is at the other end of a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Peer {
    /// From where.
    pub(crate) address: IpAddr,
    /// Whether nobody in between can read it.
    pub(crate) is_secure: bool,
}

/// What all sessions share.
pub(crate) struct Shared {
    pub(crate) sql: Arc<Sql>,
    pub(crate) access: Arc<Access>,
    pub(crate) running: Arc<ConnectionManager>,
    keys: RandomPidSecretKeyGenerator,
    wrong: Mutex<BTreeMap<IpAddr, (Instant, u32)>>,
    /// With what sessions are secured; `None`: they are not.
    certificates: Option<Certificates>,
    /// Of this start: makes what a user is told who does not exist.
    secret: [u8; 32],
}

impl core::fmt::Debug for Shared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// Whether a session of this peer may not begin: there is a certificate, and it did not ask for it.
    pub(crate) fn is_too_plain(&self, peer: Peer) -> bool {
        self.certificates.is_some() && !peer.is_secure
    }

    /// Whether an address guessed too often in the last minute.
    pub(crate) fn is_locked(&self, peer: IpAddr) -> bool {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong
            .get(&peer)
            .is_some_and(|(since, count)| *count >= WRONG_PASSWORDS_MAX && since.elapsed() < Duration::from_secs(60))
    }

    /// An address guessed wrong.
    pub(crate) fn was_wrong(&self, peer: IpAddr) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.retain(|_, (since, _)| since.elapsed() < Duration::from_secs(60));
        let entry = wrong.entry(peer).or_insert_with(|| (Instant::now(), 0));
        entry.1 += 1;
    }
}

/// Serves sessions until the listener is dropped; with `certificates` only such as are encrypted.
pub async fn serve(mut listener: TcpListener, certificates: Option<Certificates>, sql: Arc<Sql>, access: Arc<Access>) {
    let secret = match startup::random() {
        Ok(secret) => secret,
        Err(error) => return tracing::error!(%error, "pg.random: no session can begin"),
    };
    let running = Arc::new(ConnectionManager::new());
    let shared = Arc::new(Shared {
        sql,
        access,
        running,
        keys: RandomPidSecretKeyGenerator::default(),
        wrong: Mutex::default(),
        certificates,
        secret,
    });
    let places = Arc::new(Semaphore::new(SESSIONS_MAX));
    loop {
        // Goes on after a connection that went away, and waits a second when there are too many open files.
        let (socket, from) = Listener::accept(&mut listener).await;
        // One more than there is room for is closed at once.
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let shared = shared.clone();
        tokio::spawn(async move {
            if let Err(error) = session(socket, from.ip(), shared).await {
                tracing::debug!(%error, "pg.session");
            }
            drop(place);
        });
    }
}

async fn session(socket: TcpStream, peer: IpAddr, shared: Arc<Shared>) -> std::io::Result<()> {
    let begin = |is_secure| handler::Session::new(shared.clone(), Peer { address: peer, is_secure });
    let ready = match &shared.certificates {
        Some(certificates) => secure::ready(socket, certificates).await?,
        None => Ready::Plain(socket),
    };
    match ready {
        Ready::Secure(socket) => process_socket_unix(socket, begin(true)).await,
        Ready::Plain(socket) => process_socket(socket, None, begin(false)).await,
    }
}

impl From<Error> for PgWireError {
    fn from(error: Error) -> Self {
        let mut told = ErrorInfo::new("ERROR".to_owned(), error.code.sqlstate().to_owned(), error.message);
        told.detail = Some(error.code.text().to_owned());
        told.hint = Some(error.help.to_owned());
        Self::UserError(Box::new(told))
    }
}
