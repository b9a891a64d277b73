//! Raw: what stands in `wardline.toml`, key by key, before anything is checked?
//!
//! - **Not here**: unknown keys ([`shape`](super::shape)), meaning ([`wardline`](super::wardline)).

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;
use wardline_connectors::codec::profile::Profile;
use wardline_rules::words::Channel;

#[derive(Deserialize)]
pub(super) struct RawConfig {
    pub(super) ward: PathBuf,
    pub(super) data: PathBuf,
    pub(super) site: Option<PathBuf>,
    pub(super) directory: Option<PathBuf>,
    pub(super) link: Option<Spanned<String>>,
    pub(super) patient_key: Option<Spanned<String>>,
    pub(super) keep_log: Option<Spanned<String>>,
    pub(super) heartbeat: Option<RawSink>,
    #[serde(default)]
    pub(super) http: RawHttp,
    #[serde(default)]
    pub(super) sql: RawSql,
    #[serde(default, rename = "key")]
    pub(super) keys: Vec<RawKey>,
    #[serde(default, rename = "feed")]
    pub(super) feeds: Vec<RawFeed>,
    #[serde(default, rename = "channel")]
    pub(super) channels: Vec<RawChannel>,
}

#[derive(Deserialize, Default)]
pub(super) struct RawHttp {
    pub(super) listen: Option<Spanned<String>>,
    pub(super) admin: Option<Spanned<String>>,
    pub(super) plaintext: Option<Spanned<bool>>,
    pub(super) tls: Option<RawHttpTls>,
}

#[derive(Deserialize)]
pub(super) struct RawHttpTls {
    pub(super) certificate: PathBuf,
    pub(super) key: Spanned<String>,
    pub(super) admin_clients: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct RawSql {
    pub(super) enabled: bool,
    pub(super) listen: Option<Spanned<String>>,
    pub(super) postgres: Option<Spanned<String>>,
    pub(super) flush_every: Option<Spanned<String>>,
    pub(super) tls: Option<RawServerTls>,
}

impl Default for RawSql {
    fn default() -> Self {
        Self { enabled: true, listen: None, postgres: None, flush_every: None, tls: None }
    }
}

#[derive(Deserialize)]
pub(super) struct RawKey {
    pub(super) name: String,
    pub(super) sha256: Spanned<String>,
    pub(super) roles: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) feeds: Vec<Spanned<String>>,
    pub(super) until: Option<Spanned<String>>,
    pub(super) scram: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RawFeed {
    pub(super) name: Spanned<String>,
    pub(super) kind: Spanned<String>,
    pub(super) path: Option<PathBuf>,
    pub(super) listen: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) plaintext: bool,
    #[serde(default)]
    pub(super) peers: Vec<Spanned<String>>,
    pub(super) tls: Option<RawServerTls>,
    pub(super) url: Option<Spanned<String>>,
    pub(super) stream: Option<String>,
    pub(super) consumer: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) format: Option<Spanned<String>>,
    pub(super) keep: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) secrets: Vec<Spanned<String>>,
    pub(super) authorities: Option<PathBuf>,
    pub(super) login: Option<RawLogin>,
    pub(super) zone: Option<Spanned<String>>,
    pub(super) authority: Option<String>,
    #[serde(default)]
    pub(super) profile: Profile,
    #[serde(default)]
    pub(super) critical: bool,
}

#[derive(Deserialize, Default)]
pub(super) struct RawLogin {
    pub(super) token: Option<Spanned<String>>,
    pub(super) user: Option<Spanned<String>>,
    pub(super) password: Option<Spanned<String>>,
    pub(super) credentials: Option<Spanned<String>>,
}

#[derive(Deserialize)]
pub(super) struct RawServerTls {
    pub(super) certificate: PathBuf,
    pub(super) key: Spanned<String>,
    pub(super) clients: Option<PathBuf>,
}

#[derive(Deserialize)]
pub(super) struct RawChannel {
    pub(super) name: Spanned<String>,
    secure_message: Option<RawSink>,
    phone: Option<RawSink>,
    sms: Option<RawSink>,
    pager: Option<RawSink>,
    email: Option<RawSink>,
    inbox: Option<RawSink>,
    worklist: Option<RawSink>,
    portal: Option<RawSink>,
    app: Option<RawSink>,
    letter: Option<RawSink>,
}

impl RawChannel {
    /// Those that were written. The keys are named one by one because places get lost in a flattened map.
    pub(super) fn sinks(&self) -> impl Iterator<Item = (Channel, &RawSink)> {
        let all = [
            (Channel::SecureMessage, &self.secure_message),
            (Channel::Phone, &self.phone),
            (Channel::Sms, &self.sms),
            (Channel::Pager, &self.pager),
            (Channel::Email, &self.email),
            (Channel::Inbox, &self.inbox),
            (Channel::Worklist, &self.worklist),
            (Channel::Portal, &self.portal),
            (Channel::App, &self.app),
            (Channel::Letter, &self.letter),
        ];
        all.into_iter().filter_map(|(channel, sink)| sink.as_ref().map(|sink| (channel, sink)))
    }
}

#[derive(Deserialize)]
pub(super) struct RawSink {
    pub(super) kind: Spanned<String>,
    pub(super) url: Option<Spanned<String>>,
    pub(super) secret: Option<Spanned<String>>,
    pub(super) class: Option<Spanned<String>>,
    pub(super) path: Option<PathBuf>,
    #[serde(default)]
    pub(super) secured: bool,
    #[serde(default)]
    pub(super) inside: bool,
    pub(super) five_hundred: Option<Spanned<String>>,
    pub(super) token: Option<Spanned<String>>,
    pub(super) account: Option<Spanned<String>>,
    pub(super) from: Option<Spanned<String>>,
    pub(super) host: Option<Spanned<String>>,
    pub(super) port: Option<u16>,
    pub(super) tls: Option<Spanned<String>>,
    pub(super) user: Option<Spanned<String>>,
    pub(super) password: Option<Spanned<String>>,
    pub(super) subject: Option<Spanned<String>>,
    pub(super) login: Option<RawLogin>,
    pub(super) authorities: Option<PathBuf>,
}
