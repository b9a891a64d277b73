//! Broker: which NATS server is meant, as whom, and may it be spoken to in the clear?
//!
//! - **How it fits**: a feed and a channel by NATS name their server in the same way.
//! - **Not here**: streams, consumers and subjects, which differ.

use std::path::{Path, PathBuf};

use toml::Spanned;
use wardline_connectors::adapters::nats::{Login, Server};

use super::{check::Check, finding::Finding, raw::RawLogin, secret::SecretRef};
use crate::codes::Code;

/// A server and how we show who we are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broker {
    /// Its addresses.
    pub url: String,
    /// How we show who we are.
    pub login: LoginRef,
    /// Authorities of its certificate, PEM.
    pub authorities: Option<PathBuf>,
}

/// Where the secret of a login stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoginRef {
    /// There is none.
    None,
    /// A token.
    Token(SecretRef),
    /// A name and a password.
    Password(String, SecretRef),
    /// A credentials file.
    Credentials(SecretRef),
}

impl Broker {
    /// Reads the secrets.
    ///
    /// # Errors
    /// A secret cannot be read.
    pub fn server(&self, base: &Path) -> Result<Server, Finding> {
        let text =
            |secret: &SecretRef| secret.read(base).map(|secret| String::from_utf8_lossy(secret.expose()).into_owned());
        let login = match &self.login {
            LoginRef::None => Login::None,
            LoginRef::Token(secret) => Login::Token(text(secret)?),
            LoginRef::Password(user, secret) => Login::Password(user.clone(), text(secret)?),
            LoginRef::Credentials(secret) => Login::Credentials(text(secret)?),
        };
        Ok(Server { url: self.url.clone(), login, authorities: self.authorities.clone() })
    }
}

impl Check<'_> {
    pub(super) fn broker(
        &mut self,
        url: &Spanned<String>,
        login: Option<&RawLogin>,
        authorities: Option<&Path>,
    ) -> Option<Broker> {
        let plain = Server { url: url.get_ref().clone(), login: Login::None, authorities: None };
        if !plain.is_private() {
            let headline = format!("`{}` would be spoken to in the clear", url.get_ref());
            self.refuse(
                Code::ListenerOpen,
                url.span(),
                headline,
                "Write `tls://` in front of every address beyond this machine.",
            );
        }
        let login = match login {
            None => LoginRef::None,
            Some(RawLogin { credentials: Some(text), .. }) => LoginRef::Credentials(self.secret(text)?),
            Some(RawLogin { user: Some(user), password: Some(text), .. }) => {
                LoginRef::Password(user.get_ref().clone(), self.secret(text)?)
            }
            Some(RawLogin { user: Some(user), password: None, .. }) => return self.missing(user, "password"),
            Some(RawLogin { token: Some(text), .. }) => LoginRef::Token(self.secret(text)?),
            Some(RawLogin { .. }) => LoginRef::None,
        };
        let authorities = authorities.map(|path| self.base.join(path));
        Some(Broker { url: url.get_ref().clone(), login, authorities })
    }
}
