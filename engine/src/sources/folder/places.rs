//! Places: which files lie where, which may be claimed, and where do they go?
//!
//! - INVARIANT: a file moves by renaming within one volume, to a name that nothing there has.
//! - LIMIT: `FOLDER_FILES_SEEN_MAX` names are remembered, those of the oldest files; the others wait for their turn.
//! - **Not here**: reading ([`super`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    },
    path::{Path, PathBuf},
};

use serde_json::json;
use wardline_rules::time::{Span, Timestamp};

use crate::{
    codes::Code,
    limits::{FOLDER_FILES_SEEN_MAX, FOLDER_LOOKS, FOLDER_NAME_BYTES_MAX, FOLDER_SAME_NAME_MAX},
};

/// What is behind the name of the results of a file.
const RESULTS: &str = ".result.ndjson";
/// What is behind the name of the reason of a file that was put aside.
const REASON: &str = ".reason.json";
/// Ends of names of files that are still being written.
const UNFINISHED: [&str; 6] = [".tmp", ".part", ".partial", ".filepart", ".crdownload", "~"];

/// Why a file was put aside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    /// It is a link or a device.
    NotAFile,
    /// The engine may not read it.
    NotAllowed,
    /// There is nothing in it.
    Empty,
    /// It is larger than what may be read at once.
    TooLarge,
    /// No part of it could be read.
    Unreadable,
}

impl Reason {
    /// Its word, for metrics and for the file beside.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::NotAFile => "not_a_file",
            Self::NotAllowed => "not_allowed",
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::Unreadable => "unreadable",
        }
    }

    /// What to do.
    const fn help(self) -> &'static str {
        match self {
            Self::NotAFile => "Put the file itself into the folder, not a link to it.",
            Self::NotAllowed => "Let the engine's user read what senders put into the folder.",
            Self::Empty => "Ask the sender: the file has nothing in it, so it may have been cut off.",
            Self::TooLarge => "Split it, or write it as lines, which have no bound.",
            Self::Unreadable => {
                "Compare it with the feed's `format`; the file of results beside it has a code for each part."
            }
        }
    }
}

/// The folder and what is in it.
#[derive(Debug)]
pub(super) struct Places {
    inbox: PathBuf,
    /// Files that were claimed.
    pub(super) work: PathBuf,
    done: PathBuf,
    refused: PathBuf,
    /// Held as long as this process reads the folder.
    _lock: File,
}

impl Places {
    /// Makes what is missing and takes the folder for this process.
    ///
    /// # Errors
    /// The folder is not there, or another process reads it.
    pub(super) fn open(inbox: &Path) -> io::Result<Self> {
        // A volume that is not mounted must not be taken for an empty folder.
        fs::metadata(inbox)?;
        let place = |name: &str| -> io::Result<PathBuf> {
            let path = inbox.join(name);
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => Ok(path),
            }
        };
        let (work, done, refused) = (place("work")?, place("done")?, place("refused")?);
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(work.join(".lock"))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::Error::other("another process reads this folder"),
            fs::TryLockError::Error(error) => error,
        })?;
        Ok(Self { inbox: inbox.to_owned(), work, done, refused, _lock: lock })
    }

    /// Files that were claimed and are not done, oldest first.
    pub(super) fn claimed(&self) -> io::Result<Vec<PathBuf>> {
        Ok(oldest(&self.work)?.into_iter().map(|listed| PathBuf::from(listed.name)).collect())
    }

    /// Takes a file out of the folder.
    ///
    /// - **Output**: its name in `work/`; `None` if it is gone.
    pub(super) fn claim(&self, name: &OsStr) -> io::Result<Option<PathBuf>> {
        let claimed = self.free_name(name)?;
        match fs::rename(self.inbox.join(name), self.work.join(&claimed)) {
            Ok(()) => Ok(Some(claimed)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A name that neither a file nor its results have anywhere here.
    fn free_name(&self, name: &OsStr) -> io::Result<PathBuf> {
        let short = if name.len() <= FOLDER_NAME_BYTES_MAX {
            name.to_owned()
        } else {
            OsString::from(blake3::hash(name.as_bytes()).to_hex().as_str())
        };
        for number in 1..=FOLDER_SAME_NAME_MAX {
            let mut free = short.clone();
            if number > 1 {
                free.push(format!(".{number}"));
            }
            let has = |folder: &Path| {
                exists(&folder.join(&free)).and_then(|is| Ok(is || exists(&behind(folder, Path::new(&free), RESULTS))?))
            };
            if !has(&self.work)? && !has(&self.done)? && !has(&self.refused)? {
                return Ok(PathBuf::from(free));
            }
        }
        Err(io::Error::other("too many files of one name are kept"))
    }

    /// The file for the results of a claimed one, cut to what its mark covers; and how long it is now.
    pub(super) fn results(&self, name: &Path, covered: u64) -> io::Result<(File, u64)> {
        let path = behind(&self.done, name, RESULTS);
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        let kept = file.metadata()?.len().min(covered);
        file.set_len(kept)?;
        Ok((file, kept))
    }

    /// All of a claimed file is durable.
    pub(super) fn done(&self, name: &Path) -> io::Result<()> {
        fs::rename(self.work.join(name), self.done.join(name))
    }

    /// Puts a file aside with the reason beside it, wherever it lies.
    pub(super) fn refuse(&self, name: &Path, reason: Reason, at: Timestamp) -> io::Result<()> {
        let is_claimed = exists(&self.work.join(name))?;
        let (from, to) = if is_claimed {
            (self.work.join(name), name.to_owned())
        } else {
            (self.inbox.join(name), self.free_name(name.as_os_str())?)
        };
        let told = json!({
            "code": Code::FileRefused.text(),
            "reason": reason.word(),
            "at": at.to_string(),
            "bytes": fs::symlink_metadata(&from)?.len(),
            "help": reason.help(),
        });
        fs::write(behind(&self.refused, &to, REASON), format!("{told:#}\n"))?;
        let results = behind(&self.done, &to, RESULTS);
        match fs::metadata(&results).map(|found| found.len()) {
            Ok(0) => fs::remove_file(&results)?,
            Ok(_) => fs::rename(&results, behind(&self.refused, &to, RESULTS))?,
            Err(_) => {}
        }
        fs::rename(from, self.refused.join(&to))
    }

    /// Removes what has been done for longer than it is kept.
    pub(super) fn sweep(&self, now: Timestamp, keep: Span) -> io::Result<()> {
        for entry in fs::read_dir(&self.done)? {
            let entry = entry?;
            let found = entry.metadata()?;
            // Since when it is here, and not when it was written.
            let moved = Timestamp::from_micros(found.ctime().saturating_mul(1_000_000));
            if found.is_file() && now.since(moved) > keep {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn behind(folder: &Path, name: &Path, end: &str) -> PathBuf {
    let mut name = name.as_os_str().to_owned();
    name.push(end);
    folder.join(name)
}

fn exists(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// When a file was last written to, and how long it is.
type Stamp = ((i64, i64), u64, u64);

fn stamp(found: &Metadata) -> Stamp {
    ((found.mtime(), found.mtime_nsec()), found.len(), found.ino())
}

/// What lies in a folder; sorts by when it was last written to, then by name.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Listed {
    written: (i64, i64),
    name: OsString,
    stamp: Stamp,
    is_file: bool,
}

/// The oldest files of a folder, in order; links and devices too, folders not.
fn oldest(folder: &Path) -> io::Result<BTreeSet<Listed>> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_unfinished = name.as_bytes().starts_with(b".")
            || UNFINISHED.iter().any(|end| name.as_bytes().to_ascii_lowercase().ends_with(end.as_bytes()));
        let found = match entry.metadata() {
            Ok(found) if found.is_dir() || is_unfinished => continue,
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let stamp = stamp(&found);
        files.insert(Listed { written: stamp.0, name, stamp, is_file: found.is_file() });
        if files.len() > FOLDER_FILES_SEEN_MAX {
            files.pop_last();
        }
    }
    Ok(files)
}

/// What was seen lately, and how often unchanged.
#[derive(Debug, Default)]
pub(super) struct Looked(BTreeMap<OsString, (Stamp, u32)>);

/// What a look found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Found {
    /// Nobody writes to them any more; oldest first.
    pub(super) settled: Vec<OsString>,
    /// They are no files.
    pub(super) odd: Vec<PathBuf>,
}

impl Looked {
    /// Looks once more: a file that did not change for `FOLDER_LOOKS` looks may be claimed.
    pub(super) fn look(&mut self, places: &Places) -> io::Result<Found> {
        let mut found = Found::default();
        let mut seen = BTreeMap::new();
        for Listed { name, stamp, is_file, .. } in oldest(&places.inbox)? {
            if !is_file {
                found.odd.push(PathBuf::from(name));
                continue;
            }
            let before = self.0.get(&name).filter(|(before, _)| *before == stamp);
            let looks = before.map_or(1, |(_, looks)| looks.saturating_add(1));
            if looks >= FOLDER_LOOKS {
                found.settled.push(name);
            } else {
                seen.insert(name, (stamp, looks));
            }
        }
        self.0 = seen;
        Ok(found)
    }
}
