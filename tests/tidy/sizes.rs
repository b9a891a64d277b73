//! Sizes: is every function and file short enough to be read in one go?
//!
//! A function has at most [`FUNCTION_LINES_MAX`] lines of code, a file at most [`FILE_LINES_MAX`] lines without its tests. The longest file may not grow between releases: `tests/tidy/largest.txt` holds its length, a release lowers it with `BLESS=release`.
//! - LIMIT: `FUNCTION_LINES_MAX`, `FILE_LINES_MAX`.
//! - **Not here**: parameters and nesting (clippy counts those).

use std::{env, fs};

use wardline_tests::{
    repository::{Finding, assert_none},
    rust::is_test_path,
};

use super::{RustFile, repository, rust_file, rust_files};

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 500;
const LARGEST: &str = "tests/tidy/largest.txt";

fn long_functions(file: &RustFile) -> Vec<Finding> {
    let long = file.source.functions.iter().filter(|function| function.code_lines > FUNCTION_LINES_MAX);
    long.map(|function| {
        let message = format!(
            "`{}` has {} lines of code, {FUNCTION_LINES_MAX} are allowed: let it decide and move what computes",
            function.name, function.code_lines
        );
        Finding::at(&file.path, function.first_line, message)
    })
    .collect()
}

/// Lines of a file without its inline test modules; 0 for a file that is only tests.
fn lines_without_tests(file: &RustFile) -> usize {
    let is_only_tests = is_test_path(&file.path) && (file.path.ends_with("/tests.rs") || file.path.contains("/tests/"));
    let tests: usize = file.source.test_modules.iter().map(|(first, last)| last - first + 1).sum();
    if is_only_tests { 0 } else { file.text.lines().count() - tests }
}

fn long_file(file: &RustFile, lines_max: usize) -> Option<Finding> {
    let lines = lines_without_tests(file);
    let message = format!(
        "has {lines} lines without tests, {lines_max} are allowed (the longest file may not grow): split it by what it knows"
    );
    (lines > lines_max).then(|| Finding::of(&file.path, message))
}

/// The number in the ratchet file, below its remarks.
fn ratchet(text: &str) -> Option<usize> {
    text.lines().find(|line| !line.starts_with('#'))?.trim().parse().ok()
}

#[test]
fn no_function_is_too_long() {
    let findings: Vec<Finding> = rust_files().iter().flat_map(long_functions).collect();
    assert_none(&findings);
}

#[test]
fn a_function_of_seventy_one_lines_is_refused() {
    let function = |lines: usize| rust_file("a.rs", &format!("fn long() {{\n{}}}\n", "    go();\n".repeat(lines)));
    assert!(long_functions(&function(70)).is_empty());
    assert_eq!(long_functions(&function(71)).len(), 1);
}

#[test]
fn no_file_is_too_long_and_the_longest_did_not_grow() {
    let repository = repository();
    let recorded = repository.file(LARGEST).and_then(|file| ratchet(&file.text)).unwrap();
    assert!(recorded <= FILE_LINES_MAX, "{LARGEST} allows more than {FILE_LINES_MAX} lines");
    let files = rust_files();
    if env::var("BLESS").is_ok_and(|value| value == "release") {
        let largest = files.iter().map(lines_without_tests).max().unwrap_or(0);
        let remarks =
            "# Lines without tests of the longest source file, as of the last release. It may shrink and never grow.\n";
        fs::write(repository.root.join(LARGEST), format!("{remarks}{}\n", largest.min(recorded))).unwrap();
    }
    let findings: Vec<Finding> = files.iter().filter_map(|file| long_file(file, recorded)).collect();
    assert_none(&findings);
}

#[test]
fn a_file_of_five_hundred_and_one_lines_is_refused() {
    let file = |lines: usize, tests: &str| {
        rust_file("rules/src/a.rs", &format!("{}{tests}", "const A: u8 = 1;\n".repeat(lines)))
    };
    assert_eq!(long_file(&file(500, "#[cfg(test)]\nmod tests {\n    fn a() {}\n}\n"), 500), None);
    assert!(long_file(&file(501, ""), 500).is_some());
}

#[test]
fn the_ratchet_reads_the_number_below_its_remarks() {
    assert_eq!(ratchet("# why\n480\n"), Some(480));
    assert_eq!(ratchet("# why\n"), None);
}
