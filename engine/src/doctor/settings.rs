//! Settings: do the files of the installation say what they should, and does the ward check?

use wardline_connectors::adapters::tls::ends_at;
use wardline_rules::time::{Date, Span, Timestamp};
use wardline_store::{disk::RealDisk, instance::Instance};

use super::Check;
use crate::{
    config::{Config, Directory, FeedKind, Findings, Role, ServerTls, SinkKind},
    installation, tls, ward,
};

/// Keys that end within this many days are named.
const KEY_DAYS: i64 = 30;
/// Certificates that end within this many days are named.
const CERTIFICATE_DAYS: i64 = 30;
/// From how many roles on a key has too many.
const ROLES_MANY: usize = 4;

pub(super) fn examine(config: &Config, directory: &Result<Directory, Findings>, now: Timestamp) -> Vec<Check> {
    let directory = directory.as_ref().err().map(ToString::to_string);
    let mut checks = vec![
        Check::unless(1, "configuration", directory, "Mend the rows of the directory."),
        secrets(config),
        token_key(config),
        plaintext(config),
        keys(config, now),
        checked_ward(config, now),
    ];
    checks.extend(certificates(config, now));
    checks
}

/// Every secret that a channel, a feed or the tokens need can be read, by its owner alone.
fn secrets(config: &Config) -> Check {
    let of_channels =
        config.channels.iter().map(|sink| &sink.kind).chain(&config.heartbeat).flat_map(SinkKind::secrets);
    let of_feeds = config.feeds.iter().flat_map(|feed| &feed.secrets);
    let found =
        of_channels.chain(&config.patient_key).chain(of_feeds).filter_map(|secret| secret.read(&config.base).err());
    let causes: Vec<String> = found.map(|finding| finding.headline).collect();
    Check::unless(
        2,
        "secrets",
        (!causes.is_empty()).then(|| causes.join("; ")),
        "Write each into a file with mode 0600.",
    )
}

/// The key of patient tokens is the one that the data directory was made with.
fn token_key(config: &Config) -> Check {
    const NAME: &str = "key of patient tokens";
    let ours = match installation::key_fingerprint(config) {
        Ok(ours) => ours,
        Err(finding) => return Check::wrong(3, NAME, finding.headline, "Put the key back, with mode 0600."),
    };
    let instance = match Instance::read(&RealDisk::new(&config.data)) {
        Ok(instance) => instance.and_then(Result::ok),
        Err(error) => return Check::wrong(3, NAME, error.to_string(), "Run `wardline verify`, as the engine's user."),
    };
    match (ours, instance) {
        (Some(ours), Some(instance)) if ours != instance.key_fingerprint => {
            let cause = "it is another than the one the data directory was made with: tokens would no longer match";
            Check::wrong(3, NAME, cause, "Put back the key of this installation.")
        }
        (None, Some(_)) => Check::wrong(
            3,
            NAME,
            "it is gone, and the data directory was made with one",
            "Put it back from your backup.",
        ),
        _ => Check::fine(3, NAME),
    }
}

fn plaintext(config: &Config) -> Check {
    let open_http = [(config.http.listen, &config.http.tls), (config.http.admin, &config.http.admin_tls)];
    let open_http = open_http.into_iter().filter(|(_, tls)| tls.is_none()).map(|(address, _)| address);
    let open_mllp = config.feeds.iter().filter_map(|feed| match &feed.kind {
        FeedKind::Mllp(listen) if listen.tls.is_none() => Some(listen.address),
        _ => None,
    });
    let open = open_http.chain(open_mllp).filter(|address| !address.ip().is_loopback());
    let open: Vec<String> = open.map(|address| address.to_string()).collect();
    let cause = (!open.is_empty()).then(|| format!("{} can be read by the network", open.join(", ")));
    Check::unless(
        5,
        "plaintext listeners",
        cause,
        "Set up `tls`, or keep what speaks TLS in front and nothing beside it.",
    )
}

/// Each certificate of ours can be used, and will be for a while; nothing if there is none.
fn certificates(config: &Config, now: Timestamp) -> Option<Check> {
    let of_http = [("the API", &config.http.tls), ("the admin listener", &config.http.admin_tls)];
    let of_http = of_http.into_iter().filter_map(|(name, tls)| Some((name.to_owned(), tls.as_ref()?)));
    let of_feeds = config.feeds.iter().filter_map(|feed| match &feed.kind {
        FeedKind::Mllp(listen) => Some((format!("the feed `{}`", feed.name), listen.tls.as_ref()?)),
        _ => None,
    });
    let all: Vec<(String, &ServerTls)> = of_http.chain(of_feeds).collect();
    let causes: Vec<String> = all.iter().filter_map(|(name, tls)| flaw(name, tls, config, now)).collect();
    let cause = (!causes.is_empty()).then(|| causes.join("; "));
    (!all.is_empty()).then(|| {
        Check::unless(
            6,
            "certificates",
            cause,
            "Put a new one and its key in their place; the API takes them without a restart.",
        )
    })
}

fn flaw(name: &str, tls: &ServerTls, config: &Config, now: Timestamp) -> Option<String> {
    if let Err(finding) = tls::acceptor(name, tls, &config.base) {
        return Some(finding.headline);
    }
    let soon = now.plus(Span::from_minutes(CERTIFICATE_DAYS * 24 * 60));
    match tls::read(&tls.certificate).ok().and_then(|pem| ends_at(&pem)) {
        None => Some(format!("it cannot be read until when the certificate of {name} holds")),
        Some(end) if end <= now => Some(format!("the certificate of {name} ended at {end}")),
        Some(end) if end < soon => Some(format!("the certificate of {name} ends at {end}")),
        Some(_) => None,
    }
}

fn keys(config: &Config, now: Timestamp) -> Check {
    let soon = now.plus(Span::from_minutes(KEY_DAYS * 24 * 60));
    let mut causes = Vec::new();
    for key in &config.keys {
        if key.until <= now {
            causes.push(format!("the key `{}` has ended", key.name));
        } else if key.until < soon {
            causes.push(format!("the key `{}` ends at {}", key.name, key.until));
        }
        if key.roles.len() >= ROLES_MANY {
            causes.push(format!("the key `{}` has {} roles", key.name, key.roles.len()));
        }
        let is_idle = key.roles.contains(&Role::Ingest) && !speaks(key, config);
        if is_idle {
            causes.push(format!("the key `{}` may send and speaks for no feed", key.name));
        }
    }
    Check::unless(7, "keys", (!causes.is_empty()).then(|| causes.join("; ")), "Replace or narrow them in `[[key]]`.")
}

fn speaks(key: &crate::config::ApiKey, config: &Config) -> bool {
    match &key.feeds {
        crate::config::FeedScope::All => true,
        crate::config::FeedScope::Of(names) => config.feeds.iter().any(|feed| names.contains(&feed.name)),
    }
}

fn checked_ward(config: &Config, now: Timestamp) -> Check {
    const NAME: &str = "ward";
    let as_of = Date::from_days(i32::try_from(now.micros().div_euclid(86_400_000_000)).unwrap_or(0));
    let sources = match ward::load(&config.ward) {
        Ok(sources) => sources,
        Err(finding) => return Check::wrong(41, NAME, finding.headline, "Name a ward under `ward`."),
    };
    match ward::activation(&sources, as_of, "wardline doctor") {
        Ok(_) => Check::fine(41, NAME),
        Err(checked) => {
            let cause = format!("it does not check: {} findings", checked.diagnostics.len());
            Check::wrong(41, NAME, cause, format!("Run `wardline check {}`.", config.ward.display()))
        }
    }
}
