//! Ward: how do the files of a ward become a program, now and on every replay?
//!
//! ```text
//!  folder or file ─► Sources ─► check ─► Program             what runs
//!        └──► pack: date of the check, then all texts ──►     what the log keeps, so that replay checks the same text
//! ```
//! - **How it fits**: `run` and `activate` load; recovery compiles what an activation in the log holds.
//! - LIMIT: `WARD_BYTES_MAX`, `WARD_FILES_MAX` in [`limits`](crate::limits); beyond them WL1114.
//! - **Not here**: the check itself (`wardline-dsl`).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use wardline_core::input::Activation;
use wardline_dsl::{
    Checked, check,
    source::{SourceFile, Sources},
};
use wardline_rules::{Text, program::Program, time::Date};

use crate::{
    codes::Code,
    config::Finding,
    limits::{WARD_BYTES_MAX, WARD_FILES_MAX},
};

/// Packs that travel inside the program, by name.
const PACKS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/packs.rs"));
/// First bytes of a packed ward; the number is the format.
const MAGIC: &[u8; 5] = b"WARD\x01";

/// Reads the ward at `path`: one file, or a folder with its `.ward`, `.rhai` and `.toml` files.
///
/// # Errors
/// [`Code::WardUnreadable`].
pub fn load(path: &Path) -> Result<Sources, Finding> {
    let refuse = |cause: String| {
        let headline = format!("cannot read the ward `{}`: {cause}", path.display());
        Finding::of_file(Code::WardUnreadable, "", headline, "Name a folder with `.ward` files, or one such file.")
    };
    let mut found = Found::default();
    let is_folder = path.is_dir();
    if is_folder {
        found.walk(path, 0).map_err(|error| refuse(error.to_string()))?;
    } else {
        found.paths.push(path.to_owned());
    }
    if found.paths.len() > WARD_FILES_MAX {
        return Err(refuse(format!("it has more than {WARD_FILES_MAX} files")));
    }
    found.paths.sort();
    let base = if is_folder { path } else { path.parent().unwrap_or(Path::new("")) };
    let sources = read_all(&found.paths, base).map_err(refuse)?;
    if sources.files.is_empty() { Err(refuse("it has no `.ward` file".to_owned())) } else { Ok(sources) }
}

/// Files of a ward folder.
#[derive(Default)]
struct Found {
    paths: Vec<PathBuf>,
}

impl Found {
    /// LIMIT: four folders deep, so that a link to a parent cannot loop.
    fn walk(&mut self, folder: &Path, depth: usize) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let is_read =
                path.extension().is_some_and(|known| ["ward", "rhai", "toml"].iter().any(|read| known == *read));
            if path.is_dir() && depth < 4 {
                self.walk(&path, depth + 1)?;
            } else if is_read && self.paths.len() <= WARD_FILES_MAX {
                self.paths.push(path);
            }
        }
        Ok(())
    }
}

fn read_all(paths: &[PathBuf], base: &Path) -> Result<Sources, String> {
    let mut sources = Sources { packs: packs(), ..Sources::default() };
    let mut total = 0;
    for path in paths {
        let name = path.strip_prefix(base).unwrap_or(path).to_string_lossy().into_owned();
        let bytes = fs::read(path).map_err(|error| format!("`{name}`: {error}"))?;
        total += bytes.len();
        if total > WARD_BYTES_MAX {
            return Err(format!("it is longer than {WARD_BYTES_MAX} bytes"));
        }
        let file = SourceFile::from_bytes(name, &bytes);
        if path.extension().is_some_and(|extension| extension == "toml") {
            sources.holidays.push(file);
        } else {
            sources.files.push(file);
        }
    }
    Ok(sources)
}

/// The packs that every ward may use.
#[must_use]
pub fn packs() -> Vec<SourceFile> {
    PACKS.iter().map(|(name, text)| SourceFile::new(format!("{name}.ward"), *text)).collect()
}

/// A ward that checks, ready to be activated.
///
/// # Errors
/// What the check found, if it has an error.
pub fn activation(sources: &Sources, as_of: Date, author: &str) -> Result<Activation, Box<Checked>> {
    let mut checked = check(sources, as_of);
    match checked.program.take() {
        Some(program) => {
            Ok(Activation { program, text: pack(sources, as_of), author: Text::from(author), moved: false, site: None })
        }
        None => Err(Box::new(checked)),
    }
}

/// The program of a packed ward; `None` if it is none, or no longer checks.
#[must_use]
pub fn compile(packed: &[u8]) -> Option<Program> {
    let (sources, as_of) = unpack(packed)?;
    check(&sources, as_of).program
}

/// All texts of a ward in one piece.
#[must_use]
pub fn pack(sources: &Sources, as_of: Date) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&as_of.days().to_le_bytes());
    for list in [&sources.files, &sources.packs, &sources.holidays] {
        put_length(&mut bytes, list.len());
        for file in list {
            for text in [&file.name, &file.text] {
                put_length(&mut bytes, text.len());
                bytes.extend_from_slice(text.as_bytes());
            }
        }
    }
    bytes
}

/// The texts of a packed ward and the date of its check.
#[must_use]
pub fn unpack(packed: &[u8]) -> Option<(Sources, Date)> {
    let mut rest = packed.strip_prefix(MAGIC)?;
    let as_of = Date::from_days(i32::from_le_bytes(take(&mut rest, 4)?.try_into().ok()?));
    let mut sources = Sources::default();
    for list in [&mut sources.files, &mut sources.packs, &mut sources.holidays] {
        for _ in 0..take_length(&mut rest)? {
            let name = take_text(&mut rest)?;
            list.push(SourceFile::new(name, take_text(&mut rest)?));
        }
    }
    rest.is_empty().then_some((sources, as_of))
}

fn put_length(bytes: &mut Vec<u8>, length: usize) {
    bytes.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?)).ok()
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = take_length(rest)?;
    String::from_utf8(take(rest, length)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_ward_keeps_every_text_and_the_date() {
        let mut sources = Sources::of_text("st-anne.ward", "ward \"St Anne\" edition 1\n  zone      America/Chicago\n");
        sources.holidays.push(SourceFile::new("holidays/us.toml", "a = 1"));
        let as_of = Date::new(2026, 1, 14).unwrap();
        let packed = pack(&sources, as_of);
        assert_eq!(unpack(&packed), Some((sources, as_of)));
        assert_eq!(unpack(&packed[..packed.len() - 1]), None);
        assert_eq!(unpack(b"something else"), None);
        assert_eq!(compile(b""), None);
    }

    #[test]
    fn a_folder_is_read_with_its_holidays_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("holidays")).unwrap();
        for (name, text) in
            [("b.ward", "b"), ("a.ward", "a"), ("c.rhai", "c"), ("holidays/us.toml", "h"), ("notes.md", "n")]
        {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let sources = load(folder.path()).unwrap();
        let names: Vec<&str> = sources.files.iter().chain(&sources.holidays).map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a.ward", "b.ward", "c.rhai", "holidays/us.toml"]);
        assert_eq!(load(&folder.path().join("missing")).unwrap_err().code, Code::WardUnreadable);
    }
}
