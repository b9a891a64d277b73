//! Vocabulary: is every word explained, and does every example read and check?
//!
//! Runs over the whole table, so that a new word comes with its meaning and with an example that holds.
//! - **Not here**: the page that is made of it (`reference`), samples of single clauses (`syntax`).

use std::collections::BTreeSet;

use wardline_dsl::{
    check,
    codes::{Code, Severity},
    source::{SourceFile, Sources},
    vocabulary::{
        BLOCKS, BlockForm, ClauseForm, block_form, shape,
        terms::{self, Group, Term},
    },
};
use wardline_rules::time::Date;

/// A ward in which every example of a term has the names it speaks of; the rule is added below.
const AROUND: &str = r#"ward "St Anne" edition 1
  zone      America/Chicago
  uses      pack "starter"

catalogue "St Anne"
  site      Main
  place     ICU, at Main, covered by roster "Lab lead"
  values    department: chemistry, pathology
  values    finding: positive, negative
  values    specimen class: surgical biopsy, autopsy
  values    specimen site: breast, skin
  feed      "RIS", carries radiology
  channel   pager via "default"

person "Ana Ruiz"

roster "Lab lead"
  rotate    daily from 2026-01-01 07:00: "Ana Ruiz"
  nobody    desk "Operations"

"#;

/// Codes of errors in a rule of one clause, besides those that speak of the rule as a whole.
fn codes(rule: &str) -> Vec<Code> {
    let packs = vec![SourceFile::new("starter.ward", include_str!("../../rules/packs/starter.ward"))];
    let files = vec![SourceFile::new("example.ward", format!("{AROUND}{rule}"))];
    let date = Date::new(2026, 1, 5).expect("a date");
    let checked = check(&Sources { files, packs, holidays: Vec::new() }, date);
    let errors = checked.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let as_a_whole = [Code::WL0105, Code::WL0403, Code::WL0501, Code::WL0507, Code::WL0606];
    errors.map(|found| found.code).filter(|code| !as_a_whole.contains(code)).collect()
}

/// The block that the example of a term stands in.
fn rule_of(term: &Term) -> String {
    let word = term.example.split(' ').next().unwrap_or("");
    let header = match word {
        "covers" => "sla \"S\"",
        "step" => "escalation \"E\"",
        _ => "alert \"A\"",
    };
    let trigger = if ["where", "tell", "message"].contains(&word) { "  when      a result is finalised\n" } else { "" };
    format!("{header}\n{trigger}  {}\n", term.example)
}

#[test]
fn every_example_of_a_term_checks() {
    let wrong: Vec<String> = terms::all()
        .iter()
        .filter_map(|term| {
            let found = codes(&rule_of(term));
            (!found.is_empty()).then(|| format!("{} {found:?}", term.example))
        })
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_wrong_example_would_be_found() {
    let wrong = Term {
        group: Group::Field,
        word: String::new(),
        meaning: String::new(),
        example: "where     modality is QQ".into(),
    };
    assert_eq!(codes(&rule_of(&wrong)), [Code::WL0201]);
}

#[test]
fn every_word_is_explained_once() {
    let mut known = BTreeSet::new();
    for term in terms::all() {
        assert!(term.meaning.ends_with('.'), "{term:?}");
        assert!(known.insert((term.group, term.word.clone())), "{term:?} is there twice");
        let words: Vec<&str> = term.word.split('…').map(str::trim).collect();
        assert!(words.iter().all(|word| term.example.contains(word)), "{term:?}");
    }
    for block in BLOCKS {
        assert!(block.meaning.ends_with('.') && block.example.starts_with(block.word), "{}", block.word);
        for clause in block.clauses {
            assert!(clause.meaning.ends_with('.') && clause.example.starts_with(clause.word), "{}", clause.word);
        }
    }
}

#[test]
fn no_part_of_a_shape_is_unknown() {
    let known: BTreeSet<&str> = shape::PARTS.iter().map(|part| part.name).collect();
    assert_eq!(known.len(), shape::PARTS.len(), "each name stands for one part");
    let headers = BLOCKS.iter().map(BlockForm::shape);
    let clauses = BLOCKS.iter().flat_map(|block| block.clauses.iter().map(ClauseForm::shape));
    let parts = shape::PARTS.iter().filter_map(shape::PartForm::shape);
    for text in headers.chain(clauses).chain(parts) {
        assert!(!text.is_empty() && !text.contains("~"), "{text}");
        let capitals =
            |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '-' || c == '_');
        let words = text.split(|c: char| !(c.is_ascii_alphabetic() || c == '-' || c == '_'));
        let unknown: Vec<&str> =
            words.filter(capitals).filter(|word| *word != "LOINC" && !known.contains(word)).collect();
        assert_eq!(unknown, Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn shapes_are_those_of_the_grammar() {
    let shape =
        |block: &str, clause: &str| block_form(block).and_then(|form| form.clause(clause)).expect("a clause").shape();
    assert_eq!(shape("sla", "target"), "target LENGTH");
    assert_eq!(shape("sla", "policy"), "policy NAME, owner NAME, review by DATE");
    assert_eq!(shape("sla", "pauses"), "pauses while REPORT-STATE[, at most LENGTH in all]");
    assert_eq!(shape("escalation", "repeat"), "repeat (steps WHOLE to WHOLE | step WHOLE), up to WHOLE (times | time)");
    assert_eq!(shape("notice", "channel"), "channel (patient's preferred | CHANNEL)[, otherwise CHANNEL]…");
    assert_eq!(shape("function", "example"), "example CALL is (yes | no | NUMBER)");
    let call = shape::PARTS.iter().find(|part| part.name == "CALL").and_then(shape::PartForm::shape);
    assert_eq!(call.as_deref(), Some("IDENT([ARGUMENT[, ARGUMENT]…])"));
    assert_eq!(block_form("exception").expect("a block").shape(), "exception NAME to NAME");
}
