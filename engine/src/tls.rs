//! TLS: with which certificate does a listener answer, and what if its files change?
//!
//! - INVARIANT: a listener that is to speak TLS never speaks without it. Files that cannot be used keep the engine from
//!   starting; if they are changed for such while it runs, the certificate from before is shown on.
//! - **How it fits**: the API's listeners take an [`Acceptor`] from [`Secured`] for each connection, [`reload`](crate::reload)
//!   lets it look at the files; those of MLLP take one at their start.
//! - **Not here**: TLS itself (`wardline-connectors`).
//! - **Source**: guarantees page, S1-13.

use core::fmt;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use wardline_connectors::adapters::tls::Acceptor;

use crate::{
    codes::Code,
    config::{Finding, SecretRef, ServerTls},
};

/// What secures a listener, as its files say now.
#[derive(Clone)]
pub struct Secured(Arc<Files>);

struct Files {
    listener: String,
    tls: ServerTls,
    base: PathBuf,
    read: RwLock<Read>,
}

struct Read {
    acceptor: Acceptor,
    /// When each file was changed last.
    changed: Changed,
}

type Changed = [Option<SystemTime>; 3];

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secured").field("listener", &self.0.listener).finish_non_exhaustive()
    }
}

impl Secured {
    /// Reads the files of a listener that people know by this name.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn open(listener: String, tls: ServerTls, base: &Path) -> Result<Self, Finding> {
        let base = base.to_owned();
        let read = RwLock::new(Read { changed: changed(&tls, &base), acceptor: acceptor(&listener, &tls, &base)? });
        Ok(Self(Arc::new(Files { listener, tls, base, read })))
    }

    /// For the next connection.
    #[must_use]
    pub fn acceptor(&self) -> Acceptor {
        self.0.read.read().unwrap_or_else(PoisonError::into_inner).acceptor.clone()
    }

    /// Reads the files again if one of them changed; whether it did.
    ///
    /// # Errors
    /// What is wrong with them now: what was read before goes on. Each change is told once.
    pub fn look(&self) -> Result<bool, Finding> {
        let Files { listener, tls, base, read } = &*self.0;
        let now = changed(tls, base);
        if read.read().unwrap_or_else(PoisonError::into_inner).changed == now {
            return Ok(false);
        }
        let fresh = acceptor(listener, tls, base);
        let mut read = read.write().unwrap_or_else(PoisonError::into_inner);
        read.changed = now;
        read.acceptor = fresh?;
        Ok(true)
    }
}

/// Reads the files of a listener once.
///
/// # Errors
/// What is wrong with them.
pub fn acceptor(listener: &str, tls: &ServerTls, base: &Path) -> Result<Acceptor, Finding> {
    let certificate = read(&tls.certificate)?;
    let clients = tls.clients.as_deref().map(read).transpose()?;
    let key = tls.key.read(base)?;
    Acceptor::new(&certificate, key.expose(), clients.as_deref()).map_err(|error| {
        let headline = format!("TLS of {listener} cannot be set up: {error}");
        Finding::of_file(Code::WrongValue, "", headline, "Name files in PEM; key and certificate belong together.")
    })
}

/// A file of certificates.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, Finding> {
    fs::read(path).map_err(|error| {
        let headline = format!("cannot read `{}`: {error}", path.display());
        Finding::of_file(Code::FileUnreadable, "", headline, "Name a file in PEM.")
    })
}

fn changed(tls: &ServerTls, base: &Path) -> Changed {
    let when = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let key = match &tls.key {
        SecretRef::File(path) => when(&base.join(path)),
        SecretRef::Env(_) => None,
    };
    [when(&tls.certificate), key, tls.clients.as_deref().and_then(when)]
}
