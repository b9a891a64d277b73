//! Audit: who asked what, how much came of it, and how did it end?
//!
//! One line of JSON a statement, in a file a day below `data/audit`, each with the hash of the line before; the text itself
//! only as its hash, because people write values into it. The newest are also a table, for who looks after others, and
//! counted for Prometheus.
//!
//! - INVARIANT: a statement of the role `phi` is on disk before its first row leaves; if it cannot be, it is not answered.
//! - LIMIT: `AUDIT_SHOWN_MAX` statements in the table; the files keep all.
//! - **Source**: analytics page 5 and 6, guarantees page S1-14.
//! - **Not here**: who may ask ([`crate::access`]), the audit of what is changed (the engine's).

mod table;

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub(crate) use table::Queries;

use crate::{
    access::{Asker, Role, now},
    codes::Code,
    error::Error,
    figures::Figures,
    limits::AUDIT_SHOWN_MAX,
};

/// One statement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Of this process and statement.
    pub(crate) query_id: String,
    /// When it came, microseconds since 1970 on this machine's clock.
    pub(crate) at: i64,
    pub(crate) actor: String,
    pub(crate) role: String,
    pub(crate) interface: String,
    /// SHA-256 of the text.
    pub(crate) statement: String,
    /// The tables it reads.
    pub(crate) tables: String,
    pub(crate) epoch: Option<u64>,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) took_ms: u64,
    /// begun, ok, error, denied, cancelled, timeout or limit.
    pub(crate) outcome: String,
    pub(crate) code: Option<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    entry: &'a Entry,
    prev: &'a str,
}

/// Takes note of statements.
#[derive(Debug)]
pub(crate) struct Audit {
    folder: Option<PathBuf>,
    boot: String,
    next: AtomicU64,
    kept: Mutex<Kept>,
    figures: Arc<Figures>,
}

#[derive(Debug, Default)]
struct Kept {
    file: Option<(String, File)>,
    previous: String,
    newest: VecDeque<Entry>,
}

/// A statement that is being answered; whoever drops it says how it ended.
#[derive(Debug)]
pub(crate) struct Asked {
    audit: Arc<Audit>,
    entry: Entry,
    since: Instant,
}

/// The SHA-256 of a statement, as hexadecimal digits.
pub(crate) fn hash(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

impl Audit {
    /// An audit in a folder, with what its newest file says; without a folder nothing is kept on disk.
    pub(crate) fn open(folder: Option<&Path>, figures: Arc<Figures>) -> io::Result<Self> {
        let mut kept = Kept::default();
        if let Some(folder) = folder {
            fs::create_dir_all(folder)?;
            kept.read(folder)?;
        }
        let boot = format!("{:x}", now());
        let folder = folder.map(Path::to_owned);
        Ok(Self { folder, boot, next: AtomicU64::default(), kept: Mutex::new(kept), figures })
    }

    /// A statement begins.
    ///
    /// # Errors
    /// WL1516 if a statement of the role `phi` cannot be written down.
    pub(crate) fn begin(self: &Arc<Self>, asker: &Asker, statement: &str, tables: &str) -> Result<Asked, Error> {
        let number = self.next.fetch_add(1, Ordering::AcqRel);
        let entry = Entry {
            query_id: format!("{}-{number}", self.boot),
            at: now(),
            actor: asker.who.clone(),
            role: asker.role.word().to_owned(),
            interface: asker.interface.to_owned(),
            statement: statement.to_owned(),
            tables: tables.to_owned(),
            epoch: None,
            rows: 0,
            bytes: 0,
            took_ms: 0,
            outcome: "begun".to_owned(),
            code: None,
        };
        if asker.role == Role::Phi {
            self.write(&entry, true).map_err(|error| {
                tracing::error!(%error, "audit.write: patient data are not answered");
                Error::new(Code::Audit, "the audit of this statement cannot be written")
            })?;
        }
        self.figures.begin();
        Ok(Asked {
            audit: self.clone(),
            entry: Entry { outcome: "cancelled".to_owned(), ..entry },
            since: Instant::now(),
        })
    }

    /// The newest statements, oldest first.
    pub(crate) fn newest(&self) -> Vec<Entry> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).newest.iter().cloned().collect()
    }

    fn write(&self, entry: &Entry, is_durable: bool) -> io::Result<()> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(folder) = &self.folder else { return Ok(()) };
        let day = chrono::DateTime::from_timestamp_micros(entry.at).unwrap_or_default().format("%Y-%m-%d").to_string();
        if kept.file.as_ref().is_none_or(|(known, _)| *known != day) {
            let path = folder.join(format!("sql-{day}.jsonl"));
            kept.file = Some((day, OpenOptions::new().create(true).append(true).open(path)?));
        }
        let mut line = serde_json::to_string(&Line { entry, prev: &kept.previous })?;
        kept.previous = hash(&line);
        line.push('\n');
        if let Some((_, file)) = &mut kept.file {
            file.write_all(line.as_bytes())?;
            if is_durable {
                file.sync_data()?;
            }
        }
        Ok(())
    }

    fn end(&self, entry: Entry, took: core::time::Duration) {
        self.figures.end(&entry.interface, &entry.outcome, took);
        if let Err(error) = self.write(&entry, false) {
            tracing::error!(%error, "audit.write");
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(entry);
    }
}

impl Kept {
    /// Reads the newest file, so that the chain goes on and the table is not empty after a restart.
    fn read(&mut self, folder: &Path) -> io::Result<()> {
        let files = fs::read_dir(folder)?.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        let newest = files.filter(|path| path.extension().is_some_and(|kind| kind == "jsonl")).max();
        let Some(newest) = newest else { return Ok(()) };
        // A line that a power cut left torn is no entry; the next line begins on its own.
        let text = String::from_utf8_lossy(&fs::read(&newest)?).into_owned();
        for line in text.lines() {
            self.previous = hash(line);
            match serde_json::from_str::<Entry>(line) {
                Ok(entry) if entry.outcome != "begun" => self.push(entry),
                Ok(_) | Err(_) => {}
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            OpenOptions::new().append(true).open(&newest)?.write_all(b"\n")?;
        }
        Ok(())
    }

    fn push(&mut self, entry: Entry) {
        self.newest.push_back(entry);
        if self.newest.len() > AUDIT_SHOWN_MAX {
            self.newest.pop_front();
        }
    }
}

impl Asked {
    /// Which epoch it reads.
    pub(crate) fn reads(&mut self, epoch: u64) {
        self.entry.epoch = Some(epoch);
    }

    /// So many rows were taken.
    pub(crate) fn rows(&mut self, rows: usize) {
        self.entry.rows += rows as u64;
    }

    /// So many bytes were sent.
    pub(crate) fn bytes(&mut self, bytes: usize) {
        self.entry.bytes += bytes as u64;
    }

    /// It ended as it should; nothing that comes later counts.
    pub(crate) fn ended_well(&mut self) {
        if self.entry.outcome == "cancelled" {
            self.entry.outcome = "ok".to_owned();
        }
    }

    /// It ran into something.
    pub(crate) fn failed(&mut self, error: &Error) {
        let outcome = match error.code {
            Code::Refused | Code::Login | Code::Role | Code::Plain => "denied",
            Code::Time | Code::Pinned => "timeout",
            Code::Rows | Code::Memory | Code::Busy | Code::Series => "limit",
            Code::Syntax
            | Code::Plan
            | Code::Behind
            | Code::Parameter
            | Code::Failed
            | Code::Audit
            | Code::Duration
            | Code::Sketch
            | Code::Range
            | Code::Width
            | Code::Zone
            | Code::Calendar
            | Code::NoOpening
            | Code::Interval => "error",
        };
        self.entry.outcome = outcome.to_owned();
        self.entry.code = Some(error.code.text().to_owned());
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let took = self.since.elapsed();
        self.entry.took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.audit.end(self.entry.clone(), took);
    }
}

#[cfg(test)]
mod tests;
