//! Files: does everything stand where a stranger would look for it?
//!
//! - **How it fits**: the layout is drawn in `ARCHITECTURE.md`; a new top-level name needs an ADR and a line here.
//! - **Not here**: how long a file is ([`sizes`](super::sizes)).

use wardline_tests::repository::{Finding, Repository, assert_none};

use super::{RustFile, repository, rust_file, rust_files};

/// Everything that may lie at the root.
const TOP_LEVEL: [&str; 25] = [
    ".ci/",
    ".config/",
    ".gitattributes",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches/",
    "clippy.toml",
    "connectors/",
    "deny.toml",
    "docs/",
    "dsl/",
    "engine/",
    "grafana/",
    "justfile",
    "loadtest/",
    "rules/",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "tests/",
];

fn strangers(names: &[String]) -> Vec<Finding> {
    let is_stranger = |name: &&String| !TOP_LEVEL.contains(&name.as_str());
    let strangers = names.iter().filter(is_stranger);
    strangers
        .map(|name| {
            Finding::of(name, "a new top-level name needs an ADR in docs/adr and a line in tests/tidy/files.rs")
        })
        .collect()
}

fn clippy_files(paths: &[&str]) -> Vec<Finding> {
    let is_second =
        |path: &&&str| (path.ends_with("clippy.toml") || path.ends_with(".clippy.toml")) && **path != "clippy.toml";
    let seconds = paths.iter().filter(is_second);
    let mut findings: Vec<Finding> = seconds
        .map(|path| Finding::of(path, "silently replaces the root's clippy.toml and all its bans; delete it"))
        .collect();
    if !paths.contains(&"clippy.toml") {
        findings.push(Finding::of("clippy.toml", "is missing: it holds the bans of the pure crates"));
    }
    findings
}

fn module_files(paths: &[&str]) -> Vec<Finding> {
    let is_mod = |path: &&&str| path.ends_with("/mod.rs");
    let found = paths.iter().filter(is_mod);
    found
        .map(|path| Finding::of(path, "write `foo.rs` beside the folder `foo/`, so that every file has its own name"))
        .collect()
}

fn undocumented(file: &RustFile) -> Option<Finding> {
    let is_documented = file.text.starts_with("//! ") || file.text.starts_with("#![doc = include_str!");
    let message = "begin with `//! Name: the question it answers?`, then the idea, how it fits, what is not here";
    (!is_documented).then(|| Finding::at(&file.path, 1, message))
}

fn paths(repository: &Repository) -> Vec<&str> {
    repository.files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn every_top_level_name_is_known() {
    assert_none(&strangers(&repository().top_level()));
}

#[test]
fn an_unknown_top_level_name_is_refused() {
    assert!(strangers(&["rules/".to_owned(), "LICENSE".to_owned()]).is_empty());
    assert_eq!(strangers(&["scripts/".to_owned()]).len(), 1);
}

#[test]
fn there_is_one_clippy_file() {
    assert_none(&clippy_files(&paths(&repository())));
}

#[test]
fn a_second_or_a_missing_clippy_file_is_refused() {
    assert!(clippy_files(&["clippy.toml", "rules/src/lib.rs"]).is_empty());
    assert_eq!(clippy_files(&["clippy.toml", "rules/clippy.toml"]).len(), 1);
    assert_eq!(clippy_files(&["rules/src/lib.rs"]).len(), 1);
}

#[test]
fn no_module_hides_in_a_file_called_mod() {
    assert_none(&module_files(&paths(&repository())));
}

#[test]
fn a_file_called_mod_is_refused() {
    assert!(module_files(&["rules/src/time.rs"]).is_empty());
    assert_eq!(module_files(&["rules/src/time/mod.rs"]).len(), 1);
}

#[test]
fn every_rust_file_says_why_it_exists() {
    let findings: Vec<Finding> = rust_files().iter().filter_map(undocumented).collect();
    assert_none(&findings);
}

#[test]
fn a_rust_file_without_module_doc_is_refused() {
    assert_eq!(undocumented(&rust_file("a.rs", "//! Timers: which waits end now?\nfn a() {}\n")), None);
    assert!(undocumented(&rust_file("a.rs", "// Timers\nfn a() {}\n")).is_some());
}
