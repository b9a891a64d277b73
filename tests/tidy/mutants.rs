//! Mutants: do the planted bugs still fit the code?
//!
//! `tests/mutants/run` wakes each of them and takes long; whether a patch would still apply, sleeps until it is woken by its
//! number, and has its row in `docs/mutants.md` is seen here at once, on every run, without any tool.
//! - **Not here**: whether the bugs are found.

use wardline_tests::repository::{Finding, Repository, assert_none};

use super::repository;

/// Lines that every patch begins with.
const HEAD: [&str; 3] = ["Planted: ", "Dies by: ", "Check: "];

/// One stretch of a patch: the file, and the lines that must stand in it.
struct Stretch {
    path: String,
    line: usize,
    before: String,
}

fn stretches(patch: &str) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut path = String::new();
    let mut is_inside = false;
    for (index, line) in patch.lines().enumerate() {
        if let Some(name) = line.strip_prefix("+++ b/") {
            path = name.to_owned();
        } else if line.starts_with("@@") {
            is_inside = true;
            found.push(Stretch { path: path.clone(), line: index + 1, before: String::new() });
        } else if line.starts_with("diff ") {
            is_inside = false;
        } else if let (true, Some(stretch)) = (is_inside, found.last_mut())
            && let Some(kept) = line.strip_prefix(' ').or_else(|| line.strip_prefix('-'))
        {
            stretch.before.push_str(kept);
            stretch.before.push('\n');
        }
    }
    found
}

fn misfits(path: &str, patch: &str, repository: &Repository) -> Vec<Finding> {
    let heads = HEAD.iter().enumerate().filter(|(index, head)| {
        patch.lines().nth(*index).and_then(|line| line.strip_prefix(*head)).is_none_or(str::is_empty)
    });
    let mut findings: Vec<Finding> = heads
        .map(|(index, head)| Finding::at(path, index + 1, format!("this line begins `{head}` and says it")))
        .collect();
    let stretches = stretches(patch);
    if stretches.is_empty() {
        findings.push(Finding::of(path, "it changes nothing"));
    }
    for stretch in stretches {
        let is_there = repository.file(&stretch.path).is_some_and(|file| file.text.contains(&stretch.before));
        if !is_there {
            let message = format!("does not fit `{}` any more: plant the same bug in the code of today", stretch.path);
            findings.push(Finding::at(path, stretch.line, message));
        }
    }
    findings
}

/// Its number, as its file name begins with it.
fn number(path: &str) -> Option<u32> {
    path.rsplit('/').next()?.split('-').next()?.parse().ok()
}

/// A bug is awake only when its number is called.
fn wide_awake(path: &str, patch: &str) -> Vec<Finding> {
    let guards: Vec<&str> =
        patch.split("crate::planted::is(").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let own = number(path).map(|number| number.to_string()).unwrap_or_default();
    let is_guarded = !guards.is_empty() && guards.iter().all(|guard| *guard == own);
    let message = format!("what it plants is guarded by `crate::planted::is({own})` and by nothing else");
    (!is_guarded).then(|| Finding::of(path, message)).into_iter().collect()
}

/// Each has a row of the page, by its number and what it plants.
fn untold(path: &str, patch: &str, page: &str) -> Vec<Finding> {
    let planted = patch.lines().next().and_then(|line| line.strip_prefix(HEAD[0])).unwrap_or_default();
    let number = number(path).unwrap_or_default();
    let is_told = page.contains(&format!("| {number:02} | {planted} |"));
    let message = "`docs/mutants.md` has no row for it: `tests/mutants/run --doc`";
    (!is_told).then(|| Finding::of(path, message)).into_iter().collect()
}

#[test]
fn every_planted_bug_still_fits_the_code() {
    let repository = repository();
    let page = repository.file("docs/mutants.md").map(|file| file.text.clone()).unwrap_or_default();
    let is_patch = |path: &str| path.starts_with("tests/mutants/") && path.ends_with(".patch");
    let patches: Vec<_> = repository.files.iter().filter(|file| is_patch(&file.path)).collect();
    assert!(patches.len() >= 30, "{} planted bugs", patches.len());
    let findings = patches.iter().flat_map(|file| {
        let (path, text) = (file.path.as_str(), file.text.as_str());
        [misfits(path, text, &repository), wide_awake(path, text), untold(path, text, &page)].concat()
    });
    assert_none(&findings.collect::<Vec<Finding>>());
}

#[test]
fn a_bug_that_does_not_sleep_is_refused() {
    assert!(wide_awake("tests/mutants/07-x.patch", "+ if crate::planted::is(7) {").is_empty());
    assert_eq!(wide_awake("tests/mutants/07-x.patch", "+ if crate::planted::is(8) {").len(), 1);
    assert_eq!(wide_awake("tests/mutants/07-x.patch", "+ if true {").len(), 1);
}

#[test]
fn a_bug_without_its_row_is_refused() {
    let patch = "Planted: all is lost\n";
    assert!(untold("tests/mutants/07-x.patch", patch, "| 07 | all is lost | O1 |").is_empty());
    assert_eq!(untold("tests/mutants/07-x.patch", patch, "| 08 | all is lost | O1 |").len(), 1);
}

#[test]
fn a_patch_that_does_not_fit_is_refused() {
    let repository = repository();
    let first = repository.file("Cargo.toml").and_then(|file| file.text.lines().next().map(str::to_owned)).unwrap();
    let patch = |line: &str| {
        format!(
            "Planted: a\nDies by: b\nCheck: sim\n\ndiff --git a/Cargo.toml b/Cargo.toml\n--- a/Cargo.toml\n+++ b/Cargo.toml\n@@ -1 +1 @@\n-{line}\n+other\n"
        )
    };
    assert!(misfits("a.patch", &patch(&first), &repository).is_empty());
    assert_eq!(misfits("a.patch", &patch("not there"), &repository).len(), 1);
    assert_eq!(misfits("a.patch", "", &repository).len(), 4);
}
