//! Check: which words and addresses of `wardline.toml` mean something, and where is one that does not?
//!
//! - **How it fits**: [`Config::of_text`](super::Config::of_text) makes one check per file; [`feeds`](super::feeds) and
//!   [`channels`](super::channels) add what they know.

use core::{net::SocketAddr, ops::Range};
use std::{collections::BTreeSet, path::Path};

use toml::Spanned;
use wardline_rules::{
    Text,
    time::{Span, Timestamp},
};

use super::{
    feeds::ServerTls,
    finding::{ConfigFile, Finding, Findings},
    raw::{RawFeed, RawHttp, RawKey},
    role::Role,
    secret::SecretRef,
    shape::nearest,
    wardline::{ApiKey, FeedScope, Http},
};
use crate::{codes::Code, limits::LOG_KEPT_HOURS_MIN};

/// The check of one file: what is wrong gathers, so that one run shows all of it.
pub(super) struct Check<'a> {
    pub(super) file: &'a ConfigFile,
    pub(super) base: &'a Path,
    pub(super) findings: Findings,
}

impl Check<'_> {
    pub(super) fn refuse(&mut self, code: Code, span: Range<usize>, headline: String, help: &str) {
        self.findings.push(Finding::at(code, self.file, span, headline, help));
    }

    pub(super) fn http(&mut self, raw: &RawHttp, has_keys: bool) -> Http {
        let mut http = Http {
            listen: self.address(raw.listen.as_ref(), SocketAddr::from(([127, 0, 0, 1], 8470))),
            admin: self.address(raw.admin.as_ref(), SocketAddr::from(([127, 0, 0, 1], 9471))),
            tls: None,
            admin_tls: None,
        };
        let is_plain = raw.plaintext.as_ref().filter(|is_plain| *is_plain.get_ref());
        if let (Some(is_plain), true) = (is_plain, raw.tls.is_some()) {
            let headline = "`plaintext` and `tls` exclude each other".to_owned();
            self.refuse(
                Code::WrongValue,
                is_plain.span(),
                headline,
                "Leave `plaintext` out: with `tls` nothing is plain.",
            );
        }
        let is_meant = raw.tls.is_some() || is_plain.is_some();
        for (address, key) in [(&http.listen, &raw.listen), (&http.admin, &raw.admin)] {
            if let (false, Some(text)) = (address.ip().is_loopback() || (is_meant && has_keys), key) {
                let headline = format!("`{}` would be open to the network", text.get_ref());
                let help = if is_meant {
                    "Add at least one `[[key]]`: beyond this machine nobody is known by where they are."
                } else {
                    "Add `tls = { certificate = \"…\", key = \"file:…\" }` and at least one `[[key]]`, or listen on 127.0.0.1. With a proxy in front that speaks TLS set `plaintext = true` instead."
                };
                self.refuse(Code::ListenerOpen, text.span(), headline, help);
            }
        }
        if let Some(tls) = &raw.tls
            && let Some(key) = self.secret(&tls.key)
        {
            let own = ServerTls { certificate: self.base.join(&tls.certificate), key, clients: None };
            let clients = tls.admin_clients.as_ref().map(|path| self.base.join(path));
            http.admin_tls = Some(ServerTls { clients, ..own.clone() });
            http.tls = Some(own);
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

    pub(super) fn link(&mut self, text: Option<&Spanned<String>>, http: &Http) -> String {
        let Some(text) = text else {
            let scheme = if http.tls.is_some() { "https" } else { "http" };
            return format!("{scheme}://{}", http.listen);
        };
        let link = text.get_ref().trim_end_matches('/');
        if !link.starts_with("https://") && !link.starts_with("http://") {
            let headline = format!("`{}` is no address of a web page", text.get_ref());
            self.refuse(Code::WrongValue, text.span(), headline, "Begin it with `https://`.");
        }
        link.to_owned()
    }

    /// At least three days: what was taken lately can be looked at, whatever a checkpoint says.
    pub(super) fn keep_log(&mut self, text: &Spanned<String>) -> Span {
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

    pub(super) fn secret(&mut self, text: &Spanned<String>) -> Option<SecretRef> {
        let secret = SecretRef::parse(text.get_ref());
        if secret.is_none() {
            let help = "Move it into a file with mode 0600 and write `file:PATH`, or name a variable with `env:NAME`.";
            let finding =
                Finding::at(Code::SecretInPlain, self.file, text.span(), "a secret stands in the file itself", help);
            self.findings.push(finding.without_line());
        }
        secret
    }

    pub(super) fn key(&mut self, raw: &RawKey, feeds: &[RawFeed]) -> ApiKey {
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

    pub(super) fn roles(&mut self, raw: &[Spanned<String>]) -> BTreeSet<Role> {
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

    pub(super) fn time(&mut self, text: &Spanned<String>) -> Timestamp {
        Timestamp::parse(text.get_ref()).unwrap_or_else(|| {
            let headline = format!("`{}` is no time", text.get_ref());
            self.refuse(Code::WrongValue, text.span(), headline, "Write it as `2027-01-31T00:00:00Z`.");
            Timestamp::MAX
        })
    }

    pub(super) fn unknown_word(&mut self, code: Code, what: &str, text: &Spanned<String>, known: &[&str]) {
        let headline = format!("unknown {what} `{}`", text.get_ref());
        let list = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let help = match nearest(text.get_ref(), known) {
            Some(word) => format!("Did you mean `{word}`?"),
            None => format!("This build has {list}."),
        };
        self.refuse(code, text.span(), headline, &help);
    }

    pub(super) fn missing<T>(&mut self, kind: &Spanned<String>, key: &str) -> Option<T> {
        let headline = format!("`{}` needs the key `{key}`", kind.get_ref());
        self.refuse(Code::MissingKey, kind.span(), headline, &format!("Add `{key} = \"…\"`."));
        None
    }
}
