//! Auth: who is asking, and may they?
//!
//! Nothing is allowed that is not listed here: a role per thing that is done, and the feeds that a key may speak for.
//! A bearer key is known by its SHA-256; all configured hashes are compared, each in constant time. Without any key the
//! API is open, which the configuration allows on loopback only.
//!
//! - **Source**: guarantees page, S1-14.
//! - **Not here**: people's identity providers (stage 2), links of answer pages ([`page`](super::page)).

use core::net::{IpAddr, Ipv4Addr};
use std::collections::BTreeSet;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use sha2::{Digest as _, Sha256};
use wardline_rules::{Text, time::Timestamp};

use super::{Api, guard::Guard, problem::Problem};
use crate::{
    codes::Code,
    config::{ApiKey, FeedScope, Role},
    dispatcher::message::constant_time_eq,
};

/// Wrong keys from one address in a minute; beyond it the address waits, right or wrong.
pub(super) const WRONG_KEYS_PER_MINUTE_MAX: u32 = 10;

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
    rights: Rights,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Rights {
    /// Keys are off.
    All,
    /// Those of the key.
    Of { roles: BTreeSet<Role>, feeds: FeedScope },
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

/// What a request is about to do; the paths name it, [`roles`](Self::roles) says who may.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Doing {
    SendEvents,
    GiveAnswers,
    ReadReports,
    Import,
    KeepDead,
    /// The bytes of a dead letter, beside the right to know of it.
    ReadBytes,
    KeepSilences,
    KeepWards,
    ReadMetrics,
}

impl Doing {
    /// The only place that says which role may do what.
    const fn roles(self) -> &'static [Role] {
        match self {
            Self::SendEvents => &[Role::Ingest],
            Self::GiveAnswers => &[Role::Answer],
            Self::ReadReports => &[Role::Analyst, Role::Phi],
            Self::ReadBytes => &[Role::Phi],
            Self::KeepSilences | Self::KeepWards | Self::KeepDead | Self::Import => &[Role::Admin],
            Self::ReadMetrics => &[Role::Metrics, Role::Admin],
        }
    }
}

impl Caller {
    /// Goes on only if one of the caller's roles may do this.
    ///
    /// # Errors
    /// 403.
    pub(super) fn may(&self, doing: Doing) -> Result<(), Problem> {
        let roles = doing.roles();
        let may = match &self.rights {
            Rights::All => true,
            Rights::Of { roles: own, .. } => roles.iter().any(|role| own.contains(role)),
        };
        if may {
            return Ok(());
        }
        let words = roles.iter().filter_map(|role| Role::ALL.iter().find(|(known, _)| known == role));
        let words = words.map(|(_, word)| format!("`{word}`")).collect::<Vec<_>>().join(" or ");
        Err(forbidden(format!("this needs the role {words}"), "Use a key that has it."))
    }

    /// The feed that the caller speaks for, by the name in the request if there is one; empty for none in particular.
    ///
    /// - **Input** `knows`: whether a feed of this name is configured.
    ///
    /// # Errors
    /// 404 for a feed that is none; 403 for one that the key does not speak for, or if it speaks for none or for several.
    pub(super) fn feed(&self, named: Option<&str>, knows: impl Fn(&str) -> bool) -> Result<String, Problem> {
        let own = self.name.as_str().to_lowercase();
        let named = named.map(str::to_lowercase);
        if named.as_ref().is_some_and(|name| !knows(name)) {
            return Err(Problem::missing("feed"));
        }
        let scope = match &self.rights {
            Rights::All | Rights::Of { feeds: FeedScope::All, .. } => {
                return Ok(named.unwrap_or_else(|| if knows(&own) { own } else { String::new() }));
            }
            Rights::Of { feeds: FeedScope::Of(scope), .. } => scope,
        };
        let help = "Name a feed of the key with `?feed=`, or let its `feeds` name this one.";
        match named {
            Some(name) if scope.contains(name.as_str()) => Ok(name),
            Some(name) => Err(forbidden(format!("this key does not speak for the feed `{name}`"), help)),
            None if scope.contains(own.as_str()) && knows(&own) => Ok(own),
            None => match scope.iter().filter(|feed| knows(feed)).collect::<Vec<_>>().as_slice() {
                [one] => Ok(one.to_string()),
                [] => Err(forbidden("this key speaks for no feed".to_owned(), help)),
                _ => Err(forbidden("this key speaks for several feeds".to_owned(), help)),
            },
        }
    }
}

fn forbidden(detail: String, help: &'static str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, Code::Forbidden, detail, help)
}

/// Who follows a link: known by where they are alone; what they may see is what the link is signed for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Visitor {
    /// Where they are.
    pub(super) peer: IpAddr,
    /// Why they ask, as they say.
    pub(super) purpose: String,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = core::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self { peer: peer(parts), purpose: purpose(&parts.headers) })
    }
}

fn peer(parts: &Parts) -> IpAddr {
    parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0)
}

fn purpose(headers: &HeaderMap) -> String {
    text_header(headers, "wardline-purpose").unwrap_or("").chars().take(200).collect()
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let (peer, purpose) = (peer(parts), purpose(&parts.headers));
        if api.keys.keys.is_empty() {
            return Ok(Self { name: Text::const_new("loopback"), peer, purpose, rights: Rights::All });
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
                rights: Rights::Of { roles: key.roles.clone(), feeds: key.feeds.clone() },
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
