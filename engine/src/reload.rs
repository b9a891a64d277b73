//! Reload: did the ward, its settings or the directory change while the engine runs?
//!
//! Once a second, and at SIGHUP, the files are looked at. A ward that checks becomes the active one through the log, like
//! any activation, and `site.toml` goes with it; what does not check is told about and changes nothing. Where no ward decides
//! yet, so that nothing is taken, that is said and tried again each minute. The directory counts at once, and certificates of
//! the API's listeners at the next connection.
//!
//! - **Not here**: `wardline.toml`; it counts at the next start.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Instant, SystemTime},
};

use tokio::{signal::unix::Signal, sync::watch};
use wardline_core::Input;
use wardline_rules::time::Date;

use crate::{
    dispatcher::sinks::Sinks,
    engine::{Engine, Parcel},
    installation::Installation,
    limits::{WARD_AGAIN, WATCH_EVERY},
    runtime::admission::Lane,
    tls::Secured,
};

/// What is looked at.
#[derive(Debug)]
pub struct Watched {
    /// Its ward, settings and directory.
    pub installation: Arc<Installation>,
    /// Who is told of a new directory.
    pub sinks: Arc<Sinks>,
    /// The listeners with certificates.
    pub secured: Vec<Secured>,
}

/// Watches until a stop.
pub async fn watch(engine: Engine, watched: Watched, mut hangups: Signal, mut stop: watch::Receiver<bool>) {
    let Watched { installation, sinks, secured } = watched;
    let mut ticks = tokio::time::interval(WATCH_EVERY);
    let looked = || [&installation.config.ward, &installation.config.site].map(|path| newest(path, 0));
    // Looked at again at the first tick: the files may have changed since the start read them.
    let mut ward_seen = None;
    let mut directory_seen = newest(&installation.config.directory, 0);
    let mut waits = Waits::default();
    loop {
        let is_asked = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = hangups.recv() => true,
            _ = ticks.tick() => false,
        };
        let ward_now = looked();
        let is_overdue = waits.look(engine.status().is_waiting_for_ward(), Instant::now());
        if is_asked || is_overdue || ward_seen.as_ref() != Some(&ward_now) {
            // What the engine could not take now is offered again at the next look.
            ward_seen = activate(&engine, &installation).await.then_some(ward_now);
        }
        secured.iter().for_each(look_at_certificates);
        let directory_now = newest(&installation.config.directory, 0);
        if is_asked || directory_now != directory_seen {
            directory_seen = directory_now;
            match installation.directory() {
                Ok(directory) => {
                    tracing::info!(addresses = directory.len(), "directory.load");
                    sinks.replace_directory(directory);
                }
                Err(findings) => tracing::warn!(%findings, "directory.load"),
            }
        }
    }
}

/// An engine without a ward: when that was said last.
#[derive(Debug, Default)]
struct Waits(Option<Instant>);

impl Waits {
    /// Says that no ward decides, at once and each minute; whether it did, and the ward is to be tried again.
    fn look(&mut self, is_waiting: bool, now: Instant) -> bool {
        let is_due = is_waiting && self.0.is_none_or(|said| now.duration_since(said) >= WARD_AGAIN);
        if is_due {
            self.0 = Some(now);
            tracing::error!(
                "ward.wait: no ward decides, so every message is refused; mend the ward (`wardline check`), it is read again"
            );
        }
        is_due
    }
}

fn look_at_certificates(secured: &Secured) {
    match secured.look() {
        Ok(false) => {}
        Ok(true) => tracing::info!(listener = ?secured, "tls.load"),
        Err(finding) => tracing::error!(%finding, "tls.load: the certificate from before is shown on"),
    }
}

/// Makes ward and settings of the files the active ones, unless they are that already or do not check.
///
/// - **Output**: whether that is settled until the files change; not if the engine could not take it.
pub async fn activate(engine: &Engine, installation: &Arc<Installation>) -> bool {
    let as_of = Date::from_days(i32::try_from(engine.log_now().micros().div_euclid(86_400_000_000)).unwrap_or(0));
    let reader = Arc::clone(installation);
    let read = tokio::task::spawn_blocking(move || reader.ward(as_of)).await;
    let activation = match read {
        Ok(Ok(activation)) => activation,
        Ok(Err(findings)) => {
            tracing::error!("ward.check: the ward does not check and is not activated\n{findings}");
            return true;
        }
        Err(error) => {
            tracing::error!(%error, "ward.check");
            return false;
        }
    };
    let version = activation.program.version;
    let active = engine.ask(|kernel| kernel.ward().map(|(_, version)| (version, kernel.site()))).await.ok().flatten();
    if active.is_some_and(|(active, site)| active == version.0 && activation.site.as_deref() == Some(&site)) {
        return true;
    }
    for finding in installation.missing_channels(&activation.program) {
        tracing::warn!(%finding, "ward.check");
    }
    let name = activation.program.name.clone();
    let parcel = Parcel::control(vec![Input::Activate(Box::new(activation))]);
    match engine.submit(Lane::Control, parcel).await {
        Ok(accepted) => {
            let receipt = accepted.receipt;
            // Applied, not only durable: an engine that waited for a ward takes messages then.
            drop(accepted.outcome().await);
            tracing::info!(%name, %version, position = receipt.position, "ward.activate");
            true
        }
        Err(refusal) => {
            tracing::warn!(?refusal, "ward.activate");
            false
        }
    }
}

/// The newest change under a path, four folders deep; `None` if there is nothing.
fn newest(path: &Path, depth: usize) -> Option<(SystemTime, usize)> {
    let metadata = fs::metadata(path).ok()?;
    let own = metadata.modified().ok()?;
    if !metadata.is_dir() || depth > 4 {
        return Some((own, 1));
    }
    let entries = fs::read_dir(path).ok()?.filter_map(Result::ok);
    let inner = entries.filter_map(|entry| newest(&entry.path(), depth + 1));
    Some(inner.fold((own, 0), |(newest, count), (time, more)| (newest.max(time), count + more)))
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn an_engine_without_a_ward_says_so_at_once_and_each_minute() {
        let (mut waits, now) = (Waits::default(), Instant::now());
        assert!(!waits.look(false, now));
        let said: Vec<bool> = (0..=120).map(|second| waits.look(true, now + Duration::from_secs(second))).collect();
        let at: Vec<usize> = (0..said.len()).filter(|second| said[*second]).collect();
        assert_eq!(at, [0, 60, 120]);
        assert!(!waits.look(false, now + Duration::from_secs(600)), "it has one now");
    }
}
