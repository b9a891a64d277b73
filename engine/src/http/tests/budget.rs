//! Budget: what do a scrape and its memory cost when every label has as many values as it may have, and one more?
//!
//! A full registry behind the real listener: more than a ward reaches at once. The figures are printed
//! (`cargo test -p wardline --lib budget -- --nocapture`); checked are bounds that hold on a machine that does something else.

use std::time::Instant;

use super::*;
use crate::{
    limits::METRIC_SERIES_MAX,
    metrics::{Entry, Metric, Metrics, QUERY, Sort, table::PROCESS},
};

const SCRAPES: usize = 200;

/// How many children of a metric a scrape shows.
fn children(text: &str, entry: &Entry) -> usize {
    let name = match entry.sort {
        Sort::Counter | Sort::Gauge => entry.name.to_owned(),
        Sort::Histogram(_) => format!("{}_count", entry.name),
    };
    let rest = text.lines().filter_map(|line| line.strip_prefix(&name));
    rest.filter(|rest| rest.starts_with([' ', '{'])).count()
}

/// Words for every label of a metric: as many as it takes, and one more where they come from a ward or a configuration.
fn words(entry: &Entry) -> Vec<Vec<String>> {
    let more = usize::from(entry.series_of_other() > 0);
    let mut sets: Vec<Vec<String>> = vec![Vec::new()];
    for (place, (label, cap)) in entry.labels.iter().enumerate() {
        let count = if place == 0 { *cap + more } else { (*cap).max(1) };
        let with = |set: &Vec<String>, number| [set.clone(), vec![format!("{label} {number:02}")]].concat();
        sets = sets.iter().flat_map(|set| (0..count).map(move |number| with(set, number))).collect();
    }
    sets
}

/// Gives every metric the children that it still may have.
fn fill(metrics: &Metrics, shown: &str) {
    for metric in Metric::ALL.iter().copied().filter(|metric| !matches!(metric, Metric::BuildInfo | Metric::WardInfo)) {
        let entry = metric.entry();
        for set in words(&entry).into_iter().skip(children(shown, &entry)) {
            let set: Vec<&str> = set.iter().map(String::as_str).collect();
            match entry.sort {
                Sort::Counter => metrics.count_named(metric, &set, 123_456),
                Sort::Gauge => metrics.set_named(metric, &set, 1_768_392_000),
                Sort::Histogram(_) => {
                    for took in [1, 90, 5_000, 90_000] {
                        metrics.observe_about(metric, &set, Span::from_seconds(took), ("0c1f8a77d2e94b10a3c5", NOON));
                    }
                }
            }
        }
    }
}

/// Resident memory in KiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Milliseconds of each scrape, sorted, and the last answer.
async fn scrapes(site: &Site, kind: &str) -> (Vec<f64>, String) {
    let (mut took, mut body) = (Vec::new(), String::new());
    for _ in 0..SCRAPES {
        let begun = Instant::now();
        body = ask(site.admin, "GET /metrics", &[kind], "").await.2;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    took.sort_by(f64::total_cmp);
    (took, body)
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "what it measures is for people")]
async fn a_full_registry_is_scraped_in_milliseconds_and_costs_little_memory() {
    let site = site(Vec::new()).await;
    let metrics = site.engine.metrics();
    metrics.begin_tables();
    // The scripted core has a clock for each of these: one more than are shown by name.
    let clocks: String = (0..=24).map(|number| format!("{}\n", line(&format!("clock-{number:02}")))).collect();
    assert_eq!(ask(site.api, "POST /v1/events", &[NDJSON], &clocks).await.0, 200);
    let (_, _, shown) = ask(site.admin, "GET /metrics", &[], "").await;
    let empty = resident();
    fill(metrics, &shown);
    let full = resident();
    let (text, body) = scrapes(&site, "accept: text/plain").await;
    let (opened, open_body) = scrapes(&site, "accept: application/openmetrics-text; version=1.0.0").await;
    let scraped = resident();
    let series = body.lines().filter(|line| !line.starts_with('#')).count();
    let beside: usize = QUERY.iter().chain(PROCESS).map(Entry::series).sum();
    println!("series {series} of the engine, and at most {beside} of its query process: {METRIC_SERIES_MAX} may be");
    println!("resident KiB: before {empty}  full {full}  after {} scrapes {scraped}", 2 * SCRAPES);
    for (name, took, body) in [("text", &text, &body), ("OpenMetrics", &opened, &open_body)] {
        let (median, late) = (took[SCRAPES / 2], took[SCRAPES * 99 / 100]);
        println!("{name}: {} bytes, scrape ms median {median:.1}  p99 {late:.1}", body.len());
        assert!(median < 1_000.0, "{name}: {median} ms");
    }
    assert!(series + beside <= METRIC_SERIES_MAX && (series + beside) * 20 >= METRIC_SERIES_MAX * 19, "{series}");
    for label in ["rule", "feed", "clock", "interval", "reason"] {
        assert!(body.contains(&format!("{{{label}=\"other\"")), "{label} beyond its cap is folded");
    }
    assert!(open_body.contains(" # {report_id=\"0c1f8a77d2e94b10a3c5\"}") && open_body.ends_with("# EOF\n"));
    // Other tests in the same process take memory too; nextest gives each a process of its own.
    if std::env::var_os("NEXTEST").is_some() {
        assert!(scraped.saturating_sub(empty) < 64 << 10, "{empty} KiB, then {full}, then {scraped}");
    }
}
