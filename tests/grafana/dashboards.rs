//! Dashboards: what does a panel of the list look like as Grafana's JSON?
//!
//! - LIMIT: a row holds at most six panels; up to four share one line of 24 columns.
//! - **Not here**: whether it is good JSON ([`lint`](super::lint)).

use serde_json::{Value, json};

use super::source::{Dashboard, Panel, Panels, Query};

pub(super) const RUNBOOKS: &str = "https://github.com/wardline/wardline/blob/main/docs/runbooks.md";
/// The board that asks SQL, for the same time.
const CASES: &str = "/d/wardline-d8?${__url_time_range}";
const NOTHING: &str = "Nothing is scraped from Wardline in this range; see Engine health";
/// Blue, orange and vermillion of Okabe and Ito, told apart by nearly everybody; then the rest of their palette.
const COLOURS: [&str; 6] = ["#0072B2", "#E69F00", "#D55E00", "#009E73", "#CC79A7", "#56B4E9"];
/// Lines also differ by their dashes, so that colour is never alone.
const DASHES: [&[u32]; 6] = [&[], &[10, 5], &[2, 4], &[10, 3, 2, 3], &[20, 4], &[5, 5]];
const HEIGHT: u32 = 8;
/// Of a row panel and of its line of panels.
const COLUMNS: u32 = 24;
const ANNOTATIONS: &str = "SELECT active_from AS time, active_from AS timeend, concat('ward ', ward, ' active') AS text, 'ward' AS tags FROM wards WHERE $__timeFilter(active_from)";

/// Downtimes: the name of an annotation, its query and its text.
pub(super) const DOWNTIMES: [(&str, &str, &str); 2] = [
    ("Feeds that are lost", "min by (feed) (wardline_feed_up{m}) == 0", "feed {{feed}} is lost"),
    ("Wardline that is away", "up{m} == 0", "{{job}} at {{instance}} is away"),
];

/// A query as Grafana has it.
pub(super) fn written(ask: &str) -> String {
    let matchers = "job=~\"$job\", instance=~\"$instance\"";
    ask.replace("{m}", &format!("{{{matchers}}}"))
        .replace("{m,", &format!("{{{matchers},"))
        .replace("[$r]", "[$__rate_interval]")
}

/// The whole dashboard.
pub(super) fn dashboard(board: &Dashboard, panels: &Panels) -> Value {
    let uid = format!("wardline-{}", board.id.to_lowercase());
    let refresh = if board.is_sql() { json!("") } else { json!("30s") };
    json!({
        "annotations": { "list": annotations(board) },
        "description": format!("{} For {}.", board.question, board.reader),
        "editable": false,
        "fiscalYearStartMonth": 0,
        "graphTooltip": 1,
        "links": [{
            "asDropdown": true, "icon": "external link", "includeVars": true, "keepTime": true, "tags": ["wardline"],
            "targetBlank": false, "title": "Wardline", "type": "dashboards", "url": "",
        }],
        "panels": laid_out(board, panels),
        "refresh": refresh,
        "schemaVersion": 41,
        "tags": ["wardline"],
        "templating": { "list": variables(board) },
        "time": { "from": if board.is_sql() { "now-28d" } else { "now-6h" }, "to": "now" },
        "timepicker": {},
        "timezone": "browser",
        "title": format!("Wardline / {}", board.title),
        "uid": uid,
        "version": 1,
    })
}

fn annotations(board: &Dashboard) -> Vec<Value> {
    if !["D1", "D2", "D3", "D4", "D8"].contains(&board.id.as_str()) {
        return Vec::new();
    }
    let sql = json!({ "type": "grafana-postgresql-datasource", "uid": "wardline-sql" });
    let mut all = vec![json!({
        "datasource": sql, "enable": true, "iconColor": COLOURS[1], "name": "Changes of the ward",
        "rawQuery": ANNOTATIONS, "target": { "format": "table", "rawQuery": true, "rawSql": ANNOTATIONS, "refId": "Anno" },
    })];
    if !board.is_sql() {
        let source = json!({ "type": "prometheus", "uid": "${datasource}" });
        all.extend(DOWNTIMES.map(|(name, ask, text)| {
            let ask = written(ask);
            json!({
                "datasource": source, "enable": true, "expr": ask, "iconColor": COLOURS[2], "name": name, "step": "60s",
                "target": { "expr": ask, "interval": "60s", "refId": "Anno" }, "textFormat": text, "titleFormat": name,
            })
        }));
    }
    all
}

fn variables(board: &Dashboard) -> Vec<Value> {
    let source = |kind: &str| {
        json!({
            "current": {}, "hide": 0, "label": "Data source", "name": "datasource", "options": [], "query": kind,
            "refresh": 1, "regex": "", "type": "datasource",
        })
    };
    if board.is_sql() {
        let of = |name: &str, label: &str, ask: &str| {
            variable((name, label), &json!(ask), "grafana-postgresql-datasource", "")
        };
        return vec![
            source("grafana-postgresql-datasource"),
            of("site", "Site", "SELECT DISTINCT coalesce(site, '-') AS site FROM reports ORDER BY 1"),
            of(
                "department",
                "Department",
                "SELECT DISTINCT coalesce(department, '-') AS department FROM reports ORDER BY 1",
            ),
            of("interval_name", "Interval", "SELECT DISTINCT interval_name FROM intervals ORDER BY 1"),
        ];
    }
    let of = |name: &str, label: &str, ask: &str| {
        let query = json!({ "qryType": 1, "query": ask, "refId": format!("variable-{name}") });
        variable((name, label), &query, "prometheus", ".+")
    };
    let mut all = vec![
        source("prometheus"),
        of("job", "Job", "label_values(wardline_build_info, job)"),
        of("instance", "Instance", "label_values(wardline_build_info{job=~\"$job\"}, instance)"),
    ];
    if ["D2", "D3", "D4"].contains(&board.id.as_str()) {
        all.push(of(
            "interval",
            "Interval",
            "label_values(wardline_turnaround_seconds_count{job=~\"$job\", instance=~\"$instance\"}, interval)",
        ));
        all.push(of(
            "kind",
            "Kind",
            "label_values(wardline_open_reports{job=~\"$job\", instance=~\"$instance\"}, kind)",
        ));
        all.push(of(
            "clock",
            "Clock",
            "label_values(wardline_clock_objective_ratio{job=~\"$job\", instance=~\"$instance\"}, clock)",
        ));
    }
    all
}

fn variable((name, label): (&str, &str), query: &Value, kind: &str, all: &str) -> Value {
    let definition = query.get("query").unwrap_or(query);
    json!({
        "allValue": all, "current": { "selected": true, "text": "All", "value": "$__all" },
        "datasource": { "type": kind, "uid": "${datasource}" }, "definition": definition, "hide": 0, "includeAll": true,
        "label": label, "multi": true, "name": name, "options": [], "query": query, "refresh": 2, "regex": "", "sort": 1,
        "type": "query",
    })
}

/// Rows and panels, each with its place.
fn laid_out(board: &Dashboard, panels: &Panels) -> Vec<Value> {
    let mut out = Vec::new();
    let mut y = 0;
    for (number, row) in (1_u32..).zip(&board.rows) {
        out.push(json!({
            "collapsed": false, "gridPos": { "h": 1, "w": COLUMNS, "x": 0, "y": y }, "id": 1_000 + number, "panels": [],
            "title": row.title, "type": "row",
        }));
        y += 1;
        let per_line = if row.panels.len() <= 4 { row.panels.len() } else { 3 };
        for line in row.panels.chunks(per_line) {
            let width = COLUMNS / u32::try_from(line.len()).unwrap();
            for (place, id) in (0_u32..).zip(line) {
                let at = json!({ "h": HEIGHT, "w": width, "x": place * width, "y": y });
                out.push(panel(board, panels.panel(id), &at));
            }
            y += HEIGHT;
        }
    }
    out
}

fn panel(board: &Dashboard, panel: &Panel, at: &Value) -> Value {
    let id: u32 = panel.id.split('.').next_back().unwrap().parse().unwrap();
    let kind = if board.is_sql() { "grafana-postgresql-datasource" } else { "prometheus" };
    let source = json!({ "type": kind, "uid": "${datasource}" });
    let targets: Vec<Value> = (b'A'..)
        .zip(&panel.queries)
        .map(|(letter, query)| target(board, panel, (char::from(letter).to_string(), query), &source))
        .collect();
    let mut links =
        vec![json!({ "targetBlank": true, "title": "Runbook", "url": format!("{RUNBOOKS}#{}", panel.topic) })];
    // What the engine says of itself has no rows.
    if !["D5", "D8"].contains(&board.id.as_str()) {
        links.push(json!({ "targetBlank": true, "title": "The cases, in SQL", "url": CASES }));
    }
    let mut made = json!({
        "datasource": source, "description": panel.description, "fieldConfig": fields(panel), "gridPos": at, "id": id,
        "links": links,
        "options": options(panel), "targets": targets, "title": panel.title, "type": panel.kind,
    });
    if panel.kind == "table" {
        made["transformations"] = json!([{ "id": "merge", "options": {} }]);
    }
    made
}

fn target(board: &Dashboard, panel: &Panel, (letter, query): (String, &Query), source: &Value) -> Value {
    if board.is_sql() {
        let format = if panel.kind == "timeseries" { "time_series" } else { "table" };
        return json!({ "datasource": source, "editorMode": "code", "format": format, "rawQuery": true, "rawSql": query.ask, "refId": letter });
    }
    let is_now = ["stat", "gauge", "bargauge", "table"].contains(&panel.kind.as_str());
    let format = match panel.kind.as_str() {
        "table" => "table",
        "heatmap" => "heatmap",
        _ => "time_series",
    };
    json!({
        "datasource": source, "editorMode": "code", "expr": written(&query.ask), "format": format, "instant": is_now,
        "legendFormat": query.legend, "range": !is_now, "refId": letter,
    })
}

fn fields(panel: &Panel) -> Value {
    let mut defaults = json!({
        "color": { "mode": if panel.bad.is_some() { "thresholds" } else { "fixed" }, "fixedColor": COLOURS[0] },
        "noValue": panel.none.as_deref().unwrap_or(NOTHING),
        "thresholds": { "mode": "absolute", "steps": steps(panel) },
        "unit": panel.unit,
    });
    if panel.detail {
        defaults["links"] = json!([{ "targetBlank": true, "title": "The cases, in SQL", "url": CASES }]);
    }
    if panel.unit == "bool_yes_no" {
        let shown = json!({ "0": { "color": COLOURS[2], "index": 0, "text": "lost" }, "1": { "color": COLOURS[0], "index": 1, "text": "heard" } });
        defaults["mappings"] = json!([{ "options": shown, "type": "value" }]);
    }
    if panel.unit == "bool_on_off" {
        let shown = json!({ "0": { "color": COLOURS[0], "index": 0, "text": "tried" }, "1": { "color": COLOURS[2], "index": 1, "text": "not tried" } });
        defaults["mappings"] = json!([{ "options": shown, "type": "value" }]);
    }
    let mut overrides = Vec::new();
    if panel.kind == "timeseries" {
        let stacking = if panel.title.contains("by age") { "normal" } else { "none" };
        defaults["custom"] = json!({
            "drawStyle": "line", "fillOpacity": if stacking == "normal" { 60 } else { 0 }, "lineWidth": 2, "showPoints": "auto",
            "stacking": { "group": "A", "mode": stacking }, "thresholdsStyle": { "mode": if panel.bad.is_some() { "line" } else { "off" } },
        });
        defaults["color"] = json!({ "mode": "palette-classic" });
        for (place, letter) in (b'A'..).take(panel.queries.len()).enumerate() {
            let dash = DASHES[place % DASHES.len()];
            let style =
                if dash.is_empty() { json!({ "fill": "solid" }) } else { json!({ "dash": dash, "fill": "dash" }) };
            overrides.push(json!({
                "matcher": { "id": "byFrameRefID", "options": char::from(letter).to_string() },
                "properties": [
                    { "id": "color", "value": { "fixedColor": COLOURS[place % COLOURS.len()], "mode": "shades" } },
                    { "id": "custom.lineStyle", "value": style },
                ],
            }));
        }
    }
    json!({ "defaults": defaults, "overrides": overrides })
}

/// Where a value changes colour; where the bad one is the smaller, less is worse.
fn steps(panel: &Panel) -> Vec<Value> {
    let step = |colour: usize, from: Option<f64>| json!({ "color": COLOURS[colour], "value": from });
    match (panel.warn, panel.bad) {
        (_, None) => vec![step(0, None)],
        (None, Some(bad)) => vec![step(0, None), step(2, Some(bad))],
        (Some(warn), Some(bad)) if bad < warn => vec![step(2, None), step(1, Some(bad)), step(0, Some(warn))],
        (Some(warn), Some(bad)) => vec![step(0, None), step(1, Some(warn)), step(2, Some(bad))],
    }
}

fn options(panel: &Panel) -> Value {
    let reduced = json!({ "calcs": ["lastNotNull"], "fields": "", "values": false });
    match panel.kind.as_str() {
        "stat" => {
            json!({ "colorMode": "background", "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "reduceOptions": reduced, "textMode": "value_and_name", "wideLayout": true })
        }
        "gauge" => {
            json!({ "orientation": "auto", "reduceOptions": reduced, "showThresholdLabels": true, "showThresholdMarkers": true })
        }
        "bargauge" => {
            json!({ "displayMode": "basic", "orientation": "horizontal", "reduceOptions": reduced, "showUnfilled": true, "valueMode": "text" })
        }
        "heatmap" => {
            json!({ "calculate": false, "cellGap": 1, "color": { "mode": "scheme", "scheme": "Blues", "steps": 32 }, "tooltip": { "mode": "single" }, "yAxis": { "unit": panel.unit } })
        }
        "state-timeline" => {
            json!({ "alignValue": "left", "legend": { "displayMode": "list", "placement": "bottom", "showLegend": true }, "mergeValues": true, "rowHeight": 0.8, "showValue": "auto" })
        }
        "table" => json!({ "cellHeight": "sm", "showHeader": true }),
        "barchart" => {
            json!({ "legend": { "displayMode": "list", "placement": "bottom", "showLegend": true }, "orientation": "auto", "showValue": "always" })
        }
        _ => {
            json!({ "legend": { "calcs": ["lastNotNull"], "displayMode": "table", "placement": "bottom", "showLegend": true }, "tooltip": { "mode": "multi", "sort": "desc" } })
        }
    }
}
