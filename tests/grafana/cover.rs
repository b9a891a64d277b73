//! Cover: is every metric looked at, and does every name exist?

use std::{collections::BTreeSet, fs};

use wardline::metrics::{Entry, Metric, PLANNED, QUERY, Sort, table::PROCESS};
use wardline_query::figures::Figures;

use super::{
    dashboards::DOWNTIMES,
    rules::{burn, recorded},
    source::{Panels, Rules, root},
};

fn entries() -> Vec<Entry> {
    let own = Metric::ALL.iter().map(|metric| metric.entry());
    own.chain([QUERY, PLANNED, PROCESS].into_iter().flatten().copied()).collect()
}

/// Names of series in a query; those of Prometheus itself are left out.
pub(super) fn names_in(ask: &str) -> BTreeSet<String> {
    let outside_quotes: String = ask.split('"').step_by(2).collect();
    let words =
        outside_quotes.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'));
    let is_name = |word: &&str| {
        word.starts_with("wardline_")
            || word.starts_with("process_") && word.len() > "process_".len()
            || word.starts_with("instance_")
    };
    words.filter(is_name).map(str::to_owned).collect()
}

/// The metric behind a series: without what a histogram adds.
fn metric_of(name: &str, entries: &[Entry]) -> Option<Entry> {
    let is_of = |entry: &&Entry| {
        let is_histogram = matches!(entry.sort, Sort::Histogram(_));
        let rest = name.strip_prefix(entry.name);
        rest == Some("") && !is_histogram
            || is_histogram && rest.is_some_and(|rest| ["_bucket", "_sum", "_count"].contains(&rest))
    };
    entries.iter().find(is_of).copied()
}

/// The metrics of a query, through what was recorded.
fn metrics_in(ask: &str, rules: &Rules, entries: &[Entry]) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    for name in names_in(ask) {
        if let Some(entry) = metric_of(&name, entries) {
            found.insert(entry.name);
            continue;
        }
        assert!(recorded(rules).contains(&name), "{name} in `{ask}` does not exist");
        let record = rules
            .records
            .iter()
            .find(|record| rules.windows.iter().any(|window| record.name.replace("{W}", window) == name));
        let record = record.unwrap_or_else(|| panic!("{name} is not recorded"));
        let window = rules.windows.iter().find(|window| record.name.replace("{W}", window) == name).unwrap();
        found.extend(metrics_in(&record.ask.replace("{W}", window), rules, entries));
    }
    found
}

#[test]
fn every_metric_is_used_where_the_table_says_and_nowhere_else() {
    let (panels, rules, entries) = (Panels::read(), Rules::read(), entries());
    let mut used: BTreeSet<(&str, String)> = BTreeSet::new();
    for board in panels.dashboards.iter().filter(|board| !board.is_sql()) {
        for id in board.rows.iter().flat_map(|row| &row.panels) {
            for query in &panels.panel(id).queries {
                let metrics = metrics_in(&query.ask, &rules, &entries);
                used.extend(metrics.into_iter().map(|metric| (metric, board.id.clone())));
            }
        }
        if ["D1", "D2", "D3", "D4"].contains(&board.id.as_str()) {
            let metrics = DOWNTIMES.iter().flat_map(|(_, ask, _)| metrics_in(ask, &rules, &entries));
            used.extend(metrics.map(|metric| (metric, board.id.clone())));
        }
    }
    let asks =
        rules.alerts.iter().map(|alert| alert.ask.clone()).chain(rules.burns.iter().map(|rule| burn(rule).join(" ")));
    for ask in asks {
        used.extend(metrics_in(&ask, &rules, &entries).into_iter().map(|metric| (metric, "A".to_owned())));
    }
    for entry in &entries {
        let told: BTreeSet<String> = entry.uses.split(' ').map(str::to_owned).collect();
        let found: BTreeSet<String> =
            used.iter().filter(|(metric, _)| *metric == entry.name).map(|(_, by)| by.clone()).collect();
        assert_eq!(told, found, "{}: the table says who uses it (left), panels and rules do (right)", entry.name);
    }
}

#[test]
fn the_query_process_shows_what_the_table_says_and_nothing_else() {
    let text = Figures::new().unwrap().at_first();
    let told = |word: &str| -> BTreeSet<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(&format!("# {word} ")));
        let own = |line: &&str| !PROCESS.iter().any(|entry| line.starts_with(&format!("{} ", entry.name)));
        lines.filter(own).map(str::to_owned).collect()
    };
    let build = Metric::BuildInfo.entry();
    let entries: Vec<&Entry> = QUERY.iter().chain([&build]).collect();
    let helps = entries.iter().map(|entry| format!("{} {}", entry.name, entry.help));
    assert_eq!(told("HELP"), helps.collect());
    let types = entries.iter().map(|entry| format!("{} {}", entry.name, entry.sort.word()));
    assert_eq!(told("TYPE"), types.collect());
    for entry in PROCESS {
        assert!(text.contains(&format!("\n{} ", entry.name)), "{}", entry.name);
    }
    for entry in entries {
        // A new process shows every child already, with the labels and bounds of the table.
        let lines = text.lines().filter(|line| metric_of(line.split(['{', ' ']).next().unwrap(), &[*entry]).is_some());
        let shown: Vec<&str> = lines.collect();
        let wanted = if entry.name == build.name { 1 } else { entry.series() };
        assert_eq!(shown.len(), wanted, "{}: {shown:?}", entry.name);
        for (label, _) in entry.labels {
            assert!(shown.iter().all(|line| line.contains(&format!("{label}=\""))), "{shown:?}");
        }
        let Sort::Histogram(bounds) = entry.sort else { continue };
        for bound in bounds {
            assert!(shown.iter().any(|line| line.contains(&format!("le=\"{bound}\""))), "{}: {bound}", entry.name);
        }
    }
}

#[test]
fn every_panel_stands_in_one_row_and_its_topic_has_a_page() {
    let (panels, rules) = (Panels::read(), Rules::read());
    let placed: Vec<&String> =
        panels.dashboards.iter().flat_map(|board| board.rows.iter().flat_map(|row| &row.panels)).collect();
    let mut once = placed.clone();
    once.sort();
    once.dedup();
    assert_eq!((once.len(), placed.len()), (panels.panels.len(), panels.panels.len()));
    let topics: Vec<&str> = rules.topics.iter().map(|topic| topic.id.as_str()).collect();
    for panel in &panels.panels {
        assert!(topics.contains(&panel.topic.as_str()), "{}: no topic `{}`", panel.id, panel.topic);
    }
    for topic in topics {
        assert!(panels.panels.iter().any(|panel| panel.topic == topic), "no panel leads to `{topic}`");
    }
}

#[test]
fn every_runbook_link_leads_to_a_heading() {
    let page = fs::read_to_string(root().join("docs/runbooks.md")).unwrap();
    let headings: BTreeSet<String> =
        page.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_lowercase).collect();
    let mut links = 0;
    for (path, text) in super::files::all() {
        for rest in text.split("runbooks.md#").skip(1) {
            let anchor: String =
                rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
            assert!(headings.contains(&anchor), "{path}: no heading `{anchor}` in docs/runbooks.md");
            links += 1;
        }
    }
    assert!(links > 100, "only {links} links");
}

#[test]
fn lines_of_turnaround_are_targets_of_the_shipped_ward() {
    let ward = fs::read_to_string(root().join("engine/templates/demo/demo.ward")).unwrap();
    for panel in Panels::read().panels.iter().filter(|panel| panel.id.starts_with("2.") && panel.bad.is_some()) {
        for seconds in [panel.warn.unwrap(), panel.bad.unwrap()] {
            let line = format!("target    {} minutes", seconds / 60.0);
            assert!(ward.contains(&line), "{}: no clock of the demo has `{line}`", panel.id);
        }
    }
}

#[test]
fn names_are_found_outside_of_quotes() {
    let found = names_in(
        "sum(wardline_a{x=\"wardline_b\"}) / process_open_fds + instance_c:d:rate1h{process=\"e\"} by (process)",
    );
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["instance_c:d:rate1h", "process_open_fds", "wardline_a"]);
}
