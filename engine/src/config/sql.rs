//! SQL: where does the query process listen, and how often do rows go to files?
//!
//! - **Not here**: listening (`cli/query.rs`).

use core::{net::SocketAddr, time::Duration};

use toml::Spanned;

use super::{check::Check, raw::RawSql};
use crate::{
    codes::Code,
    limits::{ARCHIVE_FLUSH_EVERY, ARCHIVE_FLUSH_EVERY_MIN},
};

/// The listeners of the query process, and how fresh files are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SqlListeners {
    /// SQL over HTTP.
    pub listen: SocketAddr,
    /// The Postgres wire.
    pub postgres: SocketAddr,
    /// How often rows go to files at least, if there are any.
    pub flush_every: Duration,
}

impl Check<'_> {
    /// The listeners, unless they are switched off.
    pub(super) fn sql(&mut self, raw: &RawSql) -> Option<SqlListeners> {
        let listen = self.loopback(raw.listen.as_ref(), 8471);
        let postgres = self.loopback(raw.postgres.as_ref(), 5433);
        let flush_every = raw.flush_every.as_ref().map_or(ARCHIVE_FLUSH_EVERY, |text| self.flush_every(text));
        raw.enabled.then_some(SqlListeners { listen, postgres, flush_every })
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

    /// An address on this machine: the listeners of the query process do not speak TLS.
    fn loopback(&mut self, text: Option<&Spanned<String>>, port: u16) -> SocketAddr {
        let address = self.address(text, SocketAddr::from(([127, 0, 0, 1], port)));
        if let Some(text) = text.filter(|_| !address.ip().is_loopback()) {
            let headline = format!("`{}` would be open to the network", text.get_ref());
            let help = "Listen on 127.0.0.1, and let people come through a tunnel or a proxy that speaks TLS.";
            self.refuse(Code::ListenerOpen, text.span(), headline, help);
        }
        address
    }
}
