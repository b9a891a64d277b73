//! Rules: what do recording rules, alert rules and their cases look like as YAML?
//!
//! - **Not here**: whether they are right (`promtool`, [`promtool`](super::promtool)).

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    dashboards::RUNBOOKS,
    source::{Alert, Burn, Case, Rules},
};

const HEAD: &str = "# Made by `just grafana` from grafana/source/rules.toml; do not edit.\n";

/// A string as YAML takes it.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// `grafana/rules/recording.yaml`.
pub(super) fn recording(rules: &Rules) -> String {
    let mut out = format!("{HEAD}groups:\n- name: wardline.record\n  interval: 30s\n  rules:\n");
    let each: Vec<_> = rules.records.iter().filter(|record| record.name.contains("{W}")).collect();
    let once = rules.records.iter().filter(|record| !record.name.contains("{W}"));
    for window in &rules.windows {
        for record in &each {
            let (name, ask) = (record.name.replace("{W}", window), record.ask.replace("{W}", window));
            let _ = writeln!(out, "  - record: {}\n    expr: {}", quoted(&name), quoted(&ask));
        }
    }
    for record in once {
        let _ = writeln!(out, "  - record: {}\n    expr: {}", quoted(&record.name), quoted(&record.ask));
    }
    out
}

/// The names of all recorded series.
pub(super) fn recorded(rules: &Rules) -> Vec<String> {
    let names = |name: &String| match name.contains("{W}") {
        true => rules.windows.iter().map(|window| name.replace("{W}", window)).collect(),
        false => vec![name.clone()],
    };
    rules.records.iter().flat_map(|record| names(&record.name)).collect()
}

/// The rule of one pair of windows.
pub(super) fn burn(burn: &Burn) -> Vec<String> {
    let Burn { long, short, factor, least, .. } = burn;
    let limit = format!("clamp_max({factor} * (1 - (wardline_clock_objective_ratio < 1)), 0.5)");
    vec![
        format!("instance_clock:wardline_clock_breach:ratio{long} > on (job, instance, clock) {limit}"),
        format!(
            "and on (job, instance, clock) instance_clock:wardline_clock_breach:ratio{short} > on (job, instance, clock) {limit}"
        ),
        format!("and on (job, instance, clock) instance_clock:wardline_clock_settled:increase{long} >= {least}"),
        format!("and on (job, instance, clock) instance_clock:wardline_clock_breached:increase{long} > 2.5"),
    ]
}

fn burn_texts(burn: &Burn) -> (String, String) {
    let Burn { long, factor, least, .. } = burn;
    (
        "Promise {{ $labels.clock }} is broken too fast".to_owned(),
        format!(
            "Over {long} it breached {factor} times as often as its objective allows, with at least {least} settled clocks."
        ),
    )
}

fn annotations(out: &mut String, indent: &str, (summary, description): (&str, &str), anchor: &str) {
    let _ = writeln!(out, "{indent}summary: {}", quoted(summary));
    let _ = writeln!(out, "{indent}description: {}", quoted(description));
    let _ = writeln!(out, "{indent}runbook_url: {}", quoted(&format!("{RUNBOOKS}#{anchor}")));
}

/// The heading of a burn rule's page: all of them have one.
pub(super) const BURN_ANCHOR: &str = "wardlinetargetburn";

/// `grafana/rules/alerts.yaml`.
pub(super) fn alerts(rules: &Rules) -> String {
    let mut out = format!("{HEAD}groups:\n- name: wardline.targets\n  rules:\n");
    for rule in &rules.burns {
        let _ = writeln!(out, "  - alert: WardlineTargetBurn{}\n    expr: |", rule.long);
        for line in burn(rule) {
            let _ = writeln!(out, "      {line}");
        }
        let _ = writeln!(
            out,
            "    for: {}\n    keep_firing_for: {}\n    labels:\n      severity: {}\n    annotations:",
            rule.lasting, rule.short, rule.severity
        );
        let (summary, description) = burn_texts(rule);
        annotations(&mut out, "      ", (&summary, &description), BURN_ANCHOR);
    }
    for group in ["engine", "care"] {
        let _ = writeln!(out, "- name: wardline.{group}\n  rules:");
        for alert in rules.alerts.iter().filter(|alert| alert.group == group) {
            let _ = writeln!(out, "  - alert: {}\n    expr: {}", alert.name, quoted(&alert.ask));
            if let Some(lasting) = &alert.lasting {
                let _ = writeln!(out, "    for: {lasting}");
            }
            let _ = writeln!(out, "    labels:\n      severity: {}\n    annotations:", alert.severity);
            annotations(&mut out, "      ", (&alert.summary, &alert.description), &alert.name.to_lowercase());
        }
    }
    out
}

/// A text with the labels filled in, as Prometheus does it.
fn filled(text: &str, labels: &BTreeMap<String, String>) -> String {
    labels.iter().fold(text.to_owned(), |text, (label, to)| text.replace(&format!("{{{{ $labels.{label} }}}}"), to))
}

fn case(out: &mut String, name: &str, case: &Case, expected: Option<(&str, &Alert)>) {
    let _ = writeln!(out, "- name: {}\n  interval: 1m\n  input_series:", quoted(name));
    if case.series.is_empty() {
        let _ = writeln!(out, "  - series: {}\n    values: \"1x10\"", quoted("up{job=\"other\"}"));
    }
    for series in &case.series {
        let _ = writeln!(out, "  - series: {}\n    values: {}", quoted(&series.of), quoted(&series.values));
    }
    let alert = expected.map_or(name.split(' ').next().unwrap(), |(alert, _)| alert);
    let _ = writeln!(out, "  alert_rule_test:\n  - eval_time: {}\n    alertname: {alert}", case.at);
    let Some((_, alert)) = expected else {
        let _ = writeln!(out, "    exp_alerts: []");
        return;
    };
    let _ = writeln!(out, "    exp_alerts:\n    - exp_labels:\n        severity: {}", alert.severity);
    for (label, to) in &case.labels {
        let _ = writeln!(out, "        {label}: {}", quoted(to));
    }
    let _ = writeln!(out, "      exp_annotations:");
    let texts = (filled(&alert.summary, &case.labels), filled(&alert.description, &case.labels));
    annotations(out, "        ", (&texts.0, &texts.1), &alert.name.to_lowercase());
}

/// `grafana/rules/tests/alerts.yaml`: each rule fires, and does not just below its limit; with no series at all only those
/// fire that watch for absence.
pub(super) fn alert_cases(rules: &Rules) -> String {
    let mut out = format!("{HEAD}rule_files: [../alerts.yaml]\nevaluation_interval: 1m\ntests:\n");
    for alert in &rules.alerts {
        case(&mut out, &format!("{} fires", alert.name), &alert.fires, Some((&alert.name, alert)));
        for also in &alert.also {
            case(&mut out, &format!("{} fires too", alert.name), also, Some((&alert.name, alert)));
        }
        if let Some(quiet) = &alert.quiet {
            case(&mut out, &format!("{} is quiet just below its limit", alert.name), quiet, None);
        }
    }
    for burn in &rules.burns {
        burn_cases(&mut out, burn);
    }
    let watches = ["WardlineHeartbeat", "WardlineDown"];
    let _ = writeln!(
        out,
        "- name: without any series only absence is told\n  interval: 1m\n  input_series:\n  - series: 'up{{job=\"other\"}}'\n    values: \"1x300\"\n  alert_rule_test:"
    );
    let named = rules.alerts.iter().map(|alert| alert.name.clone());
    let burns = rules.burns.iter().map(|burn| format!("WardlineTargetBurn{}", burn.long));
    for name in named.chain(burns).filter(|name| !watches.contains(&name.as_str())) {
        let _ = writeln!(out, "  - eval_time: 5h\n    alertname: {name}\n    exp_alerts: []");
    }
    out
}

/// One case of a burn rule: what was recorded, and what is promised.
struct Load {
    name: &'static str,
    long: f64,
    short: f64,
    settled: u32,
    breached: u32,
    objective: f64,
    fires: bool,
}

const LABELS: &str = "job=\"wardline\", instance=\"a\", clock=\"STAT lab\"";

/// The cases of one burn rule, over recorded series.
fn burn_cases(out: &mut String, burn: &Burn) {
    let factor: f64 = burn.factor.parse().unwrap();
    let limit = (factor * (1.0 - 0.9)).min(0.5);
    let bad =
        Load { name: "fires", long: 0.6, short: 0.6, settled: burn.least, breached: 3, objective: 0.9, fires: true };
    let loads = [
        Load { name: "is quiet just below its limit", long: limit - 0.001, ..bad },
        Load { name: "is quiet once the short window has recovered", short: limit - 0.001, ..bad },
        Load { name: "is quiet when too few clocks settled to know", settled: burn.least - 1, ..bad },
        Load { name: "is quiet when two breached", breached: 2, ..bad },
        Load { name: "leaves a promise of all to Wardline's own alerts", objective: 1.0, ..bad },
    ];
    // Some minutes after the rule may fire: every minute more is evaluated for all rules.
    let at = match burn.lasting.as_str() {
        "2m" | "15m" => "25m",
        "1h" => "70m",
        _ => "190m",
    };
    for load in std::iter::once(bad).chain(loads.map(|load| Load { fires: false, ..load })) {
        let name = format!("WardlineTargetBurn{} {}", burn.long, load.name);
        let series = [
            (format!("instance_clock:wardline_clock_breach:ratio{}", burn.long), load.long.to_string()),
            (format!("instance_clock:wardline_clock_breach:ratio{}", burn.short), load.short.to_string()),
            (format!("instance_clock:wardline_clock_settled:increase{}", burn.long), load.settled.to_string()),
            (format!("instance_clock:wardline_clock_breached:increase{}", burn.long), load.breached.to_string()),
            ("wardline_clock_objective_ratio".to_owned(), load.objective.to_string()),
        ];
        let series = series.map(|(metric, value)| (format!("{metric}{{{LABELS}}}"), format!("{value}x250")));
        burn_case(out, burn, (&name, load.fires, at), &series);
    }
}

/// `grafana/rules/tests/targets.yaml`: the whole chain, from counters over recorded series to the fastest rule.
pub(super) fn target_cases(rules: &Rules) -> String {
    let mut out = format!("{HEAD}rule_files: [../recording.yaml, ../alerts.yaml]\nevaluation_interval: 1m\ntests:\n");
    let burn = rules.burns.first().unwrap();
    for (name, met, breached, fires) in [
        ("counters: two of three clocks breach", "0+1x130", "0+2x130", true),
        ("counters: one of a hundred breaches", "0+99x130", "0+1x130", false),
        ("counters: a night with two breaches", "0x130", "0x20 2x110", false),
    ] {
        let series = [
            (format!("wardline_clock_outcomes_total{{{LABELS}, outcome=\"met\"}}"), met.to_owned()),
            (format!("wardline_clock_outcomes_total{{{LABELS}, outcome=\"breached\"}}"), breached.to_owned()),
            (format!("wardline_clock_objective_ratio{{{LABELS}}}"), "0.9x130".to_owned()),
        ];
        burn_case(&mut out, burn, (name, fires, "2h"), &series);
    }
    out
}

fn burn_case(out: &mut String, burn: &Burn, (name, fires, at): (&str, bool, &str), series: &[(String, String)]) {
    let _ = writeln!(out, "- name: {}\n  interval: 1m\n  input_series:", quoted(name));
    for (series, values) in series {
        let _ = writeln!(out, "  - series: {}\n    values: {}", quoted(series), quoted(values));
    }
    let _ = writeln!(out, "  alert_rule_test:\n  - eval_time: {at}\n    alertname: WardlineTargetBurn{}", burn.long);
    if !fires {
        let _ = writeln!(out, "    exp_alerts: []");
        return;
    }
    let _ = writeln!(
        out,
        "    exp_alerts:\n    - exp_labels:\n        severity: {}\n        job: wardline\n        instance: a\n        clock: STAT lab\n      exp_annotations:",
        burn.severity
    );
    let (summary, description) = burn_texts(burn);
    annotations(out, "        ", (&summary.replace("{{ $labels.clock }}", "STAT lab"), &description), BURN_ANCHOR);
}
