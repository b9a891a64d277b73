//! Access: who may ask, and what do they see?
//!
//! A column that a role may not see does not exist for it.
//!
//! - **Source**: analytics page 2.2, guarantees page S1-14.
//! - **Not here**: passwords of the Postgres wire ([`crate::pg`]).

use sha2::{Digest as _, Sha256};

/// What a caller sees.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Everything that names no patient; instants stop at the minute.
    Analyst,
    /// Patient data too.
    Phi,
    /// Who asked what, and which alerts and notices there were.
    Auditor,
    /// Who asked what.
    Admin,
}

/// Who asks, and by which way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asker {
    /// The name of the key.
    pub who: String,
    /// What it sees.
    pub role: Role,
    /// `http` or `postgres`.
    pub interface: &'static str,
}

impl Asker {
    /// Somebody who asks by a way.
    #[must_use]
    pub fn new(who: &str, role: Role, interface: &'static str) -> Self {
        Self { who: who.to_owned(), role, interface }
    }
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Analyst, Self::Phi, Self::Auditor, Self::Admin];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Analyst => "analyst",
            Self::Phi => "phi",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// Whether it has a table or view.
    #[must_use]
    pub fn sees(self, name: &str) -> bool {
        match self {
            Self::Analyst | Self::Phi => name != "system_queries",
            Self::Auditor => matches!(name, "alerts" | "notices" | "wards" | "system_queries"),
            Self::Admin => matches!(name, "wards" | "system_queries"),
        }
    }
}

/// A key and what it opens here.
#[derive(Clone, Debug)]
pub struct Key {
    /// Who has it: the user name on the Postgres wire.
    pub name: String,
    /// SHA-256 of the key.
    pub sha256: [u8; 32],
    /// Its highest role here; `None` if it opens nothing here.
    pub role: Option<Role>,
    /// What checks its password on the Postgres wire.
    pub scram: Option<crate::pg::scram::Verifier>,
    /// Whether it may read figures of this process.
    pub reads_metrics: bool,
    /// When it ends, microseconds since 1970.
    pub until: i64,
}

/// All keys; without any, everybody on this machine is a `phi`.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The keys.
    pub keys: Vec<Key>,
}

impl Access {
    /// Whether keys are off.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key that was sent, if it still holds.
    #[must_use]
    pub fn find(&self, secret: &str, now: i64) -> Option<&Key> {
        let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        // INVARIANT: every key is compared, so that time says nothing about which.
        let fits = self.keys.iter().filter(|key| is_equal(&key.sha256, &hash));
        fits.filter(|key| now < key.until).fold(None, |_, key| Some(key))
    }

    /// The key of a user of the Postgres wire, if it still holds.
    #[must_use]
    pub fn user(&self, name: &str, now: i64) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name && now < key.until)
    }
}

/// Whether two hashes are equal, in a time that does not depend on them.
#[must_use]
pub fn is_equal(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (one, other)| all | (one ^ other)) == 0
}

/// Microseconds since 1970 on this machine's clock.
#[must_use]
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.ok().and_then(|since| i64::try_from(since.as_micros()).ok()).unwrap_or(0)
}
