//! Auth: who is asking, and may they?
//!
//! A bearer key is known by its SHA-256; all configured hashes are compared, each in constant time. Without any key the
//! API is open, which the configuration allows on loopback only.
//!
//! - **Source**: guarantees page, S1-14.
//! - **Not here**: people's identity providers (stage 2), links of answer pages ([`page`](super::page)).

use core::net::{IpAddr, Ipv4Addr};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use sha2::{Digest as _, Sha256};
use wardline_rules::{Text, time::Timestamp};

use super::{Api, guard::Guard, problem::Problem};
use crate::{
    codes::Code,
    config::{ApiKey, Role},
    dispatcher::message::constant_time_eq,
};

/// Wrong keys from one address in a minute; beyond it the address waits, right or wrong.
const WRONG_KEYS_PER_MINUTE_MAX: u32 = 10;

/// The configured keys.
#[derive(Debug)]
pub(crate) struct Keys {
    keys: Vec<ApiKey>,
    wrong: Guard,
}

/// Where a connection comes from; the listener puts it into each request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// Who is asking.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Name of the key; `loopback` while keys are off.
    pub name: Text,
    /// Where they are.
    pub peer: IpAddr,
    /// Why they ask, as they say: the header `wardline-purpose`.
    pub purpose: String,
    roles: Roles,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Roles {
    All,
    Some(Vec<Role>),
}

impl Keys {
    pub(crate) fn new(keys: Vec<ApiKey>) -> Self {
        Self { keys, wrong: Guard::per_minute(WRONG_KEYS_PER_MINUTE_MAX) }
    }

    /// The key that was sent, if it is one of ours and still holds.
    fn find(&self, secret: &str, at: Timestamp) -> Option<&ApiKey> {
        let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        // INVARIANT: every key is compared, so that time says nothing about which.
        let fits = self.keys.iter().filter(|key| constant_time_eq(&key.sha256, &hash));
        fits.filter(|key| at < key.until).fold(None, |_, key| Some(key))
    }
}

impl Caller {
    /// Goes on only with this role.
    ///
    /// # Errors
    /// 403.
    pub fn need(&self, role: Role) -> Result<(), Problem> {
        self.need_one(&[role])
    }

    /// Goes on only with one of these roles.
    ///
    /// # Errors
    /// 403.
    pub fn need_one(&self, roles: &[Role]) -> Result<(), Problem> {
        let may = match &self.roles {
            Roles::All => true,
            Roles::Some(own) => roles.iter().any(|role| own.contains(role)),
        };
        if may {
            return Ok(());
        }
        let words = roles.iter().filter_map(|role| Role::ALL.iter().find(|(known, _)| known == role));
        let words = words.map(|(_, word)| format!("`{word}`")).collect::<Vec<_>>().join(" or ");
        let detail = format!("this needs the role {words}");
        Err(Problem::new(StatusCode::FORBIDDEN, Code::Forbidden, detail, "Use a key that has it."))
    }

    /// Whether keys are off.
    #[must_use]
    pub fn is_trusted_loopback(&self) -> bool {
        self.roles == Roles::All
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
        let purpose = text_header(&parts.headers, "wardline-purpose").unwrap_or("").chars().take(200).collect();
        if api.keys.keys.is_empty() {
            return Ok(Self { name: Text::const_new("loopback"), peer, purpose, roles: Roles::All });
        }
        let now = api.engine.boot();
        if api.keys.wrong.is_locked(peer, now) {
            let detail = "too many wrong keys from this address";
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, Code::NotAuthorised, detail, "Wait a minute.");
            return Err(problem.after(60));
        }
        let sent =
            text_header(&parts.headers, header::AUTHORIZATION.as_str()).and_then(|text| text.strip_prefix("Bearer "));
        match sent.and_then(|secret| api.keys.find(secret.trim(), api.engine.log_now())) {
            Some(key) => Ok(Self {
                name: key.name.clone(),
                peer,
                purpose,
                roles: Roles::Some(key.roles.iter().copied().collect()),
            }),
            None => {
                api.keys.wrong.strike(peer, now);
                let help = "Send `Authorization: Bearer KEY` with a key of `wardline.toml`.";
                Err(Problem::new(StatusCode::UNAUTHORIZED, Code::NotAuthorised, "no valid key", help))
            }
        }
    }
}

fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
