//! Lint: would Grafana's own dashboard linter accept every dashboard?
//!
//! The seventeen rules of the public dashboard-linter, written anew, without any exclusion; and the layout, which it does not check. Each rule is also shown a dashboard with one fault that it must find.
//! - **Not here**: whether a query parses as PromQL: `promtool` reads every one ([`promtool`](super::promtool)).

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};

use super::source::{Panels, root};

type Check = fn(&Value) -> Vec<String>;
type Plant = fn(&mut Value);

/// Name, check, and a fault that the check must find in a dashboard that asks Prometheus.
const RULES: [(&str, Check, Plant); 17] = [
    ("template-datasource-rule", template_datasource, |board| board["templating"]["list"][0]["name"] = json!("source")),
    (
        "template-job-rule",
        |board| template(board, "job"),
        |board| board["templating"]["list"][1]["multi"] = json!(false),
    ),
    (
        "template-instance-rule",
        |board| template(board, "instance"),
        |board| board["templating"]["list"][2]["allValue"] = json!(".*"),
    ),
    ("template-label-promql-rule", template_label_promql, |board| {
        board["templating"]["list"][1]["query"]["query"] = json!("label_values(up{, job)")
    }),
    ("template-on-time-change-reload-rule", template_reload, |board| {
        board["templating"]["list"][1]["refresh"] = json!(1)
    }),
    ("panel-datasource-rule", panel_datasource, |board| {
        board["panels"][1]["datasource"]["uid"] = json!("wardline-prom")
    }),
    ("panel-title-description-rule", panel_title, |board| board["panels"][1]["description"] = json!("")),
    ("panel-units-rule", panel_units, |board| {
        board["panels"][1]["fieldConfig"]["defaults"]["unit"] = json!("furlongs")
    }),
    ("panel-no-targets-rule", panel_no_targets, |board| board["panels"][1]["targets"] = json!([])),
    ("target-logql-rule", target_logql, |board| board["panels"][1]["targets"][0]["datasource"]["type"] = json!("loki")),
    ("target-logql-auto-rule", target_logql_auto, |board| {
        board["panels"][1]["targets"][0]["expr"] = json!("rate({job=\"a\"} |= \"b\" [5m])")
    }),
    ("target-promql-rule", target_promql, |board| {
        board["panels"][1]["targets"][0]["expr"] = json!("sum(up{job=\"a\")")
    }),
    ("target-rate-interval-rule", target_rate_interval, |board| {
        board["panels"][1]["targets"][0]["expr"] =
            json!("sum(rate(a_total{job=~\"$job\", instance=~\"$instance\"}[5m]))")
    }),
    (
        "target-job-rule",
        |board| target_matcher(board, "job"),
        |board| board["panels"][1]["targets"][0]["expr"] = json!("sum(up{instance=~\"$instance\"})"),
    ),
    (
        "target-instance-rule",
        |board| target_matcher(board, "instance"),
        |board| board["panels"][1]["targets"][0]["expr"] = json!("sum(up{job=~\"$job\"})"),
    ),
    ("target-counter-agg-rule", target_counter_agg, |board| {
        board["panels"][1]["targets"][0]["expr"] = json!("sum(a_total{job=~\"$job\", instance=~\"$instance\"})")
    }),
    ("uneditable-dashboard-rule", uneditable, |board| board["editable"] = json!(true)),
];

fn boards() -> Vec<(String, Value)> {
    let all = Panels::read();
    let read = |path: &str| serde_json::from_str(&fs::read_to_string(root().join(path)).unwrap()).unwrap();
    all.dashboards
        .iter()
        .map(|board| format!("grafana/dashboards/{}-{}.json", board.id.to_lowercase(), board.slug))
        .map(|path| (path.clone(), read(&path)))
        .collect()
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of[name].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_default()
}

/// Panels that show something.
fn panels(board: &Value) -> impl Iterator<Item = &Value> {
    list(board, "panels").iter().filter(|panel| text(panel, "type") != "row")
}

/// Queries to Prometheus, each with the title of its panel.
fn asks(board: &Value) -> Vec<(&str, &str)> {
    panels(board)
        .flat_map(|panel| list(panel, "targets").iter().map(move |target| (text(panel, "title"), text(target, "expr"))))
        .filter(|(_, ask)| !ask.is_empty())
        .collect()
}

fn is_prometheus(board: &Value) -> bool {
    list(&board["templating"], "list").iter().any(|variable| text(variable, "query") == "prometheus")
}

fn variable<'a>(board: &'a Value, name: &str) -> Option<&'a Value> {
    list(&board["templating"], "list").iter().find(|variable| text(variable, "name") == name)
}

fn template_datasource(board: &Value) -> Vec<String> {
    let sources = list(&board["templating"], "list").iter().filter(|variable| text(variable, "type") == "datasource");
    let named: Vec<&Value> = sources.collect();
    match named.as_slice() {
        [one] if text(one, "name") == "datasource" && text(one, "label") == "Data source" => Vec::new(),
        _ => vec!["needs exactly one data source variable, `datasource`, labelled `Data source`".to_owned()],
    }
}

fn template(board: &Value, name: &str) -> Vec<String> {
    if !is_prometheus(board) {
        return Vec::new();
    }
    let Some(found) = variable(board, name) else { return vec![format!("has no variable `{name}`")] };
    let label = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let is_good = text(found, "type") == "query"
        && found["multi"] == json!(true)
        && text(found, "allValue") == ".+"
        && text(found, "label") == label
        && text(&found["datasource"], "uid") == "${datasource}";
    if is_good {
        Vec::new()
    } else {
        vec![format!("variable `{name}` is not a query of many values, all of them `.+`")]
    }
}

fn template_label_promql(board: &Value) -> Vec<String> {
    let queries = list(&board["templating"], "list").iter().filter(|variable| text(variable, "type") == "query");
    let asked = queries.filter(|_| is_prometheus(board)).map(|variable| text(&variable["query"], "query"));
    asked
        .filter(|ask| {
            let inner = ask.strip_prefix("label_values(").and_then(|ask| ask.strip_suffix(')'));
            inner.and_then(|inner| inner.rsplit_once(", ")).is_none_or(|(selector, label)| {
                !is_balanced(selector) || label.contains(['{', '}']) || label.is_empty()
            })
        })
        .map(|ask| format!("`{ask}` is not label_values of a selector"))
        .collect()
}

fn template_reload(board: &Value) -> Vec<String> {
    let queries = list(&board["templating"], "list").iter().filter(|variable| text(variable, "type") == "query");
    let stale = queries.filter(|variable| variable["refresh"] != json!(2));
    stale
        .map(|variable| format!("variable `{}` is not read again when the time changes", text(variable, "name")))
        .collect()
}

fn panel_datasource(board: &Value) -> Vec<String> {
    let fixed = panels(board).filter(|panel| text(&panel["datasource"], "uid") != "${datasource}");
    fixed.map(|panel| format!("`{}` does not ask the variable's data source", text(panel, "title"))).collect()
}

fn panel_title(board: &Value) -> Vec<String> {
    let untold = panels(board).filter(|panel| text(panel, "title").is_empty() || text(panel, "description").is_empty());
    untold.map(|panel| format!("panel {} has no title or description", panel["id"])).collect()
}

fn panel_units(board: &Value) -> Vec<String> {
    const UNITS: [&str; 11] = [
        "short",
        "s",
        "h",
        "percentunit",
        "percent",
        "ops",
        "bytes",
        "bool_yes_no",
        "bool_on_off",
        "dateTimeAsIso",
        "none",
    ];
    let unknown = panels(board).filter(|panel| !UNITS.contains(&text(&panel["fieldConfig"]["defaults"], "unit")));
    unknown.map(|panel| format!("`{}` has no unit that Grafana knows", text(panel, "title"))).collect()
}

fn panel_no_targets(board: &Value) -> Vec<String> {
    let idle = panels(board).filter(|panel| list(panel, "targets").is_empty());
    idle.map(|panel| format!("`{}` asks nothing", text(panel, "title"))).collect()
}

/// No panel asks Loki, so no query has to be LogQL.
fn target_logql(board: &Value) -> Vec<String> {
    let targets = panels(board).flat_map(|panel| list(panel, "targets"));
    let loki = targets.filter(|target| text(&target["datasource"], "type") == "loki");
    loki.map(|target| format!("`{}` asks Loki", text(target, "expr"))).collect()
}

/// Line filters and stream selectors without a metric are LogQL.
fn target_logql_auto(board: &Value) -> Vec<String> {
    let logs =
        asks(board).into_iter().filter(|(_, ask)| ask.contains(" |= ") || ask.contains(" |~ ") || ask.contains("({"));
    logs.map(|(title, ask)| format!("`{title}`: `{ask}` reads logs")).collect()
}

fn target_promql(board: &Value) -> Vec<String> {
    let broken =
        asks(board).into_iter().filter(|(_, ask)| !is_balanced(ask) || ask.contains("{m") || ask.contains("$r]"));
    broken.map(|(title, ask)| format!("`{title}`: `{ask}` is not PromQL")).collect()
}

fn is_balanced(ask: &str) -> bool {
    let mut open = Vec::new();
    for letter in ask.split('"').step_by(2).flat_map(str::chars) {
        match letter {
            '(' | '{' | '[' => open.push(letter),
            ')' if open.pop() != Some('(') => return false,
            '}' if open.pop() != Some('{') => return false,
            ']' if open.pop() != Some('[') => return false,
            _ => {}
        }
    }
    open.is_empty() && ask.split('"').count() % 2 == 1
}

/// A window is that of the panel: `$__rate_interval`, or `$__range` for what is counted over all of it.
fn target_rate_interval(board: &Value) -> Vec<String> {
    let fixed = asks(board).into_iter().filter(|(_, ask)| {
        ask.split('[')
            .skip(1)
            .any(|rest| !["$__rate_interval", "$__range"].contains(&rest.split(']').next().unwrap_or_default()))
    });
    fixed.map(|(title, ask)| format!("`{title}`: `{ask}` has a fixed window")).collect()
}

/// Every selector has the matcher, also those that name no label else.
fn target_matcher(board: &Value, label: &str) -> Vec<String> {
    let matcher = format!("{label}=~\"${label}\"");
    let without = asks(board).into_iter().filter(|(_, ask)| {
        let metrics = super::cover::names_in(ask).len()
            + usize::from(ask.contains("ALERTS{"))
            + usize::from(ask.contains("(up{"));
        let selectors = ask.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or_default());
        let (mut count, mut good) = (0, 0);
        for selector in selectors {
            count += 1;
            good += usize::from(selector.contains(&matcher));
        }
        count < metrics || good < count
    });
    without.map(|(title, ask)| format!("`{title}`: `{ask}` has a selector without `{matcher}`")).collect()
}

/// A counter stands inside of rate or increase.
fn target_counter_agg(board: &Value) -> Vec<String> {
    let bare = asks(board).into_iter().filter(|(_, ask)| {
        let places = ask.match_indices("_total{").map(|(at, _)| at);
        places.into_iter().any(|at| {
            let before = &ask[..at];
            let begin =
                before.rfind(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).map_or(0, |at| at + 1);
            !["rate(", "increase("].iter().any(|call| before[..begin].ends_with(call))
        })
    });
    bare.map(|(title, ask)| format!("`{title}`: `{ask}` adds up a counter without its rate")).collect()
}

fn uneditable(board: &Value) -> Vec<String> {
    if board["editable"] == json!(false) {
        Vec::new()
    } else {
        vec!["may be edited by hand, and the next start undoes it".to_owned()]
    }
}

#[test]
fn the_seventeen_rules_hold_without_exclusion() {
    let mut findings = Vec::new();
    for (path, board) in boards() {
        for (name, check, _) in RULES {
            findings.extend(check(&board).into_iter().map(|finding| format!("{path}: {name}: {finding}")));
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn each_rule_finds_a_planted_fault() {
    let (_, good) = boards().into_iter().next().unwrap();
    for (name, check, plant) in RULES {
        assert_eq!(check(&good), [""; 0], "{name}");
        let mut board = good.clone();
        plant(&mut board);
        assert_eq!(check(&board).len(), 1, "{name} finds its fault once");
    }
}

#[test]
fn panels_do_not_overlap_and_say_what_no_data_means() {
    let mut uids = BTreeSet::new();
    for (path, board) in boards() {
        assert!(uids.insert(text(&board, "uid").to_owned()), "{path}: a second {}", text(&board, "uid"));
        let mut ids = BTreeSet::new();
        let mut taken = BTreeSet::new();
        for panel in list(&board, "panels") {
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{path}: a second panel {}", panel["id"]);
            let at = |name: &str| panel["gridPos"][name].as_u64().unwrap();
            assert!(at("x") + at("w") <= 24, "{path}: panel {} is too wide", panel["id"]);
            for x in at("x")..at("x") + at("w") {
                for y in at("y")..at("y") + at("h") {
                    assert!(taken.insert((x, y)), "{path}: panel {} lies on another", panel["id"]);
                }
            }
        }
        for panel in panels(&board) {
            assert!(!text(&panel["fieldConfig"]["defaults"], "noValue").is_empty(), "{path}: {}", panel["id"]);
            // The runbook, and the cases where something is told of cases.
            let has_cases = !["wardline-d5", "wardline-d8"].contains(&text(&board, "uid"));
            assert_eq!(list(panel, "links").len(), 1 + usize::from(has_cases), "{path}: {}", panel["id"]);
        }
    }
}
