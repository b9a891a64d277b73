//! Channels: what carries each way out?
//!
//! - **Not here**: what a kind of sink needs ([`kinds`]), who has which address ([`directory`](super::directory)), opening a
//!   sink (`dispatcher::open`).

mod kinds;

use std::{collections::BTreeSet, path::PathBuf};

use wardline_connectors::adapters::{Class, fhir::Resource, post::Terms, smtp::Server};
use wardline_rules::{Text, words::Channel};

use super::{
    broker::{Broker, LoginRef},
    check::Check,
    raw::RawChannel,
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

/// A receiver that speaks HTTP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Web {
    /// Where to.
    pub address: WebAddress,
    /// What is known about it, but for whether its readers have signed in.
    pub terms: Terms,
}

/// Where a receiver is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WebAddress {
    /// Here.
    Plain(String),
    /// Whoever knows it may write there, so it stands where secrets stand.
    Secret(SecretRef),
}

/// An account at a provider of text messages and calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// What shows that it is ours, in both directions.
    pub token: SecretRef,
    /// The number or name that messages come from.
    pub from: String,
}

/// What carries a channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SinkKind {
    /// A signed POST: where to, what signs it, what the receiver does with a second one.
    Webhook(Web, SecretRef, Class),
    /// A line in a file.
    File(PathBuf),
    /// The built-in phone.
    Screen,
    /// Wardline's own worklist.
    Worklist,
    /// A message in Slack.
    Slack(Web),
    /// A card in Teams.
    Teams(Web),
    /// An event of PagerDuty, with the integration's key.
    PagerDuty(Web, SecretRef),
    /// An alert of Alertmanager, with a token if it wants one.
    Alertmanager(Web, Option<SecretRef>),
    /// A text message.
    Sms(Web, Account),
    /// A call.
    Voice(Web, Account),
    /// A resource on a FHIR server, with a token if it wants one, and what the server does with a second one.
    Fhir(Web, Resource, Option<SecretRef>, Class),
    /// A mail: through which server, from which address, as whom.
    Smtp(Server, String, Option<(String, SecretRef)>),
    /// A message of a subject, and what its readers do with a second one.
    Nats(Broker, String, Class),
}

impl SinkKind {
    /// Every secret that it needs.
    #[must_use]
    pub fn secrets(&self) -> Vec<&SecretRef> {
        match self {
            Self::File(_) | Self::Screen | Self::Worklist => Vec::new(),
            Self::Slack(web) | Self::Teams(web) => match &web.address {
                WebAddress::Secret(secret) => vec![secret],
                WebAddress::Plain(_) => Vec::new(),
            },
            Self::Webhook(_, secret, _) | Self::PagerDuty(_, secret) => vec![secret],
            Self::Alertmanager(_, token) | Self::Fhir(_, _, token, _) => token.iter().collect(),
            Self::Sms(_, account) | Self::Voice(_, account) => vec![&account.token],
            Self::Smtp(_, _, login) => login.iter().map(|(_, password)| password).collect(),
            Self::Nats(broker, ..) => match &broker.login {
                LoginRef::None => Vec::new(),
                LoginRef::Token(secret) | LoginRef::Password(_, secret) | LoginRef::Credentials(secret) => vec![secret],
            },
        }
    }
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
}
