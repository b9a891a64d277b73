//! Wardline: what does this installation run, where, and how does it reach people?
//!
//! [`Config`] is what `wardline.toml` says once every name, address and reference in it was checked.
//!
//! - **How it fits**: [`Config::load`] at start; the runtime, the listeners and the dispatcher take their parts.
//! - **Not here**: what decisions need ([`site`](super::site)), who has which address ([`directory`](super::directory)).

use core::net::SocketAddr;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use wardline_rules::{
    Text,
    time::{Span, Timestamp},
    words::Channel,
};

use super::{
    channels::{Sink, SinkKind},
    check::Check,
    feeds::{Feed, ServerTls},
    finding::Findings,
    raw::RawConfig,
    read::{parse, read_text},
    role::Role,
    schema,
    secret::SecretRef,
    sql::SqlListeners,
};

/// An installation, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Where relative paths begin: the folder of `wardline.toml`.
    pub base: PathBuf,
    /// The ward: a folder, or one file.
    pub ward: PathBuf,
    /// The data directory.
    pub data: PathBuf,
    /// `site.toml`.
    pub site: PathBuf,
    /// `directory.csv`.
    pub directory: PathBuf,
    /// What links in notices begin with, without a final slash.
    pub link: String,
    /// The key of patient tokens; `None`: one in the data directory.
    pub patient_key: Option<SecretRef>,
    /// For how long the log is kept behind the checkpoints; `None`: for ever.
    pub keep_log: Option<Span>,
    /// Who misses us when we are silent: what carries the heartbeat.
    pub heartbeat: Option<SinkKind>,
    /// The listeners.
    pub http: Http,
    /// The query process; `None` if no tables are kept.
    pub sql: Option<SqlListeners>,
    /// API keys.
    pub keys: Vec<ApiKey>,
    /// Ways in.
    pub feeds: Vec<Feed>,
    /// Ways out.
    pub channels: Vec<Sink>,
}

/// The two listeners.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Http {
    /// Events, answers, reports.
    pub listen: SocketAddr,
    /// Metrics and health.
    pub admin: SocketAddr,
    /// With what `listen` is secured, if it is.
    pub tls: Option<ServerTls>,
    /// With what `admin` is: the same certificate, and authorities of those who may ask.
    pub admin_tls: Option<ServerTls>,
}

/// A key and what it may do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiKey {
    /// Who has it.
    pub name: Text,
    /// SHA-256 of the key.
    pub sha256: [u8; 32],
    /// What it may do.
    pub roles: BTreeSet<Role>,
    /// For which feeds it may speak.
    pub feeds: FeedScope,
    /// When it ends.
    pub until: Timestamp,
    /// What checks its password on the Postgres wire.
    pub scram: Option<String>,
}

/// For which feeds a key may speak.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FeedScope {
    /// For all of them, and for sources that are no feed.
    All,
    /// For these, in lower case; without a word in the file, the one that the key is named after.
    Of(BTreeSet<Text>),
}

impl Config {
    /// Reads and checks `wardline.toml`.
    ///
    /// # Errors
    /// Everything wrong in it, with places.
    pub fn load(path: &Path) -> Result<Self, Findings> {
        let text = read_text(path)?;
        let base = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self::of_text(&path.display().to_string(), &text, base)
    }

    /// Checks the text of a `wardline.toml` that lies in `base`.
    ///
    /// # Errors
    /// Everything wrong in it, with places.
    pub fn of_text(name: &str, text: &str, base: &Path) -> Result<Self, Findings> {
        let (file, raw) = parse::<RawConfig>(name, text, &schema::wardline())?;
        let mut check = Check { file: &file, base, findings: Findings::default() };
        let http = check.http(&raw.http, !raw.keys.is_empty());
        let config = Self {
            base: base.to_owned(),
            ward: base.join(&raw.ward),
            data: base.join(&raw.data),
            site: base.join(raw.site.as_deref().unwrap_or(Path::new("site.toml"))),
            directory: base.join(raw.directory.as_deref().unwrap_or(Path::new("directory.csv"))),
            link: check.link(raw.link.as_ref(), &http),
            patient_key: raw.patient_key.as_ref().and_then(|text| check.secret(text)),
            sql: check.sql(&raw.sql, !raw.keys.is_empty()),
            keep_log: raw.keep_log.as_ref().map(|text| check.keep_log(text)),
            heartbeat: raw.heartbeat.as_ref().and_then(|sink| check.sink_kind(sink)),
            keys: raw.keys.iter().map(|key| check.key(key, &raw.feeds)).collect(),
            feeds: check.feeds(&raw.feeds),
            channels: check.channels(&raw.channels),
            http,
        };
        check.findings.or(config)
    }

    /// The sink of a channel that the ward calls `via`.
    #[must_use]
    pub fn sink(&self, via: &str, channel: Channel) -> Option<&Sink> {
        self.channels.iter().find(|sink| sink.via == via && sink.channel == channel)
    }
}
