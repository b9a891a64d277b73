//! Connect: is there a way to the receiver, up to the point where a request could go out?
//!
//! - **Not here**: what the reply means (the parent), how long all of it may take (the caller).

use core::{fmt, net::SocketAddr};
use std::sync::Arc;

use http_body_util::Full;
use hyper::{
    Request, Response, Uri,
    body::{Bytes, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{self, ClientConfig, RootCertStore, pki_types::ServerName},
};

use super::{Error, address};
use crate::{adapters::sink::Cause, limits::CONNECT_TIMEOUT};

/// Whether and how the connection is secured.
#[derive(Clone)]
pub(crate) enum Tls {
    /// Not at all: this machine only.
    None,
    /// TLS 1.3 with the certificates that this machine trusts.
    Some(Arc<ClientConfig>),
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Self::None) { "None" } else { "Some(…)" })
    }
}

impl Tls {
    /// With the machine's own list, where a hospital keeps its own authority.
    pub(crate) fn trusting_this_machine() -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(Error::NoRoots);
        }
        let versions = ClientConfig::builder_with_protocol_versions(&[&rustls::version::TLS13]);
        Ok(Self::Some(Arc::new(versions.with_root_certificates(roots).with_no_client_auth())))
    }

    /// Secures a connection to `host`; without any TLS there is none.
    pub(crate) async fn over(&self, stream: TcpStream, host: &str) -> Result<TlsStream<TcpStream>, Cause> {
        let Self::Some(config) = self else { return Err(Cause::Tls) };
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Cause::Tls)?;
        TlsConnector::from(config.clone()).connect(name, stream).await.map_err(|_| Cause::Tls)
    }
}

/// A connection ready for a request.
pub(super) enum Connection {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Connects to one of the addresses of the URI's host that may be used.
pub(super) async fn connect(uri: &Uri, tls: &Tls, is_inside: bool) -> Result<Connection, Cause> {
    tokio::time::timeout(CONNECT_TIMEOUT, connect_in_time(uri, tls, is_inside)).await.unwrap_or(Err(Cause::Connect))
}

async fn connect_in_time(uri: &Uri, tls: &Tls, is_inside: bool) -> Result<Connection, Cause> {
    let host = uri.host().unwrap_or("").trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or(if matches!(tls, Tls::None) { 80 } else { 443 });
    let reach = match tls {
        Tls::None => Reach::ThisMachine,
        Tls::Some(_) if is_inside => Reach::Inside,
        Tls::Some(_) => Reach::Public,
    };
    let stream = stream_to(host, port, reach).await?;
    match tls {
        Tls::None => Ok(Connection::Plain(stream)),
        Tls::Some(_) => Ok(Connection::Tls(Box::new(tls.over(stream, host).await?))),
    }
}

/// Which addresses may be connected to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reach {
    /// This machine alone: nothing secures the connection.
    ThisMachine,
    /// Those of the internet and of our own network: the operator says that the receiver stands there.
    Inside,
    /// Those of the public internet.
    Public,
}

/// Connects to one of the addresses of a host that may be used.
pub(crate) async fn stream_to(host: &str, port: u16, reach: Reach) -> Result<TcpStream, Cause> {
    let resolved: Vec<SocketAddr> = lookup_host((host, port)).await.map_err(|_| Cause::Name)?.collect();
    let may_use = |socket: &SocketAddr| match reach {
        Reach::ThisMachine => socket.ip().is_loopback(),
        Reach::Inside => address::is_inside(socket.ip()),
        Reach::Public => address::is_public(socket.ip()),
    };
    let allowed: Vec<SocketAddr> = resolved.iter().copied().filter(may_use).collect();
    if allowed.is_empty() {
        return Err(if resolved.is_empty() { Cause::Name } else { Cause::AddressRefused });
    }
    TcpStream::connect(allowed.as_slice()).await.map_err(|_| Cause::Connect)
}

/// Sends the request and waits for the head of the reply.
///
/// # Errors
/// [`Cause::Broken`]: bytes may have gone out.
pub(super) async fn exchange(
    connection: Connection,
    request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, Cause> {
    match connection {
        Connection::Plain(stream) => exchange_on(stream, request).await,
        Connection::Tls(stream) => exchange_on(*stream, request).await,
    }
}

async fn exchange_on<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Cause>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Cause::Broken)?;
    tokio::spawn(connection);
    sender.send_request(request).await.map_err(|_| Cause::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn s1_19_what_is_connected_to_is_what_was_resolved_however_it_is_spelt() {
        // A receiver that must not be reached listens; only the reach of this machine gets there.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for spelling in
            ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "::ffff:127.0.0.1", "localhost"]
        {
            let refused = stream_to(spelling, port, Reach::Public).await.map(drop);
            // Some machines do not take all spellings for addresses: then there is no such name.
            assert!(matches!(refused, Err(Cause::AddressRefused | Cause::Name)), "{spelling}: {refused:?}");
        }
        for metadata in ["169.254.169.254", "2852039166", "::ffff:169.254.169.254"] {
            for reach in [Reach::Public, Reach::Inside, Reach::ThisMachine] {
                let refused = stream_to(metadata, port, reach).await.map(drop);
                assert!(matches!(refused, Err(Cause::AddressRefused | Cause::Name)), "{metadata}: {refused:?}");
            }
        }
        assert!(stream_to("127.0.0.1", port, Reach::ThisMachine).await.is_ok());
    }
}
