//! TLS: who may a connection be read by, and who is at its other end?
//!
//! TLS 1.3 alone. A listener with a list of authorities wants a certificate of theirs from everybody who connects.
//!
//! - **How it fits**: [`Acceptor`] stands behind the listeners of MLLP and of the engine's API, [`Connector`] behind the
//!   verbs that ask an engine, [`ends_at`] behind `wardline doctor`.
//! - **Not here**: reading the files (the engine does, with its checks of modes).
//! - **Source**: guarantees page, S1-13.

mod validity;

use core::fmt;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor, TlsConnector, client,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
        server::WebPkiClientVerifier,
        version::TLS13,
    },
    server,
};
use wardline_rules::time::Timestamp;

/// Takes TLS connections.
#[derive(Clone)]
pub struct Acceptor(TlsAcceptor);

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptor(…)")
    }
}

/// Makes TLS connections.
#[derive(Clone)]
pub struct Connector(TlsConnector);

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector(…)")
    }
}

/// Why TLS cannot be set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The certificate is no PEM, or there is none in it.
    #[error("the file holds no certificate in PEM")]
    Certificate,
    /// The key is no PEM.
    #[error("the file holds no private key in PEM")]
    Key,
    /// The list of authorities is no PEM, or empty, or one of them cannot be read.
    #[error("the file of authorities holds no certificate in PEM, or one that cannot be read")]
    Authorities,
    /// Key and certificate are not of one pair.
    #[error("key and certificate do not belong together")]
    Pair,
}

impl Acceptor {
    /// From PEM texts; with `authorities` whoever shows no certificate of theirs is refused.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn new(certificate: &[u8], key: &[u8], authorities: Option<&[u8]>) -> Result<Self, Error> {
        let chain = certificates(certificate).ok_or(Error::Certificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| Error::Key)?;
        let builder = ServerConfig::builder_with_protocol_versions(&[&TLS13]);
        let builder = match authorities {
            None => builder.with_no_client_auth(),
            Some(authorities) => {
                let mut roots = RootCertStore::empty();
                trust(&mut roots, authorities)?;
                let verifier =
                    WebPkiClientVerifier::builder(Arc::new(roots)).build().map_err(|_| Error::Authorities)?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let config = builder.with_single_cert(chain, key).map_err(|_| Error::Pair)?;
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// The same for a protocol that peers may name: for who takes connections by other means than [`Self::accept`].
    #[must_use]
    pub fn speaking(&self, protocol: &str) -> TlsAcceptor {
        let mut config = ServerConfig::clone(self.0.config());
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    /// Makes a connection secure.
    ///
    /// # Errors
    /// The peer speaks no TLS 1.3, or shows no certificate that holds.
    pub async fn accept(&self, stream: TcpStream) -> std::io::Result<server::TlsStream<TcpStream>> {
        self.0.accept(stream).await
    }
}

impl Connector {
    /// Trusts what this machine trusts, and these authorities, as PEM.
    ///
    /// # Errors
    /// [`Error::Authorities`], also if there is nobody to trust.
    pub fn new(authorities: Option<&[u8]>) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(authorities) = authorities {
            trust(&mut roots, authorities)?;
        }
        if roots.is_empty() {
            return Err(Error::Authorities);
        }
        let versions = ClientConfig::builder_with_protocol_versions(&[&TLS13]);
        let config = versions.with_root_certificates(roots).with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Makes a connection to `host` secure.
    ///
    /// # Errors
    /// The other end speaks no TLS 1.3, or is not `host` by anybody who is trusted.
    pub async fn connect(&self, host: &str, stream: TcpStream) -> std::io::Result<client::TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
        self.0.connect(name, stream).await
    }
}

/// When the first of these certificates, in PEM, ends to hold; `None` if it cannot be read.
#[must_use]
pub fn ends_at(pem: &[u8]) -> Option<Timestamp> {
    validity::ends_at(certificates(pem)?.first()?)
}

/// All of them: one that is left out would lock somebody out without a word.
fn trust(roots: &mut RootCertStore, authorities: &[u8]) -> Result<(), Error> {
    for certificate in certificates(authorities).ok_or(Error::Authorities)? {
        roots.add(certificate).map_err(|_| Error::Authorities)?;
    }
    Ok(())
}

fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()?;
    (!chain.is_empty()).then_some(chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An authority of nobody's: its key was thrown away.
    const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUPjYRNx3mDN2VJGjd9PWRrQ7IHhkwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTIzMDQzMTQ1WhgPMjEy
NjEwMzAwNDMxNDVaMBkxFzAVBgNVBAMMDlRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAE31Re+HZX1jNQV5xhDfMJJMXbxD9LkoAK9qLNhAdP
Dn76s4jWSJOBMj3y+EU186n0aEJzEKA8XHuYwJ2CU7rv96NTMFEwHQYDVR0OBBYE
FLVgNcFXMg5qbMrG1LS8QEtGjLqWMB8GA1UdIwQYMBaAFLVgNcFXMg5qbMrG1LS8
QEtGjLqWMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgWv4jN9d1
DvqqrtMWehNctpU+P7Z61yGHAxRjXZi1pzsCIQC/Hon1OolKHNOatVRoG+XNMgXm
xKuKJ9hCP7Wq1V7JjQ==
-----END CERTIFICATE-----
";

    #[test]
    fn s1_13_an_authority_that_cannot_be_read_is_named_though_the_others_can() {
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        let key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
        let refused = |authorities: &str| {
            Acceptor::new(certificate.as_bytes(), key.as_bytes(), Some(authorities.as_bytes())).map(|_| ())
        };
        assert_eq!(refused(AUTHORITY), Err(Error::Pair), "the authority is taken; key and certificate are none");
        assert_eq!(refused(&format!("{AUTHORITY}{certificate}")), Err(Error::Authorities));
    }

    const NO_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

    #[test]
    fn s1_13_files_that_are_no_pem_are_named() {
        let refused = |certificate: &[u8]| Acceptor::new(certificate, b"", None).map(|_| ());
        assert_eq!(refused(b""), Err(Error::Certificate));
        assert_eq!(refused(NO_CERTIFICATE), Err(Error::Key));
    }

    #[test]
    fn s1_13_an_authority_that_cannot_be_read_is_not_passed_over() {
        assert_eq!(trust(&mut RootCertStore::empty(), NO_CERTIFICATE), Err(Error::Authorities));
        assert_eq!(trust(&mut RootCertStore::empty(), b""), Err(Error::Authorities));
        assert!(Connector::new(Some(b"no certificate")).is_err());
    }
}
