//! Tests of what a failed test says.

use wardline_dsl::{check, source::Sources};
use wardline_rules::time::Date;

use super::*;

const RULES: &str = r#"ward "A" edition 1
  zone      America/Chicago
  uses      pack "starter"

escalation "Call"
  step 1    page the ordering clinician by secure message, wait 5 minutes
  step 2    page desk "Operations" by phone, wait 5 minutes
  then      task for desk "Operations"

sla "STAT lab"
  policy    "P", owner "Q", review by 2199-06-30
  covers    lab reports where priority is stat
  starts    when the specimen is received
  stops     when the report is finalised
  target    60 minutes
  breach    page desk "Operations" by sms, severity orange

alert "Potassium"
  policy    "P", owner "Q", review by 2199-06-30
  when      a lab result is verified
  where     test is potassium and value is above 6.5 mmol/L
  missing   test, value: do not match
  severity  red
  page      using "Call"
"#;

/// The failures of one test and its day.
fn verdict(day: &str) -> Verdict {
    let text = format!("{RULES}\ntest \"Day\"\n{day}");
    let mut sources = Sources::of_text("a.ward", &text);
    sources.packs = crate::ward::packs();
    let checked = check(&sources, Date::new(2026, 1, 1).unwrap());
    let program = checked.program.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    let text_of = |span: wardline_dsl::source::Span| sources.file(span.file).unwrap().text_of(span).to_owned();
    run((&program, &SiteSettings::default()), &checked.tests[0], &text_of)
}

fn because(day: &str) -> Vec<String> {
    verdict(day).failures.into_iter().map(|failure| failure.because.unwrap_or_default()).collect()
}

#[test]
fn a_message_that_did_not_come_is_explained_by_the_rules_that_send_it() {
    let because = because(
        r#"  at        2026-01-14 09:00 R1: lab specimen is received, test is lactate, priority is routine
  then      10:00 desk "Operations" is paged by sms
"#,
    );
    assert_eq!(because, [r#""STAT lab" of R1 was not started: not so: priority is stat"#]);
}

#[test]
fn a_rule_that_acted_otherwise_is_explained_by_what_it_did() {
    let because = because(
        r#"  at        2026-01-14 02:10 R1: lab result is verified, test is potassium, value is 6.9 mmol/L
            02:12 the ordering clinician answers
  then      02:15 desk "Operations" is paged by phone
            a task is opened for desk "Operations"
"#,
    );
    let story = r#""Potassium" of R1: 2026-01-14 02:10 raised, delivered, 02:12 answered, closed"#;
    assert_eq!(because, [story, story]);
}

#[test]
fn what_a_rule_asks_for_and_nobody_said_is_named() {
    let because = because(
        r#"  at        2026-01-14 02:10 R1: lab result is verified, test is potassium
            02:20 R2: radiology report is finalised
  then      alert "Potassium" for R1 is raised
            alert "Potassium" for R2 is raised
            09:00 clock "STAT lab" of R1 is running
"#,
    );
    assert_eq!(because[0], r#""Potassium" of R1 was not raised: not known: whether value is above 6.5 mmol/L"#);
    assert!(because[1].starts_with(r#""Potassium" of R2 was not raised: not so: kind is "#), "{}", because[1]);
    assert_eq!(because[2], r#""STAT lab" of R1 was not started: not so: priority is stat"#);
}

#[test]
fn the_day_shows_what_was_expected_beside_what_was_sent() {
    let day = r#"  at        2026-01-14 02:10 R1: lab result is verified, test is potassium, value is 6.9 mmol/L
  then      02:10 the ordering clinician is paged by secure message
            02:14 desk "Operations" is paged by phone
            02:16 alert "Potassium" for R1 is cleared
            nothing else is sent
"#;
    let verdict = verdict(day);
    let lines: Vec<String> =
        verdict.day.iter().map(|line| format!("{} {} {}", line.mark.sign(), line.at, line.what)).collect();
    assert_eq!(
        lines,
        [
            "= 2026-01-14 02:10 the ordering clinician is paged by secure message",
            "- 2026-01-14 02:14 desk \"Operations\" is paged by phone",
            "+ 2026-01-14 02:15 desk \"Operations\" is paged by phone for R1 (alert/Potassium)",
            "- 2026-01-14 02:16 alert \"Potassium\" for R1 is cleared",
            "-  nothing else is sent",
        ]
    );
    let right = day.replace("02:14", "02:15").replace("            02:16 alert \"Potassium\" for R1 is cleared\n", "");
    let passed = self::verdict(&right);
    assert_eq!((passed.failures.len(), passed.day.len()), (0, 0), "one that passed has nothing to show");
}
