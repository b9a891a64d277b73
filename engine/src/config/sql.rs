//! SQL: where does the query process listen, for whom, and how often do rows go to files?
//!
//! - **Not here**: listening (`cli/query.rs`).

use core::{net::SocketAddr, time::Duration};

use toml::Spanned;

use super::{check::Check, feeds::ServerTls, raw::RawSql};
use crate::{
    codes::Code,
    limits::{ARCHIVE_FLUSH_EVERY, ARCHIVE_FLUSH_EVERY_MIN},
};

/// The listeners of the query process, and how fresh files are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SqlListeners {
    /// SQL over HTTP.
    pub listen: SocketAddr,
    /// The Postgres wire.
    pub postgres: SocketAddr,
    /// How often rows go to files at least, if there are any.
    pub flush_every: Duration,
    /// With what both are secured, if they are.
    pub tls: Option<ServerTls>,
}

impl Check<'_> {
    /// The listeners, unless they are switched off.
    pub(super) fn sql(&mut self, raw: &RawSql, has_keys: bool) -> Option<SqlListeners> {
        let is_safe = raw.tls.is_some() && has_keys;
        let listen = self.sql_address(raw.listen.as_ref(), 8471, is_safe);
        let postgres = self.sql_address(raw.postgres.as_ref(), 5433, is_safe);
        let flush_every = raw.flush_every.as_ref().map_or(ARCHIVE_FLUSH_EVERY, |text| self.flush_every(text));
        let tls = match &raw.tls {
            None => None,
            Some(tls) => Some(ServerTls {
                certificate: self.base.join(&tls.certificate),
                key: self.secret(&tls.key)?,
                clients: tls.clients.as_ref().map(|path| self.base.join(path)),
            }),
        };
        raw.enabled.then_some(SqlListeners { listen, postgres, flush_every, tls })
    }

    fn flush_every(&mut self, text: &Spanned<String>) -> Duration {
        let span = super::site::span(text.get_ref()).and_then(|span| u64::try_from(span.micros()).ok());
        match span.map(Duration::from_micros) {
            Some(span) if (ARCHIVE_FLUSH_EVERY_MIN..=ARCHIVE_FLUSH_EVERY).contains(&span) => span,
            _ => {
                let headline = format!("`{}` is no time after which rows go to files", text.get_ref());
                self.refuse(Code::WrongValue, text.span(), headline, "Write between `10s` and `1h`, such as `5m`.");
                ARCHIVE_FLUSH_EVERY
            }
        }
    }

    /// An address; one beyond this machine needs TLS, and keys to know people by.
    fn sql_address(&mut self, text: Option<&Spanned<String>>, port: u16, is_safe: bool) -> SocketAddr {
        let address = self.address(text, SocketAddr::from(([127, 0, 0, 1], port)));
        if let Some(text) = text.filter(|_| !is_safe && !address.ip().is_loopback()) {
            let headline = format!("`{}` would be open to the network", text.get_ref());
            let help = "Add `tls = { certificate = \"…\", key = \"file:…\" }` to `[sql]` and at least one `[[key]]`, or listen on 127.0.0.1.";
            self.refuse(Code::ListenerOpen, text.span(), headline, help);
        }
        address
    }
}
