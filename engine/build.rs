//! Build: which pages of `docs/errors` and which packs of `rules/packs` travel inside the program?
//!
//! Lists both folders as Rust arrays of (name, text), so that `wardline explain` and `uses pack` need no files.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("..");
    let out = PathBuf::from(env::var("OUT_DIR").unwrap_or_default());
    embed(&root.join("docs/errors"), "md", &out.join("errors.rs"))?;
    embed(&root.join("rules/packs"), "ward", &out.join("packs.rs"))
}

/// Writes an array of the files of `folder` that end in `.extension`, sorted by name.
fn embed(folder: &Path, extension: &str, to: &Path) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files.sort();
    let mut text = String::from("&[\n");
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let path = fs::canonicalize(&file)?;
        text.push_str(&format!("    ({name:?}, include_str!({path:?})),\n"));
    }
    text.push_str("]\n");
    fs::write(to, text)
}
