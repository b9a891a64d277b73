//! Channels: what carries each way out?
//!
//! - **Not here**: who has which address ([`directory`](super::directory)), opening a sink (`dispatcher::sinks`).

use std::{collections::BTreeSet, path::PathBuf};

use wardline_connectors::adapters::Class;
use wardline_rules::{Text, words::Channel};

use super::{
    check::Check,
    raw::{RawChannel, RawSink},
    secret::SecretRef,
};
use crate::codes::Code;

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

impl Check<'_> {
    pub(super) fn channels(&mut self, raw: &[RawChannel]) -> Vec<Sink> {
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

    pub(super) fn sink_kind(&mut self, raw: &RawSink) -> Option<SinkKind> {
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
