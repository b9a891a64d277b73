//! Feeds: by which ways do messages come in?
//!
//! - **Not here**: reading them ([`sources`](crate::sources)), what a profile means (`wardline-connectors`).

use core::net::SocketAddr;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use toml::Spanned;
use wardline_connectors::codec::profile::Profile;
use wardline_rules::{Text, time::Span};

use super::{
    broker::Broker,
    check::Check,
    network::{Network, NoNetwork},
    raw::RawFeed,
    secret::SecretRef,
    site::span,
};
use crate::{
    codes::Code,
    intake::Format,
    limits::{FEED_SECRETS_MAX, FOLDER_KEPT_DAYS},
};

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
    /// What signs its webhooks: two while one is changed for another; none if it sends none.
    pub secrets: Vec<SecretRef>,
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
    /// HL7 v2 over MLLP.
    Mllp(Listen),
    /// A JetStream stream.
    Nats(Stream),
    /// Files that are put into a folder.
    Folder(Watched),
}

/// A folder into which senders put files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Watched {
    /// The folder.
    pub path: PathBuf,
    /// How its files are written.
    pub format: Format,
    /// How long files are kept when all of them is on disk here.
    pub keep: Span,
}

/// Which messages of which stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stream {
    /// The server.
    pub broker: Broker,
    /// The stream's name.
    pub stream: String,
    /// The durable consumer's name.
    pub consumer: String,
    /// Only messages of these subjects.
    pub subject: Option<String>,
    /// How messages without a content type are written.
    pub format: Format,
}

/// Where a feed listens, and to whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listen {
    /// The address.
    pub address: SocketAddr,
    /// From where connections are taken; empty: from everywhere.
    pub peers: Vec<Network>,
    /// With what it is secured, if it is.
    pub tls: Option<ServerTls>,
}

/// The files of a TLS listener.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerTls {
    /// Our certificate and those between it and its authority, as PEM.
    pub certificate: PathBuf,
    /// Its key, as PEM.
    pub key: SecretRef,
    /// Authorities of the senders' certificates, as PEM; `None`: a sender needs none.
    pub clients: Option<PathBuf>,
}

impl Check<'_> {
    pub(super) fn feeds(&mut self, raw: &[RawFeed]) -> Vec<Feed> {
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
            secrets: self.secrets(raw),
        })
    }

    fn secrets(&mut self, raw: &RawFeed) -> Vec<SecretRef> {
        if let Some(third) = raw.secrets.get(FEED_SECRETS_MAX) {
            let headline = format!("`{}` has more than {FEED_SECRETS_MAX} secrets", raw.name.get_ref());
            self.refuse(Code::WrongValue, third.span(), headline, "Keep the new one and the one before it.");
        }
        raw.secrets.iter().take(FEED_SECRETS_MAX).filter_map(|text| self.secret(text)).collect()
    }

    fn feed_kind(&mut self, raw: &RawFeed) -> Option<FeedKind> {
        match (raw.kind.get_ref().as_str(), raw.path.as_deref()) {
            ("http", _) => Some(FeedKind::Http),
            ("file", Some(path)) if path == Path::new("-") => Some(FeedKind::Stdin),
            ("file", Some(path)) => Some(FeedKind::File(self.base.join(path))),
            ("file", None) => self.missing(&raw.kind, "path"),
            ("mllp", _) => self.mllp(raw).map(FeedKind::Mllp),
            ("nats", _) => self.stream(raw).map(FeedKind::Nats),
            ("folder", Some(path)) => self.watched(raw, path).map(FeedKind::Folder),
            ("folder", None) => self.missing(&raw.kind, "path"),
            _ => {
                self.unknown_word(
                    Code::UnknownKind,
                    "kind of feed",
                    &raw.kind,
                    &["http", "file", "folder", "mllp", "nats"],
                );
                None
            }
        }
    }

    fn mllp(&mut self, raw: &RawFeed) -> Option<Listen> {
        let Some(listen) = &raw.listen else { return self.missing(&raw.kind, "listen") };
        let address = self.address(Some(listen), SocketAddr::from(([127, 0, 0, 1], 0)));
        let peers = self.peers(&raw.peers);
        let is_meant = raw.plaintext && !raw.peers.is_empty();
        if raw.tls.is_none() && !address.ip().is_loopback() && !is_meant {
            let headline = format!("`{}` would be open to the network", listen.get_ref());
            let help = "Add `tls = { certificate = \"…\", key = \"file:…\", clients = \"…\" }`, or set `plaintext = true` and name the senders under `peers`.";
            self.refuse(Code::ListenerOpen, listen.span(), headline, help);
        }
        let tls = match &raw.tls {
            None => None,
            Some(tls) => Some(ServerTls {
                certificate: self.base.join(&tls.certificate),
                key: self.secret(&tls.key)?,
                clients: tls.clients.as_ref().map(|path| self.base.join(path)),
            }),
        };
        Some(Listen { address, peers, tls })
    }

    fn stream(&mut self, raw: &RawFeed) -> Option<Stream> {
        let Some(url) = &raw.url else { return self.missing(&raw.kind, "url") };
        let Some(stream) = &raw.stream else { return self.missing(&raw.kind, "stream") };
        let Some(consumer) = &raw.consumer else { return self.missing(&raw.kind, "consumer") };
        let broker = self.broker(url, raw.login.as_ref(), raw.authorities.as_deref())?;
        let format = self.format(raw.format.as_ref())?;
        let (stream, consumer, subject) = (stream.clone(), consumer.clone(), raw.subject.clone());
        Some(Stream { broker, stream, consumer, subject, format })
    }

    fn watched(&mut self, raw: &RawFeed, path: &Path) -> Option<Watched> {
        let Some(format) = &raw.format else { return self.missing(&raw.kind, "format") };
        let format = self.format(Some(format))?;
        let default = Span::from_minutes(FOLDER_KEPT_DAYS * 24 * 60);
        let keep = match &raw.keep {
            None => default,
            Some(text) => span(text.get_ref()).unwrap_or_else(|| {
                let headline = format!("`{}` is no length of time", text.get_ref());
                self.refuse(Code::WrongValue, text.span(), headline, "Write it as `24h` or `30d`.");
                default
            }),
        };
        Some(Watched { path: self.base.join(path), format, keep })
    }

    fn format(&mut self, text: Option<&Spanned<String>>) -> Option<Format> {
        let Some(text) = text else { return Some(Format::Json) };
        let found = Format::ALL.iter().find(|(_, word)| word == text.get_ref());
        if found.is_none() {
            let words: Vec<&str> = Format::ALL.iter().map(|(_, word)| *word).collect();
            self.unknown_word(Code::WrongValue, "format", text, &words);
        }
        found.map(|(format, _)| *format)
    }

    fn peers(&mut self, raw: &[Spanned<String>]) -> Vec<Network> {
        let mut peers = Vec::new();
        for text in raw {
            match text.get_ref().parse() {
                Ok(network) => peers.push(network),
                Err(NoNetwork) => {
                    let headline = format!("`{}` is no address and no network", text.get_ref());
                    self.refuse(Code::WrongValue, text.span(), headline, "Write `10.1.2.3` or `10.0.0.0/8`.");
                }
            }
        }
        peers
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
