//! Tests of the prose: does a rule read as it runs?

use super::*;
use crate::check;
use crate::source::{SourceFile, Sources};
use wardline_rules::time::Date;

fn program(texts: &[&str]) -> Program {
    let files = texts.iter().map(|text| SourceFile::new("a.ward", *text)).collect();
    let packs = vec![SourceFile::new("starter.ward", include_str!("../../../rules/packs/starter.ward"))];
    let holidays = vec![SourceFile::new("holidays/us-federal.toml", include_str!("../../tests/wards/us-federal.toml"))];
    check(&Sources { files, packs, holidays }, Date::from_days(20_454)).program.unwrap()
}

#[test]
fn a_clock_and_an_alert_read_from_cause_to_correction() {
    // [READ-1] [READ-2] [READ-3]
    let read = text(&program(&[include_str!("../../tests/wards/first.ward")]));
    let expected = "\
STAT lab (LAB-TAT-01, Laboratory quality, review by 30 June 2027)
  For every laboratory report where the priority is stat, a clock starts when the specimen is received and stops when
  the report is finalised. It runs day and night. A cancelled order or a report entered in error cancels it. The target
  is 1 hour: a start on Monday 5 January 2026 at 09:00 is due on Monday 5 January 2026 at 10:00. If the target passes
  first, the desk \"Operations\" is paged by phone, severity orange, once and without escalation. If the start has no
  usable time, no clock runs and the case is counted. News that it was in time after all withdraws what was sent.
Critical potassium (LAB-CRIT-01, Laboratory quality, review by 30 June 2027)
  When a laboratory result is verified, or corrected to a new value, and the test is potassium and the value is below
  2.5 mmol/L or above 6.5 mmol/L, a red alert is raised. It ignores quiet hours and cannot be held. First the ordering
  clinician is paged by secure message; after 5 minutes the desk \"Operations\" by phone; after 5 minutes more a task is
  opened for the desk \"Operations\". Anyone paged may answer, at any time; whoever declines is passed over, and when all
  have declined the next step begins at once; if a message cannot be delivered the next channel is used at once. An
  answer is due within 15 minutes. Without a known test or value nothing is raised, and the case is counted. If its
  cause is corrected away or the report was an error, everyone reached is told.
";
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&read), words(expected));
    assert!(read.lines().all(|line| line.chars().count() < 120));
}

#[test]
fn a_working_target_is_worked_out_once() {
    // [READ-2]
    let program = program(&[
        include_str!("../../tests/wards/base.ward"),
        include_str!("../../tests/wards/potassium.ward"),
        include_str!("../../tests/wards/holiday_weekend.ward"),
    ]);
    let read = paragraphs(&program);
    let sentence = |rule: usize, start: &str| {
        read[rule].sentences.iter().find(|sentence| sentence.starts_with(start)).unwrap().clone()
    };
    // Monday 09:00 to 20:00 are 11 hours, Tuesday from 06:00 five more: 11:00.
    assert_eq!(
        sentence(0, "The target"),
        "The target is 16 working hours: a start on Monday 5 January 2026 at 09:00 is due on Tuesday 6 January 2026 at 11:00."
    );
    assert_eq!(
        sentence(0, "It runs while"),
        "It runs while \"Histology bench\" is open, and stands still while the report is awaiting special stain, for at most 40 working hours in all."
    );
    assert!(sentence(1, "This is an exception").contains("\"Surgical biopsy turnaround\""));
    assert_eq!(
        sentence(0, "If the start"),
        "If the start has no usable time, the time at which the order is placed counts."
    );
}

#[test]
fn pages_of_a_binder_escape_what_a_name_holds() {
    // [READ-3]
    let program = program(&["ward \"A & B\" edition 1\n  zone      UTC\n  uses      pack \"starter\"\n"]);
    assert!(html(&program).contains("<h1>A &amp; B</h1>"));
    assert_eq!(markdown(&program), "# A & B\n");
}
