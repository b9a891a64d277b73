//! Open: can what the configuration says be set up?
//!
//! - **How it fits**: [`Sinks`](super::sinks::Sinks) opens every sink at the start; `wardline doctor` does the same.
//! - INVARIANT: no secret is part of a finding.
//! - **Not here**: whether the receiver is there ([`Sink::probe`]).

use std::{path::Path, sync::Arc};

use wardline_connectors::adapters::{
    Sink, alertmanager, fhir,
    file::FileSink,
    pagerduty,
    post::Error,
    slack,
    smtp::{self, Smtp},
    subject::Subject,
    teams, twilio, webhook,
};

use super::listed::Listed;
use crate::{
    codes::Code,
    config::{
        Finding, Secret, SecretRef, SinkKind,
        channels::{Account, Web, WebAddress},
    },
};

/// Sets one sink up.
///
/// - **Input** `screen`: the built-in phone, where there is one. `base`: where relative references begin.
///
/// # Errors
/// Why it cannot be set up.
pub(crate) fn open(
    kind: &SinkKind,
    is_secured: bool,
    base: &Path,
    screen: Option<&Arc<dyn Sink>>,
) -> Result<Arc<dyn Sink>, Finding> {
    let text = |secret: &SecretRef| secret.read(base);
    Ok(match kind {
        SinkKind::File(path) => Arc::new(FileSink::new(path.clone(), is_secured)),
        SinkKind::Worklist => Arc::new(Listed { is_secured }),
        SinkKind::Screen => return screen.map(Arc::clone).ok_or_else(no_screen),
        SinkKind::Webhook(web, secret, class) => {
            let (url, secret) = (address(web, base)?, text(secret)?);
            Arc::new(webhook::open(&url, secret.expose(), *class, web.terms).map_err(|error| unfit("webhook", error))?)
        }
        SinkKind::Slack(web) => {
            Arc::new(slack::open(&address(web, base)?, web.terms).map_err(|error| unfit("slack", error))?)
        }
        SinkKind::Teams(web) => {
            Arc::new(teams::open(&address(web, base)?, web.terms).map_err(|error| unfit("teams", error))?)
        }
        SinkKind::PagerDuty(web, token) => {
            let (url, token) = (address(web, base)?, text(token)?);
            Arc::new(pagerduty::open(&url, token.expose(), web.terms).map_err(|error| unfit("pagerduty", error))?)
        }
        SinkKind::Alertmanager(web, token) => {
            let (url, token) = (address(web, base)?, token.as_ref().map(text).transpose()?);
            let sink = alertmanager::open(&url, token.as_ref().map(Secret::expose), web.terms);
            Arc::new(sink.map_err(|error| unfit("alertmanager", error))?)
        }
        SinkKind::Fhir(web, resource, token, class) => {
            let (url, token) = (address(web, base)?, token.as_ref().map(text).transpose()?);
            let sink = fhir::open(&url, *resource, token.as_ref().map(Secret::expose), *class, web.terms);
            Arc::new(sink.map_err(|error| unfit("fhir", error))?)
        }
        SinkKind::Sms(web, given) => {
            let sink = twilio::sms::open(&address(web, base)?, account(given, base)?, web.terms);
            Arc::new(sink.map_err(|error| unfit("twilio", error))?)
        }
        SinkKind::Voice(web, given) => {
            let sink = twilio::voice::open(&address(web, base)?, account(given, base)?, web.terms);
            Arc::new(sink.map_err(|error| unfit("twilio-voice", error))?)
        }
        SinkKind::Smtp(server, from, login) => {
            let login = match login {
                Some((user, password)) => {
                    Some(smtp::Login::new(user, text(password)?.expose()).map_err(|error| unfit("smtp", error))?)
                }
                None => None,
            };
            Arc::new(Smtp::new(server.clone(), from, login, is_secured).map_err(|error| unfit("smtp", error))?)
        }
        SinkKind::Nats(broker, subject, class) => {
            Arc::new(Subject::new(broker.server(base)?, subject.clone(), *class, is_secured))
        }
    })
}

/// The address of a receiver, read if it is a secret.
fn address(web: &Web, base: &Path) -> Result<String, Finding> {
    match &web.address {
        WebAddress::Plain(address) => Ok(address.clone()),
        WebAddress::Secret(secret) => {
            let bytes = secret.read(base)?;
            String::from_utf8(bytes.expose().to_vec()).map_err(|_| unfit("address", Error::Address))
        }
    }
}

fn account(given: &Account, base: &Path) -> Result<twilio::Account, Finding> {
    let token = given.token.read(base)?;
    twilio::Account::new(&given.name, token.expose(), &given.from).map_err(|error| unfit("twilio", error))
}

fn unfit(kind: &str, error: Error) -> Finding {
    let headline = format!("the sink `{kind}` cannot be used: {error}");
    Finding::of_file(Code::HostRefused, "", headline, "Mend it in `wardline.toml`.")
}

fn no_screen() -> Finding {
    let headline = "the sink `screen` is the built-in phone of the demo";
    Finding::of_file(Code::NoSink, "", headline, "Use `webhook` or `file` for `wardline run`.")
}
