//! SQL: where does the query process listen?
//!
//! - **Not here**: listening (`cli/query.rs`).

use core::net::SocketAddr;

use toml::Spanned;

use super::{check::Check, raw::RawSql};
use crate::codes::Code;

/// The listeners of the query process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SqlListeners {
    /// SQL over HTTP.
    pub listen: SocketAddr,
    /// The Postgres wire.
    pub postgres: SocketAddr,
}

impl Check<'_> {
    /// The listeners, unless they are switched off.
    pub(super) fn sql(&mut self, raw: &RawSql) -> Option<SqlListeners> {
        let listen = self.loopback(raw.listen.as_ref(), 8471);
        let postgres = self.loopback(raw.postgres.as_ref(), 5433);
        raw.enabled.then_some(SqlListeners { listen, postgres })
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
