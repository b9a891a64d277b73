//! Child: who starts the query process, and what happens when it dies?
//!
//! It is this program again with the verb `query`. It ends with this process, because its standard input does; when it ends
//! before, it is started again after one second, then two, up to a minute.
//!
//! - **Not here**: what it does (`cli/query.rs`, `wardline-query`).

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

use crate::{
    limits::QUERY_RESTART_MAX,
    metrics::{Metric, Metrics},
};

/// How often it is looked whether the process lives.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A process that lived this long was well.
const WELL_AFTER: Duration = Duration::from_secs(60);

/// Keeps a query process running until `stopped`.
pub async fn supervise(config: PathBuf, metrics: Metrics, mut stopped: watch::Receiver<bool>) {
    let mut pause = Duration::from_secs(1);
    loop {
        let begun = Instant::now();
        tokio::select! {
            () = run(&config) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        if begun.elapsed() >= WELL_AFTER {
            pause = Duration::from_secs(1);
        }
        tracing::warn!(again_in = ?pause, "query.end: SQL is not answered meanwhile");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        pause = (pause * 2).min(QUERY_RESTART_MAX);
        metrics.count(Metric::FollowerRestarts, &[], 1);
    }
}

async fn run(config: &Path) {
    match start(config) {
        Ok(mut running) => match running.end().await {
            Ok(status) => tracing::info!(%status, "query.end"),
            Err(error) => tracing::warn!(%error, "query.wait"),
        },
        Err(error) => tracing::warn!(%error, "query.start"),
    }
}

/// A query process; it is ended when nobody waits for it any more.
struct Running(Child);

impl Running {
    async fn end(&mut self) -> std::io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already cannot be ended again, and that is well.
        drop(self.0.kill().and_then(|()| self.0.wait()));
    }
}

fn start(config: &Path) -> std::io::Result<Running> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("query").arg("--config").arg(config).stdin(Stdio::piped()).stdout(Stdio::null());
    command.spawn().map(Running)
}
