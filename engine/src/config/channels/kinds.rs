//! Kinds: which keys does each kind of sink need?
//!
//! - **Not here**: unknown keys; the schema knows those ([`shape`](super::super::shape)).

use toml::Spanned;
use wardline_connectors::adapters::{
    Class,
    fhir::Resource,
    pagerduty,
    post::Terms,
    smtp::{Security, Server},
    twilio,
};

use super::{Account, SinkKind, Web, WebAddress};
use crate::{
    codes::Code,
    config::{check::Check, raw::RawSink, secret::SecretRef},
};

/// The words for kinds of sinks.
const KINDS: [&str; 14] = [
    "webhook",
    "file",
    "slack",
    "teams",
    "pagerduty",
    "alertmanager",
    "twilio",
    "twilio-voice",
    "fhir-communication",
    "fhir-task",
    "smtp",
    "nats",
    "worklist",
    "screen",
];

impl Check<'_> {
    pub(in crate::config) fn sink_kind(&mut self, raw: &RawSink) -> Option<SinkKind> {
        match raw.kind.get_ref().as_str() {
            "webhook" => {
                let (web, secret) = (self.web(raw, None)?, self.needed_secret(raw, raw.secret.as_ref(), "secret")?);
                Some(SinkKind::Webhook(web, secret, self.class(raw, true)))
            }
            "file" => match &raw.path {
                Some(path) => Some(SinkKind::File(self.base.join(path))),
                None => self.missing(&raw.kind, "path"),
            },
            "screen" => Some(SinkKind::Screen),
            "worklist" => Some(SinkKind::Worklist),
            "slack" => Some(SinkKind::Slack(self.hidden_web(raw)?)),
            "teams" => Some(SinkKind::Teams(self.hidden_web(raw)?)),
            "pagerduty" => {
                let token = self.needed_secret(raw, raw.token.as_ref(), "token")?;
                Some(SinkKind::PagerDuty(self.web(raw, Some(pagerduty::ADDRESS))?, token))
            }
            "alertmanager" => {
                Some(SinkKind::Alertmanager(self.web(raw, None)?, self.given_secret(raw.token.as_ref())?))
            }
            "twilio" => Some(SinkKind::Sms(self.web(raw, Some(twilio::ADDRESS))?, self.account(raw)?)),
            "twilio-voice" => Some(SinkKind::Voice(self.web(raw, Some(twilio::ADDRESS))?, self.account(raw)?)),
            "fhir-communication" => self.fhir(raw, Resource::Communication),
            "fhir-task" => self.fhir(raw, Resource::Task),
            "smtp" => self.smtp(raw),
            "nats" => {
                let Some(url) = &raw.url else { return self.missing(&raw.kind, "url") };
                let Some(subject) = &raw.subject else { return self.missing(&raw.kind, "subject") };
                let broker = self.broker(url, raw.login.as_ref(), raw.authorities.as_deref())?;
                Some(SinkKind::Nats(broker, self.subject(subject)?, self.class(raw, false)))
            }
            _ => {
                self.unknown_word(Code::UnknownKind, "kind of sink", &raw.kind, &KINDS);
                None
            }
        }
    }

    /// A receiver whose address stands in the file, or is known.
    fn web(&mut self, raw: &RawSink, known: Option<&str>) -> Option<Web> {
        let address = raw.url.as_ref().map(|url| url.get_ref().clone()).or_else(|| known.map(str::to_owned));
        match address {
            Some(address) => Some(Web { address: WebAddress::Plain(address), terms: self.terms(raw) }),
            None => self.missing(&raw.kind, "url"),
        }
    }

    /// A receiver whose address is the secret.
    fn hidden_web(&mut self, raw: &RawSink) -> Option<Web> {
        let secret = self.needed_secret(raw, raw.url.as_ref(), "url")?;
        Some(Web { address: WebAddress::Secret(secret), terms: self.terms(raw) })
    }

    fn needed_secret(&mut self, raw: &RawSink, text: Option<&Spanned<String>>, key: &str) -> Option<SecretRef> {
        match text {
            Some(text) => self.secret(text),
            None => self.missing(&raw.kind, key),
        }
    }

    /// A secret that may be left out; `None` if it was written and cannot be.
    #[expect(clippy::option_option, reason = "left out, written, and written wrongly are three things")]
    fn given_secret(&mut self, text: Option<&Spanned<String>>) -> Option<Option<SecretRef>> {
        match text {
            Some(text) => self.secret(text).map(Some),
            None => Some(None),
        }
    }

    fn account(&mut self, raw: &RawSink) -> Option<Account> {
        let Some(name) = &raw.account else { return self.missing(&raw.kind, "account") };
        let Some(from) = &raw.from else { return self.missing(&raw.kind, "from") };
        let token = self.needed_secret(raw, raw.token.as_ref(), "token")?;
        Some(Account { name: name.get_ref().clone(), token, from: from.get_ref().clone() })
    }

    fn fhir(&mut self, raw: &RawSink, resource: Resource) -> Option<SinkKind> {
        let (web, token) = (self.web(raw, None)?, self.given_secret(raw.token.as_ref())?);
        Some(SinkKind::Fhir(web, resource, token, self.class(raw, true)))
    }

    fn smtp(&mut self, raw: &RawSink) -> Option<SinkKind> {
        let Some(host) = &raw.host else { return self.missing(&raw.kind, "host") };
        let Some(from) = &raw.from else { return self.missing(&raw.kind, "from") };
        let security = raw.tls.as_ref().map_or(Some(Security::StartTls), |word| match word.get_ref().as_str() {
            "starttls" => Some(Security::StartTls),
            "implicit" => Some(Security::Implicit),
            "none" => Some(Security::None),
            _ => {
                self.unknown_word(Code::WrongValue, "kind of TLS", word, &["starttls", "implicit", "none"]);
                None
            }
        })?;
        let login = match (&raw.user, &raw.password) {
            (None, None) => None,
            (Some(user), Some(password)) => Some((user.get_ref().clone(), self.secret(password)?)),
            (Some(user), None) => return self.missing(user, "password"),
            (None, Some(_)) => return self.missing(&raw.kind, "user"),
        };
        let server = Server { host: host.get_ref().clone(), port: raw.port, security, is_inside: raw.inside };
        Some(SinkKind::Smtp(server, from.get_ref().clone(), login))
    }

    /// A subject that means itself.
    fn subject(&mut self, text: &Spanned<String>) -> Option<String> {
        let is_plain = !text.get_ref().is_empty()
            && !text.get_ref().contains(|sign: char| sign.is_whitespace() || sign == '*' || sign == '>');
        if !is_plain {
            let headline = format!("`{}` is no subject to publish to", text.get_ref());
            self.refuse(
                Code::WrongValue,
                text.span(),
                headline,
                "Write one without wildcards, such as `wardline.notices`.",
            );
        }
        is_plain.then(|| text.get_ref().clone())
    }

    /// - **Input** `can_ask`: whether we know how to ask such a receiver.
    fn class(&mut self, raw: &RawSink, can_ask: bool) -> Class {
        raw.class.as_ref().map_or(Class::Neither, |text| match text.get_ref().as_str() {
            "keyed" => Class::Keyed,
            "queryable" if can_ask => Class::Queryable,
            "none" => Class::Neither,
            _ => {
                let words: &[&str] = if can_ask { &["keyed", "queryable", "none"] } else { &["keyed", "none"] };
                self.unknown_word(Code::WrongValue, "class", text, words);
                Class::Neither
            }
        })
    }

    /// What the operator says about a receiver.
    fn terms(&mut self, raw: &RawSink) -> Terms {
        let word = raw.five_hundred.as_ref();
        let five_hundred_not_done = word.is_some_and(|text| text.get_ref() == "not done");
        if let Some(text) = word.filter(|text| !["not done", "unknown"].contains(&text.get_ref().as_str())) {
            self.unknown_word(Code::WrongValue, "meaning of 5xx", text, &["not done", "unknown"]);
        }
        Terms { is_secured: raw.secured, is_inside: raw.inside, five_hundred_not_done }
    }
}
