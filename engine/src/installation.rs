//! Installation: is everything there that an engine needs, before anything on disk is touched?
//!
//! ```text
//!  wardline.toml ─► site.toml, directory.csv, ward, secrets, key ─► Installation ─► runtime, listeners, feeds
//! ```
//! - **How it fits**: `wardline run` loads one; the reload of a running engine reads ward and directory again.
//! - INVARIANT: a key of patient tokens is made once, with mode 0600, and never written over.
//! - **Not here**: opening the data directory (`wardline-store`), listening.

use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use wardline_connectors::codec::token::Tokeniser;
use wardline_core::input::Activation;
use wardline_dsl::{diagnostic::render, source::Sources};
use wardline_rules::{
    program::{Action, ActionSend, PageTo, Program},
    time::Date,
    words::Channel,
};
use wardline_store::{disk::RealDisk, instance::Owner, store::Options};

use crate::{
    codes::Code,
    config::{Config, Directory, Finding, Findings, SecretRef, site},
    dispatcher::message::Links,
    runtime::clock::WallClock,
    ward,
};

/// Name of the key that is made where none is configured.
const KEY_FILE: &str = "token.key";

/// Everything beside the log.
#[derive(Debug)]
pub struct Installation {
    /// `wardline.toml`.
    pub config: Config,
    /// The data directory; made if it was not there.
    pub disk: RealDisk,
    /// The key of patient tokens.
    key: Key,
}

/// 32 bytes that no log prints.
struct Key([u8; 32]);

impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Installation {
    /// Loads configuration and key; makes the data directory and the key if they are not there.
    ///
    /// # Errors
    /// Everything wrong in the files, with places.
    pub fn load(path: &Path) -> Result<Self, Findings> {
        let config = Config::load(path)?;
        // Read now, so that its findings come before anything runs.
        site::load(&config.site)?;
        let disk = RealDisk::make(&config.data).map_err(|error| {
            let headline = format!("cannot make the data directory `{}`: {error}", config.data.display());
            Finding::of_file(Code::FileUnreadable, "", headline, "Name another under `data`.")
        })?;
        let key = key(&config)?;
        let installation = Self { config, disk, key };
        installation.directory()?;
        Ok(installation)
    }

    /// By which name other engines and brokers know this one: the machine, and what tells two installations on it apart.
    #[must_use]
    pub fn name(&self) -> String {
        let folder = self.config.data.canonicalize().unwrap_or_else(|_| self.config.data.clone());
        let hash = blake3::keyed_hash(&self.key.0, folder.as_os_str().as_encoded_bytes()).to_hex();
        format!("{} {}", host(), hash.get(..8).unwrap_or_default())
    }

    /// What makes tokens of identifiers.
    #[must_use]
    pub fn tokeniser(&self) -> Tokeniser {
        Tokeniser::new(&self.key.0)
    }

    /// Links of answer pages, signed with a key of their own that follows from the installation's.
    #[must_use]
    pub fn links(&self) -> Links {
        Links::new(self.config.link.clone(), blake3::derive_key("wardline answer links 1", &self.key.0))
    }

    /// Who is reached where, as the file says now.
    ///
    /// # Errors
    /// Every row that cannot be read.
    pub fn directory(&self) -> Result<Directory, Findings> {
        let tokeniser = self.tokeniser();
        Directory::load(&self.config.directory, &|ns, id| tokeniser.person(ns, id))
    }

    /// The ward and `site.toml` as the files say now.
    ///
    /// # Errors
    /// That it cannot be read, or everything the check found, as people read it.
    pub fn ward(&self, as_of: Date) -> Result<Activation, String> {
        let sources = ward::load(&self.config.ward).map_err(|finding| finding.to_string())?;
        let site = site::load(&self.config.site).map_err(|findings| findings.to_string())?;
        let activation = ward::activation(&sources, as_of, "wardline run");
        let mut activation = activation.map_err(|checked| shown(&checked.diagnostics, &sources))?;
        activation.site = Some(Box::new(site));
        Ok(activation)
    }

    /// The channels that a ward names and no `[[channel]]` carries.
    #[must_use]
    pub fn missing_channels(&self, program: &Program) -> Vec<Finding> {
        let used = used_channels(program);
        let declared = program.catalogue.channels.iter().filter(|declared| used.contains(&declared.channel));
        let missing = declared.filter(|declared| self.config.sink(&declared.via, declared.channel).is_none());
        let finding = |declared: &wardline_rules::program::DeclaredChannel| {
            let headline =
                format!("the ward sends {} via \"{}\", and nothing carries it", declared.channel.word(), declared.via);
            let help = "Add it under `[[channel]]` in `wardline.toml`; until then its notices fail at once.";
            Finding::of_file(Code::ChannelUnknown, "", headline, help)
        };
        missing.map(finding).collect()
    }

    /// How this process opens the data directory.
    #[must_use]
    pub fn options(&self, clock: &dyn WallClock, is_restored: bool) -> Options {
        let started = u64::try_from(clock.read().wall.micros()).unwrap_or(0);
        let owner = Owner { pid: std::process::id(), started_at: started, host: host(), boot_id: boot_id() };
        let volume = wardline_store::disk::Disk::space(&self.disk).map_or(u64::MAX, |space| space.total);
        Options {
            new_instance: random().unwrap_or_default(),
            key_fingerprint: fingerprint(&self.key),
            owner,
            is_restored,
            ..Options::default()
        }
        .for_volume(volume)
    }
}

/// The channels that some rule of a ward sends on.
fn used_channels(program: &Program) -> BTreeSet<Channel> {
    let steps = program.escalations.iter().flat_map(|escalation| &escalation.steps);
    let mut used: BTreeSet<Channel> = steps.clone().flat_map(|step| &step.by).copied().collect();
    used.extend(steps.flat_map(|step| &step.reminders).map(|reminder| reminder.by));
    let mut add_page = |page: &PageTo| match page {
        PageTo::Using { .. } => {}
        PageTo::Direct { by, .. } => used.extend(by),
    };
    let rules = program.families.iter().flat_map(|family| &family.rules);
    let actions: Vec<&Action> =
        rules.flat_map(|rule| rule.warnings.iter().map(|warning| &warning.action).chain([&rule.breach])).collect();
    program.alerts.iter().filter_map(|alert| alert.page.as_ref()).for_each(&mut add_page);
    for action in &actions {
        if let ActionSend::Page(page) = &action.send {
            add_page(page);
        }
    }
    let told = actions.iter().filter_map(|action| match &action.send {
        ActionSend::Tell(tell) => Some(tell),
        ActionSend::Page(_) => None,
    });
    used.extend(told.chain(program.alerts.iter().flat_map(|alert| &alert.tells)).flat_map(|tell| &tell.by));
    used
}

fn shown(diagnostics: &[wardline_dsl::diagnostic::Diagnostic], sources: &Sources) -> String {
    render::text(diagnostics, sources)
}

/// The configured key, else the one in the data directory, made if it is not there.
fn key(config: &Config) -> Result<Key, Finding> {
    if let Some(reference) = &config.patient_key {
        return read_key(reference, &config.base);
    }
    let own = config.data.join(KEY_FILE);
    make_key(&own)?;
    read_own_key(own)
}

/// The data directory's path is complete; only what a user writes counts from the folder of `wardline.toml`.
fn read_own_key(path: PathBuf) -> Result<Key, Finding> {
    read_key(&SecretRef::File(path), Path::new(""))
}

/// The fingerprint of the key of patient tokens, if there is one already; makes none.
///
/// # Errors
/// That the key cannot be read.
pub fn key_fingerprint(config: &Config) -> Result<Option<[u8; 32]>, Finding> {
    let own = config.data.join(KEY_FILE);
    let key = match &config.patient_key {
        Some(reference) => read_key(reference, &config.base)?,
        None if own.exists() => read_own_key(own)?,
        None => return Ok(None),
    };
    Ok(Some(fingerprint(&key)))
}

fn fingerprint(key: &Key) -> [u8; 32] {
    blake3::derive_key("wardline key fingerprint 1", &key.0)
}

fn read_key(reference: &SecretRef, base: &Path) -> Result<Key, Finding> {
    let secret = reference.read(base)?;
    let digits = data_encoding::HEXLOWER_PERMISSIVE.decode(secret.expose()).unwrap_or_default();
    let bytes = <[u8; 32]>::try_from(digits).map_err(|_| {
        let headline = "the key of patient tokens is not 64 hexadecimal digits";
        Finding::of_file(Code::WrongValue, "", headline, "Make one with `openssl rand -hex 32`.")
    })?;
    Ok(Key(bytes))
}

/// Makes the key file unless there is one.
fn make_key(path: &Path) -> Result<(), Finding> {
    if path.exists() {
        return Ok(());
    }
    let made = random::<32>().and_then(|key| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(data_encoding::HEXLOWER.encode(&key).as_bytes())?;
        file.sync_all()
    });
    made.map_err(|error| {
        let headline = format!("cannot make the key `{}`: {error}", path.display());
        Finding::of_file(Code::SecretUnreadable, "", headline, "Name another under `patient_key`.")
    })
}

/// Bytes nobody can guess, from the kernel.
fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn host() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").map(|text| text.trim().to_owned()).unwrap_or_default()
}

fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|text| text.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn folder(config: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("wardline.toml"), config).unwrap();
        folder
    }

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let folder = folder("ward = \"ward\"\ndata = \"data\"\n");
        let path = folder.path().join("wardline.toml");
        let first = Installation::load(&path).unwrap();
        let again = Installation::load(&path).unwrap();
        assert_eq!(first.key.0, again.key.0);
        assert_ne!(first.key.0, [0; 32]);
        let mode = fs::metadata(folder.path().join("data/token.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(format!("{:?}", first.key), "Key(…)");
    }

    #[test]
    fn a_ward_that_does_not_check_is_told_in_full() {
        let folder = folder("ward = \"ward\"\ndata = \"data\"\n");
        fs::create_dir(folder.path().join("ward")).unwrap();
        fs::write(folder.path().join("ward/a.ward"), "ward \"St Anne\" edition 1\n  zone      America/Chicgo\n")
            .unwrap();
        let installation = Installation::load(&folder.path().join("wardline.toml")).unwrap();
        let told = installation.ward(Date::from_days(20_000)).unwrap_err();
        assert!(told.contains("America/Chicgo") && told.contains("line 2"), "{told}");
    }

    #[test]
    fn only_channels_that_a_rule_uses_are_missed() {
        let folder = folder(
            "ward = \"ward\"\ndata = \"data\"\n[[channel]]\nname = \"default\"\nphone = { kind = \"file\", path = \"calls\" }\n",
        );
        fs::create_dir(folder.path().join("ward")).unwrap();
        fs::write(folder.path().join("ward/a.ward"), include_str!("../templates/new/ward/st-anne.ward")).unwrap();
        let installation = Installation::load(&folder.path().join("wardline.toml")).unwrap();
        let activation = installation.ward(Date::new(2026, 1, 14).unwrap()).unwrap();
        let missing: Vec<String> =
            installation.missing_channels(&activation.program).into_iter().map(|finding| finding.headline).collect();
        assert_eq!(missing, ["the ward sends secure message via \"default\", and nothing carries it"]);
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        let folder = folder("ward = \"ward\"\ndata = \"data\"\npatient_key = \"file:key\"\n");
        let key = folder.path().join("key");
        fs::write(&key, "short").unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let findings = Installation::load(&folder.path().join("wardline.toml")).unwrap_err();
        assert!(findings.to_string().contains("64 hexadecimal digits"), "{findings}");
    }
}
