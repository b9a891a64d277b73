//! Packs: is every shipped ward complete: rules, tests, a page that explains them, and the policy in sentences?
//!
//! Each folder of `rules/packs` is a ward to copy. Its `policy.md` is what `wardline read --format md` prints of it: a run with
//! `BLESS=1` writes it, any other run fails when it differs. Its `README.md` names every rule of the ward and every id of
//! `docs/rules.txt` that belongs to it, written or not.
//! - **Not here**: whether the tests of the wards pass (`tests/spec.rs`).

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

use wardline::ward;
use wardline_dsl::{check, diagnostic::render, prose};
use wardline_rules::{program::Program, time::Date};
use wardline_tests::{citation::Rules, repository::Repository};

/// Folders, and the letters that the ids of their rules begin with.
const PACKS: [(&str, &str); 6] = [
    ("critical-results", "CR"),
    ("ed-stat-lab", "ED"),
    ("surgical-pathology", "SP"),
    ("imaging", "IM"),
    ("feed-health", "FH"),
    ("patient-notices", "PN"),
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/packs").join(name)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The program of a pack; it has neither an error nor a warning.
fn program(name: &str) -> Program {
    let sources = ward::load(&folder(name)).unwrap_or_else(|finding| panic!("{finding}"));
    let checked = check(&sources, Date::new(2026, 1, 5).expect("a date"));
    assert!(checked.diagnostics.is_empty(), "{}", render::text(&checked.diagnostics, &sources));
    checked.program.expect("a program")
}

/// The rules of a program, each as a ward names it.
fn rules(program: &Program) -> BTreeSet<String> {
    let of_family = program.families.iter().flat_map(|family| &family.rules);
    let clocks = of_family.map(|rule| {
        let word = if rule.parent.is_some() { "exception" } else { "sla" };
        format!("{word} \"{}\"", rule.head.name)
    });
    let alerts = program.alerts.iter().map(|alert| format!("alert \"{}\"", alert.head.name));
    let notices = program.notices.iter().map(|notice| format!("notice \"{}\"", notice.head.name));
    let suppressions = program.suppressions.iter().map(|rule| format!("suppress \"{}\"", rule.head.name));
    clocks.chain(alerts).chain(notices).chain(suppressions).collect()
}

/// The rules that a page names.
fn named(page: &str) -> BTreeSet<String> {
    let words = ["sla", "exception", "alert", "notice", "suppress"];
    let mut found = BTreeSet::new();
    for word in words {
        for rest in page.split(&format!("{word} \"")).skip(1) {
            found.extend(rest.split('"').next().map(|name| format!("{word} \"{name}\"")));
        }
    }
    found
}

/// The rows of the table of rules: id, and how it is written.
fn rows(page: &str) -> BTreeMap<&str, &str> {
    let cells =
        page.lines().filter_map(|line| line.strip_prefix("| ")).map(|line| line.split(" | ").collect::<Vec<_>>());
    let rows = cells.filter_map(|cells| Some((*cells.first()?, *cells.get(2)?)));
    rows.filter(|(id, _)| {
        id.contains('-')
            && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && id.ends_with(|c: char| c.is_ascii_digit())
    })
    .collect()
}

#[test]
fn every_folder_is_a_pack_that_is_known() {
    let entries = fs::read_dir(folder("")).expect("rules/packs").filter_map(Result::ok);
    let found: BTreeSet<String> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(found, PACKS.iter().map(|(name, _)| (*name).to_owned()).collect());
}

#[test]
fn the_policy_of_each_pack_is_what_is_read_aloud() {
    for (name, _) in PACKS {
        let path = folder(name).join("policy.md");
        let said = prose::markdown(&program(name));
        if env::var_os("BLESS").is_some() {
            fs::write(&path, &said).expect("a page that can be written");
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(found == said, "{} is not what `wardline read` says: BLESS=1 writes it", path.display());
    }
}

#[test]
fn the_page_of_each_pack_names_its_rules_and_no_others() {
    for (name, _) in PACKS {
        let page = read(&folder(name).join("README.md"));
        assert_eq!(named(&page), rules(&program(name)), "{name}");
        assert!(page.contains("## What the language lacks"), "{name} says what could not be written");
    }
}

#[test]
fn every_rule_of_the_domain_is_written_or_said_to_be_missing() {
    let repository = Repository::load().expect("the repository");
    let rules = repository.file("docs/rules.txt").expect("docs/rules.txt");
    let rules = Rules::read(&rules.text);
    for (name, letters) in PACKS {
        let wanted: BTreeSet<&str> = rules.ids().filter(|id| id.split('-').next() == Some(letters)).collect();
        let page = read(&folder(name).join("README.md"));
        let rows = rows(&page);
        assert!(!wanted.is_empty(), "{letters}: ids were found");
        assert_eq!(rows.keys().copied().collect::<BTreeSet<_>>(), wanted, "{name}");
        let (_, lacks) = page.split_once("## What the language lacks").expect("a section");
        for (id, written) in rows.iter().filter(|(_, written)| !written.contains('"') && !written.contains('`')) {
            let said = lacks.lines().any(|line| line.split(':').next().is_some_and(|head| head.contains(*id)));
            assert!(said, "{id} is {written}, and the page says no word about why");
        }
    }
}

#[test]
fn every_rule_that_is_written_has_a_test_that_fires_and_one_that_does_not() {
    for (name, _) in PACKS {
        let ward = read(&folder(name).join(format!("{name}.ward")));
        let page = read(&folder(name).join("README.md"));
        for (id, _) in rows(&page).iter().filter(|(_, written)| written.contains(" \"")) {
            let of_it: Vec<&str> =
                ward.lines().filter(|line| line.starts_with("-- ") && line.contains(&format!("[{id}]"))).collect();
            assert!(of_it.len() >= 2, "{id} has {} tests", of_it.len());
            assert!(
                of_it.iter().any(|line| line.contains("not fire")),
                "{id}: one that does not fire\n{}",
                of_it.join("\n")
            );
        }
    }
}
