//! Tests of answers.

use wardline_reference::tatmark;

use super::*;

const EVENTS: &str = concat!(
    r#"{"v":1,"event_id":"a","source":"lis","report":{"placer":"1"},"kind":"lab","priority":"stat","step":"received","occurred_at":"2026-01-05T06:00:00Z"}"#,
    "\n",
    r#"{"v":1,"event_id":"b","source":"lis","report":{"placer":"1"},"kind":"lab","priority":"stat","step":"final","occurred_at":"2026-01-05T06:50:00Z"}"#,
    "\n",
);

/// Received at 06:00, so warned at 06:45; final at 06:50, so met.
const SAID: [&str; 6] = [
    r#"{"at":"2026-01-05T06:00:00Z","rule":"sla/STAT lab","report":"x","transition":"running","due":"2026-01-05T07:00:00Z"}"#,
    r#"{"at":"2026-01-05T06:45:00Z","rule":"sla/STAT lab","report":"x","transition":"raised","severity":"yellow","generation":1}"#,
    r#"{"at":"2026-01-05T06:45:00Z","rule":"sla/STAT lab","report":"x","transition":"ready","severity":"yellow","recipient":"desk Laboratory","channel":"api","step":"warn1.1.1.0.p","nid":"n_a"}"#,
    r#"{"at":"2026-01-05T06:45:00Z","rule":"sla/STAT lab","report":"x","transition":"delivered","severity":"yellow","recipient":"desk Laboratory","channel":"api","step":"warn1.1.1.0.p","nid":"n_a"}"#,
    r#"{"at":"2026-01-05T06:50:00Z","rule":"sla/STAT lab","report":"x","transition":"met","due":"2026-01-05T07:00:00Z"}"#,
    r#"{"at":"2026-01-05T06:50:00Z","rule":"sla/STAT lab","report":"x","transition":"closed","severity":"yellow","because":"done late","generation":1}"#,
];

fn verdict_of(said: &[String]) -> Verdict {
    let folder = tempfile::tempdir().unwrap();
    let [events, alerts] = ["events", "alerts"].map(|name| folder.path().join(name));
    std::fs::write(&events, EVENTS).unwrap();
    std::fs::write(&alerts, said.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    check(&tatmark::ward(), &events, &alerts).unwrap()
}

#[test]
fn the_same_story_agrees_whatever_the_report_is_called() {
    let verdict = verdict_of(&SAID.map(str::to_owned));
    assert_eq!(verdict.differences, [""; 0]);
    // Running, raised, met, closed and the one message.
    assert_eq!((verdict.events, verdict.reports, verdict.sentences), (2, 1, 5));
}

#[test]
fn a_warning_a_second_late_or_lost_is_a_difference() {
    let late = SAID.map(|line| line.replace("06:45:00", "06:45:01"));
    let lost: Vec<String> = SAID.iter().filter(|line| !line.contains("ready")).map(|line| (*line).to_owned()).collect();
    for said in [late.to_vec(), lost, Vec::new()] {
        let differences = verdict_of(&said).differences;
        assert!(
            differences[0].contains("the reference tells") && differences[0].contains("06:45:00"),
            "{differences:?}"
        );
    }
}

#[test]
fn sentences_of_two_reports_may_not_be_mixed_up() {
    // The same lines, but the message is another report's.
    let mixed =
        SAID.map(|line| if line.contains("ready") { line.replace(r#""x""#, r#""y""#) } else { line.to_owned() });
    assert_eq!(verdict_of(&mixed).differences.len(), 3);
}

#[test]
fn a_line_that_is_no_transition_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [events, alerts] = ["events", "alerts"].map(|name| folder.path().join(name));
    std::fs::write(&events, EVENTS).unwrap();
    std::fs::write(&alerts, "{\"at\":\"yesterday\"}\n").unwrap();
    assert_eq!(check(&tatmark::ward(), &events, &alerts).unwrap_err().code(), "WL1809");
}
