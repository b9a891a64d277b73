//! Startup: who begins a session?
//!
//! ```text
//!  Startup ─► SASL offer ─► client first ─► server first ─► client final ─► proof of ours, parameters, ready
//! ```
//! Without any key in the configuration everybody on this machine may, as over HTTP.

use std::{fmt::Debug, fs::File, io::Read as _, sync::Arc};

use async_trait::async_trait;
use futures::{Sink, SinkExt as _};
use pgwire::{
    api::{
        ClientInfo, ConnectionGuard, ConnectionHandle, METADATA_USER, PgWireConnectionState,
        PidSecretKeyGenerator as _,
        auth::{
            DefaultServerParameterProvider, StartupHandler, finish_authentication, protocol_negotiation,
            save_startup_parameters_to_metadata,
        },
    },
    error::{PgWireError, PgWireResult},
    messages::{
        PgWireBackendMessage, PgWireFrontendMessage,
        startup::{Authentication, PasswordMessageFamily},
    },
};
use tokio::sync::Mutex;

use super::{
    Peer, Shared,
    scram::{Exchange, salt_of_nobody},
};
use crate::{access::now, codes::Code, error::Error};

/// The beginning of one session.
#[derive(Debug)]
pub(crate) struct Startup {
    shared: Arc<Shared>,
    peer: Peer,
    exchange: Mutex<Option<Exchange>>,
}

impl Startup {
    pub(crate) fn new(shared: Arc<Shared>, peer: Peer) -> Self {
        Self { shared, peer, exchange: Mutex::default() }
    }

    fn refused(&self) -> PgWireError {
        self.shared.was_wrong(self.peer.address);
        Error::new(Code::Login, "no such user, or a wrong password").into()
    }

    /// Takes the client's first message, answers with ours.
    fn first(&self, client: &impl ClientInfo, message: PasswordMessageFamily) -> PgWireResult<(Exchange, String)> {
        let message = message.into_sasl_initial_response()?;
        let said = message.data.unwrap_or_default();
        let text = core::str::from_utf8(&said).map_err(|_| self.refused())?;
        let user = client.metadata().get(METADATA_USER).cloned().unwrap_or_default();
        let key = self.shared.access.user(&user, now()).filter(|key| key.role.is_some());
        let verifier = key.and_then(|key| key.scram.clone());
        let random = random().map_err(PgWireError::IoError)?;
        let salt = salt_of_nobody(&self.shared.secret, &user);
        Exchange::begin(text, verifier, &random, &salt).ok_or_else(|| self.refused())
    }

    async fn finish<C>(&self, client: &mut C) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let mut parameters = DefaultServerParameterProvider::default();
        parameters.server_version = format!("15.0 (Wardline {})", env!("CARGO_PKG_VERSION"));
        parameters.search_path = crate::catalog::CATALOG.to_owned();
        parameters.is_superuser = false;
        parameters.default_transaction_read_only = true;
        parameters.time_zone = "UTC".to_owned();
        let (pid, secret) = self.shared.keys.generate(client);
        client.set_pid_and_secret_key(pid, secret.clone());
        let (handle, guard) = self.shared.running.register(pid, secret);
        client.session_extensions().insert::<Arc<ConnectionHandle>>(handle);
        client.session_extensions().insert::<ConnectionGuard>(guard);
        finish_authentication(client, &parameters).await
    }
}

/// Bytes nobody can guess, from the kernel.
pub(super) fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[async_trait]
impl StartupHandler for Startup {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        match message {
            PgWireFrontendMessage::Startup(startup) => {
                protocol_negotiation(client, &startup).await?;
                save_startup_parameters_to_metadata(client, &startup);
                if self.shared.is_too_plain(self.peer) {
                    return Err(Error::new(Code::Plain, "this session is not encrypted").into());
                }
                if self.shared.access.is_open() {
                    return self.finish(client).await;
                }
                if self.shared.is_locked(self.peer.address) {
                    return Err(Error::new(Code::Login, "too many wrong passwords from this address").into());
                }
                client.set_state(PgWireConnectionState::AuthenticationInProgress);
                let offer = Authentication::SASL(vec!["SCRAM-SHA-256".to_owned()]);
                client.send(PgWireBackendMessage::Authentication(offer)).await?;
                Ok(())
            }
            PgWireFrontendMessage::PasswordMessageFamily(message) => {
                let begun = self.exchange.lock().await.take();
                let Some(exchange) = begun else {
                    let (exchange, first) = self.first(client, message)?;
                    *self.exchange.lock().await = Some(exchange);
                    let first = Authentication::SASLContinue(first.into());
                    client.send(PgWireBackendMessage::Authentication(first)).await?;
                    return Ok(());
                };
                let message = message.into_sasl_response()?;
                let proof = core::str::from_utf8(&message.data).ok().and_then(|text| exchange.finish(text));
                let proof = proof.ok_or_else(|| self.refused())?;
                let last = Authentication::SASLFinal(proof.into());
                client.send(PgWireBackendMessage::Authentication(last)).await?;
                self.finish(client).await
            }
            _ => Ok(()),
        }
    }
}
