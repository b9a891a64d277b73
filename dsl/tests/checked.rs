//! Checked: what comes out of the front door for the example wards?

use wardline_dsl::diagnostic::Code;
use wardline_dsl::source::{SourceFile, Sources};
use wardline_dsl::{Checked, check};
use wardline_rules::time::Date;

/// 1 January 2026.
const AS_OF: i32 = 20_454;
const STARTER: &str = include_str!("../../rules/packs/starter.ward");
const BASE: &str = include_str!("wards/base.ward");
const POTASSIUM: &str = include_str!("wards/potassium.ward");
const HOLIDAYS: &str = include_str!("wards/us-federal.toml");

fn ward(texts: &[&str]) -> Sources {
    let files = texts.iter().enumerate().map(|(n, text)| SourceFile::new(format!("{n}.ward"), *text)).collect();
    Sources {
        files,
        packs: vec![SourceFile::new("starter.ward", STARTER)],
        holidays: vec![SourceFile::new("holidays/us-federal.toml", HOLIDAYS)],
    }
}

fn run(texts: &[&str]) -> (Checked, String) {
    let sources = ward(texts);
    let checked = check(&sources, Date::from_days(AS_OF));
    let text = wardline_dsl::diagnostic::render::text(&checked.diagnostics, &sources);
    (checked, text)
}

/// The findings about an example on top of the base ward, those of the base left out.
fn findings(example: &str) -> Vec<String> {
    let sources = ward(&[BASE, POTASSIUM, example]);
    let checked = check(&sources, Date::from_days(AS_OF));
    let own = checked.diagnostics.iter().filter(|found| found.span.file.0 == 2);
    own.map(|found| format!("{} {}", found.code, found.message)).collect()
}

#[test]
fn the_first_ward_loads() {
    let (checked, text) = run(&[include_str!("wards/first.ward")]);
    assert_eq!(checked.tests.len(), 1, "{text}");
    let program = checked.program.unwrap_or_else(|| panic!("{text}"));
    assert_eq!((program.families.len(), program.alerts.len(), program.severities.len()), (1, 1, 3));
    assert_eq!(program.alerts[0].head.id, "alert/Critical potassium");
    assert_eq!(text.lines().filter(|line| line.starts_with("WL")).count(), 1, "{text}");
}

#[test]
fn examples_that_this_release_runs_load() {
    for example in [
        include_str!("wards/holiday_weekend.ward"),
        include_str!("wards/clock_change.ward"),
        include_str!("wards/wrong_read_back.ward"),
        include_str!("wards/declines.ward"),
        include_str!("wards/failed_delivery.ward"),
        include_str!("wards/correction_withdraws.ward"),
        include_str!("wards/correction_pages_again.ward"),
        include_str!("wards/absence.ward"),
        include_str!("wards/quiet_hours.ward"),
        include_str!("wards/suppression_lifted.ward"),
        include_str!("wards/window_hold_clear.ward"),
    ] {
        let (checked, text) = run(&[BASE, POTASSIUM, example]);
        assert!(checked.program.is_some(), "{text}");
        assert_eq!(findings(example), Vec::<String>::new());
    }
}

#[test]
fn what_is_not_run_yet_is_refused_and_nothing_else_is_wrong_with_it() {
    let by_a_report = include_str!("wards/suppression_lifted.ward")
        .replace("while     alert \"Radiology feed silent\" is open", "while     a report is on hold");
    let found = findings(&by_a_report);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("WL0110"), "{found:?}");
    assert!(run(&[BASE, POTASSIUM, &by_a_report]).0.program.is_none());
}

#[test]
fn shipped_wards_hold_no_error() {
    for (name, text) in [
        ("critical-results", include_str!("../../rules/packs/critical-results/critical-results.ward")),
        ("ed-stat-lab", include_str!("../../rules/packs/ed-stat-lab/ed-stat-lab.ward")),
        ("feed-health", include_str!("../../rules/packs/feed-health/feed-health.ward")),
        ("imaging", include_str!("../../rules/packs/imaging/imaging.ward")),
        ("patient-notices", include_str!("../../rules/packs/patient-notices/patient-notices.ward")),
        ("surgical-pathology", include_str!("../../rules/packs/surgical-pathology/surgical-pathology.ward")),
    ] {
        let (checked, text) = run(&[text]);
        let known = [Code::WL0952];
        let surprising = checked.diagnostics.iter().filter(|found| !known.contains(&found.code));
        assert_eq!(surprising.count(), 0, "{name}\n{text}");
    }
}
