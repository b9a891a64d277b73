//! Promtool: does Prometheus' own tool accept rules, metrics and every query?
//!
//! - **How it fits**: `promtool` comes with the package `prometheus`; `tests/run` installs it.
//! - **Not here**: real samples; `tests/e2e/grafana.py` has them.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    process::{Command, Output, Stdio},
};

use wardline::metrics::Metrics;

use super::{
    dashboards::{DOWNTIMES, written},
    source::{Panels, root},
};

fn promtool(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new("promtool");
    command.args(arguments).current_dir(root()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        command.spawn().unwrap_or_else(|error| panic!("promtool: {error}; install the package `prometheus`"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_rules_are_sound() {
    let output = promtool(&["check", "rules", "grafana/rules/recording.yaml", "grafana/rules/alerts.yaml"], "");
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("31 rules found"), "{}", said(&output));
}

#[test]
fn each_alert_rule_fires_and_is_quiet_just_below() {
    let output = promtool(&["test", "rules", "grafana/rules/tests/alerts.yaml"], "");
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn burn_rates_follow_from_the_counters() {
    let output = promtool(&["test", "rules", "grafana/rules/tests/targets.yaml"], "");
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn the_registries_pass_the_check_of_names() {
    let metrics = Metrics::new().unwrap();
    metrics.begin_tables();
    for text in [metrics.text(), wardline_query::figures::Figures::new().unwrap().at_first()] {
        let output = promtool(&["check", "metrics"], &text);
        assert!(output.status.success() && said(&output).is_empty(), "{}", said(&output));
    }
}

/// The files of the stack are what their programs read, with the rules where they lie here.
#[test]
fn the_stack_is_configured_as_prometheus_and_alertmanager_read_it() {
    let text = fs::read_to_string(root().join("grafana/stack/prometheus.yml")).unwrap();
    for rules in ["recording.yaml", "alerts.yaml"] {
        assert!(text.contains(&format!("/etc/prometheus/rules/{rules}")), "{text}");
    }
    let rules = root().join("grafana/rules").canonicalize().unwrap();
    let file = std::env::temp_dir().join(format!("wardline-prometheus-{}.yml", std::process::id()));
    fs::write(&file, text.replace("/etc/prometheus/rules", rules.to_str().unwrap())).unwrap();
    let output = promtool(&["check", "config", file.to_str().unwrap()], "");
    fs::remove_file(&file).unwrap();
    assert!(output.status.success() && said(&output).contains("2 rule files found"), "{}", said(&output));
    for job in ["wardline", "wardline-query"] {
        assert!(text.contains(&format!("- job_name: {job}\n")), "no rule sees the job {job}");
    }
    let output = Command::new("amtool")
        .args(["check-config", "grafana/stack/alertmanager.yml"])
        .current_dir(root())
        .output()
        .unwrap_or_else(|error| panic!("amtool: {error}; install the package `prometheus-alertmanager`"));
    assert!(output.status.success() && said(&output).contains("SUCCESS"), "{}", said(&output));
}

/// Variables are given a value, then every query of every panel is read as the expression of a rule.
#[test]
fn every_query_of_a_panel_is_promql() {
    let panels = Panels::read();
    let mut rules = String::from("groups:\n- name: panels\n  rules:\n");
    let mut count = 0;
    for board in panels.dashboards.iter().filter(|board| !board.is_sql()) {
        for query in board.rows.iter().flat_map(|row| &row.panels).flat_map(|id| &panels.panel(id).queries) {
            let ask = written(&query.ask).replace("$__rate_interval", "5m").replace("$__range", "6h");
            count += 1;
            let _ =
                writeln!(rules, "  - record: panel:query:{count}\n    expr: {}", serde_json::to_string(&ask).unwrap());
        }
    }
    for (_, ask, _) in DOWNTIMES {
        count += 1;
        let ask = serde_json::to_string(&written(ask)).unwrap();
        let _ = writeln!(rules, "  - record: panel:query:{count}\n    expr: {ask}");
    }
    let file = std::env::temp_dir().join(format!("wardline-panels-{}.yaml", std::process::id()));
    fs::write(&file, rules).unwrap();
    let output = promtool(&["check", "rules", file.to_str().unwrap()], "");
    fs::remove_file(&file).unwrap();
    assert!(output.status.success() && count > 100, "{count}: {}", said(&output));
}
