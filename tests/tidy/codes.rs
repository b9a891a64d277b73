//! Codes: does every error code have its page, and every page its code?
//!
//! A code such as WL0201 is a promise: `wardline explain` prints its page from `docs/errors`. Code that can emit it and page that explains it appear and disappear together.
//! - **How it fits**: `docs/errors/README.md` says who owns which range.
//! - **Not here**: the wording of an error (`tests/diagnostics`).

use std::collections::{BTreeMap, BTreeSet};

use wardline_tests::{
    repository::{Finding, Repository, assert_none},
    rust::is_test_path,
};

use super::{RustFile, repository, rust_file, rust_files};

/// Headings of each page, in order.
const HEADINGS: [&str; 3] = ["## What happened", "## A case", "## What to do"];

/// Every code in the words and literals of code that is not a test, with the first place that uses it.
fn codes_in(files: &[RustFile]) -> BTreeMap<String, String> {
    let mut codes = BTreeMap::new();
    for file in files.iter().filter(|file| !is_test_path(&file.path)) {
        let words = file.source.words.iter().chain(&file.source.literals);
        for code in words.filter(|word| !word.in_test).flat_map(|word| codes_of(&word.text)) {
            codes.entry(code).or_insert_with(|| file.path.clone());
        }
    }
    codes
}

fn codes_of(text: &str) -> BTreeSet<String> {
    let after = text.split("WL").skip(1);
    let digits = after.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    digits.filter(|digits| digits.len() == 4).map(|digits| format!("WL{digits}")).collect()
}

fn pages_of(repository: &Repository) -> BTreeMap<String, String> {
    let pages = repository.files.iter().filter_map(|file| {
        let name = file.path.strip_prefix("docs/errors/")?.strip_suffix(".md")?;
        name.starts_with("WL").then(|| (name.to_owned(), file.text.clone()))
    });
    pages.collect()
}

/// The hundred a code belongs to: a range whose crate is not written yet has pages without code.
fn range_of(code: &str) -> String {
    code.chars().take(4).collect()
}

fn compare(codes: &BTreeMap<String, String>, pages: &BTreeMap<String, String>) -> Vec<Finding> {
    let written: BTreeSet<String> = codes.keys().map(|code| range_of(code)).collect();
    let unexplained = codes.iter().filter(|(code, _)| !pages.contains_key(*code));
    let unused = pages.keys().filter(|page| !codes.contains_key(*page) && written.contains(&range_of(page)));
    let mut findings: Vec<Finding> = unexplained
        .map(|(code, place)| Finding::of(place, format!("{code} has no page docs/errors/{code}.md")))
        .collect();
    findings.extend(unused.map(|page| {
        Finding::of(&format!("docs/errors/{page}.md"), "no code emits this; delete the page, or say so in the code")
    }));
    findings
}

fn malformed(code: &str, text: &str) -> Option<Finding> {
    let places: Vec<Option<usize>> = HEADINGS.iter().map(|heading| text.find(heading)).collect();
    let is_whole = text.starts_with(&format!("# {code}: ")) && places.iter().all(Option::is_some) && places.is_sorted();
    let message = format!("begin with `# {code}: headline`, then `{}`", HEADINGS.join("`, `"));
    (!is_whole).then(|| Finding::of(&format!("docs/errors/{code}.md"), message))
}

#[test]
fn codes_and_pages_agree() {
    assert_none(&compare(&codes_in(&rust_files()), &pages_of(&repository())));
}

#[test]
fn a_code_without_page_and_a_page_without_code_are_refused() {
    let codes = codes_in(&[rust_file(
        "dsl/src/codes.rs",
        "codes! { WL0202 \"unknown name\"; }\nconst A: &str = \"WL0201\"; // WL0999\n",
    )]);
    let pages = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), String::new())).collect();
    assert!(compare(&codes, &pages(&["WL0201", "WL0202", "WL1401"])).is_empty(), "WL14xx is not written yet");
    assert_eq!(compare(&codes, &pages(&["WL0201", "WL0202", "WL0203"])).len(), 1);
    assert_eq!(compare(&codes, &pages(&[])).len(), 2);
}

#[test]
fn a_code_in_a_test_needs_no_page() {
    assert!(codes_in(&[rust_file("dsl/src/a/tests.rs", "const A: &str = \"WL0299\";\n")]).is_empty());
}

#[test]
fn every_page_has_its_three_parts() {
    let findings: Vec<Finding> =
        pages_of(&repository()).iter().filter_map(|(code, text)| malformed(code, text)).collect();
    assert_none(&findings);
}

#[test]
fn a_page_without_remedy_is_refused() {
    let page = "# WL0201: unknown name\n\n## What happened\nx\n\n## A case\nx\n\n## What to do\nx\n";
    assert_eq!(malformed("WL0201", page), None);
    assert!(malformed("WL0201", &page.replace("## What to do", "")).is_some());
    assert!(malformed("WL0202", page).is_some());
}
