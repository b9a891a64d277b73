//! Guarantees: does each promise of `docs/guarantees.md` name tests, and are they there?
//!
//! Under **Shown by**, a link to a file is followed by the tests in it that count, in backticks. A script of `tests/e2e` or
//! `tests/chaos` counts as a whole.
//!
//! - **Not here**: whether a test shows what it is named for; a reviewer judges that.

use std::collections::BTreeSet;

use wardline_tests::repository::{File, Finding, Repository, assert_none};

use super::{repository, rust_file};

const PAGE: &str = "docs/guarantees.md";
/// G1 to G12.
const PROMISES: usize = 12;

/// One citation: the line, the file, and the name of a test in it; no name for a file that counts as a whole.
#[derive(Debug, PartialEq, Eq)]
struct Citation {
    line: usize,
    path: String,
    test: Option<String>,
}

/// The sections of the page that are about one promise, by its number, each with its lines.
fn promises(text: &str) -> Vec<(usize, Vec<(usize, &str)>)> {
    let mut found: Vec<(usize, Vec<(usize, &str)>)> = Vec::new();
    let mut is_inside = false;
    for (index, line) in text.lines().enumerate() {
        if let Some(head) = line.strip_prefix("## ") {
            let number = head.strip_prefix('G').and_then(|rest| rest.split('.').next()?.parse().ok());
            is_inside = number.is_some();
            found.extend(number.map(|number| (number, Vec::new())));
        }
        if let (true, Some((_, lines))) = (is_inside, found.last_mut()) {
            lines.push((index + 1, line));
        }
    }
    found
}

/// What a line cites: `[`path`](../path) `test`, `test`, prose; [`path`](../path)`.
fn citations(line: usize, text: &str) -> Vec<Citation> {
    let mut found = Vec::new();
    for part in text.split("](../").skip(1) {
        let Some((path, rest)) = part.split_once(')') else { continue };
        // Up to the next link's text, which is the last thing in backticks behind an open bracket.
        let own = rest.rsplit_once("[`").map_or(rest, |(own, _)| own);
        let names: Vec<&str> = own.split('`').skip(1).step_by(2).filter(|name| is_name(name)).collect();
        let cite = |test: Option<&str>| Citation { line, path: path.to_owned(), test: test.map(str::to_owned) };
        match names.as_slice() {
            [] => found.push(cite(None)),
            names => found.extend(names.iter().map(|name| cite(Some(name)))),
        }
    }
    found
}

fn is_name(text: &str) -> bool {
    text.contains('_') && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// What is wrong with a citation.
fn flaw(citation: &Citation, repository: &Repository) -> Option<String> {
    let Citation { path, test, .. } = citation;
    let Some(file) = repository.file(path) else {
        let is_folder = repository.files.iter().any(|file| file.path.starts_with(path));
        return (!is_folder).then(|| format!("`{path}` is not there"));
    };
    match test {
        None if path.ends_with(".rs") => Some(format!("name the tests of `{path}` that count")),
        None => None,
        Some(test) => (!tests_of(file).contains(test)).then(|| format!("`{path}` has no test `{test}`")),
    }
}

/// The names of the tests in a file: those that cargo runs, also inside `proptest!`, and the functions of a script.
fn tests_of(file: &File) -> BTreeSet<String> {
    if file.path.ends_with(".py") {
        let names = file.text.lines().filter_map(|line| line.strip_prefix("def ")?.split('(').next());
        return names.map(str::to_owned).collect();
    }
    let source = rust_file(&file.path, &file.text).source;
    let named = source.functions.into_iter().filter(|function| function.is_test).map(|function| function.name);
    let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
    let in_macros =
        lines.windows(2).filter(|pair| pair[0].starts_with("#[test]") || pair[0].starts_with("#[tokio::test"));
    let in_macros =
        in_macros.filter_map(|pair| pair[1].trim_start_matches("async ").strip_prefix("fn ")?.split('(').next());
    named.chain(in_macros.map(str::to_owned)).collect()
}

fn findings(page: &str, repository: &Repository) -> Vec<Finding> {
    let promises = promises(page);
    let numbers: Vec<usize> = promises.iter().map(|(number, _)| *number).collect();
    let mut findings = Vec::new();
    if numbers != (1..=PROMISES).collect::<Vec<_>>() {
        findings.push(Finding::of(
            PAGE,
            format!("it should promise G1 to G{PROMISES}, each once and in order: {numbers:?}"),
        ));
    }
    for (number, lines) in promises {
        let shown: Vec<Citation> = lines
            .iter()
            .filter(|(_, line)| line.contains("**Shown by**"))
            .flat_map(|(line, text)| citations(*line, text))
            .collect();
        if shown.iter().all(|citation| citation.test.is_none()) {
            findings.push(Finding::of(PAGE, format!("G{number} names no test under **Shown by**")));
        }
        let flaws = shown.iter().filter_map(|citation| Some((citation.line, flaw(citation, repository)?)));
        findings.extend(flaws.map(|(line, flaw)| Finding::at(PAGE, line, flaw)));
        if !lines.iter().any(|(_, line)| line.contains("**You see it**")) {
            findings.push(Finding::of(PAGE, format!("G{number} does not say how one sees that it holds")));
        }
    }
    findings
}

#[test]
fn every_promise_names_tests_that_are_there() {
    let repository = repository();
    assert_none(&findings(&repository.file(PAGE).unwrap().text, &repository));
}

#[test]
fn a_promise_without_a_test_and_a_test_that_is_gone_are_refused() {
    let page: String = (1..=PROMISES)
        .map(|n| format!("## G{n}. A promise\n\n- **Shown by**: [`a/tests.rs`](../a/tests.rs) `it_holds`, `so_does_this`; all of it in [`tests/e2e/a.py`](../tests/e2e/a.py).\n- **You see it**: there.\n\n"))
        .collect();
    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    let code =
        "#[test]\nfn it_holds() {}\nproptest! {\n    #[test]\n    fn so_does_this(n: u8) {}\n}\nfn no_test() {}\n";
    let repository = Repository {
        root: "/".into(),
        files: vec![file("a/tests.rs", code), file("tests/e2e/a.py", "def main(check):\n    pass\n")],
    };
    assert_eq!(findings(&page, &repository), []);
    let with = |from: &str, to: &str| findings(&page.replacen(from, to, 1), &repository).len();
    assert_eq!(with("`it_holds`", "`it_held`"), 1);
    assert_eq!(with("`so_does_this`", "`no_test`"), 1);
    assert_eq!(with("../tests/e2e/a.py", "../tests/e2e/b.py"), 1);
    assert_eq!(with("`it_holds`, `so_does_this`", ""), 2, "no test, and a file of tests that counts for nothing");
    assert_eq!(with("## G7.", "## H7."), 1);
    assert_eq!(with("**You see it**", ""), 1);
}
