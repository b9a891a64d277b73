//! Connect: is there a connection to the server, and as whom?
//!
//! - INVARIANT: a password or seed leaves this process only to a server on this machine or over TLS.

use core::fmt;
use std::path::PathBuf;

use async_nats::{Client, ConnectErrorKind, ConnectOptions};
use tokio::time::Duration;

use super::Trouble;

/// A server, or several of one cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    /// `nats://` or `tls://` addresses, separated by commas.
    pub url: String,
    /// As whom.
    pub login: Login,
    /// Authorities of the server's certificate, PEM; `None`: those that this machine trusts.
    pub authorities: Option<PathBuf>,
}

/// How we show who we are.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Login {
    /// Not at all.
    #[default]
    None,
    /// A token.
    Token(String),
    /// A name and its password.
    Password(String, String),
    /// The text of a credentials file: a JWT and its seed.
    Credentials(String),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Token(_) => "Token(…)",
            Self::Password(..) => "Password(…)",
            Self::Credentials(_) => "Credentials(…)",
        })
    }
}

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request to the server may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the server is asked whether it is still there; two silent ones end the connection.
const PING_EVERY: Duration = Duration::from_secs(5);

impl Server {
    /// Whether every address is on this machine or asks for TLS.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.url.split(',').all(|url| {
            let url = url.trim();
            let rest = url.strip_prefix("nats://").unwrap_or(url);
            let host = rest.rsplit_once(':').map_or(rest, |(host, _)| host);
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let is_loopback = host.parse::<core::net::IpAddr>().is_ok_and(|address| address.is_loopback());
            url.starts_with("tls://") || is_loopback || host.eq_ignore_ascii_case("localhost")
        })
    }

    /// Connects once; a connection that breaks later is not mended behind the caller's back for longer than a moment.
    ///
    /// # Errors
    /// [`Trouble::Unreachable`], [`Trouble::Refused`].
    pub async fn connect(&self, name: &str) -> Result<Client, Trouble> {
        let options = ConnectOptions::new()
            .name(name)
            .connection_timeout(CONNECT_TIMEOUT)
            .request_timeout(Some(REQUEST_TIMEOUT))
            .ping_interval(PING_EVERY)
            .max_reconnects(3);
        let options = match &self.login {
            Login::None => options,
            Login::Token(token) => options.token(token.clone()),
            Login::Password(user, password) => options.user_and_password(user.clone(), password.clone()),
            Login::Credentials(text) => options.credentials(text).map_err(|_| Trouble::Refused)?,
        };
        let options = match &self.authorities {
            Some(path) => options.add_root_certificates(path.clone()),
            None => options,
        };
        let servers: Vec<String> = self.url.split(',').map(|url| url.trim().to_owned()).collect();
        options.connect(servers).await.map_err(|error| match error.kind() {
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => Trouble::Refused,
            _ => Trouble::Unreachable,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_private(url: &str) -> bool {
        Server { url: url.to_owned(), login: Login::None, authorities: None }.is_private()
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear() {
        // [S1-13]
        assert!(is_private("nats://127.0.0.1:4222") && is_private("nats://[::1]:4222") && is_private("localhost:4222"));
        assert!(is_private("tls://nats.example.org:4222") && !is_private("nats://nats.example.org:4222"));
        assert!(!is_private("nats://127.0.0.1:4222, nats://10.0.0.1:4222"));
        assert!(!is_private("nats://127.0.0.1.example.org:4222"));
    }

    #[test]
    fn a_login_is_not_printed() {
        assert_eq!(format!("{:?}", Login::Password("a".to_owned(), "b".to_owned())), "Password(…)");
    }
}
