//! Docs: does every ward that a page shows hold what the page says of it?
//!
//! ````text
//! ```ward                        begins a ward, if its first block is `ward` or `pack`; otherwise goes on with the one above
//! ```ward st-anne.ward           the same; the file is called so in what is printed, and not after the page
//! ```ward fails WL0201           the ward above with this block has exactly this error; the block is not kept
//! ```ward fails test             its tests fail; the block is not kept
//! ```text                        straight after one that fails: what is printed
//! ```text read                   sentences of `wardline read` about the ward above
//! ````
//! A ward is checked, and its tests are run, with all the blocks that belong to it; one that fails is followed by what the user
//! sees, and that is compared too.
//! - **How it fits**: reads the pages of [`PAGES`] and of the folders in [`FOLDERS`]; `tests/spec.rs` reads the specifications.
//! - **Not here**: shell commands and output of the program (`tests/e2e/verbs.py`).

use std::{fs, path::Path};

use wardline::{drivers::script, ward};
use wardline_dsl::{
    Checked, check,
    codes::{Code, Severity},
    diagnostic::{Diagnostic, render},
    prose,
    source::{SourceFile, Sources, Span},
};
use wardline_rules::{settings::SiteSettings, time::Date};
use wardline_tests::repository::{File, Finding, Repository, assert_none};

/// Pages and folders whose wards are checked.
const PAGES: [&str; 3] = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"];
const FOLDERS: [&str; 2] = ["docs/", "rules/packs/"];
/// Pages that are known to show wards: when nothing is found there, it is the search that is broken.
const SHOWS_WARDS: [&str; 3] = ["README.md", "docs/language/tutorial.md", "docs/language/how-to.md"];
/// The day as of which pages are checked.
const AS_OF: (i16, i8, i8) = (2026, 1, 5);

/// A fenced block of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fence {
    /// What stands after the three marks.
    label: String,
    text: String,
    /// Line of its first mark, from 1.
    line: usize,
}

impl Fence {
    fn is_ward(&self) -> bool {
        self.label == "ward" || self.label.starts_with("ward ")
    }

    /// The word after `fails`, if it is one that fails.
    fn fails(&self) -> Option<&str> {
        self.label.strip_prefix("ward fails ")
    }

    /// The name of the file, if it has one.
    fn file(&self) -> Option<&str> {
        self.label.strip_prefix("ward ").filter(|name| name.ends_with(".ward"))
    }

    /// Whether it begins a ward, and does not go on with one.
    fn begins_ward(&self) -> bool {
        let mut lines = self.text.lines().filter(|line| !line.starts_with("--") && !line.trim().is_empty());
        lines.next().is_some_and(|line| line.starts_with("ward ") || line.starts_with("pack "))
    }
}

/// The fences of a page; one opened with more marks than three may hold others.
fn fences(page: &str) -> Vec<Fence> {
    let mut found: Vec<Fence> = Vec::new();
    let mut open: Option<(usize, Fence)> = None;
    for (number, line) in page.lines().enumerate() {
        let marks = line.len() - line.trim_start_matches('`').len();
        match &mut open {
            Some((opened, fence)) if marks >= *opened && line.trim_matches('`').trim().is_empty() => {
                found.push(fence.clone());
                open = None;
            }
            Some((_, fence)) => fence.text.push_str(&format!("{line}\n")),
            None if marks >= 3 => {
                let label = line.trim_start_matches('`').trim().to_owned();
                open = Some((marks, Fence { label, text: String::new(), line: number + 1 }));
            }
            None => {}
        }
    }
    found
}

/// Checks a ward of one file, with the packs of the program.
fn checked(name: &str, text: &str) -> (Sources, Checked) {
    let sources = Sources { packs: ward::packs(), ..Sources::of_text(name, text) };
    let date = Date::new(AS_OF.0, AS_OF.1, AS_OF.2).expect("a date");
    let checked = check(&sources, date);
    (sources, checked)
}

fn errors(checked: &Checked) -> impl Iterator<Item = &Diagnostic> {
    checked.diagnostics.iter().filter(|found| found.severity == Severity::Error)
}

/// Failures of the tests of a ward, as `wardline test` prints them.
fn failures((sources, checked): &(Sources, Checked)) -> Vec<String> {
    let Some(program) = &checked.program else { return Vec::new() };
    let text_of = |span: Span| sources.file(span.file).map(|file| file.text_of(span).to_owned()).unwrap_or_default();
    let verdicts = checked.tests.iter().map(|test| script::run((program, &SiteSettings::default()), test, &text_of));
    verdicts.map(|verdict| verdict.text()).filter(|text| !text.is_empty()).collect()
}

/// What one page says that does not hold, and how many wards it shows.
fn findings(page: &File) -> (Vec<Finding>, usize) {
    let fences = fences(&page.text);
    let mut name = page.path.rsplit('/').next().unwrap_or(&page.path).replace(".md", ".ward");
    let (mut found, mut kept, mut count) = (Vec::new(), String::new(), 0);
    for (index, fence) in fences.iter().enumerate() {
        let next = fences.get(index + 1).filter(|next| next.label == "text");
        let say = |message: String| Finding::at(&page.path, fence.line, message);
        if fence.label == "text read" {
            found.extend(unread(&checked(&name, &kept).1, &fence.text).into_iter().map(say));
        }
        if !fence.is_ward() {
            continue;
        }
        count += 1;
        name = fence.file().map_or(name, str::to_owned);
        let text =
            if fence.begins_ward() { fence.text.clone() } else { format!("{}\n\n{}", kept.trim_end(), fence.text) };
        match fence.fails() {
            Some(what) => found.extend(not_as_said(what, &checked(&name, &text), next).into_iter().map(say)),
            None => {
                found.extend(wrong(&checked(&name, &text)).into_iter().map(say));
                kept = text;
            }
        }
    }
    (found, count)
}

/// What is wrong with a ward that should be right.
fn wrong(ward: &(Sources, Checked)) -> Vec<String> {
    let texts = errors(&ward.1).map(|found| render::text(std::slice::from_ref(found), &ward.0));
    texts.chain(failures(ward)).collect()
}

/// What is not as the page says of a ward that should fail.
fn not_as_said(what: &str, ward: &(Sources, Checked), next: Option<&Fence>) -> Option<String> {
    let (printed, is_so) = if what == "test" {
        let failed = failures(ward);
        (failed.concat(), !failed.is_empty() && errors(&ward.1).count() == 0)
    } else {
        let wanted = Code::of_word(what)?;
        let about: Vec<Diagnostic> = ward
            .1
            .diagnostics
            .iter()
            .filter(|found| found.code == wanted || found.severity == Severity::Error)
            .cloned()
            .collect();
        let is_so = !about.is_empty() && about.iter().all(|found| found.code == wanted);
        (render::text(&about, &ward.0), is_so)
    };
    let shown = next.map(|next| next.text.trim_end().to_owned());
    match (is_so, shown) {
        (false, _) => Some(format!("this should fail with {what}, and what comes is:\n{printed}")),
        (true, Some(shown)) if !shown.contains(printed.trim_end()) => {
            Some(format!("what is printed is not what the page shows:\n{printed}"))
        }
        (true, _) => None,
    }
}

/// Sentences that `wardline read` does not say of a ward.
fn unread(checked: &Checked, shown: &str) -> Vec<String> {
    let said = checked.program.as_ref().map(prose::text).unwrap_or_default();
    let lines = shown.lines().filter(|line| !line.trim().is_empty());
    lines
        .filter(|line| !said.contains(line.trim()))
        .map(|line| format!("`wardline read` does not say: {line}\n{said}"))
        .collect()
}

#[test]
fn every_ward_on_a_page_holds() {
    let repository = Repository::load().expect("the repository");
    let is_read = |path: &str| {
        PAGES.contains(&path) || (FOLDERS.iter().any(|folder| path.starts_with(folder)) && path.ends_with(".md"))
    };
    let pages: Vec<&File> = repository.files.iter().filter(|file| is_read(&file.path)).collect();
    let judged: Vec<(&str, Vec<Finding>, usize)> = pages
        .iter()
        .map(|page| {
            let (found, count) = findings(page);
            (page.path.as_str(), found, count)
        })
        .collect();
    for known in SHOWS_WARDS {
        let count = judged.iter().find(|(path, ..)| *path == known).map_or(0, |(_, _, count)| *count);
        assert!(count > 0, "{known} shows a ward, and none was found");
    }
    let all: Vec<Finding> = judged.into_iter().flat_map(|(_, found, _)| found).collect();
    assert_none(&all);
}

fn page(text: &str) -> File {
    File { path: "page.md".to_owned(), text: text.to_owned() }
}

/// A ward with one alert whose test can be made to fail.
const RIGHT: &str = "```ward
ward \"A\" edition 1
  zone      UTC
  uses      pack \"starter\"

alert \"Critical\"
  policy    \"P\", owner \"O\", review by 2027-01-01
  when      a lab result is verified
  where     flag is critical
  severity  red
  tell      desk \"Operations\" by phone

test \"One critical result\"
  at        2026-01-14 02:10 R1: lab result is verified, flag is critical
  then      02:10 desk \"Operations\" is told by phone
```
";

#[test]
fn a_page_that_is_right_has_no_finding() {
    assert_eq!(findings(&page(RIGHT)), (Vec::new(), 1));
    let read = "Then it reads:\n```text read\nWhen a lab result is verified\n```\n";
    let (found, _) = findings(&page(&format!("{RIGHT}{read}")));
    assert!(found.iter().all(|finding| finding.message.contains("does not say")), "{found:?}");
}

#[test]
fn what_a_page_says_wrongly_is_found() {
    let count = |text: &str| findings(&page(text)).0.len();
    assert_eq!(count(&RIGHT.replace("flag is critical\n  severity", "flag is criticl\n  severity")), 1, "an error");
    assert_eq!(count(&RIGHT.replace("told by phone", "told by sms")), 1, "a test that fails");
    let failing = "```ward fails WL0201\nalert \"B\"\n```\n";
    assert_eq!(count(&format!("{RIGHT}{failing}")), 1, "another code than the page says");
    let misspelt = "```ward fails WL0203\nsuppress \"S\"\n  policy    \"P\", owner \"O\", review by 2027-01-01\n  while     alert \"Critcal\" is open\n  delays    breaches of \"X\", at most 1 hours\n  then      send each\n```\n";
    assert_eq!(count(&format!("{RIGHT}{misspelt}")), 0, "the code that the page says");
    let printed = format!("{misspelt}```text\nsomething else\n```\n");
    assert_eq!(count(&format!("{RIGHT}{printed}")), 1, "other words than those that are printed");
    assert_eq!(count(&format!("{RIGHT}```text read\nNobody is told.\n```\n")), 1, "a sentence that is not said");
}

#[test]
fn a_block_inside_a_longer_fence_is_text() {
    let found = fences("````text\n```ward\nx\n```\n````\n```ward fails WL0101\ny\n```\n");
    let infos: Vec<(&str, usize)> = found.iter().map(|fence| (fence.label.as_str(), fence.line)).collect();
    assert_eq!(infos, [("text", 1), ("ward fails WL0101", 6)]);
}

/// A file of the ward that a page builds is the one whose lines are named.
#[test]
fn a_ward_is_named_after_its_page() {
    let (sources, _) = checked("page.ward", "x");
    assert_eq!(sources.files, [SourceFile::new("page.ward", "x")]);
    assert!(fs::exists(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")).expect("readable"));
}
