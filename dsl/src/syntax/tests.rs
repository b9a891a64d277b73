//! Tests of the syntax: does every clause read, and does an unreadable one say what was expected?

use super::*;
use crate::layout;
use crate::source::{FileId, SourceFile};

/// Codes and messages of one text.
fn findings(text: &str) -> Vec<String> {
    let layout = layout::read(FileId(0), &SourceFile::new("a.ward", text));
    let (_, diagnostics) = tree(&layout);
    layout.diagnostics.iter().chain(&diagnostics).map(|d| format!("{} {}", d.code, d.message)).collect()
}

fn clause(block: &str, clause: &str) -> String {
    findings(&format!("{block}\n  {clause}\n"))
        .into_iter()
        .find(|finding| finding.starts_with("WL0108"))
        .unwrap_or_default()
}

#[test]
fn every_example_of_the_vocabulary_reads() {
    for block in crate::vocabulary::BLOCKS {
        for clause in block.clauses {
            let script = if clause.example.ends_with("script") { "\n    1\n  end" } else { "" };
            let text = format!("{}\n  {}{script}\n", block.example, clause.example);
            let unread: Vec<String> = findings(&text)
                .into_iter()
                .filter(|finding| !finding.starts_with("WL0105") && !finding.starts_with("WL0104"))
                .collect();
            assert_eq!(unread, Vec::<String>::new(), "{text}");
        }
    }
}

#[test]
fn what_may_follow_is_said_in_the_authors_words() {
    assert_eq!(
        clause("escalation \"E\"", "step 1 page the ordering clinician by phone, wait soon"),
        "WL0108 After \"wait\" I expect a duration, such as 5 minutes."
    );
    assert_eq!(
        clause("sla \"S\"", "policy \"A\" owner \"B\", review by 2027-01-01"),
        "WL0108 After \"A\" I expect a comma."
    );
    assert_eq!(
        clause("sla \"S\"", "policy \"A\", owner \"B\", review by soon"),
        "WL0108 After \"by\" I expect a date, such as 2026-07-04."
    );
    assert_eq!(
        clause("sla \"S\"", "target 60 minuts"),
        "WL0108 After \"60\" I expect days, hours, minutes, seconds or working."
    );
    assert_eq!(
        clause("sla \"S\"", "target 60 minutes please"),
        "WL0108 After \"minutes\" I expect the end of the clause."
    );
    assert_eq!(
        clause("alert \"A\"", "page desk \"D\" by carrier pigeon"),
        "WL0108 After \"by\" I expect a channel, such as phone."
    );
    assert_eq!(clause("alert \"A\"", "severity"), "WL0108 After \"severity\" I expect a name, and the clause ends.");
}

#[test]
fn a_reserved_word_in_a_bare_name_is_named() {
    assert_eq!(
        findings("catalogue \"C\"\n  place     Head of bed unit, at Main\n"),
        ["WL0205 \"of\" cannot stand in a bare name."]
    );
}

#[test]
fn shape_of_a_block_is_checked_against_the_vocabulary() {
    let text =
        "alert \"A\"\n  pauses    while the report is on hold\n  wenn      x\n  severity  red\n  severity  red\n";
    let mut codes: Vec<String> = findings(text).iter().map(|f| f.chars().take(6).collect()).collect();
    codes.sort();
    assert_eq!(codes, ["WL0104", "WL0104", "WL0105", "WL0105", "WL0106"], "policy and trigger are missing");
}

#[test]
fn an_alert_has_one_trigger_with_its_companions() {
    let head = "alert \"A\"\n  policy    \"P\", owner \"O\", review by 2027-06-30\n";
    let tail = "  severity  red\n  page      desk \"D\" by phone\n";
    let body = |clauses: &str| findings(&format!("{head}{clauses}{tail}"));
    assert_eq!(body("  when      a report is finalised\n"), Vec::<String>::new());
    assert_eq!(body("  while     a report is final\n"), ["WL0105 This alert says nothing about \"hold\"."]);
    assert_eq!(
        body("  when      a report is finalised\n  hold      5 minutes\n"),
        ["WL0104 \"hold\" does not go with \"when\"."]
    );
    assert_eq!(
        body("  when      a report is finalised\n  while     a report is final\n"),
        ["WL0106 \"when\" and \"while\" are both here."]
    );
}

#[test]
fn impossible_dates_and_times_are_refused() {
    assert_eq!(
        findings("person \"P\"\n  away      from 2026-02-30 00:00 to 2026-03-01 25:00\n"),
        ["WL0308 2026-02-30 does not exist; February 2026 has 28 days."]
    );
    assert_eq!(
        findings("desk \"D\"\n  quiet     22:00 to 24:30\n"),
        ["WL0308 24:30 does not exist; a day goes from 00:00 to 24:00."]
    );
}
