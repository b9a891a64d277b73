//! Said: what has the shell said on its own, so that no second time looks like the first?
//!
//! A message goes the way of a notice: it is written down before its first byte leaves, and what became of it behind that. One
//! whose process died in between is marked as a possible repeat when it is said again, one that was taken is not said again.
//!
//! - **How it fits**: [`operations::tell`](crate::operations) asks it about every message; it hangs on the
//!   [`Sinks`](crate::dispatcher::sinks::Sinks) through which they leave.
//! - INVARIANT: what leaves without the mark was written down durably before, and nothing else of that key ever left.
//! - **Not here**: the file (`wardline_store::sent`), notices of the core, the heartbeat: a second one does no harm.
//! - **Source**: guarantees page, G6.

use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use wardline_store::sent::{End, Try};
use wardline_store::{
    disk::{self, Disk},
    sent::Sent,
};

/// A handle on what was said; a clone is another one.
#[derive(Clone, Debug, Default)]
pub struct Said(Arc<Mutex<Sent>>);

impl Said {
    /// What the file in a data directory remembers.
    ///
    /// # Errors
    /// The file could not be read.
    pub fn open<D: Disk + Send + 'static>(disk: D) -> disk::Result<Self> {
        Ok(Self(Arc::new(Mutex::new(Sent::open(disk)?))))
    }

    /// Whether nothing is known of what earlier processes said.
    pub(crate) fn is_anew(&self) -> bool {
        self.with(|sent| sent.is_anew())
    }

    /// Whether its receiver has it.
    pub(crate) fn is_taken(&self, key: &str) -> bool {
        self.with(|sent| sent.is_taken(key))
    }

    /// Writes down that these leave now; what each try is. Where that cannot be written, each may be a repeat: a message that
    /// nobody gets does more harm than one with a mark too many.
    pub(crate) async fn begin(&self, keys: Vec<String>) -> Vec<Try> {
        self.beside(move |sent| {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let (tries, written) = sent.begin(&keys);
            let is_durable = written.inspect_err(warn).is_ok();
            tries.into_iter().map(|it| Try { is_repeat: it.is_repeat || !is_durable, ..it }).collect()
        })
        .await
    }

    /// Writes down what became of them.
    pub(crate) async fn end(&self, ends: Vec<(String, End)>) {
        self.beside(move |sent| {
            let ends: Vec<(&str, End)> = ends.iter().map(|(key, end)| (key.as_str(), *end)).collect();
            drop(sent.end(&ends).inspect_err(warn));
        })
        .await;
    }

    /// Takes these for messages that an earlier process may have sent.
    pub(crate) async fn doubt(&self, keys: Vec<String>) {
        self.beside(move |sent| {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            drop(sent.doubt(&keys).inspect_err(warn));
        })
        .await;
    }

    /// Forgets what nobody will say again.
    pub(crate) async fn keep(&self, is_kept: impl Fn(&str) -> bool + Send + 'static) {
        self.beside(move |sent| drop(sent.keep(is_kept).inspect_err(warn))).await;
    }

    fn with<R>(&self, work: impl FnOnce(&mut Sent) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The disk is waited for on a thread that may wait.
    async fn beside<R: Default + Send + 'static>(&self, work: impl FnOnce(&mut Sent) -> R + Send + 'static) -> R {
        let said = self.clone();
        let done = tokio::task::spawn_blocking(move || said.with(work)).await;
        done.inspect_err(|error| tracing::error!(%error, "said.write")).unwrap_or_default()
    }
}

fn warn(error: &disk::Error) {
    tracing::warn!(%error, "said.write: what is said now may be said again, and is marked");
}
