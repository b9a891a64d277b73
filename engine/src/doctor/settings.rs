//! Settings: do the files of the installation say what they should, and does the ward check?

use wardline_rules::time::{Date, Span, Timestamp};
use wardline_store::{disk::RealDisk, instance::Instance};

use super::Check;
use crate::{
    config::{Config, Directory, Findings, Role, SinkKind},
    installation, ward,
};

/// Keys that end within this many days are named.
const KEY_DAYS: i64 = 30;
/// From how many roles on a key has too many.
const ROLES_MANY: usize = 4;

pub(super) fn examine(config: &Config, directory: &Result<Directory, Findings>, now: Timestamp) -> Vec<Check> {
    let directory = directory.as_ref().err().map(ToString::to_string);
    vec![
        Check::unless(1, "configuration", directory, "Mend the rows of the directory."),
        secrets(config),
        token_key(config),
        plaintext(config),
        keys(config, now),
        checked_ward(config, now),
    ]
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
    let instance = Instance::read(&RealDisk::new(&config.data)).ok().flatten().and_then(Result::ok);
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
    let open = [config.http.listen, config.http.admin].into_iter().filter(|address| !address.ip().is_loopback());
    let open: Vec<String> = open.map(|address| address.to_string()).collect();
    let cause = (!open.is_empty()).then(|| format!("{} take plain HTTP from the network", open.join(", ")));
    Check::unless(5, "plaintext listeners", cause, "Keep a proxy that speaks TLS in front, and nothing else beside it.")
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
