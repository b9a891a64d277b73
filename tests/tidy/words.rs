//! Words: is one idea called by one name, and are forbidden words absent?
//!
//! Each refused word comes with its replacement. Test code may not wait, read the machine's time, be skipped or expect a panic.
//! - **How it fits**: the vocabulary is that of `docs/vocabulary.md`; clippy bans variable names.
//! - **Not here**: words that only pure crates may not use ([`pure`](super::pure)).

use wardline_tests::{
    repository::{Finding, assert_none},
    rust::{is_test_path, words_of},
};

use super::{RustFile, rust_file, rust_files};

/// Words in no name of a type, and what to do instead.
const TYPE_WORDS: [(&str, &str); 7] = [
    ("data", "say what it holds"),
    ("helper", "say what it does"),
    ("info", "say what it holds"),
    ("manager", "name the thing it keeps"),
    ("service", "name the thing it is"),
    ("util", "say what it does"),
    ("utils", "say what it does"),
];

/// Words in no public name: the word, ours, and the folders where the word means something else.
const PUBLIC_WORDS: [(&str, &str, &[&str]); 22] = [
    ("alarm", "alert or timer", &[]),
    ("executor", "driver", &[]),
    ("handler", "adapter", &[]),
    ("importance", "severity, priority or flag", &[]),
    ("incident", "alert", &[]),
    ("journal", "log", &[]),
    ("mrn", "token", &["connectors/", "loadtest/"]),
    ("notification", "notice", &[]),
    ("obj", "a name", &[]),
    ("parser", "codec", &["dsl/"]),
    ("ruleset", "ward or program", &[]),
    ("runner", "driver", &[]),
    ("snooze", "hold", &[]),
    ("stage", "step or `EscalationStep`", &[]),
    ("stopwatch", "clock", &[]),
    ("study", "report", &[]),
    ("tat", "turnaround", &["engine/tables/", "engine/query/"]),
    ("tenure", "epoch", &[]),
    ("tier", "`EscalationStep`", &[]),
    ("tmp", "a name", &[]),
    ("urgency", "severity, priority or flag", &[]),
    ("violation", "breach", &[]),
];

/// Words in no test outside `tests/e2e`.
const TEST_WORDS: [(&str, &str); 2] = [
    ("sleep", "a test waits for an event, not for time"),
    ("SystemTime", "time is an argument; write the instant down"),
];

/// Attributes on no test.
const TEST_ATTRIBUTES: [(&str, &str); 2] = [
    ("ignore", "mend the test or delete it"),
    ("should_panic", "assert on the error, or assert today's wrong answer under FIXME(#123)"),
];

fn names(file: &RustFile) -> Vec<Finding> {
    let is_type = |kind: &str| matches!(kind, "struct" | "enum" | "trait" | "type");
    let mut findings = Vec::new();
    for name in &file.source.names {
        let words = words_of(&name.text);
        let refused_types =
            TYPE_WORDS.iter().filter(|(word, _)| is_type(&name.kind) && words.iter().any(|one| one == word));
        let refused = PUBLIC_WORDS.iter().filter(|(word, _, homes)| {
            name.is_public
                && words.iter().any(|one| one == word)
                && !homes.iter().any(|home| file.path.starts_with(home))
        });
        let messages = refused_types.copied().chain(refused.map(|(word, ours, _)| (*word, *ours)));
        findings.extend(
            messages.map(|(word, ours)| {
                Finding::at(&file.path, name.line, format!("`{}` says `{word}`: {ours}", name.text))
            }),
        );
    }
    findings
}

fn test_words(file: &RustFile) -> Vec<Finding> {
    if file.path.starts_with("tests/e2e/") {
        return Vec::new();
    }
    let is_test_file = is_test_path(&file.path);
    let words = file.source.words.iter().filter(|word| is_test_file || word.in_test);
    let refused = words.filter_map(|word| {
        let (_, why) = TEST_WORDS.iter().find(|(text, _)| *text == word.text)?;
        Some(Finding::at(&file.path, word.line, format!("`{}` in a test: {why}", word.text)))
    });
    let attributes = file.source.attributes.iter().filter_map(|word| {
        let (_, why) = TEST_ATTRIBUTES.iter().find(|(text, _)| *text == word.text)?;
        Some(Finding::at(&file.path, word.line, format!("`#[{}]`: {why}", word.text)))
    });
    refused.chain(attributes).collect()
}

fn unnumbered(path: &str, text: &str) -> Vec<Finding> {
    let mark = concat!("TO", "DO");
    let has_number = |rest: &str| {
        rest.strip_prefix("(#").is_some_and(|number| number.starts_with(|digit: char| digit.is_ascii_digit()))
    };
    let lines = text.lines().enumerate();
    let bare = lines.filter(|(_, line)| line.split(mark).skip(1).any(|rest| !has_number(rest)));
    bare.map(|(index, _)| {
        Finding::at(path, index + 1, format!("write `{mark}(#123)` with the number of its issue, or do it now"))
    })
    .collect()
}

#[test]
fn names_are_of_one_vocabulary() {
    let findings: Vec<Finding> = rust_files().iter().flat_map(names).collect();
    assert_none(&findings);
}

#[test]
fn a_refused_name_is_reported_with_its_replacement() {
    assert!(
        names(&rust_file("rules/src/a.rs", "pub struct Outbox;\npub fn breach() {}\nfn violation() {}\n")).is_empty()
    );
    assert_eq!(
        names(&rust_file("rules/src/a.rs", "struct EscalationManager;\npub fn violation_count() {}\n")).len(),
        2
    );
    assert!(names(&rust_file("dsl/src/a.rs", "pub struct Parser;\n")).is_empty(), "the language has a parser");
    assert_eq!(names(&rust_file("connectors/src/a.rs", "pub struct Parser;\n")).len(), 1);
}

#[test]
fn no_test_waits_or_is_skipped() {
    let findings: Vec<Finding> = rust_files().iter().flat_map(test_words).collect();
    assert_none(&findings);
}

#[test]
fn a_waiting_or_skipped_test_is_refused() {
    let test = |body: &str| rust_file("rules/src/a.rs", &format!("#[test]\nfn late() {{\n{body}\n}}\n"));
    assert!(test_words(&test("assert_eq!(1, 1); // sleep")).is_empty());
    assert_eq!(test_words(&test("std::thread::sleep(wait);")).len(), 1);
    assert_eq!(test_words(&rust_file("a.rs", "#[test]\n#[ignore]\nfn late() {}\n")).len(), 1);
    assert!(
        test_words(&rust_file("engine/src/a.rs", "fn live() { tokio::time::sleep(wait); }\n")).is_empty(),
        "the shell may wait"
    );
    assert_eq!(test_words(&rust_file("tests/sim/a.rs", "fn live() { sleep(wait); }\n")).len(), 1);
    assert!(
        test_words(&rust_file("tests/e2e/a.rs", "fn live() { sleep(wait); }\n")).is_empty(),
        "real processes take real time"
    );
}

#[test]
fn every_open_end_has_a_number() {
    let findings: Vec<Finding> = rust_files().iter().flat_map(|file| unnumbered(&file.path, &file.text)).collect();
    assert_none(&findings);
}

#[test]
fn an_open_end_without_number_is_refused() {
    let line = |rest: &str| format!("// {}{rest}\n", concat!("TO", "DO"));
    assert!(unnumbered("a.rs", &line("(#12): revise")).is_empty());
    assert_eq!(unnumbered("a.rs", &line(": revise")).len(), 1);
}
