//! Manifests: does every crate obey the house rules, and does every dependency say what it saves?
//!
//! - **How it fits**: reads the `Cargo.toml` files as text, because remarks are part of what is checked.
//! - **Not here**: who may depend on whom ([`edges`](super::edges)), licences (`deny.toml`).

use wardline_tests::repository::{Finding, assert_none};

use super::repository;

fn lints(path: &str, text: &str) -> Option<Finding> {
    let has_lints = text.contains("[lints]\nworkspace = true");
    (!has_lints).then(|| Finding::of(path, "add `[lints]` with `workspace = true`, or no lint holds in this crate"))
}

fn own_versions(path: &str, text: &str) -> Vec<Finding> {
    let is_dependency_section = |section: &str| section.ends_with("dependencies]");
    let lines = in_sections(text, is_dependency_section);
    let own = lines.into_iter().filter(|(_, line)| !line.contains("workspace = true"));
    own.map(|(number, _)| {
        Finding::at(path, number, "declare the version once in the root and write `name.workspace = true`")
    })
    .collect()
}

fn unexplained(text: &str) -> Vec<Finding> {
    let lines = in_sections(text, |section| section == "[workspace.dependencies]");
    let bare = lines.into_iter().filter(|(_, line)| !line.contains("path = ") && !line.contains(" # "));
    bare.map(|(number, _)| {
        Finding::at("Cargo.toml", number, "end the line with a remark that says what the crate saves us")
    })
    .collect()
}

/// Lines that declare something, inside the sections that `is_wanted` names.
fn in_sections(text: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<(usize, String)> {
    let mut is_inside = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        match line.starts_with('[') {
            true => is_inside = is_wanted(line),
            false if is_inside && line.contains('=') && !line.starts_with('#') => {
                lines.push((index + 1, line.to_owned()))
            }
            false => {}
        }
    }
    lines
}

#[test]
fn every_crate_takes_lints_and_versions_from_the_root() {
    let repository = repository();
    let members = repository.with_extension("/Cargo.toml");
    let findings: Vec<Finding> = members
        .flat_map(|file| lints(&file.path, &file.text).into_iter().chain(own_versions(&file.path, &file.text)))
        .collect();
    assert_none(&findings);
}

#[test]
fn a_crate_with_its_own_rules_is_refused() {
    assert_eq!(lints("a/Cargo.toml", "[lints]\nworkspace = true\n"), None);
    assert!(lints("a/Cargo.toml", "[lints.rust]\nunsafe_code = \"allow\"\n").is_some());
    assert!(
        own_versions("a/Cargo.toml", "[dependencies]\njiff.workspace = true\njiff = { workspace = true }\n").is_empty()
    );
    assert_eq!(own_versions("a/Cargo.toml", "[dev-dependencies]\njiff = \"0.2\"\n").len(), 1);
}

#[test]
fn every_dependency_says_what_it_saves() {
    assert_none(&unexplained(&repository().file("Cargo.toml").unwrap().text));
}

#[test]
fn a_dependency_without_remark_is_refused() {
    assert!(
        unexplained("[workspace.dependencies]\n# ours\na = { path = \"a\" }\nb = \"1\" # saves a parser\n").is_empty()
    );
    assert_eq!(unexplained("[workspace.dependencies]\nb = \"1\"\n").len(), 1);
}
