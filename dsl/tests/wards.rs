//! Wards: does every example ward of the language read without a finding?

use wardline_dsl::layout;
use wardline_dsl::source::{FileId, SourceFile};
use wardline_dsl::syntax;

/// The example wards, by file name.
const WARDS: &[(&str, &str)] = &[
    ("first.ward", include_str!("wards/first.ward")),
    ("starter.ward", include_str!("../../rules/packs/starter.ward")),
    ("function.ward", include_str!("wards/function.ward")),
    ("base.ward", include_str!("wards/base.ward")),
    ("holiday_weekend.ward", include_str!("wards/holiday_weekend.ward")),
    ("clock_change.ward", include_str!("wards/clock_change.ward")),
    ("wrong_read_back.ward", include_str!("wards/wrong_read_back.ward")),
    ("declines.ward", include_str!("wards/declines.ward")),
    ("failed_delivery.ward", include_str!("wards/failed_delivery.ward")),
    ("correction_withdraws.ward", include_str!("wards/correction_withdraws.ward")),
    ("correction_pages_again.ward", include_str!("wards/correction_pages_again.ward")),
    ("quiet_hours.ward", include_str!("wards/quiet_hours.ward")),
    ("suppression_lifted.ward", include_str!("wards/suppression_lifted.ward")),
    ("window_hold_clear.ward", include_str!("wards/window_hold_clear.ward")),
    ("absence.ward", include_str!("wards/absence.ward")),
    ("rhai.ward", include_str!("wards/rhai.ward")),
];

#[test]
fn every_example_reads_without_a_finding() {
    for (name, text) in WARDS {
        let layout = layout::read(FileId(0), &SourceFile::new(*name, *text));
        let (tree, diagnostics) = syntax::tree(&layout);
        let found: Vec<&String> = layout.diagnostics.iter().chain(&diagnostics).map(|found| &found.message).collect();
        assert_eq!(found, Vec::<&String>::new(), "{name}");
        assert_eq!(
            tree.blocks.len(),
            text.lines().filter(|line| line.starts_with(|c: char| c.is_alphabetic())).count(),
            "{name}"
        );
    }
}

#[test]
fn examples_are_written_as_the_formatter_writes_them() {
    for (name, text) in WARDS {
        let formatted = wardline_dsl::format::format(&SourceFile::new(*name, *text));
        let once = formatted.unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
        // Two examples write zeros on purpose, to show that they do not count.
        let text = text.replace("7.40 ", "7.4 ").replace("6.90 ", "6.9 ");
        assert_eq!(once, text, "{name}");
    }
}

#[test]
fn shipped_wards_are_formatted_without_a_change_of_meaning() {
    for (name, text) in [
        ("critical-results", include_str!("../../rules/packs/critical-results/critical-results.ward")),
        ("ed-stat-lab", include_str!("../../rules/packs/ed-stat-lab/ed-stat-lab.ward")),
        ("feed-health", include_str!("../../rules/packs/feed-health/feed-health.ward")),
        ("imaging", include_str!("../../rules/packs/imaging/imaging.ward")),
        ("patient-notices", include_str!("../../rules/packs/patient-notices/patient-notices.ward")),
        ("starter", include_str!("../../rules/packs/starter.ward")),
        ("surgical-pathology", include_str!("../../rules/packs/surgical-pathology/surgical-pathology.ward")),
    ] {
        let once = wardline_dsl::format::format(&SourceFile::new(name, text))
            .unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
        let long: Vec<&str> = once.lines().filter(|line| line.chars().count() >= 130).collect();
        assert_eq!(long, Vec::<&str>::new(), "{name}");
    }
}
