//! Manifest: which files count, and up to which epoch do they hold everything?
//!
//! One line for each version in `manifest/log`: `crc32c-hex SPACE json LF`, appended and made durable. What exists is what
//! the lines say; nothing ever lists a folder to learn it.
//!
//! - **Crash**: a torn last line is cut; a bad line before a good one is damage.
//! - **Not here**: writing the files ([`crate::file`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wardline_rules::row::Table;

/// The file, below the archive's folder.
pub const LOG: &str = "manifest.log";

/// One file of one table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct File {
    /// Below the archive's folder; unique for ever.
    pub name: String,
    /// Name of the table.
    pub table: String,
    /// How many rows it holds.
    pub rows: u64,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// First and last epoch in it.
    pub epoch: (u64, u64),
    /// Log time when it was written, microseconds; 0 if an older release wrote it.
    #[serde(default)]
    pub at: i64,
}

/// One version.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Its number, from 1.
    pub v: u64,
    /// Log time, microseconds.
    pub at: i64,
    /// Files hold exactly the rows up to this epoch.
    pub covered: u64,
    /// Where the newest hole ends; 0 if there is none.
    #[serde(default)]
    pub began_after: u64,
    /// Rows of epochs after the first and up to the second were never made: the archive began, or went on, later than the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hole: Option<(u64, u64)>,
    /// Of the tables.
    pub schema_version: u32,
    /// Files that count from now on.
    pub add: Vec<File>,
    /// Names of files that count no more.
    pub drop: Vec<String>,
}

/// What counts at one version.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Manifest {
    /// Number of the newest version; 0 before the first.
    pub version: u64,
    /// Log time of it.
    pub at: i64,
    /// Files hold exactly the rows up to this epoch.
    pub covered: u64,
    /// Where the newest hole ends; 0 if there is none.
    pub began_after: u64,
    /// All holes, oldest first: rows of epochs after the first and up to the second number were never made.
    pub holes: Vec<(u64, u64)>,
    /// Files that count, by name.
    pub files: BTreeMap<String, File>,
}

/// Why lines are no manifest.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// A line that is not the last is damaged, or versions do not follow one another.
    #[error("line {0} of the manifest is damaged")]
    Damaged(usize),
}

impl Manifest {
    /// Reads all whole lines.
    ///
    /// - **Output**: what counts, and how many bytes are whole; what follows them is a torn line.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), Error> {
        let mut manifest = Self::default();
        let mut whole = 0;
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        for (place, line) in lines.iter().enumerate() {
            match decode(line) {
                Some(record) if record.v == manifest.version + 1 => manifest.apply(record),
                None if place + 1 == lines.len() => break,
                Some(_) | None => return Err(Error::Damaged(place + 1)),
            }
            whole += line.len();
        }
        Ok((manifest, whole))
    }

    /// The next version.
    pub fn apply(&mut self, record: Record) {
        self.version = record.v;
        self.at = record.at;
        self.covered = record.covered;
        self.began_after = record.began_after;
        self.holes.extend(record.hole);
        for name in &record.drop {
            self.files.remove(name);
        }
        self.files.extend(record.add.into_iter().map(|file| (file.name.clone(), file)));
    }

    /// Files of a table, in order of name, which is order of epoch.
    pub fn files_of(&self, table: Table) -> impl Iterator<Item = &File> {
        self.files.values().filter(move |file| file.table == table.name())
    }
}

impl Record {
    /// Its line.
    ///
    /// # Errors
    /// What JSON refuses; that cannot happen.
    pub fn encode(&self) -> serde_json::Result<Vec<u8>> {
        let json = serde_json::to_vec(self)?;
        let mut line = format!("{:08x} ", crc32c::crc32c(&json)).into_bytes();
        line.extend_from_slice(&json);
        line.push(b'\n');
        Ok(line)
    }
}

fn decode(line: &[u8]) -> Option<Record> {
    let line = line.strip_suffix(b"\n")?;
    let (crc, json) = line.split_at_checked(9)?;
    let crc = core::str::from_utf8(crc).ok()?.strip_suffix(' ')?;
    let crc = u32::from_str_radix(crc, 16).ok()?;
    (crc32c::crc32c(json) == crc).then(|| serde_json::from_slice(json).ok())?
}
