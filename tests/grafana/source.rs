//! Source: which panels and rules are there?
//!
//! - **Not here**: what they become ([`dashboards`](super::dashboards), [`rules`](super::rules)).

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde::Deserialize;

/// Where the repository begins.
pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// `grafana/source/panels.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Panels {
    #[serde(rename = "dashboard")]
    pub(super) dashboards: Vec<Dashboard>,
    #[serde(rename = "panel")]
    pub(super) panels: Vec<Panel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dashboard {
    pub(super) id: String,
    pub(super) slug: String,
    pub(super) title: String,
    pub(super) reader: String,
    pub(super) question: String,
    pub(super) rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) title: String,
    pub(super) panels: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Panel {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) unit: String,
    pub(super) topic: String,
    pub(super) description: String,
    pub(super) warn: Option<f64>,
    pub(super) bad: Option<f64>,
    pub(super) none: Option<String>,
    #[serde(default)]
    pub(super) detail: bool,
    pub(super) queries: Vec<Query>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    pub(super) legend: String,
    pub(super) ask: String,
}

impl Panels {
    pub(super) fn read() -> Self {
        let path = root().join("grafana/source/panels.toml");
        toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap()
    }

    pub(super) fn panel(&self, id: &str) -> &Panel {
        self.panels.iter().find(|panel| panel.id == id).unwrap_or_else(|| panic!("no panel {id}"))
    }
}

impl Dashboard {
    /// Whether it asks SQL; all others ask Prometheus.
    pub(super) fn is_sql(&self) -> bool {
        self.id == "D8"
    }
}

/// `grafana/source/rules.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rules {
    pub(super) windows: Vec<String>,
    #[serde(rename = "record")]
    pub(super) records: Vec<Record>,
    #[serde(rename = "burn")]
    pub(super) burns: Vec<Burn>,
    #[serde(rename = "alert")]
    pub(super) alerts: Vec<Alert>,
    #[serde(rename = "topic")]
    pub(super) topics: Vec<Topic>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) ask: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Burn {
    pub(super) long: String,
    pub(super) short: String,
    pub(super) factor: String,
    pub(super) least: u32,
    #[serde(rename = "for")]
    pub(super) lasting: String,
    pub(super) severity: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alert {
    pub(super) name: String,
    pub(super) group: String,
    pub(super) ask: String,
    #[serde(rename = "for")]
    pub(super) lasting: Option<String>,
    pub(super) severity: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) meaning: String,
    pub(super) steps: Vec<String>,
    pub(super) fires: Case,
    /// Other ways in which it fires.
    #[serde(default)]
    pub(super) also: Vec<Case>,
    /// Nothing is quiet for a rule that always fires.
    pub(super) quiet: Option<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) at: String,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    pub(super) series: Vec<Series>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Series {
    pub(super) of: String,
    pub(super) values: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Topic {
    pub(super) id: String,
    pub(super) text: String,
}

impl Rules {
    pub(super) fn read() -> Self {
        let path = root().join("grafana/source/rules.toml");
        toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap()
    }
}
