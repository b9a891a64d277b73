//! Stopped: how are statements answered from a data directory that no engine has open?
//!
//! ```text
//!  manifest ─► files      log behind them ─► state ─► rows, in memory ─┐
//!                                                                      ├─► one snapshot ─► the same answers
//! ```
//! Nothing in the directory is changed: no line of the manifest is cut, no file is removed, no statement is written down.
//! Who can read the directory sees all of it.
//!
//! - **Cost**: after a crash, what the log holds behind the files is decided again; after a clean stop there is nothing.
//! - **Not here**: statements (`wardline-query`).

use std::{
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{Router, body::Body, http::Request};
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use tokio::runtime::Runtime;
use wardline_core::Partition;
use wardline_query::{
    access::Access,
    http::router,
    process,
    session::Sql,
    snapshot::{Newest, Snapshot},
};
use wardline_store::disk::RealDisk;
use wardline_tables::{archive::Archive, frame::Commit, place::Untouched};

use crate::{
    archive::{FOLDER, SOCKET},
    cli::{
        Ending,
        ending::tell,
        query::{runtime, wards},
        remote::Reply,
    },
    codes::Code,
    history::{Error, History},
};

/// A data directory, opened for statements.
pub(super) struct Stopped {
    routes: TowerToHyperService<Router>,
    ears: Runtime,
    /// `None` once it was stopped.
    hands: Option<Runtime>,
    spill: PathBuf,
}

impl Stopped {
    /// Opens the directory.
    ///
    /// # Errors
    /// The ending of the verb; what went wrong was told.
    pub(super) fn open(directory: &Path) -> Result<Self, Ending> {
        if UnixStream::connect(directory.join(SOCKET)).is_ok() {
            let help = "Ask it without `--data`.";
            tell(&format!("{} error: an engine runs on `{}`\n  {help}\n", Code::Usage, directory.display()));
            return Err(Ending::Usage);
        }
        let archive = directory.join(FOLDER);
        if !archive.is_dir() {
            let help = "Name the data directory of an engine that kept tables.";
            tell(&format!(
                "{} error: there are no tables in `{}`\n  {help}\n",
                Code::FileUnreadable,
                directory.display()
            ));
            return Err(Ending::Usage);
        }
        let newest = Newest::default();
        newest.publish(snapshot(directory, &archive)?);
        // One runtime hears, the other works, as in the query process.
        let (ears, hands) =
            runtime("hear").and_then(|ears| Ok((ears, runtime("work")?))).map_err(|error| failed(&error))?;
        let spill = tempfolder().map_err(|error| failed(&error))?;
        let ways = (wards(&archive, None), hands.handle().clone());
        let sql = ears.block_on(Sql::open((&archive, &spill, None), newest, ways)).map_err(|error| failed(&error))?;
        process::watch(sql.alive()).map_err(|error| failed(&error))?;
        let routes = TowerToHyperService::new(router(Arc::new(sql), Arc::new(Access::default())));
        Ok(Self { routes, ears, hands: Some(hands), spill })
    }

    /// What it answers to a statement as it is sent over HTTP.
    ///
    /// # Errors
    /// The ending of the verb; what went wrong was told.
    pub(super) fn ask(&self, body: &Value) -> Result<Reply, Ending> {
        self.ears.block_on(async {
            let request =
                Request::post("/v1/sql").body(Body::from(body.to_string())).map_err(|error| failed(&error))?;
            let Ok(response) = self.routes.call(request).await;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.map_err(|error| failed(&error))?.to_bytes();
            Ok(Reply { status, retry_after: None, body: String::from_utf8_lossy(&body).into_owned() })
        })
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        if let Some(hands) = self.hands.take() {
            hands.shutdown_background();
        }
        // What statements could not hold in memory; it is empty again.
        drop(std::fs::remove_dir_all(&self.spill));
    }
}

fn failed(error: &dyn core::fmt::Display) -> Ending {
    tell(&format!("{} error: {error}\n", Code::FileUnreadable));
    Ending::Unreachable
}

/// A folder for what statements cannot hold in memory, for this user alone.
fn tempfolder() -> std::io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt as _;
    let folder = std::env::temp_dir().join(format!("wardline-sql-{}", std::process::id()));
    std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    Ok(folder)
}

/// All rows there are: files, and those that the log alone holds.
fn snapshot(directory: &Path, archive: &Path) -> Result<Snapshot, Ending> {
    let damaged = |error: &dyn core::fmt::Display| {
        tell(&format!("{} error: {error}\n  Run `wardline verify`.\n", Code::Damaged));
        Ending::Damaged
    };
    let mut tables = Archive::open(Untouched::of(archive)).map_err(|error| damaged(&error))?;
    let mut at = tables.manifest().at;
    let mut left_out = Ok(());
    let replayed = History::open(RealDisk::new(directory)).and_then(|history| {
        history.rows_after::<Partition>(tables.epoch(), |epoch, time, rows| {
            at = time.micros();
            if let Err(error) = tables.append(epoch, rows) {
                left_out = Err(error);
            }
        })
    });
    let ward = match replayed {
        Ok(ward) => ward,
        Err(error @ Error::Release { .. }) => {
            let shown = tables.epoch();
            tell(&format!("{} warning: {error}; rows up to epoch {shown} are shown\n", Code::Damaged));
            None
        }
        Err(error) => return Err(damaged(&error)),
    };
    left_out.and_then(|()| tables.freeze().map(drop)).map_err(|error| damaged(&error))?;
    let digits = ward.map(|ward| ward.iter().take(6).map(|byte| format!("{byte:02x}")).collect());
    let commit = Commit { epoch: tables.epoch(), at, watermark_at: None, ward: digits };
    Ok(Snapshot::new(commit, Arc::new(tables.manifest().clone()), Arc::new(tables.hot().clone())))
}
