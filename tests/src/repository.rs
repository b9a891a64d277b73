//! Repository: which files are there, and what do they say?
//!
//! Files are walked in name order, so every report of a check comes out in the same order on every machine. Build output, local data and hidden folders are left out, except the two hidden folders that belong to the repository.
//! - **How it fits**: the tidy and status tests load it once per check.
//! - LIMIT: files that are not UTF-8 are listed without text; no check reads them.
//! - **Not here**: the meaning of a file ([`rust`](crate::rust) reads Rust).

use std::{
    env, fmt, fs, io,
    path::{Path, PathBuf},
};

/// Hidden folders that are part of the repository.
const HIDDEN_KEPT: [&str; 2] = [".ci", ".config"];
/// Top-level folders that tools and local runs leave behind.
const LEFT_BEHIND: [&str; 2] = ["target", "data"];

/// One file: its path from the repository's root, with `/` between parts, and its text.
#[derive(Debug, Clone)]
pub struct File {
    /// Path from the root.
    pub path: String,
    /// The whole text; empty when the file is not UTF-8.
    pub text: String,
}

/// Everything a check may look at.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Where the repository lies on this machine.
    pub root: PathBuf,
    /// All files, in path order.
    pub files: Vec<File>,
}

/// What a check found: where, and one sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, or the crate.
    pub place: String,
    /// The line, from 1; 0 when the finding is about the whole file.
    pub line: usize,
    /// What is wrong, with the replacement.
    pub message: String,
}

impl Finding {
    /// A finding at one line of a file.
    pub fn at(place: &str, line: usize, message: impl Into<String>) -> Self {
        Self { place: place.to_owned(), line, message: message.into() }
    }

    /// A finding about a file or crate as a whole.
    pub fn of(place: &str, message: impl Into<String>) -> Self {
        Self::at(place, 0, message)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(formatter, "{}: {}", self.place, self.message),
            line => write!(formatter, "{}:{line}: {}", self.place, self.message),
        }
    }
}

impl Repository {
    /// Reads the repository this package belongs to, or the copy that `WARDLINE_ROOT` names: `tests/bite` plants faults in one.
    ///
    /// # Errors
    /// The first folder that cannot be listed.
    pub fn load() -> io::Result<Self> {
        let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        Self::load_from(&env::var_os("WARDLINE_ROOT").map_or_else(own, PathBuf::from))
    }

    /// Reads the repository below `root`.
    ///
    /// # Errors
    /// The first folder that cannot be listed.
    pub fn load_from(root: &Path) -> io::Result<Self> {
        let root = root.canonicalize()?;
        let mut files = Vec::new();
        walk(&root, "", &mut files)?;
        Ok(Self { root, files })
    }

    /// Files whose name ends in `extension` (with its dot).
    pub fn with_extension<'a>(&'a self, extension: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| file.path.ends_with(extension))
    }

    /// The file at exactly this path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Names directly below the root, folders ending in `/`, in name order, each once.
    pub fn top_level(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .files
            .iter()
            .map(|file| match file.path.split_once('/') {
                Some((folder, _)) => format!("{folder}/"),
                None => file.path.clone(),
            })
            .collect();
        names.dedup();
        names
    }
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<File>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if is_walked(prefix, &name) {
                walk(&entry.path(), &format!("{path}/"), files)?;
            }
        } else if path != ".git" {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            files.push(File { path, text });
        }
    }
    Ok(())
}

fn is_walked(prefix: &str, name: &str) -> bool {
    match (name.starts_with('.'), prefix) {
        (true, _) => HIDDEN_KEPT.contains(&name),
        (false, "") => !LEFT_BEHIND.contains(&name),
        (false, _) => true,
    }
}

/// Fails the calling test with every finding, one a line.
///
/// # Panics
/// When there is a finding: that is its purpose.
pub fn assert_none(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{} findings\n{}\n", lines.len(), lines.join("\n"));
}
