//! Tests: what does a scrape show?

use super::*;
use crate::metrics::table::PROCESS;

#[test]
fn names_follow_the_contract() {
    for entry in Metric::ALL.iter().map(|metric| metric.entry()).chain(PLANNED.iter().chain(QUERY).copied()) {
        let name = entry.name;
        assert!(name.starts_with("wardline_") && !name.contains("__"), "{name}");
        assert_eq!(name.ends_with("_total"), entry.sort == Sort::Counter, "{name}");
        assert!(entry.help.ends_with('.') && !entry.uses.is_empty(), "{name}");
        for (label, _) in entry.labels {
            assert!(!["le", "quantile", "job", "instance", "severity"].contains(label), "{name}");
        }
    }
    assert!(Metric::ALL.iter().enumerate().all(|(index, metric)| *metric as usize == index));
}

#[test]
fn all_children_together_stay_within_the_budget() {
    let sum = |entries: &[Entry]| entries.iter().map(Entry::series).sum::<usize>();
    let own: usize = Metric::ALL.iter().map(|metric| metric.entry().series()).sum();
    // What is folded has a child of its own beside those that are shown by name.
    let other: usize = Metric::ALL.iter().map(|metric| metric.entry().series_of_other()).sum();
    // Both processes show themselves.
    let all = own + other + sum(QUERY) + sum(PLANNED) + 2 * sum(PROCESS);
    assert!(all <= METRIC_SERIES_MAX, "{own} + {other} + the query process and planned ones = {all}");
}

#[test]
fn what_is_counted_is_shown() {
    let metrics = Metrics::new().unwrap();
    metrics.count(Metric::LogBatches, &[], 3);
    metrics.set(Metric::StorageFailed, &[], 1);
    metrics.observe(Metric::LogFsync, &[], Span::from_micros(900));
    metrics.set_seconds(Metric::CoreTick, &[], Span::from_micros(1_500_000));
    let text = metrics.text();
    for line in [
        "wardline_log_batches_total 3",
        "wardline_storage_failed 1",
        "wardline_log_fsync_duration_seconds_bucket{le=\"0.001\"} 1",
        "wardline_core_tick_timestamp_seconds 1.5",
        "wardline_shed_total{lane=\"routine\"} 0",
        "wardline_alerts_closed_total{level=\"red\",outcome=\"unresolved\"} 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    assert!(!text.contains("process_threads"), "nobody looks at it");
    for entry in PROCESS {
        assert!(text.contains(&format!("\n{} ", entry.name)), "{}", entry.name);
    }
    let own = text.lines().filter(|line| !line.starts_with('#')).count();
    assert!(text.contains(&format!("\nwardline_metric_series {own}\n")), "{own} series in {text}");
}

#[test]
fn a_label_beyond_its_cap_becomes_other() {
    let metrics = Metrics::new().unwrap();
    for number in 0..=100 {
        metrics.count_named(Metric::AlertsRaised, &[&format!("rule-{number}")], 1);
    }
    metrics.count_named(Metric::AlertsRaised, &["rule-7"], 1);
    let text = metrics.text();
    assert!(text.contains("wardline_alerts_raised_total{rule=\"other\"} 1\n"), "{text}");
    assert!(text.contains("wardline_alerts_raised_total{rule=\"rule-7\"} 2\n"));
    assert!(text.contains("wardline_label_overflow_total{label=\"rule\"} 1\n"));
}

#[test]
fn open_metrics_names_the_newest_report_of_a_bucket() {
    let metrics = Metrics::new().unwrap();
    let at = Timestamp::from_micros(1_772_000_000_000_000);
    for (report, took) in [("old", 240), ("0c1f", 290)] {
        metrics.observe_about(Metric::AlertAnswer, &["red"], Span::from_seconds(took), (report, at));
    }
    let text = metrics.open_metrics();
    for line in [
        "# TYPE wardline_log_batches counter",
        "# UNIT wardline_alert_answer_seconds seconds",
        "wardline_log_batches_total 0",
        "wardline_alert_answer_seconds_bucket{level=\"red\",le=\"120.0\"} 0",
        "wardline_alert_answer_seconds_bucket{level=\"red\",le=\"300.0\"} 2 # {report_id=\"0c1f\"} 290 1772000000",
        "wardline_alert_answer_seconds_bucket{level=\"red\",le=\"+Inf\"} 2",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    assert!(text.ends_with("# EOF\n"));
    assert!(text.lines().any(|line| line.starts_with("wardline_log_batches_created 1")), "{text}");
}

#[test]
fn a_message_that_waited_says_nothing_about_a_clock() {
    let metrics = Metrics::new().unwrap();
    let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
    metrics.clock_of_feed("lis", at(100).since(at(102)), at(102));
    metrics.clock_of_feed("lis", at(100).since(at(400)), at(400));
    assert!(metrics.text().contains("wardline_feed_clock_skew_seconds{feed=\"lis\"} -2\n"));
    // Two spans later only what was heard since counts.
    metrics.clock_of_feed("lis", at(700).since(at(1_100)), at(1_100));
    metrics.clock_of_feed("lis", at(1_400).since(at(1_800)), at(1_800));
    assert!(metrics.text().contains("wardline_feed_clock_skew_seconds{feed=\"lis\"} -400\n"), "{}", metrics.text());
}

#[test]
fn a_ward_that_went_makes_room_for_the_next() {
    let metrics = Metrics::new().unwrap();
    for version in ["3f9c2a", "b04e11"] {
        metrics.set_all(Metric::WardInfo, &[([version], 1.0)]);
    }
    let text = metrics.text();
    let shown: Vec<&str> = text.lines().filter(|line| line.starts_with("wardline_ward_info")).collect();
    assert_eq!(shown, ["wardline_ward_info{ward=\"b04e11\"} 1"]);
    assert!(!text.contains("wardline_label_overflow_total{label=\"ward\"}"), "{text}");
}

#[test]
fn a_feed_whose_connection_is_lost_is_not_shown_as_heard() {
    let metrics = Metrics::new().unwrap();
    metrics.set_named(Metric::FeedUp, &["lis"], 0);
    for feed in ["lis", "api", NO_FEED] {
        metrics.count_named(Metric::Events, &[feed, "applied"], 1);
    }
    assert_eq!(metrics.feeds_without_connection(), ["api"]);
}

#[test]
fn labels_that_come_in_sets_become_other_together() {
    let metrics = Metrics::new().unwrap();
    let about = ("0c1f", Timestamp::from_micros(1_772_000_000_000_000));
    for number in 0..=40 {
        let kind = format!("kind-{number}");
        metrics.observe_about(Metric::Turnaround, &["receive_to_final", &kind, "stat"], Span::from_seconds(60), about);
    }
    let text = metrics.text();
    let line = "wardline_turnaround_seconds_count{interval=\"other\",kind=\"other\",priority=\"other\"} 1\n";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("wardline_label_overflow_total{label=\"interval\"} 1\n"));
    assert!(text.contains("kind=\"kind-39\",priority=\"stat\"} 1\n"));
}

#[test]
fn a_feed_is_shown_as_the_core_remembers_it_after_a_restart() {
    let metrics = Metrics::new().unwrap();
    let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
    let was = FeedRhythm {
        name: "lis".into(),
        heard: Some(at(7_200)),
        longest: (0..24).map(|hour| (hour, Span::from_seconds(90))).collect(),
    };
    metrics.feed_remembered("lis", &was);
    metrics.feed_remembered("never", &FeedRhythm { heard: None, ..was.clone() });
    metrics.show_rhythms();
    let text = metrics.text();
    assert!(text.contains("wardline_feed_last_event_timestamp_seconds{feed=\"lis\"} 7200\n"), "{text}");
    assert!(text.contains("wardline_feed_usual_gap_seconds{feed=\"lis\"} 90\n"), "{text}");
    assert!(!text.contains("feed=\"never\""), "{text}");
    // A child of the source that was heard before it, and an event that came while the core was asked.
    metrics.feed_remembered("lis", &FeedRhythm { heard: Some(at(60)), ..was.clone() });
    assert!(metrics.text().contains("wardline_feed_last_event_timestamp_seconds{feed=\"lis\"} 7200\n"));
    metrics.feed_heard("lis", at(7_300));
    metrics.feed_remembered("lis", &was);
    assert!(metrics.text().contains("wardline_feed_last_event_timestamp_seconds{feed=\"lis\"} 7300\n"));
}
