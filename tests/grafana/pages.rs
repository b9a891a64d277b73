//! Pages: what do people read about metrics, panels and rules?
//!
//! - **Not here**: the pictures of `grafana/README.md`.

use std::fmt::Write as _;

use wardline::limits::METRIC_SERIES_MAX;
use wardline::metrics::{Entry, Metric, PLANNED, QUERY, Sort, table::PROCESS};

use super::{
    rules::burn,
    source::{Panels, Rules},
};

/// `docs/runbooks.md`.
pub(super) fn runbooks(rules: &Rules) -> String {
    let mut out = "# Runbooks\n\nWhat to do when an alert rule of `grafana/rules` fires or a panel looks wrong. Made by `just grafana` from `grafana/source/rules.toml`.\n\nThese pages are about Wardline and the work as a whole. A single patient's result never depends on Prometheus: Wardline pages people by itself and waits for their answer.\n\n# Panels\n".to_owned();
    for topic in &rules.topics {
        let _ = write!(out, "\n## {}\n\n{}\n", topic.id, topic.text);
    }
    out.push_str("\n# Alerts\n\n## WardlineTargetBurn\n\nOf the clocks of one promise that settled, more breached than its objective allows, in a long and in a short window. Several windows have a rule:\n\n| rule | for | severity |\n|---|---|---|\n");
    for rule in &rules.burns {
        let _ = writeln!(out, "| `WardlineTargetBurn{}` | {} | {} |", rule.long, rule.lasting, rule.severity);
    }
    out.push_str("\n1. See on the board of targets which promise it is, and how many clocks settled.\n2. Look for one cause behind all breaches: an analyser, a transport round, a person who did not come.\n3. If the work is right and the promise was not, agree on another and activate it; the annotation shows when.\n\n```promql\n");
    for line in rules.burns.first().map(burn).unwrap_or_default() {
        let _ = writeln!(out, "{line}");
    }
    out.push_str("```\n");
    for alert in &rules.alerts {
        let lasting = alert.lasting.as_ref().map(|lasting| format!(", for {lasting}")).unwrap_or_default();
        let _ = write!(
            out,
            "\n## {}\n\n{}. {} Severity: {}{lasting}.\n\n",
            alert.name,
            alert.summary.replace("{{ ", "*").replace(" }}", "*").replace("$labels.", ""),
            alert.meaning,
            alert.severity
        );
        for (number, step) in (1..).zip(&alert.steps) {
            let _ = writeln!(out, "{number}. {step}");
        }
        let _ = write!(out, "\n```promql\n{}\n```\n", alert.ask);
    }
    out
}

/// `grafana/boards.md`.
pub(super) fn boards(panels: &Panels) -> String {
    let mut out = "# Boards\n\nMade by `just grafana` from `source/panels.toml`. The pictures show what the panels' own queries answered in a test of two minutes, drawn without Grafana; [README.md](README.md) says how.\n".to_owned();
    for board in &panels.dashboards {
        let _ = write!(out, "\n## {} {}\n\n*{}* For: {}.\n\n", board.id, board.title, board.question, board.reader);
        let _ = write!(out, "![{}](pictures/{}.png)\n\n", board.title, board.id.to_lowercase());
        out.push_str("| panel | what it answers, and what to do |\n|---|---|\n");
        for panel in board.rows.iter().flat_map(|row| &row.panels).map(|id| panels.panel(id)) {
            let _ = writeln!(out, "| {} {} | {} |", panel.id, panel.title, panel.description);
        }
    }
    out
}

/// `docs/reference/metrics.md`.
pub(super) fn metrics() -> String {
    let mut out = "# Metrics\n\nAll figures that Wardline shows under `GET /metrics` on its admin listener. Made by `just grafana` from the table in `engine/src/metrics/table.rs`; names are a contract.\n\nAs OpenMetrics 1.0 with exemplars for whoever accepts `application/openmetrics-text`, else in the text format 0.0.4. An exemplar names a report by its id, which is a hash. Counters start at 0 with the process and count nothing that is replayed. A label value beyond its cap is shown as `other` and counted in `wardline_label_overflow_total`. A clock or feed of the ward has its children from the first scrape on.\n\nColumn *used*: the dashboards of `grafana/`, and A for an alert rule.\n\n".to_owned();
    head(&mut out);
    Metric::ALL.iter().for_each(|metric| line(&mut out, &metric.entry()));
    out.push_str("\n## Of the query process\n\nUnder `GET /metrics` of the listener for SQL over HTTP (port 8471 if nothing else is said), in the text format 0.0.4; with keys, for one of the role `metrics`. Scrape it as the job `wardline-query`. It shows `wardline_build_info` as well.\n\n");
    head(&mut out);
    QUERY.iter().for_each(|entry| line(&mut out, entry));
    out.push_str("\n## Of each process\n\n");
    head(&mut out);
    PROCESS.iter().for_each(|entry| line(&mut out, entry));
    if !PLANNED.is_empty() {
        out.push_str("\n## Planned\n\nWhat no part of this release can know yet. Panels and rules name these already and show no data until then.\n\n");
        head(&mut out);
        PLANNED.iter().for_each(|entry| line(&mut out, entry));
    }
    out.push_str("\n## Buckets\n\n");
    let mut seen: Vec<&[f64]> = Vec::new();
    let all = || Metric::ALL.iter().map(|metric| metric.entry()).chain(QUERY.iter().chain(PLANNED).copied());
    for entry in all() {
        let Sort::Histogram(bounds) = entry.sort else { continue };
        if seen.contains(&bounds) {
            continue;
        }
        seen.push(bounds);
        let words: Vec<String> = bounds.iter().map(f64::to_string).collect();
        let names: Vec<String> =
            all().filter(|other| other.sort == entry.sort).map(|other| format!("`{}`", other.name)).collect();
        let _ = writeln!(out, "- {}: {}", words.join(" "), names.join(", "));
    }
    let sum = |entries: &[Entry]| entries.iter().map(Entry::series).sum::<usize>();
    let own: usize = Metric::ALL.iter().map(|metric| metric.entry().series()).sum();
    let other: usize = Metric::ALL.iter().map(|metric| metric.entry().series_of_other()).sum();
    let (query, planned, processes) = (sum(QUERY), sum(PLANNED), 2 * sum(PROCESS));
    let _ = writeln!(
        out,
        "\nCaps add up to {} series, of {METRIC_SERIES_MAX} that may be: {own} of the engine, {other} more for what is folded into `other`, {query} of its query process, {planned} planned, {processes} of the two processes themselves.",
        own + other + query + planned + processes
    );
    out
}

fn head(out: &mut String) {
    out.push_str("| name | type | labels (values at most) | series | meaning | used |\n|---|---|---|---|---|---|\n");
}

fn line(out: &mut String, entry: &Entry) {
    let label = |(name, cap): &(&str, usize)| if *cap == 0 { (*name).to_owned() } else { format!("{name} {cap}") };
    let labels: Vec<String> = entry.labels.iter().map(label).collect();
    let _ = writeln!(
        out,
        "| `{}` | {} | {} | {} | {} | {} |",
        entry.name,
        entry.sort.word(),
        labels.join(", "),
        entry.series(),
        entry.help,
        entry.uses
    );
}
