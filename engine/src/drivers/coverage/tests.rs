//! Tests of what counts as exercised.

use wardline_dsl::{check, source::Sources};
use wardline_rules::time::Date;

use super::*;

const RULES: &str = r#"ward "A" edition 1
  zone      America/Chicago
  uses      pack "starter"

escalation "Call"
  step 1    page the ordering clinician by secure message, otherwise phone, remind by phone after 2 minutes, wait 5 minutes
  step 2    page desk "Operations" by phone, wait 5 minutes
  then      task for desk "Operations"

sla "STAT lab"
  policy    "P", owner "Q", review by 2199-06-30
  covers    lab reports where priority is stat
  starts    when the specimen is received
  pauses    while the report is on hold
  stops     when the report is finalised
  target    60 minutes
  breach    page desk "Operations" by phone, severity orange

alert "Potassium"
  policy    "P", owner "Q", review by 2199-06-30
  when      a lab result is verified
  where     test is potassium and value is below 2.5 mmol/L or above 6.5 mmol/L
  missing   test, value: match
  severity  red
  page      using "Call"
"#;

fn points(tests: &str) -> Coverage {
    let text = format!("{RULES}{tests}");
    let mut sources = Sources::of_text("a.ward", &text);
    sources.packs = crate::ward::packs();
    let checked = check(&sources, Date::new(2026, 1, 1).unwrap());
    let program = checked.program.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    let tests: Vec<&Test> = checked.tests.iter().collect();
    measure((&program, &SiteSettings::default()), &tests)
}

fn is_exercised(coverage: &Coverage, rule: &str, clause: &str, what: &str) -> bool {
    let mut found =
        coverage.points.iter().filter(|point| point.rule == rule && point.clause == clause && point.what == what);
    let point = found.next().unwrap_or_else(|| panic!("no point {rule} {clause} {what} in {:#?}", coverage.points));
    assert_eq!(found.next(), None, "one point");
    point.is_exercised
}

const HIGH: &str = r#"
test "High, and nobody answers"
  at        2026-01-14 02:10 R1: lab result is verified, test is potassium, value is 6.9 mmol/L
  then      02:10 the ordering clinician is paged by secure message
            02:15 desk "Operations" is paged by phone
            02:20 a task is opened for desk "Operations"
"#;

/// [TEST-7]
#[test]
fn without_tests_nothing_is_exercised() {
    let coverage = points("");
    assert_eq!(coverage.exercised(), 0);
    assert!(coverage.points.len() > 15, "{:#?}", coverage.points);
    assert!(coverage.reaches(0) && !coverage.reaches(1));
}

/// [TEST-7]
#[test]
fn a_day_exercises_what_its_outcome_turns_on() {
    let coverage = points(HIGH);
    for (clause, what) in [
        ("when", ""),
        ("where", "test is potassium: met"),
        ("where", "value is above 6.5 mmol/L: met"),
        ("step", "1"),
        ("step", "2"),
        ("step", "1: reminder 1"),
        ("then", "task"),
    ] {
        assert!(is_exercised(&coverage, "Potassium", clause, what), "{clause} {what}: {:#?}", coverage.points);
    }
    for (clause, what) in [
        ("where", "test is potassium: not met"),
        ("where", "value is below 2.5 mmol/L: met"),
        ("missing", "value"),
        ("step", "1: next channel"),
        ("decline", ""),
    ] {
        assert!(!is_exercised(&coverage, "Potassium", clause, what), "{clause} {what}");
    }
    for clause in ["starts", "stops", "pauses", "breach"] {
        assert!(!is_exercised(&coverage, "STAT lab", clause, ""), "{clause}");
    }
}

/// [TEST-7]
#[test]
fn more_days_exercise_more() {
    let more = r#"
test "Another test, no value, and a decline"
  given     delivery to the ordering clinician by secure message fails
  at        2026-01-14 02:10 R1: lab result is verified, test is creatinine, value is missing
            02:11 R2: lab result is verified, test is potassium, value is missing
            02:12 R3: lab result is verified, test is potassium, value is 1.9 mmol/L
            02:13 the ordering clinician declines
  then      02:12 the ordering clinician is paged by phone

test "A clock"
  given     priority is stat
  at        2026-01-14 02:10 R1: specimen is received
            02:20 R1: report becomes on hold
            02:40 R1: report is no longer on hold
            03:25 R1: lab report is finalised
  then      03:25 clock "STAT lab" of R1 is met

test "A late one, and one of no matter"
  at        2026-01-15 02:10 R1: lab order is placed, priority is stat
            02:10 R1: specimen is received
            02:10 R2: lab order is placed, priority is routine
            02:10 R2: specimen is received
  then      03:10 desk "Operations" is paged by phone
"#;
    let coverage = points(&format!("{HIGH}{more}"));
    for (rule, clause, what) in [
        ("Potassium", "where", "test is potassium: not met"),
        ("Potassium", "where", "value is below 2.5 mmol/L: met"),
        ("Potassium", "missing", "value"),
        ("Potassium", "step", "1: next channel"),
        ("Potassium", "decline", ""),
        ("STAT lab", "covers", "priority is stat: not met"),
        ("STAT lab", "covers", "priority is stat: met"),
        ("STAT lab", "starts", ""),
        ("STAT lab", "stops", ""),
        ("STAT lab", "pauses", ""),
        ("STAT lab", "breach", ""),
    ] {
        assert!(is_exercised(&coverage, rule, clause, what), "{rule} {clause} {what}: {:#?}", coverage.points);
    }
    assert!(coverage.exercised() > points(HIGH).exercised());
}
