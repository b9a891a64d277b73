//! Status: which test shows which rule?
//!
//! Walks every test function, every specification under `tests/spec`, every `test` block of a shipped ward and every script of `tests/e2e`, collects the rules they name, and writes them beside the list of all rules. The page is `docs/status.md`; a run with `BLESS=1` rewrites it, any other run fails when it is stale.
//! - **How it fits**: reads `docs/rules.txt` through [`citation`](wardline_tests::citation); people read the page.
//! - **Not here**: a judgement whether a test shows the rule it names.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
};

use wardline_tests::{
    citation::{Family, Rules},
    repository::{File, Finding, Repository, assert_none},
    rust::Source,
};

const PAGE: &str = "docs/status.md";
/// What runs the pages of `tests/spec` and the `test` blocks of shipped wards.
const RUNNER: &str = "tests/spec.rs";

/// A test as the page names it, and the text in which it may cite rules.
#[derive(Debug, PartialEq, Eq)]
struct Proof {
    name: String,
    text: String,
}

#[test]
fn the_page_is_what_the_tests_say() {
    let repository = Repository::load().unwrap();
    let rules = Rules::read(&repository.file("docs/rules.txt").unwrap().text);
    let page = render(&rules, &proofs(&repository));
    if env::var_os("BLESS").is_some() {
        fs::write(repository.root.join(PAGE), &page).unwrap();
        return;
    }
    let written = repository.file(PAGE).map_or("", |file| file.text.as_str());
    assert!(
        written == page,
        "{PAGE} is stale: run `BLESS=1 cargo test -p wardline-tests --test status` and read the difference"
    );
}

#[test]
fn every_citation_names_a_rule_that_exists() {
    let repository = Repository::load().unwrap();
    let rules = Rules::read(&repository.file("docs/rules.txt").unwrap().text);
    let findings: Vec<Finding> = proofs(&repository)
        .iter()
        .flat_map(|proof| {
            let unknown = rules.unknown_in(&proof.text);
            unknown.into_iter().map(|id| Finding::of(&proof.name, format!("[{id}] is not in docs/rules.txt")))
        })
        .collect();
    assert_none(&findings);
}

/// Families of the language's semantics: each rule of them must be shown by a test.
const SEMANTICS: &[&str] = &[
    "TIME", "FACT", "COND", "CAL", "SLA", "ALERT", "WHEN", "WHILE", "ABS", "WIN", "ESC", "NID", "WHO", "MUTE", "LIM",
    "NOTE", "LOAD", "RHAI", "DET", "T",
];

#[test]
fn every_rule_of_the_semantics_is_shown() {
    let repository = Repository::load().unwrap();
    let rules = Rules::read(&repository.file("docs/rules.txt").unwrap().text);
    let shown: BTreeSet<String> = proofs(&repository).iter().flat_map(|proof| rules.cited_in(&proof.text)).collect();
    let families = rules.families.iter().filter(|family| SEMANTICS.contains(&family.prefix.as_str()));
    let all: Vec<&String> = families.flat_map(|family| &family.ids).collect();
    assert!(all.len() > 100, "the semantics have rules");
    let unshown = all.into_iter().filter(|id| !shown.contains(*id));
    let findings: Vec<Finding> =
        unshown.map(|id| Finding::of(id, "no test shows this rule: cite it in one that does")).collect();
    assert_none(&findings);
}

/// A page or ward proves nothing until something runs it: that is `tests/spec.rs`.
fn proofs(repository: &Repository) -> Vec<Proof> {
    let is_run =
        |path: &str| path.ends_with(".rs") || path.starts_with("tests/e2e/") || repository.file(RUNNER).is_some();
    let files = repository.files.iter().filter(|file| !is_of_this_machinery(&file.path));
    files.filter(|file| is_run(&file.path)).flat_map(proofs_of).collect()
}

/// The machinery's own tests cite rules as examples and show none.
fn is_of_this_machinery(path: &str) -> bool {
    path == "tests/status.rs" || path.starts_with("tests/src/") || path.starts_with("tests/tidy")
}

fn proofs_of(file: &File) -> Vec<Proof> {
    let path = file.path.as_str();
    let is_whole = (path.starts_with("tests/spec/") && path.ends_with(".md")) || path.starts_with("tests/e2e/");
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "rs" => functions(path, &file.text),
        "ward" => ward_tests(path, &file.text),
        _ if is_whole => vec![Proof { name: format!("`{path}`"), text: file.text.clone() }],
        _ => Vec::new(),
    }
}

fn functions(path: &str, text: &str) -> Vec<Proof> {
    let lines: Vec<&str> = text.lines().collect();
    let source = Source::read(text).unwrap_or_default();
    let tests = source.functions.into_iter().filter(|function| function.is_test);
    tests
        .map(|function| {
            let first = with_remarks_above(&lines, function.first_line - 1, "//");
            Proof { name: format!("`{path}` {}", function.name), text: lines[first..function.last_line].join("\n") }
        })
        .collect()
}

/// A `test` block runs to the next line that begins at column 0; remarks above belong to it.
fn ward_tests(path: &str, text: &str) -> Vec<Proof> {
    let lines: Vec<&str> = text.lines().collect();
    let is_head = |line: &&str| line.starts_with("test \"");
    let heads = lines.iter().enumerate().filter(|(_, line)| is_head(line));
    heads
        .map(|(head, line)| {
            let length = lines[head + 1..].iter().take_while(|line| line.is_empty() || line.starts_with(' ')).count();
            let first = with_remarks_above(&lines, head, "--");
            Proof {
                name: format!("`{path}` {}", line.trim_start_matches("test ").trim_matches('"')),
                text: lines[first..=head + length].join("\n"),
            }
        })
        .collect()
}

fn with_remarks_above(lines: &[&str], first: usize, mark: &str) -> usize {
    let above = lines[..first].iter().rev();
    first - above.take_while(|line| line.trim_start().starts_with(mark)).count()
}

fn render(rules: &Rules, proofs: &[Proof]) -> String {
    let mut cited: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for proof in proofs {
        for id in rules.cited_in(&proof.text) {
            cited.entry(id).or_default().push(&proof.name);
        }
    }
    let families: Vec<String> = rules.families.iter().map(|family| table(family, &cited)).collect();
    format!(
        "# Which test shows which rule\n\nGenerated by `tests/status.rs` from `docs/rules.txt` and the tests; do not edit. {} of {} rules have a test that names them.\nA test names a rule by its id, such as `[SLA-7]`, in its doc comment, its body or its prose.\n\n{}",
        cited.len(),
        rules.ids().count(),
        families.join("\n")
    )
}

fn table(family: &Family, cited: &BTreeMap<String, Vec<&str>>) -> String {
    let shown = family.ids.iter().filter(|id| cited.contains_key(*id)).count();
    let mut text = format!(
        "## {}: {}\n\n{shown} of {}\n\n| rule | shown by |\n|---|---|\n",
        family.prefix,
        family.about,
        family.ids.len()
    );
    for id in &family.ids {
        let tests = cited.get(id).map_or_else(|| "–".to_owned(), |names| names.join("<br>"));
        text.push_str(&format!("| {id} | {tests} |\n"));
    }
    text
}

#[test]
fn a_test_function_cites_in_its_doc_comment_its_body_and_the_remark_above() {
    let text = "// [SLA-1]\n/// [SLA-2]\n#[test]\nfn late() {\n    // SLA-3\n}\n// [SLA-4]\nfn live() {}\n";
    let found = functions("a.rs", text);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].name, "`a.rs` late");
    assert!(["SLA-1", "SLA-2", "SLA-3"].iter().all(|id| found[0].text.contains(id)));
    assert!(!found[0].text.contains("SLA-4"));
}

#[test]
fn a_ward_test_ends_where_the_next_block_begins() {
    let found =
        ward_tests("a.ward", "-- [CR-1]\ntest \"Fires\"\n  at        x -- CR-2\n\nsla \"STAT lab\"\n  -- CR-3\n");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].name, "`a.ward` Fires");
    assert!(found[0].text.contains("CR-1") && found[0].text.contains("CR-2"));
    assert!(!found[0].text.contains("CR-3"));
}

#[test]
fn the_page_counts_rules_with_a_test() {
    let rules = Rules::read("# SLA: clocks\nSLA-1\nSLA-2\n");
    let proof = Proof { name: "`a.rs` late".to_owned(), text: "[SLA-2]".to_owned() };
    let page = render(&rules, &[proof]);
    assert!(page.contains("1 of 2 rules"));
    assert!(page.contains("| SLA-1 | – |\n| SLA-2 | `a.rs` late |"));
}
