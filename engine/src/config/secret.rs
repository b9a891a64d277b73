//! Secret: where does a password stand, and who else may read it?
//!
//! Configuration names a secret, it never holds one: `file:secrets/chat` or `env:CHAT_SECRET`. The file must be readable
//! by its owner alone. What was read has no `Display`, no `Debug` and no `Serialize`.
//!
//! - **Source**: guarantees page, S1-22.
//! - **Not here**: reading again when the file changes; a restart does.

use std::{
    fs,
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::finding::Finding;
use crate::codes::Code;

/// LIMIT: a secret is at most this long, in bytes; what is longer is refused. A private key of 8,192 bits fits.
const SECRET_BYTES_MAX: u64 = 16_384;

/// Where a secret stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretRef {
    /// In a file, relative to the configuration.
    File(PathBuf),
    /// In an environment variable.
    Env(String),
}

impl SecretRef {
    /// Reads `file:PATH` or `env:NAME`; `None` for anything else, which may be the secret itself.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Some(Self::File(PathBuf::from(path))),
            Some(("env", name)) if !name.is_empty() => Some(Self::Env(name.to_owned())),
            _ => None,
        }
    }

    /// Reads the secret; line ends after it do not count.
    ///
    /// # Errors
    /// [`Code::SecretUnreadable`], [`Code::SecretExposed`].
    pub fn read(&self, base: &Path) -> Result<Secret, Finding> {
        match self {
            Self::File(path) => read_file(&base.join(path)),
            Self::Env(name) => std::env::var(name).map(|text| Secret(text.into_bytes())).map_err(|_| {
                let headline = format!("the environment has no variable `{name}`");
                Finding::of_file(Code::SecretUnreadable, "", headline, "Set it, or name a file with `file:`.")
            }),
        }
    }
}

fn read_file(path: &Path) -> Result<Secret, Finding> {
    let name = path.display();
    let unreadable = |cause: std::io::Error| {
        let headline = format!("cannot read the secret `{name}`: {cause}");
        Finding::of_file(Code::SecretUnreadable, "", headline, "Write the secret into this file, with mode 0600.")
    };
    let file = fs::File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    if mode & 0o077 != 0 {
        let headline = format!("others may read the secret `{name}`: its mode is {:04o}", mode & 0o7777);
        return Err(Finding::of_file(Code::SecretExposed, "", headline, format!("Run `chmod 600 {name}`.")));
    }
    let mut bytes = Vec::new();
    file.take(SECRET_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > SECRET_BYTES_MAX) {
        return Err(unreadable(std::io::Error::other(format!("it is longer than {SECRET_BYTES_MAX} bytes"))));
    }
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok(Secret(bytes))
}

/// A secret that was read.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "no log may print it")]
pub struct Secret(Vec<u8>);

impl Secret {
    /// From bytes at hand.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, for whoever signs with them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_with_mode(mode: u32) -> (tempfile::TempDir, SecretRef) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chat");
        fs::write(&path, "s3cret\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, SecretRef::parse("file:chat").unwrap())
    }

    #[test]
    fn s1_22_a_secret_is_read_from_a_file_of_its_owner_alone() {
        let (folder, secret) = file_with_mode(0o600);
        assert_eq!(secret.read(folder.path()).map(|secret| secret.expose().to_vec()), Ok(b"s3cret".to_vec()));
        let (folder, secret) = file_with_mode(0o640);
        let finding = secret.read(folder.path()).err().unwrap();
        assert_eq!(finding.code, Code::SecretExposed);
        assert!(finding.headline.contains("0640") && !finding.to_string().contains("s3cret"));
    }

    #[test]
    fn s1_22_a_secret_that_is_too_long_is_refused_and_not_cut() {
        let (folder, secret) = file_with_mode(0o600);
        let longest = usize::try_from(SECRET_BYTES_MAX).unwrap();
        let of_length = |length: usize| {
            fs::write(folder.path().join("chat"), "s".repeat(length)).unwrap();
            secret.read(folder.path()).map(|secret| secret.expose().len())
        };
        assert_eq!(of_length(longest), Ok(longest));
        assert_eq!(of_length(longest + 1).map_err(|finding| finding.code), Err(Code::SecretUnreadable));
    }

    #[test]
    fn what_is_no_reference_is_no_secret() {
        assert_eq!(SecretRef::parse("hunter2"), None);
        assert_eq!(SecretRef::parse("file:"), None);
        assert_eq!(SecretRef::parse("env:CHAT"), Some(SecretRef::Env("CHAT".to_owned())));
    }
}
