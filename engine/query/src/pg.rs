//! Pg: how do the tools that analysts have already ask?
//!
//! The Postgres wire, simple and extended: psql, psycopg, drivers, Grafana. Messages are pgwire's; who may ask, what a
//! session command does and where rows come from is ours.
//!
//! - **Source**: analytics page 5.2.
//! - LIMIT: `SESSIONS_MAX` sessions; loopback only, because this listener does not speak TLS.
//! - **Not here**: statements ([`crate::session`]).

mod command;
mod copy;
mod cursor;
mod handler;
mod rows;
pub mod scram;
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
    tokio::process_socket,
};
use tokio::{net::TcpListener, sync::Semaphore};

use crate::{
    access::Access,
    error::Error,
    limits::{SESSIONS_MAX, WRONG_PASSWORDS_MAX},
    session::Sql,
};

/// What all sessions share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) sql: Arc<Sql>,
    pub(crate) access: Arc<Access>,
    pub(crate) running: Arc<ConnectionManager>,
    keys: RandomPidSecretKeyGenerator,
    wrong: Mutex<BTreeMap<IpAddr, (Instant, u32)>>,
    /// Of this start: makes what a user is told who does not exist.
    secret: [u8; 32],
}

impl Shared {
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

/// Serves sessions until the listener is dropped.
pub async fn serve(mut listener: TcpListener, sql: Arc<Sql>, access: Arc<Access>) {
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
        secret,
    });
    let places = Arc::new(Semaphore::new(SESSIONS_MAX));
    loop {
        // Goes on after a connection that went away, and waits a second when there are too many open files.
        let (socket, _) = Listener::accept(&mut listener).await;
        // One more than there is room for is closed at once.
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let session = handler::Session::new(shared.clone());
        tokio::spawn(async move {
            if let Err(error) = process_socket(socket, None, session).await {
                tracing::debug!(%error, "pg.session");
            }
            drop(place);
        });
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
