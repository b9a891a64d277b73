//! Wardline: what does this installation run, where, and how does it reach people?
//!
//! [`Config`] is what `wardline.toml` says once every name, address and reference in it was checked.
//!
//! - **How it fits**: [`Config::load`] at start; the runtime, the listeners and the dispatcher take their parts.
//! - **Not here**: what decisions need ([`site`](super::site)), who has which address ([`directory`](super::directory)).

use core::{net::SocketAddr, ops::Range};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use toml::Spanned;
use wardline_connectors::{adapters::Class, codec::profile::Profile};
use wardline_rules::{
    Text,
    time::{Span, Timestamp},
    words::Channel,
};

use super::{
    finding::{ConfigFile, Finding, Findings},
    raw::{RawChannel, RawConfig, RawFeed, RawHttp, RawKey, RawSink},
    read::{parse, read_text},
    role::Role,
    schema,
    secret::SecretRef,
    shape::nearest,
    sql::SqlListeners,
};
use crate::{codes::Code, limits::LOG_KEPT_HOURS_MIN};

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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Http {
    /// Events, answers, reports.
    pub listen: SocketAddr,
    /// Metrics and health.
    pub admin: SocketAddr,
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

/// A way in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Feed {
    /// The source of its events, in lower case.
    pub name: Text,
    /// How it comes.
    pub kind: FeedKind,
    /// What is particular about its messages.
    pub profile: Profile,
    /// Whether all it sends counts as critical under pressure.
    pub critical: bool,
}

/// How a feed comes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FeedKind {
    /// To the HTTP API.
    Http,
    /// Lines of a growing file.
    File(PathBuf),
    /// Lines of standard input.
    Stdin,
}

/// A way out: one channel of one `[[channel]]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sink {
    /// Name of the `[[channel]]`: what a ward calls `via`.
    pub via: Text,
    /// Which channel.
    pub channel: Channel,
    /// What carries it.
    pub kind: SinkKind,
    /// Whether its readers have signed in.
    pub secured: bool,
}

/// What carries a channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SinkKind {
    /// A signed POST.
    Webhook {
        /// Where to.
        url: String,
        /// What signs it.
        secret: SecretRef,
        /// What the receiver does with a second one.
        class: Class,
        /// Whether a 5xx means that nothing was done.
        five_hundred_not_done: bool,
        /// Whether it stands inside our own network, so that private addresses are meant.
        is_inside: bool,
    },
    /// A line in a file.
    File(PathBuf),
    /// The built-in phone.
    Screen,
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
            sql: check.sql(&raw.sql),
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

/// The check of one file: what is wrong gathers, so that one run shows all of it.
pub(super) struct Check<'a> {
    file: &'a ConfigFile,
    base: &'a Path,
    findings: Findings,
}

impl Check<'_> {
    pub(super) fn refuse(&mut self, code: Code, span: Range<usize>, headline: String, help: &str) {
        self.findings.push(Finding::at(code, self.file, span, headline, help));
    }

    fn http(&mut self, raw: &RawHttp, has_keys: bool) -> Http {
        let mut http = Http {
            listen: self.address(raw.listen.as_ref(), SocketAddr::from(([127, 0, 0, 1], 8470))),
            admin: self.address(raw.admin.as_ref(), SocketAddr::from(([127, 0, 0, 1], 9471))),
        };
        for (address, key) in [(&mut http.listen, &raw.listen), (&mut http.admin, &raw.admin)] {
            if let (false, Some(text)) = (address.ip().is_loopback() || (raw.plaintext && has_keys), key) {
                let headline = format!("`{}` would be open to the network", text.get_ref());
                let help = "Listen on 127.0.0.1 behind a proxy that speaks TLS, or set `plaintext = true` and at least one `[[key]]`.";
                self.refuse(Code::ListenerOpen, text.span(), headline, help);
            }
        }
        http
    }

    pub(super) fn address(&mut self, text: Option<&Spanned<String>>, default: SocketAddr) -> SocketAddr {
        let Some(text) = text else { return default };
        text.get_ref().parse().unwrap_or_else(|_| {
            let headline = format!("`{}` is no address with a port", text.get_ref());
            self.refuse(Code::WrongValue, text.span(), headline, "Write an address such as `127.0.0.1:8470`.");
            default
        })
    }

    fn link(&mut self, text: Option<&Spanned<String>>, http: &Http) -> String {
        let Some(text) = text else { return format!("http://{}", http.listen) };
        let link = text.get_ref().trim_end_matches('/');
        if !link.starts_with("https://") && !link.starts_with("http://") {
            let headline = format!("`{}` is no address of a web page", text.get_ref());
            self.refuse(Code::WrongValue, text.span(), headline, "Begin it with `https://`.");
        }
        link.to_owned()
    }

    /// At least three days: what was taken lately can be looked at, whatever a checkpoint says.
    fn keep_log(&mut self, text: &Spanned<String>) -> Span {
        let least = Span::from_minutes(LOG_KEPT_HOURS_MIN * 60);
        match super::site::span(text.get_ref()) {
            Some(span) if span >= least => span,
            _ => {
                let headline = format!("`{}` is no time to keep the log for", text.get_ref());
                self.refuse(Code::WrongValue, text.span(), headline, "Write at least `72h`, such as `35d`.");
                least
            }
        }
    }

    fn secret(&mut self, text: &Spanned<String>) -> Option<SecretRef> {
        let secret = SecretRef::parse(text.get_ref());
        if secret.is_none() {
            let help = "Move it into a file with mode 0600 and write `file:PATH`, or name a variable with `env:NAME`.";
            let finding =
                Finding::at(Code::SecretInPlain, self.file, text.span(), "a secret stands in the file itself", help);
            self.findings.push(finding.without_line());
        }
        secret
    }

    fn key(&mut self, raw: &RawKey, feeds: &[RawFeed]) -> ApiKey {
        let mut sha256 = [0; 32];
        let digits = data_encoding::HEXLOWER_PERMISSIVE.decode(raw.sha256.get_ref().as_bytes()).unwrap_or_default();
        match <[u8; 32]>::try_from(digits) {
            Ok(bytes) => sha256 = bytes,
            Err(_) => {
                let headline = "a key's hash is not 64 hexadecimal digits".to_owned();
                let finding = Finding::at(
                    Code::WrongValue,
                    self.file,
                    raw.sha256.span(),
                    headline,
                    "Write the output of `printf %s KEY | sha256sum`.",
                );
                self.findings.push(finding.without_line());
            }
        }
        let until = raw.until.as_ref().map_or(Timestamp::MAX, |text| self.time(text));
        let roles = self.roles(&raw.roles);
        ApiKey {
            name: Text::from(&raw.name),
            sha256,
            roles,
            feeds: self.feed_scope(raw, feeds),
            until,
            scram: raw.scram.clone(),
        }
    }

    /// `["*"]` is all; without the key, the feed of the same name.
    fn feed_scope(&mut self, raw: &RawKey, feeds: &[RawFeed]) -> FeedScope {
        if matches!(raw.feeds.as_slice(), [all] if all.get_ref() == "*") {
            return FeedScope::All;
        }
        let known: Vec<String> = feeds.iter().map(|feed| feed.name.get_ref().to_lowercase()).collect();
        let words: Vec<&str> = known.iter().map(String::as_str).collect();
        for name in &raw.feeds {
            if !known.contains(&name.get_ref().to_lowercase()) {
                self.unknown_word(Code::WrongValue, "feed", name, &words);
            }
        }
        let own = raw.feeds.is_empty().then(|| raw.name.to_lowercase());
        let named = raw.feeds.iter().map(|name| name.get_ref().to_lowercase());
        FeedScope::Of(own.into_iter().chain(named).map(|name| Text::from(&name)).collect())
    }

    fn roles(&mut self, raw: &[Spanned<String>]) -> BTreeSet<Role> {
        let words: Vec<&str> = Role::ALL.iter().map(|(_, word)| *word).collect();
        let mut roles = BTreeSet::new();
        for text in raw {
            match Role::ALL.iter().find(|(_, word)| word == text.get_ref()) {
                Some((role, _)) => _ = roles.insert(*role),
                None => self.unknown_word(Code::WrongValue, "role", text, &words),
            }
        }
        roles
    }

    fn time(&mut self, text: &Spanned<String>) -> Timestamp {
        Timestamp::parse(text.get_ref()).unwrap_or_else(|| {
            let headline = format!("`{}` is no time", text.get_ref());
            self.refuse(Code::WrongValue, text.span(), headline, "Write it as `2027-01-31T00:00:00Z`.");
            Timestamp::MAX
        })
    }

    fn unknown_word(&mut self, code: Code, what: &str, text: &Spanned<String>, known: &[&str]) {
        let headline = format!("unknown {what} `{}`", text.get_ref());
        let list = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let help = match nearest(text.get_ref(), known) {
            Some(word) => format!("Did you mean `{word}`?"),
            None => format!("This build has {list}."),
        };
        self.refuse(code, text.span(), headline, &help);
    }

    fn feeds(&mut self, raw: &[RawFeed]) -> Vec<Feed> {
        let mut names = BTreeSet::new();
        let mut feeds = Vec::new();
        for feed in raw {
            if !names.insert(feed.name.get_ref().to_lowercase()) {
                let headline = format!("two feeds are called `{}`", feed.name.get_ref());
                self.refuse(Code::NameTwice, feed.name.span(), headline, "Give each its own name.");
            }
            feeds.extend(self.feed(feed));
        }
        feeds
    }

    fn feed(&mut self, raw: &RawFeed) -> Option<Feed> {
        let name = raw.name.get_ref().to_lowercase();
        let is_name = name.len() <= 64
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if !is_name {
            let headline = format!("`{}` cannot be the name of a feed", raw.name.get_ref());
            self.refuse(Code::WrongValue, raw.name.span(), headline, "Use up to 64 letters, digits, `.`, `_` and `-`.");
        }
        if let Some(zone) = raw.zone.as_ref().filter(|zone| wardline_rules::time::zone(zone.get_ref()).is_none()) {
            let headline = format!("unknown zone `{}`", zone.get_ref());
            self.refuse(Code::WrongValue, zone.span(), headline, "Write an IANA name such as `America/Chicago`.");
        }
        Some(Feed {
            name: Text::from(&name),
            kind: self.feed_kind(raw)?,
            profile: profile(raw, &name),
            critical: raw.critical,
        })
    }

    fn feed_kind(&mut self, raw: &RawFeed) -> Option<FeedKind> {
        match (raw.kind.get_ref().as_str(), raw.path.as_deref()) {
            ("http", _) => Some(FeedKind::Http),
            ("file", Some(path)) if path == Path::new("-") => Some(FeedKind::Stdin),
            ("file", Some(path)) => Some(FeedKind::File(self.base.join(path))),
            ("file", None) => self.missing(&raw.kind, "path"),
            _ => {
                self.unknown_word(Code::UnknownKind, "kind of feed", &raw.kind, &["http", "file"]);
                None
            }
        }
    }

    fn missing<T>(&mut self, kind: &Spanned<String>, key: &str) -> Option<T> {
        let headline = format!("`{}` needs the key `{key}`", kind.get_ref());
        self.refuse(Code::MissingKey, kind.span(), headline, &format!("Add `{key} = \"…\"`."));
        None
    }

    fn channels(&mut self, raw: &[RawChannel]) -> Vec<Sink> {
        let mut names = BTreeSet::new();
        let mut sinks = Vec::new();
        for channel in raw {
            if !names.insert(channel.name.get_ref()) {
                let headline = format!("two channels are called `{}`", channel.name.get_ref());
                self.refuse(Code::NameTwice, channel.name.span(), headline, "Join them, or rename one.");
            }
            let via = Text::from(channel.name.get_ref());
            sinks.extend(channel.sinks().filter_map(|(word, sink)| {
                let kind = self.sink_kind(sink)?;
                Some(Sink { via: via.clone(), channel: word, kind, secured: sink.secured })
            }));
        }
        sinks
    }

    fn sink_kind(&mut self, raw: &RawSink) -> Option<SinkKind> {
        match raw.kind.get_ref().as_str() {
            "webhook" => self.webhook(raw),
            "file" => match &raw.path {
                Some(path) => Some(SinkKind::File(self.base.join(path))),
                None => self.missing(&raw.kind, "path"),
            },
            "screen" => Some(SinkKind::Screen),
            _ => {
                self.unknown_word(Code::UnknownKind, "kind of sink", &raw.kind, &["webhook", "file", "screen"]);
                None
            }
        }
    }

    fn webhook(&mut self, raw: &RawSink) -> Option<SinkKind> {
        let Some(url) = &raw.url else { return self.missing(&raw.kind, "url") };
        let Some(secret) = &raw.secret else { return self.missing(&raw.kind, "secret") };
        let class = raw.class.as_ref().map_or(Class::Neither, |text| match text.get_ref().as_str() {
            "keyed" => Class::Keyed,
            "queryable" => Class::Queryable,
            "none" => Class::Neither,
            _ => {
                self.unknown_word(Code::WrongValue, "class", text, &["keyed", "queryable", "none"]);
                Class::Neither
            }
        });
        Some(SinkKind::Webhook {
            url: url.get_ref().clone(),
            secret: self.secret(secret)?,
            class,
            five_hundred_not_done: raw.five_hundred.as_ref().is_some_and(|text| text.get_ref() == "not done"),
            is_inside: raw.inside,
        })
    }
}

/// The feed's own profile, with the two keys that most feeds need.
fn profile(raw: &RawFeed, name: &str) -> Profile {
    let mut profile = raw.profile.clone();
    profile.source = Text::from(name);
    if let Some(zone) = raw.zone.as_ref().and_then(|zone| wardline_rules::time::zone(zone.get_ref())) {
        profile.zone = Some(zone);
    }
    if let Some(authority) = &raw.authority {
        for namespace in
            [&mut profile.authorities.placer, &mut profile.authorities.filler, &mut profile.authorities.accession]
        {
            if namespace.is_empty() {
                *namespace = Text::from(authority);
            }
        }
    }
    profile
}
