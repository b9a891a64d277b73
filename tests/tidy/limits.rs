//! Limits: does every bound that a page of code promises exist as a number?
//!
//! A remark `LIMIT:` names a constant in backticks. A name that no constant carries is a bound nobody keeps.
//! - **How it fits**: bounds stand in the `limits.rs` of their crate, with their arithmetic.
//! - **Not here**: whether the code keeps to the bound (its tests say so).

use std::collections::BTreeSet;

use wardline_tests::repository::{Finding, assert_none};

use super::{RustFile, rust_file, rust_files};

fn constants(files: &[RustFile]) -> BTreeSet<String> {
    let names = files.iter().flat_map(|file| &file.source.names);
    names.filter(|name| name.kind == "const").map(|name| name.text.clone()).collect()
}

fn promised(file: &RustFile) -> Vec<(usize, String)> {
    let lines = file.text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("//"));
    let limits = lines.filter_map(|(index, line)| Some((index + 1, line.split_once(concat!("LIM", "IT:"))?.1)));
    limits.flat_map(|(line, rest)| constants_in(rest).map(move |name| (line, name))).collect()
}

fn constants_in(text: &str) -> impl Iterator<Item = String> {
    let is_constant = |word: &&str| {
        word.contains('_') && word.chars().all(|sign| sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == '_')
    };
    text.split('`').skip(1).step_by(2).filter(is_constant).map(str::to_owned)
}

fn unkept(file: &RustFile, constants: &BTreeSet<String>) -> Vec<Finding> {
    let unkept = promised(file).into_iter().filter(|(_, name)| !constants.contains(name));
    unkept
        .map(|(line, name)| {
            Finding::at(
                &file.path,
                line,
                format!("`{name}` is no constant: declare it in limits.rs with its arithmetic"),
            )
        })
        .collect()
}

#[test]
fn every_limit_is_a_number() {
    let files = rust_files();
    let constants = constants(&files);
    let findings: Vec<Finding> = files.iter().flat_map(|file| unkept(file, &constants)).collect();
    assert_none(&findings);
}

#[test]
fn a_limit_that_no_constant_carries_is_refused() {
    let limits = rust_file("rules/src/limits.rs", "pub const TIMERS_MAX: usize = 16;\n");
    let file = |name: &str| {
        rust_file(
            "rules/src/a.rs",
            &format!("//! - {}: `{name}` in [`limits`](crate::limits).\n", concat!("LIM", "IT")),
        )
    };
    let constants = constants(&[limits]);
    assert!(unkept(&file("TIMERS_MAX"), &constants).is_empty());
    assert_eq!(unkept(&file("WHEELS_MAX"), &constants).len(), 1);
    assert!(unkept(&file("Timers"), &constants).is_empty(), "a type is no bound");
}
